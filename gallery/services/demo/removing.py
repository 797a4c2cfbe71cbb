"""Takes the demo content away, and nothing else."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import transaction

from gallery.models import DemoStep, Image
from gallery.services.albums import album_delete
from gallery.services.demo.steps import BEGUN, MEMBERS
from gallery.services.demo.story import Story
from gallery.services.images import images_delete


@dataclass(frozen=True)
class Removed:
    """How much there was."""

    photos: int
    members: int


@transaction.atomic
def demo_remove(story: Story | None = None) -> Removed:
    """Delete the demo's photos with all that hangs on them, its members and its albums.

    The demo members' votes on other photos are the caller's to withdraw before: they count.
    """
    list(DemoStep.objects.select_for_update().filter(name=BEGUN))  # no step meanwhile
    people = list(get_user_model().objects.filter(pk__in=demo_member_ids()))
    photos = list(Image.objects.filter(owner=None, sha256__in=(story or Story()).sha256s()))
    photos += Image.objects.filter(owner__in=people)
    images_delete(photos)
    for person in people:
        for key in person.albums.values_list("pk", flat=True):
            album_delete(person=person, album_id=key)
        person.delete()
    DemoStep.objects.all().delete()
    return Removed(len(photos), len(people))


def demo_member_ids() -> list[int]:
    """Return the keys of the demo members."""
    step = DemoStep.objects.filter(name=MEMBERS).first()
    return step.facts["ids"] if step else []
