"""The only writer of batches: takes in many photos, and notes which were refused and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from gallery.access import Person, require_upload
from gallery.models import Batch, BatchItem
from gallery.models.job import Language, Strategy
from gallery.services.uploads import Upload, image_upload, require_ask


@dataclass(frozen=True)
class Sent:
    """One photo of a batch as it came: its bytes, or why there are none."""

    name: str
    data: bytes = b""
    refusal: CapsiteError | None = None


def batch_create(
    *,
    person: Person,
    photos: Iterable[Sent],
    strategy: str = Strategy.BEAM,
    language: str = Language.ENGLISH,
    num: int | None = None,
) -> Batch:
    """Take in every photo that is one; a refused one stops no other and is listed with its reason.

    Photos are taken in one by one, each in a transaction of its own, so that what was taken in is
    never lost. Raises CapsiteError for an empty or too large batch.
    """
    require_upload(person)
    require_ask(strategy=strategy, language=language, num=num)
    most = settings.CAPSITE_BATCH_MOST_PHOTOS
    first = list(islice(photos, most + 1))
    if not 1 <= len(first) <= most:
        message = _("A batch has 1 to %(most)d photos.") % {"most": most}
        raise CapsiteError("batch_size", message, field="images")
    ask = {"person": person, "strategy": strategy, "language": language, "num": num}
    outcomes = list(_taken_in(first, ask))
    with transaction.atomic():
        batch = Batch.objects.create(owner_id=person.pk if person.is_authenticated else None)
        BatchItem.objects.bulk_create(
            _item(batch, position, sent, outcome)
            for position, (sent, outcome) in enumerate(zip(first, outcomes, strict=True))
        )
    return batch


def _taken_in(photos: Iterable[Sent], ask: dict) -> Iterator[Upload | CapsiteError]:
    for sent in photos:
        if sent.refusal is not None:
            yield sent.refusal
            continue
        try:
            yield image_upload(data=sent.data, name=sent.name, **ask)
        except CapsiteError as error:
            yield error


def _item(batch: Batch, position: int, sent: Sent, outcome: Upload | CapsiteError) -> BatchItem:
    item = BatchItem(batch=batch, position=position, name=sent.name[:255])
    if isinstance(outcome, CapsiteError):
        item.error_code, item.error_message = outcome.code[:40], outcome.message
    else:
        item.image, item.job = outcome.image, outcome.job
    return item
