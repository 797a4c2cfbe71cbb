"""Account, tokens, and the programs that were let in."""

from typing import cast
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from capsite.accounts.forms import ProfileForm, TokenForm
from capsite.accounts.models import User
from capsite.accounts.scopes import ROLE_WORDS, role_of
from capsite.accounts.selectors import applications_of, sign_in_of, tokens_of
from capsite.accounts.services.people import application_revoke, profile_update, session_end
from capsite.accounts.services.tokens import token_create, token_revoke
from capsite.common.errors import CapsiteError, NotFound


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """Show everything about one's way in; POST changes the user name."""
    person = _person(request)
    form = ProfileForm(request.POST or None, initial={"username": person.username})
    if form.is_valid():
        try:
            profile_update(person=person, username=form.cleaned_data["username"])
        except CapsiteError as error:
            form.add_error(error.field or None, error.message)
        else:
            messages.success(request, _("Your user name is changed."))
            return redirect("accounts:home")
    context = {
        "form": form,
        "role_word": ROLE_WORDS[role_of(person)],
        "sign_in": sign_in_of(person),
        "token_count": tokens_of(person).count(),
        "application_count": len(applications_of(person)),
    }
    return render(request, "account/home.html", context, status=_status(form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required(allow_get=True)
def tokens(request: HttpRequest) -> HttpResponse:
    """List personal tokens; POST makes one and shows its secret this once."""
    person = _person(request)
    form, made = TokenForm(request.POST or None, person=person), None
    if form.is_valid():
        try:
            made = token_create(person=person, **form.values())
        except CapsiteError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            form = TokenForm(person=person)
    context = {
        "form": form,
        "made": made and made[0],
        "secret": made and made[1],
        "tokens": tokens_of(person),
    }
    return render(request, "account/tokens.html", context, status=201 if made else _status(form))


@login_required
@require_POST
def token_end(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Revoke one token."""
    try:
        token_revoke(person=_person(request), token_id=token_id)
    except NotFound as error:
        raise Http404 from error
    messages.success(request, _("The token is revoked. What used it is disconnected."))
    return redirect("accounts:tokens")


@never_cache
@require_safe
@login_required
def applications(request: HttpRequest) -> HttpResponse:
    """List the programs that were let in."""
    context = {"applications": applications_of(_person(request))}
    return render(request, "account/applications.html", context)


@login_required
@require_POST
def application_end(request: HttpRequest, client_id: str) -> HttpResponse:
    """Take back what a program was granted."""
    application_revoke(person=_person(request), client_id=client_id)
    messages.success(request, _("The program has no access any more."))
    return redirect("accounts:applications")


@login_required
@require_POST
def one_session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign one browser or app out."""
    try:
        session_end(request=request, person=_person(request), session_id=session_id)
    except NotFound as error:
        raise Http404 from error
    if not request.user.is_authenticated:
        return redirect("gallery:index")
    messages.success(request, _("The session is ended."))
    return redirect("usersessions_list")


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _status(form: ProfileForm | TokenForm) -> int:
    return 422 if form.errors else 200
