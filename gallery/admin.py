"""Photos, jobs, albums and batches in the administration pages: to look at, not to edit."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gallery.models import Album, AlbumItem, Batch, BatchItem, CaptionJob, Image
from gallery.models.job import ACTIVE, State
from gallery.services.images import images_delete
from gallery.services.jobs import job_retry

MOST_RETRIED = 500


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only services write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits rows by hand."""
        return False


@admin.register(Image)
class ImageAdmin(ReadOnlyAdmin):
    """Photos; deleting one removes its files too."""

    list_display = ["title", "owner", "format", "width", "height", "visibility", "created_at"]
    list_filter = ["visibility", "format", "created_at"]
    search_fields = ["title", "sha256", "id"]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Jobs and captions go with their photo, though nobody may delete them alone."""
        listed, counts, _refused, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: Image) -> None:
        """Delete through the service, with the files."""
        images_delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        """Delete through the service, with the files."""
        images_delete(list(queryset))


class ReasonFilter(admin.SimpleListFilter):
    """The reasons for which jobs failed."""

    title = gettext_lazy("reason of failure")
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name those there are."""
        failed = CaptionJob.objects.filter(state=State.FAILED).order_by("error_code")
        return [(code, code) for code in failed.values_list("error_code", flat=True).distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow the list."""
        code = self.value()
        return queryset.filter(state=State.FAILED, error_code=code) if code else queryset


@admin.register(CaptionJob)
class CaptionJobAdmin(ReadOnlyAdmin):
    """Jobs, with the reason of each failure and a way to try again."""

    list_display = ["image", "state", "strategy", "attempts", "error_code", "created_at", "worker"]
    list_filter = ["state", ReasonFilter, "strategy", "created_at"]
    search_fields = ["id", "image__id", "error_message"]
    list_select_related = ["image"]
    actions = ["retry"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A job goes with its photo."""
        return False

    @admin.action(description=gettext_lazy("Try the failed ones again"))
    def retry(self, request: HttpRequest, queryset: QuerySet[CaptionJob]) -> None:
        """Queue the photos of the chosen failed jobs once more, so many at a time."""
        failed = queryset.filter(state=State.FAILED).select_related("image")
        number = failed.count()
        tried = {job.image_id: job.image for job in failed.order_by("-finished_at")[:MOST_RETRIED]}
        jobs = [job_retry(image) for image in tried.values()]
        queued = sum(job.state in ACTIVE for job in jobs)
        text = ngettext("%d photo is queued again.", "%d photos are queued again.", queued) % queued
        self.message_user(request, text, messages.SUCCESS if queued else messages.INFO)
        if len(jobs) > queued:
            text = _("%(count)d have captions by now.") % {"count": len(jobs) - queued}
            self.message_user(request, text, messages.INFO)
        if number > MOST_RETRIED:
            text = _("%(count)d are left: at most %(most)d are queued at once.")
            left = {"count": number - MOST_RETRIED, "most": MOST_RETRIED}
            self.message_user(request, text % left, messages.WARNING)


class AlbumItemInline(admin.TabularInline):
    """The photos of an album, in their order."""

    model = AlbumItem
    fields = ("position", "image")
    readonly_fields = fields
    extra = 0
    can_delete = False


@admin.register(Album)
class AlbumAdmin(ReadOnlyAdmin):
    """Albums; deleting one leaves its photos."""

    list_display = ["title", "owner", "visibility", "created_at", "updated_at"]
    list_filter = ["visibility", "created_at"]
    search_fields = ["title", "id", "owner__username"]
    list_select_related = ["owner"]
    inlines = [AlbumItemInline]


class BatchItemInline(admin.TabularInline):
    """What became of each photo of a batch."""

    model = BatchItem
    fields = ("position", "name", "image", "job", "error_code", "error_message")
    readonly_fields = fields
    extra = 0
    can_delete = False


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    """Batches, with the reason of each refusal."""

    list_display = ["id", "owner", "created_at"]
    list_filter = ["created_at"]
    search_fields = ["id", "owner__username"]
    list_select_related = ["owner"]
    inlines = [BatchItemInline]
