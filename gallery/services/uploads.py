"""A photo comes in: inspected, stored, and written with its job in one transaction."""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from capsite.common.texts import tidy_line
from gallery.access import require_member, require_upload
from gallery.imaging import (
    Limits,
    Photo,
    PhotoRefused,
    inspect_upload,
    placeholder,
)
from gallery.models import CaptionJob, Image
from gallery.models.image import Visibility
from gallery.models.job import Language, Strategy
from gallery.services.events import image_created_on_commit
from gallery.services.files import files_delete, files_write
from gallery.services.images import TITLE_LENGTH, visibility_checked
from gallery.services.jobs import job_ensure

# A photo at the pixel limit takes up to 0.9 GB while it is decoded; others wait their turn.
DECODING = threading.BoundedSemaphore(2)
MOST_CAPTIONS = 10  # of one job


@dataclass(frozen=True)
class Upload:
    """What became of an upload; ``existing`` when these bytes were already here."""

    image: Image
    job: CaptionJob
    existing: bool


def image_upload(
    *,
    data: bytes,
    name: str,
    person: AbstractBaseUser | AnonymousUser,
    strategy: str = Strategy.BEAM,
    language: str = Language.ENGLISH,
    num: int | None = None,
    visibility: str = Visibility.PUBLIC,
) -> Upload:
    """Take in one photo and ask for its captions; the same bytes twice are one photo.

    A photo that is here already keeps the visibility it has. A visitor's photo has no owner who
    could see it, so it cannot be private.

    Raises CapsiteError for a person who may not upload, for a language that captions are not made
    in, and for anything that is not an acceptable photo, and leaves no file behind when it does.
    """
    require_upload(person)
    require_ask(strategy=strategy, language=language, num=num)
    owner = person if person.is_authenticated else None
    if visibility_checked(visibility) == Visibility.PRIVATE:
        require_member(person)
    ask = {
        "strategy": strategy,
        "language": language,
        "num": num or settings.CAPSITE_CAPTIONS_PER_PHOTO,
    }
    return _take_in(data, owner, {"title": _title(name), "visibility": visibility}, ask)


def image_upload_trusted(*, data: bytes, details: dict[str, Any]) -> Upload:
    """Take in a photo of the site's own, with its ``title`` and ``credit``."""
    ask = {
        "strategy": Strategy.BEAM,
        "language": Language.ENGLISH,
        "num": settings.CAPSITE_CAPTIONS_PER_PHOTO,
    }
    return _take_in(data, None, details, ask)


def captions_ask(
    *,
    image: Image,
    language: str,
    strategy: str = Strategy.BEAM,
    num: int | None = None,
) -> CaptionJob:
    """Ask for a photo's captions in a language, unless they are on their way.

    A language that was asked for and answered in English may be asked for again.
    """
    require_ask(strategy=strategy, language=language, num=num)
    return job_ensure(
        image=image,
        strategy=strategy,
        language=language,
        num=num or settings.CAPSITE_CAPTIONS_PER_PHOTO,
        again=not image.captions.filter(language=language).exists(),
    )


def require_ask(*, strategy: str, language: str, num: int | None) -> None:
    """Refuse what no captioner can be asked for, naming what there is."""
    require_language(language)
    if strategy not in Strategy.values:
        message = _("'%(given)s' is no strategy of captions. Choose one of: %(all)s.")
        named = {"given": strategy, "all": ", ".join(Strategy.values)}
        raise CapsiteError("invalid_choice", message % named, field="strategy")
    if num is not None and not 1 <= num <= MOST_CAPTIONS:
        message = _("Ask for 1 to %(most)d captions, not %(given)d.")
        facts = {"most": MOST_CAPTIONS, "given": num}
        raise CapsiteError("invalid_range", message % facts, field="num")


def require_language(language: str) -> None:
    """Refuse a language that nobody captions in, naming those there are."""
    if language not in Language.values:
        message = _("There are no captions in the language '%(given)s'. Choose one of: %(all)s.")
        named = {"given": language, "all": ", ".join(Language.values)}
        raise CapsiteError("invalid_choice", message % named, field="language")


def _take_in(data: bytes, owner: Any, details: dict[str, Any], ask: dict[str, Any]) -> Upload:
    # Bytes that are here were inspected when they came: they cost a hash, and no decoding.
    image = _find(hashlib.sha256(data).hexdigest(), owner)
    if image is None:
        with DECODING:
            photo = _inspected(data)
            image = _find(photo.sha256, owner)  # somebody was quicker while this one waited
            if image is None:
                new = _image_from(photo, owner, details)
                files_write(new, photo, data)
    if image is None:
        return _stored(new, ask)
    return Upload(image, job_ensure(image=image, **ask), existing=True)


def _inspected(data: bytes) -> Photo:
    limits = Limits(settings.CAPSITE_UPLOAD_MAX_BYTES, settings.CAPSITE_UPLOAD_MAX_PIXELS)
    try:
        return inspect_upload(data, limits=limits)
    except PhotoRefused as refusal:
        status = 413 if refusal.code == "file_too_large" else 400
        message = _in_words(refusal)
        raise CapsiteError(
            refusal.code, message, status=status, field="image", **refusal.data
        ) from refusal


def _in_words(refusal: PhotoRefused) -> str:
    """Return the sentence of a refusal in the language of whoever reads it."""
    named = {
        name: _(value) if isinstance(value, str) else number_format(value, force_grouping=True)
        for name, value in refusal.named.items()
    }
    return _(refusal.sentence) % named


def _find(sha256: str, owner: Any) -> Image | None:
    visible = Q(owner=owner) | Q(visibility=Visibility.PUBLIC)
    return Image.objects.filter(visible, sha256=sha256).order_by("created_at").first()


def _image_from(photo: Photo, owner: Any, details: dict[str, Any]) -> Image:
    return Image(
        owner=owner,
        sha256=photo.sha256,
        format=photo.format,
        size=photo.size,
        width=photo.width,
        height=photo.height,
        exif=photo.exif,
        placeholder=placeholder(photo),
        **details,
    )


def _stored(image: Image, ask: dict[str, Any]) -> Upload:
    """Write the image and its job in one transaction, or find who was quicker."""
    try:
        with transaction.atomic():
            image.save(force_insert=True)
            image_created_on_commit(image)
            return Upload(image, job_ensure(image=image, **ask), existing=False)
    except IntegrityError:
        files_delete(image.folder)
        found = _find(image.sha256, image.owner)
        if found is None:
            raise
        return Upload(found, job_ensure(image=found, **ask), existing=True)
    # A connection lost while it commits leaves open whether the row is there. The files stay:
    # the same bytes sent again settle it, and the sweep removes what no row came to name.


def _title(name: str) -> str:
    """Return a readable title from a file name, which may be any text at all."""
    stem = PurePath(name.replace("\\", "/")).stem
    return tidy_line(stem)[:TITLE_LENGTH].strip() or _("Untitled")
