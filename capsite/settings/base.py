"""What every capsite process shares; each concern has its own file under parts/."""

from capsite.settings import env

BASE_DIR = env.BASE_DIR
VAR_DIR = env.VAR_DIR
SECRET_KEY_FALLBACKS = env.names("CAPSITE_SECRET_KEY_FALLBACKS")

from capsite.settings.parts.api import *  # noqa: E402
from capsite.settings.parts.auth import *  # noqa: E402
from capsite.settings.parts.celery import *  # noqa: E402
from capsite.settings.parts.channels import *  # noqa: E402
from capsite.settings.parts.database import *  # noqa: E402
from capsite.settings.parts.gateway import *  # noqa: E402
from capsite.settings.parts.graphql import *  # noqa: E402
from capsite.settings.parts.logging import *  # noqa: E402
from capsite.settings.parts.ml import *  # noqa: E402
from capsite.settings.parts.moderation import *  # noqa: E402
from capsite.settings.parts.observing import *  # noqa: E402
from capsite.settings.parts.outbound import *  # noqa: E402
from capsite.settings.parts.security import *  # noqa: E402
from capsite.settings.parts.signin import *  # noqa: E402
from capsite.settings.parts.storage import *  # noqa: E402

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",  # allauth's pages write times with it
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "channels",
    "rest_framework",
    "graphene_django",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "capsite",
    "capsite.accounts",
    *ALLAUTH_APPS,
    "capsite.gateway",
    "gallery",
    "captions",
    "annotations",
    "annotations.statistics",
    "workers",
]

MIDDLEWARE = [
    # The only asynchronous one comes first: all the others run in one thread with the view.
    "servestatic.middleware.ServeStaticMiddleware",
    "capsite.common.observing.middleware.visit_middleware",
    "django.middleware.security.SecurityMiddleware",
    "capsite.common.probes.ProbeHostMiddleware",
    "csp.middleware.CSPMiddleware",
    "capsite.gateway.middleware.ApiCompressionMiddleware",
    "capsite.gateway.middleware.ApiConditionalGetMiddleware",
    "capsite.common.outage.OutageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "capsite.accounts.middleware.SignInOutageMiddleware",
    "capsite.accounts.idle.IdleMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Synchronous, and last so that this holds.
    "capsite.gateway.middleware.rate_limit_middleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gallery.context.site",
            ],
        },
    }
]

ROOT_URLCONF = "capsite.urls"
ASGI_APPLICATION = "capsite.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("tr", "Türkçe")]
# The first one wins: words of our own, then words for libraries that lack them.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "borrowed"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

VERSION = "0.1.0"
