"""The captioner, and how its worker claims jobs."""

from capsite.settings import env

CAPSITE_MODEL_DIR = env.path("CAPSITE_MODEL_DIR", env.BASE_DIR / "models" / "capsite-mini")
CAPSITE_DEVICE = env.text("CAPSITE_DEVICE", "auto")
# auto: fp32 on a CPU; bf16 on a GPU that has it, else fp16.
CAPSITE_DTYPE = env.choice("CAPSITE_DTYPE", "auto", ("auto", "fp32", "int8", "bf16", "fp16"))
CAPSITE_THREADS = env.integer("CAPSITE_THREADS", 0, minimum=0, maximum=256)  # 0: every core
CAPSITE_BATCH = env.integer("CAPSITE_BATCH", 8, minimum=1, maximum=256)

# A directory with a Marian model; empty: languages no captioner writes are answered in English.
CAPSITE_TRANSLATOR = env.text("CAPSITE_TRANSLATOR")
CAPSITE_TRANSLATOR_SECONDS = env.integer("CAPSITE_TRANSLATOR_SECONDS", 5, minimum=1, maximum=60)
# After so long without a job the weights leave memory; 0: never.
CAPSITE_IDLE_UNLOAD_SECONDS = env.integer(
    "CAPSITE_IDLE_UNLOAD_SECONDS", 0, minimum=0, maximum=604_800
)

# What the encoders made of a photo, kept in Redis.
CAPSITE_FEATURE_CACHE = env.boolean("CAPSITE_FEATURE_CACHE", True)
CAPSITE_FEATURE_CACHE_SECONDS = env.integer(
    "CAPSITE_FEATURE_CACHE_SECONDS", 3600, minimum=1, maximum=2_592_000
)
CAPSITE_FEATURE_CACHE_VALUE_BYTES = env.integer(
    "CAPSITE_FEATURE_CACHE_VALUE_BYTES", 1_048_576, minimum=1024, maximum=67_108_864
)
# Redis holds the broker's queue as well, and embedded it evicts nothing: the cache stops first.
CAPSITE_FEATURE_CACHE_REDIS_MB = env.integer(
    "CAPSITE_FEATURE_CACHE_REDIS_MB", 512, minimum=1, maximum=1_048_576
)
CAPSITE_WARM_PHOTOS = env.integer("CAPSITE_WARM_PHOTOS", 16, minimum=0, maximum=10_000)

# The worker renews its lease while it lives, so a short one only bounds the time to notice that
# it does not.
CAPSITE_LEASE_SECONDS = env.integer("CAPSITE_LEASE_SECONDS", 15, minimum=2, maximum=3600)
CAPSITE_LEASE_MAX_SECONDS = 900  # a batch that hangs for longer loses its lease all the same
CAPSITE_JOB_ATTEMPTS = env.integer("CAPSITE_JOB_ATTEMPTS", 6, minimum=1, maximum=100)
CAPSITE_JOB_BACKOFF_SECONDS = env.integer("CAPSITE_JOB_BACKOFF_SECONDS", 2, minimum=0, maximum=3600)
CAPSITE_CAPTIONS_PER_PHOTO = env.integer("CAPSITE_CAPTIONS_PER_PHOTO", 3, minimum=1, maximum=10)
