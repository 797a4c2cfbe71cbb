"""The forms of the account pages; what they collect is judged by the services."""

from datetime import timedelta
from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from capsite.accounts.models import User
from capsite.accounts.scopes import SCOPE_WORDS, Scope, scopes_of

DAYS = [(7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("1 year"))]


class SignInForm(LoginForm):
    """allauth's form, with a label that says what to type."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Name the first field for people."""
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail or user name")


class ProfileForm(forms.Form):
    """The name that others see."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        help_text=_("Shown beside your photos and texts. Letters, digits and @ . + - _ only."),
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )


class TokenForm(forms.Form):
    """A new personal token."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("What will use it, such as: backup script."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(label=_("Expires in"), choices=DAYS, coerce=int, initial=30)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        """Offer the scopes that ``person`` has."""
        super().__init__(*args, **kwargs)
        field: Any = self.fields["scopes"]
        owned = scopes_of(person)
        field.choices = [(scope.value, SCOPE_WORDS[scope]) for scope in Scope if scope in owned]

    def values(self) -> dict[str, Any]:
        """Return what ``token_create`` takes."""
        return {
            "name": self.cleaned_data["name"],
            "scopes": self.cleaned_data["scopes"],
            "expires_at": timezone.now() + timedelta(days=self.cleaned_data["days"]),
        }
