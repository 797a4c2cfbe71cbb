"""People in the administration pages, who take their votes along when they are deleted."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from capsite.accounts.admin import PersonAdmin
from capsite.accounts.audit import acting
from capsite.accounts.models import User
from captions.models import Vote
from captions.services.members import member_delete

admin.site.unregister(User)  # accounts knows no votes and no photos


@admin.register(User)
class MemberAdmin(PersonAdmin):
    """People, deleted by the service that counts anew."""

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete one, and let the audit log know who did it."""
        with acting(request):
            member_delete(person=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete the chosen ones one by one, each in a transaction of its own."""
        with acting(request):
            for person in queryset:
                member_delete(person=person)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Votes are deleted by nobody by themselves; with their voter they go."""
        to_delete, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, lacking - {Vote._meta.verbose_name}, protected
