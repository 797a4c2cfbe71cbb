"""The two sides that caption: a capsite of its own, and a Gradio page with the same model."""

import json
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import psutil
import requests

from tests.flows.site import ROOT, Site, short_folder
from tests.load.members import tokens_of
from tests.load.peers.venv import outside

MODEL = ROOT / "models" / "capsite-mini"
BATCH = 8  # what capsite's worker takes together
NUM = 3  # captions of a photo
START_SECONDS = 240  # Label Studio migrates its SQLite first
ANSWER_SECONDS = 120


class Capsite:
    """Web, worker, courier, beat, PostgreSQL and Valkey: `manage.py up` in a throw-away folder."""

    name = "capsite"

    def __init__(self, threads: int, web: int) -> None:
        self.captioned: dict[str, list[str]] = {}
        self._folder = short_folder()
        self._settings = {
            "CAPSITE_THREADS": str(threads),
            "CAPSITE_WEB_PROCESSES": str(web),
            "CAPSITE_BATCH": str(BATCH),
            "CAPSITE_CAPTIONS_PER_PHOTO": str(NUM),
            "CAPSITE_RATE_FACTOR": "1000",
        }

    def __enter__(self) -> "Capsite":
        self.site = Site(self._folder.__enter__(), MODEL, **self._settings)
        try:
            self.site.start(START_SECONDS)
            [token] = tokens_of(self.site, 1)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.headers = {"Authorization": f"Bearer {token}"}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.site.stop()
        finally:
            self._folder.__exit__(kind, error, trace)

    def processes(self) -> dict[str, int]:
        """Return what the supervisor started, the servers of the data too."""
        status = self.site.status().items()
        return {name: state["pid"] for name, state in status if state["pid"]}

    def caption(self, session: requests.Session, photo: bytes) -> list[str]:
        """Send a photo and wait for its captions: one request."""
        answer = session.post(
            f"{self.site.url}/api/v2/captions",
            files={"image": ("photo.jpg", photo, "image/jpeg")},
            data={"wait": "30", "language": "en"},
            headers=self.headers,
            timeout=ANSWER_SECONDS,
        )
        if answer.status_code != 200:
            raise AssertionError(f"{answer.status_code}: {answer.text[:150]}")
        body = answer.json()
        texts = [caption["text"] for caption in body["captions"]]
        self.captioned[body["image"]["id"]] = texts
        return texts


class Gradio:
    """`tests.load.peers.captioner` in its own environment."""

    name = "Gradio"

    def __init__(self, python: Path, threads: int) -> None:
        self._python = python
        self._threads = threads or len(os.sched_getaffinity(0))

    def __enter__(self) -> "Gradio":
        self._folder = tempfile.TemporaryDirectory(prefix="capsite-peer-gradio-")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/gradio_api"
        asked = {"model": MODEL, "port": port, "threads": self._threads, "batch": BATCH, "num": NUM}
        options = [text for name, given in asked.items() for text in (f"--{name}", str(given))]
        self._process = start(
            [str(self._python), "-m", "tests.load.peers.captioner", *options],
            Path(self._folder.name),
            cwd=ROOT,
            GRADIO_TEMP_DIR=self._folder.name,
            GRADIO_ANALYTICS_ENABLED="False",
            HF_HUB_OFFLINE="1",
            # The pipeline keeps freed memory, which Gradio's many threads would each do: 1.7 GB
            # instead of 1.0 after a hundred photos, and no faster.
            MALLOC_ARENA_MAX="1",
        )
        try:
            wait_for(f"{self.url}/info", self._process, Path(self._folder.name))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        end(self._process)
        self._folder.cleanup()

    def processes(self) -> dict[str, int]:
        """Return its one process."""
        return {self.name: self._process.pid}

    def caption(self, session: requests.Session, photo: bytes) -> list[str]:
        """Send a photo, ask for its captions, listen for them: three requests, as its API is."""
        sent = session.post(
            f"{self.url}/upload",
            files={"files": ("photo.jpg", photo, "image/jpeg")},
            timeout=ANSWER_SECONDS,
        )
        sent.raise_for_status()
        file = {
            "path": sent.json()[0],
            "orig_name": "photo.jpg",
            "meta": {"_type": "gradio.FileData"},
        }
        asked = session.post(
            f"{self.url}/call/caption", json={"data": [file]}, timeout=ANSWER_SECONDS
        )
        asked.raise_for_status()
        key = asked.json()["event_id"]
        heard = session.get(f"{self.url}/call/caption/{key}", timeout=ANSWER_SECONDS)
        event, data = heard.text.strip().split("\n")[-2:]
        if event != "event: complete":
            raise AssertionError(heard.text[-150:])
        [text] = json.loads(data.removeprefix("data: "))
        return str(text).split("\n")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(
    command: list[str], folder: Path, *, cwd: Path | None = None, **settings: str
) -> subprocess.Popen[bytes]:
    """Start a peer; what it says goes to ``folder``/log."""
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=cwd or folder,
            env=outside(**settings),
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def wait_for(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Return once ``url`` answers; raise with what the peer said when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(url, timeout=5).status_code < 500:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{url} did not answer:\n{(folder / 'log').read_text()[-3000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a peer and whatever it started."""
    members = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for member in members:
        if member.is_running():
            member.kill()
