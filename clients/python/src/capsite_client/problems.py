"""Turns a problem document (RFC 9457) into the error class of its code."""

from typing import Any

from capsite_client import errors
from capsite_client.errors import CapsiteError
from capsite_client.wire import Answer

_CODES: dict[type[CapsiteError], str] = {
    errors.PhotoRefused: "file_empty not_a_photo photo_truncated photo_damaged too_many_pixels"
    " trailing_data bomb file_too_large",
    errors.UrlRefused: "url_invalid url_not_allowed url_unreachable url_too_large",
    errors.InputInvalid: "required invalid invalid_choice min_value max_value null blank"
    " parse_error request_too_large",
    errors.SignInRequired: "sign_in_required invalid_token not_authenticated"
    " authentication_failed invalid_client invalid_grant",
    errors.InsufficientScope: "insufficient_scope",
    errors.Forbidden: "permission_denied cross_site",
    errors.NotFound: "not_found",
    errors.EditConflict: "edit_conflict",
    errors.IdempotencyKeyReused: "idempotency_key_reused",
    errors.IdempotencyKeyInUse: "idempotency_key_in_use",
    errors.RateLimited: "rate_limited throttled",
}
BY_CODE = {code: kind for kind, codes in _CODES.items() for code in codes.split()}
BY_STATUS: dict[int, type[CapsiteError]] = {
    400: errors.InputInvalid,
    401: errors.SignInRequired,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.InputInvalid,
    422: errors.InputInvalid,
    429: errors.RateLimited,
}


def error_of(answer: Answer) -> CapsiteError:
    """Return the error that an answer of status 300 and above stands for."""
    problem = answer.problem()
    code = _text(problem, "code") or _text(problem, "error")  # OAuth says "error"
    message = _text(problem, "message", "detail", "error_description", "title")
    return _kind(answer.status, code)(
        message or _unexplained(answer),
        code=code,
        status=answer.status,
        field=_text(problem, "field"),
        retry_after=answer.retry_after(),
        data=problem,
    )


def _kind(status: int, code: str) -> type[CapsiteError]:
    if status >= 500:
        return errors.ServerFailed
    if status < 400:
        return errors.AnswerInvalid
    return BY_CODE.get(code) or BY_STATUS.get(status, errors.RequestRefused)


def _unexplained(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        place = answer.headers.get("location", "another address")
        return f"The site redirects to {place}; give the client that site's address."
    return f"The site answered with status {answer.status} and no explanation."


def _text(problem: dict[str, Any], *names: str) -> str:
    found = (problem.get(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value), "")
