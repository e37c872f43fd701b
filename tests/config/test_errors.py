"""What people read when something is wrong: in the language of the address, saying nothing about anybody."""

import json
import os
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.db import connection
from django.test import Client

from letters import revision
from signatories import tokens
from signatories.models import Purpose
from tests.factories import enter, make_letter, make_signature, make_staff, sign_form

LANGUAGES = {"": ("en", "ltr"), "/ar": ("ar", "rtl"), "/fr": ("fr", "ltr"), "/sw": ("sw", "ltr")}


def check(answer, status, prefix):
    page = BeautifulSoup(answer.content, "html.parser")
    assert answer.status_code == status
    assert (page.html["lang"], page.html["dir"]) == LANGUAGES[prefix]
    assert len(page.find_all("h1")) == 1
    assert "noindex" in page.find("meta", attrs={"name": "robots"})["content"]
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    assert not page.find_all(["script", "form"])
    return page


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", LANGUAGES)
def test_a_page_for_every_trouble_in_the_language_of_the_address(prefix):
    browser = Client(raise_request_exception=False)
    make_letter()
    check(browser.get(f"{prefix}/nowhere/"), 404, prefix)
    check(browser.get(f"{prefix}/letters/nowhere/"), 404, prefix)
    bad = browser.generic("POST", f"{prefix}/letters/asylum/sign/", b"x", content_type="multipart/form-data")
    check(bad, 400, prefix)
    many = b"&".join(b"f%d=" % number for number in range(2_500))
    form = "application/x-www-form-urlencoded"
    check(browser.generic("POST", f"{prefix}/letters/asylum/sign/", many, content_type=form), 400, prefix)
    check(
        browser.generic("POST", f"{prefix}/letters/asylum/sign/", b"x" * 70_000, content_type=form),
        413,
        prefix,
    )


@pytest.mark.django_db
def test_no_page_repeats_what_was_sent(client):
    for address in ("/<script>alert(1)</script>/", "/%3Cscript%3E/?q=<script>", "/letters/secret-thing/"):
        page = client.get(address).content.decode()
        assert "<script" not in page
        assert "secret-thing" not in BeautifulSoup(page, "html.parser").main.text


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", LANGUAGES)
def test_our_own_fault_is_admitted_without_a_word_about_it(prefix, caplog):
    make_signature(name="Secret Circle")
    browser = Client(raise_request_exception=False)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE letters_text RENAME TO letters_gone")
    answer = browser.get(f"{prefix}/letters/asylum/")
    page = check(answer, 500, prefix)
    for word in ("Secret Circle", "letters_text", "Traceback", "ProgrammingError", "SELECT"):
        assert word not in page.text


@pytest.mark.django_db
def test_staff_who_may_not_are_told_in_their_own_language(client):
    enter(client, make_staff("carol", is_superuser=False))
    answer = client.get("/admin/letters/staff/", headers={"Accept-Language": "fr"})
    assert answer.status_code == 403
    assert BeautifulSoup(answer.content, "html.parser").html["lang"] == "fr"


# --- while the database is away ------------------------------------------------------------------------

ADDRESSES = [
    ("GET", "/"),
    ("GET", "/ar/"),
    ("GET", "/fr/hosts/harbour/"),
    ("GET", "/letters/asylum/"),
    ("GET", "/ar/letters/asylum/signatories/"),
    ("GET", "/letters/asylum/live.json"),
    ("GET", "/sw/letters/asylum/sign/"),
    ("POST", "/letters/asylum/sign/"),
    ("POST", "/letters/asylum/sign/sent/"),
    ("GET", "/s/some-token/"),
    ("POST", "/ar/s/some-token/confirm/"),
    ("GET", "/g/some-key/"),
    ("POST", "/admin/account/login/"),
    ("GET", "/admin/"),
]

ASK_ALL = """
import json, sys
from pathlib import Path
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("collectstatic", interactive=False, verbosity=0)
browser = Client(raise_request_exception=False)
answers = []
for method, address in json.loads(sys.argv[1]):
    browser.cookies.clear()
    if address == "/admin/":
        browser.cookies["sessionid"] = "a" * 32
    form = "application/x-www-form-urlencoded"
    answer = browser.generic(method, address, sys.argv[2], content_type=form, headers={"Host": "localhost"})
    answers.append((answer.status_code, dict(answer.headers), answer.content.decode(), list(answer.cookies)))
browser.cookies.clear()
health = browser.get("/healthz", headers={"Host": "localhost"})
static = browser.get("/admin/account/login/", headers={"Host": "localhost"})
print(json.dumps([answers, health.status_code, health.content.decode(), static.status_code]))
"""


def test_while_no_database_answers_every_page_says_so_and_when_to_come_back(tmp_path):
    """A process of its own, whose database refuses every connection."""
    environment = {
        **os.environ,
        "DATABASE_URL": "postgres://nobody@127.0.0.1:9/nothing",  # the discard port: nothing listens
        "UNDERSIGNED_VAR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    body = "login=alice&password=secret-word&organisation=Blue+Kettle&contact_email=a%40kettle.example"
    done = subprocess.run(
        [sys.executable, "-c", ASK_ALL, json.dumps(ADDRESSES), body],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    answers, health, word, login = json.loads(done.stdout.splitlines()[-1])
    for (method, address), (status, headers, content, cookies) in zip(ADDRESSES, answers, strict=True):
        told = f"{method} {address}"
        prefix = address[:3] if address[:3] in LANGUAGES else ""
        page = BeautifulSoup(content, "html.parser")
        assert status == 503, told
        assert 1 <= int(headers["Retry-After"]) <= 60, told
        assert "no-store" in headers["Cache-Control"], told
        assert (page.html["lang"], page.html["dir"]) == LANGUAGES[prefix], told
        assert cookies == [], told
        assert "Content-Security-Policy" in headers, told
    assert (health, word) == (503, "database\n")
    assert login == 200  # the way in needs no database until somebody uses it
    for private in ("secret-word", "kettle.example", "some-token", "some-key", "Blue Kettle"):
        assert private not in done.stderr


@pytest.mark.django_db(transaction=True)
def test_a_database_that_hangs_up_costs_one_request_and_no_signature(client):
    letter = make_letter()
    own = tokens.mint(make_signature(letter), Purpose.OWN_PAGE).value
    for method, address, form in (
        ("get", "/letters/asylum/", {}),
        ("post", "/letters/asylum/sign/", sign_form()),
        ("post", f"/s/{own}/", {"act": "erase", "sure": "on"}),
    ):
        revision.forget()
        before = letter.signatures.count()
        hang_up()
        answer = getattr(client, method)(address, form)
        assert (answer.status_code, answer["Retry-After"]) == (503, "10"), address
        connection.close()  # what the end of a request does
        assert letter.signatures.count() == before
        assert getattr(client, method)(address, form).status_code in (200, 303), address


def hang_up():
    """End the server's side of our connection, as a restart of the database does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    with connection.copy().cursor() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
        other.db.close()
