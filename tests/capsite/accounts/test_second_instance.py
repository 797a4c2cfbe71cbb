"""Signing in on one capsite with the account of another, in a real browser."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.capsite.accounts.instance import Instance, new_database
from tests.capsite.accounts.people import PASSWORD
from tests.flows.browser import chromium, listen

pytestmark = [pytest.mark.flow, pytest.mark.django_db(transaction=True)]

PERSON = f"""
from allauth.account.models import EmailAddress
from capsite.accounts.models import User
person = User.objects.create_user("mira", "mira@example.org", "{PASSWORD}")
EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
"""
PROGRAM = """
from allauth.idp.oidc.models import Client
program = Client(id="rp", name="The other site", scopes="openid\\nprofile\\nemail",
                 redirect_uris="{back}")
program.set_secret("a secret between sites")
program.save()
"""


@pytest.fixture
def sites(tmp_path: Path, django_db_setup):
    """A provider, and a site that trusts it."""
    first = new_database("provider")
    provider = Instance(tmp_path / "a", "localhost", first)
    provider.manage("migrate", "--verbosity", "0")
    second = new_database("relying", template="provider")
    other = {"id": "home", "name": "Home site", "server_url": provider.url}
    keys = {"client_id": "rp", "secret": "a secret between sites"}
    settings = {"CAPSITE_SIGNIN_PROVIDERS": json.dumps([other | keys])}
    relying = Instance(tmp_path / "b", "127.0.0.1", second, **settings)
    back = f"{relying.url}/account/oidc/home/login/callback/"
    provider.manage("shell", "-c", PERSON + PROGRAM.format(back=back))
    with provider.running(), relying.running():
        yield provider, relying


def test_one_signs_in_here_with_the_account_of_there(sites):
    _provider, relying = sites
    with chromium() as browser:
        page = browser.new_page()
        complaints = listen(page)
        page.goto(f"{relying.url}/account/login/")
        page.get_by_role("button", name="Continue with Home site").click()
        sign_in_there(page)
        page.get_by_role("button", name="Let it in").click()
        finish_here(page, relying)
        assert not [text for text in complaints if "Content Security Policy" in text]
    said = relying.manage("shell", "-v", "0", "-c", WHO)
    assert json.loads(said) == [["mira", "mira@example.org", True, "home"]]


WHO = """
import json
from allauth.socialaccount.models import SocialAccount
print(json.dumps([[a.user.username, a.user.email, a.user.emailaddress_set.get().verified,
                   a.provider] for a in SocialAccount.objects.all()]))
"""


def sign_in_there(page: Page) -> None:
    page.get_by_label("E-mail or user name").fill("mira@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def finish_here(page: Page, relying: Instance) -> None:
    page.wait_for_url(f"{relying.url}/**")
    assert page.get_by_role("link", name="Account of mira").is_visible()
