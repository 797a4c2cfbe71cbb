"""The languages of captions; the same in every version."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from captions.api.shared.pagination import Page, page_serializer
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView
from captions.selectors import active_models
from gallery.models.job import Language


class LanguageSerializer(serializers.Serializer):
    """A language that captions may be asked for in."""

    code = serializers.ChoiceField(Language.values)
    name = serializers.CharField()
    model = serializers.CharField(
        allow_null=True, help_text="The version that writes it; null where it is translated."
    )


class Languages(ApiView):
    """``GET languages``."""

    @endpoint(
        name="languages_list",
        tag="captioner",
        summary="List the languages of captions",
        description="All of them in one page.",
        answers={200: page_serializer(LanguageSerializer)},
    )
    def get(self, request: Request) -> Response:
        """Answer every language, with the version that writes it."""
        models = active_models()
        rows = [
            {"code": code, "name": label, "model": models.get(code)}
            for code, label in Language.choices
        ]
        return Page(rows).answer(lambda found: LanguageSerializer(found, many=True).data)
