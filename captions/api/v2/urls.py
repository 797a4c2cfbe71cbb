"""Addresses of REST version 2; annotations adds those of published texts and search."""

from django.urls import path

from captions.api.shared.resources import languages, webhooks
from captions.api.shared.resources.albums import AlbumDetail, Albums
from captions.api.shared.resources.people import Me
from captions.api.v2.views import (
    albums,
    batches,
    captions,
    images,
    jobs,
    moderation,
    people,
    versions,
)

app_name = "v2"

urlpatterns = [
    path("captions", captions.CaptionCreate.as_view(), name="captions"),
    path("captions/<uuid:caption_id>", captions.CaptionDetail.as_view(), name="caption"),
    path("captions/<uuid:caption_id>/vote", captions.CaptionVote.as_view(), name="vote"),
    path("captions/<uuid:caption_id>/heatmap", captions.CaptionHeatmap.as_view(), name="heatmap"),
    path("batches", batches.Batches.as_view(), name="batches"),
    path("batches/<uuid:batch_id>", batches.BatchDetail.as_view(), name="batch"),
    path("images", images.Images.as_view(), name="images"),
    path("images/<uuid:image_id>", images.ImageDetail.as_view(), name="image"),
    path("images/<uuid:image_id>/captions", images.ImageCaptions.as_view(), name="image-captions"),
    path("jobs", jobs.Jobs.as_view(), name="jobs"),
    path("jobs/<uuid:job_id>", jobs.JobDetail.as_view(), name="job"),
    path("jobs/<uuid:job_id>/retry", jobs.JobRetry.as_view(), name="job-retry"),
    path("albums", Albums.as_view(), name="albums"),
    path("albums/<uuid:album_id>", AlbumDetail.as_view(), name="album"),
    path("albums/<uuid:album_id>/images", albums.AlbumImages.as_view(), name="album-images"),
    path(
        "albums/<uuid:album_id>/images/<uuid:image_id>/place",
        albums.AlbumImagePlace.as_view(),
        name="album-image-place",
    ),
    path("languages", languages.Languages.as_view(), name="languages"),
    path("strategies", versions.Strategies.as_view(), name="strategies"),
    path("models", versions.Models.as_view(), name="models"),
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
    path("me", Me.as_view(), name="me"),
    path("me/tokens", people.Tokens.as_view(), name="tokens"),
    path("me/tokens/<uuid:token_id>", people.TokenDetail.as_view(), name="token"),
    path("me/votes", people.MyVotes.as_view(), name="my-votes"),
    path("me/limits", people.MyLimits.as_view(), name="my-limits"),
    path("moderation/cases", moderation.Cases.as_view(), name="cases"),
    path("moderation/cases/<uuid:case_id>", moderation.CaseDetail.as_view(), name="case"),
    path(
        "moderation/cases/<uuid:case_id>/decision",
        moderation.CaseDecision.as_view(),
        name="case-decision",
    ),
]
