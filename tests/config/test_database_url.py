"""With DATABASE_URL set, that PostgreSQL is used and the development database is never touched."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from config import devdb

PROJECT = Path(__file__).resolve().parents[2]
SYSTEM = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
PROGRAMS = [Path(devdb._program("postgres")), *SYSTEM]


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextlib.contextmanager
def _server(programs, directory):
    """Another PostgreSQL, reached over the network like a real one; yields its DATABASE_URL."""
    data, port = directory / "data", _free_port()
    data.mkdir()
    who = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def run(program, *arguments):
        subprocess.run(
            [programs / program, *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL, **who
        )

    run("initdb", "-D", data, "-U", "undersigned", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories="
    run("pg_ctl", "-D", data, "-l", data / "log", "-o", options, "-w", "start")
    try:
        yield f"postgres://undersigned@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")


@pytest.fixture
def directory():
    """A directory which the server's user may enter, as pytest's own may not be."""
    directory = Path(tempfile.mkdtemp(prefix="undersigned-", dir="/tmp"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.mark.parametrize(
    "postgres", PROGRAMS, ids=lambda path: "embedded" if path == PROGRAMS[0] else str(path)
)
def test_another_postgresql_is_used_and_ours_is_not(postgres, directory):
    with _server(postgres.parent, directory) as url:
        environment = {**os.environ, "DATABASE_URL": url, "UNDERSIGNED_VAR": str(directory / "var")}
        for command in (["manage.py", "migrate", "--verbosity=0"], ["manage.py", "migrate", "--check"]):
            subprocess.run([sys.executable, *command], cwd=PROJECT, env=environment, check=True)
        by_hand = subprocess.run(
            [sys.executable, "-m", "config.devdb", "start"],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert "DATABASE_URL is set" in by_hand.stdout
    assert not (directory / "var" / "pg").exists()
