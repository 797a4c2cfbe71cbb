"""A socket knows who opened it, and ends with the grant that opened it."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.idp.oidc.models import Token
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from capsite.accounts import guard
from capsite.accounts.models import PersonalToken
from capsite.accounts.services.people import application_revoke
from capsite.accounts.services.tokens import token_revoke
from capsite.accounts.sockets import GRANT_ENDED
from capsite.asgi import application
from tests.capsite.accounts.people import PASSWORD, member, program, token_of
from tests.capsite.accounts.test_jwt import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = (b"origin", b"http://testserver")


async def opened(*headers: tuple[bytes, bytes]) -> WebsocketCommunicator:
    socket = WebsocketCommunicator(application, "/ws/gallery/", headers=list(headers))
    connected, _protocol = await socket.connect()
    assert connected
    assert (await socket.receive_json_from())["type"] == "hello"
    return socket


async def with_token(raw: str) -> WebsocketCommunicator:
    return await opened((b"authorization", f"Bearer {raw}".encode()))


async def with_session(browser: Client) -> WebsocketCommunicator:
    cookie = f"sessionid={browser.cookies['sessionid'].value}".encode()
    return await opened(ORIGIN, (b"cookie", cookie))


async def ended(socket: WebsocketCommunicator) -> bool:
    message = await socket.receive_output(timeout=5)
    while message["type"] == "websocket.send":  # how the worker of an earlier test fares
        message = await socket.receive_output(timeout=5)
    await socket.wait(timeout=5)
    return message == {"type": "websocket.close", "code": GRANT_ENDED}


async def stays(socket: WebsocketCommunicator) -> bool:
    quiet = await socket.receive_nothing(timeout=0.4)
    await socket.send_json_to({"type": "ping"})
    answer: dict[str, Any] = await socket.receive_json_from()
    await socket.disconnect()
    return quiet and answer == {"type": "pong"}


@sync_to_async
def browser_of(person) -> Client:
    browser = Client()
    browser.post("/account/login/", {"login": person.email, "password": PASSWORD})
    assert "sessionid" in browser.cookies
    return browser


async def test_revoking_a_token_closes_its_sockets_and_no_others():
    person = await sync_to_async(member)()
    token, raw = await sync_to_async(token_of)(person)
    _other, other_raw = await sync_to_async(token_of)(person)
    socket, other = await with_token(raw), await with_token(other_raw)
    await sync_to_async(token_revoke)(person=person, token_id=token.pk)
    assert await ended(socket)
    assert await stays(other)


async def test_signing_out_closes_the_sockets_of_that_browser():
    person = await sync_to_async(member)()
    browser, elsewhere = await browser_of(person), await browser_of(person)
    visitor, socket, other = (
        await opened(ORIGIN),
        await with_session(browser),
        await with_session(elsewhere),
    )
    await sync_to_async(browser.post)("/account/logout/")
    assert await ended(socket)
    assert await stays(other)
    assert await stays(visitor)


async def test_signing_the_others_out_closes_theirs():
    person = await sync_to_async(member)()
    browser, elsewhere = await browser_of(person), await browser_of(person)
    mine, theirs = await with_session(browser), await with_session(elsewhere)
    await sync_to_async(browser.post)("/account/sessions/")
    assert await ended(theirs)
    assert await stays(mine)


async def test_a_new_password_closes_the_sockets_of_other_sessions():
    person = await sync_to_async(member)()
    browser, elsewhere = await browser_of(person), await browser_of(person)
    theirs = await with_session(elsewhere)
    new = {"oldpassword": PASSWORD, "password1": "as long as ever", "password2": "as long as ever"}
    answer = await sync_to_async(browser.post)("/account/password/change/", new)
    assert answer.status_code == 302
    assert await ended(theirs)


async def test_ending_an_app_sign_in_closes_what_its_access_token_opened():
    meta = await sync_to_async(lambda: sign_in(member()))()
    socket = await with_token(meta["access_token"])
    headers = {"Authorization": f"Bearer {meta['access_token']}"}
    await sync_to_async(Client().delete)("/api/auth/app/v1/auth/session", headers=headers)
    assert await ended(socket)


async def test_taking_a_program_its_access_closes_its_sockets():
    person = await sync_to_async(member)()
    access, client_id = await sync_to_async(oauth_token)(person)
    socket = await with_token(access)
    await sync_to_async(application_revoke)(person=person, client_id=client_id)
    assert await ended(socket)


@pytest.mark.parametrize("how", ["deactivated", "deleted"])
async def test_somebody_who_may_no_longer_sign_in_loses_every_socket(how):
    person = await sync_to_async(member)()
    _token, raw = await sync_to_async(token_of)(person)
    browser = await browser_of(person)
    sockets = [await with_token(raw), await with_session(browser)]
    if how == "deleted":
        await sync_to_async(person.delete)()
    else:
        person.is_active = False
        await sync_to_async(person.save)()
    for socket in sockets:
        assert await ended(socket)


async def test_a_socket_ends_when_its_token_expires():
    token, raw = await sync_to_async(lambda: token_of(member()))()
    soon = timezone.now() + timedelta(seconds=3)
    await sync_to_async(PersonalToken.objects.filter(pk=token.pk).update)(expires_at=soon)
    assert await ended(await with_token(raw))


async def test_an_end_whose_message_was_lost_is_found_in_the_database(monkeypatch):
    monkeypatch.setattr(guard, "LOOK_AGAIN_SECONDS", 0.3)
    token, raw = await sync_to_async(lambda: token_of(member()))()
    socket = await with_token(raw)
    # Not by the service: nobody tells the socket.
    await sync_to_async(PersonalToken.objects.filter(pk=token.pk).update)(revoked_at=timezone.now())
    assert await ended(socket)


async def test_a_session_that_vanished_is_found_in_the_database(monkeypatch):
    monkeypatch.setattr(guard, "LOOK_AGAIN_SECONDS", 0.3)
    person = await sync_to_async(member)()
    socket = await with_session(await browser_of(person))
    people = get_user_model().objects.filter(pk=person.pk)
    await sync_to_async(people.update)(is_active=False)
    assert await ended(socket)


async def test_a_bad_token_is_told_so_by_the_close_code():
    socket = WebsocketCommunicator(
        application, "/ws/gallery/", headers=[(b"authorization", b"Bearer cap_wrong")]
    )
    connected, _protocol = await socket.connect()
    assert connected
    assert await ended(socket)


async def test_a_cookie_from_another_website_opens_nothing():
    socket = WebsocketCommunicator(
        application, "/ws/gallery/", headers=[(b"origin", b"https://evil.example")]
    )
    connected, _code = await socket.connect()
    assert not connected
    await socket.disconnect()


def oauth_token(person) -> tuple[str, str]:
    """An access token as the server stores it; how it gets one is tested with Authlib."""
    made = program()
    token = Token(client=made, user=person, type=Token.Type.ACCESS_TOKEN)
    token.set_value("an opaque access token")
    token.set_scopes(["captions:read"])
    token.expires_at = timezone.now() + timedelta(minutes=15)
    token.save()
    return "an opaque access token", made.pk
