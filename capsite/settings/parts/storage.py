"""Where photographs and static files lie, and what an upload may be."""

from capsite.settings import env

MEDIA_ROOT = env.path("CAPSITE_MEDIA", env.VAR_DIR / "media")
STATIC_ROOT = env.VAR_DIR / "static"
STATIC_URL = "static/"
STATICFILES_DIRS = [env.BASE_DIR / "static"]
# Brotli at its highest level takes most of the time of a start and saves a fifth over gzip.
SERVESTATIC_USE_BROTLI = False
# What is compressed already, and source maps: megabytes that only a developer's browser fetches.
SERVESTATIC_SKIP_COMPRESS_EXTENSIONS = (
    *("jpg", "jpeg", "png", "gif", "webp", "avif", "gz", "br", "woff", "woff2", "map"),
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "capsite.common.staticfiles.StaticStorage"},
}

CAPSITE_UPLOAD_MAX_BYTES = env.integer(
    "CAPSITE_UPLOAD_MAX_BYTES", 5 * 1024 * 1024, minimum=1024, maximum=200 * 1024 * 1024
)
CAPSITE_UPLOAD_MAX_PIXELS = env.integer(
    "CAPSITE_UPLOAD_MAX_PIXELS", 50_000_000, minimum=10_000, maximum=500_000_000
)
CAPSITE_BATCH_MOST_PHOTOS = env.integer("CAPSITE_BATCH_MOST_PHOTOS", 50, minimum=1, maximum=1000)
# A request body above this is cut off while it arrives; below it the reader gets a sentence.
CAPSITE_BODY_MAX_BYTES = CAPSITE_UPLOAD_MAX_BYTES * 4
# Uploads stay in memory (the cap above bounds them), so no temporary file can be left behind.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = CAPSITE_BODY_MAX_BYTES
