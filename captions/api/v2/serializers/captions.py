"""Captions, their votes and heat maps, as version 2 shows them."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from captions.api.shared.pagination import PageQuery
from captions.models import Caption, HeatmapMethod, Origin, Vote
from gallery.models.job import Language, Strategy

LEVELS = ("low", "medium", "high")


class ErrorSerializer(serializers.Serializer):
    """Why something failed."""

    code = serializers.CharField()
    message = serializers.CharField()


class VotesSerializer(serializers.Serializer):
    """How people voted; `mine` is your own vote, null where there is none."""

    up = serializers.IntegerField()
    down = serializers.IntegerField()
    mine = serializers.ChoiceField([1, -1], allow_null=True)


class CaptionSerializer(serializers.Serializer):
    """One text for one photo. It never changes; votes do."""

    # The context may hold ``mine``: the reader's votes by caption id.
    id = serializers.UUIDField()
    image = serializers.UUIDField(source="image_id")
    text = serializers.CharField()
    confidence = serializers.FloatField(
        min_value=0, max_value=1, allow_null=True, help_text="Calibrated; null of a person's."
    )
    level = serializers.ChoiceField(LEVELS, allow_blank=True)
    log_probability = serializers.FloatField(
        allow_null=True, help_text="Mean over the tokens, in nats."
    )
    strategy = serializers.ChoiceField(Strategy.values, allow_blank=True)
    language = serializers.ChoiceField(Language.values)
    origin = serializers.ChoiceField(Origin.values)
    rank = serializers.IntegerField(min_value=0, help_text="Its place in its job, from 0.")
    model = serializers.SerializerMethodField()
    votes = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_model(self, caption: Caption) -> str | None:
        """Return name and revision of the version that wrote it."""
        return str(caption.model) if caption.model else None

    @extend_schema_field(VotesSerializer)
    def get_votes(self, caption: Caption) -> dict[str, Any]:
        """Return the counts and the reader's own vote."""
        mine: dict[UUID, int] = self.context.get("mine", {})
        counts = {"up": caption.up_votes, "down": caption.down_votes}
        return VotesSerializer(counts | {"mine": mine.get(caption.pk)}).data


class CaptionsQuery(PageQuery):
    """Which captions of a photo."""

    language = serializers.ChoiceField(Language.values, required=False)
    strategy = serializers.ChoiceField(Strategy.values, required=False)
    min_confidence = serializers.FloatField(min_value=0, max_value=1, required=False)


class VoteBody(serializers.Serializer):
    """A vote: 1 for, -1 against; a report as harmful is a vote against."""

    value = serializers.ChoiceField([1, -1])
    harmful = serializers.BooleanField(default=False)
    reason = serializers.CharField(default="", allow_blank=True, max_length=500)


class MyVoteSerializer(serializers.Serializer):
    """A vote of one's own, with its caption."""

    value = serializers.ChoiceField([1, -1])
    harmful = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    updated_at = serializers.DateTimeField()
    caption = serializers.SerializerMethodField()

    @extend_schema_field(CaptionSerializer)
    def get_caption(self, vote: Vote) -> dict[str, Any]:
        """Return the caption that was voted on."""
        return CaptionSerializer(vote.caption, context=self.context).data


class HeatmapQuery(serializers.Serializer):
    """How a heat map is worked out."""

    method = serializers.ChoiceField(HeatmapMethod.values, default=HeatmapMethod.ATTENTION)


class HeatWordSerializer(serializers.Serializer):
    """Where the captioner looked for one word; `start` and `end` count code points of the text."""

    text = serializers.CharField()
    start = serializers.IntegerField(min_value=0)
    end = serializers.IntegerField(min_value=0)
    grid = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))


class HeatmapSerializer(serializers.Serializer):
    """Where the captioner looked; `grid` lies over `box`, in fractions of the upright photo."""

    caption = serializers.UUIDField()
    method = serializers.ChoiceField(HeatmapMethod.values)
    model = serializers.CharField(required=False)
    box = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)
    words = HeatWordSerializer(many=True)


class HeatmapWaitingSerializer(serializers.Serializer):
    """A heat map that a worker is at; ask again."""

    caption = serializers.UUIDField()
    method = serializers.ChoiceField(HeatmapMethod.values)
    state = serializers.ChoiceField(["waiting"])
