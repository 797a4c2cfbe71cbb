"""Send many photos; a photo that goes wrong is reported and stops no other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from capsite_client.clock import Deadline
from capsite_client.engine import Site, call
from capsite_client.errors import AnswerInvalid, CapsiteError, PhotoUnreadable, RequestRefused
from capsite_client.flow import Flow, Sleep
from capsite_client.models import Batch, BatchItem, BatchReport, Problem
from capsite_client.parsing import parse
from capsite_client.photo import Photo, Source, load
from capsite_client.wire import FilePart, Request, form, get, new_key, send

PATH = "/api/v2/batches"
MOST_PHOTOS = 50  # in one request; the site may allow more
MOST_BYTES = 12 * 2**20
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0


@dataclass(frozen=True)
class _Placed:
    """A photo and its place among all that were given."""

    place: int
    photo: Photo


def batch(
    site: Site,
    sources: Iterable[Source],
    *,
    strategy: str = "beam",
    language: str | None = None,
    num: int | None = None,
    wait: float = 60.0,
) -> Flow[BatchReport]:
    """Send photos, in as many requests as they need, and wait up to ``wait`` seconds for them all.

    Files that cannot be read, photos that the site refuses and requests that fail are in the
    report's ``failed``, each with its reason; nothing is raised for them. Each request, and each
    wait for one, has the whole time of a call.
    """
    items: dict[int, BatchItem] = {}
    placed = yield from _loaded(sources, items)
    asked = {"strategy": strategy, "language": language, "num": num}
    sent: list[tuple[Batch, list[_Placed]]] = []
    for group in _groups(placed):
        try:
            answer = yield from call(site, _request(group, asked))
        except CapsiteError as error:
            items |= {member.place: _refused(member, error) for member in group}
        else:
            sent.append((parse(Batch, answer.json()), group))
    patience = Deadline.after(site.clock, wait)
    batches = []
    for made, group in sent:
        made = yield from _awaited(site, made, patience)
        batches.append(made)
        items |= _places(made, group)
    return BatchReport(tuple(batches), tuple(items[place] for place in sorted(items)))


def batch_status(site: Site, batch_id: str) -> Flow[Batch]:
    """Read how far a batch is."""
    answer = yield from call(site, get(f"{PATH}/{batch_id}"))
    return parse(Batch, answer.json())


def _loaded(sources: Iterable[Source], items: dict[int, BatchItem]) -> Flow[list[_Placed]]:
    placed = []
    for place, source in enumerate(sources):
        try:
            placed.append(_Placed(place, (yield from load(source))))
        except PhotoUnreadable as error:
            reason = Problem(error.code, error.message)
            items[place] = BatchItem(place, str(source), state="failed", error=reason)
    return placed


def _groups(placed: list[_Placed]) -> Iterator[list[_Placed]]:
    """Divide photos into requests: files and addresses apart, none too large."""
    for remote in (False, True):
        group: list[_Placed] = []
        for member in (member for member in placed if bool(member.photo.url) == remote):
            size = sum(len(other.photo.data) for other in [*group, member])
            if group and (len(group) >= MOST_PHOTOS or size > MOST_BYTES):
                yield group
                group = []
            group.append(member)
        if group:
            yield group


def _request(group: list[_Placed], asked: dict[str, Any]) -> Request:
    photos = [member.photo for member in group]
    asked = {name: value for name, value in asked.items() if value is not None}
    if photos[0].url:
        items = [{"url": photo.url, "name": photo.name} for photo in photos]
        return send("POST", PATH, asked | {"items": items}, key=new_key())
    fields = [(name, str(value)) for name, value in asked.items()]
    files = [FilePart("images", photo.name, photo.data) for photo in photos]
    return form(PATH, fields, files, key=new_key())


def _awaited(site: Site, made: Batch, patience: Deadline) -> Flow[Batch]:
    """Ask until the batch has ended or patience has; the last known state when the site is away."""
    pause = FIRST_PAUSE
    while not made.ended and patience.fits(pause):
        yield Sleep(pause)
        try:
            answer = yield from call(site, get(f"{PATH}/{made.id}"))
        except RequestRefused:
            raise
        except CapsiteError:
            break
        made = parse(Batch, answer.json())
        pause = answer.retry_after() or min(pause * 1.5, LONGEST_PAUSE)
    return made


def _places(made: Batch, group: list[_Placed]) -> dict[int, BatchItem]:
    """Return the items of a batch by their place among all that were given; none gets lost."""
    unknown = AnswerInvalid("The site did not say what became of this photo.")
    places = {member.place: _refused(member, unknown) for member in group}
    for item in made.items:
        if item.position < len(group):
            member = group[item.position]
            places[member.place] = replace(item, position=member.place)
    return places


def _refused(member: _Placed, error: CapsiteError) -> BatchItem:
    reason = Problem(error.code, error.message)
    return BatchItem(member.place, member.photo.name, state="failed", error=reason)
