"""The audit log in the administration pages: to read, and for nothing else."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from capsite.accounts.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    """What happened that concerns safety, the newest first."""

    list_display = ["at", "kind", "actor", "subject", "address", "details"]
    list_filter = ["kind", "at"]
    search_fields = ["actor", "subject", "address"]
    search_help_text = _("A name, or an address.")
    date_hierarchy = "at"
    actions = None
    show_full_result_count = False  # the log only grows

    @admin.display(description=_("details"))
    def details(self, event: AuditEvent) -> str:
        """Write the facts as words."""
        return ", ".join(f"{name}: {_said(value)}" for name, value in event.facts.items() if value)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only what happens is noted."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody rewrites what happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody removes what happened."""
        return False


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
