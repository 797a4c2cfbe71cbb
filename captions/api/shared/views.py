"""The view every resource starts from: scopes, members only, other websites kept out."""

from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.authentication import READING, ScopedAPIView
from capsite.common.errors import CapsiteError
from capsite.common.rest import refuse_cross_site
from capsite.gateway.idempotency import IdempotentMixin
from captions.api.shared.parsers import CarefulJSONParser
from gallery.access import require_member

EVERY_METHOD = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


class ApiView(ScopedAPIView):
    """Reads JSON; ``members`` names the methods that visitors may not use whatever their scope."""

    members: ClassVar[frozenset[str]] = frozenset()
    # Version 1 has always answered 403 to visitors who must sign in first.
    sign_in_status: ClassVar[int] = 401
    parser_classes = [CarefulJSONParser]
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse visitors what members do, and browsers that write for another website."""
        if request.method not in self.allowed_methods:  # whoever asks
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)
        if request.method in self.members:
            require_member(request.user)
        if request.method not in READING and not request.user.is_authenticated:
            refuse_cross_site(request)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer 401 with WWW-Authenticate where signing in would help, and say when to retry."""
        if isinstance(exc, RequestDataTooBig):
            exc = CapsiteError("request_too_large", _("This request is too large."), status=413)
        if isinstance(exc, CapsiteError) and exc.code == "sign_in_required":
            exc.status = self.sign_in_status
        response = super().handle_exception(exc)
        if response.status_code == 401 and not response.has_header("WWW-Authenticate"):
            response["WWW-Authenticate"] = self.get_authenticate_header(self.request)
        if isinstance(exc, CapsiteError) and "retry_after" in exc.data:
            response["Retry-After"] = str(exc.data["retry_after"])
        return response


class IdempotentView(IdempotentMixin, ApiView):
    """A view whose POST may be sent again with its Idempotency-Key."""
