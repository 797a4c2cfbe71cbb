"""Counts refused sign-ins, and notes each burst of them once in the audit log."""

import logging
from hashlib import sha256

from django.core.cache import cache
from django.db.models import Q
from django.http import HttpRequest

from capsite.accounts import audit
from capsite.accounts.models import User

logger = logging.getLogger(__name__)

# allauth refuses a name after five wrong passwords without asking for the sixth.
MANY = 5
SECONDS = 300


def sign_in_failed(*, request: HttpRequest | None, login: str) -> None:
    """Count one refusal by the name that was tried and by address; many within minutes are noted.

    A name that nobody has is not kept: people type their password into the wrong field.
    """
    person = _whose(login)
    address = audit.address_from(request)
    subjects = [f"login:{login.lower()}", f"address:{address}" if address else ""]
    if MANY in [_counted(subject) for subject in subjects if subject]:
        facts = {"failures": MANY, "seconds": SECONDS}
        audit.note(audit.Kind.SIGN_IN_FAILURES, about=person, request=request, facts=facts)


def _whose(login: str) -> User | None:
    if not login:
        return None
    return User.objects.filter(Q(username__iexact=login) | Q(email__iexact=login)).first()


def _counted(subject: str) -> int:
    """Return how many there were within the period; 0 where nobody can count."""
    key = f"sign-in-failures:{sha256(subject.encode()).hexdigest()}"
    try:
        cache.add(key, 0, timeout=SECONDS)
        return cache.incr(key)
    except Exception as error:  # Redis is away, or the key ran out between the two
        logger.warning("A refused sign-in could not be counted: %s", error)
        return 0
