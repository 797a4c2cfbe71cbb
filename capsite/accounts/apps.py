"""Names the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and their roles."""

    name = "capsite.accounts"
    label = "accounts"
