"""A real gunicorn, a real worker and a real Chromium; whatever no page may do is written down, and fails the test."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

from tests.factories import enter

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0  # seconds; generous, since the machine may be busy
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-gpu"]


def wait_for(answer, *, patience=PATIENCE, every=0.1):
    """Ask until the answer is true, and return it."""
    until = time.monotonic() + patience
    while not (answered := answer()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(every)
    return answered


@pytest.fixture(scope="package")
def chromium():
    """One browser for all tests of this folder; without a Chromium they are skipped, and fail in CI."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        reason = f"no Chromium here: none of {', '.join(BROWSERS)} is installed"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's sync API keeps an event loop running in this thread, and Django would refuse to query.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=PATIENCE * 1000)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def follow(control: Locator) -> None:
    """Click, and wait for the page this leads to: a click returns before that is read, and what looks does not wait."""
    with control.page.expect_navigation():
        control.click()


def let_be_seen(page):
    """Wait until every page shows what was just done: for a moment the site may answer as it did before."""
    page.wait_for_timeout(1_100)


class Site:
    """gunicorn as in production, on a port of its own, with the tests' database, keys and static files."""

    def __init__(self, var: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.var = var
        self.log = var / "web.log"
        (var / "static").symlink_to(django_settings.STATIC_ROOT)

    def environment(self, var: Path) -> dict[str, str]:
        return os.environ | {
            "DATABASE_URL": _database_url(),
            "UNDERSIGNED_VAR": str(var),
            "SITE_URL": self.url,
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            "SECRET_KEY": django_settings.SECRET_KEY,
            "CONTACT_KEYS": ",".join(django_settings.CONTACT_KEYS),
            "ADDRESS_KEY": django_settings.ADDRESS_KEY,
        }

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"]
        self.process = _start(command, self.environment(self.var), self.log)
        wait_for(self._answers)

    def stop(self) -> None:
        _end(self.process)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False


def _database_url() -> str:
    """Return the address of the tests' database; a socket's folder has no place for a user, so it goes behind."""
    database = connection.settings_dict
    name = quote(database["NAME"])
    if database["HOST"].startswith("/"):
        who = urlencode({"user": database["USER"], "port": database["PORT"]})
        return f"postgres:///{database['HOST']}/{name}?{who}"
    user, password = quote(database["USER"], safe=""), quote(database["PASSWORD"], safe="")
    port = f":{database['PORT']}" if database["PORT"] else ""
    return f"postgres://{user}:{password}@{database['HOST']}{port}/{name}"


def _start(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(autouse=True)
def _quick_passwords():
    """In this folder passwords are hashed as in production: the site knows no other way."""


@pytest.fixture(scope="package")
def _running_site(chromium, django_db_setup, _static_files, tmp_path_factory):
    """Asks for the browser first: without one nothing needs to be served."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.start()
    yield site
    site.stop()


@pytest.fixture
def site(_running_site, transactional_db):
    """The site, which sees what a test writes. Its pages remember for a second: letters need slugs of their own."""
    said_before = len(_running_site.log.read_text())
    yield _running_site
    # Or emptying the tables and the last request would wait for each other in a circle.
    wait_for(lambda: _all_hung_up(_running_site.port) and _nobody_asks())
    assert "ERROR" not in _running_site.log.read_text()[said_before:]


def _all_hung_up(port):
    """Whether no page is connected any more; one that was closed may have asked for something still."""
    connections = Path("/proc/net/tcp")  # each line: number, own address and port, the other's, state
    if not connections.exists():
        return True
    lines = [line.split() for line in connections.read_text().splitlines()[1:]]
    established, half_closed = "01", "08"
    return not any(
        own.endswith(f":{port:04X}") and state in (established, half_closed) for _, own, _, state, *_ in lines
    )


def _nobody_asks():
    """Whether the database has answered the site everything."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        return cursor.fetchone() == (0,)


@pytest.fixture
def worker(site, tmp_path):
    """The worker, as in production; its mails become files where `mailbox` looks."""
    command = [sys.executable, "manage.py", "work"]
    process = _start(command, site.environment(tmp_path), tmp_path / "worker.log")
    yield process
    _end(process)
    assert "ERROR" not in (tmp_path / "worker.log").read_text()


class Watch:
    """Writes down what no page may do: errors, refused content, and asking anybody else for anything."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.seen: list[str] = []
        self.forgiven: list[str] = []
        self._url = url
        self._pages: set[str] = set()
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"error: {error.error}"))

    def _request(self, request):
        if not request.url.startswith((f"{self._url}/", "data:")):
            self.seen.append(f"asked somebody else: {request.url}")
        if request.is_navigation_request():
            self._pages.add(request.url)

    def _response(self, response):
        if response.status >= 400 and not response.request.is_navigation_request():
            self.seen.append(f"{response.status}: {response.url}")

    def _console(self, message):
        # A page that says what was wrong answers 4xx, and Chromium calls that an error.
        is_page = message.location["url"] in self._pages and message.text.startswith("Failed to load")
        if message.type in ("error", "warning") and not is_page:
            self.seen.append(f"{message.type}: {message.text} ({message.location['url']})")

    def complaints(self) -> list[str]:
        return [line for line in self.seen if not any(word in line for word in self.forgiven)]


@pytest.fixture
def visit(chromium, site):
    """Opens the site as somebody new does, with options such as `locale` or `java_script_enabled`."""
    contexts: list[BrowserContext] = []
    watches: list[Watch] = []

    def visit(*, forgive=(), **options) -> Page:
        context = chromium.new_context(base_url=site.url, **options)
        context.set_default_timeout(PATIENCE * 1000)
        watch = Watch(context, site.url)
        watch.forgiven.extend(forgive)
        contexts.append(context)
        watches.append(watch)
        return context.new_page()

    yield visit
    for context in contexts:
        context.close()
    complaints = [line for watch in watches for line in watch.complaints()]
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def log_in(site, visit):
    """Opens the desk as a member of staff."""

    def log_in(staff, **options) -> Page:
        page = visit(**options)
        session = enter(Client(), staff).cookies["sessionid"]
        page.context.add_cookies(
            [{"name": session.key, "value": session.value, "domain": "127.0.0.1", "path": session["path"]}]
        )
        page.goto("/admin/signatories/signature/")
        return page

    return log_in
