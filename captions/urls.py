"""Addresses of votes and reports on the pages."""

from django.urls import path

from captions.views import votes

app_name = "captions"

urlpatterns = [
    path("captions/<uuid:caption_id>/vote/", votes.vote, name="vote"),
    path("captions/<uuid:caption_id>/report/", votes.report, name="report"),
]
