"""People, tokens and programs of a running site, made with its own services."""

import json
import os
import subprocess
import sys
from typing import Any

from capsite.embedded import database_url, redis_url
from tests.flows.site import ROOT, Site

PASSWORD = "correct horse battery staple"
MAKE = """
import json
from datetime import timedelta
from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client
from django.utils import timezone
from capsite.accounts.models import User
from capsite.accounts.services.tokens import token_create

def member(name):
    person = User.objects.create_user(name, f"{name}@example.org", "PASSWORD")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    scopes = ["captions:read", "captions:write", "annotations:write"]
    ends = timezone.now() + timedelta(days=1)
    return person, token_create(person=person, name="test", scopes=scopes, expires_at=ends)[1]

ada, token = member("ada")
bo, other = member("bo")
program = Client(name="program", owner=ada, scopes="captions:read\\ncaptions:write",
                 grant_types="client_credentials")
program.set_secret("program secret")
program.save()
print("MADE" + json.dumps({"ada": token, "bo": other, "program": program.pk}))
"""


def people_made(site: Site) -> dict[str, Any]:
    """Make two members with tokens and a program of one of them."""
    servers = {"DATABASE_URL": database_url(site.var), "REDIS_URL": redis_url(site.var)}
    kept = {"CAPSITE_VAR": str(site.var), "DJANGO_SETTINGS_MODULE": "capsite.settings.dev"}
    code = MAKE.replace("PASSWORD", PASSWORD)
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", code],
        cwd=ROOT,
        env=os.environ | servers | kept,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "MADE" in done.stdout, done.stdout + done.stderr
    return json.loads(done.stdout.partition("MADE")[2].splitlines()[0])
