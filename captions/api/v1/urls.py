"""Addresses of REST version 1; annotations adds those of published texts and search."""

from django.urls import path

from captions.api.shared.resources import albums, languages, people, webhooks
from captions.api.v1 import heatmaps, images, jobs, views, votes

app_name = "v1"

urlpatterns = [
    path("captions", views.CaptionCreate.as_view(), name="captions"),
    path("captions/<uuid:caption_id>/vote", votes.CaptionVote.as_view(), name="vote"),
    path(
        "captions/<uuid:caption_id>/heatmap/",
        heatmaps.CaptionHeatmapView.as_view(),
        name="caption-heatmap",
    ),
    path("images", images.Images.as_view(), name="images"),
    path("images/<uuid:image_id>", images.ImageDetail.as_view(), name="image"),
    path("images/<uuid:image_id>/captions", views.ImageCaptions.as_view(), name="image-captions"),
    path("jobs/<uuid:job_id>", jobs.JobDetail.as_view(), name="job"),
    path("jobs/<uuid:job_id>/retry", jobs.JobRetry.as_view(), name="job-retry"),
    path("albums", albums.Albums.as_view(), name="albums"),
    path("albums/<uuid:album_id>", albums.AlbumDetail.as_view(), name="album"),
    path("albums/<uuid:album_id>/images", images.AlbumImages.as_view(), name="album-images"),
    path("languages", languages.Languages.as_view(), name="languages"),
    path("models", views.Versions.as_view(), name="models"),
    path("models/", views.Versions.as_view(schema=None)),  # as it always answered too
    path("webhooks", webhooks.Webhooks.as_view(), name="webhooks"),
    path("webhooks/<uuid:endpoint_id>", webhooks.WebhookDetail.as_view(), name="webhook"),
    path("webhooks/<uuid:endpoint_id>/ping", webhooks.WebhookPing.as_view(), name="webhook-ping"),
    path(
        "webhooks/<uuid:endpoint_id>/secret",
        webhooks.WebhookSecret.as_view(),
        name="webhook-secret",
    ),
    path(
        "webhooks/<uuid:endpoint_id>/deliveries",
        webhooks.Deliveries.as_view(),
        name="deliveries",
    ),
    path(
        "webhooks/deliveries/<uuid:delivery_id>/resend",
        webhooks.DeliveryResend.as_view(),
        name="delivery-resend",
    ),
    path("me", people.Me.as_view(), name="me"),
]
