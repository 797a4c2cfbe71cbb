"""Everything this package raises: one class for each way a call can go wrong."""

from collections.abc import Mapping
from typing import Any


class CapsiteError(Exception):
    """The base of them all.

    ``code`` is the machine-readable reason, ``status`` the HTTP status (0 when nothing answered),
    ``field`` the input that was wrong, ``retry_after`` the seconds the site asks to wait, and
    ``data`` whatever else the answer said.
    """

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int = 0,
        field: str = "",
        retry_after: float | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.status = status
        self.field = field
        self.retry_after = retry_after
        self.data: Mapping[str, Any] = data or {}


# --- the site answered, and said no --------------------------------------------------------------


class RequestRefused(CapsiteError):
    """The site answered with a problem (4xx); sending the same again will not help."""

    code = "request_refused"


class InputInvalid(RequestRefused):
    """A field is missing or wrong; ``field`` names it."""


class PhotoRefused(InputInvalid):
    """The file is no photo that the site can read, or it is too large."""


class UrlRefused(InputInvalid):
    """The site will not, or could not, fetch this address."""


class SignInRequired(RequestRefused):
    """No valid token came with the request, or it has ended."""


class Forbidden(RequestRefused):
    """Whoever the token speaks for may not do this."""


class InsufficientScope(Forbidden):
    """The token lacks a scope; ``data["scope"]`` names it."""


class NotFound(RequestRefused):
    """There is no such thing, or it is somebody else's and private."""


class Conflict(RequestRefused):
    """What is there now does not allow this."""


class EditConflict(Conflict):
    """Somebody edited first: here is what the text is now."""

    @property
    def version(self) -> int:
        """The version that stands now; send it as ``base_version`` to write over it."""
        return int(self.data.get("version") or 0)

    @property
    def text(self) -> str:
        """The text that stands now."""
        return str(self.data.get("text") or "")

    @property
    def author(self) -> Any:
        """Who wrote it, as the site says it."""
        return self.data.get("author")


class IdempotencyKeyReused(RequestRefused):
    """The same Idempotency-Key was sent before with another request."""


class IdempotencyKeyInUse(Conflict):
    """The first request with this Idempotency-Key is still being answered."""


class RateLimited(RequestRefused):
    """Too many requests; ``retry_after`` says how long to wait."""


# --- the site could not be asked -----------------------------------------------------------------


class Unavailable(CapsiteError):
    """The site cannot be used now; nothing is wrong with the request."""

    code = "unavailable"


class ConnectionFailed(Unavailable):
    """No connection, or it broke before the answer was read."""

    code = "connection_failed"


class TimedOut(Unavailable):
    """One attempt took longer than the client's ``timeout``."""

    code = "timed_out"


class ServerFailed(Unavailable):
    """The site answered with 5xx."""

    code = "server_failed"


class CircuitOpen(Unavailable):
    """The site failed several times in a row; nothing is sent before ``retry_after`` seconds."""

    code = "circuit_open"


# --- the rest ------------------------------------------------------------------------------------


class DeadlineExceeded(CapsiteError):
    """The time allowed for the whole call is over."""

    code = "deadline_exceeded"


class JobFailed(CapsiteError):
    """The photo was taken but could not be captioned; ``code`` says why."""

    code = "job_failed"


class PhotoUnreadable(CapsiteError):
    """A file on this machine could not be read."""

    code = "file_unreadable"


class AnswerInvalid(CapsiteError):
    """The answer is not what this package understands."""

    code = "answer_invalid"


class SubscriptionFailed(CapsiteError):
    """The site refused or ended a subscription for good."""

    code = "subscription_failed"


class WebhookInvalid(CapsiteError):
    """A request to a webhook receiver is not a genuine, fresh message of the site."""

    code = "webhook_invalid"
