"""The development database is there when needed, whatever happened to it before."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from config import devdb

PROJECT = Path(__file__).resolve().parents[2]
START = "import sys; from pathlib import Path; from config import devdb; devdb.start(Path(sys.argv[1]))"

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for the server")


def _throwaway(name):
    """A directory which others may enter, as pytest's own may not be."""
    directory = Path(tempfile.mkdtemp(prefix="undersigned-", dir="/tmp"))
    directory.chmod(0o711)
    return directory / name


@pytest.fixture
def var(request):
    """An empty place for a server of its own, stopped and removed afterwards."""
    var = _throwaway(getattr(request, "param", "var"))
    yield var
    devdb.stop(var)
    link = Path(devdb.settings(var)["HOST"])
    if link.is_symlink():
        link.unlink()
    shutil.rmtree(next(parent for parent in var.parents if parent.parent == Path("/tmp")))


@pytest.fixture
def connection(var, django_db_blocker):
    """A connection of Django's to the server below var, not opened yet."""
    with django_db_blocker.unblock():
        connection = ConnectionHandler({"default": devdb.settings(var)})["default"]
        yield connection
        connection.close()


def _ask(connection, question="SELECT 1"):
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def _postmaster(var):
    return int((var / "pg" / "postmaster.pid").read_text().split("\n")[0])


def _start_elsewhere(var, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", START, str(var)],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _finish(process):
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said


def test_settings_start_nothing(var):
    devdb.settings(var)
    assert not var.exists()


def test_the_first_question_starts_it(connection, var):
    assert _ask(connection, "SELECT current_database()") == devdb.NAME
    assert devdb.is_running(var)


def test_trigrams_of_every_script_are_found(connection):
    _ask(connection, "CREATE EXTENSION pg_trgm; SELECT 1")
    for name in ("Беженцы", "اللاجئون", "ስደተኞች", "ဒုက္ခသည်", "Réfugiés"):
        assert _ask(connection, f"SELECT similarity('{name}', '{name} x')") > 0.3


def test_capitals_of_every_script_are_folded(connection):
    assert _ask(connection, "SELECT 'БЕЖЕНЦЫ É' ILIKE 'беженцы é'")


def test_it_survives_kill_9(connection, var):
    _ask(connection, "CREATE TABLE kept AS SELECT 7 AS n; SELECT 1")
    os.kill(_postmaster(var), signal.SIGKILL)
    connection.close()
    assert _ask(connection, "SELECT n FROM kept") == 7


def test_a_pid_that_became_another_programs_is_no_hindrance(connection, var):
    _ask(connection)
    connection.close()
    devdb.stop(var)
    # pg_ctl and server both take a living process of the same user for their own
    owner = (var / "pg").stat()
    other = subprocess.Popen(["/bin/sleep", "60"], user=owner.st_uid, group=owner.st_gid)
    pid_file = var / "pg" / "postmaster.pid"
    pid_file.write_text(f"{other.pid}\n{var / 'pg'}\n{int(time.time())}\n5432\n.\n\n  0  0\nready   \n")
    os.chown(pid_file, owner.st_uid, owner.st_gid)
    try:
        assert _ask(connection) == 1
    finally:
        other.kill()
        other.wait()


def test_first_starts_at_once_share_one_server(var):
    starts = [_start_elsewhere(var) for _ in range(4)]
    for start in starts:
        _finish(start)
    assert devdb.is_running(var)


@pytest.mark.parametrize(
    "var", ["réfugiés et amis/o'var", "long-" * 24 + "/var", "with,comma"], indirect=True
)
def test_any_path_will_do(connection):
    assert _ask(connection) == 1


@pytest.mark.parametrize("var", ["long-" * 24], indirect=True)
def test_a_foreign_link_is_refused(var):
    link = Path(devdb.settings(var)["HOST"])
    link.symlink_to("/nowhere")
    with pytest.raises(devdb.DatabaseDidNotStart, match="in the way"):
        devdb.start(var)


def test_another_servers_environment_is_ignored(var):
    _finish(_start_elsewhere(var, LANG="", LC_ALL="", PGPORT="6000", PGDATA="/nowhere"))
    assert devdb.is_running(var)


def test_a_var_deleted_while_it_runs_is_made_anew(connection, var):
    _ask(connection)
    old = _postmaster(var)
    connection.close()
    while var.exists():  # the server may write a file meanwhile
        shutil.rmtree(var, ignore_errors=True)
    assert _ask(connection) == 1
    os.kill(old, signal.SIGQUIT)  # what it would do by itself within a minute
    while Path("/proc", str(old)).exists():
        time.sleep(0.05)
    connection.close()
    assert _ask(connection) == 1


def test_a_first_start_killed_halfway_is_repeated(connection, var):
    (var / "pg.new").mkdir(parents=True)
    (var / "pg.new" / "PG_VERSION").write_text("18\n")
    assert _ask(connection) == 1


def test_a_missing_database_is_created(connection, var):
    _ask(connection)
    connection.close()
    server = psycopg2.connect(host=connection.settings_dict["HOST"], user="postgres", dbname="postgres")
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {devdb.NAME}")
    server.close()
    assert _ask(connection) == 1


def test_its_log_quotes_no_rows(connection, var):
    _ask(connection, "CREATE TABLE people (name text UNIQUE CHECK (name <> 'Zeynab')); SELECT 1")
    _ask(connection, "INSERT INTO people VALUES ('Amina'); SELECT 1")
    for name in ("Amina", "Zeynab"):
        with pytest.raises(Exception, match="constraint"):
            _ask(connection, f"INSERT INTO people VALUES ('{name}')")
    log = (var / "pg" / "server.log").read_text()
    assert "violates" in log
    assert "Amina" not in log
    assert "Zeynab" not in log


def test_a_large_log_is_begun_anew(var):
    devdb.start(var)
    devdb.stop(var)
    log = var / "pg" / "server.log"
    os.truncate(log, devdb.LARGE_LOG + 1)
    devdb.start(var)
    assert log.stat().st_size < 10_000


def test_stopping_twice_is_harmless(var):
    devdb.stop(var)
    devdb.start(var)
    devdb.stop(var)
    devdb.stop(var)
    assert not devdb.is_running(var)


@as_root
def test_a_closed_directory_is_named(connection, var):
    var.parent.chmod(0o700)
    with pytest.raises(OperationalError, match=f"{var.parent} keeps out.*chmod"):
        _ask(connection)
    var.parent.chmod(0o711)


def test_it_can_be_ruled_by_hand(var):
    def by_hand(word):
        process = subprocess.run(
            [sys.executable, "-m", "config.devdb", word],
            cwd=PROJECT,
            env={key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
            | {"UNDERSIGNED_VAR": str(var)},
            capture_output=True,
            text=True,
            check=False,
        )
        return process.returncode, process.stdout

    assert by_hand("status")[0] == 3
    code, said = by_hand("start")
    assert (code, "runs" in said) == (0, True)
    assert by_hand("status")[0] == 0
    code, said = by_hand("stop")
    assert (code, "is stopped" in said) == (0, True)
    assert by_hand("dance")[0] == 2
