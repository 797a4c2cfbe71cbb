"""The geometry of a chart in percent of its plot, so that it fits every width without a script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MOST_LABELS = 5
WIDEST_BAR = 5.0  # percent of the plot
STEPS = (1, 2, 5)
PATTERNED = ("two", "three", "down", "few")


class Filled:
    """Something that looks like the bars of one kind."""

    fill: str

    @property
    def paint(self) -> str:
        """The pattern of the page that fills it; empty where one colour does."""
        return f"url(#fill-{self.fill})" if self.fill in PATTERNED else ""


@dataclass(frozen=True)
class Series(Filled):
    """Numbers of one kind, one for each column."""

    label: str
    fill: str
    values: Sequence[int]


@dataclass(frozen=True)
class Bar(Filled):
    """A rectangle of the plot."""

    fill: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class Column:
    """Bars that stand in one place, and what the pointer is told there."""

    title: str
    bars: list[Bar]
    x: str = "0%"  # of the whole slot
    width: str = "0%"


@dataclass(frozen=True)
class Tick:
    """A label of an axis."""

    at: str
    label: str


@dataclass(frozen=True)
class Plot:
    """What is drawn; no columns: nothing to draw."""

    columns: list[Column] = field(default_factory=list)
    across: list[Tick] = field(default_factory=list)
    up: list[Tick] = field(default_factory=list)
    zero: str = "100%"


def stacked(series: Sequence[Series], below: Sequence[Series], titles: Sequence[str]) -> Plot:
    """Return bars upon one another, and those of ``below`` hanging from the same line."""
    highest = max(map(sum, _across(series)), default=0)
    lowest = max(map(sum, _across(below)), default=0)
    if not highest and not lowest:
        return Plot()
    step = _step(max(highest, lowest))
    top, bottom = _whole(highest, step), -_whole(lowest, step)
    scale = Scale(bottom, top, len(titles))
    columns = []
    for place, title in enumerate(titles):
        bars = [*_pile(series, place, scale, 1), *_pile(below, place, scale, -1)]
        if bars:
            columns.append(scale.column(place, title, bars))
    ticks = [Tick(scale.height(value), f"{abs(value)}") for value in range(bottom, top + 1, step)]
    return Plot(columns, up=ticks, zero=scale.height(0))


def shares(values: Sequence[float | None], fills: Sequence[str], titles: Sequence[str]) -> Plot:
    """Return one bar for each share between 0 and 1; none where there is no share."""
    scale = Scale(0, 1, len(values), widest=100)
    columns = [
        scale.column(place, titles[place], [scale.bar(place, 0, value, fills[place])])
        for place, value in enumerate(values)
        if value is not None
    ]
    ticks = [Tick(scale.height(part / 4), f"{25 * part}") for part in range(5)]
    return Plot(columns, up=ticks)


def labels(titles: Sequence[str]) -> list[Tick]:
    """Return a few of the titles, the last one always, at the middles of their columns."""
    count = len(titles)
    every = -(-count // MOST_LABELS)
    places = range((count - 1) % every, count, every) if count else ()
    return [Tick(_percent((place + 0.5) / count), titles[place]) for place in places]


@dataclass(frozen=True)
class Scale:
    """Turns values from ``bottom`` to ``top``, and places of ``count``, into percent."""

    bottom: float
    top: float
    count: int
    widest: float = WIDEST_BAR

    def height(self, value: float) -> str:
        """Return where a value lies, from above."""
        return _percent((self.top - value) / (self.top - self.bottom))

    def bar(self, place: int, low: float, high: float, fill: str) -> Bar:
        """Return the bar from ``low`` to ``high``."""
        slot = 100 / self.count
        width = min(slot * 0.74, self.widest) / 100
        left = (place + 0.5) / self.count - width / 2
        tall = (high - low) / (self.top - self.bottom)
        return Bar(fill, _percent(left), self.height(high), _percent(width), _percent(tall))

    def column(self, place: int, title: str, bars: list[Bar]) -> Column:
        """Return a place with its bars."""
        return Column(title, bars, _percent(place / self.count), _percent(1 / self.count))


def _pile(series: Sequence[Series], place: int, scale: Scale, way: int) -> Iterable[Bar]:
    reached = 0
    for one in series:
        value = one.values[place]
        if value:
            low, high = sorted((reached * way, (reached + value) * way))
            yield scale.bar(place, low, high, one.fill)
            reached += value


def _across(series: Sequence[Series]) -> Iterable[tuple[int, ...]]:
    return zip(*(one.values for one in series), strict=True)


def _step(most: int) -> int:
    """Return the round number of which at most four reach ``most``."""
    power = 1
    while True:
        for factor in STEPS:
            if most <= 4 * factor * power:
                return factor * power
        power *= 10


def _whole(value: int, step: int) -> int:
    return -(-value // step) * step


def _percent(share: float) -> str:
    """Write a share for SVG, with a point in every language."""
    return f"{share * 100:.2f}%"
