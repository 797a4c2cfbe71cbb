"""Captions and votes to look at, versions to activate, compare and roll back."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from captions import figures, memberadmin, registry  # noqa: F401  (memberadmin registers its page)
from captions.errors import RegistryError
from captions.models import (
    Caption,
    CaptionModel,
    ModelEvent,
    ModelRole,
    Role,
    Vote,
)
from captions.selectors import versions_with_use
from captions.webhooks import admin as webhooks_admin  # noqa: F401  (registers its pages)
from gallery.admin import ReadOnlyAdmin
from gallery.models.job import Language

SHARE = 10  # percent, of a candidate made in these pages


@admin.register(Caption)
class CaptionAdmin(ReadOnlyAdmin):
    """Captions never change; hidden ones are listed too."""

    list_display = [
        *("text", "confidence", "strategy", "language", "origin"),
        *("up_votes", "down_votes", "hidden_at", "created_at"),
    ]
    list_filter = ["origin", "strategy", "language", "created_at"]
    search_fields = ["text", "image__id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Caption]:
        """Read the hidden ones along."""
        return Caption.everything.all()


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    """Votes; the totals beside a caption follow from them, so none is taken away here."""

    list_display = ["caption", "voter", "value", "harmful", "reason", "updated_at"]
    list_filter = ["value", "harmful", "updated_at"]
    search_fields = ["voter__username", "caption__text", "reason"]
    list_select_related = ["caption", "voter"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A vote is withdrawn by who cast it."""
        return False


class RegistryAdmin(ReadOnlyAdmin):
    """Rows of the registry, which stay."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Captions and the log point at versions."""
        return False


@admin.register(ModelEvent)
class ModelEventAdmin(RegistryAdmin):
    """The registry's log."""

    list_display = ["created_at", "language", "event", "model", "previous", "by", "reason"]
    list_filter = ["language", "event"]
    list_select_related = ["model", "previous"]


@admin.register(CaptionModel)
class CaptionModelAdmin(RegistryAdmin):
    """Versions, what they serve and how they do; the services of the registry do the changing."""

    list_display = ["name", "revision", "spoken", "serves", "headline", "use", "failure"]
    list_filter = ["name"]
    search_fields = ["name", "revision"]
    fields = [
        *("name", "revision", "directory", "spoken", "serves", "metrics", "use", "failure"),
        *("registered_at", "model_card"),
    ]
    actions = ["make_active", "make_candidate", "end_comparison", "roll_back"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CaptionModel]:
        """Read roles and use along with the versions."""
        return versions_with_use()

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Say who may decide what serves: those with the permission to change models."""
        return request.user.has_perm("captions.change_captionmodel")

    @admin.display(description=gettext_lazy("languages"))
    def spoken(self, model: CaptionModel) -> str:
        """List its languages."""
        return ", ".join(model.languages)

    @admin.display(description=gettext_lazy("serves now"))
    def serves(self, model: CaptionModel) -> SafeString:
        """Badge each of its roles."""
        return format_html_join(" ", "<strong>[{}]</strong>", ((r,) for r in model.roles.all()))

    @admin.display(description=gettext_lazy("figures"))
    def headline(self, model: CaptionModel) -> str:
        """Show the headline figure of its evaluation."""
        return figures.metrics_line(model)

    @admin.display(description=gettext_lazy("wrote so far"))
    def use(self, model: CaptionModel) -> str:
        """Compare what versions wrote on this site."""
        return figures.use_line(model)

    @admin.display(description=gettext_lazy("model card"))
    def model_card(self, model: CaptionModel) -> SafeString:
        """Show the card as the plain text it is."""
        return format_html("<pre>{}</pre>", model.card)

    @admin.action(
        description=gettext_lazy("Make active for all its languages"), permissions=["operate"]
    )
    def make_active(self, request: HttpRequest, queryset: QuerySet[CaptionModel]) -> None:
        """Activate the one chosen version."""
        self._each(request, queryset, _spoken, registry.model_activate)

    @admin.action(description=gettext_lazy("Make candidate (10 %%)"), permissions=["operate"])
    def make_candidate(self, request: HttpRequest, queryset: QuerySet[CaptionModel]) -> None:
        """Compare the one chosen version with the active one of each of its languages."""

        def compare(*, model: CaptionModel, language: str, by: registry.By) -> None:
            registry.candidate_set(model=model, language=language, share=SHARE, by=by)

        self._each(request, queryset, _spoken, compare)

    @admin.action(description=gettext_lazy("End the comparison"), permissions=["operate"])
    def end_comparison(self, request: HttpRequest, queryset: QuerySet[CaptionModel]) -> None:
        """Clear the chosen candidate wherever it is one."""

        def clear(*, model: CaptionModel, language: str, by: registry.By) -> None:
            registry.candidate_clear(language=language, by=by)

        self._each(request, queryset, lambda m: _languages_as(m, Role.CANDIDATE), clear)

    @admin.action(
        description=gettext_lazy("Roll back to the version before"), permissions=["operate"]
    )
    def roll_back(self, request: HttpRequest, queryset: QuerySet[CaptionModel]) -> None:
        """Return to the version before the chosen one wherever it is active."""

        def back(*, model: CaptionModel, language: str, by: registry.By) -> None:
            registry.model_rollback(language=language, by=by)

        self._each(request, queryset, lambda m: _languages_as(m, Role.ACTIVE), back)

    def _each(self, request: HttpRequest, queryset: Any, languages: Any, act: Any) -> None:
        """Do ``act`` for every language of the one chosen version, or nothing at all."""
        if queryset.count() != 1:
            return self.message_user(request, _("Choose one version."), messages.ERROR)
        model = queryset.get()
        chosen = languages(model)
        if not chosen:
            text = _("The version %(model)s has no such role in any language.") % {"model": model}
            return self.message_user(request, text, messages.ERROR)
        try:
            with transaction.atomic():
                for language in chosen:
                    act(model=model, language=language, by=request.user)
        except RegistryError as error:
            return self.message_user(request, error.message, messages.ERROR)
        text = _("Done for %(model)s: %(languages)s.")
        facts = {"model": model, "languages": ", ".join(chosen)}
        return self.message_user(request, text % facts, messages.SUCCESS)


def _spoken(model: CaptionModel) -> list[str]:
    return [language for language in model.languages if language in Language.values]


def _languages_as(model: CaptionModel, role: Role) -> list[str]:
    rows = ModelRole.objects.filter(model=model, role=role)
    return list(rows.values_list("language", flat=True))
