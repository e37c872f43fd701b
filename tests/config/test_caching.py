"""Who may keep what: every address has one class, and nothing but a page that is there is kept by anybody."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver

from config import caching
from tests.config.test_headers import ACCOUNT, named
from tests.desk import names_of_the_desk

PROJECT = Path(settings.BASE_DIR)
READERS = (caching.PAGE, caching.DATA, caching.PICTURE)


def addresses():
    """An address of every public name, of things that are not there."""
    for name in caching.CLASS_OF:
        for forms, _pattern, _defaults, _converters in get_resolver().reverse_dict.getlist(name):
            for form, parameters in forms:
                yield name, "/" + form % dict.fromkeys(parameters, "1")


def test_every_address_has_one_class_and_the_desk_none():
    names = [name for _headers, names in caching.CLASSES for name in names.split()]
    at_the_desk = names_of_the_desk().keys() | ACCOUNT.keys()
    public = {name for name in named(get_resolver()) if not name.startswith("admin:")} - at_the_desk
    assert sorted(names) == sorted(public)


def test_the_walk_finds_an_address_of_every_class():
    assert {name for name, _address in addresses()} == set(caching.CLASS_OF)


@pytest.mark.parametrize("headers", READERS[:2])
def test_names_are_old_for_moments_and_never_shown_when_they_cannot_be_asked_for_again(headers):
    said = dict(word.partition("=")[::2] for word in headers["Cache-Control"].split(", "))
    assert (
        int(said["s-maxage"]) * 2 + 1.4 < 60
    )  # in nginx, in another cache before it, and in the application
    assert said["max-age"] == "0"
    assert {"must-revalidate", "proxy-revalidate"} <= said.keys()
    assert not [word for word in said if word.startswith(("stale", "immutable"))]


@pytest.mark.django_db
def test_nobody_keeps_what_is_not_there_was_sent_or_leads_elsewhere(client):
    for name, address in addresses():
        for path in (address, f"/ar{address}", f"{address}nowhere"):
            for answer in (client.get(path), client.post(path), client.delete(path)):
                is_page = answer.status_code == 200 and answer.wsgi_request.method == "GET"
                kept = answer["Cache-Control"]
                assert answer.status_code < 500, path
                assert not answer.cookies, path
                assert "Cookie" not in answer.get("Vary", ""), path
                if answer.status_code == 301:
                    assert kept == "private, max-age=86400", path
                elif not is_page or caching.CLASS_OF[name] not in READERS:
                    assert kept == "no-store, private", (path, answer.status_code)
                    assert "ETag" not in answer, path


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/admin/", "/admin/account/login/", "/admin/nowhere/", "/admin/jsi18n/"])
def test_nobody_keeps_the_desk(client, address):
    assert client.get(address)["Cache-Control"] == "no-store, private"


def test_nginx_keeps_what_readers_read_and_asks_for_the_rest_every_time():
    text = (PROJECT / "deploy" / "application.conf").read_text()
    asked_every_time = re.compile(re.search(r"^location ~ (\^\(.*) \{$", text, re.MULTILINE)[1])
    for name, address in addresses():
        for path in (address, f"/ar{address}"):
            assert bool(asked_every_time.match(path)) == (caching.CLASS_OF[name] not in READERS), path


def test_views_say_nothing_about_caches():
    says = re.compile(r"""\[["']Cache-Control["']\]|never_cache|cache_control\(""")
    files = [path for app in ("config", "letters", "signatories") for path in (PROJECT / app).rglob("*.py")]
    assert [path.name for path in files if says.search(path.read_text())] == []
