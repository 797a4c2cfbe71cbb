"""Addresses of REST version 1."""

from django.urls import path

from captions.api.v1 import views

app_name = "v1"

urlpatterns = [
    path("captions", views.CaptionCreate.as_view(), name="captions"),
    path("images/<uuid:image_id>/captions", views.ImageCaptions.as_view(), name="image-captions"),
]
