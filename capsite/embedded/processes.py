"""Starts child processes that cannot outlive capsite."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from capsite.embedded.account import Account

PR_SET_PDEATHSIG = 1


def spawn(
    command: Sequence[str],
    *,
    output: int | IO[Any],
    environment: Mapping[str, str],
    death_signal: signal.Signals,
    directory: Path | None = None,
    account: Account | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own: the terminal's Ctrl-C reaches only capsite."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=directory,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        start_new_session=True,
        pass_fds=pass_fds,
        preexec_fn=_die_with_parent(death_signal) if sys.platform == "linux" else None,
    )


def _die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """Return a step for the forked child: the kernel signals it when the parent is gone.

    A SIGKILL of the supervisor runs none of its code, so only the kernel can tell the children.
    ``subprocess`` calls this after it changed the user (which would clear the setting) and before
    ``exec`` (which keeps it). Two limits: the parent must be single-threaded while it forks, and
    "parent" means the thread that forked; the supervisor has only one.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def step() -> None:
        prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return step
