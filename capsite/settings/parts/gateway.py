"""How often who may ask, through which proxies, and how long repeated answers are kept."""

from django.core.exceptions import ImproperlyConfigured
from limits import parse_many

from capsite.settings import env

# Windows slide: "2000 per 2 minutes" is 1000 a minute on average, and up to 2000 at once.
# visitor: all visitors of one address; token: one personal token or one OAuth client of a person;
# the roles: a person over everything they use, so that a program leaves its owner a share.
CAPSITE_RATES = {
    "read": {
        "visitor": "600 per 2 minutes",
        "token": "2000 per 2 minutes",
        "member": "4000 per 2 minutes",
        "moderator": "4000 per 2 minutes",
        "administrator": "8000 per 2 minutes",
    },
    "write": {
        "visitor": "60 per 2 minutes | 500 per day",
        "token": "2000 per 2 minutes | 5000 per day",
        "member": "4000 per 2 minutes | 10000 per day",
        "moderator": "4000 per 2 minutes | 20000 per day",
        "administrator": "8000 per 2 minutes",
    },
    "upload": {
        "visitor": "120 per 2 minutes | 500 per day",
        "token": "2000 per 2 minutes | 5000 per day",
        "member": "4000 per 2 minutes | 10000 per day",
        "moderator": "4000 per 2 minutes | 10000 per day",
        "administrator": "8000 per 2 minutes",
    },
    "graphql": {
        "visitor": "300 per 2 minutes",
        "token": "2000 per 2 minutes",
        "member": "4000 per 2 minutes",
        "moderator": "4000 per 2 minutes",
        "administrator": "8000 per 2 minutes",
    },
    "socket": {
        "visitor": "120 per 2 minutes",
        "token": "300 per 2 minutes",
        "member": "600 per 2 minutes",
        "moderator": "600 per 2 minutes",
        "administrator": "600 per 2 minutes",
    },
    # Always by address, whoever asks.
    "sign_in": {"visitor": "20 per 5 minutes | 200 per day"},
}
# While Redis is away these are counted in each process, by address; all else is let through.
CAPSITE_RATES_WITHOUT_REDIS = {"sign_in": "5 per minute"}
# So many refusals of one identity within so many seconds are told to administrators, once.
CAPSITE_RATE_VIOLATIONS = 10
CAPSITE_RATE_VIOLATION_SECONDS = 600

# Proxies before the site that write X-Forwarded-For; 0: the header is not believed.
CAPSITE_TRUSTED_PROXIES = env.integer("CAPSITE_TRUSTED_PROXIES", 0, minimum=0, maximum=10)

# What programs read: limit headers on every answer, weak ETags, compressed JSON.
CAPSITE_API_PREFIXES = ("/api/", "/graphql/", "/identity/o/api/")
# A POST to these is an attempt to sign in, or to get a letter or an account.
CAPSITE_SIGN_IN_PATHS = (
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/account/2fa/authenticate/",
    "/admin/login/",
    "/api/auth/app/v1/auth/",
    "/api/auth/browser/v1/auth/",
)
CAPSITE_IDEMPOTENCY_HOURS = 24
# A request that holds its key for longer was cut off; the next one with the key runs.
CAPSITE_IDEMPOTENCY_LEASE_SECONDS = 120


def _override(entry: str) -> None:
    """Take over one ``scope.who:limits`` of CAPSITE_RATES."""
    name, _colon, limits = entry.partition(":")
    scope, _dot, who = name.strip().partition(".")
    if who not in CAPSITE_RATES.get(scope, {}):
        known = ", ".join(f"{one}.{role}" for one, rates in CAPSITE_RATES.items() for role in rates)
        raise ImproperlyConfigured(f"CAPSITE_RATES has {name!r}. It must be one of: {known}.")
    try:
        parse_many(limits)
    except ValueError:
        raise ImproperlyConfigured(
            f"CAPSITE_RATES has {limits!r} for {name}. "
            "It must be like: 2000 per 2 minutes | 5000 per day."
        ) from None
    CAPSITE_RATES[scope][who] = limits.strip()


for _entry in env.names("CAPSITE_RATES"):
    _override(_entry)
