"""Writes photos and captions by the thousand, with words as uneven as in real captions."""

import hashlib
import itertools
import random
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any

from django.utils import timezone

from annotations.models import Annotation
from captions.models import Caption, CaptionModel
from gallery.models import Image
from gallery.models.job import Language

# The most common first: a word's chance falls with its place, as in any text people write.
SUBJECTS = """man woman dog person group child boy girl cat bird train bus horse couple baby plate
truck giraffe elephant car bear zebra player cow sheep motorcycle skier surfer plane boat clock
pizza sandwich cake laptop umbrella kite bench skateboarder tower chef cyclist runner fisherman
musician dancer painter farmer gardener lighthouse windmill flamingo hedgehog peacock squirrel
tortoise penguin octopus accordion tractor"""
QUALITIES = """young white black small large red old brown blue little green yellow smiling wooden
grey tall orange happy colourful empty sleeping wet striped spotted snowy rusty quiet crowded
golden shiny bearded barefoot ancient foggy"""
DEEDS = """sitting standing walking riding holding playing looking running eating lying jumping
skiing wearing flying swimming sleeping waiting reading cooking carrying climbing surfing
snowboarding drinking grazing fishing dancing painting photographing juggling"""
THINGS = """table ball frisbee bicycle skateboard phone book surfboard horse plate guitar umbrella
racket bat hat kite banana bottle glass camera sofa chair bowl flower balloon suitcase lantern
telescope violin hammock teapot backpack canoe"""
PLACES = """street field room beach kitchen park water grass road table snow city hill building
river forest mountain lake bridge station harbour garden market stadium meadow desert library
courtyard vineyard lagoon glacier cathedral orchard waterfall quay alley terrace pier"""
BATCH = 2_000


def fill(
    *, photos: int, captions_each: int, published_one_in: int = 5, seed: int = 7, first: int = 0
) -> None:
    """Write public photos of the last year with captions, and published texts for some.

    ``first`` is how many there are already, all of them from another call.
    """
    dice = random.Random(seed + first)
    model, _new = CaptionModel.objects.get_or_create(
        name="load", revision="0" * 12, defaults={"languages": ["en"]}
    )
    start = timezone.now() - timedelta(days=365)
    step = timedelta(days=365) / photos
    images = [_image(first + number, start + number * step) for number in range(photos)]
    captions = (
        _caption(image, model, rank, dice) for image in images for rank in range(captions_each)
    )
    texts = (_published(image, dice) for image in images[::published_one_in])
    for kind, rows in ((Image, images), (Caption, captions), (Annotation, texts)):
        kind._meta.get_field("created_at").auto_now_add = False  # the rows say when
        _write(kind, rows)


def sentence(dice: random.Random) -> str:
    """Return something like a caption."""
    parts = [f"a {_word(dice, QUALITIES)} {_word(dice, SUBJECTS)}", _word(dice, DEEDS)]
    if dice.random() < 0.5:
        parts.append(f"with a {_word(dice, THINGS)}")
    parts.append(f"{dice.choice(['on', 'in', 'near'])} the {_word(dice, PLACES)}")
    return " ".join(parts)


def _word(dice: random.Random, words: str) -> str:
    choices, weights = _uneven(words)
    return dice.choices(choices, cum_weights=weights)[0]


@cache
def _uneven(words: str) -> tuple[list[str], list[float]]:
    choices = words.split()
    shares = (1 / (place + 1) for place in range(len(choices)))
    return choices, list(itertools.accumulate(shares))


def _image(number: int, moment: Any) -> Image:
    return Image(
        sha256=hashlib.sha256(str(number).encode()).hexdigest(),
        title=f"IMG_{number:05d}",
        format="jpeg",
        size=250_000,
        width=1200,
        height=800 + number % 5 * 200,
        variants=[{"name": "w640", "width": 640, "height": 427}],
        created_at=moment,
    )


def _caption(image: Image, model: CaptionModel, rank: int, dice: random.Random) -> Caption:
    return Caption(
        image=image,
        model=model,
        origin="model",
        text=sentence(dice),
        language=Language.ENGLISH,
        strategy=("beam", "nucleus")[rank % 2],
        rank=rank,
        log_probability=-0.7,
        confidence=round(dice.uniform(0.2, 0.95), 3),
        created_at=image.created_at + timedelta(seconds=rank),
    )


def _published(image: Image, dice: random.Random) -> Annotation:
    text = sentence(dice).capitalize() + "."
    moment = image.created_at + timedelta(hours=1)
    return Annotation(
        image=image, language=Language.ENGLISH, version=1, text=text, created_at=moment
    )


def _write(kind: Any, rows: Iterable[Any]) -> None:
    waiting = iter(rows)
    while batch := list(itertools.islice(waiting, BATCH)):
        kind._base_manager.bulk_create(batch)
