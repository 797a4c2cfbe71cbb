"""Reads JSON into typed dataclasses; fields it does not know never hurt."""

from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from capsite_client.errors import AnswerInvalid

T = TypeVar("T")


def parse(kind: type[T], data: Any, where: str = "") -> T:
    """Return a ``kind`` made of a JSON object; a missing or null field takes its default."""
    place = where or kind.__name__
    if not isinstance(data, dict):
        raise _unlike(place, "an object", data)
    shape: Any = kind
    found: dict[str, Any] = {}
    for name, (hint, required) in _plan(shape).items():
        value = data.get(name)
        if value is not None:
            found[name] = _read(hint, value, f"{place}.{name}")
        elif required:
            raise AnswerInvalid(f"The site's answer lacks {place}.{name}.")
    return kind(**found)


@cache
def _plan(kind: type[Any]) -> dict[str, tuple[Any, bool]]:
    hints = get_type_hints(kind)
    return {
        field.name: (
            hints[field.name],
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(kind)
        if field.init
    }


def _read(hint: Any, value: Any, where: str) -> Any:
    origin = get_origin(hint)
    if hint is Any:
        return value
    if origin in (Union, UnionType):
        inner = next(part for part in get_args(hint) if part is not type(None))
        return _read(inner, value, where)
    if origin is tuple:
        return _many(get_args(hint)[0], value, where)
    if origin is dict:
        return _sure(isinstance(value, dict), value, where, "an object")
    if is_dataclass(hint):
        return parse(cast(type[Any], hint), value, where)
    return _scalar(hint, value, where)


def _many(hint: Any, value: Any, where: str) -> tuple[Any, ...]:
    _sure(isinstance(value, list), value, where, "a list")
    return tuple(_read(hint, item, f"{where}[{n}]") for n, item in enumerate(value))


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is datetime:
        return _moment(value, where)
    if hint is date:
        return _day(value, where)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is float:
        return float(_sure(number, value, where, "a number"))
    if hint is int:
        whole = number and float(value).is_integer()
        return int(_sure(whole, value, where, "a whole number"))
    if hint is bool:
        return _sure(isinstance(value, bool), value, where, "true or false")
    return _sure(isinstance(value, str), value, where, "a text")


def _moment(value: Any, where: str) -> datetime:
    try:
        # Python 3.10 does not know that Z is UTC.
        return datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError as error:
        raise _unlike(where, "a date and time", value) from error


def _day(value: Any, where: str) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise _unlike(where, "a date", value) from error


def _sure(right: bool, value: Any, where: str, wanted: str) -> Any:
    if not right:
        raise _unlike(where, wanted, value)
    return value


def _unlike(where: str, wanted: str, value: Any) -> AnswerInvalid:
    return AnswerInvalid(f"{where} in the site's answer is {value!r:.60}, not {wanted}.")
