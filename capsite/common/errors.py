"""One error type for every refusal; each surface translates it once."""

from typing import Any

from django.utils.translation import gettext as _

PROBLEM_JSON = "application/problem+json"


class CapsiteError(Exception):
    """A refusal somebody should read.

    ``code`` is stable and for programs, ``message`` is one sentence for people, ``status`` is the
    HTTP status that fits, ``field`` names the input that was wrong, ``data`` holds the facts.
    """

    def __init__(
        self, code: str, message: str, *, status: int = 400, field: str = "", **data: Any
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.field = field
        self.data = data

    def as_dict(self) -> dict[str, Any]:
        """Return ``{"code", "message", "field", ...}`` for a JSON answer."""
        return {"code": self.code, "message": self.message, "field": self.field} | self.data


class NotFound(CapsiteError):
    """What was asked for does not exist, or not for this person."""

    def __init__(self, message: str = "") -> None:
        super().__init__("not_found", message or _("There is nothing here."), status=404)


class Forbidden(CapsiteError):
    """The person is known (or nobody) and may not do this."""

    def __init__(self, message: str, code: str = "forbidden") -> None:
        super().__init__(code, message, status=403)


def problem_body(error: CapsiteError) -> dict[str, Any]:
    """Return an error as RFC 9457 problem details, with our ``code``, ``message`` and ``field``."""
    title = error.data.get("title") or error.message
    rest = {key: value for key, value in error.data.items() if key != "title"}
    return {
        "type": "about:blank",
        "title": title,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "message": error.message,
        "field": error.field,
    } | rest
