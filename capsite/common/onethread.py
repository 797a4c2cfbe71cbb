"""A request's middleware and view in one thread without a break."""

from typing import Any

from asgiref.sync import AsyncToSync, sync_to_async
from django.core.handlers.asgi import ASGIHandler


class OneThreadHandler(ASGIHandler):
    """Django's handler for a site whose views, and nearly all its middleware, are plain functions.

    The usual one enters a thread for the middleware, comes back to the event loop for the view,
    and returns to the thread for it: with requests as short as ours a tenth of the processor.
    Middleware for the event loop alone (static files) stays there where it is the outermost. A view
    that is a coroutine works, too, in a loop of its own.
    """

    def __init__(self) -> None:
        # Not ASGIHandler's, which loads view and middleware for the event loop.
        self.load_middleware(is_async=False)
        chain: Any = vars(self)["_middleware_chain"]
        on_the_loop = isinstance(chain, AsyncToSync)
        self._middleware_chain = chain.awaitable if on_the_loop else sync_to_async(chain)
