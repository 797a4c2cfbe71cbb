"""Steps of the demo: each is done once, whole or not at all, whatever stops in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from gallery.models import DemoStep

BEGUN, LOADED, MEMBERS, FINISHED = "begun", "loaded", "members", "finished"


@contextmanager
def demo_step(name: str, **facts: Any) -> Iterator[bool]:
    """Give true when the step is still to be done; it and its mark are one transaction.

    Two processes, and a removal, take turns. After a removal no step is to be done.
    """
    with transaction.atomic():
        begun = DemoStep.objects.select_for_update().filter(name=BEGUN).exists()
        todo = begun and not DemoStep.objects.filter(name=name).exists()
        if todo:
            DemoStep.objects.create(name=name, facts=facts)
        yield todo


def demo_pending() -> bool:
    """Tell whether photos were loaded whose votes and texts are not all written yet."""
    names = DemoStep.objects.filter(name__in=[LOADED, FINISHED]).values_list("name", flat=True)
    return set(names) == {LOADED}


def demo_member(username: str) -> Any:
    """Return a demo member; never a person who happens to have that name."""
    step = DemoStep.objects.filter(name=MEMBERS).first()
    ids = step.facts["ids"] if step else []
    person = get_user_model().objects.filter(pk__in=ids, username=username).first()
    if person is None:
        message = _("The demo member %(name)s is gone.") % {"name": username}
        raise CapsiteError("demo_member_gone", message, status=409)
    return person
