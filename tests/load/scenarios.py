"""What a crowd does: look, search, upload, vote, edit, and watch captions arrive.

`python -m tests.load.crowd` runs it against a site of its own and gives the verdict.
"""

import io
import itertools
import json
import os
import random
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

import gevent
from locust import FastHttpUser, User, between, events, task
from PIL import Image, ImageDraw
from websocket import WebSocketTimeoutException, create_connection

TOKENS = [token for token in os.environ.get("LOAD_TOKENS", "").split(",") if token]
ACCEPTED = os.environ.get("LOAD_ACCEPTED", "")  # a file for the ids of photos that were taken in
WORDS = ("dog", "grass", "a man", "beach", "jumpng", "two children")
THINK_SECONDS = (1, 5)
SIZE = (640, 480)

_seed = secrets.randbits(32)
_numbers = itertools.count()


def new_photo() -> bytes:
    """Return a JPEG that nobody has sent before."""
    dice = random.Random(_seed + next(_numbers))
    picture = Image.new("RGB", SIZE, tuple(dice.randrange(256) for _ in range(3)))
    pen = ImageDraw.Draw(picture)
    for _shape in range(20):
        left, top = dice.randrange(SIZE[0]), dice.randrange(SIZE[1])
        right, bottom = left + dice.randrange(10, 200), top + dice.randrange(10, 200)
        pen.rectangle((left, top, right, bottom), fill=tuple(dice.randrange(256) for _ in range(3)))
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=88)
    return encoded.getvalue()


class Visitor(FastHttpUser):
    """Looks at the gallery and at photos, and searches."""

    weight = 6
    wait_time = between(*THINK_SECONDS)

    def on_start(self) -> None:
        """Find out which photos there are."""
        page = self.client.get("/api/v2/images?limit=50", name="/api/v2/images").json()
        self.images = page["results"] or [None]

    @task(4)
    def gallery(self) -> None:
        """Open the gallery."""
        self.client.get("/", name="gallery")

    @task(4)
    def photo(self) -> None:
        """Open a photo and load its picture."""
        image = random.choice(self.images)
        self.client.get(f"/photos/{image['id']}/", name="photo page")
        self.client.get(urlsplit(image["variants"][-1]["url"]).path, name="picture")

    @task(1)
    def search(self) -> None:
        """Look for words, some of them misspelt."""
        self.client.get(f"/search/?q={random.choice(WORDS)}", name="search")

    @task(1)
    def history(self) -> None:
        """Open the history of captions."""
        self.client.get("/history/", name="history")


class Member(FastHttpUser):
    """Uploads, votes and edits, through the API."""

    weight = 3
    wait_time = between(*THINK_SECONDS)

    def on_start(self) -> None:
        """Take a token and find out which captions there are."""
        self.headers = {"Authorization": f"Bearer {TOKENS[next(_numbers) % len(TOKENS)]}"}
        page = self.client.get(
            "/api/v2/images?limit=50", headers=self.headers, name="/api/v2/images"
        ).json()
        self.images = [image for image in page["results"] if image["best_caption"]]

    @task(3)
    def upload(self) -> None:
        """Send a new photo, and come back for its captions."""
        with self.client.post(
            "/api/v2/captions",
            files={"image": ("photo.jpg", new_photo(), "image/jpeg")},
            headers=self.headers,
            name="upload",
            catch_response=True,
        ) as answer:
            if answer.status_code in (200, 202):
                self._came_in(answer.json()["image"]["id"])
            else:
                answer.failure(f"status {answer.status_code}")

    def _came_in(self, image: str) -> None:
        if ACCEPTED:
            with open(ACCEPTED, "a") as file:
                file.write(f"{image}\n")
        self.client.get(
            f"/api/v2/images/{image}/captions", headers=self.headers, name="its captions"
        )

    @task(4)
    def vote(self) -> None:
        """Vote on a caption, whichever way."""
        caption = random.choice(self.images)["best_caption"]["id"]
        self.client.put(
            f"/api/v2/captions/{caption}/vote",
            json={"value": random.choice((1, 1, 1, -1))},
            headers=self.headers,
            name="vote",
        )

    @task(2)
    def edit(self) -> None:
        """Publish a text on top of the version that is there; a conflict is a good answer."""
        address = f"/api/v2/images/{random.choice(self.images)['id']}/annotations"
        given = self.client.get(address, headers=self.headers, name="texts").json()
        texts: list[Any] = given["results"] if isinstance(given, dict) else given
        base = next((text["version"] for text in texts if text["language"] == "en"), 0)
        with self.client.put(
            f"{address}/en",
            json={"text": f"A photo, described at {time.time():.6f}.", "base_version": base},
            headers=self.headers,
            name="edit",
            catch_response=True,
        ) as answer:
            if answer.status_code == 409:
                answer.success()


class Watcher(User):
    """Keeps a screen open and measures how long after its commit each message comes."""

    weight = 1
    wait_time = between(0, 0)

    def on_start(self) -> None:
        """Open the socket."""
        address = f"{self.host.replace('http', 'ws', 1)}/ws/gallery/"
        began = time.perf_counter()
        self.socket = create_connection(address, origin=self.host, timeout=5)
        _fire("socket opens", time.perf_counter() - began)

    def on_stop(self) -> None:
        """Close it."""
        self.socket.close()

    @task
    def listen(self) -> None:
        """Wait for the next message."""
        try:
            message = json.loads(self.socket.recv())
        except WebSocketTimeoutException:
            pass
        except Exception as error:
            _fire("message", 0, error)
            gevent.sleep(1)
            self.on_start()
        else:
            if committed := message.get("committed_at"):
                _fire("message", max(0.0, time.time() - committed))


def _fire(name: str, seconds: float, error: Exception | None = None) -> None:
    events.request.fire(
        request_type="WS",
        name=name,
        response_time=seconds * 1000,
        response_length=0,
        exception=error,
        context={},
    )
