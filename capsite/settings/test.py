"""The suite: the development settings on throw-away servers, with fast password hashing."""

from capsite.settings.dev import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECRET_KEY = "only-for-the-test-suite"
CAPSITE_DATABASE_POOL = 0  # the processes of flow tests have one, and settings of their own
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}

# A developer may point the suite at a Redis that holds more than test data.
CACHES["default"]["KEY_PREFIX"] = "capsite-test"
CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = "capsite-test"
CELERY_TASK_DEFAULT_QUEUE = "test"
