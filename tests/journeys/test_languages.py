"""The address decides the language: one address, one page, for everybody; and it never leads off the site."""

from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup

from letters import revision
from signatories import tokens
from signatories.models import Purpose
from tests.factories import make_letter, make_signature

pytestmark = pytest.mark.django_db

PREFIXES = {"en": "", "ar": "/ar", "fr": "/fr", "sw": "/sw"}
PAGES = [
    "/",
    "/hosts/harbour/",
    "/letters/asylum/",
    "/letters/asylum/signatories/",
    "/letters/asylum/sign/",
    "/letters/asylum/sign/sent/",
]


@pytest.mark.parametrize("language", PREFIXES)
def test_every_page_says_its_language_and_direction_and_points_to_the_others(client, language):
    signature = make_signature(make_letter(languages=("en", "ar", "fr", "sw")))
    secret = make_letter("secret", phase="gathering", languages=tuple(PREFIXES))
    confirm = tokens.mint(signature, Purpose.CONFIRM).value
    own = tokens.mint(signature, Purpose.OWN_PAGE).value
    for path in [*PAGES, f"/s/{confirm}/confirm/", f"/s/{own}/", f"/g/{secret.gathering_key}/"]:
        answer = client.get(PREFIXES[language] + path)
        assert answer.status_code == 200, path
        assert answer["Content-Language"] == language
        page = BeautifulSoup(answer.content, "html.parser")
        assert (page.html["lang"], page.html["dir"]) == (language, "rtl" if language == "ar" else "ltr")
        links = {link["hreflang"]: link["href"] for link in page.select("a[hreflang]")}
        assert links == {code: prefix + path for code, prefix in PREFIXES.items()}
        assert [link["hreflang"] for link in page.select("a[aria-current]")] == [language]


@pytest.mark.parametrize("path", [*PAGES, "/letters/nowhere/", "/nowhere"])
def test_a_page_differs_by_nothing_but_its_address_and_what_the_browser_can_unpack(client, path):
    make_signature(make_letter(languages=("en", "ar")))
    plain = client.get(path, headers={"Accept-Language": "ar"})
    revision.forget()
    client.cookies["django_language"] = client.cookies["sessionid"] = "ar"
    with_cookie = client.get(path, headers={"Accept-Language": "fr, sw;q=0.5"})
    assert plain.content == with_cookie.content
    assert plain.status_code == with_cookie.status_code
    for answer in (plain, with_cookie):
        assert answer.get("Vary", "Accept-Encoding") == "Accept-Encoding"
        assert not answer.cookies
        assert answer["Content-Language"] == "en"


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("/en/", "/"),
        ("/en/letters/asylum/", "/letters/asylum/"),
        ("/en/letters/asylum/?page=2&q=%C3%A9", "/letters/asylum/?page=2&q=%C3%A9"),
        ("/EN/", "/"),
        ("/en-GB/letters/asylum/", "/letters/asylum/"),
        ("/en_us/", "/"),
        ("/fr-CA/letters/asylum/", "/fr/letters/asylum/"),
        ("/FR/", "/fr/"),
        ("/Ar/letters/asylum/sign/", "/ar/letters/asylum/sign/"),
        ("/sw-ke/", "/sw/"),
        ("/ar_EG/hosts/harbour/", "/ar/hosts/harbour/"),
        ("/en/g/some-secret/sign/", "/g/some-secret/sign/"),
    ],
)
def test_another_spelling_of_a_language_leads_to_the_one_address(client, asked, canonical):
    make_letter()
    answer = client.get(asked)
    assert (answer.status_code, answer["Location"]) == (301, canonical)


@pytest.mark.parametrize(
    "asked",
    ["/de/", "/zh-hans/", "/frx/", "/fr-latn-CA/", "/e/", "/eng/", "/fr-/", "/ar/fr/", "/fr/en/", "/en-/x/"],
)
def test_a_language_we_do_not_speak_is_not_found(client, asked):
    assert client.get(asked).status_code == 404


