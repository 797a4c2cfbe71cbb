"""Addresses of the gallery."""

from django.urls import path

from gallery.views import files, pages, uploads

app_name = "gallery"

urlpatterns = [
    path("", pages.index, name="index"),
    path("photos/cards/", pages.cards, name="cards"),
    path("photos/<uuid:image_id>/", pages.photo, name="photo"),
    path("photos/<uuid:image_id>/captions/", pages.captions, name="captions"),
    path("photos/<uuid:image_id>/retry/", pages.retry, name="retry"),
    path("uploads/", uploads.upload, name="upload"),
    path("i/<uuid:image_id>/<slug:variant>.webp", files.derivative, name="derivative"),
]
