"""What a web process made when it started is left alone by Python's collector."""

import subprocess
import sys

PROBE = """
import gc
import capsite.asgi
from django.urls import get_resolver
routes = get_resolver().url_patterns
assert gc.get_freeze_count() > 50_000, gc.get_freeze_count()
assert not any(each is routes for each in gc.get_objects())
"""


def test_a_web_process_freezes_what_its_start_made():
    subprocess.run([sys.executable, "-c", PROBE], check=True)
