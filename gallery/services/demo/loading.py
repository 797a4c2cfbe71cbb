"""Loads the demo's photos, members and albums into a site where nobody has put anything yet."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from gallery.models import Album, DemoStep, Image
from gallery.models.image import Visibility
from gallery.services.albums import album_add, album_create
from gallery.services.demo.steps import BEGUN, LOADED, MEMBERS, demo_member, demo_step
from gallery.services.demo.story import Story, photo_of
from gallery.services.uploads import captions_ask, image_upload_trusted


def demo_load(story: Story | None = None) -> int:
    """Load what is not there yet and return how many photos the demo has.

    The photos go the way of any other upload. Raises CapsiteError where the setting says that
    this site shows no demo, and where people have put something of their own.
    """
    story = story or Story()
    _begin(story)
    _photos(story)
    _members(story)
    for album in story.acts["albums"]:
        _album(story, album)
    with demo_step(LOADED):
        pass
    return len(story.credits)


@transaction.atomic
def _begin(story: Story) -> None:
    if not settings.CAPSITE_DEMO:
        message = _("This site shows no demo content; CAPSITE_DEMO=true allows it.")
        raise CapsiteError("demo_off", message, status=403)
    if DemoStep.objects.filter(name=BEGUN).exists():
        return
    if _lived_in(story):
        message = _("People have photos or accounts here: demo content is for empty sites.")
        raise CapsiteError("demo_lived_in", message, status=409)
    DemoStep.objects.create(name=BEGUN)


def _lived_in(story: Story) -> bool:
    """Demo photos and administrators do not count: a site's first minutes bring both."""
    others = Image.objects.exclude(owner=None, sha256__in=story.sha256s())
    people = get_user_model().objects.filter(is_superuser=False)
    return others.exists() or people.exists() or Album.objects.exists()


def _photos(story: Story) -> None:
    for entry in reversed(story.credits):  # the gallery shows the newest first
        credit = {key: entry[key] for key in ("author", "licence", "source")}
        details = {"title": entry["title"], "credit": credit}
        with demo_step(f"upload:{entry['file']}") as todo:
            if not todo:
                continue
            image = image_upload_trusted(data=story.photo(entry["file"]), details=details).image
            act = story.acts["photos"].get(entry["file"], {})
            for language in act.get("languages", []):
                captions_ask(image=image, language=language)


def _members(story: Story) -> None:
    """Make the demo members, who cannot sign in unless a setting gives them a password."""
    people: Any = get_user_model().objects
    with demo_step(MEMBERS) as todo:
        if todo:
            password = settings.CAPSITE_DEMO_PASSWORD or None
            made = [people.create_user(name, "", password) for name in story.acts["members"]]
            facts = {"ids": [person.pk for person in made]}
            DemoStep.objects.filter(name=MEMBERS).update(facts=facts)


def _album(story: Story, album: dict[str, Any]) -> None:
    with demo_step(f"album:{album['title']}") as todo:
        if not todo:
            return
        owner = demo_member(album["owner"])
        made = album_create(
            person=owner,
            title=album["title"],
            description=album["description"],
            visibility=Visibility.PUBLIC,
        )
        photos = [photo_of(story, file) for file in album["photos"]]
        ids = [photo.pk for photo in photos if photo]
        album_add(person=owner, album_id=made.pk, image_ids=ids)
