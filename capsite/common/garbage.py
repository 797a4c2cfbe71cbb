"""Keeps Python's collector away from what a web process made when it started, and never drops.

Modules, models, routes and schemas are most of its objects. To look at them all took 0.17 s (2
cores, x86_64), and stopped every request that was being answered, once in some hundred.
"""

import gc

from django.urls import get_resolver
from django.urls.resolvers import URLResolver


def settle() -> None:
    """Load what the first request would load, and let no collection look at any of it again."""
    _load(get_resolver())
    gc.collect()
    gc.freeze()


def _load(resolver: URLResolver) -> None:
    for part in resolver.url_patterns:
        if isinstance(part, URLResolver):
            _load(part)
