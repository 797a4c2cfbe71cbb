"""Administrators look at photos and jobs, delete photos with all that hangs on them, and retry."""

import pytest
from django.contrib.auth.models import AnonymousUser

from captions.models import Caption
from gallery.models import CaptionJob, Image
from gallery.services.uploads import image_upload
from tests.factories import CaptionFactory, JobFactory, UserFactory, photo_bytes

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
