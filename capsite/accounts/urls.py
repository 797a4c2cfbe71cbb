"""Addresses of the account pages; allauth's stand beside them under /account/."""

from django.urls import path

from capsite.accounts.views import idle, pages

app_name = "accounts"

urlpatterns = [
    path("", pages.home, name="home"),
    path("session/", idle.session, name="session"),
    path("tokens/", pages.tokens, name="tokens"),
    path("tokens/<uuid:token_id>/revoke/", pages.token_end, name="token_end"),
    path("applications/", pages.applications, name="applications"),
    path("applications/<str:client_id>/revoke/", pages.application_end, name="application_end"),
    path("sessions/<int:session_id>/end/", pages.one_session_end, name="session_end"),
]
