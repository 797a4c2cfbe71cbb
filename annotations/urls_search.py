"""The address of the search page."""

from django.urls import path

from annotations.views import search

app_name = "search"

urlpatterns = [path("search/", search.search_page, name="index")]
