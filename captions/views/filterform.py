"""The form that narrows a list of captions: when, in which language, decoded how."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gallery.models.job import Language, Strategy

DATE_HELP = _("Enter a day such as 2026-01-31.")


class DayField(forms.DateField):
    """A day, chosen in the browser's calendar."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        messages = {"invalid": DATE_HELP}
        super().__init__(required=False, widget=widget, error_messages=messages, **options)


class FilterForm(forms.Form):
    """Every field may stay empty; what cannot be read is said beside its field."""

    since = DayField(label=_("From"))
    until = DayField(label=_("To"))
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("Any")), *Language.choices]
    )
    strategy = forms.ChoiceField(
        label=_("Strategy"), required=False, choices=[("", _("Any")), *Strategy.choices]
    )

    def __init__(self, *args: Any, form_id: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values() if form_id else ():
            field.widget.attrs["form"] = form_id  # which the fields stand outside of

    def clean(self) -> dict[str, Any]:
        """Refuse a range that ends before it begins."""
        given = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day lies before the first one."))
        return given

    @property
    def used(self) -> int:
        """How many filters are set."""
        return sum(1 for name in self.filter_names if self.data.get(name))

    @property
    def filter_names(self) -> list[str]:
        """The fields that narrow, in their order."""
        return list(self.fields)

    @property
    def filters(self) -> list[forms.BoundField]:
        """The fields that narrow, as the template shows them."""
        return [self[name] for name in self.filter_names]

    @property
    def since_moment(self) -> datetime | None:
        """The first moment that counts."""
        return _start(self.cleaned_data["since"])

    @property
    def until_moment(self) -> datetime | None:
        """The first moment that no longer counts: the last day counts as a whole."""
        day = self.cleaned_data["until"]
        return _start(day + timedelta(days=1)) if day and day < date.max else None


def _start(day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, tzinfo=UTC) if day else None
