"""The demonstration: prepares everything, runs web server and worker, and ends all of it on Ctrl-C.

``make demo`` runs it as ``python -m config.demo``.
"""

import ctypes
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

import django
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connections

from config import devdb
from config.catalogues import compile_catalogues

PROJECT = Path(__file__).resolve().parent.parent
HOST = os.environ.get("BIND", "127.0.0.1")
PORT = os.environ.get("PORT", "8000")
VISIBLE_HOST = "127.0.0.1" if HOST in ("0.0.0.0", "[::]") else HOST  # noqa: S104 - only compared
ADDRESS = f"http://{VISIBLE_HOST}:{PORT}"

START_PATIENCE = 60.0  # seconds until the web server must answer
END_PATIENCE = 10.0  # seconds for a child to finish what it is at
GLANCE = 0.2  # seconds between looks at the children
LONGEST_PAUSE = 30.0  # seconds before a child that keeps dying is started again
PR_SET_PDEATHSIG = 1
AN_ERROR = re.compile(r"\b(ERROR|CRITICAL)\b")


class DemonstrationEnded(BaseException):
    """Somebody pressed Ctrl-C, or asked for the end in another way."""


@dataclass
class Child:
    """A program of the demonstration, started again when it dies."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    deaths: int = 0
    log: IO[str] = field(init=False)

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("")
        self.log = self.path.open(errors="replace")

    @property
    def path(self) -> Path:
        """Where its output goes."""
        path: Path = settings.VAR_DIR / "log" / f"{self.name}.log"
        return path

    def start(self) -> None:
        """Start it apart from the terminal: Ctrl-C must reach us alone, we end it in order."""
        with self.path.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=PROJECT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        self.started_at = time.monotonic()

    def look_after(self) -> None:
        """Show its errors, notice its death, and start it again after a pause that grows."""
        for line in self.log.readlines():
            if AN_ERROR.search(line):
                _say(f"{self.name}: {line.rstrip()} (more in {self.path})")
        now = time.monotonic()
        if self.process and self.process.poll() is not None:
            self.deaths = 1 if now - self.started_at > LONGEST_PAUSE else self.deaths + 1
            pause = min(2.0 ** (self.deaths - 1), LONGEST_PAUSE)
            _say(f"{self.name}: ended with {self.process.returncode}, see {self.path}. Starting it again.")
            self.process, self.start_again_at = None, now + pause
        if self.process is None and now >= self.start_again_at:
            self.start()

    def ask_to_end(self) -> None:
        """Let it finish what it is at."""
        if self.process:
            self.process.terminate()

    def see_it_end(self) -> None:
        """Wait for its end, and force it, with all it started, when it takes too long."""
        if not self.process:
            return
        try:
            self.process.wait(END_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _end_with_parent() -> None:
    """Ask Linux to end this process when its parent is killed: no orphan may hold the port or send mail."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main() -> int:
    """Run the demonstration until somebody ends it."""
    _end_on_signals()
    if refusal := _why_not_listen():
        _say(refusal)
        return 1
    os.environ.setdefault("SITE_URL", ADDRESS)  # the links in the mails lead here
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    children: list[Child] = []
    try:
        _prepare()
        children += _children()
        _run(children)
    except DemonstrationEnded:
        _say("\nEnding ...")
        return 0
    except (OperationalError, devdb.DatabaseDidNotStart) as reason:
        _say(f"The database cannot be used: {reason}")
        return 1
    finally:
        _end(children)


def _say(line: str) -> None:
    print(line, flush=True)


def _end_on_signals() -> None:
    """Let the first signal end us in order; the following ones change nothing."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise DemonstrationEnded

    for each in signals:
        signal.signal(each, end)


def _why_not_listen() -> str:
    """Say why the web server could not listen at its address; "" when it can."""
    if not PORT.isdecimal() or int(PORT) > 65535:
        return f"PORT must be a number up to 65535, not {PORT!r}."
    try:
        with socket.create_server((HOST.strip("[]"), int(PORT)), family=_family()):
            return ""
    except OSError as error:
        return (
            f"Port {PORT} cannot be used: {os.strerror(error.errno or 0)}. Perhaps a demonstration is still "
            f"running. Choose another port: make demo PORT={int(PORT) % 65535 + 1}"
        )


def _family() -> socket.AddressFamily:
    return socket.AF_INET6 if HOST.startswith("[") else socket.AF_INET


def _prepare() -> None:
    """Bring database, translations, static files and the demonstration's content up to date."""
    _say("Preparing database and files ...")
    call_command("migrate", verbosity=0)
    for error in compile_catalogues():
        _say(error)
    _collect_static_files()
    call_command("load_demonstration")


def _collect_static_files() -> None:
    """Collect when a file differs from the last time: compressing them all takes seconds."""
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256(str(django.VERSION).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            digest.update(f"{path} {storage.get_modified_time(path)} {storage.size(path)}\n".encode())
    kept = settings.STATIC_ROOT / ".collected"
    if not kept.exists() or kept.read_text() != digest.hexdigest():
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        kept.write_text(digest.hexdigest())


def _children() -> list[Child]:
    return [
        Child("web", [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"]),
        Child("worker", [sys.executable, "manage.py", "work"]),
    ]


def _run(children: list[Child]) -> NoReturn:
    """Keep the children running; say where everything is once the web server answers."""
    where = _where_everything_is()
    connections.close_all()
    patience = time.monotonic() + START_PATIENCE
    answered = False
    while True:
        for child in children:
            child.look_after()
        if not answered and (answered := _answers()):
            _say(where)
        if not answered and time.monotonic() > patience:
            _say(f"The web server does not answer at {ADDRESS}/healthz yet.")
            patience += START_PATIENCE
        time.sleep(GLANCE)


def _answers() -> bool:
    # "localhost" is allowed whatever BIND says
    probe = urllib.request.Request(f"{ADDRESS}/healthz", headers={"Host": "localhost"})  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(probe, timeout=5) as answer:  # noqa: S310 - ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _where_everything_is() -> str:
    from letters.models import Letter, Staff  # only now: models need the settings

    letter = Letter.objects.public().order_by("-opens_at").first()
    accounts = "".join(
        f"""
              user name  {staff.get_username()}
              password   {_password_of(staff.get_username())}"""
        for staff in Staff.objects.filter(is_demonstration=True).order_by("pk")
    )
    return f"""
  The letter  {ADDRESS}{letter.get_absolute_url() if letter else "/"}
  The desk    {ADDRESS}/admin/{accounts}
              (demonstration only: never let others reach this server)
  Mails       {settings.MAIL_DIR}/*.eml, one file a message
  Logs        {settings.VAR_DIR}/log/

  Ctrl-C ends it. What you do here is kept; another start goes on with it.
"""


def _password_of(name: str) -> str:
    path = settings.VAR_DIR / f"{name}-password.txt"
    return path.read_text().strip() if path.exists() else "as you set it"


def _end(children: list[Child]) -> None:
    for child in children:
        child.ask_to_end()
    for child in children:
        child.see_it_end()
        child.log.close()
    if "DEVDB_VAR" in settings.DATABASES["default"]:
        devdb.stop(settings.DATABASES["default"]["DEVDB_VAR"])


if __name__ == "__main__":
    sys.exit(main())
