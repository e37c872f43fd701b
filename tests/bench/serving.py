"""Servers to measure: gunicorn as in production, the shipped nginx in front of it, and wrk, which asks."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.nginx import HOST, Nginx

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Server:
    address: str
    pid: int

    def memory(self) -> float:
        """Return the resident megabytes of the largest worker."""
        workers = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        sizes = [re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1] for pid in workers]
        return max(map(int, sizes)) / 1024


@contextmanager
def gunicorn(application: str, **environment: str) -> Iterator[Server]:
    """Serve an application with the project's own gunicorn settings, 2 workers, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "--log-level", "warning"]
    command += ["-b", f"127.0.0.1:{port}", application]
    environment = {**os.environ, "WEB_CONCURRENCY": "2", **environment}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def nginx(application: Server, static: Path) -> Iterator[str]:
    """Put the shipped nginx in front of an application; return its address. One machine may ask without end here."""
    with tempfile.TemporaryDirectory(prefix="bench-nginx-", dir=_memory()) as folder:
        Path(folder).chmod(0o755)
        shipped = Nginx(
            Path(folder),
            application=application.address.removeprefix("http://"),
            static=static,
            instead={
                HOST: "localhost",  # wrk asks for what its address says
                "rate=200r/s": "rate=1000000r/s",
                "limit_conn connections 200": "limit_conn connections 60000",
            },
        )
        shipped.start()
        try:
            yield f"https://localhost:{shipped.port}"
        finally:
            shipped.stop()


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def rate(url: str, *, headers: tuple[str, ...] = (), script: str = "", seconds: int = 3) -> float:
    """Return answered requests a second, of 16 who ask one after the other. A wrong answer ends the run."""
    if shutil.which("wrk") is None:
        sys.exit("make bench sends its requests with wrk. Install it first, on Debian: apt-get install wrk")
    command = [
        "wrk",
        "-t2",
        "-c16",
        "--timeout",
        "30s",
        f"-d{seconds}s",
        *(f"-H{header}" for header in headers),
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        if script:
            file.write(script)
            file.flush()
            command += ["-s", file.name]
        said = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(f"{url}: answers went wrong\n{said}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def _wait(port: int) -> None:
    for _ in range(300):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("gunicorn did not start")
