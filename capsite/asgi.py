"""The ASGI application: HTTP to Django, sockets to Channels."""

import os
from typing import cast

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "capsite.settings.dev")
django_application = get_asgi_application()

# Apps may be imported only once Django is set up.
from django.conf import settings  # noqa: E402

from capsite.common.bodylimit import App, limit_body  # noqa: E402
from captions.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": limit_body(
            cast(App, django_application), max_bytes=settings.CAPSITE_BODY_MAX_BYTES
        ),
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)
