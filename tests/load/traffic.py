"""A few people who upload, vote and edit through the API, and go on through every outage.

What the site acknowledged is remembered, so that it can be looked for afterwards.
"""

import itertools
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import requests

from tests.flows.site import Site
from tests.load.photos import drawn

UPLOADERS = 2
VOTERS = 2
EDITORS = 2
PEOPLE = UPLOADERS + VOTERS + EDITORS
PAUSE_SECONDS = 0.6
PATIENCE_SECONDS = 120
ANSWER_SECONDS = 15

VOTES = """
SELECT v.caption_id::text, u.username, v.value
FROM captions_vote v JOIN accounts_user u ON u.id = v.voter_id
"""
TEXTS = "SELECT text FROM annotations_revision"


class Traffic:
    """Six people at work; a context manager for as long as they are."""

    def __init__(self, site: Site, tokens: list[str]) -> None:
        self.accepted: set[str] = set()
        self.odd: Counter[str] = Counter()  # answers that nobody should get
        self._site = site
        self._tokens = tokens
        self._newest: list[str] = []
        self._texts: list[str] = []
        self._votes: dict[tuple[str, str], int] = {}
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._seeds = itertools.count(secrets.randbits(40))

    def __enter__(self) -> "Traffic":
        self._over.clear()
        jobs = [self.upload] * UPLOADERS + [self._vote] * VOTERS + [self._edit] * EDITORS
        self._threads = [
            threading.Thread(target=self._work, args=(job, number), daemon=True)
            for number, job in enumerate(jobs)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wrong(self) -> dict[str, int]:
        """Return how much that was acknowledged is not there, and how many answers were odd."""
        votes = {(key, name): value for key, name, value in self._site.query(VOTES)}
        texts = Counter(text for (text,) in self._site.query(TEXTS))
        return {
            "acknowledged votes that are gone": sum(
                votes.get(key) != value for key, value in self._votes.items()
            ),
            "acknowledged texts that are gone": sum(texts[text] == 0 for text in self._texts),
            "texts written twice": sum(texts[text] > 1 for text in self._texts),
            **{f"answers {what}": number for what, number in self.odd.items()},
        }

    def upload(self, number: int = 0) -> str:
        """Send a photo that nobody has sent before; return its id."""
        data = drawn(next(self._seeds))
        answer = self._answer(
            number, "POST", "captions", files={"image": ("photo.jpg", data, "image/jpeg")}
        )
        if answer.status_code not in (200, 202):
            self.odd[f"{answer.status_code} to an upload"] += 1
            return ""
        image: str = answer.json()["image"]["id"]
        self.accepted.add(image)
        self._newest = [*self._newest[-20:], image]
        return image

    def ask(self, image: str, body: dict[str, Any]) -> None:
        """Ask for more captions of a photo of the first member's."""
        self._answer(0, "POST", f"images/{image}/captions", json=body).raise_for_status()

    def _work(self, job: Callable[[int], object], number: int) -> None:
        while not self._over.is_set():
            try:
                job(number)
            except Exception as error:
                self.odd[f"of no kind: {error!r}"[:200]] += 1
            self._over.wait(PAUSE_SECONDS)

    def _vote(self, number: int) -> None:
        if not (image := self._some()):
            return
        captions = self._answer(number, "GET", f"images/{image}/captions").json()["results"]
        if not captions:
            return
        caption, value = random.choice(captions)["id"], random.choice((1, -1))
        answer = self._answer(number, "PUT", f"captions/{caption}/vote", json={"value": value})
        if answer.status_code == 200:
            self._votes[caption, f"load-{number}"] = value
        else:
            self.odd[f"{answer.status_code} to a vote"] += 1

    def _edit(self, number: int) -> None:
        """Publish a text over the newest; of two editors at once one is told of a conflict."""
        if not (image := self._some()):
            return
        given = self._answer(number, "GET", f"images/{image}/annotations").json()
        texts: list[Any] = given["results"] if isinstance(given, dict) else given
        base = next((text["version"] for text in texts if text["language"] == "en"), 0)
        body = {"text": f"As {secrets.token_hex(8)} sees it.", "base_version": base}
        answer = self._answer(number, "PUT", f"images/{image}/annotations/en", json=body)
        if answer.status_code in (200, 201):
            self._texts.append(str(body["text"]))
        elif answer.status_code != 409:
            self.odd[f"{answer.status_code} to an edit"] += 1

    def _some(self) -> str:
        """Return one of the newest photos, so that votes and edits meet each other."""
        return random.choice(self._newest) if self._newest else ""

    def _answer(self, number: int, method: str, path: str, **request: Any) -> requests.Response:
        """Ask until there is an answer that is no outage, as the pages do."""
        headers = {"Authorization": f"Bearer {self._tokens[number]}"}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                address = f"{self._site.url}/api/v2/{path}"
                answer = requests.request(
                    method, address, headers=headers, timeout=ANSWER_SECONDS, **request
                )
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code < 500:
                return answer
            if answer is not None and answer.status_code != 503:
                self.odd[f"{answer.status_code} to {method} {path.split('/')[0]}"] += 1
            time.sleep(0.3)
        raise AssertionError(f"no answer to {method} {path} for {PATIENCE_SECONDS} s")
