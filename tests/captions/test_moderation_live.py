"""Moderators hear of cases as they open and close, and nobody else does."""

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser, Group

from capsite.accounts.grants import person_grant
from capsite.accounts.scopes import Scope
from captions.consumers import GalleryConsumer
from captions.services.moderation import case_decide
from captions.services.votes import vote_cast
from tests.capsite.accounts.people import token_of
from tests.factories import CaptionFactory, CaseFactory, UserFactory, moderator

pytestmark = pytest.mark.django_db(transaction=True)


async def opened(person, grant=None) -> WebsocketCommunicator:
    socket = WebsocketCommunicator(GalleryConsumer.as_asgi(), "/ws/gallery/")
    socket.scope["user"] = person
    if grant is not None:
        socket.scope["grant"] = grant
    await socket.connect()
    socket.hello = await socket.receive_json_from()
    assert socket.hello["type"] == "hello"
    return socket


async def made(factory, **fields):
    return await database_sync_to_async(factory)(**fields)


async def test_a_moderator_is_told_how_many_are_open_and_of_every_change():
    person, caption = await made(moderator), await made(CaptionFactory)
    await made(CaseFactory)
    screen = await opened(person)
    assert screen.hello["open"] == 1
    vote = {"caption_id": caption.pk, "value": -1, "harmful": True}
    await database_sync_to_async(vote_cast)(person=await made(UserFactory), **vote)
    heard = [await screen.receive_json_from() for _ in range(2)]
    [told] = [message for message in heard if message["type"] == "moderation.case_opened"]
    assert (told["reason"], told["open"]) == ("reported", 2)
    decided = {"case_id": told["case"], "decision": "approve"}
    await database_sync_to_async(case_decide)(person=person, **decided)
    told = await screen.receive_json_from()
    assert (told["type"], told["open"]) == ("moderation.case_decided", 1)
    await screen.disconnect()


async def test_others_hear_nothing_of_cases():
    people = [
        AnonymousUser(),
        await made(UserFactory),
        await made(UserFactory, is_staff=True),
    ]
    screens = [await opened(person) for person in people]
    case = await made(CaseFactory)
    decided = {"case_id": case.pk, "decision": "approve"}
    await database_sync_to_async(case_decide)(person=await made(moderator), **decided)
    for screen in screens:
        assert "open" not in screen.hello
        assert await screen.receive_nothing(timeout=0.3)
        await screen.disconnect()


@pytest.mark.parametrize("scopes", [[Scope.CAPTIONS_READ], [Scope.CAPTIONS_READ, Scope.MODERATION]])
async def test_a_moderators_token_needs_the_scope(scopes):
    from capsite.accounts.bearers import bearer_authenticate

    person = await made(moderator)
    _token, raw = await database_sync_to_async(token_of)(person, [scope.value for scope in scopes])
    _person, grant = await database_sync_to_async(bearer_authenticate)(raw)
    screen = await opened(person, grant)
    assert ("open" in screen.hello) == (Scope.MODERATION in scopes)
    case = await made(CaseFactory)
    decided = {"case_id": case.pk, "decision": "approve"}
    await database_sync_to_async(case_decide)(person=person, **decided)
    assert await screen.receive_nothing(timeout=0.3) == (Scope.MODERATION not in scopes)
    await screen.disconnect()


async def test_sockets_of_a_former_moderator_end():
    from channels.layers import get_channel_layer

    from capsite.accounts.endings import ENDED, grant_group
    from capsite.accounts.grant import person_grant_id

    person = await made(moderator)
    grant = await database_sync_to_async(person_grant)(person)
    assert Scope.MODERATION in grant.scopes
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(grant_group(person_grant_id(person.pk)), channel)

    def leave() -> None:
        person.groups.remove(Group.objects.get(name="moderators"))

    await database_sync_to_async(leave)()
    assert (await layer.receive(channel))["type"] == ENDED
