"""Sentry, where CAPSITE_SENTRY_DSN names one: errors with their ids, and nobody's data."""

from typing import Any

from django.conf import settings

from capsite.common.observing.trail import facts


def reports_start() -> None:
    """Report what is logged as an error; without a DSN nothing is imported.

    Only Sentry's logging integration is on: Django and Celery log every exception that nobody
    caught, and their own integrations would wrap each request.
    """
    if not settings.CAPSITE_SENTRY_DSN:
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.CAPSITE_SENTRY_DSN,
        release=f"capsite@{settings.VERSION}+{settings.CAPSITE_REVISION[:12]}".removesuffix("+"),
        send_default_pii=False,
        include_local_variables=False,  # captions and addresses of people stand there
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        before_send=_without_persons,
    )


def _without_persons(event: Any, _hint: dict[str, Any]) -> Any:
    """Leave the ids of this moment, and take out whatever tells of a person."""
    known = facts()
    # In extra stands the request, as Django logs it with each error: its address and query.
    for name in ("request", "user", "server_name", "breadcrumbs", "extra"):
        event.pop(name, None)
    if "user" in known:
        event["user"] = {"id": str(known.pop("user"))}
    event["tags"] = event.get("tags", {}) | {name: str(value) for name, value in known.items()}
    return event
