"""Runs the same act in many threads at the same moment, each with a connection of its own."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

from capsite.common.errors import CapsiteError


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Return what each act returned, or the CapsiteError it raised; any other error fails."""
    barrier = threading.Barrier(len(acts))
    outcomes: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            barrier.wait()
            outcomes[place] = acts[place]()
        except Exception as error:
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, CapsiteError):
            raise outcome
    return outcomes
