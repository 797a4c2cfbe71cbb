"""The person who signs in; a model of our own from the first migration on."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A member, moderator or administrator."""
