"""capsite beside what people would pick instead: `python -m tests.load.peer`.

**Captions.** Gradio is what people write for "a page on which one drops a photo and gets captions".
Both sides run on this machine, with the same model directory, precision, threads, batch (8), beam
and number of captions (3), and caption the same photos, asked by 1, 8 and 32 clients at once
through each one's public API, in turns (ours, theirs, ours, theirs, ...): photos that are new to
both, then the same photos again. The medians of all rounds are printed, and whether both sides
wrote the same words.

In that time capsite does what a site does and the page does not: it checks the token and the rate,
inspects the photo, stores it with its variants, writes photo, job and three candidates to
PostgreSQL, hands the job to another process through Valkey, survives the death of that process, and
pushes the captions to every screen. Gradio keeps the uploaded file in a temporary folder and its
answers in memory, in one process; its best documented settings are used (`captioner.py`).

**Curating.** Label Studio is what people install to correct captions by hand: the
first 30 photos with their captions, and saving one edited caption, by 1 and 8 clients. It runs as
its package runs by default (SQLite, Django's threaded server); capsite with all of the above.

Peers are installed into virtual environments under --venv, never into the project's. The exit code
is 1 when a request of ours failed.
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import psutil
import requests

from tests.load.peers.curating import LISTS, LabelStudio, curate
from tests.load.peers.photos import photos_of
from tests.load.peers.sides import MODEL, Capsite, Gradio
from tests.load.peers.turns import Turn, megabytes, middle, take_turn
from tests.load.peers.venv import python_of, version_of

PEERS = {"gradio": "gradio==6.31.0", "label-studio": "label-studio==1.23.2"}
HEAD = (
    "| work | clients | capsite, a second | {peer}, a second | ratio | capsite p50 / p95 ms "
    "| {peer} p50 / p95 ms | processor ms each | failed |\n|---|---|---|---|---|---|---|---|---|"
)


class Side(Protocol):
    """Something that captions."""

    name: str

    def processes(self) -> Mapping[str, int]:
        """Return its processes."""

    def caption(self, session: requests.Session, photo: bytes) -> list[str]:
        """Return a photo's captions, best first."""


def main() -> int:
    """Run, print, and return the exit code."""
    options = _options()
    signal.signal(signal.SIGTERM, _leave)
    pythons = {
        name: python_of(options.venv / name, PEERS[name], borrow=name == "gradio")
        for name in options.peers
    }
    _machine(options, pythons)
    failed = 0
    with Capsite(options.threads, options.web) as ours:
        if "gradio" in pythons:
            with Gradio(pythons["gradio"], options.threads) as page:
                failed += captions([ours, page], options)
        if "label-studio" in pythons:
            fill(ours, options.photos)
            with LabelStudio(pythons["label-studio"], ours.captioned) as studio:
                print("\n" + HEAD.format(peer=studio.name), flush=True)
                for work, clients, turns in curate(ours, studio, options.rounds):
                    failed += row(work, clients, turns)
    print(f"\nLoad averages at the end: {_load()}")
    return int(failed > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32], help="at once")
    parser.add_argument("--count", type=int, default=64, help="photos a turn (64)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side (3)")
    parser.add_argument("--threads", type=int, default=0, help="of the model; 0: every core")
    parser.add_argument("--web", type=int, default=1, help="web processes of capsite (1)")
    parser.add_argument("--photos", type=Path, default=None, help="folder of JPEGs (the demo's)")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), help="which")
    parser.add_argument(
        "--venv",
        type=Path,
        default=Path(tempfile.gettempdir()) / "capsite-peers",
        help="where the peers' environments are made, and found again",
    )
    return parser.parse_args()


