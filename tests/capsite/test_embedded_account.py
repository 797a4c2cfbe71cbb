"""What capsite opens, and what it refuses, when PostgreSQL runs as another account."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from capsite.embedded import EmbeddedError
from capsite.embedded.account import open_programs, open_the_way, private_directory


@pytest.fixture
def closed(tmp_path_factory):
    """A directory that only its owner enters, below one that everybody may."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        yield Path(name)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_parents_are_opened_for_passing_only_and_strangers_directories_are_named(closed):
    var = closed / "var"
    target = var / "postgres" / "data"
    target.mkdir(parents=True)
    var.chmod(0o700)
    said: list[str] = []

    open_the_way(target, made_by_capsite=var, say=said.append)

    assert mode(closed) == 0o701
    assert mode(var) == 0o701
    assert len(said) == 1
    assert f"Opened {closed} " in said[0]


def test_what_is_open_stays_as_it_is(closed):
    closed.chmod(0o755)
    said: list[str] = []
    open_the_way(closed / "x", made_by_capsite=closed, say=said.append)
    assert mode(closed) == 0o755
    assert said == []


def test_programs_closed_by_a_strict_umask_become_readable(closed):
    program, library = closed / "postgres", closed / "libpq.so"
    program.touch(mode=0o700)
    library.touch(mode=0o600)
    open_programs([closed])
    assert (mode(closed), mode(program), mode(library)) == (0o705, 0o705, 0o604)


def test_a_private_directory_is_private_even_if_it_was_not(closed):
    directory = closed / "valkey"
    directory.mkdir(mode=0o777)
    private_directory(directory, None)
    assert mode(directory) == 0o700


def test_a_link_put_in_its_place_is_refused(closed):
    (closed / "elsewhere").mkdir()
    (closed / "valkey").symlink_to(closed / "elsewhere")
    with pytest.raises(EmbeddedError, match="belongs to another user"):
        private_directory(closed / "valkey", None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_refused(closed):
    directory = closed / "valkey"
    directory.mkdir()
    os.chown(directory, 12345, 12345)
    with pytest.raises(EmbeddedError, match="number 12345"):
        private_directory(directory, None)
