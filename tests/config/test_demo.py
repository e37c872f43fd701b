"""The demonstration starts, heals and ends as a whole."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 180  # seconds; a busy machine is slow, a broken demonstration never answers


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _until(happens, what):
    patience = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < patience, f"{what} did not happen"
        time.sleep(0.1)


def _lives(pid):
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Demonstration:
    """A demonstration with data and port of its own."""

    def __init__(self):
        self.place = Path(tempfile.mkdtemp(prefix="undersigned-", dir="/tmp"))
        self.place.chmod(0o711)  # the database's user must be able to enter
        self.var = self.place / "var"
        self.port = _free_port()
        self.process = None

    def start(self):
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        with self.output.open("w") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "config.demo"],
                cwd=PROJECT,
                env=inherited | {"UNDERSIGNED_VAR": str(self.var), "PORT": str(self.port)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self):
        return self.place / "output"

    def have_running(self):
        if self.process is None:
            self.process = self.start()
            _until(lambda: "Ctrl-C" in self.output.read_text() or not self.runs(), "the start")
            assert self.runs(), self.output.read_text()

    def runs(self):
        return self.process.poll() is None

    def healthy(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def child(self, name):
        for pid in _children(self.process.pid):
            with suppress(OSError):  # it may have ended meanwhile
                if name in Path(f"/proc/{pid}/cmdline").read_text():
                    return pid
        return None

    def postmaster(self):
        return int((self.var / "pg" / "postmaster.pid").read_text().split("\n")[0])

    def everything(self):
        web, worker = self.child("gunicorn"), self.child("manage.py")
        return [web, *_children(web), worker, self.postmaster()]

    def end(self, number=signal.SIGINT):
        if self.process is not None:
            self.process.send_signal(number)
            code = self.process.wait(PATIENCE)
            self.process = None
            return code
        return None


@pytest.fixture(scope="module")
def place():
    demonstration = Demonstration()
    yield demonstration
    demonstration.end()
    shutil.rmtree(demonstration.place)


@pytest.fixture
def demonstration(place):
    place.have_running()
    return place


def test_it_says_where_everything_is(demonstration):
    said = demonstration.output.read_text()
    letter = re.search(rf"http://127\.0\.0\.1:{demonstration.port}/letters/[a-z0-9-]+/", said)
    with urllib.request.urlopen(letter.group(), timeout=PATIENCE) as answer:
        assert answer.status == 200
    assert f"http://127.0.0.1:{demonstration.port}/admin/" in said
    assert f"{demonstration.var}/mail/*.eml" in said
    password = demonstration.var / "demonstration-password.txt"
    assert password.read_text().strip() in said
    assert password.stat().st_mode & 0o077 == 0
    colleague = demonstration.var / "colleague-password.txt"
    assert colleague.read_text().strip() in said
    assert re.findall(r"user name +(\w+)", said) == ["demonstration", "colleague"]
    assert "demonstration only" in said


def test_it_answers(demonstration):
    _until(demonstration.healthy, "an answer")


def test_it_survives_the_death_of_its_database(demonstration):
    os.kill(demonstration.postmaster(), signal.SIGKILL)
    _until(demonstration.healthy, "recovery")


def test_no_log_keeps_a_secret_link_or_a_machines_address(demonstration):
    for path in ("/s/SECRET/", "/fr/s/SECRET/nowhere", "/g/SECRET/?q=SECRET", "/s/SECRET/ HTTP/9"):
        with socket.create_connection(("127.0.0.1", demonstration.port)) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nBroken header\r\n\r\n".encode())
            connection.recv(100)
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(
                f"http://127.0.0.1:{demonstration.port}{path.split()[0]}", timeout=PATIENCE
            )
    logs = "".join(log.read_text() for log in (demonstration.var / "log").iterdir())
    assert "…" in logs
    assert "SECRET" not in logs
    assert "127.0.0.1 " not in logs.replace(f"http://127.0.0.1:{demonstration.port} ", "")


@pytest.mark.parametrize("name", ["manage.py", "gunicorn"])
def test_a_child_that_dies_is_started_again(demonstration, name):
    killed = demonstration.child(name)
    os.kill(killed, signal.SIGKILL)
    _until(lambda: demonstration.child(name) not in (None, killed), "a new start")
    _until(demonstration.healthy, "recovery")
    assert "Starting it again" in demonstration.output.read_text()


def test_a_port_in_use_is_said_kindly(demonstration):
    second = subprocess.run(
        [sys.executable, "-m", "config.demo"],
        cwd=PROJECT,
        env=os.environ | {"UNDERSIGNED_VAR": str(demonstration.var), "PORT": str(demonstration.port)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert "PORT=" in second.stdout
    assert "Traceback" not in second.stderr
    _until(demonstration.healthy, "an answer")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_end_is_the_end_of_everything(demonstration, number):
    everything = demonstration.everything()
    assert None not in everything
    assert demonstration.end(number) == 0
    assert [pid for pid in everything if _lives(pid)] == []
    assert not demonstration.healthy()


def test_an_impatient_end_is_an_end_too(demonstration):
    everything = demonstration.everything()
    process = demonstration.process
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    assert demonstration.end() == 0
    assert [pid for pid in everything if _lives(pid)] == []
    assert "Traceback" not in demonstration.output.read_text()


def test_its_children_do_not_outlive_its_murder(demonstration):
    *children, _ = demonstration.everything()
    demonstration.end(signal.SIGKILL)
    _until(lambda: not any(_lives(child) for child in children), "their end")


def test_a_second_start_is_quick_and_keeps_what_was_there(demonstration):
    password = (demonstration.var / "demonstration-password.txt").read_text()
    collected = demonstration.var / "static" / ".collected"
    before = collected.stat().st_mtime_ns
    demonstration.end()
    demonstration.have_running()
    assert collected.stat().st_mtime_ns == before  # what takes long is not done again
    assert password.strip() in demonstration.output.read_text()
