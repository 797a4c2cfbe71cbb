"""Requests that capsite sends to addresses people gave: photos by URL, and webhooks."""

from ipaddress import ip_network

from django.core.exceptions import ImproperlyConfigured

from capsite.settings import env


def _networks(names: list[str]) -> list[str]:
    """Return the networks as they were written, each of which is one."""
    for name in names:
        try:
            ip_network(name)
        except ValueError:
            raise ImproperlyConfigured(
                f"CAPSITE_OUTBOUND_ALLOW names {name!r}. It must list networks such as 10.1.0.0/16."
            ) from None
    return names


# Networks that requests may go to although they are not the public internet's, at any port.
CAPSITE_OUTBOUND_ALLOW = _networks(env.names("CAPSITE_OUTBOUND_ALLOW"))
# The ports of public addresses that requests may go to, as (first, last).
CAPSITE_OUTBOUND_PORTS = [(80, 80), (443, 443), (8000, 9999)]

# Plain http:// for webhooks, for trying them on one machine.
CAPSITE_WEBHOOKS_HTTP = env.boolean("CAPSITE_WEBHOOKS_HTTP", False)
CAPSITE_WEBHOOKS_SECONDS = env.integer("CAPSITE_WEBHOOKS_SECONDS", 10, minimum=1, maximum=60)
# Eight attempts, each after four times the pause before it: the last about a day after the first.
CAPSITE_WEBHOOKS_ATTEMPTS = env.integer("CAPSITE_WEBHOOKS_ATTEMPTS", 8, minimum=1, maximum=20)
CAPSITE_WEBHOOKS_BACKOFF_SECONDS = env.integer(
    "CAPSITE_WEBHOOKS_BACKOFF_SECONDS", 16, minimum=0, maximum=3600
)
CAPSITE_WEBHOOKS_KEEP_DAYS = env.integer("CAPSITE_WEBHOOKS_KEEP_DAYS", 30, minimum=1, maximum=3650)
CAPSITE_WEBHOOKS_PER_MEMBER = 20
# So many failures in a row pause an endpoint, for a minute at first; three days end it.
CAPSITE_WEBHOOKS_BREAK_AFTER = 5
CAPSITE_WEBHOOKS_GIVE_UP_HOURS = 72
