"""What docs/webhooks.md tells receivers to do works as it stands there."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from captions.webhooks.signing import sign

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "webhooks.md").read_text()
BODY = b'{"event":"ping"}'


def snippet(language: str) -> str:
    [code] = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return code


def headers(age: int = 0, **changes: str) -> dict[str, str]:
    at = int(time.time()) - age
    made = {"X-Capsite-Timestamp": str(at), "X-Signature-256": sign("s", at, BODY)}
    return made | {name.replace("_", "-"): text for name, text in changes.items()}


def cases() -> list[tuple[dict[str, str], bytes, bool]]:
    """Made when a test asks: a signature is good for five minutes only."""
    return [
        (headers(), BODY, True),
        (headers(), BODY + b" ", False),
        (headers(age=400), BODY, False),
        (headers(X_Signature_256="sha256=00"), BODY, False),
        ({}, BODY, False),
    ]


def test_the_python_receiver():
    scope: dict[str, Any] = {}
    exec(snippet("python"), scope)
    for given, body, good in cases():
        assert scope["verify"]("s", given, body) is good


@pytest.mark.skipif(not shutil.which("node"), reason="no node on this machine")
def test_the_node_receiver():
    tried = cases()
    sent = [
        [{name.lower(): text for name, text in given.items()}, body.decode()]
        for given, body, _good in tried
    ]
    calls = f"{json.dumps(sent)}.map(([h, b]) => verify('s', h, Buffer.from(b)))"
    code = f"{snippet('javascript')}\nconsole.log(JSON.stringify({calls}))"
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [good for _given, _body, good in tried]
