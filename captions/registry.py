"""The only writers of the model registry: register, activate, try a candidate, roll back.

Every writer takes one lock first, so that of two at once one goes first and sees the other's work.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from capsite.accounts import audit
from captions.errors import RegistryError
from captions.models import CaptionModel, ChosenBy, Event, ModelEvent, ModelRole, Role
from captions.serving import ServingPlan, serving_plan
from gallery.models.job import Language

__all__ = [
    "RegistryError",
    "ServingPlan",
    "candidate_clear",
    "candidate_promote",
    "candidate_set",
    "default_activate",
    "model_activate",
    "model_failed",
    "model_loaded",
    "model_register",
    "model_rollback",
    "serving_plan",
]

REGISTRY_LOCK = 7_201_500_001  # any number that nothing else in this database locks
WORKER = "worker"
By = AbstractBaseUser | str


@transaction.atomic
def model_register(
    *,
    name: str,
    revision: str,
    directory: str | Path,
    languages: Sequence[str],
    levels: Sequence[float] = (),
    metrics: Mapping[str, Any] | None = None,
    card: str = "",
) -> CaptionModel:
    """Enter a version, or bring what is known of it up to date: directory, figures and card.

    Figures and card that are not given stay as they were. A directory holds one version: another
    one registered there has lost its files, and loses its directory.
    """
    _lock()
    model, _created = CaptionModel.objects.get_or_create(
        name=name,
        revision=revision,
        defaults={"languages": list(languages), "levels": list(levels)},
    )
    model.directory = str(Path(directory).resolve()) if str(directory) else model.directory
    model.metrics = dict(metrics) if metrics else model.metrics
    model.card = card or model.card
    model.save(update_fields=["directory", "metrics", "card"])
    if model.directory:
        others = CaptionModel.objects.filter(directory=model.directory).exclude(pk=model.pk)
        others.update(directory="")
    return model


@transaction.atomic
def default_activate(*, model: CaptionModel, languages: Sequence[str]) -> list[str]:
    """Let the configured directory's version serve ``languages``; an operator's choice stays.

    Returns the languages whose version changed; those that the site does not know are passed over.
    A default version of another language whose files were replaced serves no longer.
    """
    known = [language for language in languages if language in Language.values]
    for language in known:
        _require_spoken(model, language)
    _lock()
    changed = []
    for language in known:
        role = _role(language, Role.ACTIVE)
        if role is not None and (role.chosen_by == ChosenBy.OPERATOR or role.model_id == model.pk):
            continue
        _activate(model, language, role, Event.ACTIVATED, WORKER, chosen_by=ChosenBy.DEFAULT)
        changed.append(language)
    _withdraw_lost(keep=languages)
    return changed


@transaction.atomic
def model_activate(*, model: CaptionModel, language: str, by: By, reason: str = "") -> ModelRole:
    """Let ``model`` caption ``language`` by an operator's choice, which no worker overrules.

    Activating the active version again makes the choice the operator's, and lets workers that
    could not load it try again.
    """
    _require_spoken(model, language)
    _lock()
    _require_files(model)
    role = _role(language, Role.ACTIVE)
    return _activate(model, language, role, Event.ACTIVATED, by, reason)


@transaction.atomic
def candidate_set(*, model: CaptionModel, language: str, share: int, by: By) -> ModelRole:
    """Give ``model`` a share (1 to 99 percent) of the photos of a language, to compare it."""
    if not 1 <= share <= 99:
        message = _("A candidate's share is 1 to 99 percent, not %(share)d.") % {"share": share}
        raise RegistryError("share_out_of_range", message, field="share")
    _require_spoken(model, language)
    _lock()
    _require_files(model)
    active = _require_active(language)
    if active.model_id == model.pk:
        message = _("%(model)s is active for '%(language)s' and cannot be its own candidate.")
        message %= {"model": model, "language": language}
        raise RegistryError("candidate_is_active", message, status=409, field="model")
    before = _role(language, Role.CANDIDATE)
    facts = {"model": model, "share": share, "chosen_by": ChosenBy.OPERATOR}
    role, _created = ModelRole.objects.update_or_create(
        language=language, role=Role.CANDIDATE, defaults=facts | {"since": timezone.now()}
    )
    previous = before.model if before else None
    _log(Event.CANDIDATE, language, model, previous, by, f"{share} %")
    return role


@transaction.atomic
def candidate_clear(*, language: str, by: By, reason: str = "") -> CaptionModel:
    """End the comparison; the active version captions everything again. Returns the candidate."""
    _lock()
    role = _require_candidate(language)
    role.delete()
    _log(Event.CLEARED, language, role.model, None, by, reason)
    return role.model


@transaction.atomic
def candidate_promote(*, language: str, by: By, reason: str = "") -> ModelRole:
    """Make the candidate the active version."""
    _lock()
    model = _require_candidate(language).model
    _require_files(model)
    return _activate(model, language, _role(language, Role.ACTIVE), Event.PROMOTED, by, reason)


@transaction.atomic
def model_rollback(*, language: str, by: By, reason: str = "") -> ModelRole:
    """Return to the version that was active before; once more goes one version further back."""
    _lock()
    role = _require_active(language)
    versions = _versions_so_far(language)
    if len(versions) < 2:
        message = _("There is no version before %(model)s for '%(language)s'.")
        message %= {"model": role.model, "language": language}
        raise RegistryError("no_version_before", message, status=409, field="language")
    model = CaptionModel.objects.get(pk=versions[-2])
    _require_files(model)
    return _activate(model, language, role, Event.ROLLED_BACK, by, reason)


def model_failed(*, model: CaptionModel, reason: str) -> None:
    """Note why a worker could not load a version, for administrators to see."""
    CaptionModel.objects.filter(pk=model.pk).update(failure=reason)
    model.failure = reason


def model_loaded(*, model: CaptionModel) -> None:
    """Forget an earlier failure: a worker has loaded the version."""
    CaptionModel.objects.filter(pk=model.pk).exclude(failure="").update(failure="")
    model.failure = ""


def _lock() -> None:
    """Wait for the other writers; a row lock would not do where there is no row yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [REGISTRY_LOCK])


