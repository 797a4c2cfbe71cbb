"""Writes var/run/status.json: what runs, under which number, since when."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from capsite.supervisor.child import Child


class StatusFile:
    """Replaces the file whole, and only when something changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = ""

    def write(self, children: Iterable[Child]) -> None:
        """Write the state of the children; a full disk must not end the supervisor."""
        text = json.dumps({child.spec.name: _state(child) for child in children}, indent=1)
        if text == self._written:
            return
        part = self._path.with_suffix(".part")
        try:
            part.write_text(text + "\n")
            os.replace(part, self._path)
        except OSError:
            return
        self._written = text


def _state(child: Child) -> dict[str, object]:
    return {
        "pid": child.pid,
        "state": child.state,
        "restarts": child.restarts,
        "started_at": child.started_at,
    }
