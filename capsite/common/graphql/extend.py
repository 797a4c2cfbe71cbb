"""Lets an app add fields to a type of an app below it, which never learns of them."""

from collections.abc import Callable
from typing import Any

from graphene import Field
from graphene.types.utils import yank_fields_from_attrs


def extends(kind: Any) -> Callable[[type], type]:
    """Add the decorated class's fields, with its ``resolve_NAME`` functions, to ``kind``."""

    def extend(more: type) -> type:
        for name, field in yank_fields_from_attrs(vars(more), _as=Field).items():
            assert name not in kind._meta.fields, f"{kind._meta.name} has {name} already"
            field.resolver = field.resolver or getattr(more, f"resolve_{name}", None)
            kind._meta.fields[name] = field
        return more

    return extend
