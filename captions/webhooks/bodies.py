"""The bodies of deliveries: capsite's own JSON, or a message as Slack takes it."""

import json
from typing import Any

from django.utils.translation import gettext as _

from captions.webhooks.events import Event
from captions.webhooks.models import Format, WebhookDelivery

LONGEST_PART = 500  # Slack takes 3000 characters a block


def body_of(delivery: WebhookDelivery) -> bytes:
    """Return the bytes to send; the same at every attempt."""
    if delivery.endpoint.format == Format.SLACK:
        return _json(_slack(delivery.payload))
    return _json(delivery.payload)


def slack_escape(text: object) -> str:
    """Return text that Slack shows as it stands: no mention, no link, no channel call."""
    short = str(text)[:LONGEST_PART]
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _slack(payload: dict[str, Any]) -> dict[str, Any]:
    text = slack_text(payload["event"], payload["data"])
    foot = f"{payload['event']} · {payload['created_at'][:19]}Z · {payload['id']}"
    return {
        "text": text,
        "blocks": [
            # Verbatim: neither #channel nor an address in somebody's words becomes a link.
            {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": foot}]},
        ],
    }


def slack_text(event: str, data: dict[str, Any]) -> str:
    """Say an event in one sentence, everything from people escaped."""
    image = data.get("image", {})
    facts = {
        "photo": slack_escape(image.get("title") or _("a photo")),
        "caption": slack_escape(_caption(data)),
        **{key: slack_escape(value) for key, value in data.items() if key != "image"},
    }
    try:
        return _sentences()[event] % facts
    except KeyError:  # a kind or a fact that came later
        return slack_escape(event)


def _caption(data: dict[str, Any]) -> str:
    captions = data.get("captions") or []
    return captions[0]["text"] if captions else data.get("text", "")


def _sentences() -> dict[str, str]:
    return {
        Event.CAPTION_READY: _("New caption for *%(photo)s*: %(caption)s"),
        Event.CAPTION_FAILED: _("No caption for *%(photo)s*: %(message)s"),
        Event.CASE_OPENED: _("For the moderators (%(reason)s), on *%(photo)s*: %(caption)s"),
        Event.CASE_DECIDED: _("Moderators decided %(decision)s, on *%(photo)s*: %(caption)s"),
        Event.FEEDBACK: _("New feedback (%(kind)s) on *%(photo)s*"),
        Event.RATE_LIMITED: _("%(identity)s asked too often (%(scope)s, from %(address)s)"),
        Event.PING: _("capsite can reach this address."),
    }
