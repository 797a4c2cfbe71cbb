"""The ASGI application: HTTP to Django, sockets to Channels."""

import os
from typing import Any, cast

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

from capsite.common.arenas import share_arenas
from capsite.common.databasepool import pool_connections

share_arenas()  # before there are threads
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "capsite.settings.dev")
pool_connections(settings.DATABASES, settings.CAPSITE_DATABASE_POOL)
django.setup(set_prefix=False)

# Apps may be imported only once Django is set up.
from capsite.accounts.graphql.sockets import late_identity  # noqa: E402
from capsite.common.bodylimit import App, limit_body  # noqa: E402
from capsite.common.garbage import settle  # noqa: E402
from capsite.common.graphql.consumer import GraphQLConsumer  # noqa: E402
from capsite.common.observing.asgi import observed  # noqa: E402
from capsite.common.onethread import OneThreadHandler  # noqa: E402
from captions.routing import websocket_urlpatterns  # noqa: E402

graphql_socket: Any = GraphQLConsumer.as_asgi()
sockets: Any = [*websocket_urlpatterns, path("ws/graphql/", graphql_socket)]

protocols: Any = ProtocolTypeRouter(
    {
        "http": limit_body(
            cast(App, OneThreadHandler()), max_bytes=settings.CAPSITE_BODY_MAX_BYTES
        ),
        "websocket": late_identity(URLRouter(sockets), path="/ws/graphql/"),
    }
)
application = observed(protocols)
settle()
