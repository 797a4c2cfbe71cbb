"""Keeps the leases of a batch alive while its worker lives, and no longer."""

import logging
import threading
from collections.abc import Sequence
from types import TracebackType

from django.conf import settings
from django.db import connection

from gallery.models import CaptionJob
from gallery.services.jobs import leases_renew

logger = logging.getLogger(__name__)


class LeaseKeeper:
    """A context manager whose thread renews the leases of ``jobs`` until it is left.

    A worker that is killed takes the thread along, so its leases run out within one lease time. A
    batch that hangs is let go after CAPSITE_LEASE_MAX_SECONDS.
    """

    def __init__(self, jobs: Sequence[CaptionJob]) -> None:
        self._jobs = jobs
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease-keeper", daemon=True)

    def __enter__(self) -> "LeaseKeeper":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _keep(self) -> None:
        pause = settings.CAPSITE_LEASE_SECONDS / 3
        for _beat in range(int(settings.CAPSITE_LEASE_MAX_SECONDS / pause)):
            if self._done.wait(pause):
                break
            self._renew()
        connection.close()  # this thread's own

    def _renew(self) -> None:
        try:
            leases_renew(self._jobs)
        except Exception as error:
            logger.warning("Leases could not be renewed: %s", error)
            connection.close()
