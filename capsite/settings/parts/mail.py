"""How mail leaves: a server by CAPSITE_EMAIL_URL, or unset the console, where one reads it."""

from capsite.settings import env

_mail = env.email("CAPSITE_EMAIL_URL", "consolemail://")

EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS", False))
EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL", False))
EMAIL_FILE_PATH = _mail.get("EMAIL_FILE_PATH") or None
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("CAPSITE_EMAIL_FROM", "capsite <capsite@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
