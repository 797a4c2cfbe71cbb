"""What an answer says of rate limits.

RateLimit and RateLimit-Policy follow draft-ietf-httpapi-ratelimit-headers-10; RateLimit-Limit,
-Remaining and -Reset are what earlier drafts had and many programs read.
"""

from capsite.gateway.ratelimit import RateState

RATE_HEADERS = (
    "RateLimit",
    "RateLimit-Policy",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
)


def rate_headers(state: RateState) -> dict[str, str]:
    """Return the headers by name; none while nothing is counted."""
    tightest = state.tightest
    if tightest is None:
        return {}
    limits = [window.limit for window in state.windows]
    policies = [f'"{limit.name}";q={limit.quota};w={limit.seconds}' for limit in limits]
    left, reset = tightest.remaining, tightest.reset
    values = (
        f'"{tightest.limit.name}";r={left};t={reset}',
        ", ".join(policies),
        str(tightest.limit.quota),
        str(left),
        str(reset),
    )
    return dict(zip(RATE_HEADERS, values, strict=True))
