"""People and their tokens in the administration pages, which one enters by the site's sign-in."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from capsite.accounts import auditadmin  # noqa: F401  (registers its page)
from capsite.accounts.audit import acting
from capsite.accounts.models import PersonalToken, User
from capsite.accounts.services.tokens import token_revoke

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(User)
class PersonAdmin(UserAdmin):
    """People, whose roles administrators give and take here."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Let the audit log know who did it."""
        with acting(request):
            return super().changeform_view(request, *args, **kwargs)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Let the audit log know who did it."""
        with acting(request):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let the audit log know who did it."""
        with acting(request):
            super().delete_queryset(request, queryset)


@admin.register(PersonalToken)
class PersonalTokenAdmin(admin.ModelAdmin):
    """Tokens are looked at and revoked here; only their owner makes them."""

    list_display = ["name", "person", "prefix", "created_at", "expires_at", "revoked_at"]
    list_select_related = ["person"]
    search_fields = ["name", "person__username", "prefix"]
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody makes a token for somebody else."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is revoked, never changed."""
        return False

    @admin.action(description=gettext_lazy("Revoke the selected tokens"), permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[PersonalToken]) -> None:
        """Revoke by the service, which closes what they opened."""
        with acting(request):
            for token in queryset.select_related("person"):
                token_revoke(person=token.person, token_id=token.pk)
