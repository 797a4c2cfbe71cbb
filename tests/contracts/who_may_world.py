"""The people, and one of everything that belongs to one of them, that the table of access asks."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from capsite.accounts.scopes import Scope, scopes_of
from capsite.accounts.services.tokens import token_create
from captions.models import ModelRole
from captions.webhooks.models import WebhookDelivery
from captions.webhooks.services import endpoint_create, endpoint_ping
from gallery.services.albums import album_add
from gallery.services.batches import Sent, batch_create
from gallery.services.uploads import image_upload
from tests.factories import (
    AlbumFactory,
    AnnotationFactory,
    CaptionFactory,
    CaseFactory,
    UserFactory,
    moderator,
    photo_bytes,
)

ACTORS = ("visitor", "owner", "other", "moderator", "administrator")


@dataclass
class World:
    """Rows of the owner's, ``private`` or ``public``, and everybody who might ask for them."""

    visibility: str
    people: dict[str, Any]
    rows: dict[str, Any] = field(default_factory=dict)

    def token(self, person: Any, *scopes: Scope) -> str:
        """Return a personal token."""
        ends = timezone.now() + timedelta(days=1)
        return token_create(person=person, name="t", scopes=scopes, expires_at=ends)[1]

    def token_without(self, scope: Scope) -> str:
        """Return a token of somebody who might, with every scope of theirs but ``scope``."""
        person = self.person_with(scope)
        return self.token(person, *(scopes_of(person) - {scope}))

    def person_with(self, scope: Scope) -> Any:
        """Return the owner, or where the owner has no such scope the moderator."""
        return self.people["moderator" if scope == Scope.MODERATION else "owner"]


def people() -> dict[str, Any]:
    """Return one of each kind."""
    return {
        "visitor": AnonymousUser(),
        "owner": UserFactory(username="owner"),
        "other": UserFactory(username="other"),
        "moderator": moderator(username="moderator"),
        "administrator": UserFactory(username="administrator", is_staff=True, is_superuser=True),
    }


def world(visibility: str, everybody: dict[str, Any]) -> World:
    """Return rows of ``visibility``; what has none, such as a webhook, is the owner's."""
    owner = everybody["owner"]
    seed = 1 if visibility == "private" else 2
    data = {"data": photo_bytes(seed), "name": "p.jpg", "person": owner}
    upload = image_upload(**data, visibility=visibility)
    caption = CaptionFactory(image=upload.image)
    ModelRole.objects.get_or_create(
        language="en",
        role="active",
        defaults={"model": caption.model, "chosen_by": "default", "since": timezone.now()},
    )
    album = AlbumFactory(owner=owner, visibility=visibility)
    album_add(person=owner, album_id=album.pk, image_ids=[upload.image.pk])
    webhook, _secret = endpoint_create(
        person=owner, url="https://example.org/hook", events=["caption.ready"]
    )
    delivery = endpoint_ping(person=owner, endpoint_id=webhook.pk)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state="delivered", finished_at=timezone.now()
    )
    ends = timezone.now() + timedelta(days=1)
    token, _raw = token_create(
        person=owner, name="one", scopes=[Scope.CAPTIONS_READ], expires_at=ends
    )
    rows = {
        "image": upload.image,
        "job": upload.job,
        "caption": caption,
        "album": album,
        "annotation": AnnotationFactory(image=upload.image, author=owner),
        "webhook": webhook,
        "delivery": delivery,
        "token": token,
        "batch": batch_create(person=owner, photos=[Sent("p.jpg", photo_bytes(seed))]),
        "case": CaseFactory(caption=caption),
        "session": UserSession.objects.create(
            user=owner, session_key=f"k{seed}", ip="127.0.0.1", user_agent=""
        ),
    }
    return World(visibility, everybody, rows)


def both_worlds() -> list[World]:
    """Return the owner's private rows, and the public ones."""
    everybody = people()
    return [world(visibility, everybody) for visibility in ("private", "public")]
