"""`make bench`: how fast the pages are, as ratios to a bare Django view under the same gunicorn in the same run.

Machines differ and are noisy, so absolute figures mean little: each round measures a page and its yardstick one
right after the other, and the table gives the median of the rounds' ratios with their spread.
"""

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

FORM = """
local number = 0
function setup(thread) thread:set("id", number) number = number + 1 end
local counter = 0
request = function()
  counter = counter + 1
  local one = id .. "x" .. counter .. "x" .. START
  local address = "10." .. id .. "." .. (math.floor(counter / 250) % 250) .. "." .. (counter % 250)
  local body = "organisation=Bench+" .. one .. "&country=KE&kind=refugee_led&contact_name=Bench&contact_email=b"
    .. one .. "%40bench.example&visibility=public&consent=on"
  return wrk.format("POST", nil, {["Content-Type"] = "application/x-www-form-urlencoded",
    ["X-Forwarded-For"] = address}, body)
end
"""


@dataclass(frozen=True)
class Case:
    """A page to measure, and the bare view that is its yardstick."""

    name: str
    path: str
    bare: str
    headers: tuple[str, ...] = ()
    posts: bool = False


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--signatures", type=int, default=117)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=3)
    chosen = options.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("make bench sends its requests with wrk. Install it first, on Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as running:
        # The embedded server runs as another user where we are root, and must be able to enter.
        Path(folder).chmod(0o755)
        os.environ |= {
            "UNDERSIGNED_VAR": folder,
            "TRUSTED_PROXIES": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        _fill(chosen.signatures)
        running.callback(_stop_database)
        ours, page_bytes, etag = running.enter_context(_application())
        bare = running.enter_context(
            _gunicorn("tests.bench.bare:application", {"BARE_BYTES": str(page_bytes)})
        )
        cases = [
            Case("letter page, warm", "/letters/bench/", "/page", ("Accept-Encoding: br",)),
            Case("live.json, 304", "/letters/bench/live.json", "/not-modified", (f"If-None-Match: {etag}",)),
            Case("sign, POST", "/letters/bench/sign/", "/form", posts=True),
        ]
        print(
            f"{chosen.signatures} signatures; letter page {page_bytes} bytes compressed; gunicorn, 2 workers\n"
        )
        print(f"| {'page':<18} | ratio, median | spread      | requests/s here | bare |")
        print(f"|{'-' * 20}|{'-' * 15}|{'-' * 13}|{'-' * 17}|{'-' * 6}|")
        for case in cases:
            _measure(case, ours.address, bare.address, chosen)
        print(f"\nmemory of a worker, resident: ours {ours.memory():.0f} MB, bare {bare.memory():.0f} MB")


def _measure(case: Case, ours: str, bare: str, chosen: argparse.Namespace) -> None:
    pairs = []
    for _ in range(chosen.rounds):
        ours_rate = _wrk(ours + case.path, case, chosen.seconds)
        pairs.append((ours_rate, _wrk(bare + case.bare, case, chosen.seconds)))
    ratios = [one / other for one, other in pairs]
    here, there = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
    print(
        f"| {case.name:<18} | {statistics.median(ratios):>13.2f} | {spread:<11} | {here:>15.0f} | {there:>4.0f} |"
    )


def _wrk(url: str, case: Case, seconds: int) -> float:
    """Return answered requests a second. Any answer other than 2xx or 3xx ends the run."""
    command = ["wrk", "-t2", "-c16", f"-d{seconds}s", *(f"-H{header}" for header in case.headers)]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if case.posts:
            script.write(f"START = '{time.time_ns()}'\n{FORM}")
            script.flush()
            command += ["-s", script.name]
        said = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said:
        sys.exit(f"{case.name}: answers went wrong\n{said}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


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
def _gunicorn(application: str, environment: dict[str, str]):
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
def _application():
    """Serve Undersigned; return the server, the compressed size of the letter page and the ETag of live.json."""
    with _gunicorn("config.wsgi:application", {}) as server:
        page = urllib.request.Request(f"{server.address}/letters/bench/", headers={"Accept-Encoding": "br"})
        size = len(urllib.request.urlopen(page).read())
        etag = urllib.request.urlopen(f"{server.address}/letters/bench/live.json").headers["ETag"]
        yield server, size, etag


def _wait(port: int) -> None:
    for _ in range(100):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("gunicorn did not start")


def _fill(number: int) -> None:
    """Make a letter of nine hundred words with that many published signatures."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from letters.models import Host, Letter, Text
    from signatories.models import Organisation, Signature, SignatureStatus
    from signatories.visibility import Visibility

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    letter = Letter.objects.create(
        host=Host.objects.create(slug="bench", name="Bench"), slug="bench", opens_at=timezone.now()
    )
    words = " ".join(f"word{number * 7919 % 997}" for number in range(150))
    text = Text.objects.create(letter=letter, language="en", title="A letter", body=f"{words}\n\n" * 6)
    for start in range(0, number, 5000):
        organisations = [
            Organisation(name=f"Organisation {n} of Place {n * 31 % 977}") for n in range(start, number)
        ]
        organisations = organisations[:5000]
        for organisation in organisations:
            organisation.fill_key()
        Organisation.objects.bulk_create(organisations)
        signatures = [
            Signature(
                letter=letter,
                text=text,
                organisation=organisation,
                name=organisation.name,
                country=("KE", "UG", "DE", "CO")[place % 4],
                kind="refugee_led",
                language="en",
                status=SignatureStatus.PUBLISHED,
                visibility=Visibility.PUBLIC,
                published_at=timezone.now(),
            )
            for place, organisation in enumerate(organisations)
        ]
        for signature in signatures:
            signature.fill_keys()
        Signature.objects.bulk_create(signatures)
    connection.close()


def _stop_database() -> None:
    from django.conf import settings

    from config import devdb

    if not os.environ.get("DATABASE_URL"):
        devdb.stop(settings.VAR_DIR)


if __name__ == "__main__":
    main()
