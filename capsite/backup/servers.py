"""Starts the embedded PostgreSQL for one command, where the site is not running."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from capsite.backup.errors import BackupError
from capsite.embedded import EmbeddedError, EmbeddedPostgres
from capsite.settings import env
from capsite.supervisor.lock import AlreadyLocked, InstanceLock
from capsite.supervisor.preflight import lock_path, prepare_var

SECONDS = 120
Say = Callable[[str], None]


@contextmanager
def database_up(say: Say) -> Iterator[None]:
    """Run the embedded PostgreSQL, unless DATABASE_URL names another or capsite runs already."""
    with ExitStack() as stack:
        if not env.text("DATABASE_URL") and _ours(stack):
            _start(EmbeddedPostgres(env.VAR_DIR), stack, say)
        yield


def _ours(stack: ExitStack) -> bool:
    """Take the instance for this command; False when capsite runs and its servers with it."""
    prepare_var(env.VAR_DIR)
    try:
        stack.enter_context(InstanceLock(lock_path(env.VAR_DIR)))
    except AlreadyLocked:
        return False
    return True


def _start(server: EmbeddedPostgres, stack: ExitStack, say: Say) -> None:
    try:
        server.prepare(say)
        server.start()
        stack.callback(server.stop)
        server.wait_ready(SECONDS)
    except EmbeddedError as error:
        raise BackupError(str(error)) from error
