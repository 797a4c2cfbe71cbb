"""Administrators look at photos and jobs, delete photos with all that hangs on them, and retry."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache

from capsite.common.workermetrics import worker_metrics_publish
from capsite.common.workerstate import worker_pulse
from captions.models import Caption
from gallery.jobsboard import jobs_board
from gallery.models import CaptionJob, Image
from gallery.services.uploads import image_upload
from tests.factories import CaptionFactory, JobFactory, UserFactory, photo_bytes
from workers.serving.metrics import Metrics

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def image():
    image = image_upload(data=photo_bytes(3), name="p.jpg", person=AnonymousUser()).image
    CaptionFactory(image=image, job=CaptionJob.objects.get())
    return image


def test_deleting_a_photo_removes_captions_jobs_and_files(admin, image, media):
    page = admin.get(f"/admin/gallery/image/{image.pk}/delete/")
    assert page.status_code == 200
    assert "Yes, I" in page.content.decode()
    admin.post(f"/admin/gallery/image/{image.pk}/delete/", {"post": "yes"})
    assert not Image.objects.exists()
    assert not CaptionJob.objects.exists()
    assert not Caption.objects.exists()
    assert not [path for path in media.rglob("*") if path.is_file()]


def test_the_bulk_action_removes_files_too(admin, image, media):
    data = {"action": "delete_selected", "_selected_action": [str(image.pk)], "post": "yes"}
    admin.post("/admin/gallery/image/", data)
    assert not Image.objects.exists()
    assert not [path for path in media.rglob("*") if path.is_file()]


def test_failed_jobs_can_be_tried_again_in_bulk(admin):
    failed, done = JobFactory(failed=True), JobFactory(done=True)
    data = {"action": "retry", "_selected_action": [str(failed.pk), str(done.pk)]}
    admin.post("/admin/gallery/captionjob/", data)
    assert list(CaptionJob.objects.filter(state="queued").values_list("image", flat=True)) == [
        failed.image_id
    ]


def test_nobody_edits_or_deletes_a_job_or_a_caption(admin):
    job, caption = JobFactory(), CaptionFactory()
    assert admin.get("/admin/gallery/captionjob/add/").status_code == 403
    assert admin.post(f"/admin/gallery/captionjob/{job.pk}/delete/").status_code == 403
    address = f"/admin/captions/caption/{caption.pk}/change/"
    assert admin.post(address, {"text": "other"}).status_code == 403


@pytest.mark.parametrize(
    "address",
    ["gallery/image", "gallery/captionjob", "captions/caption", "captions/captionmodel"],
)
def test_every_list_opens(admin, image, address):
    assert admin.get(f"/admin/{address}/").status_code == 200


def test_failed_jobs_of_a_reason_are_tried_again_from_the_board(admin):
    failed = [JobFactory(failed=True), JobFactory(failed=True)]
    other = JobFactory(failed=True, error_code="worker_lost")
    page = admin.get("/admin/gallery/captionjob/").content.decode()
    assert "This photo cannot be read." in page
    data = {"action": "retry", "select_across": "1", "_selected_action": "all"}
    admin.post("/admin/gallery/captionjob/?state__exact=failed&error_code=photo_unreadable", data)
    queued = set(CaptionJob.objects.filter(state="queued").values_list("image", flat=True))
    assert queued == {job.image_id for job in failed}
    assert not CaptionJob.objects.filter(state="queued", image=other.image).exists()


def test_a_retry_says_what_has_captions_by_now_and_what_is_left(admin, monkeypatch):
    from gallery import admin as pages

    image = JobFactory(failed=True).image
    JobFactory(image=image, done=True)
    JobFactory.create_batch(2, failed=True)
    monkeypatch.setattr(pages, "MOST_RETRIED", 2)
    data = {"action": "retry", "select_across": "1", "_selected_action": "all"}
    page = admin.post("/admin/gallery/captionjob/", data, follow=True).content.decode()
    assert "1 are left: at most 2 are queued at once." in page
    monkeypatch.setattr(pages, "MOST_RETRIED", 50)
    page = admin.post("/admin/gallery/captionjob/", data, follow=True).content.decode()
    assert "have captions by now." in page


def test_the_board_shows_queues_workers_and_cache(admin):
    JobFactory()
    JobFactory(done=True)
    metrics = Metrics()
    metrics.count("capsite_caption_jobs_total", 7, outcome="done")
    metrics.count("capsite_feature_cache_hits_total", 3)
    metrics.count("capsite_feature_cache_misses_total", 1)
    metrics.batch(4, {"encode": 0.2})
    metrics.batch(2, {"encode": 0.1})
    worker_metrics_publish("w1", metrics.snapshot())
    worker_pulse("ready")
    board = jobs_board()
    assert (board.queued, board.captioning, board.done, board.failed) == (1, 0, 1, 0)
    assert (board.state, board.hit_share) == ("ready", 0.75)
    [worker] = [each for each in board.workers if each.name == "w1"]
    assert (worker.jobs, worker.batch, worker.stages) == (7, 3.0, [("encode", pytest.approx(150))])
    page = admin.get("/admin/gallery/captionjob/").content.decode()
    for words in ("w1", "75%", "3 of 4 lookups", "encode 150", "the first waits"):
        assert words in page


def test_the_board_stands_without_workers_redis_or_versions(admin, monkeypatch):
    from capsite.common import workermetrics, workerstate

    def away(*args):
        raise ConnectionError

    monkeypatch.setattr(workermetrics, "_redis", away)
    monkeypatch.setattr(workerstate.cache, "get_many", away, raising=False)
    page = admin.get("/admin/gallery/captionjob/")
    assert page.status_code == 200
    assert "No worker has given a sign" in page.content.decode()


def test_versions_are_on_the_board_for_who_may_see_them(admin, image):
    cache.clear()  # their use is counted once in five minutes
    page = admin.get("/admin/gallery/captionjob/").content.decode()
    model = Caption.objects.get().model
    assert f"/admin/captions/captionmodel/{model.pk}/change/" in page
    assert "en 1 captions, confidence 0.61" in page


def test_the_board_costs_a_fixed_number_of_queries(admin, django_assert_max_num_queries):
    for _more in range(2):
        JobFactory.create_batch(8, failed=True)
        with django_assert_max_num_queries(16):
            admin.get("/admin/gallery/captionjob/")
