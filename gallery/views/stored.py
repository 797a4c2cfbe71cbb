"""Answers with a stored file: its bytes, or the signed address where the bucket has them."""

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from capsite.common.errors import NotFound
from gallery.services.files import storage_away

# An address is kept for less time than it serves.
KEPT = 0.8


def stored_answer(
    name: str, *, content_type: str, caching: str, filename: str = ""
) -> HttpResponse:
    """Return the file ``name`` with this Cache-Control, to be saved as ``filename`` if given.

    Raises NotFound when storage has lost it, and CapsiteError while storage is away.
    """
    disposition = f'attachment; filename="{filename}"' if filename else ""
    if settings.CAPSITE_S3_SIGNED:
        return _redirect(name, content_type, disposition)
    try:
        with default_storage.open(name) as file:
            response = HttpResponse(file.read(), content_type=content_type)
    except FileNotFoundError as error:
        raise NotFound(_("The file of this photo is missing.")) from error
    except OSError as error:
        raise storage_away(error) from error
    response["Cache-Control"] = caching
    if disposition:
        response["Content-Disposition"] = disposition
    return response


def _redirect(name: str, content_type: str, disposition: str) -> HttpResponse:
    asked = {"ResponseContentType": content_type}
    if disposition:
        asked["ResponseContentDisposition"] = disposition
    # Only ObjectStorage is ever asked: it takes what the answer shall say of itself.
    address = default_storage.url(name, parameters=asked)  # type: ignore[call-arg]
    response = HttpResponseRedirect(address)
    # Whoever may see the photo may for the life of the address; nobody else shares the answer.
    kept = int(settings.CAPSITE_S3_SIGNED_SECONDS * KEPT)
    response["Cache-Control"] = f"private, max-age={kept}"
    return response
