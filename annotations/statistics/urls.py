"""The address of the dashboard."""

from django.urls import path

from annotations.statistics import views

app_name = "statistics"

urlpatterns = [path("dashboard/", views.dashboard, name="dashboard")]
