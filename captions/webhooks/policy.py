"""What an answer means and when to try again; pure functions."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

LONGEST_PAUSE = 86_400.0
BREAK_PAUSE = 60.0
LONGEST_BREAK = 3600.0
GROWTH = 4
_PASSING = {408, 425, 429}


class Verdict(StrEnum):
    """What becomes of a delivery after an attempt."""

    DELIVERED = "delivered"
    AGAIN = "again"
    REFUSED = "refused"
    GONE = "gone"  # the receiver wants no more of anything


@dataclass(frozen=True)
class Outcome:
    """What one attempt came to; ``wait`` is what the receiver asked for, in seconds."""

    verdict: Verdict
    status: int | None = None
    excerpt: str = ""
    error: str = ""
    wait: float = 0


def verdict_of(status: int) -> Verdict:
    """Judge an HTTP status: redirects are not followed, so they are refusals too."""
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status == 410:
        return Verdict.GONE
    return Verdict.AGAIN if status >= 500 or status in _PASSING else Verdict.REFUSED


def wait_from(retry_after: str, now: datetime | None = None) -> float:
    """Return the seconds that a Retry-After header asks for, at most a day; 0 for nonsense."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    seconds = (until - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0), LONGEST_PAUSE)


def pause_after(attempts: int, base: float) -> float:
    """Return the seconds before the next attempt, a fifth more or less by chance."""
    pause = min(base * GROWTH ** max(attempts - 1, 0), LONGEST_PAUSE)
    return pause * random.uniform(0.8, 1.2)


def break_after(failures: int, most: int) -> float:
    """Return for how long an endpoint rests after ``failures`` in a row; 0 below ``most``."""
    if failures < most:
        return 0
    return min(BREAK_PAUSE * 2 ** min(failures - most, 10), LONGEST_BREAK)
