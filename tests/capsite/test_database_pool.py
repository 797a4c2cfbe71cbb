"""More threads than connections: they wait for one another, and who waits too long is told."""

import subprocess
import sys

PROBE = """
import sys, threading, time
import capsite.common.databasepool as databasepool
databasepool.PATIENCE_SECONDS = float(sys.argv[1])
import capsite.asgi
from django.db import connection
from django.db.utils import OperationalError

held, told = [], []

def work():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.5), pg_backend_pid()")
            held.append(cursor.fetchone()[1])
    except OperationalError as error:
        told.append(str(error))
    finally:
        connection.close()

threads = [threading.Thread(target=work) for _each in range(9)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(held), len(set(held)) <= 3, len(told), *set(told))
"""


def probe(patience: float, monkeypatch) -> str:
    monkeypatch.setenv("CAPSITE_DATABASE_POOL", "1")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "capsite.settings.dev")
    command = [sys.executable, "-c", PROBE, str(patience)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_nine_threads_share_three_connections(monkeypatch):
    assert probe(30, monkeypatch) == "9 True 0"


def test_who_waits_too_long_is_told_as_in_every_outage(monkeypatch):
    answer = probe(0.2, monkeypatch)
    assert answer == "3 True 6 No connection to the database became free in time."
