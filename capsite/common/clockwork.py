"""Beat's schedule, which goes on when somebody sets the machine's clock back."""

import logging
from typing import Any

from celery.beat import PersistentScheduler

logger = logging.getLogger(__name__)


class Clockwork(PersistentScheduler):
    """Celery's own, but for what ran in the future.

    Celery asks when a task ran last and waits its time from there: after a clock that was an hour
    ahead it would be silent for an hour, and over restarts too, since it keeps that on disk.
    """

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Send what is due; return for how many seconds nothing else will be."""
        if late := self._bring_back():
            logger.warning("The clock went back: counting anew for %s", ", ".join(late))
            self._heap = None  # it is built anew
        delay: float = super().tick(*arguments, **options)
        return delay

    def _bring_back(self) -> list[str]:
        """Let what ran after now have run just now; return its names."""
        late = []
        for name, entry in self.schedule.items():
            if entry.last_run_at > (now := entry.default_now()):
                entry.last_run_at = now
                late.append(name)
        return late
