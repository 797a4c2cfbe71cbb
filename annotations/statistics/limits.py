"""How much of each limit somebody uses now, in words."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from capsite.accounts.grants import grant_of
from capsite.gateway.addresses import address_of
from capsite.gateway.ratelimit import rate_usage
from capsite.gateway.windows import Window

SCOPE_WORDS = {
    "read": gettext_lazy("Reading by programs"),
    "write": gettext_lazy("Changes by programs"),
    "upload": gettext_lazy("Uploads"),
    "graphql": gettext_lazy("GraphQL"),
    "socket": gettext_lazy("Live connections"),
}
UNITS = (86_400, 3_600, 60)


@dataclass(frozen=True)
class Use:
    """One limit."""

    label: str
    window: Window

    @property
    def share(self) -> float:
        """Which share of it is used."""
        return self.window.used / self.window.limit.quota

    @property
    def per(self) -> str:
        """How long it counts."""
        return duration(self.window.limit.seconds)


def limits_used(request: Any) -> list[Use]:
    """Return the limits that count this request's person; none while nothing is counted."""
    usage = rate_usage(grant=grant_of(request), person=request.user, address=address_of(request))
    return [
        Use(str(SCOPE_WORDS.get(scope, scope)), window)
        for scope, windows in usage.items()
        for window in windows
    ]


def duration(seconds: int) -> str:
    """Write a length of time in the longest unit that fits it whole."""
    unit = next((unit for unit in UNITS if seconds % unit == 0), 1)
    number = seconds // unit
    words = {
        86_400: ngettext("%(number)d day", "%(number)d days", number),
        3_600: ngettext("%(number)d hour", "%(number)d hours", number),
        60: ngettext("%(number)d minute", "%(number)d minutes", number),
        1: ngettext("%(number)d second", "%(number)d seconds", number),
    }[unit]
    return words % {"number": number}
