"""The shipped nginx serves a copy of the site when everything else is off."""

import json
import os

import pytest
from django.core.management import call_command

from signatories import site_copy
from tests.config.test_queries import add_signatures
from tests.deploy.nginx import Nginx, program
from tests.factories import make_letter, make_signature

pytestmark = pytest.mark.django_db

LETTER = "/letters/asylum/"
LIST = f"{LETTER}signatories/"


@pytest.fixture
def nginx(tmp_path, monkeypatch):
    if program() is None:
        reason = "no nginx here: apt-get install nginx-light libnginx-mod-http-brotli-static"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    monkeypatch.setattr(site_copy, "_LANGUAGES", ["en", "ar"])
    letter = make_letter(languages=("en", "ar"))
    make_signature(letter, name="مطبخ", country="SY")
    add_signatures(letter, 203)
    call_command("archive_site", str(tmp_path / "archive"), verbosity=0)
    tmp_path.chmod(0o755)
    line = "include /srv/undersigned/deploy/{}.conf;"
    instead = {
        f"        {line.format('application')}": "",
        f"# {line.format('archive')}": f"include {tmp_path}/archive.conf;",
    }
    nginx = Nginx(tmp_path, application="127.0.0.1:1", static=tmp_path, instead=instead)
    nginx.start()
    yield nginx
    nginx.stop()


def test_it_serves_the_copy_under_the_same_addresses_with_the_same_headers(nginx):
    for path in ("/", "/ar/", LETTER, f"/ar{LETTER}", LIST, f"{LETTER}letter.pdf", f"{LETTER}live.json"):
        answer = nginx.ask(path)
        assert answer.status == 200, path
        assert answer.headers.get_all("Cache-Control") == [
            "public, max-age=0, s-maxage=5, must-revalidate, proxy-revalidate"
        ]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
    assert nginx.ask(LETTER).headers["Content-Type"] == "text/html; charset=utf-8"
    assert nginx.ask(LETTER).headers["X-Frame-Options"] == "DENY"
    assert nginx.ask(LETTER.rstrip("/")).status == 301

    # Views of a list are found by the addresses they had.
    first, second = nginx.ask(LIST).body, nginx.ask(f"{LIST}?page=2").body
    assert first != second
    assert nginx.ask(f"{LIST}page=2/").body == second
    assert "مطبخ" in nginx.ask(f"{LIST}?country=SY").body.decode()
    assert nginx.ask(f"{LIST}?q=kettle").body == first
    assert nginx.ask(f"{LIST}?page=99").body == first
    assert nginx.ask(f"{LIST}?page=2&page=/../../../../../../etc").body == first

    # What may be read or framed from elsewhere, and what brings its own style.
    data = nginx.ask(f"{LETTER}signatories.json")
    assert (data.headers["Access-Control-Allow-Origin"], data.headers.get_content_type()) == (
        "*",
        "application/json",
    )
    assert len(json.loads(data.body)["signatories"]) == 204
    assert "Access-Control-Allow-Origin" not in nginx.ask(LETTER).headers
    embedded = nginx.ask(f"{LETTER}embed/")
    assert embedded.status == 200
    assert "X-Frame-Options" not in embedded.headers
    assert "frame-ancestors" not in embedded.headers["Content-Security-Policy"]
    kept = nginx.ask(f"{LETTER}letter.html")
    assert kept.headers["Content-Disposition"] == "attachment"
    assert "style-src 'unsafe-inline'" in kept.headers["Content-Security-Policy"]

    # What is not there.
    for path in ("/nowhere/", "/admin/", "/healthz", "/s/token/", "/.undersigned", "/../.undersigned"):
        answer = nginx.ask(path)
        assert answer.status in (400, 404), path
    assert b'lang="ar"' in nginx.ask("/ar/nowhere/").body
    assert nginx.ask(f"{LETTER}sign/", "POST", b"organisation=x").status == 405
    assert b"Signing is off" in nginx.ask(f"{LETTER}sign/").body
