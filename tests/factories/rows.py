"""Factories of the tables."""

import hashlib

import factory
from django.contrib.auth.models import Group
from django.utils import timezone

from annotations.models import Annotation, Revision
from captions.models import Caption, CaptionModel, ModerationCase, Vote
from gallery.models import Album, CaptionJob, Image
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


class AlbumFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Album

    owner = factory.SubFactory(UserFactory)
    title = factory.Sequence(lambda n: f"Album {n}")
    visibility = "public"


class VoteFactory(factory.django.DjangoModelFactory):
    """A vote as a row alone; ``vote_cast`` also counts it."""

    class Meta:
        model = Vote

    caption = factory.SubFactory(CaptionFactory)
    voter = factory.SubFactory(UserFactory)
    value = 1


class CaseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ModerationCase

    caption = factory.SubFactory(CaptionFactory)
    reason = "downvoted"


class AnnotationFactory(factory.django.DjangoModelFactory):
    """A published text with its first version."""

    class Meta:
        model = Annotation
        skip_postgeneration_save = True

    image = factory.SubFactory(ImageFactory)
    author = factory.SubFactory(UserFactory)
    language = "en"
    version = 1
    text = factory.Sequence(lambda n: f"A dog runs over field {n}.")

    @factory.post_generation
    def first_revision(self, create, extracted, **kwargs):
        if create:
            Revision.objects.create(
                annotation=self, number=1, text=self.text, author=self.author, kind="written"
            )


def moderator(**fields):
    """Return a new member of the moderators' group."""
    person = UserFactory(**fields)
    person.groups.add(Group.objects.get_or_create(name="moderators")[0])
    return person
