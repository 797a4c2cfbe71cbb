"""Checks what members give for an endpoint; one clear error names what is allowed."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _

from capsite.accounts.scopes import Role, role_of
from capsite.common.errors import CapsiteError
from capsite.common.outbound import url_check
from capsite.common.outbound.urls import target_from
from capsite.common.texts import tidy_line
from captions.webhooks.events import CHOOSABLE, FOR_ADMINISTRATORS
from captions.webhooks.models import Format
from gallery.access import Person

NAME_LENGTH = 100


def schemes() -> tuple[str, ...]:
    """Return the schemes that endpoints may have."""
    return ("http", "https") if settings.CAPSITE_WEBHOOKS_HTTP else ("https",)


def url_valid(url: str) -> str:
    """Return the address in its plain form; nothing is sent to find out whether it answers."""
    target = target_from(url, schemes())
    url_check(target)
    return str(target.url)


def name_valid(name: str) -> str:
    """Return the name on one line."""
    tidy = tidy_line(name)
    if len(tidy) > NAME_LENGTH:
        message = _("A name has at most %(most)d characters; this one has %(now)d.")
        named = {"most": NAME_LENGTH, "now": len(tidy)}
        raise CapsiteError("max_length", message % named, field="name")
    return tidy


def events_valid(person: Person, events: Iterable[str]) -> list[str]:
    """Return the events, each once, all of which ``person`` may hear of."""
    chosen = list(dict.fromkeys(str(event) for event in events))
    known = ", ".join(CHOOSABLE)
    if not chosen:
        message = _("Choose at least one event of: %(all)s.") % {"all": known}
        raise CapsiteError("required", message, field="events")
    for event in chosen:
        if event not in CHOOSABLE:
            message = _("'%(given)s' is no event. Choose some of: %(all)s.")
            named = {"given": event, "all": known}
            raise CapsiteError("invalid_choice", message % named, field="events")
        if event in FOR_ADMINISTRATORS and role_of(person) is not Role.ADMINISTRATOR:
            message = _("Only administrators hear of %(event)s.") % {"event": event}
            raise CapsiteError("event_not_allowed", message, status=403, field="events")
    return chosen


def format_valid(given: str) -> str:
    """Return the format when there is one of that name."""
    if given not in Format.values:
        message = _("'%(given)s' is no format. Choose one of: %(all)s.")
        named = {"given": given, "all": ", ".join(Format.values)}
        raise CapsiteError("invalid_choice", message % named, field="format")
    return given
