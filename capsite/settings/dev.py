"""The default: one machine, embedded servers, visitors may upload."""

from capsite.settings.base import *

DEBUG = env.boolean("CAPSITE_DEBUG", False)
SECRET_KEY = env.text("CAPSITE_SECRET_KEY") or secret_key_from(VAR_DIR)
ALLOWED_HOSTS = env.names("CAPSITE_HOSTS", "localhost,127.0.0.1,[::1]")
CAPSITE_ANONYMOUS_UPLOADS = env.boolean("CAPSITE_ANONYMOUS_UPLOADS", True)
CAPSITE_DEMO = env.boolean("CAPSITE_DEMO", True)
# Everybody here has one address.
CAPSITE_RATE_FACTOR = env.integer("CAPSITE_RATE_FACTOR", 100, minimum=1, maximum=1000)
