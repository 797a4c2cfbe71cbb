"""Backup and restore: what comes out in an empty instance is what went in, or nothing changes."""

import json
import os
import subprocess
import sys
from contextlib import closing
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from capsite.backup.archive import verified
from capsite.backup.database import migrations_unknown, row_counts
from capsite.backup.errors import BackupError
from gallery.models import Image
from tests.factories.photos import photo_bytes
from tests.factories.rows import CaptionFactory, ImageFactory, UserFactory, VoteFactory

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def archive(transactional_db, tmp_path) -> Path:
    """Back up an instance of two photos, one with a caption that has a vote."""
    for number in range(2):
        image = ImageFactory(owner=UserFactory())
        default_storage.save(image.original, ContentFile(photo_bytes(number)))
        image.variants = []
        image.save()
    VoteFactory(caption=CaptionFactory(image=image))
    path = tmp_path / "site.tar"
    call_command("backup", str(path), stdout=StringIO())
    return path


@pytest.fixture
def empty_instance(transactional_db, tmp_path):
    """The environment of an instance with an empty database and no files."""
    name = f"restored_{os.getpid()}"
    given = connection.get_connection_params()
    server = {key: given[key] for key in ("host", "user", "password", "port") if given.get(key)}
    with closing(psycopg2.connect(dbname="postgres", **server)) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
            parts = urlsplit(os.environ["DATABASE_URL"])
            url = urlunsplit(parts._replace(path=f"{parts.path.rpartition('/')[0]}/{name}"))
            yield os.environ | {
                "DATABASE_URL": url,
                "CAPSITE_MEDIA": str(tmp_path / "restored"),
                "DJANGO_SETTINGS_MODULE": "capsite.settings.dev",
            }
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def restored(environment, *arguments) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "restore", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_empty_instance_gets_every_row_and_every_byte(archive, empty_instance, tmp_path):
    done = restored(empty_instance, archive)
    assert done.returncode == 0, done.stderr
    manifest = verified(archive)
    shown = subprocess.run(
        [sys.executable, "-c", COUNTS],
        cwd=ROOT,
        env=empty_instance,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(shown.stdout) == manifest.counts == row_counts()
    assert manifest.counts["captions_vote"] == 1
    images = Image.objects.all()
    assert len(images) == 2
    for image in images:
        with default_storage.open(image.original) as kept:
            assert (tmp_path / "restored" / image.original).read_bytes() == kept.read()
    again = restored(empty_instance, archive)
    assert again.returncode == 1
    assert "holds 2 photos. --replace puts" in again.stderr
    assert restored(empty_instance, archive, "--replace").returncode == 0


COUNTS = """
import django, json; django.setup()
from capsite.backup.database import row_counts
print(json.dumps(row_counts()))
"""


@pytest.mark.parametrize("harm", ["cut", "flipped"])
def test_a_damaged_archive_changes_nothing(archive, empty_instance, tmp_path, harm):
    data = bytearray(archive.read_bytes())
    if harm == "cut":
        del data[len(data) // 2 :]
    else:
        data[2000] ^= 1
    archive.write_bytes(data)
    with pytest.raises(BackupError, match=r"not a whole backup|is damaged"):
        verified(archive)
    done = restored(empty_instance, archive)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "restored" / "photos").exists()


def test_a_lost_file_is_named_and_spoils_nothing(archive, tmp_path):
    image = Image.objects.latest("pk")
    default_storage.delete(image.original)
    path = tmp_path / "second.tar"
    with pytest.raises(CommandError, match=f"lost 1 files, first {image.original}") as stopped:
        call_command("backup", str(path), stdout=StringIO())
    assert stopped.value.returncode == 2
    assert verified(path).missing == [image.original]


def test_a_photo_deleted_meanwhile_stays_deleted(archive, monkeypatch):
    image = Image.objects.latest("pk")
    monkeypatch.setattr(
        "capsite.backup.save._names", lambda one: _deleted(one) if one == image else [one.original]
    )
    path = archive.with_name("second.tar")
    call_command("backup", str(path), stdout=StringIO())
    assert verified(path).gone == [str(image.pk)]
    assert verified(path).missing == []


def _deleted(image: Image) -> list[str]:
    default_storage.delete(image.original)
    Image.objects.filter(pk=image.pk).delete()
    return [image.original]


def test_a_file_that_is_there_is_kept(archive):
    before = archive.read_bytes()
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", str(archive), stdout=StringIO())
    assert archive.read_bytes() == before


def test_a_restore_waits_until_nothing_else_uses_the_database(archive, settings):
    with pytest.raises(CommandError, match=r"connections to this database are open|--replace"):
        call_command("restore", str(archive), stdout=StringIO())
    params = connection.get_connection_params()
    plain = {
        key: params[key] for key in ("dbname", "host", "user", "password", "port") if key in params
    }
    with (
        closing(psycopg2.connect(**plain, application_name="a worker")),
        pytest.raises(CommandError, match="a worker"),
    ):
        call_command("restore", str(archive), "--replace", stdout=StringIO())
    assert Image.objects.count() == 2


def test_only_later_migrations_are_unknown():
    assert migrations_unknown({"gallery": ["0001_initial"], "auth": ["0001_squashed"]}) == []
    assert migrations_unknown({"gallery": ["9999_later"]}) == ["gallery.9999_later"]
    assert migrations_unknown({"another": ["0001_initial"]}) == ["another.0001_initial"]
