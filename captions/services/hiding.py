"""Takes a caption from everywhere it is shown or may still be sent."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from capsite.common.push import push_on_commit
from captions.models import Caption, WebhookDelivery
from gallery.services.events import audience


@transaction.atomic
def caption_hide(*, caption: Caption) -> None:
    """Hide a caption: readers leave it out, open screens drop it, webhooks forget its words.

    Emit what the transaction has to tell before: whoever locks both an endpoint and its
    deliveries locks the endpoint first.
    """
    Caption.everything.filter(pk=caption.pk, hidden_at__isnull=True).update(hidden_at=Now())
    message = {
        "type": "caption.removed",
        "image": str(caption.image_id),
        "caption": str(caption.pk),
    }
    push_on_commit(audience(caption.image), message)
    _forget_in_deliveries(str(caption.pk))


def hidden_again(captions: Sequence[Caption]) -> None:
    """Hide, before they are stored, captions whose words were hidden on their photo before.

    Decoding the same photo again finds the same words.
    """
    images = {caption.image_id for caption in captions}
    rows = Caption.everything.filter(image__in=images, hidden_at__isnull=False)
    hidden = {(key, text.casefold()) for key, text in rows.values_list("image_id", "text")}
    for caption in captions:
        if (caption.image_id, caption.text.casefold()) in hidden:
            caption.hidden_at = timezone.now()


def _forget_in_deliveries(key: str) -> None:
    """Blank the text in what waits to be sent, and in what may be sent or read again."""
    speaks = Q(payload__data__contains={"captions": [{"id": key}]})
    speaks |= Q(payload__data__contains={"caption": key})
    rows = WebhookDelivery.objects.filter(speaks).order_by("pk")
    for delivery in rows.select_for_update(of=("self",)).iterator():
        _blank(delivery.payload["data"], key)
        delivery.save(update_fields=["payload"])


def _blank(data: dict[str, Any], key: str) -> None:
    for told in data.get("captions", []):
        if told.get("id") == key:
            told["text"] = ""
    if data.get("caption") == key and "text" in data:
        data["text"] = ""
