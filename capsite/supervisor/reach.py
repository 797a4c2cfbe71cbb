"""Waits for a PostgreSQL of the person's own, which may still be starting."""

import time

import psycopg2

from capsite.supervisor.console import Console
from capsite.supervisor.loop import Supervisor
from capsite.supervisor.refusal import Refusal

PATIENCE_SECONDS = 30
SAY_AFTER_SECONDS = 2


def await_database(
    url: str, supervisor: Supervisor, console: Console, patience: float = PATIENCE_SECONDS
) -> None:
    """Return once DATABASE_URL takes a connection; else Refusal with the server's words."""
    began = time.monotonic()
    said = False
    reason = ""

    def answers() -> bool:
        nonlocal said, reason
        try:
            psycopg2.connect(url, connect_timeout=3).close()
        except psycopg2.Error as error:
            reason = " ".join(str(error).split())
        else:
            return True
        if not said and time.monotonic() - began > SAY_AFTER_SECONDS:
            console.say("Waiting for the PostgreSQL that DATABASE_URL names.")
            said = True
        return False

    if not supervisor.wait_until(answers, patience):
        raise Refusal(
            f"The PostgreSQL that DATABASE_URL names does not answer: {reason} Start it, correct "
            "the URL, or unset DATABASE_URL to use the embedded one."
        )
