"""What both versions read of edits and searches."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from annotations.search import TEXT_LENGTH, Filters, search
from captions.api.shared.bodies import query_of
from captions.api.shared.pagination import PageQuery
from gallery.models import Image
from gallery.models.job import Language, Strategy

MOST = 2**31 - 1


class VersionField(serializers.IntegerField):
    """The number of a version, from 0 where there is none yet."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": MOST} | options)


class EditBody(serializers.Serializer):
    """A text to publish, on top of the version that its author saw."""

    text = serializers.CharField(max_length=2_000)
    base_version = VersionField(help_text="The version you edited; 0 where there was none.")
    caption = serializers.UUIDField(
        required=False, allow_null=True, help_text="The suggestion it was made from."
    )


class SearchQuery(PageQuery):
    """What to search for, and where."""

    q = serializers.CharField(max_length=TEXT_LENGTH, help_text="Words; slips are forgiven.")
    language = serializers.ChoiceField(Language.values, required=False)
    strategy = serializers.ChoiceField(Strategy.values, required=False)
    min_confidence = serializers.FloatField(min_value=0, max_value=1, required=False)
    uploader = serializers.CharField(required=False, max_length=150, help_text="A member's name.")
    since = serializers.DateTimeField(required=False, help_text="Sent at this time or later.")
    until = serializers.DateTimeField(required=False, help_text="Sent before this time.")


def images_found(request: Request) -> QuerySet[Image]:
    """Return the photos that a search finds, best first."""
    query = query_of(request, SearchQuery)
    filters = Filters(
        language=query.get("language", ""),
        strategy=query.get("strategy", ""),
        min_confidence=query.get("min_confidence"),
        uploader=query.get("uploader", ""),
        since=query.get("since"),
        until=query.get("until"),
    )
    return search(request.user, text=query["q"], filters=filters)
