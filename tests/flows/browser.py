"""Starts a real Chromium, and collects what a page complains about."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, TimeoutError, sync_playwright

QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Notes the milliseconds from each caption's commit to the page's own change.
WATCH_ARRIVALS = """() => {
    window.arrivals = [];
    document.addEventListener("capsite:message", (event) => {
        const message = event.detail;
        if (message.type === "image.updated" && message.state === "done") {
            window.arrivals.push(Date.now() - message.committed_at * 1000);
        }
    });
}"""


def executable() -> str | None:
    """Return the Chromium of this machine, or None for Playwright's own."""
    named = os.environ.get("CAPSITE_CHROMIUM")
    if named:
        return named
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


# The first pictures come before the scripts do, by so little that only a test acts in between.
READY = """() => document.documentElement.dataset.ready !== undefined
    || !document.querySelector('script[src*="/js/early."]')"""


def _then_ready(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def wrapped(page: Page, *args: Any, **options: Any) -> Any:
        answer = method(page, *args, **options)
        with suppress(TimeoutError):  # a site without its static files never gets there
            page.wait_for_function(READY, timeout=5_000)
        return answer

    return wrapped


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium; the tests that need it are skipped, loudly, where there is none."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox refuses root
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        for name in ("goto", "reload"):
            patch.setattr(Page, name, _then_ready(getattr(Page, name)))
        try:
            running = playwright.chromium.launch(
                executable_path=executable(), args=[*QUIET, *sandbox]
            )
        except Error as error:
            pytest.skip(f"THE BROWSER TESTS DID NOT RUN: no Chromium ({error.message[:200]})")
        yield running
        running.close()


# Chromium notes every 4xx answer; a refused upload and a missing page are what some tests are for.
EXPECTED = "the server responded with a status of 4"


def listen(page: Page) -> list[str]:
    """Return a list that fills with script errors and refusals of the content policy."""
    complaints: list[str] = []

    def note(kind: str, text: str) -> None:
        if kind == "error" and EXPECTED not in text:
            complaints.append(text)

    page.on("console", lambda message: note(message.type, message.text))
    page.on("pageerror", lambda error: note("error", str(error)))
    return complaints
