"""Who leaves takes photos and votes along, and no total goes on counting them."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from annotations.services import annotation_edit
from capsite.accounts.models import User
from captions.models import Caption, Vote
from captions.services.votes import vote_cast
from gallery.models import Image
from tests.factories.rows import CaptionFactory, ImageFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def delete(administrator, person):
    return administrator.post(f"/admin/accounts/user/{person.pk}/delete/", {"post": "yes"})


def test_totals_are_counted_anew_also_of_hidden_captions(administrator):
    leaving, staying = UserFactory(), UserFactory()
    shown, hidden = CaptionFactory(), CaptionFactory()
    for caption in (shown, hidden):
        vote_cast(person=leaving, caption_id=caption.pk, value=-1)
        vote_cast(person=staying, caption_id=caption.pk, value=1)
    Caption.everything.filter(pk=hidden.pk).update(hidden_at=timezone.now())
    page = administrator.get(f"/admin/accounts/user/{leaving.pk}/delete/").content.decode()
    assert "Are you sure" in page
    assert "have permission" not in page
    assert delete(administrator, leaving).status_code == 302
    assert not User.objects.filter(pk=leaving.pk).exists()
    for caption in Caption.everything.filter(pk__in=[shown.pk, hidden.pk]):
        assert (caption.up_votes, caption.down_votes) == (1, 0)
    assert Vote.objects.count() == 2


def test_photos_go_with_their_files_and_words_stay_without_a_name(
    administrator, django_capture_on_commit_callbacks
):
    leaving = UserFactory()
    own, other = ImageFactory(owner=leaving), ImageFactory(owner=UserFactory())
    default_storage.save(own.original, ContentFile(b"a photo"))
    text = annotation_edit(
        person=leaving, image_id=other.pk, language="en", text="A cat.", base_version=0
    )
    with django_capture_on_commit_callbacks(execute=True):
        delete(administrator, leaving)
    assert list(Image.objects.all()) == [other]
    assert not default_storage.exists(own.original)
    text.refresh_from_db()
    assert (text.text, text.author) == ("A cat.", None)


def test_many_at_once(administrator):
    people = [UserFactory(), UserFactory()]
    caption = CaptionFactory()
    for person in people:
        vote_cast(person=person, caption_id=caption.pk, value=1)
    chosen = {"action": "delete_selected", "_selected_action": [one.pk for one in people]}
    administrator.post("/admin/accounts/user/", chosen | {"post": "yes"})
    caption.refresh_from_db()
    assert (caption.up_votes, User.objects.filter(pk__in=[one.pk for one in people]).count()) == (
        0,
        0,
    )
