"""People: to others a name, to oneself what one may do and owns."""

from typing import Any
from uuid import UUID

from graphene import Enum, Field, List, NonNull, ObjectType, String, relay
from graphene_django import DjangoObjectType

from capsite.accounts.models import User
from capsite.accounts.scopes import Role, role_of
from capsite.common.graphql.context import loaded

RoleName = Enum.from_enum(Role, name="Role", description="What somebody is to this site.")


class Person(DjangoObjectType):
    """Somebody who made something here; others learn the name alone."""

    name = String(required=True)

    class Meta:
        """Nothing of the row is shown but what is named here."""

        model = User
        name = "User"
        fields = ("id",)
        interfaces = (relay.Node,)

    @staticmethod
    def resolve_name(person: User, _info: Any) -> str:
        """Return the name people sign in with, which pages show too."""
        return person.get_username()

    @classmethod
    def get_node(cls, info: Any, key: str) -> User | None:
        """Return oneself; others are found through what they made, not by counting ids up."""
        person = info.context.person
        return person if person.is_authenticated and str(person.pk) == key else None


class Me(ObjectType):
    """Whoever asks."""

    user = Field(NonNull(Person))
    role = Field(NonNull(RoleName))
    scopes = Field(NonNull(List(NonNull(String))), description="What this session or token may do.")

    @staticmethod
    def resolve_user(person: User, _info: Any) -> User:
        """Return the public side."""
        return person

    @staticmethod
    def resolve_role(person: User, _info: Any) -> Role:
        """Return visitor, member, moderator or administrator."""
        return role_of(person)

    @staticmethod
    def resolve_scopes(_person: User, info: Any) -> list[str]:
        """Return the grant's scopes."""
        return sorted(scope.value for scope in info.context.caller.grant.scopes)


class Query:
    """Who asks."""

    me = Field(Me, description="Whoever asks; null for visitors.")

    @staticmethod
    def resolve_me(_root: Any, info: Any) -> User | None:
        """Return the person, or nothing for a visitor."""
        person = info.context.person
        return person if person.is_authenticated else None


async def person_loaded(info: Any, key: int | UUID | None) -> User | None:
    """Return somebody by key, one query for everybody an operation asks for."""
    return await loaded(info, "people", key, User.objects.in_bulk)


def person_field(column: str, description: str) -> Field:
    """Return a field that shows whom a foreign key names."""

    async def resolve(row: Any, info: Any) -> User | None:
        return await person_loaded(info, getattr(row, f"{column}_id"))

    return Field(Person, resolver=resolve, description=description)
