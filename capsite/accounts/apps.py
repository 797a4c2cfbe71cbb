"""Names the accounts app and connects the thin edges around it."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """People and their roles."""

    name = "capsite.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Connect what other apps tell us of to the services that act on it."""
        from capsite.accounts import auditing, signals

        signals.connect()
        auditing.connect()
        post_migrate.connect(signals.migrated, sender=self)
