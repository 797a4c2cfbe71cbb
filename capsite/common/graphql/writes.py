"""The base of every mutation: checks the grant, then calls one service in the request's thread."""

from collections.abc import Callable
from typing import Any, ClassVar

from graphene import Mutation

from capsite.common.graphql.context import in_thread


class Write(Mutation):
    """A mutation; its class method ``write(info, **input)`` calls a service for the payload."""

    write: ClassVar[Callable[..., dict[str, Any]]]

    class Meta:
        """No mutation itself."""

        abstract = True

    @classmethod
    def __init_subclass_with_meta__(cls, **options: Any) -> None:
        """Give every mutation the one resolver."""

        async def resolve(_root: Any, info: Any, **given: Any) -> Any:
            return await in_thread(cls._checked, info, given)

        super().__init_subclass_with_meta__(resolver=resolve, **options)

    @classmethod
    def _checked(cls, info: Any, given: dict[str, Any]) -> Any:
        info.context.require(info.field_name)
        given = {name: value for name, value in given.items() if value is not None}
        return cls(**cls.write(info, **given))
