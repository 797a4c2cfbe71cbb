"""``/graphql/``: runs queries and mutations; shows GraphiQL to those who are signed in."""

from typing import Any

from asgiref.sync import async_to_sync
from csp.constants import NONCE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from graphql import OperationType

from capsite.common.errors import CapsiteError
from capsite.common.graphql.body import request_read
from capsite.common.graphql.context import Caller
from capsite.common.graphql.errors import Refused, formatted, refusal
from capsite.common.graphql.execution import Prepared, prepared, run
from capsite.common.graphql.persisted import completed, remember
from capsite.common.graphql.server import context_for, server
from capsite.common.outage import OUTAGES, RETRY_AFTER_SECONDS, outage_error
from capsite.common.rest import refuse_cross_site

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


@method_decorator(csrf_exempt, name="dispatch")  # post() checks where a cookie speaks
class GraphQLView(View):
    """One address for programs and people."""

    http_method_names = ["get", "head", "post", "options"]

    # GraphiQL's dialogs add a style sheet, and its own one holds its fonts.
    @method_decorator(csp_update({"style-src": [NONCE], "font-src": ["data:"]}))
    @method_decorator(ensure_csrf_cookie)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show GraphiQL to a browser; programs send POST."""
        if not request.accepts("text/html"):
            message = _("Send operations with POST.")
            refused = CapsiteError("method_not_allowed", message, status=405)
            return _response(request, {"errors": [refusal(refused)]}, 405, {"Allow": "POST"})
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        return render(request, "graphql/graphiql.html")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Run one operation. Refused ones answer 4xx; what failed inside is in ``errors``."""
        try:
            body, headers = self._answered(request)
        except Refused as refused:
            errors = [formatted(error) for error in refused.errors]
            return _response(request, {"errors": errors}, 400)
        except CapsiteError as error:
            waits = {} if error.status != 401 else {"WWW-Authenticate": 'Bearer realm="capsite"'}
            return _response(request, {"errors": [refusal(error)]}, error.status, waits)
        except OUTAGES:
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return _response(request, {"errors": [refusal(outage_error())]}, 503, headers)
        return _response(request, body, _status(body), headers)

    def _answered(self, request: HttpRequest) -> tuple[dict[str, Any], dict[str, str]]:
        here = server()
        caller = here.caller_of(request)
        _refuse_forgery(request, caller)
        here.count_request(request, caller)
        asked = completed(request_read(request))
        operation = prepared(here.schema, asked)
        remember(asked)
        if operation.kind == OperationType.SUBSCRIPTION:
            message = _("Subscriptions run over the WebSocket at /ws/graphql/.")
            raise CapsiteError("subscription_needs_socket", message)
        here.admit(caller, operation)
        return self._run(operation, caller), _headers(operation)

    def _run(self, operation: Prepared, caller: Caller) -> dict[str, Any]:
        return async_to_sync(run)(operation, context_for(caller))


def _refuse_forgery(request: HttpRequest, caller: Caller) -> None:
    """A cookie is sent by whatever page made the browser post: the page must know our token.

    A bearer token is sent by nobody who does not have it. A visitor has no rights to abuse but
    the right to upload, which no other website may use.
    """
    if not caller.by_session:
        if not caller.person.is_authenticated:
            refuse_cross_site(request)
        return
    check = CsrfViewMiddleware(lambda _request: HttpResponse())
    check.process_request(request)
    if check.process_view(request, _unmarked, (), {}) is not None:
        message = _("Send the CSRF token of this site in the header X-CSRFToken.")
        raise CapsiteError("csrf_failed", message, status=403)


def _unmarked(_request: HttpRequest) -> HttpResponse:
    """A view that is not exempt, which is what the middleware looks for."""
    return HttpResponse()


def _headers(operation: Prepared) -> dict[str, str]:
    # A mutation may hand out a secret, which is neither kept nor compressed beside other texts.
    stored = "no-store" if operation.kind == OperationType.MUTATION else "private, no-cache"
    return {"Cache-Control": stored, "X-GraphQL-Cost": str(operation.cost)}


def _status(body: dict[str, Any]) -> int:
    """Return 200, 503 for an outage, or 400 for variables that nothing could be run with."""
    errors = body.get("errors", [])
    if body.get("data") is not None or not errors:
        return 200
    if any(error["extensions"]["status"] == 503 for error in errors):
        return 503
    return 200 if "path" in errors[0] else 400


def _response(
    request: HttpRequest, body: dict[str, Any], status: int, headers: dict[str, str] | None = None
) -> JsonResponse:
    kind = GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get("Accept", "") else JSON
    response = JsonResponse(body, status=status, headers=headers, content_type=kind)
    patch_vary_headers(response, ("Accept", "Accept-Language", "Authorization", "Cookie"))
    return response