REST = [
    "/evil.example/",
    "//evil.example/",
    "///evil.example//",
    "\\evil.example/",
    "/\\evil.example/",
    "%2Fevil.example/",
    "%2F%2Fevil.example/",
    "%5Cevil.example/",
    "/%5Cevil.example/",
    "/%09/evil.example/",
    "%0a/evil.example/",
    "%0d%0aLocation:%20https://evil.example/",
    "/https:/evil.example/",
    "https://evil.example/",
    "/user@evil.example/",
    "/evil.example%2f%2e%2e/",
    "..//evil.example/",
    "%2e%2e//evil.example/",
    "?next=//evil.example/",
    "/%3F/evil.example/",
    "%00/evil.example/",
    "%E3%80%82/evil.example/",
    "javascript:alert(1)/",
    "[::1]/",
    "//[::1/",
    "%ff/",
    "en//evil.example/",
    "fr-CA//evil.example/",
]


@pytest.mark.parametrize("prefix", ["/en/", "/EN/", "/fr-CA/", "/ar_EG/", "/fr/", "/", "//en/", "/en//"])
def test_no_address_leads_off_the_site(client, prefix):
    for rest in REST:
        address = prefix + rest
        for _ in range(5):
            answer = client.generic("GET", address)
            assert answer.status_code in (200, 301, 400, 404), address
            if answer.status_code != 301:
                break
            target = answer["Location"]
            assert "\n" not in target
            assert "\r" not in target
            assert "\\" not in target
            for base in ("http://testserver/", f"http://testserver{address.partition('?')[0]}"):
                assert urlsplit(urljoin(base, target)).netloc == "testserver", (address, target)
            assert target.startswith("/")
            assert target[1:2] not in ("/", "\\"), (address, target)
            address = target


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("/en/a%3Fb/", "/a%3Fb/"),
        ("/en/a%23b/", "/a%23b/"),
        ("/en/a%2541/", "/a%2541/"),
        ("/en/%D8%A7/", "/%D8%A7/"),
    ],
)
def test_what_was_escaped_stays_escaped(client, asked, canonical):
    assert client.get(asked)["Location"] == canonical


def test_a_text_that_is_not_translated_is_shown_as_it_was_written(client):
    make_letter()
    page = BeautifulSoup(client.get("/ar/letters/asylum/").content, "html.parser")
    assert (page.html["lang"], page.html["dir"]) == ("ar", "rtl")
    for shown in (page.find("h1").parent, page.select_one(".prose")):
        assert (shown["lang"], shown["dir"]) == ("en", "ltr")
    assert page.select_one(".notice")
    assert not BeautifulSoup(client.get("/letters/asylum/").content, "html.parser").select_one(".notice")
    card = BeautifulSoup(client.get("/ar/").content, "html.parser").select_one(".cards a")
    assert (card["lang"], card["dir"]) == ("en", "ltr")


def test_an_arabic_letter_reads_from_right_to_left_on_an_english_page(client):
    make_letter(languages=("ar",), original_language="ar")
    page = BeautifulSoup(client.get("/letters/asylum/").content, "html.parser")
    assert (page.html["lang"], page.html["dir"]) == ("en", "ltr")
    assert (page.select_one(".prose")["lang"], page.select_one(".prose")["dir"]) == ("ar", "rtl")


def test_a_translated_text_is_not_called_untranslated(client):
    make_letter(languages=("en", "ar"))
    page = BeautifulSoup(client.get("/ar/letters/asylum/").content, "html.parser")
    assert (page.select_one(".prose")["lang"], page.select_one(".prose")["dir"]) == ("ar", "rtl")
    assert not page.select_one(".notice")


def test_data_has_one_address_for_all_languages(client):
    make_signature()
    assert client.get("/letters/asylum/live.json").status_code == 200
    for prefix in ("/ar", "/fr", "/sw"):
        assert client.get(f"{prefix}/letters/asylum/live.json").status_code == 404
        assert client.get(f"{prefix}/healthz").status_code == 404
    page = client.get("/ar/letters/asylum/").content.decode()
    assert 'data-live="/letters/asylum/live.json"' in page


def test_an_address_without_its_last_slash_leads_to_the_one_with_it(client):
    make_letter()
    for prefix in PREFIXES.values():
        answer = client.get(f"{prefix}/letters/asylum?x=1")
        assert (answer.status_code, answer["Location"]) == (301, f"{prefix}/letters/asylum/?x=1")
