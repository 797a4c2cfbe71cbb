"""The curator's side: Label Studio, and the same two things asked of it and of capsite."""

import secrets
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import requests

from tests.load.peers.sides import ANSWER_SECONDS, Capsite, end, free_port, start, wait_for
from tests.load.peers.turns import Turn, take_turn

CLIENTS = (1, 8)
LISTS = 64  # pages a turn
SHOWN = 30  # photos on a page
LABELS = """<View><Image name="image" value="$image"/>
<TextArea name="caption" toName="image" value="$caption" editable="true"/></View>"""


class LabelStudio:
    """Label Studio as its package runs it, with as many tasks as capsite has photos."""

    name = "Label Studio"

    def __init__(self, python: Path, captioned: dict[str, list[str]]) -> None:
        self._command = str(python.with_name("label-studio"))
        self._captioned = captioned

    def __enter__(self) -> "LabelStudio":
        self._folder = tempfile.TemporaryDirectory(prefix="capsite-peer-studio-")
        port, token = free_port(), secrets.token_hex(20)
        self.url, self._headers = f"http://127.0.0.1:{port}", {"Authorization": f"Token {token}"}
        asked = {"port": port, "data-dir": self._folder.name, "log-level": "ERROR"}
        asked |= {"username": "curator@example.org", "password": secrets.token_hex(8)}
        asked |= {"user-token": token}
        options = [text for name, given in asked.items() for text in (f"--{name}", str(given))]
        self._process = start(
            [self._command, "start", "--no-browser", "--enable-legacy-api-token", *options],
            Path(self._folder.name),
            HOME=self._folder.name,
            COLLECT_ANALYTICS="false",
            LATEST_VERSION_CHECK="false",
        )
        try:
            wait_for(f"{self.url}/health", self._process, Path(self._folder.name))
            self._fill()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        end(self._process)
        self._folder.cleanup()

    def processes(self) -> dict[str, int]:
        """Return its one process; SQLite is inside."""
        return {self.name: self._process.pid}

    def page(self, session: requests.Session) -> None:
        """Read the first tasks with their best captions, as its own list does."""
        asked = {"project": self._project, "page": 1, "page_size": SHOWN}
        found = self._answer(session, "GET", "tasks", params=asked)["tasks"]
        assert len(found) == SHOWN
        assert all(task["data"]["caption"] for task in found)

    def save(self, number: int, session: requests.Session) -> None:
        """Submit an edited caption of a task."""
        task = self._tasks[number % len(self._tasks)]
        body = {"result": _result(f"As {secrets.token_hex(8)} sees it.")}
        self._answer(session, "POST", f"tasks/{task}/annotations/", json=body)

    def _fill(self) -> None:
        with requests.Session() as session:
            made = self._answer(
                session, "POST", "projects", json={"title": "Captions", "label_config": LABELS}
            )
            self._project = made["id"]
            tasks = [
                {
                    "data": {"image": f"https://example.org/{key}.jpg", "caption": texts[0]},
                    "predictions": [{"result": _result(text)} for text in texts],
                }
                for key, texts in self._captioned.items()
            ]
            address = f"projects/{self._project}/import?return_task_ids=true"
            self._tasks = self._answer(session, "POST", address, json=tasks)["task_ids"]

    def _answer(self, session: requests.Session, method: str, path: str, **sent: Any) -> Any:
        answer = session.request(
            method,
            f"{self.url}/api/{path}",
            headers=self._headers,
            timeout=ANSWER_SECONDS,
            **sent,
        )
        if not answer.ok:
            raise AssertionError(f"{answer.status_code}: {answer.text[:150]}")
        return answer.json()


class Curator:
    """A member of a capsite that has photos: reads the first ones, publishes texts."""

    def __init__(self, site: Capsite) -> None:
        self._site = site
        self._images = list(site.captioned)
        self._versions = dict.fromkeys(self._images, 0)

    def processes(self) -> dict[str, int]:
        """Return the site's processes."""
        return self._site.processes()

    def page(self, session: requests.Session) -> None:
        """Read the first photos with their captions, as the gallery does."""
        found = self._answer(session, "GET", f"images?limit={SHOWN}")["results"]
        assert len(found) == SHOWN
        assert all(image["best_caption"] for image in found)

    def save(self, number: int, session: requests.Session) -> None:
        """Publish an edited caption of a photo as its next version."""
        image = self._images[number % len(self._images)]
        body = {
            "text": f"As {secrets.token_hex(8)} sees it.",
            "base_version": self._versions[image],
        }
        self._answer(session, "PUT", f"images/{image}/annotations/en", json=body)
        self._versions[image] += 1

    def _answer(self, session: requests.Session, method: str, path: str, **sent: Any) -> Any:
        answer = session.request(
            method,
            f"{self._site.site.url}/api/v2/{path}",
            headers=self._site.headers,
            timeout=ANSWER_SECONDS,
            **sent,
        )
        if not answer.ok:
            raise AssertionError(f"{answer.status_code}: {answer.text[:150]}")
        return answer.json()


def _result(text: str) -> list[dict[str, Any]]:
    """Return a caption in Label Studio's words."""
    value = {"text": [text]}
    return [{"from_name": "caption", "to_name": "image", "type": "textarea", "value": value}]


def curate(
    ours: Capsite, theirs: LabelStudio, rounds: int
) -> Iterator[tuple[str, int, list[list[Turn]]]]:
    """Let both sides do both things in turns; yield a case and what each turn of it was like."""
    sides: list[Curator | LabelStudio] = [Curator(ours), theirs]
    saves = min(LISTS, len(ours.captioned))  # each photo once a turn: no editor meets another
    cases: dict[str, Callable[[Any], list[Any]]] = {
        f"first {SHOWN} photos": lambda side: [side.page] * LISTS,
        "save a caption": lambda side: [partial(side.save, number) for number in range(saves)],
    }
    for side in sides:
        take_turn([side.page] * 8, 4, side.processes)  # nobody's first request counts
    for work, asked in cases.items():
        for clients in CLIENTS:
            turns: list[list[Turn]] = [[], []]
            for _round in range(rounds):
                for side, done in zip(sides, turns, strict=True):
                    done.append(take_turn(asked(side), clients, side.processes))
            yield work, clients, turns
