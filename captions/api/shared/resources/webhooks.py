"""Webhooks: register and change them, ping them, read their log."""

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.scopes import Scope
from captions.api.shared.bodies import checked
from captions.api.shared.pagination import PageQuery, keyset_page, page_serializer
from captions.api.shared.resources.webhook_bodies import (
    DeliverySerializer,
    EndpointBody,
    EndpointChange,
    EndpointSecretSerializer,
    EndpointSerializer,
)
from captions.api.shared.schema import endpoint
from captions.api.shared.views import EVERY_METHOD, ApiView
from captions.webhooks.models import WebhookEndpoint
from captions.webhooks.selectors import deliveries_of, endpoint_for, endpoints_of
from captions.webhooks.services import (
    delivery_resend,
    endpoint_create,
    endpoint_delete,
    endpoint_ping,
    endpoint_update,
    secret_rotate,
)

NEWEST = ("-created_at", "-id")
URL_CODES = ["url_invalid", "url_not_allowed", "event_not_allowed"]


class WebhookView(ApiView):
    """What a member does with webhooks; each sees their own alone."""

    scopes = {"*": Scope.CAPTIONS_WRITE}  # their addresses may hold secrets of others
    members = EVERY_METHOD


class Webhooks(WebhookView):
    """``GET`` and ``POST webhooks``."""

    @endpoint(
        name="webhooks_list",
        tag="webhooks",
        summary="List your webhooks, the newest first",
        query=[PageQuery],
        answers={200: page_serializer(EndpointSerializer)},
        codes=["invalid", "bad_cursor"],
        members=True,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of webhooks without their secrets."""
        page = keyset_page(request, endpoints_of(request.user), NEWEST)
        return page.answer(lambda rows: EndpointSerializer(rows, many=True).data)

    @endpoint(
        name="webhook_create",
        tag="webhooks",
        summary="Register a webhook",
        request=EndpointBody,
        answers={201: EndpointSecretSerializer},
        codes=[*URL_CODES, "too_many_webhooks"],
        members=True,
        writes=True,
    )
    def post(self, request: Request) -> Response:
        """Answer 201 with the secret, which is shown this once."""
        made, secret = endpoint_create(person=request.user, **checked(EndpointBody, request.data))
        return _with_secret(made, secret, status=201)


class WebhookDetail(WebhookView):
    """``GET``, ``PATCH`` and ``DELETE webhooks/{id}``."""

    @endpoint(
        name="webhook_read",
        tag="webhooks",
        summary="Read a webhook",
        answers={200: EndpointSerializer},
        codes=["not_found"],
        members=True,
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        """Answer one webhook without its secret."""
        return Response(EndpointSerializer(endpoint_for(request.user, endpoint_id)).data)

    @endpoint(
        name="webhook_update",
        tag="webhooks",
        summary="Change a webhook",
        description="Another address, or switching it on, forgets earlier failures.",
        request=EndpointChange,
        answers={200: EndpointSerializer},
        codes=["not_found", *URL_CODES],
        members=True,
        writes=True,
    )
    def patch(self, request: Request, endpoint_id: UUID) -> Response:
        """Answer the webhook as it is now."""
        changes = checked(EndpointChange, request.data)
        changed = endpoint_update(person=request.user, endpoint_id=endpoint_id, **changes)
        return Response(EndpointSerializer(changed).data)

    @endpoint(
        name="webhook_delete",
        tag="webhooks",
        summary="Delete a webhook with its log",
        answers={204: OpenApiResponse(description="It is gone.")},
        codes=["not_found"],
        members=True,
        writes=True,
    )
    def delete(self, request: Request, endpoint_id: UUID) -> Response:
        """Answer 204."""
        endpoint_delete(person=request.user, endpoint_id=endpoint_id)
        return Response(status=204)


class WebhookPing(WebhookView):
    """``POST webhooks/{id}/ping``."""

    @endpoint(
        name="webhook_ping",
        tag="webhooks",
        summary="Send a ping",
        description="A webhook that failures have paused is tried at once.",
        answers={202: DeliverySerializer},
        codes=["not_found", "endpoint_off"],
        members=True,
        writes=True,
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """Answer 202 with the delivery that is on its way."""
        made = endpoint_ping(person=request.user, endpoint_id=endpoint_id)
        return Response(DeliverySerializer(made).data, status=202)


class WebhookSecret(WebhookView):
    """``POST webhooks/{id}/secret``."""

    @endpoint(
        name="webhook_secret_rotate",
        tag="webhooks",
        summary="Give a webhook another secret",
        description="The old one signs nothing from now on.",
        answers={200: EndpointSecretSerializer},
        codes=["not_found"],
        members=True,
        writes=True,
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """Answer the secret, which is shown this once."""
        return _with_secret(*secret_rotate(person=request.user, endpoint_id=endpoint_id))


class Deliveries(WebhookView):
    """``GET webhooks/{id}/deliveries``."""

    @endpoint(
        name="deliveries_list",
        tag="webhooks",
        summary="Read a webhook's log, the newest first",
        query=[PageQuery],
        answers={200: page_serializer(DeliverySerializer)},
        codes=["invalid", "bad_cursor", "not_found"],
        members=True,
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        """Answer a page of deliveries."""
        rows = deliveries_of(endpoint_for(request.user, endpoint_id))
        page = keyset_page(request, rows, NEWEST)
        return page.answer(lambda found: DeliverySerializer(found, many=True).data)


class DeliveryResend(WebhookView):
    """``POST webhooks/deliveries/{id}/resend``."""

    @endpoint(
        name="delivery_resend",
        tag="webhooks",
        summary="Send a delivery that ended once more",
        answers={202: DeliverySerializer},
        codes=["not_found", "delivery_waiting", "endpoint_off"],
        members=True,
        writes=True,
    )
    def post(self, request: Request, delivery_id: UUID) -> Response:
        """Answer 202 with the new delivery of the same event."""
        made = delivery_resend(person=request.user, delivery_id=delivery_id)
        return Response(DeliverySerializer(made).data, status=202)


def _with_secret(endpoint: WebhookEndpoint, secret: str, *, status: int = 200) -> Response:
    body = EndpointSerializer(endpoint).data | {"secret": secret}
    return Response(body, status=status, headers={"Cache-Control": "no-store"})
