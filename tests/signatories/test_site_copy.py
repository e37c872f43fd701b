"""The whole site as files: what a stranger can read is there under the same addresses, and nothing else is."""

import csv
import functools
import http.client
import http.server
import io
import json
import re
import stat
import threading
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from letters import revision
from signatories import invitations, site_copy, statements, tokens, wall, withdrawal
from signatories.copied_pages import Address, CopiedPage, address_of, links_of
from signatories.models import Purpose, Statement
from tests.config.test_queries import add_signatures
from tests.factories import (
    make_delivery,
    make_figure,
    make_host,
    make_invitation,
    make_letter,
    make_recipient,
    make_signature,
    make_version,
    make_workshop,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_languages(request, monkeypatch):
    """Enough to see that there are several."""
    if "copied" not in request.fixturenames:
        monkeypatch.setattr(site_copy, "_LANGUAGES", ["en", "ar"])


SITE = "http://127.0.0.1:8000"
FORMS = re.compile(r"/(sign|confirm|admin)/|/[gspuiw]/")


def write(folder, *options):
    said = io.StringIO()
    call_command("archive_site", str(folder), *options, stdout=said)
    return said.getvalue()


class Files:
    """The copy behind Python's own web server, which knows nothing but files."""

    def __init__(self, folder):
        handler = functools.partial(_Silent, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def get(self, path):
        asking = http.client.HTTPConnection(*self._server.server_address, timeout=20)
        asking.request("GET", path)
        answer = asking.getresponse()
        body = answer.read()
        asking.close()
        return answer.status, answer.headers.get("Content-Type", ""), body

    def page(self, path):
        status, _kind, body = self.get(path)
        assert status == 200, path
        return BeautifulSoup(body, "html.parser")

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *said):
        pass


@pytest.fixture
def served():
    running = []

    def serve(folder):
        running.append(Files(folder / "current"))
        return running[-1]

    yield serve
    for one in running:
        one.stop()


def small_world():
    letter = make_letter()
    make_signature(letter, name="Blue Kettle")
    return letter


def full_world():
    """Letters in every phase, more names than a page holds, and words that nobody may read; return those."""
    letter = make_letter(languages=("en", "ar"))
    add_signatures(letter, 203)
    make_signature(letter, name="مطبخ <b>&amp; اللاجئين", latin="Matbakh", country="SY")
    make_figure(letter)
    make_recipient(letter, country="CH")
    make_delivery(letter, status="sent")
    make_version(letter, languages=("en",))
    kept = make_letter("kept", phase="archived", title="An archived letter")
    make_signature(kept, name="Red Lantern")
    secrets = {"SECRETNAME", "SECRETTITLE", "SECRETBODY", "SECRETSITE", "SECRETCONTACT", "SECRETHOST"}
    hidden = {"visibility": "counted_only", "website": "https://SECRETSITE.example"}
    signature = make_signature(letter, name="SECRETNAME", email="SECRETCONTACT@kettle.example", **hidden)
    for status in ("unconfirmed", "awaiting_moderation", "held", "rejected", "withdrawn"):
        make_signature(letter, name=f"SECRETNAME {status}", status=status)
    for phase in ("draft", "gathering"):
        early = make_letter(phase, phase=phase, title="SECRETTITLE", host=make_host(phase, name="SECRETHOST"))
        early.texts.update(body="SECRETBODY")
        make_signature(early, name="SECRETNAME early")
        secrets.add(early.gathering_key)
    room = make_workshop(letter)
    secrets |= {room.code, invitations.mint(make_invitation(letter))}
    secrets.add(tokens.mint(signature, Purpose.OWN_PAGE).value)
    return letter, secrets


class Copied(NamedTuple):
    """A copy of a full world, and what was true of that."""

    folder: Path
    secrets: set[str]
    names: set[str]
    live: dict[str, bytes]
    stated: str


LIVE = (
    *("/", "/ar/", "/letters/asylum/", "/ar/letters/asylum/versions/", "/letters/kept/"),
    *("/letters/asylum/live.json", "/letters/asylum/letter.html", "/ar/letters/asylum/letter.txt"),
)


@pytest.fixture(scope="module")
def copied(django_db_setup, django_db_blocker, _static_files, tmp_path_factory):
    """Written once: it has hundreds of pages. The world itself is gone afterwards."""
    folder = tmp_path_factory.mktemp("site") / "copy"
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "OPEN_DATA_PER_PAGE", 100)
        revision.forget()
        letter, secrets = full_world()
        stated = statements.state(letter)
        write(folder)
        client = Client()
        live = {path: client.get(path).content for path in LIVE}
        names = {one.name for one in wall.every_name(letter)}
        transaction.set_rollback(True)
    return Copied(folder, secrets, names, live, stated.public_id)


