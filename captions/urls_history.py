"""The address of the history."""

from django.urls import path

from captions.views import history

app_name = "history"

urlpatterns = [path("history/", history.history, name="index")]
