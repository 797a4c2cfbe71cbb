"""Idempotency-Key: a POST that is sent again is answered again, and done once."""

import logging
import re
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capsite.accounts.grants import grant_of
from capsite.common.errors import CapsiteError
from capsite.gateway.addresses import address_group, address_of
from capsite.gateway.fingerprints import fingerprint
from capsite.gateway.keys import key_claim, key_free, key_keep
from capsite.gateway.models import IdempotencyKey

logger = logging.getLogger(__name__)

REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Content-Language", "Location", "Link")
# They tell of a moment, not of the request: trying again may go otherwise.
_PASSING = frozenset({408, 409, 423, 425, 429})


class _Answered(Exception):
    """The key has its answer already."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


class IdempotentMixin(APIView):
    """Put before APIView: its POST honours the header Idempotency-Key, where there is one.

    The key is taken after the view's permissions and limits have let the request pass, and before
    its handler runs. What the handler refuses for good is kept as well; answers of 500 and above,
    exceptions and passing refusals free the key.
    """

    _claimed: IdempotencyKey | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Free the key when the view ends with an exception."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except BaseException:
            self._free()
            raise

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Claim the key once the request may pass."""
        super().initial(request, *args, **kwargs)
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or key is None:
            return
        row = key_claim(
            identity=_identity(request), key=_checked(key), fingerprint=fingerprint(request)
        )
        if row.status is not None:
            raise _Answered(_answer(row))
        self._claimed = row

    def handle_exception(self, exc: Exception) -> Response:
        """Give the kept answer, and say when to ask again for one that is not there yet."""
        if isinstance(exc, _Answered):
            return exc.response  # type: ignore[return-value]  # DRF finalizes any HttpResponse
        response = super().handle_exception(exc)
        if isinstance(exc, CapsiteError) and "retry_after" in exc.data:
            response["Retry-After"] = str(exc.data["retry_after"])
        return response

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Keep the answer before it leaves."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self._claimed is not None:
            if _is_final(response):
                self._keep(
                    self._claimed, response.render() if hasattr(response, "render") else response
                )
            else:
                self._free()
        return response

    def _keep(self, row: IdempotencyKey, response: HttpResponse) -> None:
        headers = {name: response[name] for name in _KEPT_HEADERS if response.has_header(name)}
        try:
            key_keep(row, status=response.status_code, headers=headers, body=response.content)
        except DatabaseError as error:  # what was asked is done; who asks again may do it twice
            logger.warning("The answer to an idempotency key was not kept: %s", error)
        self._claimed = None

    def _free(self) -> None:
        row, self._claimed = self._claimed, None
        if row is None:
            return
        try:
            key_free(row)
        except DatabaseError as error:  # it frees itself when its lease ends
            logger.warning("An idempotency key was not freed: %s", error)


def _is_final(response: HttpResponseBase) -> bool:
    """Tell whether the answer may be kept; never one that hands out a secret."""
    status, secret = response.status_code, "no-store" in response.get("Cache-Control", "")
    return status < 500 and status not in _PASSING and not secret and not response.streaming


def _answer(row: IdempotencyKey) -> HttpResponse:
    response = HttpResponse(bytes(row.body), status=row.status)
    for name, value in row.headers.items():
        response[name] = value
    response[REPLAYED] = "true"
    return response


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        message = _("An Idempotency-Key has 1 to 255 visible ASCII characters and no blanks.")
        raise CapsiteError("idempotency_key_invalid", message, field="Idempotency-Key")
    return key


def _identity(request: Request) -> str:
    """Return whose key it is: a person's, a program's of a person, or a visitor's address.

    Access tokens change while a client tries again; people, personal tokens and clients do not.
    """
    if not request.user.is_authenticated:
        return f"address:{address_group(address_of(request))}"
    grant = grant_of(request)
    if grant.kind == "token":
        return f"person:{request.user.pk}:{grant.id}"
    if grant.kind == "oauth":
        return f"person:{request.user.pk}:client:{grant.client}"
    return f"person:{request.user.pk}"
