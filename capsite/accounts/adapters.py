"""What this site wants otherwise than django-allauth does it."""

import base64
import hashlib
import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.stages import EmailVerificationStage
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext as _

from capsite.common.texts import shows

logger = logging.getLogger(__name__)

STAGES = {"allauth.account.stages.EmailVerificationStage": f"{__name__}.ConfirmedEmailStage"}


class ConfirmedEmailStage(EmailVerificationStage):
    """Asks for a confirmed address, except from people who were made without any."""

    def handle(self) -> tuple[Any, bool]:
        """Let in whoever an administrator made by command; sign-up always asks for an address."""
        person = self.login.user  # None for a sign-up with an address that is taken
        if person and not person.email and not person.emailaddress_set.exists():
            return None, True
        return super().handle()


class AccountAdapter(DefaultAccountAdapter):
    """Passwords and mail."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say whether strangers may make themselves an account."""
        return bool(settings.CAPSITE_SIGNUP)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Refuse letters that show nothing: a name that looks like another one, or like none."""
        if not shows(username):
            raise ValidationError(_("Use letters that can be seen in a user name."))
        return str(super().clean_username(username, shallow=shallow))

    def get_login_stages(self) -> list[str]:
        """Put our rule on addresses in the place of allauth's."""
        return [STAGES.get(stage, stage) for stage in super().get_login_stages()]

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail, or say plainly that the mail server is away."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            logger.error("A mail (%s) could not be sent: %r", template_prefix, error)
            page = render(self.request, "account/mail_away.html", status=503)
            raise ImmediateHttpResponse(page) from error


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Other sites as a way in."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Say whether a provider may bring in people who have no account yet."""
        return bool(settings.CAPSITE_SIGNUP)


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of second factors are encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """Return the secret under the newest key."""
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret, whichever of the keys it is under."""
        return _keys().decrypt(encrypted_text.encode()).decode()


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"capsite.mfa{secret!s}".encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
