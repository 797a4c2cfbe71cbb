"""`manage.py reseal_secrets`: the step between a new secret key and forgetting the old one."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from captions.webhooks.sealing import SealBroken


class Command(BaseCommand):
    """Prints how many there were; `captions.services.sealed` does the work."""

    help = "Seals secrets of webhooks and second factors with the newest CAPSITE_SECRET_KEY."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal, or say what is missing and change nothing."""
        from captions.services.sealed import secrets_reseal

        try:
            count = secrets_reseal()
        except (SealBroken, InvalidToken) as error:
            raise CommandError(
                "Nothing was changed: a secret was sealed with a key that is neither "
                "CAPSITE_SECRET_KEY nor one of CAPSITE_SECRET_KEY_FALLBACKS."
            ) from error
        self.stdout.write(f"{count:,} secrets are sealed with the newest key.")
