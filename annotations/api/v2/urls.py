"""Addresses of published texts and search in REST version 2."""

from django.urls import path

from annotations.api.v2 import statistics, views

app_name = "annotations-v2"

urlpatterns = [
    path(
        "images/<uuid:image_id>/annotations",
        views.ImageAnnotations.as_view(),
        name="image-annotations",
    ),
    path(
        "images/<uuid:image_id>/annotations/<str:language>",
        views.ImageAnnotation.as_view(),
        name="image-annotation",
    ),
    path("captions/<uuid:caption_id>/promote", views.CaptionPromote.as_view(), name="promote"),
    path("annotations", views.Annotations.as_view(), name="annotations"),
    path("annotations/<uuid:annotation_id>", views.AnnotationDetail.as_view(), name="annotation"),
    path(
        "annotations/<uuid:annotation_id>/revisions",
        views.Revisions.as_view(),
        name="revisions",
    ),
    path(
        "annotations/<uuid:annotation_id>/revert",
        views.AnnotationRevert.as_view(),
        name="revert",
    ),
    path("search", views.Search.as_view(), name="search"),
    path("statistics", statistics.Statistics.as_view(), name="statistics"),
]
