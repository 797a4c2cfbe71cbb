"""The demo content: told once, by members nobody can sign in as, and taken away without a trace."""

import json
from types import SimpleNamespace

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from annotations import demo
from annotations.models import Annotation, Revision
from annotations.services import annotation_edit
from captions.models import Caption, ModerationCase, Vote
from captions.services.store import captions_store
from captions.services.votes import vote_cast
from gallery.models import Album, CaptionJob, DemoStep, Image
from gallery.services.demo import FOLDER, Story, demo_load, demo_pending, loading, removing
from gallery.services.jobs import jobs_claim
from gallery.services.uploads import image_upload
from tests.factories import CaptionFactory, ModelFactory, UserFactory, photo_bytes

pytestmark = pytest.mark.django_db

PHOTOS = ["cat.jpg", "astronaut.jpg", "photographer.jpg"]
WORDS = {"en": ["A man with a camera.", "A cat."], "tr": ["Bir adam kamerayla.", "Bir kedi."]}
People = get_user_model()


@pytest.fixture
def story(tmp_path, monkeypatch, settings) -> Story:
    """The shipped story, with three of its photos, in the place of the whole one."""
    settings.STATIC_ROOT = tmp_path / "static"
    shipped = Story()
    for file in PHOTOS:
        (tmp_path / file).write_bytes((FOLDER / file).read_bytes())
    manifest = [entry for entry in shipped.credits if entry["file"] in PHOTOS]
    acts = shipped.acts | {"photos": {file: shipped.acts["photos"][file] for file in PHOTOS}}
    acts["albums"] = [shipped.acts["albums"][1] | {"photos": PHOTOS[:2]}]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "story.json").write_text(json.dumps(acts))
    for module in (demo, loading, removing):
        monkeypatch.setattr(module, "Story", lambda: Story(tmp_path))
    return Story(tmp_path)


def caption_all() -> None:
    """Store captions for every job that waits."""
    for job in jobs_claim(worker="w", limit=50):
        candidates = [
            SimpleNamespace(
                text=text,
                rank=rank,
                log_probability=-0.5,
                confidence=0.6 - rank / 10,
                strategy=job.strategy,
                language=job.language,
            )
            for rank, text in enumerate(WORDS[job.language])
        ]
        captions_store(job=job, model=ModelFactory(), candidates=candidates, timings={})


def everything() -> dict[str, int]:
    tables = (Image, CaptionJob, Caption, Vote, Album, Annotation, Revision, ModerationCase)
    return {table.__name__: table.objects.count() for table in (*tables, People, DemoStep)}


def told_demo() -> None:
    call_command("demo", verbosity=0)
    caption_all()
    assert demo.demo_continue() == 3


def test_the_shipped_story_names_what_is_there():
    story = Story()
    files, members = {entry["file"] for entry in story.credits}, set(story.acts["members"])
    assert set(story.acts["photos"]) == files
    for act in story.acts["photos"].values():
        written = [text["text"] for text in act["texts"] if "text" in text]
        assert {text["by"] for text in act["texts"]} <= members
        assert {text["revert"] for text in act["texts"] if "revert" in text} <= set(written)
        assert len(written) == len(set(written))
    for album in story.acts["albums"]:
        assert album["owner"] in members
        assert set(album["photos"]) <= files


def test_votes_texts_an_album_and_one_open_case_come_once(story):
    call_command("demo", verbosity=0)
    assert demo.demo_continue() == 0  # no captions yet
    assert demo_pending()
    caption_all()
    assert demo.demo_continue() == 3
    assert not demo_pending()

    right = Caption.objects.get(image__title__startswith="Photographer", text__contains="man with")
    wrong = Caption.objects.get(image__title__startswith="Chelsea", text__contains="man with")
    assert (right.up_votes, wrong.down_votes) == (3, 2)
    case = ModerationCase.objects.get()
    assert (case.reason, case.caption.image.title) == ("reported", "Astronaut Eileen Collins")
    vote = case.caption.votes.get(harmful=True)
    assert (vote.voter.username, vote.reason) == ("elif.demo", "This calls Eileen Collins a man.")
    kinds = Revision.objects.filter(annotation__image=right.image, annotation__language="en")
    assert list(kinds.order_by("number").values_list("kind", flat=True)) == ["promoted", "written"]
    assert Annotation.objects.filter(language="tr").count() == 3
    assert [item.image.title for item in Album.objects.get().items.all()] == [
        "Chelsea the cat",
        "Astronaut Eileen Collins",
    ]

    before = everything()
    call_command("demo", verbosity=0)
    call_command("first_run", verbosity=0)
    assert demo.demo_continue() == 0
    assert everything() == before | {"User": before["User"] + 1}  # the administrator


def test_a_revert_is_among_the_shipped_versions(story, tmp_path):
    acts = story.acts
    acts["photos"]["cat.jpg"] = Story().acts["photos"]["two-dogs-at-a-window.jpg"]
    (tmp_path / "story.json").write_text(json.dumps(acts))
    told_demo()
    last = Revision.objects.filter(
        annotation__image__title="Chelsea the cat", kind="reverted"
    ).get()
    assert (last.annotation.language, last.annotation.version) == ("en", last.number)
    assert last.text.startswith("Two spaniels")


def test_nobody_signs_in_as_a_demo_member_unless_a_setting_says_so(story, settings):
    call_command("demo", verbosity=0)
    members = People.objects.filter(username__endswith=".demo")
    assert members.count() == 4
    for person in members:
        assert not person.has_usable_password()
        assert (person.email, person.is_staff, person.is_superuser) == ("", False, False)
        assert authenticate(username=person.username, password="") is None

    call_command("demo", "--remove", verbosity=0)
    settings.CAPSITE_DEMO_PASSWORD = "only on this machine"
    call_command("demo", verbosity=0)
    assert People.objects.get(username="tom.demo").check_password("only on this machine")


