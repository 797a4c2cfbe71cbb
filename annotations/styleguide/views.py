"""The page of components, for those who work on capsite: `/styleguide/` with CAPSITE_DEBUG=true."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations.styleguide import samples
from annotations.styleguide.tokens import icon_names, tokens_by_kind


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every token and component in its states, by the templates that the site uses."""
    if not settings.DEBUG:
        raise Http404
    context = {
        "tokens": tokens_by_kind(),
        "icons": icon_names(),
        "cards": samples.cards(),
        "captions": samples.captions(),
        "votes": samples.votes(),
        "member": samples.member(),
        "chart": samples.chart(),
        "pieces": samples.pieces(),
        "forms": samples.forms(),
        "workers": [{"state": "starting", "waiting": 0}, {"state": "away", "waiting": 12}],
    }
    return render(request, "styleguide/index.html", context)
