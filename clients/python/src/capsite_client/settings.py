"""What both clients are made with."""

from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

from capsite_client.auth import Auth, NoAuth, TokenAuth
from capsite_client.backoff import Backoff
from capsite_client.breaker import Breakers
from capsite_client.cache import CaptionCache, MemoryCache
from capsite_client.engine import Site

try:
    VERSION = version("capsite-client")
except PackageNotFoundError:  # run from its sources
    VERSION = "0"
HEADERS = {"User-Agent": f"capsite-client/{VERSION}"}


def site_at(
    address: str,
    *,
    auth: Auth | str | None,
    timeout: float,
    deadline: float | None,
    backoff: Backoff | None,
    breakers: Breakers | None,
    cache: CaptionCache | None,
    locale: str,
) -> Site:
    """Return the site at an address such as "https://captions.example.org"."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"{address!r} is no address of a site: give http(s)://HOST[:PORT].")
    return Site(
        origin=address.rstrip("/"),
        auth=TokenAuth(auth) if isinstance(auth, str) else auth or NoAuth(),
        backoff=backoff or Backoff(),
        breakers=breakers or Breakers(),
        cache=cache or MemoryCache(),
        timeout=timeout,
        seconds=deadline,
        locale=locale,
    )
