"""Sends caption requests at a fixed rate, most of them with photos the site knows already.

make load runs it against a site on this machine; docs/operations.md says what was measured.
Each user has a personal token of LOAD_TOKENS, when there are any, else all are visitors.
"""

import io
import itertools
import os
import random
import secrets
from urllib.parse import urlsplit

from locust import FastHttpUser, constant_throughput, events, task
from PIL import Image, ImageDraw

REQUESTS_PER_SECOND = float(os.environ.get("LOAD_RPS", "150"))
USERS = int(os.environ.get("LOAD_USERS", "30"))
PHOTOS = int(os.environ.get("LOAD_PHOTOS", "40"))
# One request in so many sends a photo nobody has seen, so that the worker is at work; 0: none.
NEW_ONE_IN = int(os.environ.get("LOAD_NEW_ONE_IN", "0"))
TOKENS = [token for token in os.environ.get("LOAD_TOKENS", "").split(",") if token]
SIZE = (640, 480)

_seed = secrets.randbits(32)
_numbers = itertools.count()


def photo(seed: int) -> bytes:
    """Return the JPEG of a few coloured shapes; another seed, another photo."""
    draw_random = random.Random(seed)
    picture = Image.new("RGB", SIZE, _colour(draw_random))
    pen = ImageDraw.Draw(picture)
    for _shape in range(40):
        left, top = draw_random.randrange(SIZE[0]), draw_random.randrange(SIZE[1])
        right, bottom = left + draw_random.randrange(10, 200), top + draw_random.randrange(10, 200)
        pen.ellipse((left, top, right, bottom), fill=_colour(draw_random))
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=88)
    return encoded.getvalue()


def _colour(draw_random: random.Random) -> tuple[int, int, int]:
    return (draw_random.randrange(256), draw_random.randrange(256), draw_random.randrange(256))


POOL = [photo(seed) for seed in range(PHOTOS)]


@events.test_start.add_listener
def refuse_other_machines(environment, **_extra) -> None:
    """Load is put on this machine alone."""
    host = urlsplit(environment.host or "").hostname
    if host not in ("127.0.0.1", "localhost", "::1"):
        raise SystemExit(f"This load test runs against 127.0.0.1 only, not against {host}.")


class Captioner(FastHttpUser):
    """A program that asks for captions as often as its share of the rate."""

    wait_time = constant_throughput(REQUESTS_PER_SECOND / USERS)

    def on_start(self) -> None:
        """Take the next token, so that all are used alike."""
        number = next(_numbers)
        self.headers = {}
        if TOKENS:
            self.headers["Authorization"] = f"Bearer {TOKENS[number % len(TOKENS)]}"

    @task
    def caption(self) -> None:
        """Send one photo; 200 has its captions, 202 says that they are on their way."""
        new = NEW_ONE_IN and random.randrange(NEW_ONE_IN) == 0
        data = photo(_seed + next(_numbers)) if new else random.choice(POOL)
        with self.client.post(
            "/api/v1/captions",
            files={"image": ("photo.jpg", data, "image/jpeg")},
            headers=self.headers,
            name="new photo" if new else "known photo",
            catch_response=True,
        ) as answer:
            if answer.status_code not in (200, 202):
                answer.failure(f"status {answer.status_code}")
