"""Factories of the tables."""

import hashlib

import factory
from django.utils import timezone

from captions.models import Caption, CaptionModel
from gallery.models import CaptionJob, Image
from gallery.models.job import State


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = "accounts.User"

    username = factory.Sequence(lambda n: f"member{n}")
    password = factory.django.Password("a long enough password")


class ImageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Image

    sha256 = factory.Sequence(lambda n: hashlib.sha256(str(n).encode()).hexdigest())
    title = factory.Sequence(lambda n: f"Photo {n}")
    format = "jpeg"
    size = 12_345
    width = 640
    height = 480
    variants = [
        {"name": "w320", "width": 320, "height": 240},
        {"name": "w640", "width": 640, "height": 480},
    ]


class JobFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CaptionJob

    image = factory.SubFactory(ImageFactory)

    class Params:
        done = factory.Trait(state=State.DONE, finished_at=factory.LazyFunction(timezone.now))
        failed = factory.Trait(
            state=State.FAILED,
            error_code="photo_unreadable",
            error_message="This photo cannot be read.",
            finished_at=factory.LazyFunction(timezone.now),
        )


class ModelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CaptionModel
        django_get_or_create = ("name", "revision")

    name = "tiny"
    revision = "0123456789ab"
    languages = ["en"]


class CaptionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Caption

    image = factory.SubFactory(ImageFactory)
    model = factory.SubFactory(ModelFactory)
    origin = "model"
    text = factory.Sequence(lambda n: f"a dog runs over field {n}")
    language = "en"
    strategy = "beam"
    log_probability = -0.7
    confidence = 0.61
