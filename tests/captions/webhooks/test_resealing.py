"""A secret key is replaced: nobody notices, and the old one can be forgotten."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from django.core.management import CommandError, call_command

from captions.webhooks.sealing import SealBroken, unseal

OLD, NEW = "only-for-the-test-suite", "the-next-key-of-the-test-suite"


@pytest.fixture
def sealed(endpoint, member):
    """What the old key sealed, opened: webhook secret, authenticator app, recovery codes."""
    secret = generate_totp_secret()
    TOTP.activate(member, secret)
    codes = RecoveryCodes.activate(member).generate_codes()
    return unseal(endpoint.secret), secret, codes


def _opened(endpoint, member):
    endpoint.refresh_from_db()
    app = Authenticator.objects.get(user=member, type=Authenticator.Type.TOTP)
    codes = Authenticator.objects.get(user=member, type=Authenticator.Type.RECOVERY_CODES)
    return (
        unseal(endpoint.secret),
        decrypt(app.data["secret"]),
        RecoveryCodes(codes).generate_codes(),
    )


def test_once_sealed_anew_secrets_need_the_old_key_no_more(
    sealed, endpoint, member, settings, capsys
):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    assert _opened(endpoint, member) == sealed

    call_command("reseal_secrets")

    assert capsys.readouterr().out == "3 secrets are sealed with the newest key.\n"
    settings.SECRET_KEY_FALLBACKS = []
    assert _opened(endpoint, member) == sealed


def test_a_key_that_is_missing_is_named_and_nothing_changes(sealed, endpoint, settings):
    before = endpoint.secret
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, []

    with pytest.raises(CommandError, match="neither CAPSITE_SECRET_KEY nor one of"):
        call_command("reseal_secrets")

    endpoint.refresh_from_db()
    assert endpoint.secret == before
    with pytest.raises(SealBroken):
        unseal(endpoint.secret)
