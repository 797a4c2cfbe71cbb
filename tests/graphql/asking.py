"""Asks the GraphQL view as a person or a program would."""

import json
from typing import Any

from django.test import Client
from graphql_relay import to_global_id

from capsite.accounts.services.tokens import token_create


def gid(row: Any, kind: str = "") -> str:
    """Return a row's global id."""
    return to_global_id(kind or type(row).__name__, row.pk)


class Asker:
    """Somebody with a session (or nobody), or a program with a token."""

    def __init__(self, person: Any = None, token: str = "") -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        if person is not None:
            self.client.force_login(person)

    def post(self, query: str, variables: dict[str, Any] | None = None, **extra: Any) -> Any:
        """Return the response."""
        body = {"query": query, "variables": variables or {}} | extra
        return self.client.post(
            "/graphql/", json.dumps(body), content_type="application/json", headers=self.headers
        )

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data, and fail on any error."""
        answer = self.post(query, variables).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def refused(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the extensions of the first error, and fail when there is none."""
        answer = self.post(query, variables).json()
        assert answer.get("errors"), answer
        return answer["errors"][0]["extensions"] | {"message": answer["errors"][0]["message"]}


def token_for(person: Any, *scopes: str) -> str:
    """Return a personal token."""
    from datetime import timedelta

    from django.utils import timezone

    ends = timezone.now() + timedelta(days=1)
    return token_create(person=person, name="test", scopes=scopes, expires_at=ends)[1]
