"""The search page: one box, filters, and the photos that speak of what was typed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from annotations.highlight import highlighted
from annotations.search import TEXT_LENGTH, Filters, search
from capsite.common.graphql.paging import Asked, Ordering, page
from captions.models import Caption
from captions.views.filterform import FilterForm
from captions.views.history import next_query
from gallery.cards import Card, card_of
from gallery.models import Image
from gallery.selectors import PAGE_SIZE, with_words
from gallery.views.errors import page_errors

NEAREST = Ordering((("-rank", float), ("-created_at", datetime), ("-id", UUID)))
FORM_ID = "search-form"
SURENESS = [("", _("Any")), *[(f"0.{tenth}", f"{tenth}0 %") for tenth in (3, 5, 7, 9)]]


class SearchForm(FilterForm):
    """What to search for, and where."""

    min_confidence = forms.TypedChoiceField(
        label=_("At least so sure"),
        required=False,
        choices=SURENESS,
        coerce=float,
        empty_value=None,
    )
    uploader = forms.CharField(label=_("Member"), required=False, max_length=150)
    q = forms.CharField(label=_("Search"), required=False, max_length=TEXT_LENGTH)
    field_order = ["q", "language", "strategy", "min_confidence", "uploader", "since", "until"]

    @property
    def filter_names(self) -> list[str]:
        """All but the box itself, which stands in the top bar."""
        return [name for name in self.fields if name != "q"]

    @property
    def wanted(self) -> Filters:
        """The filters as the search takes them."""
        given = self.cleaned_data
        return Filters(
            language=given["language"],
            strategy=given["strategy"],
            min_confidence=given["min_confidence"],
            uploader=given["uploader"],
            since=self.since_moment,
            until=self.until_moment,
        )


@dataclass(frozen=True)
class Hit:
    """A photo that was found, with the words it was found for and who wrote them."""

    card: Card
    text: SafeString
    caption: Caption | None
    language: str
    kind: str  # caption, text or title


@require_safe
@page_errors
@vary_on_headers("HX-Request")
def search_page(request: HttpRequest) -> HttpResponse:
    """Show what was found; with htmx and a cursor, the next photos only."""
    form = SearchForm(request.GET, form_id=FORM_ID)
    context: dict[str, Any] = {"form": form, "search_text": request.GET.get("q", "")}
    if form.is_valid() and form.cleaned_data["q"]:
        context |= _found(request, form)
    fragment = "cursor" in request.GET and request.headers.get("HX-Request") == "true"
    return render(request, "search/_hits.html" if fragment else "search/index.html", context)


def _found(request: HttpRequest, form: SearchForm) -> dict[str, Any]:
    text = form.cleaned_data["q"]
    found = search(request.user, text=text, filters=form.wanted)
    asked = Asked(PAGE_SIZE, request.GET.get("cursor", ""), backwards=False)
    part = page(_shown(found), NEAREST, asked)
    return {
        "searched": text,
        "hits": [_hit(image, text) for image in part.rows],
        "next_query": next_query(request, part.cursors[-1]) if part.has_next else "",
    }


def _shown(images: QuerySet[Image]) -> QuerySet[Image]:
    """Add what cards show: four queries together."""
    return with_words(images)


def _hit(image: Any, searched: str) -> Hit:  # with matched_text
    matched: str = image.matched_text
    texts = [text for text in image.annotations.all() if text.text == matched]
    captions = [caption for caption in image.captions.all() if caption.text == matched]
    kind = "text" if texts else "caption" if captions else "title"
    caption = captions[0] if captions and not texts else None
    source: Any = next(iter(texts or captions), None)
    marked = highlighted(matched, searched)
    return Hit(card_of(image), marked, caption, source.language if source else "", kind)
