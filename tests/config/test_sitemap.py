"""Search engines are told of every page that is public, in each language, and of nothing else."""

import re
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client

from letters import lifecycle, revision
from letters.models import Letter
from tests.config.test_headers import NOT_INDEXED, PUBLIC
from tests.crawling import CRAWLED
from tests.factories import make_host, make_invitation, make_letter, make_signature, make_staff, make_workshop

pytestmark = pytest.mark.django_db

HERE = "http://127.0.0.1:8000"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"
LANGUAGES = ["en", "ar", "fr", "sw"]


def fetch(path="/sitemap.xml"):
    revision.forget()
    answer = Client().get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def locations():
    """{address without our own: {language: address}}, after a look at all that sitemaps.org asks of it."""
    found = {}
    urls = ElementTree.fromstring(fetch())
    assert urls.tag == f"{MAP}urlset"
    for url in urls:
        assert [one.tag for one in url if one.tag != f"{XHTML}link"] == [f"{MAP}loc"]
        others = [one.attrib for one in url.findall(f"{XHTML}link")]
        assert all(one["rel"] == "alternate" and one["href"].startswith(f"{HERE}/") for one in others)
        location = url.findtext(f"{MAP}loc")
        assert location.startswith(f"{HERE}/")
        assert location.removeprefix(HERE) not in found
        found[location.removeprefix(HERE)] = {
            one["hreflang"]: one["href"].removeprefix(HERE) for one in others
        }
    return found


def test_every_public_page_is_there_in_each_language_with_its_others():
    make_letter("en", languages=LANGUAGES)  # a slug that looks like a language
    found = locations()
    assert {path for path in found if not path.startswith(("/ar/", "/fr/", "/sw/"))} == {
        "/",
        "/hosts/harbour/",
        "/letters/en/",
    }
    assert len(found) == 3 * len(LANGUAGES)
    assert found["/ar/letters/en/"] == {
        "en": "/letters/en/",
        "x-default": "/letters/en/",
        "ar": "/ar/letters/en/",
        "fr": "/fr/letters/en/",
        "sw": "/sw/letters/en/",
    }
    assert all(path in others.values() for path, others in found.items())


def test_a_letter_is_there_in_the_languages_it_is_written_in():
    make_letter("two", languages=("ar", "fr"), original_language="ar")
    make_letter("one")
    make_letter("other", languages=("uk",), original_language="uk")
    found = {path: others for path, others in locations().items() if "/letters/" in path}
    assert found.keys() == {"/ar/letters/two/", "/fr/letters/two/", "/letters/one/", "/letters/other/"}
    assert found["/letters/one/"] == {}
    assert found["/fr/letters/two/"] == {
        "ar": "/ar/letters/two/",
        "x-default": "/ar/letters/two/",
        "fr": "/fr/letters/two/",
    }


def test_each_of_its_addresses_answers_and_says_the_same_of_its_languages(client):
    make_letter(languages=("en", "ar"))
    make_letter("one", languages=("fr",), original_language="fr")
    for path, others in locations().items():
        answer = client.get(path)
        assert answer.status_code == 200, path
        said = dict(
            re.findall(r'hreflang="([^"]+)" href="([^"]+)">', answer.content.decode().partition("</head>")[0])
        )
        assert {code: address.removeprefix(HERE) for code, address in said.items()} == others, path
        assert f'<link rel="canonical" href="{HERE}{path}">' in answer.content.decode()


@pytest.mark.parametrize("phase", ["draft", "gathering"])
def test_what_is_prepared_in_secret_is_not_there_and_nor_is_its_host(phase):
    letter = make_letter("secret", phase=phase, host=make_host("silent"))
    assert list(locations()) == ["/", "/ar/", "/fr/", "/sw/"]
    assert letter.gathering_key not in fetch()
    lifecycle.open_letter(letter, by=make_staff())
    assert "/letters/secret/" in locations()
    assert "/hosts/silent/" in locations()


def test_a_letter_keeps_its_place_when_it_is_closed_and_archived():
    make_letter("over", phase="closed")
    make_letter("old", phase="archived")
    assert {"/letters/over/", "/letters/old/"} <= locations().keys()


def test_it_says_where_this_installation_is_whatever_a_request_says(settings):
    settings.SITE_URL = "https://letters.example"
    settings.ALLOWED_HOSTS = ["*"]
    make_letter()
    answer = Client().get("/sitemap.xml", headers={"Host": "evil.example"})
    assert b"evil.example" not in answer.content
    assert b"<loc>https://letters.example/letters/asylum/</loc>" in answer.content


def test_robots_are_told_of_the_sitemap_and_of_no_secret():
    letter = make_letter(phase="gathering")
    make_signature(letter)
    opened = make_workshop(letter)
    make_invitation(letter)
    said = fetch("/robots.txt")
    assert f"Sitemap: {HERE}/sitemap.xml" in said
    for secret in (letter.gathering_key, letter.slug, opened.code):
        assert secret not in said
    rows = [line for line in said.splitlines() if line and not line.startswith(("User-agent", "Sitemap"))]
    assert all(row.startswith("Disallow: /") for row in rows)


def test_robots_are_kept_from_every_address_of_ones_own_in_each_language_and_from_no_other():
    rules = [
        line.removeprefix("Disallow: ") for line in fetch("/robots.txt").splitlines() if "Disallow" in line
    ]
    for name, patterns in CRAWLED.items():
        for pattern in patterns:
            path = pattern.format(host="harbour", letter="asylum")
            of_a_letter = path.startswith("/letters/")  # forms of public letters say noindex themselves
            wanted = name in NOT_INDEXED and not of_a_letter
            for prefix in ("", *(f"/{code}" for code, _ in settings.LANGUAGES if code != "en")):
                is_kept_from = any(f"{prefix}{path}".startswith(rule) for rule in rules)
                assert is_kept_from == wanted, (prefix, path)
    assert "/admin/" in rules
    assert PUBLIC.keys() >= {"sitemap", "robots"}
    assert Letter.objects.count() == 0
