"""Webhooks: addresses that the site calls when something happens."""

from collections.abc import Sequence
from typing import Any

from capsite_client.engine import Site, call
from capsite_client.flow import Flow
from capsite_client.listing import Listing
from capsite_client.parsing import parse
from capsite_client.resources import WebhookDelivery, WebhookEndpoint
from capsite_client.wire import Request, send
from capsite_client.wire import get as reading

PATH = "/api/v2/webhooks"


def listed(site: Site, *, limit: int | None = None) -> Listing[WebhookEndpoint]:
    """List your endpoints."""
    return Listing(site, WebhookEndpoint, PATH, {"limit": limit})


def get(site: Site, endpoint_id: str) -> Flow[WebhookEndpoint]:
    """Read one endpoint."""
    return (yield from _endpoint(site, reading(f"{PATH}/{endpoint_id}")))


def create(
    site: Site, url: str, events: Sequence[str], *, name: str = "", format: str = "capsite"
) -> Flow[WebhookEndpoint]:
    """Register an address for events; keep the answer's ``secret``: it is not shown again."""
    body = {"url": url, "events": list(events), "name": name, "format": format}
    return (yield from _endpoint(site, send("POST", PATH, body)))


def update(
    site: Site,
    endpoint_id: str,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    name: str | None = None,
    format: str | None = None,
    active: bool | None = None,
) -> Flow[WebhookEndpoint]:
    """Change an endpoint; what is not named stays."""
    chosen = None if events is None else list(events)
    changes: dict[str, Any] = {"url": url, "events": chosen, "name": name}
    changes |= {"format": format, "active": active}
    body = {name: value for name, value in changes.items() if value is not None}
    request = send("PATCH", f"{PATH}/{endpoint_id}", body, repeatable=True)
    return (yield from _endpoint(site, request))


def delete(site: Site, endpoint_id: str) -> Flow[None]:
    """Delete an endpoint."""
    yield from call(site, send("DELETE", f"{PATH}/{endpoint_id}"))


def ping(site: Site, endpoint_id: str) -> Flow[WebhookDelivery]:
    """Have the site send a test message."""
    return (yield from _delivery(site, send("POST", f"{PATH}/{endpoint_id}/ping")))


def rotate_secret(site: Site, endpoint_id: str) -> Flow[str]:
    """Replace the secret and return the new one; the old one is worthless at once."""
    answer = yield from call(site, send("POST", f"{PATH}/{endpoint_id}/secret"))
    return str(answer.object().get("secret", ""))


def deliveries(
    site: Site, endpoint_id: str, *, limit: int | None = None
) -> Listing[WebhookDelivery]:
    """List what was sent to an endpoint, newest first, and how it went."""
    return Listing(site, WebhookDelivery, f"{PATH}/{endpoint_id}/deliveries", {"limit": limit})


def resend(site: Site, delivery_id: str) -> Flow[WebhookDelivery]:
    """Send a message once more."""
    return (yield from _delivery(site, send("POST", f"{PATH}/deliveries/{delivery_id}/resend")))


def _endpoint(site: Site, request: Request) -> Flow[WebhookEndpoint]:
    answer = yield from call(site, request)
    return parse(WebhookEndpoint, answer.json())


def _delivery(site: Site, request: Request) -> Flow[WebhookDelivery]:
    answer = yield from call(site, request)
    return parse(WebhookDelivery, answer.json())
