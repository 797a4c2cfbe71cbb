"""Who may sign in, and how passwords are judged."""

import fcntl
import os
from pathlib import Path
from typing import TextIO

from django.core.management.utils import get_random_secret_key

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "gallery:index"
LOGOUT_REDIRECT_URL = "gallery:index"

_validation = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_validation}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_validation}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_validation}.CommonPasswordValidator"},
    {"NAME": f"{_validation}.NumericPasswordValidator"},
]


def secret_key_from(var: Path) -> str:
    """Return the key kept in ``var/secret-key``, made on first use and readable by us alone."""
    path = var / "secret-key"
    try:
        return _kept(path) or _made(path)
    except OSError:  # commands that need no server must run where var cannot be read or written
        return get_random_secret_key()


def _kept(path: Path) -> str:
    """Return the key, or nothing when the file is missing or a crash left it empty."""
    return path.read_text().strip() if path.exists() else ""


def _made(path: Path) -> str:
    """Put a whole key in place or none; of processes that start at once, one makes it for all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the kernel ends the turn of a process that dies
        if _kept(path):
            part.unlink(missing_ok=True)
        else:
            _write(file, get_random_secret_key())
            part.replace(path)
    return _kept(path)


def _write(file: TextIO, key: str) -> None:
    file.truncate(0)
    file.write(key)
    file.flush()
    os.fsync(file.fileno())  # or a power cut leaves the new name with nothing in it
