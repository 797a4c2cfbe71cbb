"""The only writer of published texts: every change is a new revision, a stale one is a conflict."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.models import Annotation, Kind, Revision
from annotations.selectors import annotation_for
from capsite.common.errors import CapsiteError
from capsite.common.push import push_on_commit
from capsite.common.texts import tidy_text
from captions.access import caption_for
from captions.models import Caption
from captions.webhooks.events import Event, event_emit
from gallery.access import Person, image_for, require_member
from gallery.models import Image
from gallery.services.events import audience
from gallery.services.images import image_hold
from gallery.services.uploads import require_language

TEXT_LENGTH = 2_000


class EditConflict(CapsiteError):
    """Somebody else published a newer version meanwhile; it comes along, so nothing is lost."""

    def __init__(self, current: Annotation | None) -> None:
        message = _("Somebody changed this text meanwhile. Compare, then save again.")
        version = current.version if current else 0
        text = current.text if current else ""
        author = current.author.get_username() if current and current.author else None
        super().__init__(
            "edit_conflict",
            message,
            status=409,
            field="base_version",
            version=version,
            text=text,
            author=author,
        )


@transaction.atomic
def annotation_edit(
    *,
    person: Person,
    image_id: UUID,
    language: str,
    text: str,
    base_version: int,
    caption_id: UUID | None = None,
) -> Annotation:
    """Publish a text for a photo in a language, on top of version ``base_version`` (0: none yet).

    ``caption_id`` names the suggestion that was edited. The same text again makes no version.
    Raises EditConflict when a newer version exists, CapsiteError for bad input or a visitor.
    """
    require_member(person)
    require_language(language)
    image = image_for(person, image_id)
    source = _source(person, image, caption_id)
    revision = Revision(text=_text(text), author_id=person.pk, kind=Kind.WRITTEN, caption=source)
    return _publish(image, language, base_version, revision)


@transaction.atomic
def caption_promote(*, person: Person, caption_id: UUID, base_version: int) -> Annotation:
    """Publish a suggestion as it stands."""
    require_member(person)
    caption = caption_for(person, caption_id)
    revision = Revision(text=caption.text, author_id=person.pk, kind=Kind.PROMOTED, caption=caption)
    return _publish(caption.image, caption.language, base_version, revision)


@transaction.atomic
def annotation_revert(
    *, person: Person, annotation_id: UUID, number: int, base_version: int
) -> Annotation:
    """Publish an earlier version again, as a new one."""
    require_member(person)
    annotation = annotation_for(person, annotation_id)
    earlier = annotation.revisions.filter(number=number).first()
    if earlier is None:
        message = _("There is no version %(number)s. The newest is %(last)s.")
        named = {"number": number, "last": annotation.version}
        raise CapsiteError("no_such_version", message % named, field="number")
    revision = Revision(
        text=earlier.text,
        author_id=person.pk,
        kind=Kind.REVERTED,
        caption=earlier.caption,
        reverted_to=number,
    )
    return _publish(annotation.image, annotation.language, base_version, revision)


def _publish(image: Image, language: str, base_version: int, revision: Revision) -> Annotation:
    """Write the next version, provided that ``base_version`` is still the newest."""
    image_hold(image.pk)  # also one edit after another, the first ones too
    annotation = _current(image, language)
    newest = annotation.version if annotation else 0
    if base_version != newest:
        raise EditConflict(annotation)
    if annotation is not None and annotation.text == revision.text:
        return annotation
    if annotation is None:
        annotation = _first(image, language, revision)
    else:
        annotation.version, annotation.text = newest + 1, revision.text
        annotation.author_id = revision.author_id
        annotation.save(update_fields=["version", "text", "author", "updated_at"])
    revision.annotation, revision.number = annotation, annotation.version
    revision.save(force_insert=True)
    _announce(annotation, revision)
    return annotation


def _current(image: Image, language: str) -> Annotation | None:
    rows = Annotation.objects.select_related("author")
    return rows.filter(image=image, language=language).first()


def _first(image: Image, language: str, revision: Revision) -> Annotation:
    return Annotation.objects.create(
        image=image,
        language=language,
        version=1,
        text=revision.text,
        author_id=revision.author_id,
    )


def _announce(annotation: Annotation, revision: Revision) -> None:
    image = annotation.image
    told = annotation.as_message()
    message = {"type": "annotation.updated", "image": str(image.pk), "annotation": told}
    push_on_commit(audience(image), message)
    event_emit(Event.FEEDBACK, image=image, data={"kind": revision.kind, "annotation": told})


def _source(person: Person, image: Image, caption_id: UUID | None) -> Caption | None:
    if caption_id is None:
        return None
    caption = caption_for(person, caption_id)
    if caption.image_id != image.pk:
        message = _("This suggestion belongs to another photo.")
        raise CapsiteError("other_photo", message, field="caption")
    return caption


def _text(given: str) -> str:
    """Return the text with its blanks tidied, in Unicode's composed form."""
    text = tidy_text(given)
    if not text or len(text) > TEXT_LENGTH:
        message = _("A text has 1 to %(most)d characters; this one has %(now)d.")
        named = {"most": TEXT_LENGTH, "now": len(text)}
        raise CapsiteError("invalid_length", message % named, field="text")
    return text
