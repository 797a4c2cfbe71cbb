"""Shows the lines of all processes on one terminal, each behind the name of its process."""

import os
from typing import IO

COLOURS = ("36", "32", "33", "35", "34", "96", "92")
WIDTH = 8
LONGEST_LINE = 64 * 1024


class Console:
    """Writes whole lines only; when nobody reads any more it stays silent."""

    def __init__(self, stream: IO[bytes], *, colour: bool) -> None:
        self._stream = stream
        self._colour = colour
        self._names: list[str] = []

    def line(self, name: str, text: str) -> None:
        """Write one line of the named process."""
        try:
            self._stream.write(f"{self._prefix(name)} {text}\n".encode(errors="replace"))
            self._stream.flush()
        except (OSError, ValueError):
            return  # the terminal or the pipe is gone; the processes go on

    def say(self, text: str) -> None:
        """Write the supervisor's own words."""
        for line in text.splitlines():
            self.line("capsite", line)

    def _prefix(self, name: str) -> str:
        if name not in self._names:
            self._names.append(name)
        label = f"{name:<{WIDTH}} |"
        if not self._colour:
            return label
        code = COLOURS[self._names.index(name) % len(COLOURS)]
        return f"\x1b[{code}m{label}\x1b[0m"


def wants_colour(stream: IO[bytes]) -> bool:
    """Tell whether to colour: only on a terminal, and not against NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


class LineReader:
    """Cuts what arrives on a pipe into lines, whatever its size or encoding."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._pending = b""
        self.finished = False
        os.set_blocking(self.descriptor, False)

    @property
    def descriptor(self) -> int:
        """Return the number to wait on."""
        return self._pipe.fileno()

    def read(self) -> list[str]:
        """Return the lines that have become complete; a line without end is cut when too long."""
        self._fill()
        *lines, self._pending = self._pending.split(b"\n")
        if len(self._pending) > LONGEST_LINE:
            lines.append(self._pending)
            self._pending = b""
        return [_text(line) for line in lines]

    def close(self) -> list[str]:
        """Return everything that is still there, and close the pipe."""
        while self._fill():
            pass
        self._pipe.close()
        return [_text(line) for line in self._pending.split(b"\n")] if self._pending else []

    def _fill(self) -> bool:
        try:
            data = os.read(self.descriptor, LONGEST_LINE)
        except BlockingIOError:  # a grandchild may hold the pipe open without writing
            return False
        self._pending += data
        self.finished = not data
        return bool(data)


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r\n")
