"""Where photographs and static files lie, and what an upload may be."""

from typing import Any

from capsite.common.staticheaders import add_headers
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
# Static files are answered before SecurityMiddleware: see MIDDLEWARE.
SERVESTATIC_ADD_HEADERS_FUNCTION = add_headers
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "capsite.common.staticfiles.StaticStorage"},
}

# A bucket of an S3-compatible server instead of MEDIA_ROOT.
CAPSITE_S3_BUCKET = env.text("CAPSITE_S3_BUCKET")
CAPSITE_S3_ENDPOINT = env.text("CAPSITE_S3_ENDPOINT")
# Whether browsers fetch pictures from the bucket by signed addresses, or through this site.
CAPSITE_S3_SIGNED = bool(CAPSITE_S3_BUCKET) and env.boolean("CAPSITE_S3_SIGNED", True)
_REGION = env.text("CAPSITE_S3_REGION", "us-east-1")
_AMAZON = [f"https://{CAPSITE_S3_BUCKET}.s3{part}.amazonaws.com" for part in ("", f".{_REGION}")]
# Where the pages' content policy lets pictures come from.
CAPSITE_S3_ORIGINS = (
    ([CAPSITE_S3_ENDPOINT.rstrip("/")] if CAPSITE_S3_ENDPOINT else _AMAZON)
    if CAPSITE_S3_SIGNED
    else []
)
# How long such an address serves; who may see a photo is asked again for the next one.
CAPSITE_S3_SIGNED_SECONDS = 3600
if CAPSITE_S3_BUCKET:
    STORAGES["default"] = {
        "BACKEND": "capsite.common.objectstore.ObjectStorage",
        "OPTIONS": {
            "bucket_name": CAPSITE_S3_BUCKET,
            "endpoint_url": CAPSITE_S3_ENDPOINT or None,
            "region_name": _REGION,
            # Without them boto3 looks where it always does: a role, ~/.aws, its own variables.
            "access_key": env.text("CAPSITE_S3_KEY") or None,
            "secret_key": env.text("CAPSITE_S3_SECRET") or None,
            "addressing_style": "path" if CAPSITE_S3_ENDPOINT else "auto",
            "signature_version": "s3v4",
            "querystring_expire": CAPSITE_S3_SIGNED_SECONDS,
            "object_parameters": {"CacheControl": "private, max-age=31536000, immutable"},
        },
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
