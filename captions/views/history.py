"""The history: every caption, the newest first, between two days, in a language, of a strategy."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from captions.history import captions_newest, history_page
from captions.models import Caption
from captions.views.filterform import FilterForm
from gallery.cards import derivative_url
from gallery.views.errors import page_errors
from gallery.views.pages import photo_url


@dataclass(frozen=True)
class Line:
    """One caption with the addresses of its photo."""

    caption: Caption
    url: str
    thumbnail_url: str


@require_safe
@page_errors
@vary_on_headers("HX-Request")
def history(request: HttpRequest) -> HttpResponse:
    """Show the history; with htmx and a cursor, the next captions only."""
    form = FilterForm(request.GET)
    context: dict[str, Any] = {"form": form, "lines": [], "next_query": ""}
    if form.is_valid():
        context |= _found(request, form)
    fragment = "cursor" in request.GET and request.headers.get("HX-Request") == "true"
    return render(request, "history/_lines.html" if fragment else "history/index.html", context)


def _found(request: HttpRequest, form: FilterForm) -> dict[str, Any]:
    rows = captions_newest(
        request.user,
        since=form.since_moment,
        until=form.until_moment,
        language=form.cleaned_data["language"],
        strategy=form.cleaned_data["strategy"],
    )
    page = history_page(rows, request.GET.get("cursor", ""))
    return {
        "lines": [_line(caption) for caption in page.rows],
        "next_query": next_query(request, page.cursors[-1]) if page.has_next else "",
    }


def next_query(request: HttpRequest, cursor: str) -> str:
    """Return the query of the page that comes after ``cursor``, without empty fields."""
    query = request.GET.copy()
    query["cursor"] = cursor
    for name in [name for name, value in query.items() if not value]:
        del query[name]
    return query.urlencode()


def _line(caption: Caption) -> Line:
    image = caption.image
    smallest = image.variants[0]["name"]
    return Line(caption, photo_url(image), derivative_url(image, smallest))
