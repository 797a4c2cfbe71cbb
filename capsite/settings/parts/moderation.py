"""When votes against a caption call a moderator."""

from capsite.settings import env

CAPSITE_MODERATION_DOWN_VOTES = env.integer(
    "CAPSITE_MODERATION_DOWN_VOTES", 3, minimum=1, maximum=10_000
)
CAPSITE_MODERATION_DOWN_PERCENT = env.integer(
    "CAPSITE_MODERATION_DOWN_PERCENT", 60, minimum=1, maximum=100
)
# The vote of a moderator or administrator counts as so many.
CAPSITE_MODERATION_TRUSTED_WEIGHT = env.integer(
    "CAPSITE_MODERATION_TRUSTED_WEIGHT", 2, minimum=1, maximum=100
)
CAPSITE_MODERATION_REPORTS = env.integer("CAPSITE_MODERATION_REPORTS", 1, minimum=1, maximum=10_000)
