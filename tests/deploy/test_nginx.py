"""A real nginx with the deployment's files before a real site: pages, sockets, bodies, caches."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings
from websockets.sync.client import connect

from tests.deploy.servers import eventually, free_ports, program
from tests.factories import photo_bytes
from tests.flows.site import Site, short_folder

NGINX = settings.BASE_DIR / "deploy" / "nginx"
pytestmark = pytest.mark.skipif(not program("nginx"), reason="NO NGINX HERE: apt install nginx")


def laid_out(folder: Path, server: str, *, upstream: str, port: int) -> None:
    """Lay the files out as compose mounts them; only where the site is and the port differ."""
    for name in ("nginx.conf", "site.conf"):
        text = (NGINX / name).read_text()
        text = text.replace("/tmp/", f"{folder}/").replace("/dev/stdout", f"{folder}/access.log")
        (folder / name).write_text(text)
    listening = (NGINX / server).read_text().replace("listen 8080", f"listen 127.0.0.1:{port}")
    (folder / "server.conf").write_text(listening)
    asked = (NGINX / "upstream.conf").read_text()
    assert "default web:8000;" in asked
    (folder / "upstream.conf").write_text(asked.replace("web:8000", upstream))


def asked_nginx(folder: Path, *options: str) -> list[str]:
    return [str(program("nginx")), "-p", str(folder), "-c", str(folder / "nginx.conf"), *options]


def certificate(folder: Path) -> None:
    """Write a certificate that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    folder.mkdir()
    signed = made.sign(key, hashes.SHA256())
    (folder / "fullchain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@pytest.mark.parametrize("server", ["tls.conf", "plain.conf"])
def test_nginx_takes_its_files(server, tmp_path):
    laid_out(tmp_path, server, upstream="web:8000", port=8080)
    certificate(tmp_path / "tls")
    done = subprocess.run(
        asked_nginx(tmp_path, "-t", "-q"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    unexpected = [line for line in done.stderr.splitlines() if "[emerg]" in line]
    assert not unexpected


@contextmanager
def before(site: Site, folder: Path) -> Iterator[str]:
    """Run nginx before the site and yield its address; its workers are nobody under root."""
    port = free_ports(1)[0]
    laid_out(folder, "plain.conf", upstream=site.url.removeprefix("http://"), port=port)
    folder.chmod(0o755)
    process = subprocess.Popen(asked_nginx(folder, "-g", "daemon off;"), stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: requests.get(f"{url}/nginx-health", timeout=1), 10, "nginx")
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.slow
@pytest.mark.flow
def test_the_site_behind_nginx(tiny_model):
    with short_folder() as var, tempfile.TemporaryDirectory(prefix="capsite-nginx-") as place:
        given = {"CAPSITE_TRUSTED_PROXIES": "1", "CAPSITE_RATE_FACTOR": "1"}
        site = Site(var, tiny_model, **given).start()
        try:
            folder = Path(place)
            with before(site, folder) as url:
                _look(url)
                assert '"path":"/' in (folder / "access.log").read_text()
        finally:
            site.stop()


def _look(url: str) -> None:
    page = requests.get(url, timeout=20)
    assert page.status_code == 200
    assert page.headers["Content-Encoding"]
    assert "nginx/" not in page.headers["Server"]

    sheet = next(part for part in page.text.split('"') if part.endswith(".css"))
    for _again in range(2):
        kept = requests.get(url + sheet, timeout=20)
        assert "immutable" in kept.headers["Cache-Control"]
        assert kept.headers["Content-Encoding"]

    with connect(url.replace("http", "ws") + "/ws/gallery/", origin=url) as socket:
        assert json.loads(socket.recv(20))["type"] == "hello"
        sent = {"image": ("photo.jpg", photo_bytes(7777))}
        answer = requests.post(f"{url}/api/v1/captions", files=sent, timeout=30)
        assert answer.status_code == 202
        while json.loads(socket.recv(60)).get("state") != "done":
            pass

    photo = answer.json()["image"]["id"]
    picture = requests.get(f"{url}/i/{photo}/w320.webp", timeout=20)
    assert picture.headers["Cache-Control"] == "public, max-age=31536000, immutable"

    large = requests.post(f"{url}/uploads/", data=b"x" * 20_971_521, timeout=30)
    assert (large.status_code, large.json()["code"]) == (413, "request_too_large")
    assert requests.get(f"{url}/metrics", timeout=20).status_code == 404