def _leave(_signal: int, _frame: object) -> None:
    """End as Ctrl-C does; a second signal does not disturb the cleaning up."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _machine(options: argparse.Namespace, pythons: Mapping[str, Path]) -> None:
    asked = {"capsite": (Path(sys.executable), ("django", "pillow", "numpy", "torch"))}
    if "gradio" in pythons:
        asked["Gradio"] = (pythons["gradio"], ("gradio", "pillow", "numpy", "torch"))
    if "label-studio" in pythons:
        asked["Label Studio"] = (pythons["label-studio"], ("label-studio", "django"))
    versions = "; ".join(
        f"{side}: " + ", ".join(f"{name} {version_of(python, name)}" for name in names)
        for side, (python, names) in asked.items()
    )
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, "
        f"{psutil.virtual_memory().total / 2**30:.0f} GB; load averages at the start: {_load()}\n"
        f"Python {platform.python_version()}; {versions}\n"
        f"{MODEL.name}, threads {options.threads or os.cpu_count()}, {options.web} web processes, "
        f"{options.count} photos a turn, medians of {options.rounds} rounds\n",
        flush=True,
    )


def captions(sides: Sequence[Side], options: argparse.Namespace) -> int:
    """Let both sides caption, print a row a case, and return how many requests of ours failed."""
    fresh = photos_of(options.photos)
    warm = [next(fresh) for _each in range(2 * max(options.clients))]
    for side in sides:
        _caption(side, warm, max(options.clients), {})
    print(HEAD.format(peer=sides[1].name), flush=True)
    failed, written, parts = 0, [dict[bytes, str](), dict[bytes, str]()], list[str]()
    for clients in options.clients:
        turns: dict[str, list[list[Turn]]] = {"new photos": [[], []], "the same again": [[], []]}
        for _round in range(options.rounds):
            photos = [next(fresh) for _each in range(options.count)]
            for kind in turns.values():
                for side, done, texts in zip(sides, kind, written, strict=True):
                    done.append(_caption(side, photos, clients, texts))
        failed += sum(row(work, clients, done) for work, done in turns.items())
        parts.append(f"{clients} clients: {_parts(middle(turns['new photos'][0]).cpu)}")
    both = written[0].keys() & written[1].keys()
    same = sum(written[0][photo] == written[1][photo] for photo in both)
    print(f"\nThe same best caption from both sides for {same} of {len(both)} photos.")
    print("capsite, processor ms of a new photo: " + "; ".join(parts))
    for side in sides:
        print(f"{side.name}, MB: {_parts(megabytes(side.processes()))}")
    return failed


def fill(ours: Capsite, folder: Path | None) -> None:
    """See to it that there are photos to curate, where captioning was not measured before."""
    fresh = photos_of(folder)
    photos = [next(fresh) for _each in range(LISTS - len(ours.captioned))]
    if photos:
        _caption(ours, photos, 8, {})


def _caption(side: Side, photos: Sequence[bytes], clients: int, texts: dict[bytes, str]) -> Turn:
    def one(photo: bytes, session: requests.Session) -> None:
        texts[photo] = side.caption(session, photo)[0]

    return take_turn([partial(one, photo) for photo in photos], clients, side.processes)


def row(work: str, clients: int, turns: Sequence[Sequence[Turn]]) -> int:
    """Print a line of the table and return how many requests of ours failed."""
    ours, theirs = (middle(of_side) for of_side in turns)
    print(line(work, clients, ours, theirs), flush=True)
    return ours.failed


def line(work: str, clients: int, ours: Turn, theirs: Turn) -> str:
    """Return a line of the table; the ratio says how many times as many answers we give."""
    cells = [
        work,
        str(clients),
        f"{ours.rate:.1f}",
        f"{theirs.rate:.1f}",
        f"{ours.rate / theirs.rate:.2f}" if theirs.rate else "-",
        f"{ours.p50:.0f} / {ours.p95:.0f}",
        f"{theirs.p50:.0f} / {theirs.p95:.0f}",
        f"{sum(ours.cpu.values()):.0f} / {sum(theirs.cpu.values()):.0f}",
        f"{ours.failed} / {theirs.failed}",
    ]
    return "| " + " | ".join(cells) + " |"


def _parts(figures: Mapping[str, float]) -> str:
    """Return the figures by process, the largest first, and their sum."""
    ranked = sorted(figures.items(), key=lambda item: -item[1])
    named = [f"{name} {figure:.0f}" for name, figure in ranked if figure >= 0.5]
    return f"{', '.join(named)} (in all {sum(figures.values()):.0f})"


def _load() -> str:
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
