"""What happens to one photo's captions, as it happens; access is asked anew for each event."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID as Key

from graphene import ID, Enum, Field, NonNull, ObjectType

from capsite.common.errors import CapsiteError
from capsite.common.graphql.context import in_own_thread
from capsite.common.graphql.ids import uuid_of
from capsite.common.push import GALLERY_GROUP, image_group
from captions.graphql.types import Caption, caption_loaded
from captions.models import Caption as CaptionRow
from gallery.access import image_for
from gallery.graphql.loaders import image_loaded
from gallery.graphql.types import Image
from gallery.models import Image as ImageRow


class UpdateKind(Enum):
    """What changed."""

    CURRENT = "current"  # the first event: how things are
    STATE = "image.updated"
    VOTES = "caption.votes"
    HIDDEN = "caption.removed"
    TEXT = "annotation.updated"


KINDS = ("image.updated", "caption.votes", "caption.removed", "annotation.updated")
ENDS = "image.removed"


class CaptionUpdate(ObjectType):
    """Something about a photo's captions or published texts changed."""

    kind = Field(NonNull(UpdateKind))
    image = Field(Image, description="The photo as it is now.")
    caption = Field(Caption, description="The one that was voted on.")

    @staticmethod
    async def resolve_image(event: dict[str, Any], info: Any) -> ImageRow | None:
        """Return the photo."""
        return await image_loaded(info, event["image"])

    @staticmethod
    async def resolve_caption(event: dict[str, Any], info: Any) -> CaptionRow | None:
        """Return the caption."""
        return await caption_loaded(info, event["caption"])


def _there(person: Any, key: Key) -> bool:
    try:
        image_for(person, key)
    except CapsiteError:
        return False
    return True


class Subscription:
    """One photo's captions."""

    caption_updated = Field(
        NonNull(CaptionUpdate),
        image_id=ID(required=True),
        description="A photo's captions now and with each change, until the photo is gone.",
    )

    @staticmethod
    async def subscribe_caption_updated(
        _root: Any, info: Any, image_id: str
    ) -> AsyncIterator[dict[str, Any]]:
        """Tell of one photo while the person may see it."""
        person = info.context.person
        key = uuid_of(image_id, "Image", "image_id")
        await in_own_thread(image_for, person, key)

        def wanted(told: dict[str, Any]) -> bool:
            return told.get("image") == str(key) and told.get("type") in (*KINDS, ENDS)

        groups = [GALLERY_GROUP, image_group(key)]
        async with info.context.events.listening(groups, wanted) as messages:
            yield {"kind": "current", "image": key, "caption": None}
            async for message in messages:
                if not await in_own_thread(_there, person, key):
                    return
                if message["type"] != ENDS:
                    caption = message.get("caption")
                    named = Key(caption) if caption else None
                    yield {"kind": message["type"], "image": key, "caption": named}
