"""A deployment: secrets and servers come from the environment, or it does not start."""

from capsite.settings.base import *

DEBUG = False
SECRET_KEY = env.required(
    "CAPSITE_SECRET_KEY", "Production signs sessions with it: give 50 random characters."
)
env.required("CAPSITE_HOSTS", "Name the hosts this site answers to, separated by commas.")
ALLOWED_HOSTS = env.names("CAPSITE_HOSTS")
env.required("DATABASE_URL", "Production runs on a PostgreSQL of your own.")
env.required("REDIS_URL", "Production runs on a Redis or Valkey of your own.")
# ".example.org" stands for the domain and what lies below it; an origin spells that "*.".
CSRF_TRUSTED_ORIGINS = [
    f"https://{'*' if host.startswith('.') else ''}{host}" for host in ALLOWED_HOSTS if host != "*"
]

CAPSITE_ANONYMOUS_UPLOADS = env.boolean("CAPSITE_ANONYMOUS_UPLOADS", False)
CAPSITE_DEMO = env.boolean("CAPSITE_DEMO", False)
CAPSITE_RATE_FACTOR = env.integer("CAPSITE_RATE_FACTOR", 1, minimum=1, maximum=1000)

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.boolean("CAPSITE_HTTPS", True)
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0
# Probes and Prometheus come without TLS, from inside.
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^version/$", r"^metrics$"]
SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT
CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT
