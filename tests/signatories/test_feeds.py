"""A letter's feed is Atom as RFC 4287 has it, and holds what is public in this moment."""

import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone

from letters import revision
from letters.models import Host, Letter
from signatories import updates, withdrawal
from signatories.models import Signature
from tests.config.test_queries import add_signatures
from tests.factories import make_letter, make_signature, make_update, make_version

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
MAY_BE_IN_A_FEED = {"title", "subtitle", "link", "id", "updated", "author", "entry"}
MAY_BE_IN_AN_ENTRY = {"title", "link", "published", "updated", "id", "summary"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
TAG = re.compile(r"tag:[a-z0-9.-]+,\d{4}-\d\d-\d\d:letter-\d+/[a-z]+/[a-z0-9-]+")


def fetch(prefix="", slug="asylum"):
    revision.forget()
    answer = Client().get(f"{prefix}/letters/{slug}/feed.atom")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    return answer.content


def parsed(prefix=""):
    """The feed, after a look at all that RFC 4287 asks of one."""
    feed = ElementTree.fromstring(fetch(prefix))
    assert feed.tag == f"{ATOM}feed"
    _check(feed, MAY_BE_IN_A_FEED)
    assert [one.get("rel") for one in feed.findall(f"{ATOM}link")] == ["alternate", "self"]
    assert feed.find(f"{ATOM}author/{ATOM}name").text
    entries = feed.findall(f"{ATOM}entry")
    for entry in entries:
        _check(entry, MAY_BE_IN_AN_ENTRY)
        assert [one.get("rel") for one in entry.findall(f"{ATOM}link")] == ["alternate"]
        assert entry.find(f"{ATOM}summary").get("type") == "html"
        assert MOMENT.fullmatch(entry.findtext(f"{ATOM}published"))
    ids = [one.text for one in feed.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids))
    assert feed.findtext(f"{ATOM}updated") == max(entry.findtext(f"{ATOM}updated") for entry in entries)
    return feed


def _check(element, allowed):
    names = [child.tag.removeprefix(ATOM) for child in element]
    assert set(names) <= allowed
    for once in ("id", "title", "updated"):
        assert names.count(once) == 1, once
    assert TAG.fullmatch(element.findtext(f"{ATOM}id")), element.findtext(f"{ATOM}id")
    assert MOMENT.fullmatch(element.findtext(f"{ATOM}updated"))
    for link in element.findall(f"{ATOM}link"):
        assert link.get("href").startswith("http://127.0.0.1:8000/"), link.get("href")


def titles(feed):
    return [entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")]


def ids(feed):
    return [one.text for one in feed.iter(f"{ATOM}id")]


def test_a_feed_holds_the_newest_names_and_the_news():
    letter = make_letter()
    add_signatures(letter, 10)
    make_version(letter)
    feed = parsed()
    assert feed.findtext(f"{ATOM}title") == "Keep the door open"
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Harbour Coalition"
    assert titles(feed)[0] == "Newest signatories"
    assert sorted(titles(feed)[1:]) == [
        "10 organisations have signed",
        "The letter has changed in its wording",
        "The letter was published",
    ]


def test_a_letter_without_names_has_a_feed():
    make_letter()
    assert titles(parsed()) == ["The letter was published"]


def test_a_removed_name_is_gone_at_the_next_fetch_and_the_entry_stays_the_same_one():
    letter = make_letter()
    make_signature(letter, name="Harbour Kitchen")
    leaving = make_signature(letter, name="Lantern Street")
    before = parsed()
    assert b"Lantern Street" in fetch()
    withdrawal.withdraw(leaving)
    assert b"Lantern Street" not in fetch()
    assert b"Harbour Kitchen" in fetch()
    assert ids(parsed())[:2] == ids(before)[:2]


@pytest.mark.parametrize(
    "hidden",
    [{"visibility": "counted_only"}, {"visibility": "delivered_only"}, {"staff_cap": "counted_only"}],
)
def test_who_is_not_named_publicly_is_in_no_feed(hidden):
    letter = make_letter()
    make_signature(letter, name="Harbour Kitchen")
    make_signature(letter, name="Lantern Street", **hidden)
    assert b"Lantern Street" not in fetch()


def test_an_id_says_nothing_of_anybody_and_outlives_other_addresses_and_names():
    letter = make_letter()
    signature = make_signature(letter, name="Harbour Kitchen")
    update = make_update(letter)
    updates.publish(update, by=update.by, seen=updates.what_is_written(update))
    before = ids(parsed())
    assert not [one for one in before if "harbour" in one.lower() or signature.public_id in one]
    Host.objects.update(name="Haven", slug="haven")
    Letter.objects.update(time_zone="Africa/Nairobi")
    Signature.objects.update(name="Other Kitchen")
    assert ids(parsed()) == before


def test_each_language_has_a_feed_of_its_own():
    letter = make_letter(languages=("en", "ar"))
    make_signature(letter)
    update = make_update(letter, languages=("en",))
    updates.publish(update, by=update.by, seen=updates.what_is_written(update))
    english, arabic = parsed(), parsed("/ar")
    assert (english.get(LANG), arabic.get(LANG)) == ("en", "ar")
    assert arabic.findtext(f"{ATOM}title") == "Keep the door open (ar)"
    assert not set(ids(english)) & set(ids(arabic))
    (written,) = [
        entry for entry in arabic.findall(f"{ATOM}entry") if entry.findtext(f"{ATOM}title") == "We were heard"
    ]
    assert written.get(LANG) == "en"
    assert all("/ar/letters/asylum/" in link.get("href") for link in written.findall(f"{ATOM}link"))


@pytest.mark.parametrize(
    "name",
    [
        "Bell \x07 Ringers",
        "Escape \x1b[31m",
        "Not \ufffe a letter",
        "A & B <C> \"D\" 'E' ]]>",
        "\u202eturned",
    ],
)
def test_no_name_breaks_the_feed(name):
    letter = make_letter(title=f"Title {name}")
    make_signature(letter, name=name)
    Host.objects.update(name=name)
    update = make_update(letter)
    update.texts.update(subject=f"News of {name}", body=f"Of {name}.")
    updates.publish(update, by=update.by, seen=updates.what_is_written(update))
    legible = re.sub("[\x07\x1b\ufffe]", "", name)
    feed = parsed()
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == legible
    assert f"News of {legible}" in titles(feed)


def test_what_is_dated_ahead_of_the_launch_is_told_as_of_the_launch():
    opened = timezone.now() - timedelta(days=1)
    letter = make_letter(opens_at=opened)
    make_signature(letter, published_at=opened - timedelta(days=9))
    moment = parsed().find(f"{ATOM}entry").findtext(f"{ATOM}updated")
    assert datetime.fromisoformat(moment) == opened


def test_who_has_the_feed_already_gets_nothing(client):
    make_signature()
    etag = client.get("/letters/asylum/feed.atom")["ETag"]
    again = client.get("/letters/asylum/feed.atom", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_letters_pages_lead_to_the_feed(client):
    make_letter(languages=("en", "ar"))
    for prefix in ("", "/ar"):
        for page in ("", "news/"):
            said = client.get(f"{prefix}/letters/asylum/{page}").content.decode()
            assert re.search(
                r'<link rel="?alternate"? type="?application/atom\+xml"? '
                rf'href="?({prefix}/letters/asylum/)?feed\.atom"?',
                said,
            ), (prefix, page)
