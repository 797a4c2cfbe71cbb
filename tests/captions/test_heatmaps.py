"""Heat maps through the API and the worker: one computation for all askers, none lost."""

import threading
from datetime import timedelta

import pytest
from celery import current_app
from django.contrib.auth.models import AnonymousUser
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from captions.access import caption_for
from captions.heatmaps import ATTEMPTS, heatmap_ask, heatmap_claim, heatmap_store
from captions.models import Caption, CaptionHeatmap, CaptionModel, ModelRole
from gallery.models import Image
from gallery.services.uploads import image_upload
from tests.factories import CaptionFactory, ImageFactory, ModelFactory, UserFactory, photo_bytes
from workers.heatmaps import drain_heatmaps
from workers.pipeline.errors import OutOfMemory

pytestmark = pytest.mark.django_db
PAYLOAD = {"model": "tiny 0123456789ab", "box": [0, 0, 1, 1], "words": []}


@pytest.fixture
def woken(monkeypatch) -> list[str]:
    """The tasks that were sent."""
    sent: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_options: sent.append(name))
    return sent


@pytest.fixture
def model() -> CaptionModel:
    """A version that serves English."""
    made = ModelFactory()
    ModelRole.objects.create(
        language="en", role="active", model=made, chosen_by="default", since=timezone.now()
    )
    return made


@pytest.fixture
def caption(model) -> Caption:
    """A caption of a photo that lies in the storage."""
    image = image_upload(data=photo_bytes(1), name="one.jpg", person=AnonymousUser()).image
    return CaptionFactory(image=image, model=model, text="A plain red picture.")


def ask(client, caption: Caption, **query):
    return client.get(f"/api/v1/captions/{caption.pk}/heatmap/", query)


def age(**delta) -> None:
    """Let every heat map's times lie further back."""
    for row in CaptionHeatmap.objects.all():
        row.asked_at -= timedelta(**delta)
        if row.lease_expires_at:
            row.lease_expires_at -= timedelta(**delta)
        row.save()


@pytest.mark.parametrize("method", ["attention", "grad-cam"])
def test_asking_makes_it(
    client, caption, model, tiny_captioner, woken, django_capture_on_commit_callbacks, method
):
    with django_capture_on_commit_callbacks(execute=True):
        first = ask(client, caption, method=method)
    assert first.status_code == 202
    assert first["Retry-After"] == "1"
    expected = {"caption": str(caption.pk), "method": method, "state": "waiting"}
    assert first.json() == expected
    assert woken == ["workers.heatmaps"]

    assert drain_heatmaps({model: tiny_captioner}) == 1
    body = ask(client, caption, method=method).json()

    assert {key: body[key] for key in ("caption", "method", "model", "box")} == {
        "caption": str(caption.pk),
        "method": method,
        "model": str(model),
        "box": [0, 0, 1, 1],
    }
    assert [word["text"] for word in body["words"]] == ["A", "plain", "red", "picture"]
    for word in body["words"]:
        assert caption.text[word["start"] : word["end"]] == word["text"]
        total = sum(map(sum, word["grid"]))
        assert total == pytest.approx(1, abs=1e-4) or (method == "grad-cam" and total == 0)
    assert drain_heatmaps({model: tiny_captioner}) == 0


def test_attention_is_what_one_gets_without_asking_for_more(client, caption):
    assert ask(client, caption).json()["method"] == "attention"
    refused = ask(client, caption, method="magic")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_choice")
    assert refused.json()["field"] == "method"


def test_a_persons_caption_is_explained_by_the_active_version(client, model, tiny_captioner):
    image = image_upload(data=photo_bytes(2), name="two.jpg", person=AnonymousUser()).image
    facts = {"model": None, "confidence": None, "log_probability": None, "strategy": ""}
    caption = CaptionFactory(image=image, origin="person", text="Red, I say!", **facts)
    assert ask(client, caption).status_code == 202
    drain_heatmaps({model: tiny_captioner})
    words = ask(client, caption).json()["words"]
    assert [word["text"] for word in words] == ["Red", "I", "say"]

    turkish = CaptionFactory(image=image, origin="person", language="tr", **facts)
    refused = ask(client, turkish)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_active_model")


def test_what_another_version_wrote_is_not_explained_by_this_one(client, caption):
    gone = ModelFactory(revision="ba9876543210")
    old = CaptionFactory(image=caption.image, model=gone)
    refused = ask(client, old)
    assert (refused.status_code, refused.json()["code"]) == (409, "model_not_loaded")
    assert refused.json()["model"] == str(gone)
    assert not CaptionHeatmap.objects.exists()

    CaptionHeatmap.objects.create(
        caption=old,
        method="attention",
        model=gone,
        state="ready",
        payload=PAYLOAD,
        asked_at=timezone.now(),
    )
    assert ask(client, old).status_code == 200  # made while the version was in use


def test_translated_words_were_never_looked_for(client, caption):
    translated = CaptionFactory(image=caption.image, model=caption.model, language="tr")
    refused = ask(client, translated)
    assert (refused.status_code, refused.json()["code"]) == (422, "caption_translated")
    assert not CaptionHeatmap.objects.exists()


def test_a_worker_answers_for_its_own_versions_alone(client, caption, tiny_captioner):
    ask(client, caption)
    other = ModelFactory(revision="ba9876543210")
    assert drain_heatmaps({other: tiny_captioner}) == 0
    assert CaptionHeatmap.objects.get().state == "waiting"


