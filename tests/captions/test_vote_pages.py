"""Votes and reports on the photo page: who may, what one sees, and what a bad form is told."""

import pytest
from django.test import Client

from captions.models import Caption, ModerationCase, Vote
from captions.services.votes import vote_cast
from gallery.models import Image
from tests.factories import CaptionFactory, ImageFactory, JobFactory, UserFactory

pytestmark = pytest.mark.django_db

SCRIPT = {"hx-request": "true"}
PRESSED = 'aria-pressed="true"'


@pytest.fixture
def member(client):
    """The person whose browser ``client`` is."""
    person = UserFactory()
    client.force_login(person)
    return person


def totals(caption: Caption) -> tuple[int, int]:
    row = Caption.everything.get(pk=caption.pk)
    return row.up_votes, row.down_votes


def vote(client: Client, caption: Caption, value: object, **headers: str):
    address = f"/captions/{caption.pk}/vote/"
    return client.post(address, {"value": value}, headers=headers)


def test_a_vote_is_cast_changed_and_taken_back(client, member):
    caption = CaptionFactory()
    for value, expected in [("1", (1, 0)), ("1", (1, 0)), ("-1", (0, 1)), ("0", (0, 0))]:
        answer = vote(client, caption, value, **SCRIPT)
        assert answer.status_code == 200
        assert totals(caption) == expected
        assert answer.content.decode().count(PRESSED) == (value != "0")


def test_a_script_gets_the_votes_alone_and_a_browser_goes_back(client, member):
    caption = CaptionFactory()
    text = vote(client, caption, "1", **SCRIPT).content.decode()
    assert f'id="votes-{caption.pk}"' in text
    assert "<html" not in text
    assert "data-read-at" in text
    answer = vote(client, caption, "-1")
    assert answer.status_code == 302
    assert answer["Location"] == f"/photos/{caption.image_id}/#caption-{caption.pk}"
    # htmx asks for whole pages too, when it follows a link.
    boosted = vote(client, caption, "1", **SCRIPT, **{"hx-boosted": "true"})
    assert boosted.status_code == 302


def test_my_vote_is_pressed_and_others_votes_only_count(client, member):
    caption = CaptionFactory()
    vote_cast(person=UserFactory(), caption_id=caption.pk, value=1)
    page = f"/photos/{caption.image_id}/"
    text = client.get(page).content.decode()
    assert '<span data-count="up">1</span>' in text
    assert PRESSED not in text
    vote_cast(person=member, caption_id=caption.pk, value=1)
    for address in (page, f"{page}captions/"):
        text = client.get(address).content.decode()
        assert '<span data-count="up">2</span>' in text
        assert text.count(PRESSED) == 1


def test_visitors_see_the_totals_and_the_way_to_sign_in(client):
    caption = CaptionFactory()
    vote_cast(person=UserFactory(), caption_id=caption.pk, value=-1)
    text = client.get(f"/photos/{caption.image_id}/captions/").content.decode()
    assert '<span data-count="down">1</span>' in text
    assert f"/account/login/?next=/photos/{caption.image_id}/" in text
    assert "/vote/" not in text
    held = f"http://testserver/photos/{caption.image_id}/"
    answer = vote(client, caption, "1", referer=held)
    assert answer["Location"] == f"/account/login/?next=/photos/{caption.image_id}/"
    elsewhere = vote(client, caption, "1", referer="https://example.org/evil/")
    assert elsewhere["Location"] == "/account/login/?next=/"
    refused = vote(client, caption, "1", **SCRIPT)
    assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_required")
    assert totals(caption) == (0, 1)


@pytest.mark.parametrize("value", ["", "2", "-2", "up", "1.5", "9" * 400, "\0"])
def test_a_bad_vote_is_one_clear_error(client, member, value):
    caption = CaptionFactory()
    answer = vote(client, caption, value, **SCRIPT)
    assert answer.status_code == 400
    assert answer.json()["field"] == "value"
    assert vote(client, caption, value).status_code == 400
    assert totals(caption) == (0, 0)


def test_a_private_photo_of_another_has_no_votes(client, member):
    caption = CaptionFactory(image=ImageFactory(owner=UserFactory(), visibility="private"))
    assert vote(client, caption, "1", **SCRIPT).status_code == 404
    assert client.get(f"/captions/{caption.pk}/report/").status_code == 404


def test_a_vote_needs_the_forms_token(member):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member)
    assert vote(strict, CaptionFactory(), "1").status_code == 403


def test_a_report_has_a_reason_and_counts_as_a_vote_against(client, member):
    caption = CaptionFactory()
    address = f"/captions/{caption.pk}/report/"
    assert caption.text in client.get(address).content.decode()
    form = client.get(address, headers=SCRIPT).content.decode()
    assert "<html" not in form
    answer = client.post(address, {"reason": " It  insults. "}, headers=SCRIPT)
    assert answer.status_code == 200
    assert answer["HX-Retarget"] == f"#votes-{caption.pk}"
    assert "You reported this" in answer.content.decode()
    row = Vote.objects.get()
    assert (row.voter, row.value, row.harmful, row.reason) == (member, -1, True, "It insults.")
    assert client.post(address, {"reason": "Again."}).status_code == 302
    vote(client, caption, "0")
    assert not Vote.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_report_without_a_fitting_reason_keeps_the_form(client, member, reason):
    caption = CaptionFactory()
    for headers in (SCRIPT, {}):
        answer = client.post(f"/captions/{caption.pk}/report/", {"reason": reason}, headers=headers)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.content.decode()
    assert not Vote.objects.exists()


def test_reports_enough_open_a_case(client, member, settings):
    settings.CAPSITE_MODERATION_REPORTS = 1
    caption = CaptionFactory()
    client.post(f"/captions/{caption.pk}/report/", {"reason": "It insults."})
    assert ModerationCase.objects.get().caption == caption


def test_a_hidden_caption_is_on_no_page(client, member):
    from django.utils import timezone

    caption = CaptionFactory(text="a hidden thing")
    Caption.everything.filter(pk=caption.pk).update(hidden_at=timezone.now())
    for address in (f"/photos/{caption.image_id}/", f"/photos/{caption.image_id}/captions/"):
        assert "a hidden thing" not in client.get(address).content.decode()
    assert vote(client, caption, "1").status_code == 404


@pytest.mark.parametrize("count", [1, 12])
def test_the_captions_of_a_member_take_the_same_queries(client, member, count):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    image = JobFactory(done=True).image
    for caption in CaptionFactory.create_batch(count, image=image):
        vote_cast(person=member, caption_id=caption.pk, value=1)
    address = f"/photos/{Image.objects.get().pk}/captions/"
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).content.decode().count(PRESSED) == count
    # session, member; photo, jobs, captions, models; published texts, votes
    assert len(queries) == 8, [query["sql"][:80] for query in queries]
