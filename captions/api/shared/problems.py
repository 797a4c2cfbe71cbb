"""Refusals as the OpenAPI documents describe them: by code, with an example of each."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from capsite.common.errors import PROBLEM_JSON, CapsiteError, problem_body

# code -> (status, an example's message, the field it names)
CODES: dict[str, tuple[int, str, str]] = {
    "bad_request": (400, "This request cannot be answered. Check the address.", ""),
    "parse_error": (400, "The body of this request could not be read. JSON parse error.", ""),
    "invalid": (400, "Must be a valid UUID.", "caption"),
    "invalid_choice": (400, "There are no captions in the language 'de'. Choose …", "language"),
    "bad_cursor": (400, "This cursor is not one of this list. Start without one.", "cursor"),
    "not_a_photo": (400, "This file is no photo.", "image"),
    "batch_size": (400, "A batch has 1 to 50 photos.", "images"),
    "other_photo": (400, "This suggestion belongs to another photo.", "caption"),
    "no_such_version": (400, "There is no version 9. The newest is 3.", "number"),
    "album_full": (400, "An album holds at most 10000 photos.", "images"),
    "url_invalid": (400, "This is no http or https URL.", "url"),
    "url_not_allowed": (400, "This address is not open to the public.", "url"),
    "invalid_token": (401, "This token is unknown, has expired or was revoked.", ""),
    "sign_in_required": (401, "Sign in to do this.", ""),
    "insufficient_scope": (403, "This needs the scope captions:write.", ""),
    "permission_denied": (403, "CSRF Failed: CSRF token missing.", ""),
    "cross_site": (403, "Other websites may not send photos here.", ""),
    "session_required": (403, "Tokens may not do this. Sign in.", ""),
    "event_not_allowed": (403, "Only administrators hear of rate_limit.violated.", "events"),
    "forbidden": (403, "Only the person who uploaded this photo may change it.", ""),
    "not_found": (404, "There is no such photo, or it is private.", ""),
    "method_not_allowed": (405, 'Method "PUT" not allowed.', ""),
    "not_acceptable": (406, "Could not satisfy the request Accept header.", ""),
    "idempotency_key_in_use": (409, "The first request is still at work.", "Idempotency-Key"),
    "edit_conflict": (409, "Somebody changed this text meanwhile.", "base_version"),
    "case_decided": (409, "This case was decided already.", ""),
    "model_not_loaded": (409, "The captioner that wrote this is no longer in use.", ""),
    "no_active_model": (409, "No captioner for this language is in use.", ""),
    "too_many_tokens": (409, "You have 50 tokens, which is the most. Revoke one first.", ""),
    "too_many_webhooks": (409, "You have 20 webhooks, and no more are possible.", ""),
    "endpoint_off": (409, "This webhook is switched off. Switch it on first.", ""),
    "delivery_waiting": (409, "This delivery is still on its way.", ""),
    "file_too_large": (413, "This file has 6.1 MB. The limit is 5.0 MB.", "image"),
    "request_too_large": (413, "This request is too large. The limit is 20 MB.", ""),
    "unsupported_media_type": (415, 'Unsupported media type "text/plain" in request.', ""),
    "idempotency_key_reused": (422, "This key was used for another request.", "Idempotency-Key"),
    "url_unreachable": (422, "The URL did not answer in time.", "url"),
    "caption_translated": (422, "This caption was translated: no word of it was seen.", ""),
    "rate_limited": (429, "Too many requests. Try again in 12 seconds.", ""),
    "storage_away": (503, "The photos are away. Nothing was lost. Try again in a moment.", ""),
    "storage_full": (503, "There is no room left for photos. Nothing was changed.", ""),
    "database_away": (503, "The database is away. Nothing was lost. Try again soon.", ""),
}
ALWAYS = (
    "bad_request",
    "invalid_token",
    "insufficient_scope",
    "not_acceptable",
    "rate_limited",
    "database_away",
)
OF_MEMBERS = ("sign_in_required",)
OF_WRITES = ("permission_denied",)
OF_BODIES = ("invalid", "parse_error", "request_too_large", "unsupported_media_type")
OF_KEYS = ("idempotency_key_in_use", "idempotency_key_reused")


class ProblemSerializer(serializers.Serializer):
    """A refusal: RFC 9457 problem details. Some carry more facts, each under a name of its own."""

    type = serializers.CharField()
    title = serializers.CharField(help_text="What kind of problem, for people.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="One sentence: what is wrong, what is allowed.")
    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="As detail.")
    field = serializers.CharField(
        allow_blank=True, help_text="The input that was wrong; empty where it is none."
    )


def refusals(codes: Iterable[str | tuple[int, str]]) -> dict[tuple[int, str], OpenApiResponse]:
    """Return the responses that tell of ``codes``, grouped by their status.

    A code may come with another status than the usual one.
    """
    known = sorted({(CODES[code][0], code) if isinstance(code, str) else code for code in codes})
    return {
        (status, PROBLEM_JSON): OpenApiResponse(
            ProblemSerializer,
            description="Codes: " + ", ".join(f"`{code}`" for code in group) + ".",
            examples=[_example(status, code) for code in group],
        )
        for status, members in groupby(known, key=itemgetter(0))
        for group in [[code for _status, code in members]]
    }


def _example(status: int, code: str) -> OpenApiExample:
    _usual, message, field = CODES[code]
    facts: dict[str, Any] = {"retry_after": 12} if code == "rate_limited" else {}
    error = CapsiteError(code, message, status=status, field=field, **facts)
    return OpenApiExample(
        code, value=problem_body(error), media_type=PROBLEM_JSON, status_codes=[str(status)]
    )