# --- what is there ---------------------------------------------------------------------------------------


def test_every_link_in_it_answers_and_none_leads_to_a_form(copied, served):
    files = served(copied.folder)
    to_see, seen = ["/", "/ar/", "/fr/", "/sw/"], set()
    while to_see:
        path = to_see.pop()
        if path in seen:
            continue
        seen.add(path)
        status, kind, body = files.get(path)
        assert status == 200, path
        if kind.startswith("text/html"):
            page = BeautifulSoup(body, "html.parser")
            assert not page.find("form"), path
            links = [tag[name] for tag in page.find_all(True) for name in ("href", "src") if tag.get(name)]
            for link in links:
                parts = urlsplit(urljoin(f"{SITE}{path}", link))
                if f"{parts.scheme}://{parts.netloc}" == SITE:
                    assert not parts.query or link.startswith(SITE) or "." in parts.path, (path, link)
                    to_see.append(parts.path)
    forms = {path for path in seen if FORMS.search(path)}
    assert {re.sub(r"^/\w\w/", "/", path) for path in forms} == {"/letters/asylum/sign/"}
    assert len(seen) > 150


def test_where_something_is_signed_it_says_kindly_that_this_is_off(copied, served):
    page = served(copied.folder).page("/letters/asylum/sign/")
    assert page.h1.string == "Signing is off"
    assert page.main.find("a", href="/letters/asylum/")


def test_every_public_name_is_in_it(copied):
    pages = (copied.folder / "current/letters/asylum/signatories").rglob("index.html")
    listed = {
        name.text
        for page in pages
        for name in BeautifulSoup(page.read_text(), "html.parser").select(".names li > bdi:first-child")
    }
    assert listed == copied.names


def test_nothing_secret_is_in_it_and_nothing_of_the_desk(copied):
    current = copied.folder / "current"
    found = {
        (word, str(file.relative_to(copied.folder)))
        for file in copied.folder.rglob("*")
        for word in (*copied.secrets, "csrfmiddlewaretoken", settings.SECRET_KEY)
        if file.is_file() and (word in file.name or word.encode() in file.read_bytes())
    }
    assert found == set()
    assert not (current / "admin").exists()
    assert not (current / "healthz").exists()
    assert {one.name for one in (current / "letters").iterdir()} == {"asylum", "kept"}
    assert {one.name for one in (current / "hosts").iterdir()} == {"harbour"}


def test_a_page_says_what_the_live_one_says(copied, served):
    files = served(copied.folder)
    for path, body in copied.live.items():
        if not path.endswith("/"):
            assert files.get(path)[2] == body, path
            continue
        live, page = BeautifulSoup(body, "html.parser"), files.page(path)
        assert page.main.get_text() == live.main.get_text(), path
        assert page.html.attrs == live.html.attrs
        assert "A copy of this site, as of" in files.page("/").footer.text


def test_each_page_of_a_list_has_an_address_of_its_own(copied, served):
    files = served(copied.folder)
    first = files.page("/letters/asylum/signatories/")
    second = files.page(first.find("a", rel="next")["href"])
    names = [
        [one.text for one in page.select("#names .names li > bdi:first-child")] for page in (first, second)
    ]
    assert [len(one) for one in names] == [200, 4]
    assert second.find("a", rel="prev")["href"] == "/letters/asylum/signatories/"
    assert len(files.page("/letters/asylum/signatories/country=SY/").select("#names .names li")) == 1
    assert files.page("/ar/letters/asylum/signatories/page=2/").html["lang"] == "ar"


def test_the_list_says_that_searching_is_off(copied, served):
    page = served(copied.folder).page("/letters/asylum/signatories/")
    assert "searching and forms are off here" in page.main.text
    assert not page.find("input")


def test_data_that_has_pages_is_one_file(copied, served):
    files = served(copied.folder)
    data = json.loads(files.get("/letters/asylum/signatories.json")[2])
    assert {one["name"] for one in data["signatories"]} == copied.names
    assert (len(data["signatories"]), data["next"]) == (len(copied.names), None)
    table = files.get("/letters/asylum/signatories.csv")[2].decode("utf-8-sig")
    assert {row["name"] for row in csv.DictReader(io.StringIO(table))} == copied.names


