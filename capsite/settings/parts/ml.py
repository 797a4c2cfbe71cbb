"""The captioner, and how its worker claims jobs."""

from capsite.settings import env

CAPSITE_MODEL_DIR = env.path("CAPSITE_MODEL_DIR", env.BASE_DIR / "models" / "capsite-mini")
CAPSITE_DEVICE = env.text("CAPSITE_DEVICE", "auto")
CAPSITE_THREADS = env.integer("CAPSITE_THREADS", 0, minimum=0, maximum=256)  # 0: every core
CAPSITE_BATCH = env.integer("CAPSITE_BATCH", 8, minimum=1, maximum=256)

# The worker renews its lease while it lives, so a short one only bounds the time to notice that
# it does not.
CAPSITE_LEASE_SECONDS = env.integer("CAPSITE_LEASE_SECONDS", 15, minimum=2, maximum=3600)
CAPSITE_LEASE_MAX_SECONDS = 900  # a batch that hangs for longer loses its lease all the same
CAPSITE_JOB_ATTEMPTS = env.integer("CAPSITE_JOB_ATTEMPTS", 6, minimum=1, maximum=100)
CAPSITE_JOB_BACKOFF_SECONDS = env.integer("CAPSITE_JOB_BACKOFF_SECONDS", 2, minimum=0, maximum=3600)
CAPSITE_CAPTIONS_PER_PHOTO = env.integer("CAPSITE_CAPTIONS_PER_PHOTO", 3, minimum=1, maximum=10)
