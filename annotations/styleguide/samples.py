"""Rows that are never saved, one for each state in which a component is shown."""

import base64
import io
import uuid
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from PIL import Image as Picture

from annotations.diff import Piece, words_diff
from annotations.statistics.charts import Series, labels, stacked
from annotations.statistics.dashboard import Chart
from capsite.accounts.forms import ProfileForm, TokenForm
from captions.models import Caption, Vote
from captions.models.caption import Origin
from gallery.cards import Card
from gallery.models import Image
from gallery.models.job import Language, State, Strategy
from gallery.services.demo import FOLDER

WORDS = "A tabby cat with green eyes."


@dataclass(frozen=True)
class Shown:
    """A card or a caption, and the name of its state."""

    name: str
    what: Any


def cards() -> list[Shown]:
    """Return a card in each state."""
    states = {
        "Waiting": (State.QUEUED, None, ""),
        "Being captioned": (State.CAPTIONING, None, ""),
        "Captioned": (State.DONE, caption(0.82), ""),
        "Failed": (State.FAILED, None, "This photo could not be captioned."),
    }
    published = Shown("Published", _card(State.DONE, caption(0.82), "", published=True))
    return [*(Shown(name, _card(*state)) for name, state in states.items()), published]


def captions() -> list[Shown]:
    """Return a caption of each confidence."""
    return [Shown(str(share), caption(share)) for share in (0.18, 0.55, 0.82)]


def votes() -> list[Shown]:
    """Return what somebody may think of a caption."""
    one = caption(0.55, up_votes=3, down_votes=1)
    mine = {
        "Not voted": None,
        "For": Vote(caption=one, value=1),
        "Against": Vote(caption=one, value=-1),
        "Reported": Vote(caption=one, value=-1, harmful=True),
    }
    return [Shown(name, {"caption": one, "vote": vote}) for name, vote in mine.items()]


def member() -> Any:
    """Return somebody who is signed in, as far as templates can tell."""
    return get_user_model()(username="ada")


def chart() -> Chart:
    """Return a chart of two kinds of bars."""
    days = ["Monday", "Tuesday", "Wednesday", "Thursday"]
    series = [Series("Beam", "one", [4, 7, 2, 9]), Series("Nucleus", "two", [1, 3, 2, 4])]
    plot = replace(stacked(series, [], days), across=labels(days))
    rows = [[day, *(str(one.values[place]) for one in series)] for place, day in enumerate(days)]
    heads = ["Day", *(one.label for one in series)]
    summary = "32 in all. The most: 13 (Thursday)."
    return Chart("sample", "Captions over time", summary, plot, series, heads, rows)


def pieces() -> list[Piece]:
    """Return a word-level difference."""
    return words_diff("A cat looks at a bird.", "A tabby cat looks past the camera.")


def forms() -> list[Shown]:
    """Return a form as it begins, and with everything wrong."""
    person: Any = AnonymousUser()
    return [
        Shown("Empty", ProfileForm(auto_id="empty_%s")),
        Shown("With errors", ProfileForm({"username": ""}, auto_id="wrong_%s")),
        Shown("Choices", TokenForm({}, person=person, auto_id="choices_%s")),
    ]


def caption(confidence: float, **fields: Any) -> Caption:
    """Return a caption that no model wrote."""
    return Caption(
        id=uuid.uuid4(),
        text=WORDS,
        language=Language.ENGLISH,
        strategy=Strategy.BEAM,
        origin=Origin.MODEL,
        confidence=confidence,
        **fields,
    )


def _card(state: str, best: Caption | None, error_message: str, *, published: bool = False) -> Card:
    picture = _picture(320)
    image = Image(id=uuid.uuid4(), title="A cat", width=451, height=300)
    image.placeholder = _picture(16)
    return Card(
        image=image,
        state=state,
        best=best,
        error_message=error_message,
        url="#cards",
        thumbnail_url=picture,
        large_url=picture,
        srcset=f"{picture} 320w",
        alt=best.text if best else "Photo without a caption yet",
        words=best.text if best else "",
        language=best.language if best else "",
        published=published,
    )


def _picture(width: int) -> str:
    """Return a demo photo that needs no row, as a data: URI."""
    encoded = io.BytesIO()
    with Picture.open(FOLDER / "cat.jpg") as picture:
        picture.thumbnail((width, width))
        picture.save(encoded, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.getvalue()).decode()}"
