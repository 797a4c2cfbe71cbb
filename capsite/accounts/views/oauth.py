"""Consent, tokens and revocation of the OAuth server, where allauth stops short."""

from typing import Any
from urllib.parse import urlsplit

from allauth.idp.oidc.models import Token
from allauth.idp.oidc.views import AuthorizationView, DeviceCodeView, RevokeView, TokenView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from capsite.accounts.services.people import refresh_token_ended


class ConsentView(AuthorizationView):
    """Asks whether a program may come in."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, or lead back at once to a program that an administrator let skip the question.

        The content policy of the sign-in page stops a redirect to elsewhere that follows on its
        form, so after signing in the way back is a page.
        """
        response = super().get(request, *args, **kwargs)
        target = response.headers.get("Location", "")
        after_our_form = request.headers.get("Sec-Fetch-Site") == "same-origin"
        if after_our_form and target and not target.startswith("/"):
            return render(request, "idp/oidc/continue.html", {"target": target})
        return response

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Let the answer's form lead back to the program, which the content policy forbids."""
        response: Any = super().render_to_response(context, **kwargs)
        target = urlsplit(str(self._request_info.get("redirect_uri", "")))
        source = f"{target.scheme}://{target.netloc}" if target.netloc else f"{target.scheme}:"
        response._csp_update = {"form-action": [source]}
        return response


class _NamedTarget:
    """Answers a bad ``resource`` as RFC 8707 says; allauth lets the error through."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Give tokens, or say what was wrong with the request."""
        try:
            parent: Any = super()
            return parent.post(request, *args, **kwargs)
        except ValidationError as error:
            body = {"error": "invalid_target", "error_description": " ".join(error.messages)}
            return JsonResponse(body, status=400)


class ProgramTokenView(_NamedTarget, TokenView):
    """Gives tokens to programs."""


class ProgramDeviceView(_NamedTarget, DeviceCodeView):
    """Gives codes to programs on devices without a browser."""


class RevocationView(RevokeView):
    """Takes a token back."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """With a refresh token the access tokens go that came of it (RFC 7009, 2.1)."""
        refresh = Token.objects.lookup(Token.Type.REFRESH_TOKEN, request.POST.get("token", ""))
        response = super().post(request, *args, **kwargs)
        if refresh is not None and not Token.objects.filter(pk=refresh.pk).exists():
            refresh_token_ended(token=refresh)
        return response


consent = ConsentView.as_view()
token = ProgramTokenView.as_view()
device_code = ProgramDeviceView.as_view()
revoke = RevocationView.as_view()
