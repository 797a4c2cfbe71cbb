"""Started by root: the account PostgreSQL runs as, and the paths that account must reach."""

import os
import pwd
import stat
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from capsite.embedded.errors import EmbeddedError

ACCOUNT_NAME = "capsite-postgres"
CREATE_ACCOUNT = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
OTHERS_READ = stat.S_IROTH
OTHERS_ENTER = stat.S_IXOTH

Say = Callable[[str], None]


class Account(NamedTuple):
    """A numeric user and group."""

    uid: int
    gid: int


def account_for(data: Path, say: Say) -> Account | None:
    """Return who must run PostgreSQL, which refuses root: None means the present user."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    return _service_account(say)


def _service_account(say: Say) -> Account:
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        _create_service_account()
        say(f"PostgreSQL refuses to run as root: created the system account {ACCOUNT_NAME} for it.")
        entry = pwd.getpwnam(ACCOUNT_NAME)
    return Account(entry.pw_uid, entry.pw_gid)


def _create_service_account() -> None:
    try:
        subprocess.run([*CREATE_ACCOUNT, ACCOUNT_NAME], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root, and the account {ACCOUNT_NAME} could not be "
            f"created ({error}). Run capsite as an ordinary user, or set DATABASE_URL."
        ) from error


def private_directory(path: Path, account: Account | None) -> None:
    """Create a directory that only its owner may enter; refuse one that belongs to another."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    owners = {os.geteuid(), *([account.uid] if account else [])}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise EmbeddedError(
            f"{path} belongs to another user (number {found.st_uid}). Remove it, run capsite as "
            "that user, or choose another directory with CAPSITE_VAR."
        )
    if account:
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700)


def open_the_way(path: Path, made_by_capsite: Path, say: Say) -> None:
    """Let other users pass through (never list) the parents of ``path``, and say which."""
    for parent in reversed(path.parents):
        mode = parent.stat().st_mode
        if mode & OTHERS_ENTER:
            continue
        parent.chmod(stat.S_IMODE(mode) | OTHERS_ENTER)
        if not parent.is_relative_to(made_by_capsite):
            say(
                f"Opened {parent} for passing through (chmod o+x): PostgreSQL runs as "
                f"{ACCOUNT_NAME} and its files lie below."
            )


def open_programs(trees: Iterable[Path]) -> None:
    """Let other users read the installed server, which a strict umask may have closed."""
    for tree in trees:
        for path in [tree, *tree.rglob("*")]:
            mode = stat.S_IMODE(path.stat().st_mode)
            enter = OTHERS_ENTER if mode & stat.S_IXUSR else 0
            if (wanted := mode | OTHERS_READ | enter) != mode:
                path.chmod(wanted)
