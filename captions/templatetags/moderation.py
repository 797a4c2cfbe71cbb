"""What moderators see on every page: how many cases wait for them."""

from typing import Any

from django import template

from captions.access import may_moderate
from captions.services.moderation import cases_open_count

register = template.Library()


@register.simple_tag(takes_context=True)
def open_cases(context: dict[str, Any]) -> int | None:
    """Return the number of open cases to a moderator who may enter the queue, else None.

    Asks the database nothing for everybody else.
    """
    person = getattr(context.get("request"), "user", None)
    if person is None or not getattr(person, "is_staff", False) or not may_moderate(person):
        return None
    return cases_open_count()
