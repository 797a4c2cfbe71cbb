"""Addresses of the sockets."""

from django.urls import path

from captions.consumers import GalleryConsumer

websocket_urlpatterns = [path("ws/gallery/", GalleryConsumer.as_asgi())]
