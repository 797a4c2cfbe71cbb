"""Who may sign in, and how passwords are judged."""

from pathlib import Path

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
        return path.read_text()
    except FileNotFoundError:
        return _secret_key_made(path)
    except OSError:  # commands that need no server must run where var cannot be read
        return get_random_secret_key()


def _secret_key_made(path: Path) -> str:
    key = get_random_secret_key()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:  # "x": of two processes that start at once, one writes
            path.chmod(0o600)
            file.write(key)
    except FileExistsError:
        return path.read_text()
    except OSError:
        pass
    return key
