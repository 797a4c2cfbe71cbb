"""Jobs and batches, as version 2 shows them."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from captions.api.shared.intake import PhotoFields
from captions.api.shared.pagination import PageQuery
from captions.api.shared.waiting import MOST_SECONDS
from captions.api.v2.serializers.captions import CaptionSerializer, ErrorSerializer
from captions.api.v2.serializers.images import ImageSerializer
from gallery.models import BatchItem, CaptionJob
from gallery.models.image import Visibility
from gallery.models.job import Language, State, Strategy
from gallery.reasons import reason_words


class JobSerializer(serializers.Serializer):
    """One request to caption one photo, and where it stands."""

    id = serializers.UUIDField()
    image = serializers.UUIDField(source="image_id")
    state = serializers.ChoiceField(State.values)
    strategy = serializers.ChoiceField(Strategy.values)
    language = serializers.ChoiceField(Language.values, help_text="As it was asked for.")
    num = serializers.IntegerField(min_value=1, max_value=10)
    error = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, job: CaptionJob) -> dict[str, str] | None:
        """Return why it failed, or why its last attempt did."""
        return _error(job.error_code, job.error_message)


class JobsQuery(PageQuery):
    """Which jobs."""

    state = serializers.ChoiceField(State.values, required=False)
    image = serializers.UUIDField(required=False)


class WaitQuery(serializers.Serializer):
    """How long to wait for the end of a job."""

    wait = serializers.FloatField(
        default=0, min_value=0, max_value=MOST_SECONDS, help_text="Seconds to wait at most."
    )


class AskBody(serializers.Serializer):
    """Which captions are asked for: a job for each strategy."""

    strategies = serializers.ListField(
        child=serializers.ChoiceField(Strategy.values),
        required=False,
        min_length=1,
        max_length=len(Strategy),
        help_text="A job each; `beam` unless it is given.",
    )
    language = serializers.ChoiceField(
        Language.values, required=False, help_text="Wins over the headers."
    )
    num = serializers.IntegerField(
        min_value=1, max_value=10, required=False, help_text="Candidates of each strategy."
    )


class CaptionForm(PhotoFields, AskBody):
    """A photo in a form, and which captions are asked for."""

    visibility = serializers.ChoiceField(Visibility.values, default=Visibility.PUBLIC)
    wait = serializers.FloatField(
        default=0,
        min_value=0,
        max_value=MOST_SECONDS,
        help_text="Seconds to wait for the captions.",
    )


class CaptionBody(CaptionForm):
    """A photo in JSON, and which captions are asked for."""

    image = None  # type: ignore[assignment]  # a file cannot be JSON


class AskedSerializer(serializers.Serializer):
    """The jobs that were asked for."""

    jobs = JobSerializer(many=True)


class CaptionedSerializer(AskedSerializer):
    """A photo that was sent, its jobs, and the captions of those that are done."""

    image = ImageSerializer()
    captions = CaptionSerializer(many=True)


class BatchPhotoBody(PhotoFields):
    """One photo of a batch in JSON."""

    image = None  # type: ignore[assignment]  # files come as the form field `images`


class BatchAsk(serializers.Serializer):
    """Which captions are asked for of every photo of a batch."""

    strategy = serializers.ChoiceField(Strategy.values, default=Strategy.BEAM)
    language = serializers.ChoiceField(Language.values, required=False)
    num = serializers.IntegerField(min_value=1, max_value=10, required=False)


class BatchForm(BatchAsk):
    """A batch as a multipart form."""

    images = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True), help_text="One part a photo."
    )


class BatchBody(BatchAsk):
    """A batch in JSON."""

    items = BatchPhotoBody(many=True)


class BatchItemSerializer(serializers.Serializer):
    """One photo of a batch: taken in, with its job, or refused, with the reason."""

    position = serializers.IntegerField(min_value=0)
    name = serializers.CharField(allow_blank=True)
    image = serializers.UUIDField(source="image_id", allow_null=True)
    job = serializers.UUIDField(source="job_id", allow_null=True)
    state = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(State.values))
    def get_state(self, item: BatchItem) -> str:
        """Return the job's state; a photo that was refused or deleted since has failed."""
        return item.job.state if item.job else State.FAILED

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, item: BatchItem) -> dict[str, str] | None:
        """Return why it was refused, or why its job failed."""
        if item.job:
            return _error(item.job.error_code, item.job.error_message)
        return _error(item.error_code, item.error_message)


class BatchSerializer(serializers.Serializer):
    """A batch and how far it is; `partial` means that some photos failed."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(["running", "done", "partial", "failed"])
    total = serializers.IntegerField(min_value=1)
    done = serializers.IntegerField(min_value=0)
    failed = serializers.IntegerField(min_value=0)
    waiting = serializers.IntegerField(min_value=0)
    items = BatchItemSerializer(many=True)


def _error(code: str, message: str) -> dict[str, str] | None:
    return {"code": code, "message": reason_words(code, message)} if code else None
