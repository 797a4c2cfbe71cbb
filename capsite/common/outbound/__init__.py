"""Requests to addresses that people gave: bounded, and never into this site's own network."""

from capsite.common.outbound.client import Fetched, Sent, fetch, send
from capsite.common.outbound.wire import url_check

__all__ = ["Fetched", "Sent", "fetch", "send", "url_check"]
