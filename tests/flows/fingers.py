"""Real touches for a page, sent through Chromium's own input."""

from collections.abc import Sequence

from playwright.sync_api import Page

Point = tuple[float, float]
STEPS = 6


class Fingers:
    """One or two fingers on a page that was opened with touch."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)

    def move(self, *paths: tuple[Point, Point]) -> None:
        """Put a finger down at the start of each path, draw it to the end, and lift them all."""
        self._send("touchStart", [start for start, _end in paths])
        for step in range(1, STEPS + 1):
            share = step / STEPS
            points = [
                (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share) for a, b in paths
            ]
            self._send("touchMove", points)
        self._send("touchEnd", [])

    def _send(self, kind: str, points: Sequence[Point]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
