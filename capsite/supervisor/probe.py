"""Finds out when the web process answers, without hurrying or provoking it."""

import http.client
import time

from capsite.settings import env

PAUSE_SECONDS = 0.25
TIMEOUT_SECONDS = 0.5


class WebProbe:
    """Asks at most every PAUSE_SECONDS: the supervisor's loop turns much faster than that."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._due = 0.0

    def answers(self) -> bool:
        """Tell whether the web process gave any HTTP answer; until the next turn is due, False."""
        if time.monotonic() < self._due:
            return False
        answered = self._ask()
        self._due = time.monotonic() + PAUSE_SECONDS
        return answered

    def _ask(self) -> bool:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", "/health/live/", headers={"Host": welcome_host()})
            connection.getresponse()
            return True  # even a 400 comes from the web process
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def welcome_host() -> str:
    """Return a host name that Django takes, so that a probe leaves no complaint in the log."""
    first = next(iter(env.names("CAPSITE_HOSTS")), "*")
    return "localhost" if first == "*" else first.removeprefix(".")
