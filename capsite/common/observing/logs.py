"""Log lines as JSON objects, and a count of what went wrong."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from prometheus_client import Counter

from capsite.common.observing.trail import facts

# Passwords in addresses of servers, as drivers repeat them in their errors.
_PASSWORD = re.compile(r"(://[^\s:/@]*:)[^\s@/]+@")

MESSAGES = Counter("capsite_log_messages", "Log lines that tell of trouble, by level.", ["level"])
for _level in ("warning", "error", "critical"):
    MESSAGES.labels(level=_level)


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger and message, and the ids of this moment."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname,
            "logger": record.name,
            "message": _clean(record.getMessage()),
            "process": record.process,
        }
        line |= facts() | record.__dict__.get("facts", {})
        if record.exc_info:
            line["exception"] = _clean(self.formatException(record.exc_info))
        return json.dumps(line, default=str, ensure_ascii=False)


class CountingHandler(logging.Handler):
    """Counts warnings and errors, so that a process that complains is noticed."""

    def emit(self, record: logging.LogRecord) -> None:
        """Count one line."""
        MESSAGES.labels(level=record.levelname.lower()).inc()


def _clean(text: str) -> str:
    return _PASSWORD.sub(r"\1***@", text)
