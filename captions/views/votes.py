"""Votes for and against captions, and reports of harmful ones."""

import time
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from capsite.common.errors import CapsiteError
from capsite.gateway.ratelimit import rate_request
from captions.access import caption_for
from captions.models import Caption
from captions.panel import votes_cast
from captions.services.votes import REASON_LENGTH, vote_cast, vote_withdraw
from captions.views.fragments import answer, whole_number
from gallery.views.fragments import is_fragment, members_only, piece_errors
from gallery.views.pages import photo_url

WITHDRAWN = 0


class ReportForm(forms.Form):
    """Why a caption is harmful; moderators read it."""

    reason = forms.CharField(
        label=gettext_lazy("What is harmful about it?"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        error_messages={"required": gettext_lazy("Say in a few words what is harmful.")},
    )


@require_POST
@members_only
@piece_errors
def vote(request: HttpRequest, caption_id: UUID) -> HttpResponse:
    """Count the vote ``value``: 1 for, -1 against, 0 takes it back."""
    rate_request(request, scope="write")
    value = whole_number(request.POST.get("value"), "value")
    if value == WITHDRAWN:
        vote_withdraw(person=request.user, caption_id=caption_id)
    else:
        vote_cast(person=request.user, caption_id=caption_id, value=value)
    return _voted(request, caption_id)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
@piece_errors
def report(request: HttpRequest, caption_id: UUID) -> HttpResponse:
    """Ask why a caption is harmful; POST ``reason`` tells the moderators."""
    caption = caption_for(request.user, caption_id)
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        rate_request(request, scope="write")
        try:
            _reported(request, caption, form.cleaned_data["reason"])
        except CapsiteError as error:
            if error.field != "reason":
                raise
            form.add_error("reason", error.message)
        else:
            response = _voted(request, caption_id)
            response["HX-Retarget"] = f"#votes-{caption_id}"
            response["HX-Reswap"] = "outerHTML"
            return response
    context = {"caption": caption, "form": form, "back_url": _place(caption)}
    names = ("captions/_report.html", "captions/report.html")
    return answer(request, *names, context, status=422 if form.errors else 200)


def _reported(request: HttpRequest, caption: Caption, reason: str) -> None:
    vote_cast(person=request.user, caption_id=caption.pk, value=-1, harmful=True, reason=reason)


def _voted(request: HttpRequest, caption_id: UUID) -> HttpResponse:
    """Return the totals as they are now, or lead back to the caption."""
    read_at = time.time()
    caption = caption_for(request.user, caption_id)
    if not is_fragment(request):
        return redirect(_place(caption))
    context = _votes_context(request, caption) | {"read_at": read_at}
    return answer(request, "captions/_votes.html", "", context)


def _votes_context(request: HttpRequest, caption: Caption) -> dict[str, Any]:
    mine = votes_cast(request.user, [caption]).get(caption.pk)
    return {"caption": caption, "image": caption.image, "vote": mine}


def _place(caption: Caption) -> str:
    return f"{photo_url(caption.image)}#caption-{caption.pk}"
