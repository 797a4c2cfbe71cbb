"""Makes Django's request known to the layer that counts it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_only_middleware

from capsite.common.observing.trail import visit


@sync_only_middleware
def visit_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Let the outermost layer and the log see the request's route and person, once known."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        here = visit.get()
        if here is not None:
            here.request = request
        return get_response(request)

    return middleware
