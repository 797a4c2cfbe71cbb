"""Names the floor app, which carries the `up` command."""

from django.apps import AppConfig

from capsite.common.observing.reports import reports_start
from capsite.common.observing.spans import spans_start
from capsite.common.tablewords import name_tables


class CapsiteConfig(AppConfig):
    """The floor every app stands on."""

    name = "capsite"

    def ready(self) -> None:
        """Name tables and columns once all are known; let operators look inside."""
        from capsite.common.observing import port  # noqa: F401  (hears workers and beat start)

        name_tables()
        reports_start()
        spans_start()
