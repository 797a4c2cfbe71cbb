"""Which version captions which photo: the roles of the registry as one value, read in one query."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from captions.errors import RegistryError
from captions.models import CaptionModel, ModelRole, Role
from gallery.models.job import Language

FALLBACK = Language.ENGLISH.value  # what is written where nobody speaks the language asked for
BUCKETS = 10_000


def in_share(key: str, share: int) -> bool:
    """Tell whether ``key`` is one of the ``share`` percent that a candidate gets.

    The first eight bytes of SHA-256, modulo 10,000, are the key's bucket: the same key always
    falls the same way, and a larger share keeps every key of a smaller one.
    """
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS < share * BUCKETS // 100


@dataclass(frozen=True)
class ServingPlan:
    """What serves now, by language; two plans with one ``fingerprint`` serve alike.

    ``candidates`` holds each candidate with its share in percent.
    """

    active: dict[str, CaptionModel] = field(default_factory=dict)
    candidates: dict[str, tuple[CaptionModel, int]] = field(default_factory=dict)
    fingerprint: str = ""

    def language_for(self, language: str) -> str:
        """Return the language that will be written: the one asked for, or English.

        Raises RegistryError (``no_active_model``) when English has no model either.
        """
        for spoken in (language, FALLBACK):
            if spoken in self.active:
                return spoken
        message = f"No model is active for the language '{language}' or for '{FALLBACK}'."
        raise RegistryError("no_active_model", message, status=503)

    def choose(self, language: str, key: str) -> CaptionModel:
        """Return the version that captions the photo ``key`` in ``language`` (or in English).

        The same plan and key give the same version. Raises RegistryError as ``language_for``.
        """
        spoken = self.language_for(language)
        candidate, share = self.candidates.get(spoken, (None, 0))
        if candidate is not None and in_share(key, share):
            return candidate
        return self.active[spoken]

    def models(self) -> list[CaptionModel]:
        """Return every version that serves, each once: actives first, English before others."""
        order = sorted(self.active, key=lambda language: (language != FALLBACK, language))
        chosen = [self.active[language] for language in order]
        chosen += [model for _language, (model, _share) in sorted(self.candidates.items())]
        return list({model.pk: model for model in chosen}.values())


def serving_plan() -> ServingPlan:
    """Read what serves now; one query."""
    return plan_of(ModelRole.objects.select_related("model").order_by("language", "role"))


def plan_of(roles: Iterable[ModelRole]) -> ServingPlan:
    """Return the plan of these roles; the fingerprint depends on their order."""
    rows = list(roles)
    return ServingPlan(
        active={row.language: row.model for row in rows if row.role == Role.ACTIVE},
        candidates={
            row.language: (row.model, row.share)
            for row in rows
            if row.role == Role.CANDIDATE and row.share is not None
        },
        fingerprint=hashlib.sha256("\n".join(map(_line, rows)).encode()).hexdigest()[:16],
    )


def _line(role: ModelRole) -> str:
    """Return everything that changes what a worker does; ``since`` lets it try a version again."""
    model = role.model
    since = role.since.isoformat()
    return f"{role} {model.pk} {model.revision} {model.directory!r} {since}"
