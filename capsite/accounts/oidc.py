"""This site as OAuth2 and OpenID Connect server: its scopes, and for whom tokens may be."""

from typing import Any
from urllib.parse import urlsplit

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http.request import split_domain_port, validate_host
from django.utils.translation import gettext_lazy as _

from capsite.accounts.scopes import SCOPE_WORDS

IDENTITY_SCOPES = {
    "openid": _("Know that it is you"),
    "profile": _("See your user name"),
    "email": _("See your e-mail address"),
}


class OIDCAdapter(DefaultOIDCAdapter):
    """Tells allauth which scopes there are and what they mean."""

    scope_display = {**IDENTITY_SCOPES, **{scope.value: w for scope, w in SCOPE_WORDS.items()}}

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        """Name the scopes in the discovery document."""
        data["scopes_supported"] = list(self.scope_display)

    def validate_resource_uris(self, *, uris: list[str], **kwargs: Any) -> None:
        """Refuse tokens meant for other sites: here they would be accepted all the same."""
        for uri in uris:
            parts = urlsplit(uri)
            host, _port = split_domain_port(parts.netloc)
            if parts.path not in ("", "/") or not validate_host(host, settings.ALLOWED_HOSTS):
                raise ValidationError("The resource is the address of this site, without a path.")
