"""The shipped nginx, started as an operator would: deploy/ copied, its names filled in, everything in one folder."""

import contextlib
import getpass
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
HOST = "letters.example.org"
PATIENCE = 60.0  # seconds


def program() -> str | None:
    """Return where nginx is; Debian keeps it where only root looks."""
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Nginx:
    """nginx with the shipped configuration, on ports of its own, in front of an application and its static files."""

    def __init__(
        self, folder: Path, *, application: str, static: Path, instead: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.port, self.plain_port = _free_port(), _free_port()
        _make_certificate(folder)
        filled = {
            **(instead or {}),
            "user www-data;": f"user {getpass.getuser()};",
            "http {": f"http {{\n{_unused_folders(folder)}",
            "/run/nginx.pid": f"{folder}/nginx.pid",
            "/var/log/nginx/error.log": f"{folder}/error.log",
            "/dev/shm/undersigned-": f"{folder}/",
            "/etc/ssl/letters/": f"{folder}/",
            "/srv/undersigned/var/static": str(static),
            "/srv/undersigned/archive": f"{folder}/archive",
            "/srv/undersigned/deploy": str(folder),
            "127.0.0.1:8000": application,
            "listen 80": f"listen 127.0.0.1:{self.plain_port}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
        }
        whole = "".join(file.read_text() for file in DEPLOY.glob("*.conf"))
        assert [words for words in filled if words not in whole] == []
        for file in DEPLOY.glob("*.conf"):
            text = file.read_text()
            for words, instead in filled.items():
                text = text.replace(words, instead)
            # Not every machine that tests has the other kind of address.
            lines = [line for line in text.splitlines() if "listen [::]" not in line]
            (folder / file.name).write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        command = [program(), "-c", f"{self.folder}/nginx.conf", "-g", "daemon off;"]
        with (self.folder / "said").open("wb") as said:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        until = time.monotonic() + PATIENCE
        while not _is_open(self.port):
            assert self.process.poll() is None, (self.folder / "said").read_text()
            assert time.monotonic() < until, "nginx did not start"
            time.sleep(0.05)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Ask as a browser does, over TLS; header names are written with _ for -."""
        with contextlib.closing(http.client.HTTPSConnection(HOST, timeout=PATIENCE)) as asking:
            there = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
            asking.sock = _TRUSTING.wrap_socket(there, server_hostname=HOST)
            asking.request(
                method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = asking.getresponse()
            return Answer(answer.status, answer.headers, answer.read())


_TRUSTING = ssl.create_default_context()
_TRUSTING.check_hostname, _TRUSTING.verify_mode = False, ssl.CERT_NONE


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _is_open(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _unused_folders(folder: Path) -> str:
    """Return where nginx keeps nothing; who is not root may not have it where Debian has it."""
    return "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("fastcgi", "scgi", "uwsgi"))


def _make_certificate(folder: Path) -> None:
    """Write a certificate that nobody trusts, and its key."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)]),
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
