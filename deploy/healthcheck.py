"""Exits with 0 while this container answers: its web, or `healthcheck.py 9100 /metrics`."""

import sys
from urllib.request import urlopen

if __name__ == "__main__":
    port, path = sys.argv[1:] or ("8000", "/health/live/")
    address = f"http://127.0.0.1:{port}{path}"
    try:
        with urlopen(address, timeout=4) as answer:
            sys.exit(answer.status != 200)
    except OSError as error:
        sys.exit(f"{address}: {error}")
