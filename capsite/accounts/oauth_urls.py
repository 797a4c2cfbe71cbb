"""Those addresses of the OAuth server where allauth needs something more; its others follow."""

from django.urls import path

from capsite.accounts.views import oauth

urlpatterns = [
    path("identity/o/authorize", oauth.consent, name="oauth_consent"),
    path("identity/o/api/token", oauth.token, name="oauth_token"),
    path("identity/o/api/device/code", oauth.device_code, name="oauth_device_code"),
    path("identity/o/api/revoke", oauth.revoke, name="oauth_revoke"),
]
