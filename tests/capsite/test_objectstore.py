"""Photos in a bucket: SeaweedFS, a real S3 server, takes the place of the disk."""

import json
import secrets
import shutil
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
import requests
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.urls import reverse

from capsite.common.objectstore import StorageAway
from gallery.models import CaptionJob, Image
from gallery.models.image import Visibility
from gallery.services.files import orphans_sweep
from gallery.services.images import image_delete
from tests.factories.photos import photo_bytes
from tests.factories.rows import UserFactory

WEED = Path(sys.executable).with_name("weed")
KEYS = {"aws_access_key_id": "capsite", "aws_secret_access_key": "only-for-the-test-suite"}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The address of an S3 server that nobody else uses."""
    folder = tmp_path_factory.mktemp("weed")
    identity = {"accessKey": KEYS["aws_access_key_id"], "secretKey": KEYS["aws_secret_access_key"]}
    access = [{"name": "capsite", "credentials": [identity], "actions": ["Admin"]}]
    (folder / "s3.json").write_text(json.dumps({"identities": access}))
    names = ("s3.port", "master.port", "volume.port", "filer.port")
    given = {name: _free_port() for name in names}
    given |= {f"{name}.grpc": _free_port() for name in names}
    options = [f"-{name}={port}" for name, port in given.items()]
    command = [str(WEED), "server", "-s3", f"-s3.config={folder}/s3.json", f"-dir={folder}"]
    process = subprocess.Popen(
        [*command, *options, "-ip=127.0.0.1", "-volume.max=100", "-master.volumeSizeLimitMB=64"],
        cwd=folder,
        stdout=(folder / "log").open("w"),
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{given['s3.port']}"
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **KEYS)
    try:
        _await(client, process, folder / "log")
        yield address
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _await(client, process, log: Path) -> None:
    for _attempt in range(120):
        try:
            return client.list_buckets()
        except (BotoCoreError, ClientError):
            assert process.poll() is None, log.read_text()[-2000:]
            time.sleep(0.5)
    raise AssertionError(log.read_text()[-2000:])


def _options(address: str, name: str) -> dict:
    return {
        "BACKEND": "capsite.common.objectstore.ObjectStorage",
        "OPTIONS": {
            "bucket_name": name,
            "endpoint_url": address,
            "region_name": "us-east-1",
            "access_key": KEYS["aws_access_key_id"],
            "secret_key": KEYS["aws_secret_access_key"],
            "addressing_style": "path",
            "signature_version": "s3v4",
            "querystring_expire": 60,
        },
    }


@pytest.fixture
def in_bucket(bucket, settings):
    """Photos are stored in a bucket of the test's own, and browsers are sent there."""
    name = f"photos-{secrets.token_hex(4)}"
    client = boto3.client("s3", endpoint_url=bucket, region_name="us-east-1", **KEYS)
    client.create_bucket(Bucket=name)
    _use(settings, bucket, name)
    settings.CAPSITE_S3_SIGNED = True


def _use(settings, address: str, name: str = "photos") -> None:
    settings.STORAGES = settings.STORAGES | {"default": _options(address, name)}
    assert storages["default"].endpoint_url == address


def _uploaded(client, **fields) -> Image:
    answer = client.post(
        "/api/v1/captions", {"image": ContentFile(photo_bytes(7), "dog.jpg"), **fields}
    )
    assert answer.status_code == 202, answer.content
    return Image.objects.get(pk=answer.json()["image"]["id"])


def _smallest(image: Image) -> str:
    return reverse("gallery:derivative", args=[image.pk, image.variants[0]["name"]])


def test_a_photo_is_stored_shown_by_a_signed_address_and_deleted(
    client, db, in_bucket, django_capture_on_commit_callbacks
):
    owner = UserFactory()
    client.force_login(owner)
    image = _uploaded(client)
    assert default_storage.open(image.original).read() == photo_bytes(7)
    shown = client.get(_smallest(image))
    assert shown.status_code == 302, shown.content
    assert shown["Cache-Control"].startswith("private, max-age=")
    picture = requests.get(shown["Location"], timeout=10)
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/webp")
    unsigned = requests.get(shown["Location"].partition("?")[0], timeout=10)
    assert unsigned.status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        image_delete(person=owner, image_id=image.pk)
    assert requests.get(shown["Location"], timeout=10).status_code == 404


def test_a_private_photo_gets_no_address_for_others(client, db, in_bucket):
    client.force_login(UserFactory())
    image = _uploaded(client)
    Image.objects.filter(pk=image.pk).update(visibility=Visibility.PRIVATE)
    client.force_login(UserFactory())
    assert client.get(_smallest(image)).status_code == 404


def test_the_sweep_finds_what_a_crash_left_in_the_bucket(db, in_bucket, monkeypatch):
    name = "photos/ab/ab000000-0000-4000-8000-000000000000/original.jpeg"
    default_storage.save(name, ContentFile(b"left"))
    assert orphans_sweep() == 0  # an upload may still be on its way
    monkeypatch.setattr("gallery.services.files.ORPHAN_AGE", timedelta(0))
    assert orphans_sweep() == 1
    assert not default_storage.exists(name)


def test_a_bucket_that_is_away_is_a_calm_503_and_nothing_is_kept(client, db, settings, bucket):
    _use(settings, f"http://127.0.0.1:{_free_port()}")
    client.force_login(UserFactory())
    with pytest.raises(StorageAway, match="cannot be reached"):
        default_storage.open("photos/a")
    answer = client.post("/api/v1/captions", {"image": ContentFile(photo_bytes(8), "dog.jpg")})
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_away")
    assert Image.objects.count() == CaptionJob.objects.count() == 0


def test_a_file_that_is_not_there_is_told_from_a_bucket_that_is_away(in_bucket, db):
    for question in (default_storage.open, default_storage.size):
        with pytest.raises(FileNotFoundError):
            question("photos/nobody")
    assert default_storage.listdir("photos/nobody") == ([], [])
