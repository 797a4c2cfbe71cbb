"""GraphiQL in a real Chromium: it runs a query and a subscription, and keeps to the policy."""

import pytest
from django.conf import settings
from django.test import Client

from tests.factories import ImageFactory, UserFactory
from tests.flows.browser import chromium, listen

VIOLATIONS = """() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
}"""

TYPE = """(text) => {
    document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.setValue(text);
}"""


@pytest.mark.django_db
def test_graphiql_is_for_those_who_signed_in():
    visitor = Client().get("/graphql/", headers={"Accept": "text/html"})
    assert visitor.status_code == 302
    assert settings.LOGIN_URL.partition(":")[0]
    member = Client()
    member.force_login(UserFactory())
    page = member.get("/graphql/", headers={"Accept": "text/html"})
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in [part.strip() for part in policy.split(";")]  # in any order
    assert "unsafe" not in policy
    assert "<style" not in page.text
    program = member.get("/graphql/", headers={"Accept": "application/json"})
    assert program.status_code == 405
    assert program.json()["errors"][0]["extensions"]["code"] == "method_not_allowed"


def test_graphiql_works_under_the_content_policy(live: str):
    image = ImageFactory(title="A lighthouse")
    session = Client()
    session.force_login(UserFactory())
    cookie = session.cookies["sessionid"].value
    with chromium() as browser:
        page = browser.new_page()
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": f"http://{live}"}])
        complaints = listen(page)
        page.add_init_script(f"({VIOLATIONS})()")
        page.goto(f"http://{live}/graphql/")
        page.get_by_role("button", name="Execute query").click(timeout=30_000)
        page.get_by_text("A lighthouse").first.wait_for()
        page.get_by_role("button", name="Open settings dialog").click()
        page.get_by_role("dialog").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Show Documentation Explorer").click()
        page.get_by_text("Root Types").first.wait_for()
        follow = f'subscription Follow {{ captionUpdated(imageId: "{image.pk}") {{ kind }} }}'
        page.evaluate(TYPE, follow)
        page.wait_for_timeout(1000)  # GraphiQL reads the text a moment after it was typed
        page.get_by_role("button", name="Execute query").click()
        page.get_by_text('"CURRENT"').first.wait_for()
        assert page.evaluate("window.violations") == []
        assert complaints == []
