"""When votes open a moderation case: a pure function of counts and settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """The votes of one caption."""

    up: int
    down: int
    harmful: int


@dataclass(frozen=True)
class Policy:
    """How many votes against, at what share of all, or how many reports, open a case."""

    down_votes: int
    down_share: float  # of all votes, from 0 to 1
    reports: int
    trusted_weight: int = 1  # how many votes a trusted voter's counts as


REPORTED = "reported"
DOWNVOTED = "downvoted"


def reason_for_case(counts: Counts, policy: Policy) -> str:
    """Return why these votes call for a moderator; empty when they do not."""
    if counts.harmful >= policy.reports:
        return REPORTED
    votes = counts.up + counts.down
    if counts.down >= policy.down_votes and counts.down >= policy.down_share * votes:
        return DOWNVOTED
    return ""


def weighted(counts: Counts, trusted: Counts, weight: int) -> Counts:
    """Return ``counts`` with the votes of ``trusted`` voters, who are among them, weighing more."""
    more = weight - 1
    return Counts(
        up=counts.up + more * trusted.up,
        down=counts.down + more * trusted.down,
        harmful=counts.harmful + more * trusted.harmful,
    )
