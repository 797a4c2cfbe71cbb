"""Seals all that is kept encrypted anew, so that a replaced SECRET_KEY can be forgotten."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import transaction

from captions.webhooks.models import WebhookEndpoint
from captions.webhooks.sealing import seal, unseal

# What allauth keeps encrypted in the data of an authenticator app and of recovery codes.
SEALED = ("secret", "seed")


@transaction.atomic
def secrets_reseal() -> int:
    """Seal every secret of webhooks and second factors with the newest key; return how many.

    All or nothing. Raises `SealBroken` or `InvalidToken` where no key of this site opens one.
    """
    endpoints = list(WebhookEndpoint.objects.select_for_update())
    for endpoint in endpoints:
        endpoint.secret = seal(unseal(endpoint.secret))
        endpoint.save(update_fields=["secret"])
    factors = [each for each in Authenticator.objects.select_for_update() if _reseal(each)]
    for factor in factors:
        factor.save(update_fields=["data"])
    return len(endpoints) + len(factors)


def _reseal(factor: Authenticator) -> bool:
    """Seal what is sealed in it anew, and tell whether there was anything."""
    adapter = get_adapter()
    names = [name for name in SEALED if name in factor.data and "credential" not in factor.data]
    for name in names:
        factor.data[name] = adapter.encrypt(adapter.decrypt(factor.data[name]))
    return bool(names)
