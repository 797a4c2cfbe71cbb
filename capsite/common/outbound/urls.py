"""Takes apart a URL that a person gave, once and strictly, so that nothing is left to interpret."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import httpx
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from capsite.common.outbound.addresses import address_from

LONGEST = 2000
SCHEMES = ("http", "https")
_UNSAFE = re.compile(r"[\s\\\x00-\x20\x7f]")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to most resolvers.
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")


@dataclass(frozen=True)
class Target:
    """Where a request goes; ``host`` is a name or an address, in ASCII."""

    scheme: str
    host: str
    port: int
    url: httpx.URL


def invalid(message: str) -> CapsiteError:
    """Return the refusal of a URL that cannot be used as it is written."""
    return CapsiteError("url_invalid", message, field="url")


def target_from(url: str, schemes: Collection[str] = SCHEMES) -> Target:
    """Return the parts of ``url``, or say what is wrong with it."""
    _require_length(url)
    if _UNSAFE.search(url):
        raise invalid(_("A URL has no blanks, backslashes or control characters."))
    try:
        parsed = httpx.URL(url)
        port = parsed.port
    except (httpx.InvalidURL, ValueError):
        raise invalid(_("This is no valid URL.")) from None
    if parsed.scheme not in schemes:
        allowed = ", ".join(f"{scheme}://" for scheme in sorted(schemes))
        raise invalid(_("The URL must start with one of: %(allowed)s.") % {"allowed": allowed})
    if parsed.userinfo:
        raise invalid(_("A URL with a user name or password in it is not used."))
    host = _host(parsed)
    if port is not None and not 0 < port < 65536:
        raise invalid(_("A port is a number from 1 to 65535."))
    default = 443 if parsed.scheme == "https" else 80
    plain = parsed.copy_with(fragment=None)
    _require_length(str(plain))  # letters beyond ASCII take more room now
    return Target(parsed.scheme, host, port or default, plain)


def _require_length(url: str) -> None:
    if not 0 < len(url) <= LONGEST:
        raise invalid(_("Give a URL of at most %(most)d characters.") % {"most": LONGEST})


def _host(parsed: httpx.URL) -> str:
    host = parsed.raw_host.decode("ascii").lower()
    if "%" in host:
        raise invalid(_("An address with a zone is not used."))
    if address_from(host):
        return host
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise invalid(_("This URL has no valid host name."))
    if _NUMBER.fullmatch(labels[-1]):
        raise invalid(_("Write an IP address in its usual form, such as 192.0.2.1."))
    return host