def test_a_number_that_was_stated_goes_on_being_stated(copied, served):
    files = served(copied.folder)
    for prefix in ("", "/ar"):
        assert files.page(f"{prefix}/letters/asylum/as-of/{copied.stated}/").h1


def test_a_page_that_is_missing_is_said_to_be_in_each_language(copied):
    for folder, language in (("", "en"), ("ar/", "ar")):
        page = BeautifulSoup((copied.folder / f"current/{folder}404.html").read_text(), "html.parser")
        assert page.html["lang"] == language
        assert page.h1


def test_an_installation_without_a_letter_can_be_copied(tmp_path, served):
    write(tmp_path / "copy")
    assert served(tmp_path / "copy").page("/ar/").html["lang"] == "ar"


def test_another_web_server_may_read_it(tmp_path):
    write(tmp_path / "copy")
    mode = (tmp_path / "copy/current").resolve().stat().st_mode
    assert mode & stat.S_IROTH
    assert mode & stat.S_IXOTH


# --- when it is written -----------------------------------------------------------------------------------


def test_a_name_that_is_taken_off_is_gone_with_the_next_run(tmp_path):
    letter = make_letter(languages=("en", "ar"))
    signature = make_signature(letter, name="Blue Kettle")
    write(tmp_path / "copy")
    withdrawal.withdraw(signature)
    assert "Written" in write(tmp_path / "copy", "--if-changed")
    everything = [one for one in (tmp_path / "copy").rglob("*") if one.is_file()]
    assert [one for one in everything if b"Blue Kettle" in one.read_bytes()] == []


def test_it_is_written_again_only_when_something_public_changed(tmp_path):
    letter = small_world()
    assert "Written" in write(tmp_path / "copy", "--if-changed")
    first = (tmp_path / "copy/current").resolve()
    make_signature(letter, name="Waiting", status="awaiting_moderation")
    assert "Nothing has changed." in write(tmp_path / "copy", "--if-changed")
    assert (tmp_path / "copy/current").resolve() == first
    statements.state(letter)
    assert "Written" in write(tmp_path / "copy", "--if-changed")
    revision.bump([letter.pk])
    assert "Written" in write(tmp_path / "copy", "--if-changed")


def test_without_being_told_otherwise_it_is_always_written(tmp_path):
    write(tmp_path / "copy")
    assert "Written" in write(tmp_path / "copy")


def test_a_letter_that_opens_at_its_hour_changes_it(tmp_path):
    write(tmp_path / "copy")
    make_letter("later", opens_at=timezone.now())
    assert "Written" in write(tmp_path / "copy", "--if-changed")
    assert (tmp_path / "copy/current/letters/later/index.html").exists()


def test_the_copy_before_stands_until_the_new_one_is_whole(tmp_path, monkeypatch):
    write(tmp_path / "copy")
    first = (tmp_path / "copy/current").resolve()
    seen = []

    def look(folder, copy):
        seen.append((folder / "current").resolve())
        put(folder, copy)

    put = site_copy._put
    monkeypatch.setattr(site_copy, "_put", look)
    write(tmp_path / "copy")
    assert seen == [first]
    assert (tmp_path / "copy/current").resolve() != first
    assert not first.exists()
    assert len(list((tmp_path / "copy").glob("copy-*"))) == 1


def test_a_page_that_fails_leaves_the_copy_before_and_says_so(tmp_path, monkeypatch):
    write(tmp_path / "copy")
    first = (tmp_path / "copy/current").resolve()
    make_letter().texts.all().delete()  # which no act does, and no document can show
    with pytest.raises(CommandError, match="the copy before stands") as failed:
        write(tmp_path / "copy")
    assert failed.value.returncode == 1
    assert (tmp_path / "copy/current").resolve() == first
    assert list((tmp_path / "copy").glob("copy-*")) == [first]


def test_a_site_that_does_not_answer_to_its_own_name_is_not_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "SITE_URL", "https://elsewhere.example")
    with pytest.raises(CommandError, match="answered 400"):
        write(tmp_path / "copy")
    assert not (tmp_path / "copy/current").exists()


@pytest.mark.parametrize("what", ["a file in it", "a file", "a link"])
def test_a_folder_that_is_not_its_own_is_left_alone(tmp_path, what):
    folder = tmp_path / "mine"
    if what == "a file":
        folder.write_text("mine")
    elif what == "a link":
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir()
        (folder / "letter.odt").write_text("mine")
    with pytest.raises(CommandError, match="holds something else") as refused:
        write(folder)
    assert refused.value.returncode == 2
    assert not list(tmp_path.rglob("*.html"))


