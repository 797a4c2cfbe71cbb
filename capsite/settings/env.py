"""The only reader of the process environment: typed, with one clear sentence for a bad value."""

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from capsite.common.redisaddress import redis_address

BASE_DIR = Path(__file__).resolve().parents[2]

environ.Env.read_env(BASE_DIR / ".env")  # a missing file is fine; real variables win


def text(name: str, default: str = "") -> str:
    """Return the variable as it stands, without surrounding blanks.

    Not through environ.Env, which takes a value that starts with $ for another variable's name.
    Where only NAME_FILE is set, the value stands in that file, as container secrets do.
    """
    if name not in os.environ and (file := os.environ.get(f"{name}_FILE")):
        return _content(name, Path(file))
    return os.environ.get(name, default).strip()


def _content(name: str, file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE names {file}, which cannot be read: {error.strerror}."
        ) from None


def required(name: str, why: str) -> str:
    """Return the variable, or refuse to start saying why it is needed."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {why}")
    return value


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return a whole number between ``minimum`` and ``maximum``, both allowed."""
    raw = text(name, str(default))
    allowed = f"a whole number from {minimum} to {maximum}"
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {raw!r}. It must be {allowed}.") from None
    if not minimum <= value <= maximum:
        raise ImproperlyConfigured(f"{name} is {value}. It must be {allowed}.")
    return value


def boolean(name: str, default: bool) -> bool:
    """Return true for 1/true/yes/on and false for 0/false/no/off, in any case."""
    raw = text(name, str(default)).lower()
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off", ""}:
        return False
    raise ImproperlyConfigured(f"{name} is {raw!r}. It must be one of: true, false.")


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Return the variable when it is one of ``allowed``."""
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}. It must be one of: {', '.join(allowed)}.")
    return value


def names(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list without empty members."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def path(name: str, default: Path) -> Path:
    """Return an absolute path; a relative one is taken from the repository root."""
    return (BASE_DIR / text(name, str(default))).resolve()


def database(name: str, default: str) -> dict[str, Any]:
    """Return Django's DATABASES entry for a ``postgres://`` URL; empty means unset."""
    url = text(name) or default
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(
            f"{name} must be a PostgreSQL URL such as postgres://user:password@host:5432/capsite."
        )
    return dict(environ.Env.db_url_config(url))


def redis(name: str, default: str) -> str:
    """Return the URL of a server, of Sentinels or of a cluster; empty means unset."""
    url = text(name) or default
    try:
        redis_address(url)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be a Redis URL such as redis://host:6379/0; it {error}."
        ) from None
    return url


def email(name: str, default: str) -> dict[str, Any]:
    """Return Django's EMAIL settings for a URL that names the mail server."""
    url = text(name) or default
    if url.partition("://")[0] not in environ.Env.EMAIL_SCHEMES:
        raise ImproperlyConfigured(
            f"{name} must be a mail URL such as smtp+tls://user:password@host:587, "
            "or consolemail:// to print mail."
        )
    return dict(environ.Env.email_url_config(url))


VAR_DIR = path("CAPSITE_VAR", BASE_DIR / "var")
