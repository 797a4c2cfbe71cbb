"""Addresses of the gallery."""

from django.urls import path

from gallery.views import actions, albums, arrange, files, pages, uploads

app_name = "gallery"

PHOTO = "photos/<uuid:image_id>/"
ALBUM = "albums/<uuid:album_id>/"

urlpatterns = [
    path("", pages.index, name="index"),
    path("photos/cards/", pages.cards, name="cards"),
    path(PHOTO, pages.photo, name="photo"),
    path(f"{PHOTO}captions/", pages.captions, name="captions"),
    path(f"{PHOTO}retry/", pages.retry, name="retry"),
    path(f"{PHOTO}actions/", actions.actions, name="actions"),
    path(f"{PHOTO}edit/", actions.edit, name="edit"),
    path(f"{PHOTO}albums/", actions.into_album, name="into_album"),
    path(f"{PHOTO}delete/", actions.delete, name="delete"),
    path(f"{PHOTO}original/", actions.original, name="original"),
    path("albums/", albums.albums, name="albums"),
    path("albums/new/", albums.new, name="album_new"),
    path(ALBUM, albums.album, name="album"),
    path(f"{ALBUM}edit/", albums.edit, name="album_edit"),
    path(f"{ALBUM}delete/", albums.delete, name="album_delete"),
    path(f"{ALBUM}arrange/", arrange.arrange, name="album_arrange"),
    path(f"{ALBUM}photos/<uuid:image_id>/move/", arrange.move, name="album_move"),
    path(f"{ALBUM}photos/<uuid:image_id>/remove/", albums.remove, name="album_remove"),
    path("uploads/", uploads.upload, name="upload"),
    path("i/<uuid:image_id>/<slug:variant>.webp", files.derivative, name="derivative"),
]
