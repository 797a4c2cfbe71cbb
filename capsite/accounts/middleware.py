"""When Redis is away: signing in answers 503, because nobody counts the guesses then."""

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from redis.exceptions import RedisClusterException, RedisError

from capsite.common.errors import CapsiteError
from capsite.common.outage import RETRY_AFTER_SECONDS, wants_json

logger = logging.getLogger(__name__)


class SignInOutageMiddleware(MiddlewareMixin):
    """Sign-in fails shut without Redis; whoever is signed in goes on undisturbed."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Translate a lost Redis; let every other error take its way."""
        if not isinstance(exception, (RedisError, RedisClusterException)):
            return None
        logger.warning("Redis away at %s: %s", request.path, exception)
        error = CapsiteError(
            "redis_away",
            _("Signing in is not possible for a moment. Nothing was lost. Try again soon."),
            status=503,
        )
        response = (
            JsonResponse(error.as_dict(), status=error.status)
            if wants_json(request)
            else HttpResponse(
                render_to_string("503.html", {"message": error.message}), status=error.status
            )
        )
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response
