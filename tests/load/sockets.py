"""A thousand open screens on one web process: `python -m tests.load.sockets --sockets 1000`.

Photos are captioned, public ones and private ones. Each screen that may see a photo has to hear of
its captions, and no other screen of a private one's. Exit code 1 when one did not, or did.
"""

import argparse
import asyncio
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.flows.site import Site, short_folder
from tests.load.gauges import look
from tests.load.members import tokens_of
from tests.load.screens import Screen, open_screens
from tests.load.traffic import PEOPLE, Traffic

OWNED = 5  # screens of the private photos' owner, and as many of another member
DELIVERY_SECONDS = 60
SETTLE_SECONDS = 2
FILES = 20_000
PRIVATE = "UPDATE gallery_image SET visibility = 'private' WHERE id = '{}'"
AGAIN = {"strategies": ["greedy"]}
JOBS_DONE = "SELECT count(*) FROM gallery_captionjob WHERE image_id = '{}' AND state = 'done'"


def main() -> int:
    """Open the screens, have photos captioned, and return the exit code."""
    options = _options()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, FILES), hard), hard))
    with tempfile.TemporaryDirectory() as folder, short_folder() as var:
        from tests.workers.tiny import build_tiny_captioner

        model = build_tiny_captioner(Path(folder))
        site = Site(var, model, CAPSITE_RATE_FACTOR="1000").start()
        try:
            return int(not asyncio.run(hears(site, options.sockets, options.photos, options.every)))
        finally:
            site.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000, help="open screens (1000)")
    parser.add_argument("--photos", type=int, default=10, help="public photos (10)")
    parser.add_argument("--every", type=float, default=2, help="seconds between photos (2)")
    return parser.parse_args()


async def hears(site: Site, sockets: int, photos: int, every: float = 0) -> bool:
    """Open so many screens, have photos captioned, print what was heard; True when all is well."""
    tokens = await asyncio.to_thread(tokens_of, site, PEOPLE)
    before = look(site, 0.0).figures["web MB"]
    owners: list[str | None] = [*[tokens[0]] * OWNED, *[tokens[1]] * OWNED]
    began = time.monotonic()
    async with open_screens(site.url, [*owners, *[None] * (sockets - len(owners))]) as screens:
        opened = time.monotonic() - began
        after = look(site, 0.0).figures["web MB"]
        people = Traffic(site, tokens)
        public = []
        for _photo in range(photos):
            public.append(await asyncio.to_thread(people.upload))
            await asyncio.sleep(every)
        private = await asyncio.to_thread(_private, site, people, screens)
        await _delivered(screens, public, private, tokens[0])
        wrong = _judge(screens, public, private, tokens[0])
        busiest = look(site, 0.0).figures["web MB"]
    _print(screens, opened, (before, after, busiest))
    for what, number in wrong.items():
        print(f"| {what} | {number} |")
    good = not any(wrong.values())
    print(f"\nVerdict: {'passed' if good else 'FAILED'}")
    return good


def _private(site: Site, owner: Traffic, screens: Sequence[Screen]) -> str:
    """Return a photo of the first member's that became private and was captioned after that."""
    image = owner.upload()
    done = JOBS_DONE.format(image)
    site.wait(lambda: site.query(done)[0][0] == 1, DELIVERY_SECONDS, "its first captions")
    site.wait(lambda: all(image in screen.told for screen in screens), DELIVERY_SECONDS, "all")
    site.execute(PRIVATE.format(image))
    for screen in screens:  # what they heard while it was public does not count
        screen.told.pop(image)
        screen.heard_of.discard(image)
    owner.ask(image, AGAIN)
    site.wait(lambda: site.query(done)[0][0] == 2, DELIVERY_SECONDS, "its captions")
    return image


async def _delivered(
    screens: Sequence[Screen], public: Sequence[str], private: str, owner: str
) -> None:
    """Return once everybody has heard what is theirs, or after DELIVERY_SECONDS.

    A moment more shows what comes to those who should not hear it.
    """
    deadline = time.monotonic() + DELIVERY_SECONDS
    while time.monotonic() < deadline:
        if not any(_missed(screen, public, private, owner) for screen in screens):
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(SETTLE_SECONDS)


def _missed(screen: Screen, public: Sequence[str], private: str, owner: str) -> set[str]:
    expected = {*public, private} if screen.token == owner else set(public)
    return expected - screen.told.keys()


def _judge(
    screens: Sequence[Screen], public: Sequence[str], private: str, owner: str
) -> dict[str, int]:
    """Return what must not be, by how often it was."""
    missed = [_missed(screen, public, private, owner) for screen in screens]
    return {
        "screens that closed": sum(screen.closed for screen in screens),
        "captions that a screen missed": sum(len(one) for one in missed),
        "captions that a screen was told twice": sum(screen.twice for screen in screens),
        "screens of others that heard of the private photo": sum(
            private in screen.heard_of for screen in screens if screen.token != owner
        ),
    }


def _print(screens: Sequence[Screen], opened: float, memory: tuple[float, float, float]) -> None:
    seconds = sorted(late for screen in screens for late in screen.told.values())
    cuts = statistics.quantiles(seconds, n=20) if len(seconds) > 1 else [float("nan")] * 19
    before, after, busiest = memory
    loads = " ".join(f"{load:.1f}" for load in os.getloadavg())
    each = (after - before) * 1024 / len(screens)
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, load averages {loads}\n"
        f"{len(screens)} screens on one web process, opened in {opened:.1f} s; "
        f"{len(seconds)} captions delivered, p50 {cuts[9] * 1000:.0f} ms, "
        f"p95 {cuts[18] * 1000:.0f} ms, most {max(seconds, default=0) * 1000:.0f} ms after commit\n"
        f"web process: {before:.0f} MB without screens, {after:.0f} MB with them ({each:.0f} kB "
        f"each), {busiest:.0f} MB at the end\n"
    )


if __name__ == "__main__":
    sys.exit(main())
