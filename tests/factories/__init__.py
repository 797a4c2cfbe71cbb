"""Makes rows and photographs for tests."""

from tests.factories.photos import photo_bytes
from tests.factories.rows import (
    AlbumFactory,
    AnnotationFactory,
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    JobFactory,
    ModelFactory,
    UserFactory,
    VoteFactory,
    moderator,
)

__all__ = [
    "AlbumFactory",
    "AnnotationFactory",
    "CaptionFactory",
    "CaseFactory",
    "ImageFactory",
    "JobFactory",
    "ModelFactory",
    "UserFactory",
    "VoteFactory",
    "moderator",
    "photo_bytes",
]
