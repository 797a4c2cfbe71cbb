"""Personal tokens and moderation cases, as version 2 shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from captions.api.shared.pagination import PageQuery
from captions.api.shared.resources.people import SCOPES, PersonSerializer
from captions.api.v2.serializers.captions import CaptionSerializer
from captions.models import CaseState, Decision, ModerationCase
from captions.models.moderation import DECIDED_BY_WORD


class TokenSerializer(serializers.Serializer):
    """A personal token; the secret itself is shown once, when it is made."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="How the secret begins.")
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES))
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class NewTokenSerializer(TokenSerializer):
    """A token that was just made, with its secret."""

    token = serializers.CharField(help_text="The secret: keep it, it is shown this once.")


class TokenBody(serializers.Serializer):
    """A new token."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES), min_length=1)
    expires_at = serializers.DateTimeField(help_text="At most 366 days from now.")


class LimitSerializer(serializers.Serializer):
    """One rate limit, in a sliding window, as it counts this sign-in or token."""

    scope = serializers.CharField(help_text="What it counts: `read`, `write`, `upload`, …")
    name = serializers.CharField(help_text="As in the header RateLimit-Policy.")
    quota = serializers.IntegerField(min_value=0)
    seconds = serializers.IntegerField(min_value=1, help_text="The length of the window.")
    used = serializers.IntegerField(min_value=0)
    reset = serializers.IntegerField(min_value=0, help_text="Seconds until more is left.")


class CasesQuery(PageQuery):
    """Which moderation cases."""

    state = serializers.ChoiceField(CaseState.values, required=False)


class CaseSerializer(serializers.Serializer):
    """A caption that people voted down or reported, and what was decided."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(CaseState.values)
    reason = serializers.CharField(help_text="Which rule opened it: `reported`, `downvoted`.")
    opened_at = serializers.DateTimeField()
    decision = serializers.ChoiceField(Decision.values, allow_blank=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = PersonSerializer(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    caption = serializers.SerializerMethodField()

    @extend_schema_field(CaptionSerializer)
    def get_caption(self, case: ModerationCase) -> dict[str, Any]:
        """Return the caption, hidden or not."""
        return CaptionSerializer(case.caption, context=self.context).data


class DecisionBody(serializers.Serializer):
    """What a moderator decides."""

    decision = serializers.ChoiceField([decision.value for decision in DECIDED_BY_WORD])
    note = serializers.CharField(default="", allow_blank=True, max_length=2000)