def _activate(
    model: CaptionModel,
    language: str,
    before: ModelRole | None,
    event: Event,
    by: By,
    reason: str = "",
    *,
    chosen_by: ChosenBy = ChosenBy.OPERATOR,
) -> ModelRole:
    """Write the active role and its line in the log; a candidate that became active is none."""
    ModelRole.objects.filter(language=language, role=Role.CANDIDATE, model=model).delete()
    role, _created = ModelRole.objects.update_or_create(
        language=language,
        role=Role.ACTIVE,
        defaults={"model": model, "chosen_by": chosen_by, "since": timezone.now()},
    )
    previous = before.model if before else None
    if previous != model:
        _log(event, language, model, previous, by, reason)
    return role


def _withdraw_lost(*, keep: Sequence[str]) -> None:
    """End default roles, outside ``keep``, of versions whose files were replaced."""
    lost = ModelRole.objects.filter(
        role=Role.ACTIVE, chosen_by=ChosenBy.DEFAULT, model__directory=""
    ).exclude(language__in=keep)
    for role in lost.select_related("model"):
        ModelRole.objects.filter(language=role.language).delete()
        _log(Event.WITHDRAWN, role.language, role.model, None, WORKER, "its files were replaced")


def _versions_so_far(language: str) -> list[int]:
    """Return the keys of the versions up to the active one, without those rolled back."""
    versions: list[int] = []
    rows = ModelEvent.objects.filter(language=language).order_by("pk")
    for event, model in rows.values_list("event", "model_id"):
        if event == Event.ROLLED_BACK:
            while versions and versions[-1] != model:
                versions.pop()
        elif event in (Event.ACTIVATED, Event.PROMOTED) and versions[-1:] != [model]:
            versions.append(model)
    return versions


def _log(
    event: Event,
    language: str,
    model: CaptionModel,
    previous: CaptionModel | None,
    by: By,
    reason: str,
) -> None:
    who = by if isinstance(by, str) else by.get_username()
    ModelEvent.objects.create(
        event=event, language=language, model=model, previous=previous, by=who, reason=reason
    )
    facts = {"event": str(event), "language": language, "model": str(model), "reason": reason}
    audit.note(audit.Kind.MODEL_SWITCHED, by=by, facts=facts)


def _role(language: str, role: Role) -> ModelRole | None:
    rows = ModelRole.objects.select_for_update(of=("self",)).select_related("model")
    return rows.filter(language=language, role=role).first()


def _require_active(language: str) -> ModelRole:
    role = _role(language, Role.ACTIVE)
    if role is None:
        message = _("No model is active for the language '%(language)s'.") % {"language": language}
        raise RegistryError("no_active_model", message, status=409, field="language")
    return role


def _require_candidate(language: str) -> ModelRole:
    role = _role(language, Role.CANDIDATE)
    if role is None:
        message = _("There is no candidate for the language '%(language)s'.")
        message %= {"language": language}
        raise RegistryError("no_candidate", message, status=409, field="language")
    return role


def _require_spoken(model: CaptionModel, language: str) -> None:
    if language not in Language.values:
        message = _("The language '%(language)s' is unknown; allowed: %(all)s.")
        message %= {"language": language, "all": ", ".join(Language.values)}
        raise RegistryError("language_unknown", message, field="language")
    if language not in model.languages:
        message = _("%(model)s does not speak '%(language)s'; its languages: %(spoken)s.")
        spoken = ", ".join(model.languages) or _("none")
        message %= {"model": model, "language": language, "spoken": spoken}
        raise RegistryError("language_not_spoken", message, field="language")


def _require_files(model: CaptionModel) -> None:
    # Asked of the database: since the caller read the row, its directory may have been taken over.
    if not CaptionModel.objects.filter(pk=model.pk).exclude(directory="").exists():
        message = _("No directory with the files of %(model)s is known; register it again.")
        message %= {"model": model}
        raise RegistryError("model_without_files", message, status=409, field="model")
