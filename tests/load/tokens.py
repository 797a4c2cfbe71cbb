"""Makes members with tokens on the site of CAPSITE_VAR: `python -m tests.load.tokens 20`."""

import sys
from datetime import timedelta

import django

SCOPES = ("captions:read", "captions:write", "annotations:write")


def main(count: int) -> None:
    """Print the tokens, separated by commas."""
    django.setup()
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from capsite.accounts.services.tokens import token_create

    people = get_user_model().objects
    until = timezone.now() + timedelta(days=1)
    tokens = []
    for number in range(count):
        person, _new = people.get_or_create(username=f"load-{number}")
        tokens.append(token_create(person=person, name="load", scopes=SCOPES, expires_at=until)[1])
    print(",".join(tokens))


if __name__ == "__main__":
    main(int(sys.argv[1]))
