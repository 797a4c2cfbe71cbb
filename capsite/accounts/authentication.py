"""REST framework's view of grants: the Authorization header, and scopes as permissions."""

from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.views import APIView

from capsite.accounts.grants import grant_of, require_scope
from capsite.accounts.header import BearerAuthentication
from capsite.accounts.scopes import Scope

__all__ = ["BearerAuthentication", "HasScopes", "ScopedAPIView", "scope_for"]

READING = ("GET", "HEAD", "OPTIONS")
WRITING = ("POST", "PUT", "PATCH", "DELETE")


class HasScopes(BasePermission):
    """Requires the scope that the view names for the request's method."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """Refuse with the scope's name what the grant does not cover."""
        scope = scope_for(view, request.method)
        if scope is not None:
            require_scope(grant_of(request), scope)
        return True


def scope_for(view: Any, method: str) -> Scope | None:
    """Return the scope ``method`` needs; None where the view says that it needs none."""
    scopes: dict[str, Scope | None] = getattr(view, "scopes", {})
    if method in scopes:
        return scopes[method]
    if method in READING:
        return scopes.get("GET", scopes.get("*", Scope.CAPTIONS_READ))
    return scopes.get("*", Scope.CAPTIONS_WRITE)


class ScopedAPIView(APIView):
    """A view that says which scope each of its methods needs; reading needs captions:read."""

    scopes: ClassVar[dict[str, Scope | None]] = {}
    permission_classes = [HasScopes]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse at import a view that forgot to name the scope of a method that writes."""
        super().__init_subclass__(**kwargs)
        declared = cls.scopes.keys()
        for method in WRITING:
            if hasattr(cls, method.lower()) and not declared & {method, "*"}:
                raise TypeError(f"{cls.__name__}.scopes must name the scope of {method}.")
