"""Names the gallery app."""

from django.apps import AppConfig


class GalleryConfig(AppConfig):
    """Photographs, their jobs and the pages people look at."""

    name = "gallery"
