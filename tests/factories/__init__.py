"""Makes rows and photographs for tests."""

from tests.factories.photos import photo_bytes
from tests.factories.rows import CaptionFactory, ImageFactory, JobFactory, ModelFactory, UserFactory

__all__ = [
    "CaptionFactory",
    "ImageFactory",
    "JobFactory",
    "ModelFactory",
    "UserFactory",
    "photo_bytes",
]
