"""Signing in with django-allauth: passwords, mail, providers, second factors, JWT, OAuth2."""

from capsite.settings import env
from capsite.settings.parts.gateway import CAPSITE_TRUSTED_PROXIES
from capsite.settings.parts.mail import *
from capsite.settings.parts.oidckey import private_key_from
from capsite.settings.parts.providers import provider_apps, provider_origins, providers_from

_PROVIDERS = providers_from(env.text("CAPSITE_SIGNIN_PROVIDERS"))

ALLAUTH_APPS = [
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    *provider_apps(_PROVIDERS),
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "allauth.idp.oidc",
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]

# The address that limits count is the last one our own proxies wrote.
ALLAUTH_TRUSTED_PROXY_COUNT = CAPSITE_TRUSTED_PROXIES

# --- password and e-mail
# Whether strangers may make themselves an account; without, administrators make them.
CAPSITE_SIGNUP = env.boolean("CAPSITE_SIGNUP", True)
# Without one, the members of the demo content have no password, and so no way in.
CAPSITE_DEMO_PASSWORD = env.text("CAPSITE_DEMO_PASSWORD")
ACCOUNT_ADAPTER = "capsite.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = ["email", "username"]
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_FORMS = {"login": "capsite.accounts.forms.SignInForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False  # programs that look at mail must not confirm it
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_LOGOUT_REDIRECT_URL = "gallery:index"
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "10/m/ip",
    "reset_password": "10/m/ip,3/m/key",
    "reset_password_from_key": "10/m/ip",
    "confirm_email": "1/30s/key",
    "manage_email": "10/m/user",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}

# --- providers, each with its own keys from the environment
SOCIALACCOUNT_ADAPTER = "capsite.accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_PROVIDERS = _PROVIDERS
SOCIALACCOUNT_STORE_TOKENS = False
# A provider's word for an address does not open an account that exists; one connects it oneself.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False
CAPSITE_SIGNIN_ORIGINS = provider_origins(_PROVIDERS)

# --- second factors and passkeys
MFA_ADAPTER = "capsite.accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "capsite"

# --- sessions
SESSION_COOKIE_AGE = 14 * 24 * 3600
# Minutes without a sign of life after which a browser is signed out; 0: it stays signed in.
CAPSITE_IDLE_SECONDS = 60 * env.integer("CAPSITE_IDLE_MINUTES", 12, minimum=0, maximum=20_160)
CAPSITE_IDLE_WARNING_SECONDS = 120  # before the end a dialog offers to stay
USERSESSIONS_TRACK_ACTIVITY = False  # a write with each request would be its price

# --- programs that sign a person in by JSON (/api/auth/app/v1/...)
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "capsite.accounts.jwt.TokenStrategy"
HEADLESS_JWT_ALGORITHM = "RS256"
HEADLESS_JWT_PRIVATE_KEY = private_key_from(env.text("CAPSITE_OIDC_KEY"), env.VAR_DIR)
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 15 * 60
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = 14 * 24 * 3600
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True  # a session that ended ends its tokens at once
HEADLESS_JWT_ROTATE_REFRESH_TOKEN = True
CAPSITE_JWT_AUDIENCE = env.text("CAPSITE_JWT_AUDIENCE", "capsite")

# --- the OAuth2 and OpenID Connect server for other programs
IDP_OIDC_ADAPTER = "capsite.accounts.oidc.OIDCAdapter"
IDP_OIDC_PRIVATE_KEY = HEADLESS_JWT_PRIVATE_KEY
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 15 * 60
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 30 * 24 * 3600
IDP_OIDC_ROTATE_REFRESH_TOKEN = True
