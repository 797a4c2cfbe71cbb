"""The roof over every app's addresses; nothing imports it."""

from django.contrib import admin
from django.urls import include, path

from gallery.views import errors, health

handler400 = errors.bad_request
handler404 = errors.not_found
handler500 = errors.server_error

urlpatterns = [
    path("", include("gallery.urls")),
    path("api/v1/", include("captions.api.v1.urls")),
    path("admin/", admin.site.urls),
    path("health/live/", health.live, name="live"),
    path("health/ready/", health.ready, name="ready"),
    path("version/", health.version, name="version"),
]
