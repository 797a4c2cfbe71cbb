"""The gallery socket: says hello, delivers what one may see, refuses the rest clearly."""

import asyncio

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from capsite.common.push import push_on_commit
from captions.consumers import GalleryConsumer
from gallery.services.events import image_changed_on_commit
from gallery.services.images import image_update
from tests.factories import ImageFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


async def opened(user=None) -> WebsocketCommunicator:
    socket = WebsocketCommunicator(GalleryConsumer.as_asgi(), "/ws/gallery/")
    socket.scope["user"] = user or AnonymousUser()
    connected, _protocol = await socket.connect()
    assert connected
    hello = await socket.receive_json_from()
    assert hello["type"] == "hello"
    assert hello["worker"]["state"] in {"ready", "starting", "away"}
    return socket


async def changed(image, state: str = "done") -> None:
    def commit() -> None:
        with transaction.atomic():
            image_changed_on_commit(image, state)

    await database_sync_to_async(commit)()


async def test_a_change_reaches_every_open_screen():
    image = await database_sync_to_async(ImageFactory)()
    screens = [await opened() for _ in range(3)]
    await changed(image)
    for screen in screens:
        message = await screen.receive_json_from()
        assert (message["type"], message["image"]) == ("image.updated", str(image.pk))
        assert message["committed_at"] > 0
        await screen.disconnect()


async def test_nothing_leaves_when_the_transaction_rolls_back():
    image = await database_sync_to_async(ImageFactory)()
    screen = await opened()

    def roll_back() -> None:
        with transaction.atomic():
            image_changed_on_commit(image, "done")
            transaction.set_rollback(True)

    await database_sync_to_async(roll_back)()
    assert await screen.receive_nothing(timeout=0.3)
    await screen.disconnect()


async def test_private_changes_reach_the_owner_alone():
    owner = await database_sync_to_async(UserFactory)()
    image = await database_sync_to_async(ImageFactory)(owner=owner, visibility="private")
    stranger, mine = await opened(), await opened(owner)
    await changed(image)
    assert (await mine.receive_json_from())["image"] == str(image.pk)
    assert await stranger.receive_nothing(timeout=0.3)
    await stranger.send_json_to({"type": "watch", "image": str(image.pk)})
    assert (await stranger.receive_json_from())["code"] == "not_found"
    for socket in (stranger, mine):
        await socket.disconnect()


async def test_an_unlisted_photo_can_be_watched_and_left():
    image = await database_sync_to_async(ImageFactory)(visibility="unlisted")
    screen = await opened()
    await changed(image)
    assert await screen.receive_nothing(timeout=0.2)
    await screen.send_json_to({"type": "watch", "image": str(image.pk)})
    await asyncio.sleep(0.2)
    await changed(image)
    assert (await screen.receive_json_from())["image"] == str(image.pk)
    await screen.send_json_to({"type": "unwatch", "image": str(image.pk)})
    await asyncio.sleep(0.2)
    await changed(image)
    assert await screen.receive_nothing(timeout=0.2)
    await screen.disconnect()


@pytest.mark.parametrize("before", ["public", "unlisted"])
async def test_who_watched_a_photo_hears_no_more_once_it_is_private(before):
    owner = await database_sync_to_async(UserFactory)()
    image = await database_sync_to_async(ImageFactory)(owner=owner, visibility=before)
    stranger, mine = await opened(), await opened(owner)
    await stranger.send_json_to({"type": "watch", "image": str(image.pk)})
    await asyncio.sleep(0.2)
    change = {"person": owner, "image_id": image.pk, "visibility": "private"}
    image = await database_sync_to_async(image_update)(**change)
    assert (await stranger.receive_json_from())["type"] == "image.removed"
    await asyncio.sleep(0.2)
    await changed(image)
    heard = await mine.receive_json_from()
    heard = heard if heard["type"] == "image.updated" else await mine.receive_json_from()
    assert (heard["type"], heard["image"]) == ("image.updated", str(image.pk))
    assert await stranger.receive_nothing(timeout=0.3)
    for socket in (stranger, mine):
        await socket.disconnect()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no json", "bad_message"),
        ("[1]", "bad_message"),
        ('{"type": "dance"}', "bad_message"),
        ('{"type": "watch"}', "bad_id"),
        ('{"type": "watch", "image": "x"}', "bad_id"),
        ('{"type": "watch", "image": "00000000-0000-4000-8000-000000000000"}', "not_found"),
    ],
)
async def test_bad_messages_get_one_clear_error(text, code):
    screen = await opened()
    await screen.send_to(text_data=text)
    answer = await screen.receive_json_from()
    assert (answer["type"], answer["code"]) == ("error", code)
    assert answer["message"].endswith(".")
    await screen.send_json_to({"type": "ping"})
    assert await screen.receive_json_from() == {"type": "pong"}
    await screen.disconnect()


async def test_a_push_without_redis_fails_nobody(monkeypatch):
    async def away(*args):
        raise ConnectionError("no Redis")

    monkeypatch.setattr(get_channel_layer(), "group_send", away)

    def commit() -> str:
        with transaction.atomic():
            push_on_commit(["gallery"], {"type": "worker"})
        return "committed"

    assert await database_sync_to_async(commit)() == "committed"
