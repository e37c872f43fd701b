"""The shipped nginx in front of a real gunicorn: what it keeps, for how long, what it never keeps and never writes."""

import gzip
import json
import os
import re
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli
import pytest
from django.conf import settings as django_settings

from signatories import tokens, withdrawal
from signatories.models import Purpose
from tests.browser.conftest import Site, _start, wait_for
from tests.deploy.nginx import HOST, Nginx, program
from tests.factories import make_letter, make_signature

MOMENT = 40.0  # seconds: 6 in nginx, 1.4 in the application, and a busy machine
MINUTE = 60.0
CODINGS = {
    "br": ["br", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "gzip,BR"],
    "gzip": ["gzip", "gzip, deflate", "gzip, br;q=0", "x-gzip, GZIP;q=0.5", "gzip,br;q=0.000"],
    "": ["", "identity", "deflate", "brotli", "gzip;q=0", "zstd"],
}


class Origin(Site):
    """gunicorn as in production, writing down what it is asked."""

    def __init__(self, var: Path) -> None:
        super().__init__(var)
        self.journal = var / "journal"
        self.journal.touch()

    def environment(self, var: Path) -> dict[str, str]:
        hosts = f"{HOST},127.0.0.1"
        return super().environment(var) | {
            "JOURNAL": str(self.journal),
            "ALLOWED_HOSTS": hosts,
            "TRUSTED_PROXIES": "1",
        }

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            "config/gunicorn.py",
            "tests.deploy.journal:application",
        ]
        self.process = _start(command, self.environment(self.var), self.log)
        wait_for(self._answers, patience=MINUTE)

    def kill(self) -> None:
        """End it without a word: the workers first, or they would go on without their master."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        os.kill(self.process.pid, signal.SIGKILL)
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        self.process.wait()

    def asked(self, path: str) -> list[dict[str, str]]:
        lines = map(json.loads, self.journal.read_text().splitlines())
        return [line for line in lines if line["path"] == path]


@pytest.fixture(scope="module")
def origin(django_db_setup, _static_files, tmp_path_factory):
    if program() is None:
        reason = "no nginx here: apt-get install nginx-light libnginx-mod-http-brotli-static"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    origin = Origin(tmp_path_factory.mktemp("origin"))
    origin.start()
    yield origin
    if origin.process.poll() is None:
        origin.stop()


@pytest.fixture(scope="module")
def nginx(origin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    nginx = Nginx(folder, application=f"127.0.0.1:{origin.port}", static=Path(django_settings.STATIC_ROOT))
    nginx.start()
    yield nginx
    nginx.stop()


@pytest.fixture
def letter(transactional_db, request):
    """A letter with a slug of its own: pages remember for a second."""
    return make_letter(re.sub(r"[^a-z]+", "-", request.node.name)[5:45].strip("-"))


def test_a_page_is_asked_for_once_in_each_form_however_browsers_name_it(nginx, origin, letter):
    make_signature(letter)
    path = f"/letters/{letter.slug}/"
    bodies = set()
    for coding, ways in CODINGS.items():
        for way in ways:
            answer = nginx.ask(path, Accept_Encoding=way)
            assert (answer.status, answer.headers.get("Content-Encoding", "")) == (200, coding), way
            assert answer.headers["Vary"] == "Accept-Encoding"
            bodies.add({"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[coding](answer.body))
    assert len(bodies) == 1
    assert [line.get("HTTP_ACCEPT_ENCODING", "") for line in origin.asked(path)] == list(CODINGS)


def test_who_has_a_page_is_sent_no_second_one(nginx, origin, letter):
    for path in (f"/letters/{letter.slug}/", f"/letters/{letter.slug}/live.json"):
        first = nginx.ask(path, Accept_Encoding="br")
        again = nginx.ask(path, Accept_Encoding="br", If_None_Match=first.headers["ETag"])
        assert (again.status, again.body) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert len(origin.asked(path)) == 1


def test_an_old_page_is_asked_for_by_its_etag(nginx, origin, letter):
    path = f"/letters/{letter.slug}/"
    first = nginx.ask(path)
    time.sleep(6.5)  # nginx counts whole seconds
    assert nginx.ask(path).body == first.body
    assert [line.get("HTTP_IF_NONE_MATCH") for line in origin.asked(path)] == [None, first.headers["ETag"]]


def test_a_crowd_at_a_page_that_nobody_has_sends_a_few_to_ask(nginx, origin, letter):
    for _ in range(10):  # so that both processes have made such a page before
        nginx.ask(f"/letters/{letter.slug}/signatories/?q=kettle")
    asked = []
    for number in range(3):  # where the first answer takes over a second, who has waited so long asks, too
        signed = make_letter(f"{letter.slug}-{number}")
        make_signature(signed)
        path = f"/letters/{signed.slug}/signatories/"
        with ThreadPoolExecutor(200) as crowd:
            answers = list(crowd.map(lambda _, path=path: nginx.ask(path, Accept_Encoding="br"), range(200)))
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1
        asked.append(len(origin.asked(path)))
        if asked[-1] <= 20:
            break
    assert min(asked) <= 20, asked


def test_a_letter_that_was_asked_for_too_early_is_there_when_it_opens(nginx, transactional_db):
    assert nginx.ask("/letters/asked-too-early/").status == 404
    make_letter("asked-too-early")
    wait_for(lambda: nginx.ask("/letters/asked-too-early/").status == 200, patience=MOMENT)


def test_a_cookie_reaches_the_desk_alone_and_changes_no_page(nginx, origin, letter):
    path = f"/letters/{letter.slug}/"
    theirs = nginx.ask(path, Cookie="sessionid=abc")
    assert nginx.ask(path).body == theirs.body
    assert "Set-Cookie" not in theirs.headers
    assert [line.get("HTTP_COOKIE") for line in origin.asked(path)] == [None]
    nginx.ask("/admin/account/login/", Cookie="csrftoken=abc")
    assert origin.asked("/admin/account/login/")[-1]["HTTP_COOKIE"] == "csrftoken=abc"


def test_no_cookie_is_given_to_two_people(nginx, origin):
    one, other = (nginx.ask("/admin/account/login/") for _ in range(2))
    assert one.headers["Set-Cookie"] != other.headers["Set-Cookie"]


def test_what_is_somebodys_own_is_asked_for_every_time(nginx, origin, letter):
    secret = tokens.mint(make_signature(letter), Purpose.OWN_PAGE).value
    for path in (f"/s/{secret}/", f"/ar/s/{secret}/", f"/letters/{letter.slug}/sign/", "/healthz"):
        before = len(origin.asked(path))
        assert [nginx.ask(path).status for _ in range(2)] == [200, 200], path
        assert len(origin.asked(path)) == before + 2, path


def test_a_search_is_kept_nowhere(nginx, origin, letter):
    make_signature(letter)
    path = f"/letters/{letter.slug}/signatories/"
    for _ in range(2):
        assert nginx.ask(f"{path}?q=kettle").status == 200
    assert len(origin.asked(path)) == 2


def test_a_name_that_is_taken_off_is_gone_within_moments(nginx, letter):
    signature = make_signature(letter, name="Grey Kettle")
    path = f"/letters/{letter.slug}/"
    wait_for(lambda: b"Grey Kettle" in nginx.ask(path).body, patience=MINUTE)
    withdrawal.hide(signature)
    wait_for(lambda: b"Grey Kettle" not in nginx.ask(path).body, patience=MOMENT)


def test_the_application_is_told_who_asked_by_nginx_alone(nginx, origin, letter):
    path = f"/letters/{letter.slug}/"
    nginx.ask(path, X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="http")
    said = origin.asked(path)[-1]
    assert said["HTTP_X_FORWARDED_FOR"].split(", ")[-1] == "127.0.0.1"
    assert said["HTTP_X_FORWARDED_PROTO"] == "https"
    assert said["HTTP_HOST"] == HOST


def test_a_body_that_no_form_has_is_refused_before_anybody_reads_it(nginx, origin, letter):
    path = f"/letters/{letter.slug}/sign/"
    assert nginx.ask(path, "POST", b"x" * 70_000).status == 413
    assert origin.asked(path) == []
    assert nginx.ask("/admin/account/login/", "POST", b"x" * 70_000).status != 413


def test_one_machine_that_asks_without_end_is_told_to_wait(nginx, letter):
    path = f"/letters/{letter.slug}/signatories/?q=kettle"
    with ThreadPoolExecutor(60) as crowd:
        statuses = set(crowd.map(lambda _: nginx.ask(path).status, range(200)))
    assert statuses == {200, 429}


def test_style_sheets_come_from_nginx_as_they_were_compressed(nginx, origin):
    root = Path(django_settings.STATIC_ROOT)
    names = json.loads((root / "staticfiles.json").read_text())["paths"]
    path = f"/static/{names['css/site.css']}"
    file = root / names["css/site.css"]
    for coding, suffix in (("br", ".br"), ("gzip", ".gz"), ("", "")):
        answer = nginx.ask(path, Accept_Encoding=coding)
        assert answer.body == file.with_name(file.name + suffix).read_bytes()
        assert answer.headers.get("Content-Encoding", "") == coding
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=315360000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Vary"] == "Accept-Encoding"
    assert nginx.ask("/static/css/site.css").headers["Cache-Control"] == "public, max-age=60"
    assert nginx.ask("/static/nowhere.css").status == 404
    assert nginx.ask("/static/../settings.py").status in (400, 404)
    assert origin.asked(path) == []


def test_when_everything_else_is_off_a_folder_is_served(tmp_path):
    pages = {"": "home", "letters/a/": "letter", "letters/a/signatories/page=2/": "second", "ar/": "arabic"}
    current = tmp_path / "archive" / "current"
    for path, words in pages.items():
        (current / path).mkdir(parents=True, exist_ok=True)
        (current / path / "index.html").write_text(words)
    (current / "404.html").write_text("nothing")
    (current / "ar" / "404.html").write_text("nothing in Arabic")
    line = "include /srv/undersigned/deploy/{}.conf;"
    instead = {
        f"        {line.format('application')}": "",
        f"# {line.format('archive')}": f"include {tmp_path}/archive.conf;",
    }
    nginx = Nginx(tmp_path, application="127.0.0.1:1", static=tmp_path, instead=instead)
    nginx.start()
    try:
        said = {path: nginx.ask(f"/{path}").body.decode() for path in pages}
        assert said == pages
        assert nginx.ask("/letters/a/signatories/?page=2").body == b"second"
        missing = [nginx.ask(path) for path in ("/nowhere/", "/ar/nowhere/")]
        assert [answer.body for answer in missing] == [b"nothing", b"nothing in Arabic"]
        assert [answer.status for answer in missing] == [404, 404]
        assert nginx.ask("/letters/a/sign/", "POST", b"x").status in (404, 405)
        assert "must-revalidate" in nginx.ask("/").headers["Cache-Control"]
    finally:
        nginx.stop()


def test_what_keeps_names_keeps_them_in_memory():
    text = (Path(django_settings.BASE_DIR) / "deploy" / "nginx.conf").read_text()
    folders = re.findall(
        r"^\s*(?:proxy_cache|client_body_temp|proxy_temp)_path\s+(\S+?);?(?:\s|$)", text, re.MULTILINE
    )
    assert len(folders) == 3
    assert {folder.split("/undersigned-")[0] for folder in folders} == {"/dev/shm"}


@pytest.fixture
def killed(origin):
    """Kills the application; it is started again for the tests after this one."""
    yield origin.kill
    origin.start()


def test_a_name_is_shown_to_nobody_when_it_cannot_be_asked_for_again(nginx, killed, letter):
    signature = make_signature(letter, name="Grey Kettle")
    paths = [f"/letters/{letter.slug}/{rest}" for rest in ("", "signatories/", "live.json")]
    for path in paths:
        wait_for(lambda path=path: b"Grey Kettle" in nginx.ask(path).body, patience=MINUTE)
    kept = {path: nginx.ask(path).headers["ETag"] for path in paths}
    withdrawal.hide(signature)
    killed()
    since = time.monotonic()
    nginx.ask("/s/a-secret-word/?q=another")
    for path in paths:
        wait_for(lambda path=path: b"Grey Kettle" not in nginx.ask(path).body, patience=MINUTE)
    assert time.monotonic() - since < MOMENT
    for path in paths:
        answer = nginx.ask(path, If_None_Match=kept[path])
        assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store")
        assert b"Please try again" in answer.body
    wait_for(lambda: not _left(nginx.folder, "Grey Kettle"), patience=3 * MINUTE)
    assert _left(nginx.folder, "a-secret-word") == _left(nginx.folder, "127.0.0.1 ") == []
    assert (nginx.folder / "error.log").read_text() == (nginx.folder / "said").read_text() == ""


def _left(folder: Path, words: str) -> list[Path]:
    """Return the files that nginx wrote in which these words stand, compressed or not."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".conf"]
    return [file for file in files if words.encode() in _read(file)]


def _read(file: Path) -> bytes:
    """Return what stands in it, which is nothing where nginx has removed it meanwhile."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
