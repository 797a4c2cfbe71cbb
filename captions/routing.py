"""Addresses of the sockets."""

from typing import Any

from django.urls import path

from captions.consumers import GalleryConsumer

# Channels routes to ASGI applications with Django's own path(), whose types know only views.
gallery_socket: Any = GalleryConsumer.as_asgi()
websocket_urlpatterns: list[Any] = [path("ws/gallery/", gallery_socket)]
