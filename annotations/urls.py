"""Addresses of published texts on the pages."""

from django.urls import path

from annotations.views import texts, versions

app_name = "annotations"

urlpatterns = [
    path("photos/<uuid:image_id>/texts/", texts.texts, name="texts"),
    path("photos/<uuid:image_id>/texts/<str:language>/", texts.edit, name="edit"),
    path("captions/<uuid:caption_id>/promote/", texts.promote, name="promote"),
    path("texts/<uuid:annotation_id>/versions/", versions.versions, name="versions"),
    path("texts/<uuid:annotation_id>/revert/", versions.revert, name="revert"),
]
