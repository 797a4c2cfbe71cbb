"""Runs the official graphql-ws JavaScript client under the node of Playwright's package."""

import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

import playwright

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(playwright.__file__).parent / "driver" / "node"
LIBRARY = ROOT / "static" / "vendor" / "graphql-ws" / "graphql-ws.min.js"


class JsClient:
    """One client with its operations; ``line`` gives what it says, one thing at a time."""

    def __init__(self, address: str, *operations: dict[str, Any], **config: Any) -> None:
        assert NODE.exists(), "THE graphql-ws TESTS CANNOT RUN: Playwright's package has no node."
        settings = {"url": f"ws://{address}/ws/graphql/", "operations": operations} | config
        script = Path(__file__).with_name("client.cjs")
        self._process = subprocess.Popen(
            [NODE, script, LIBRARY, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> "JsClient":
        return self

    def __exit__(self, *_error: Any) -> None:
        self._process.kill()
        self._process.wait()

    def line(self, timeout: float = 10) -> dict[str, Any]:
        """Return the next thing the client says."""
        try:
            text = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"Nothing came in {timeout} s.") from None
        try:
            return json.loads(text)
        except ValueError:
            rest = []
            while not self._lines.empty():
                rest.append(self._lines.get())
            raise AssertionError("The client failed: " + text + "\n".join(rest)) from None

    def next(self, timeout: float = 10) -> dict[str, Any]:
        """Return the data of the next event, which must be one without errors."""
        line = self.line(timeout)
        assert "next" in line, line
        assert "errors" not in line["next"], line
        return line["next"]["data"]

    def quiet(self, seconds: float = 0.5) -> bool:
        """Tell whether nothing comes for a while."""
        try:
            self._lines.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def stop(self, operation: int) -> None:
        """Let the client complete an operation."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{operation}\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
