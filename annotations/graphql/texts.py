"""Published texts and their versions, and how they are edited."""

from typing import Any
from uuid import UUID as Key

from graphene import ID, UUID, Enum, Field, Int, List, NonNull, String, relay
from graphene_django import DjangoObjectType

from annotations.models import Annotation as AnnotationRow
from annotations.models import Kind
from annotations.models import Revision as RevisionRow
from annotations.selectors import annotation_for
from annotations.services import annotation_edit, annotation_revert, caption_promote
from capsite.accounts.graphql.people import person_field
from capsite.common.graphql.connections import Listing, connection_of
from capsite.common.graphql.context import loaded, loader
from capsite.common.graphql.extend import extends
from capsite.common.graphql.ids import found_field, uuid_of
from capsite.common.graphql.paging import Ordering
from capsite.common.graphql.writes import Write
from captions.graphql.types import Caption, caption_field
from gallery.access import may_see
from gallery.graphql.loaders import image_field
from gallery.graphql.types import Image

RevisionKind = Enum.from_enum(Kind, name="RevisionKind", description="How a version came to be.")


class Revision(DjangoObjectType):
    """One version of a published text; nothing changes it."""

    annotation = Field(lambda: Annotation)
    number = Int(required=True)
    author = person_field("author", "Who published it.")
    kind = Field(NonNull(RevisionKind))
    caption = caption_field(Caption, "The suggestion it was made from, unless it is hidden.")
    reverted_to = Int(description="The version it restores.")

    class Meta:
        """What is shown of the row."""

        model = RevisionRow
        name = "Revision"
        fields = ("id", "text", "created_at")
        interfaces = (relay.Node,)

    @staticmethod
    async def resolve_annotation(revision: RevisionRow, info: Any) -> AnnotationRow | None:
        """Return the text it is a version of."""
        person = info.context.person

        def batch(keys: list[Any]) -> dict[Any, AnnotationRow]:
            found = AnnotationRow.objects.select_related("image").in_bulk(keys)
            return {pk: row for pk, row in found.items() if may_see(person, row.image)}

        return await loaded(info, "annotations", revision.annotation_id, batch)

    @classmethod
    def get_node(cls, info: Any, key: str) -> RevisionRow | None:
        """Return a version of a text that the person may see."""
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            return None
        rows = RevisionRow.objects.select_related("annotation__image")
        found = rows.filter(pk=key).first()
        if found is None or not may_see(info.context.person, found.annotation.image):
            return None
        return found


class Annotation(DjangoObjectType):
    """The published text of a photo in a language: what a screen reader gets."""

    uuid = UUID(required=True)
    image = image_field(lambda: Image)
    language = String(required=True)
    version = Int(required=True, description="Send it as baseVersion with an edit.")
    author = person_field("author", "Who published this version.")
    revisions = Listing(
        lambda _info: RevisionRow.objects.all(),
        order=Ordering((("-number", int), ("-id", int))),
        by="annotation_id",
    ).field(connection_of(Revision), description="Every version, the newest first.")

    class Meta:
        """What is shown of the row."""

        model = AnnotationRow
        name = "Annotation"
        fields = ("id", "text", "created_at", "updated_at")
        interfaces = (relay.Node,)

    @staticmethod
    def resolve_uuid(annotation: AnnotationRow, _info: Any) -> Key:
        """Return the bare id."""
        return annotation.pk

    @classmethod
    def get_node(cls, info: Any, key: str) -> AnnotationRow:
        """Return a text of a photo that the person may see."""
        return annotation_for(info.context.person, uuid_of(key, "Annotation"))


@extends(Image)
class ImageAnnotations:
    """A photo's published texts."""

    annotations = List(
        NonNull(Annotation),
        required=True,
        language=String(),
        description="Its published texts, one a language.",
    )

    @staticmethod
    async def resolve_annotations(
        image: Any, info: Any, language: str | None = None
    ) -> list[AnnotationRow]:
        """Return the texts of every photo at once."""

        def batch(keys: list[Any]) -> dict[Any, list[AnnotationRow]]:
            found: dict[Any, list[AnnotationRow]] = {key: [] for key in keys}
            for row in AnnotationRow.objects.filter(image_id__in=keys).order_by("language"):
                found[row.image_id].append(row)
            return found

        texts = await loader(info, "annotations of images", batch).load(image.pk)
        return [text for text in texts if language in (None, text.language)]


class Query:
    """Published texts."""

    annotation = found_field(Annotation, "A published text of a photo that you may see.")


class _Publishing(Write):
    """Publishes a version."""

    annotation = Field(NonNull(Annotation))

    class Meta:
        """The mutations below say how."""

        abstract = True


class AnnotationEdit(_Publishing):
    """Publish a text. ``edit_conflict`` brings version, text and author of a newer one."""

    class Arguments:
        """Of which photo, in which language, and on top of which version."""

        image_id = ID(required=True)
        language = String(required=True)
        text = String(required=True)
        base_version = Int(required=True, description="The version you read; 0 for none yet.")
        caption_id = ID(description="The suggestion you edited.")

    @classmethod
    def write(
        cls, info: Any, image_id: str, caption_id: str | None = None, **given: Any
    ) -> dict[str, Any]:
        """Call the service."""
        source = uuid_of(caption_id, "Caption", "caption_id") if caption_id else None
        made = annotation_edit(
            person=info.context.person,
            image_id=uuid_of(image_id, "Image", "image_id"),
            caption_id=source,
            **given,
        )
        return {"annotation": made}


class CaptionPromote(_Publishing):
    """Publish a caption as it stands."""

    class Arguments:
        """Which, and on top of which version."""

        caption_id = ID(required=True)
        base_version = Int(required=True)

    @classmethod
    def write(cls, info: Any, caption_id: str, base_version: int) -> dict[str, Any]:
        """Call the service."""
        key = uuid_of(caption_id, "Caption", "caption_id")
        person = info.context.person
        made = caption_promote(person=person, caption_id=key, base_version=base_version)
        return {"annotation": made}


class AnnotationRevert(_Publishing):
    """Publish an earlier version again, as a new one."""

    class Arguments:
        """Of which text, which version, and on top of which."""

        id = ID(required=True)
        number = Int(required=True)
        base_version = Int(required=True)

    @classmethod
    def write(cls, info: Any, id: str, **given: Any) -> dict[str, Any]:
        """Call the service."""
        key = uuid_of(id, "Annotation")
        made = annotation_revert(person=info.context.person, annotation_id=key, **given)
        return {"annotation": made}


class Mutation:
    """What one does with published texts."""

    annotation_edit = AnnotationEdit.Field()
    caption_promote = CaptionPromote.Field()
    annotation_revert = AnnotationRevert.Field()
