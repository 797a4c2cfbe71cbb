"""Who may sign in, and how passwords are judged."""

from pathlib import Path

from django.core.management.utils import get_random_secret_key

from capsite.settings.parts.kept import kept

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "account_login"
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
    return kept(var / "secret-key", get_random_secret_key)
