"""Thousands of queued jobs at once, and a worker that dies at random while it works them off."""

import os
import random
import time
import uuid
from pathlib import Path

from tests.load.arena import ACTIVE, Arena

PHOTOS = """
INSERT INTO gallery_image SELECT (jsonb_populate_record(i, jsonb_build_object('id', n.id,
    'sha256', encode(sha256(n.id::text::bytea), 'hex')))).*
FROM gallery_image i, unnest(ARRAY{ids}::uuid[]) n(id) WHERE i.id = '{image}'
"""
JOBS = """
INSERT INTO gallery_captionjob SELECT (jsonb_populate_record(j, jsonb_build_object(
    'id', gen_random_uuid(), 'image_id', n.id, 'state', 'queued', 'attempts', 0, 'worker', '',
    'started_at', null, 'finished_at', null))).*
FROM gallery_captionjob j, unnest(ARRAY{ids}::uuid[]) n(id)
WHERE j.image_id = '{image}' AND j.num = 3
"""
AT_ONCE = 500
ALIVE_SECONDS = (0.2, 5.0)


def queue_up(arena: Arena, count: int) -> None:
    """Write photos that wait for captions: copies of one, each with files and a row of its own."""
    image = arena.traffic.upload()
    arena.calm()
    for start in range(0, count, AT_ONCE):
        ids = [str(uuid.uuid4()) for _ in range(start, min(start + AT_ONCE, count))]
        for key in ids:
            _link(arena.site.var / "media" / "photos", image, key)
        arena.site.execute(PHOTOS.format(ids=ids, image=image))
        arena.site.execute(JOBS.format(ids=ids, image=image))
        arena.traffic.accepted.update(ids)


def kill_at_random(arena: Arena, kills: int) -> int:
    """Kill the worker so often, each time when it was ready for a moment; stop with the queue.

    Returns how often it died.
    """
    dice = random.Random(6)
    for done in range(kills):
        arena.ready()
        pid = arena.pid("worker")
        time.sleep(dice.uniform(*ALIVE_SECONDS))
        if not arena.site.query(ACTIVE)[0][0]:
            return done
        arena.kill("worker", pid)
    return kills


def _link(photos: Path, image: str, key: str) -> None:
    folder = photos / key[:2] / key
    folder.mkdir(parents=True)
    for file in (photos / image[:2] / image).iterdir():
        os.link(file, folder / file.name)