@pytest.mark.parametrize("place", ["image_upload_trusted", "album_add", "captions_ask"])
def test_loading_that_stops_half_way_goes_on_where_it_stopped(story, monkeypatch, place):
    whole, calls = getattr(loading, place), []

    def stops(**given):
        calls.append(given)
        if len(calls) == 1 + (place == "image_upload_trusted"):
            raise KeyboardInterrupt
        return whole(**given)

    monkeypatch.setattr(loading, place, stops)
    with pytest.raises(KeyboardInterrupt):
        demo_load()
    assert not demo_pending()
    call_command("first_run", verbosity=0)
    found = everything()
    assert (found["Image"], found["Album"], found["User"], found["CaptionJob"]) == (3, 1, 5, 4)
    caption_all()
    assert demo.demo_continue() == 3


def test_a_photo_whose_telling_stops_half_way_is_told_anew(story, monkeypatch):
    call_command("demo", verbosity=0)
    caption_all()
    whole, written = demo.annotation_edit, []

    def stops(**given):
        written.append(given)
        if len(written) == 3:
            raise KeyboardInterrupt
        return whole(**given)

    monkeypatch.setattr(demo, "annotation_edit", stops)
    with pytest.raises(KeyboardInterrupt):
        demo.demo_continue()
    monkeypatch.setattr(demo, "annotation_edit", whole)
    half = everything()
    assert (
        demo.demo_continue() == 3 - DemoStep.objects.filter(name__startswith="photo:").count() or 3
    )
    assert half["Annotation"] < everything()["Annotation"]
    assert Annotation.objects.count() == 6
    assert all(vote.voter.username.endswith(".demo") for vote in Vote.objects.all())
    for caption in Caption.objects.all():
        assert caption.up_votes + caption.down_votes == caption.votes.count()


def test_what_somebody_wrote_or_deleted_meanwhile_stays_so(story):
    call_command("demo", verbosity=0)
    caption_all()
    cat = Image.objects.get(title="Chelsea the cat")
    Image.objects.get(title__startswith="Photographer").delete()
    annotation_edit(
        person=UserFactory(), image_id=cat.pk, language="en", text="Chelsea.", base_version=0
    )
    assert demo.demo_continue() == 2
    assert cat.annotations.get(language="en").text == "Chelsea."
    assert cat.annotations.filter(language="tr").exists()
    assert not Image.objects.filter(title__startswith="Photographer").exists()
    assert not demo_pending()


def test_a_site_with_content_of_people_stays_as_it_is(story):
    image_upload(data=photo_bytes(), name="Mine.jpg", person=UserFactory())
    before = everything()
    with pytest.raises(CommandError, match="for empty sites"):
        call_command("demo", verbosity=0)
    assert everything() == before
    call_command("first_run", verbosity=0)  # which starts the site all the same
    assert everything() == before | {"User": 2}


def test_production_shows_no_demo_unless_asked(story, settings):
    settings.CAPSITE_DEMO = False
    with pytest.raises(CommandError, match="CAPSITE_DEMO"):
        call_command("demo", verbosity=0)
    call_command("first_run", verbosity=0)
    assert everything() | {"User": 0} == dict.fromkeys(everything(), 0)
    assert People.objects.get().is_superuser


def test_removal_leaves_what_is_peoples_own(story, media):
    call_command("first_run", verbosity=0)
    caption_all()
    demo.demo_continue()
    mine = image_upload(data=photo_bytes(), name="Mine.jpg", person=UserFactory()).image
    caption = CaptionFactory(image=mine)
    elif_demo = People.objects.get(username="elif.demo")
    vote_cast(person=elif_demo, caption_id=caption.pk, value=1)
    theirs = Caption.objects.filter(image__owner=None).first()
    vote_cast(person=mine.owner, caption_id=theirs.pk, value=1)

    with pytest.raises(CommandError, match="--yes"):
        call_command("demo", "--remove", verbosity=0)
    call_command("demo", "--remove", "--yes", verbosity=0)
    assert list(Image.objects.all()) == [mine]
    assert Caption.objects.get().up_votes == 0
    assert set(People.objects.values_list("username", flat=True)) == {"admin", mine.owner.username}
    left = everything()
    assert (left["Album"], left["Annotation"], left["Vote"], left["DemoStep"]) == (0, 0, 0, 0)
    call_command("demo", "--remove", verbosity=0)  # again is no error
    assert demo.demo_continue() == 0


@pytest.mark.django_db(transaction=True)
def test_files_of_removed_photos_are_gone(story, media):
    call_command("demo", verbosity=0)
    folders = [image.folder for image in Image.objects.all()]
    call_command("demo", "--remove", verbosity=0)
    assert not any(default_storage.exists(f"{folder}/original.jpeg") for folder in folders)


def test_a_vote_on_a_caption_that_was_hidden_does_not_stop_the_removal(story):
    told_demo()
    other = CaptionFactory()
    member = People.objects.filter(username__endswith=".demo").first()
    vote_cast(person=member, caption_id=other.pk, value=-1)
    Caption.everything.filter(pk=other.pk).update(hidden_at=timezone.now())
    call_command("demo", "--remove", "--yes", verbosity=0)
    assert not People.objects.filter(username__endswith=".demo").exists()
    assert Caption.everything.get(pk=other.pk).down_votes == 0
