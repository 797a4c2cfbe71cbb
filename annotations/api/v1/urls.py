"""Addresses of published texts and search in REST version 1."""

from django.urls import path

from annotations.api.v1 import views

app_name = "annotations-v1"

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
    path("annotations/<uuid:annotation_id>", views.AnnotationDetail.as_view(), name="annotation"),
    path("search", views.Search.as_view(), name="search"),
]
