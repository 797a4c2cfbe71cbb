"""A photo comes in: stored once, with its job, and nothing is left of what is refused."""

import errno
import threading
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client

from capsite.common.errors import CapsiteError
from gallery.models import CaptionJob, Image
from gallery.models.job import State
from gallery.services.files import ORPHAN_AGE, orphans_sweep
from gallery.services.uploads import image_upload
from tests.badfiles import BAD_FILES
from tests.factories import JobFactory, UserFactory, photo_bytes

VISITOR = AnonymousUser()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def send(client: Client, data: bytes, name: str = "photo.jpg"):
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile(name, data, content_type="application/octet-stream")
    return client.post("/uploads/", {"image": file}, headers={"accept": "application/json"})


@pytest.mark.django_db
def test_upload_stores_photo_derivatives_and_job(photo, media):
    upload = image_upload(data=photo, name="A day out.JPG", person=VISITOR)

    image = Image.objects.get()
    assert (image.title, image.format, image.width, image.height) == ("A day out", "jpeg", 320, 240)
    assert upload.job.state == State.QUEUED
    assert upload.existing is False
    assert image.placeholder.startswith("data:image/webp;base64,")
    names = {path.name for path in files_in(media)}
    assert names == {"original.jpeg", *(f"{variant['name']}.webp" for variant in image.variants)}


@pytest.mark.django_db
def test_same_bytes_are_the_same_photo_and_job(photo, media):
    first = image_upload(data=photo, name="one.jpg", person=VISITOR)
    stored = len(files_in(media))
    second = image_upload(data=photo, name="two.jpg", person=VISITOR)

    assert second.image == first.image
    assert second.job == first.job
    assert second.existing is True
    assert len(files_in(media)) == stored


@pytest.mark.django_db
def test_a_private_photo_is_not_found_by_others(photo):
    owner, other = UserFactory(), UserFactory()
    mine = image_upload(data=photo, name="mine.jpg", person=owner)
    Image.objects.update(visibility="private")

    theirs = image_upload(data=photo, name="theirs.jpg", person=other)

    assert theirs.image != mine.image
    assert image_upload(data=photo, name="again.jpg", person=owner).image == mine.image


@pytest.mark.django_db
def test_a_failed_photo_sent_again_is_tried_again(photo):
    first = image_upload(data=photo, name="one.jpg", person=VISITOR)
    CaptionJob.objects.all().delete()
    JobFactory(image=first.image, failed=True)

    again = image_upload(data=photo, name="one.jpg", person=VISITOR)

    assert again.existing
    assert again.job.state == State.QUEUED


@pytest.mark.django_db
def test_visitors_are_refused_where_the_site_says_so(photo, settings, client):
    settings.CAPSITE_ANONYMOUS_UPLOADS = False

    answer = send(client, photo)

    assert answer.status_code == 403
    assert answer.json()["code"] == "sign_in_required"
    assert not Image.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.name)
def test_bad_uploads_get_one_sentence_and_leave_nothing(bad, client, media):
    answer = send(client, bad.data, bad.name)

    error = answer.json()
    assert 400 <= answer.status_code < 500
    assert error["code"] == bad.code
    assert error["message"].endswith(".")
    assert error["message"].count("\n") == 0
    assert not Image.objects.exists()
    assert files_in(media) == []


@pytest.mark.django_db
def test_a_form_without_a_photo_says_what_is_missing(client):
    answer = client.post("/uploads/", {"image": "text"}, headers={"accept": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["code"] == "image_missing"


@pytest.mark.django_db
def test_file_names_are_only_text(client, photo):
    for name in ("../../etc/passwd", "<script>alert(1)</script>.jpg", "a\u202ejpg.exe", "x" * 900):
        send(client, photo, name)
    image = Image.objects.get()
    assert "/" not in image.title
    assert len(image.title) <= 255


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_with_the_same_bytes_are_one_photo(photo, media):
    barrier = threading.Barrier(8)
    images, errors = [], []

    def upload() -> None:
        barrier.wait()
        try:
            images.append(image_upload(data=photo, name="p.jpg", person=VISITOR).image.pk)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=upload) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert len(set(images)) == 1
    assert Image.objects.count() == CaptionJob.objects.count() == 1
    assert len({path.parent for path in files_in(media)}) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "storage_full"), (errno.EIO, "storage_away")]
)
def test_a_failed_write_is_one_sentence_and_leaves_no_file(photo, media, monkeypatch, number, code):
    def explode(*args, **kwargs):
        raise OSError(number, "No space left on device")

    monkeypatch.setattr("gallery.services.files.derivatives", explode)
    with pytest.raises(CapsiteError) as refused:
        image_upload(data=photo, name="p.jpg", person=VISITOR)
    assert (refused.value.code, refused.value.status) == (code, 503)

    assert not Image.objects.exists()
    assert files_in(media) == []


@pytest.mark.django_db
def test_orphan_folders_are_swept_once_they_are_old(photo, media, monkeypatch):
    kept = image_upload(data=photo, name="p.jpg", person=VISITOR).image
    gone = image_upload(data=photo_bytes(1), name="q.jpg", person=VISITOR).image
    Image.objects.filter(pk=gone.pk).delete()

    assert orphans_sweep() == 0
    (media / "photos" / "lost+found" / "not-ours").mkdir(parents=True)
    monkeypatch.setattr("gallery.services.files.ORPHAN_AGE", ORPHAN_AGE * 0)
    monkeypatch.setattr("gallery.services.files.CHUNK", 1)
    assert orphans_sweep() == 1
    assert {path.parent.name for path in files_in(media)} == {str(kept.pk)}


@pytest.mark.django_db
def test_refusals_are_typed(photo):
    with pytest.raises(CapsiteError) as caught:
        image_upload(data=b"", name="p.jpg", person=VISITOR)
    assert (caught.value.code, caught.value.status) == ("file_empty", 400)
