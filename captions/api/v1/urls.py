"""Addresses of REST version 1."""

from django.urls import path, re_path

from captions.api.v1 import heatmaps, views

app_name = "v1"

urlpatterns = [
    path("captions", views.CaptionCreate.as_view(), name="captions"),
    path(
        "captions/<uuid:caption_id>/heatmap/",
        heatmaps.CaptionHeatmapView.as_view(),
        name="caption-heatmap",
    ),
    path("images/<uuid:image_id>/captions", views.ImageCaptions.as_view(), name="image-captions"),
    re_path(r"^models/?$", views.Versions.as_view(), name="models"),
]
