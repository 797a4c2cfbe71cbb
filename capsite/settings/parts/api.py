"""Django REST framework: JSON and multipart in, JSON out, one error shape; and its OpenAPI."""

from capsite.settings.parts.storage import CAPSITE_BATCH_MOST_PHOTOS, CAPSITE_UPLOAD_MAX_BYTES

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "capsite.accounts.header.BearerAuthentication",
        "capsite.common.rest.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.JSONParser",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["capsite.gateway.throttling.RateThrottle"],
    "EXCEPTION_HANDLER": "capsite.common.rest.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "DEFAULT_SCHEMA_CLASS": "captions.api.shared.schema.DescribedSchema",
    # What OPTIONS would tell stands in the OpenAPI document.
    "DEFAULT_METADATA_CLASS": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "capsite",
    "DESCRIPTION": "Captions of photographs. Every list comes in pages, every refusal is a problem "
    "document (RFC 9457) with a stable `code` and the `field` that was wrong.",
    "OAS_VERSION": "3.1.1",
    # The suite reads each version's document; both at once would have two operations of each name.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
    "SCHEMA_PATH_PREFIX": "/api/v[0-9]+",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "DEFAULT_QUERY_MANAGER": "_default_manager",
    # Each field lists its own choices; names made up for choice sets change when one is added.
    "POSTPROCESSING_HOOKS": [],
    "TAGS": [
        {"name": "captions", "description": "Send photos, read captions, vote on them."},
        {"name": "batches", "description": "Many photos at once."},
        {"name": "images", "description": "Photos."},
        {"name": "jobs", "description": "Requests to caption a photo, and how far they are."},
        {"name": "annotations", "description": "Published texts and their versions."},
        {"name": "search", "description": "Find photos by words."},
        {"name": "albums", "description": "A member's photos in an order of their own."},
        {"name": "captioner", "description": "Languages, strategies and versions."},
        {"name": "webhooks", "description": "Be told of what happens."},
        {"name": "me", "description": "Who you are, your tokens, your votes."},
        {"name": "moderation", "description": "Captions that people reported."},
    ],
}

# JSON may carry one photo in base64; forms count their fields here, not their files.
DATA_UPLOAD_MAX_MEMORY_SIZE = CAPSITE_UPLOAD_MAX_BYTES * 4 // 3 + 65_536
DATA_UPLOAD_MAX_NUMBER_FILES = max(100, CAPSITE_BATCH_MOST_PHOTOS + 1)
