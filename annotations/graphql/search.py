"""Search: photos by what is said of them."""

from datetime import datetime
from typing import Any
from uuid import UUID as Key

from django.db.models import QuerySet
from graphene import DateTime, Field, Float, NonNull, ObjectType, String

from annotations.search import Filters, search
from capsite.common.errors import CapsiteError
from capsite.common.graphql.connections import Listing, connection_of
from capsite.common.graphql.paging import Ordering
from gallery.graphql import enums
from gallery.graphql.images import moment
from gallery.graphql.types import Image
from gallery.models import Image as ImageRow


class Hit(ObjectType):
    """A photo that was found, and why."""

    image = Field(NonNull(Image))
    rank = Float(required=True, description="How well it fits, from 0 to 1.")
    matched_text = String(required=True)

    @staticmethod
    def resolve_image(image: ImageRow, _info: Any) -> ImageRow:
        """Return the photo, which carries the rest."""
        return image


def _found(
    info: Any, text: str, since: datetime | None = None, until: datetime | None = None, **given: Any
) -> QuerySet[ImageRow]:
    times: dict[str, Any] = {
        "since": moment(since, "since") if since else None,
        "until": moment(until, "until") if until else None,
    }
    try:
        return search(info.context.person, text=text, filters=Filters(**times, **given))
    except CapsiteError as error:
        error.field = "text" if error.field == "q" else error.field
        raise


class Query:
    """Search."""

    search = Listing(
        _found, order=Ordering((("-rank", float), ("-created_at", datetime), ("-id", Key)))
    ).field(
        connection_of(Hit),
        description="Photos whose captions, published texts or title speak of it, best first.",
        text=String(required=True),
        language=String(),
        strategy=enums.Strategy(),
        min_confidence=Float(),
        uploader=String(description="A member's name."),
        since=DateTime(),
        until=DateTime(),
    )
