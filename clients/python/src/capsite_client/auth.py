"""Who a client speaks for: nobody, a personal token, a JWT with refresh, an OAuth2 client."""

import base64
import json
from collections.abc import Callable, Iterable
from typing import Protocol
from urllib.parse import urlencode

from capsite_client.errors import AnswerInvalid
from capsite_client.wire import Answer, Request, send

EARLY = 30.0  # seconds before its end from which a token is renewed


class Auth(Protocol):
    """Gives tokens; makes and reads the request that renews them, which the client sends."""

    def token(self, now: float) -> str | None:
        """Return the token to send, "" for none, or None when it has to be renewed first."""

    def renewal(self) -> Request | None:
        """Return the request that brings a new token, or None where nothing can."""

    def renewed(self, answer: Answer, now: float) -> None:
        """Take the new token from the answer."""


class NoAuth:
    """A visitor."""

    def token(self, now: float) -> str | None:
        """Return no token."""
        return ""

    def renewal(self) -> Request | None:
        """Return None: there is nothing to renew."""
        return None

    def renewed(self, answer: Answer, now: float) -> None:
        """Take nothing."""


class TokenAuth(NoAuth):
    """A personal token ("cap_..."), which a person makes on the site and can revoke there."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self, now: float) -> str | None:
        """Return the token."""
        return self._token


class JWTAuth:
    """A JWT access token, renewed with a refresh token that changes each time.

    ``on_renewed(access, refresh)`` is called with the new pair, for programs that keep it: the
    pair before is worthless then, and using it again ends the whole sign-in.
    """

    def __init__(
        self,
        access: str,
        refresh: str = "",
        *,
        on_renewed: Callable[[str, str], None] | None = None,
        path: str = "/api/auth/app/v1/tokens/refresh",
    ) -> None:
        self._access, self._refresh = access, refresh
        self._ends = jwt_ends(access)
        self._on_renewed = on_renewed
        self._path = path

    def token(self, now: float) -> str | None:
        """Return the access token while it is good, or there is nothing to renew it with."""
        good = bool(self._access) and now < self._ends - EARLY
        return self._access if good or not self._refresh else None

    def renewal(self) -> Request | None:
        """Return the refresh; never repeated, as the site takes a repeat for a theft."""
        body = {"refresh_token": self._refresh}
        return send("POST", self._path, body, repeatable=False) if self._refresh else None

    def renewed(self, answer: Answer, now: float) -> None:
        """Take the new pair."""
        found = answer.object()
        data = found.get("data", found)
        self._access = _token_of(data, "access_token")
        self._refresh = data.get("refresh_token") or self._refresh
        self._ends = jwt_ends(self._access)
        if self._on_renewed:
            self._on_renewed(self._access, self._refresh)


class ClientCredentials:
    """An OAuth2 client program that acts for itself (RFC 6749, section 4.4)."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        scopes: Iterable[str] = (),
        *,
        path: str = "/identity/o/api/token",
    ) -> None:
        self._id, self._secret = client_id, client_secret
        self._scopes = " ".join(scopes)
        self._path = path
        self._token, self._ends = "", 0.0

    def token(self, now: float) -> str | None:
        """Return the token while it is good."""
        return self._token if self._token and now < self._ends - EARLY else None

    def renewal(self) -> Request | None:
        """Return the request for a token, with the client's name and secret as Basic."""
        fields = {"grant_type": "client_credentials"}
        if self._scopes:
            fields["scope"] = self._scopes
        # As they are: the site does not undo the form encoding that RFC 6749 has around them.
        pair = f"{self._id}:{self._secret}"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
        }
        return Request("POST", self._path, headers, urlencode(fields).encode(), repeatable=True)

    def renewed(self, answer: Answer, now: float) -> None:
        """Take the token; without ``expires_in`` it is asked for anew after five minutes."""
        found = answer.object()
        self._token = _token_of(found, "access_token")
        lasts = found.get("expires_in")
        # Half of a very short life is still used, rather than none of it.
        seconds = float(lasts) if isinstance(lasts, int | float) else 300.0
        self._ends = now + max(seconds, EARLY + seconds / 2)


def jwt_ends(token: str) -> float:
    """Return the time (Unix) at which a JWT ends by its own word; 0 when it says none."""
    try:
        payload = token.split(".")[1]
        padded = payload + "=" * (-len(payload) % 4)
        return float(json.loads(base64.urlsafe_b64decode(padded))["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return 0.0


def _token_of(found: object, name: str) -> str:
    token = found.get(name) if isinstance(found, dict) else None
    if not isinstance(token, str) or not token:
        raise AnswerInvalid(f"The answer to a renewal has no {name}.")
    return token
