"""Bodies by serializer: what a request says is checked, and what is answered is written.

A refusal names the one input that was wrong.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from capsite.common.errors import CapsiteError

WHOLE = "non_field_errors"


def checked(kind: type[serializers.Serializer], data: Any, **options: Any) -> dict[str, Any]:
    """Return what ``data`` says, or raise CapsiteError with ``field`` such as ``items.3.url``."""
    if not isinstance(data, Mapping):
        message = _("Send an object with named fields, not a list or a single value.")
        raise CapsiteError("invalid", message)
    given = kind(data=data, **options)
    if not given.is_valid():
        raise _refusal(given.errors)
    return given.validated_data


def written(kind: type[serializers.Serializer], found: Any) -> dict[str, Any]:
    """Return what a serializer that needs no context answers for ``found``.

    A serializer makes its fields anew each time it is made, from the model where it has one: longer
    than it takes to write a few rows.
    """
    return _writer(kind).to_representation(found)


@cache
def _writer(kind: type[serializers.Serializer]) -> serializers.Serializer:
    return kind()


def query_of(request: Request, kind: type[serializers.Serializer]) -> dict[str, Any]:
    """Return what the query of an address says."""
    return checked(kind, request.query_params)


def _refusal(errors: Any) -> CapsiteError:
    path: list[str] = []
    while not isinstance(errors, ErrorDetail):
        if isinstance(errors, Mapping):
            name, errors = next(iter(errors.items()))
            path += [] if name == WHOLE else [str(name)]
        else:
            place = next(index for index, one in enumerate(errors) if one)
            errors = errors[place]
            path += [] if isinstance(errors, ErrorDetail) else [str(place)]
    return CapsiteError(errors.code or "invalid", str(errors), field=".".join(path))
