"""Persisted queries: a client sends the hash of a text that the site knows instead of the text.

Automatic ones (Apollo's protocol) are kept in the cache for a while. A site that wants to run
nothing but what it was shipped with names a directory of .graphql files and says ONLY.
"""

import hashlib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from capsite.common.graphql.execution import Request

KEY = "graphql:persisted:"


def completed(request: Request) -> Request:
    """Put the text in the place of its hash, or refuse what may not run here."""
    wanted = _hash(request.extensions)
    shipped = shipped_queries()
    text = request.query or shipped.get(wanted, "") or _remembered(wanted)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if wanted and not text:
        # Apollo's clients know this sentence, and send the text along then.
        raise CapsiteError("persisted_query_not_found", "PersistedQueryNotFound", status=404)
    if wanted and wanted != digest:
        message = _("sha256Hash is not the hash of this query.")
        raise CapsiteError("persisted_query_mismatch", message, field="extensions")
    if settings.CAPSITE_GRAPHQL_PERSISTED_ONLY and digest not in shipped:
        message = _("This site runs only the operations it was shipped with.")
        raise CapsiteError("persisted_query_only", message, status=403)
    return replace(request, query=text)


def remember(request: Request) -> None:
    """Keep the text of a valid operation whose hash came with it."""
    wanted = _hash(request.extensions)
    if wanted and not settings.CAPSITE_GRAPHQL_PERSISTED_ONLY and wanted not in shipped_queries():
        _quietly(cache.set, KEY + wanted, request.query, settings.CAPSITE_GRAPHQL_PERSISTED_SECONDS)


def shipped_queries() -> dict[str, str]:
    """Return the texts of the directory by their hash."""
    return _shipped(settings.CAPSITE_GRAPHQL_PERSISTED_DIR)


@lru_cache(maxsize=4)
def _shipped(directory: str) -> dict[str, str]:
    if not directory:
        return {}
    texts = [path.read_text() for path in sorted(Path(directory).glob("**/*.graphql"))]
    return {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}


def _hash(extensions: dict[str, Any]) -> str:
    persisted = extensions.get("persistedQuery")
    if not isinstance(persisted, dict):
        return ""
    digest = persisted.get("sha256Hash")
    if not isinstance(digest, str) or len(digest) != 64 or not digest.isalnum():
        message = _("persistedQuery.sha256Hash is 64 hexadecimal digits.")
        raise CapsiteError("persisted_query_mismatch", message, field="extensions")
    return digest.lower()


def _remembered(digest: str) -> str:
    found = _quietly(cache.get, KEY + digest) if digest else None
    return found if isinstance(found, str) else ""


def _quietly(call: Any, *args: Any) -> Any:
    """Call the cache; without it clients send their texts."""
    try:
        return call(*args)
    except Exception:  # whatever the cache's client raises when its server is away
        return None