def test_private_photos_have_no_heat_maps_for_others(client, model):
    owner = UserFactory()
    caption = CaptionFactory(image=ImageFactory(owner=owner, visibility="private"), model=model)
    assert ask(client, caption).status_code == 404
    client.force_login(UserFactory())
    assert ask(client, caption).status_code == 404
    assert not CaptionHeatmap.objects.exists()
    client.force_login(owner)
    assert ask(client, caption).status_code == 202
    nowhere = client.get("/api/v1/captions/00000000-0000-4000-8000-000000000000/heatmap/")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")


def test_queries_do_not_grow(client, caption, django_assert_num_queries):
    ask(client, caption)
    with django_assert_num_queries(4):  # caption, heat map, role, is it time to wake again
        assert ask(client, caption).status_code == 202
    heatmap_store(CaptionHeatmap.objects.get(), PAYLOAD)
    with django_assert_num_queries(2):  # caption with photo and model, heat map
        assert ask(client, caption).status_code == 200


@pytest.mark.parametrize(
    ("data", "code"), [(b"no photo any more", "photo_unreadable"), (None, "photo_missing")]
)
def test_a_failure_has_a_reason_and_can_be_asked_again_later(
    client, caption, model, tiny_captioner, woken, data, code
):
    ask(client, caption)
    with default_storage.open(caption.image.original) as file:
        good = file.read()
    default_storage.delete(caption.image.original)
    if data:
        with default_storage.open(caption.image.original, "wb") as file:
            file.write(data)
    drain_heatmaps({model: tiny_captioner})

    refused = ask(client, caption)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["message"].endswith(".")
    assert drain_heatmaps({model: tiny_captioner}) == 0

    with default_storage.open(caption.image.original, "wb") as file:
        file.write(good)
    age(seconds=61)
    assert ask(client, caption).status_code == 202
    drain_heatmaps({model: tiny_captioner})
    assert ask(client, caption).status_code == 200


class Broken:
    """A captioner that cannot even look."""

    def __init__(self, error: Exception, captioner) -> None:
        self.error, self.config, self.languages = error, captioner.config, captioner.languages

    def pre(self, _request):
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"), [(OutOfMemory(), "out_of_memory"), (ZeroDivisionError(), "inference_failed")]
)
def test_whatever_the_captioner_throws_ends_no_worker(
    client, caption, model, tiny_captioner, error, code
):
    ask(client, caption)
    assert drain_heatmaps({model: Broken(error, tiny_captioner)}) == 1
    assert ask(client, caption).json()["code"] == code


def test_a_killed_worker_loses_nothing(
    client, caption, model, tiny_captioner, woken, django_capture_on_commit_callbacks
):
    ask(client, caption)
    assert heatmap_claim([model])  # and then it is killed
    age(seconds=10)
    with django_capture_on_commit_callbacks(execute=True):
        assert ask(client, caption).status_code == 202
    assert woken == []  # its lease still runs: somebody may be at work
    assert heatmap_claim([model]) is None

    age(seconds=30)
    with django_capture_on_commit_callbacks(execute=True):
        ask(client, caption)
        ask(client, caption)
    assert woken == ["workers.heatmaps"]
    drain_heatmaps({model: tiny_captioner})
    assert ask(client, caption).status_code == 200


def test_a_lost_wake_up_is_made_good_by_asking(
    client, caption, woken, django_capture_on_commit_callbacks
):
    ask(client, caption)  # this wake-up never arrives
    with django_capture_on_commit_callbacks(execute=True):
        ask(client, caption)
    assert woken == []
    age(seconds=4)
    with django_capture_on_commit_callbacks(execute=True):
        ask(client, caption)
    assert woken == ["workers.heatmaps"]


def test_one_that_kills_every_worker_fails_at_last(client, caption, model):
    ask(client, caption)
    for _life in range(ATTEMPTS):
        assert heatmap_claim([model])
        age(minutes=1)
    assert heatmap_claim([model]) is None
    refused = ask(client, caption)
    assert (refused.status_code, refused.json()["code"]) == (422, "worker_lost")


def test_the_second_answer_changes_nothing(client, caption, model):
    ask(client, caption)
    heatmap = heatmap_claim([model])
    assert heatmap_store(heatmap, PAYLOAD) is True
    assert heatmap_store(heatmap, PAYLOAD | {"words": [1]}) is False
    assert CaptionHeatmap.objects.get().payload == PAYLOAD


def test_it_goes_with_its_photo(client, caption):
    ask(client, caption)
    Image.objects.all().delete()
    assert not CaptionHeatmap.objects.exists()


def test_it_stops_when_it_is_told_to(client, caption, model, tiny_captioner):
    ask(client, caption)
    assert drain_heatmaps({model: tiny_captioner}, stopping=lambda: True) == 0


@pytest.mark.django_db(transaction=True)
def test_twenty_askers_share_one_computation(caption, model, tiny_captioner, woken):
    start = threading.Barrier(20)
    states: list[str] = []

    def one() -> None:
        start.wait()
        found = caption_for(AnonymousUser(), caption.pk)
        states.append(heatmap_ask(caption=found, method="attention").state)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert states == ["waiting"] * 20
    assert woken == ["workers.heatmaps"]
    assert CaptionHeatmap.objects.count() == 1

    worked: list[int] = []

    def work() -> None:
        worked.append(drain_heatmaps({model: tiny_captioner}))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert sum(worked) == 1
    heatmap = CaptionHeatmap.objects.get()
    assert (heatmap.state, heatmap.attempts) == ("ready", 1)
