"""How long one is still signed in, asked and prolonged by the page's script."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from capsite.accounts.idle import renew, seconds_left


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest) -> JsonResponse:
    """Tell the seconds that are left, 0 for visitors; POST gives the session its whole time."""
    signed_in = request.user.is_authenticated
    if signed_in and request.method == "POST":
        renew(request.session)
    return JsonResponse({"seconds": seconds_left(request.session) if signed_in else 0})