def test_two_runs_do_not_write_into_one_folder(tmp_path):
    with site_copy._taken(tmp_path / "copy"), pytest.raises(CommandError, match="Another run") as refused:
        write(tmp_path / "copy")
    assert refused.value.returncode == 75


def test_a_run_that_was_killed_leaves_nothing_behind_after_the_next(tmp_path):
    write(tmp_path / "copy")
    (tmp_path / "copy/copy-killed").mkdir()
    (tmp_path / "copy/current.new").symlink_to("copy-killed")
    write(tmp_path / "copy")
    assert {one.name for one in (tmp_path / "copy").iterdir()} == {
        ".undersigned",
        "current",
        (tmp_path / "copy/current").resolve().name,
    }


# --- links and forms ---------------------------------------------------------------------------------------

HERE = Address("/letters/a/signatories/", "page=2")


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        ("./", Address("/letters/a/signatories/")),
        ("?page=3", Address("/letters/a/signatories/", "page=3")),
        ("?by=country&page=2", Address("/letters/a/signatories/", "by=country&page=2")),
        ("/ar/", Address("/ar/")),
        ("/ar/?utm_source=x", Address("/ar/")),
        ("../live.json?x=1", Address("/letters/a/live.json")),
        (f"{SITE}/letters/a/#wall", Address("/letters/a/")),
        ("/letters/%D9%85/", Address("/letters/م/")),
        ("?q=blue", None),
        ("?kind=ally", None),
        ("https://elsewhere.example/letters/a/", None),
        ("//elsewhere.example/", None),
        ("mailto:a@b.example", None),
    ],
)
def test_a_link_leads_to_what_a_reader_would_see(link, leads_to):
    assert address_of(link, on=HERE, site=SITE) == leads_to


@pytest.mark.parametrize(
    ("address", "file", "here"),
    [
        (Address("/"), "index.html", "/"),
        (Address("/ar/"), "ar/index.html", "/ar/"),
        (Address("/a/letter.pdf"), "a/letter.pdf", "/a/letter.pdf"),
        (Address("/a/", "page=2"), "a/page=2/index.html", "/a/page=2/"),
        (Address("/a/", "initial=%D9%85"), "a/initial=%D9%85/index.html", "/a/initial=%25D9%2585/"),
    ],
)
def test_a_page_has_one_file_and_an_address_that_finds_it(address, file, here):
    assert (address.file, address.here) == (file, here)


def test_only_links_that_a_server_of_files_would_misread_are_changed():
    html = (
        '<html><body><p class="x">é &amp; ü <br></p><a href="?page=3#n">3</a><a href="/b/">b</a>'
        f'<a href="{SITE}/c/?page=2">c</a><a href="?q=x">q</a><a href="https://d.example/?q=1">d</a>'
        '<section data-live="/letters/a/live.json"></section>'
        '<script type="application/ld+json">{"a": "<b> & c"}</script></body></html>'
    )
    page = CopiedPage(html, at=HERE, site=SITE)
    found = page.links()
    assert found == [
        Address("/letters/a/signatories/", "page=3"),
        Address("/b/"),
        Address("/c/", "page=2"),
        Address("/letters/a/live.json"),
    ]
    assert page.html() == html.replace('"?page=3#n"', '"/letters/a/signatories/page=3/#n"').replace(
        '<a href="?q=x">', "<a>"
    )


@pytest.mark.parametrize(
    ("body", "kind", "found"),
    [
        ("a { src: url(../img/a.svg) } b { src: url('b.png') }", "text/css", ["../img/a.svg", "b.png"]),
        (
            'import { a } from "./a.js"; await import("/static/b.js")',
            "text/javascript",
            ["./a.js", "/static/b.js"],
        ),
        ("<url><loc>http://x/?a=1&amp;b=2</loc></url>", "application/xml", ["http://x/?a=1&b=2"]),
        ('<a xlink:href="x" href="/y/"/>', "image/svg+xml", ["/y/"]),
        ("<a href='/y/'>", "text/plain", []),
    ],
)
def test_what_other_files_lead_to_is_found(body, kind, found):
    assert list(links_of(body, kind)) == found


def test_statements_of_secret_letters_are_none(tmp_path):
    letter = make_letter()
    make_signature(letter)
    stated = statements.state(letter)
    letter.opens_at = None
    letter.save()
    revision.forget()
    write(tmp_path / "copy")
    assert Statement.objects.exists()
    assert not list((tmp_path / "copy").rglob(f"*{stated.public_id}*"))
