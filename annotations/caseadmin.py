"""The moderators' queue in the administration: cases to look at, and to decide one by one or many.

It lives in this layer because a case page shows captions and published texts together.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from annotations.casepage import case_after, case_page, cases_queued
from annotations.moderation import case_replace
from capsite.accounts.audit import acting
from capsite.common.errors import CapsiteError, Forbidden, NotFound
from captions.access import case_for, may_moderate
from captions.models import CaseState, Decision, ModerationCase
from captions.policy import REPORTED
from captions.services.moderation import case_ban, case_decide
from gallery.admin import ReadOnlyAdmin
from gallery.cards import derivative_url

DONE = {
    Decision.APPROVE: gettext_lazy("Approved: the caption stays."),
    Decision.HIDE: gettext_lazy("Hidden: the caption is gone from everywhere."),
    Decision.REPLACE: gettext_lazy("Replaced: your text is published, the caption is hidden."),
    Decision.ASK: gettext_lazy("Hidden, and the captioner was asked for others."),
    Decision.BAN: gettext_lazy("Hidden, and the member is banned."),
}


class StateFilter(admin.SimpleListFilter):
    """Shows what waits, unless somebody asks for the rest."""

    title = gettext_lazy("state")
    parameter_name = "state"
    ALL = "all"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the two that are not shown at first."""
        return [(CaseState.DECIDED, CaseState.DECIDED.label), (self.ALL, _("All"))]

    def choices(self, changelist: Any) -> Any:
        """Call the first choice what it is."""
        first, *rest = super().choices(changelist)
        return [{**first, "display": CaseState.OPEN.label}, *rest]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow the list."""
        if self.value() == self.ALL:
            return queryset
        return queryset.filter(state=self.value() or CaseState.OPEN)


@admin.register(ModerationCase)
class ModerationCaseAdmin(ReadOnlyAdmin):
    """Cases; the services of moderation decide them."""

    list_display = ["picture", "words", "votes", "why", "age", "outcome"]
    list_display_links = ["picture", "words"]
    list_filter: ClassVar = [StateFilter, "reason", "decision", "opened_at"]
    search_fields = ["id", "caption__text", "note"]
    ordering = ["opened_at"]
    list_per_page = 30
    actions = ["approve", "hide"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModerationCase]:
        """Read captions, photos and reports along."""
        return cases_queued()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A case goes with its photo."""
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Say who may decide."""
        return may_moderate(request.user)

    @admin.display(description=gettext_lazy("photo"))
    def picture(self, case: ModerationCase) -> SafeString:
        """Show the photo, small."""
        image = case.caption.image
        return format_html(
            '<img class="case-thumbnail" src="{}" alt="{}" width="96" height="72" loading="lazy">',
            derivative_url(image, image.variants[0]["name"]),
            _("Photo of the case: %(title)s") % {"title": image},
        )

    @admin.display(description=gettext_lazy("caption"))
    def words(self, case: ModerationCase) -> SafeString:
        """Show the caption in its language."""
        return format_html('<span lang="{}">{}</span>', case.caption.language, case.caption.text)

    @admin.display(description=gettext_lazy("votes"))
    def votes(self, case: Any) -> SafeString:
        """Show the votes and how many of them are reports."""
        caption = case.caption
        told = _("%(up)d for, %(down)d against") % {
            "up": caption.up_votes,
            "down": caption.down_votes,
        }
        reports = ngettext("%d report", "%d reports", case.reports) % case.reports
        return format_html("{}<br><strong>{}</strong>", told, reports if case.reports else "")

    @admin.display(description=gettext_lazy("reason"), ordering="reason")
    def why(self, case: ModerationCase) -> str:
        """Say which rule opened it."""
        return _("Reported") if case.reason == REPORTED else _("Voted down")

    @admin.display(description=gettext_lazy("waiting for"), ordering="opened_at")
    def age(self, case: ModerationCase) -> str:
        """Say how long it has been open, or was."""
        return timesince(case.opened_at, case.decided_at, depth=1)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def outcome(self, case: ModerationCase) -> str:
        """Say what became of it, and by whom."""
        if case.state == CaseState.OPEN:
            return str(CaseState.OPEN.label)
        who = case.decided_by.get_username() if case.decided_by else _("nobody")
        return f"{case.get_decision_display()} · {who}"

    @admin.action(description=gettext_lazy("Approve: keep the captions"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[ModerationCase]) -> None:
        """Keep the captions of the chosen open cases."""
        self._decide_all(request, queryset, Decision.APPROVE)

    @admin.action(description=gettext_lazy("Hide the captions everywhere"), permissions=["decide"])
    def hide(self, request: HttpRequest, queryset: QuerySet[ModerationCase]) -> None:
        """Hide the captions of the chosen open cases."""
        self._decide_all(request, queryset, Decision.HIDE)

    def _decide_all(self, request: HttpRequest, queryset: Any, decision: str) -> None:
        """Decide each by itself: one that was decided meanwhile keeps no other waiting."""
        refusals, done = [], 0
        for key in list(queryset.values_list("pk", flat=True)):
            try:
                with acting(request):
                    case_decide(person=request.user, case_id=key, decision=decision)
                done += 1
            except CapsiteError as error:
                refusals.append(error.message)
        if done:
            text = ngettext("%d case is decided.", "%d cases are decided.", done) % done
            self.message_user(request, text, messages.SUCCESS)
        for message in dict.fromkeys(refusals):
            text = f"{message} ({refusals.count(message)})"
            self.message_user(request, text, messages.WARNING)

    def get_urls(self) -> list[Any]:
        """Add the address that decisions are sent to."""
        decide = self.admin_site.admin_view(self.decide)
        name = "captions_moderationcase_decide"
        return [path("<uuid:case_id>/decide/", decide, name=name), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """Show the page of a case in the place of a form."""
        return self._page(request, obj)

    @method_decorator(require_POST)
    def decide(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        """Decide a case and go on to the next one; a refusal shows the page again, nothing lost."""
        _case_or_page(request.user, case_id)
        values = {name: request.POST.get(name, "") for name in FIELDS}
        try:
            with acting(request):
                case = _decided(request.user, case_id, values)
        except CapsiteError as error:
            case = _case_or_page(request.user, case_id)  # as it is by now
            if error.field not in FIELDS:
                self.message_user(request, error.message, messages.ERROR)
            return self._page(request, case, values=values, error=error)
        self.message_user(request, DONE[Decision(case.decision)], messages.SUCCESS)
        following = case_after(case)
        if following is None:
            return redirect("admin:captions_moderationcase_changelist")
        return redirect("admin:captions_moderationcase_change", following.pk)

    def _page(
        self,
        request: HttpRequest,
        case: ModerationCase,
        *,
        values: dict[str, str] | None = None,
        error: CapsiteError | None = None,
    ) -> HttpResponse:
        errors = {error.field: error.message} if error and error.field in FIELDS else {}
        context = {
            **self.admin_site.each_context(request),
            "title": _("Case"),
            "opts": self.opts,
            "page": case_page(request.user, case, values=values, errors=errors),
            "may_decide": may_moderate(request.user),
            "decide_url": reverse("admin:captions_moderationcase_decide", args=[case.pk]),
        }
        status = error.status if error else 200
        template = "admin/captions/moderationcase/case.html"
        return TemplateResponse(request, template, context, status=status)


FIELDS = ("decision", "note", "text", "base_version")


def _case_or_page(person: Any, case_id: UUID) -> ModerationCase:
    """Return the case, or show the page for those who may not see it or come too late."""
    try:
        return case_for(person, case_id)
    except Forbidden as error:
        raise PermissionDenied from error
    except NotFound as error:
        raise Http404 from error


def _decided(person: Any, case_id: UUID, values: dict[str, str]) -> ModerationCase:
    """Call the service of a decision."""
    decision, note = values["decision"], values["note"]
    if decision == Decision.BAN:
        return case_ban(person=person, case_id=case_id, note=note)
    if decision != Decision.REPLACE:
        return case_decide(person=person, case_id=case_id, decision=decision, note=note)
    version = values["base_version"]
    return case_replace(
        person=person,
        case_id=case_id,
        text=values["text"],
        base_version=int(version) if version.isascii() and version.isdigit() else -1,
        note=note,
    )
