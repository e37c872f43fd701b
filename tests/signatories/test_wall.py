"""The wall lets out what is public and nothing else, whatever is asked, in whatever language and format."""

import gzip
import io
import itertools
import zipfile
from datetime import UTC, datetime, timedelta

import brotli
import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from letters import countries, revision
from letters.models import Letter
from signatories import wall
from signatories.contacts import ContactDetails
from signatories.listing import Listing
from signatories.models import Kind, Signature, SignatureStatus
from signatories.visibility import StaffCap, Visibility
from tests.crawling import CRAWLED, KEPT, crawl
from tests.factories import (
    make_delivery,
    make_host,
    make_imported,
    make_letter,
    make_organisation,
    make_proposal,
    make_signature,
)
from tests.pdf import can_be_read, text_of

pytestmark = pytest.mark.django_db

WAYS_TO_BE_HIDDEN = [
    (status, visibility, cap)
    for status, visibility, cap in itertools.product(
        SignatureStatus.values, Visibility.values, ["", *StaffCap.values]
    )
    if status != "published" or visibility != "public" or cap not in ("", "public")
]


class Canaries:
    """Words that stand nowhere else, each remembered with where it was put."""

    def __init__(self):
        self.put = {}

    def __call__(self, where):
        word = f"CANARY{len(self.put):04}X"
        self.put[word] = where
        return word

    def found_in(self, text):
        return {where for word, where in self.put.items() if word.casefold() in text.casefold()}


def _contact(canary, where):
    return ContactDetails(
        name=canary(f"{where}: contact name"),
        role=canary(f"{where}: contact role"),
        email=f"{canary(f'{where}: mailbox')}@{canary(f'{where}: mail domain')}.example",
    )


def _hidden(canary, letter, status, visibility, cap, **fields):
    where = f"{letter.slug} {status} {visibility} {cap or '-'}"
    return make_signature(
        letter,
        name=canary(f"{where}: name"),
        latin=canary(f"{where}: latin"),
        website=f"https://{canary(f'{where}: website')}.example",
        status=status,
        visibility=visibility,
        staff_cap=cap,
        contact=_contact(canary, where),
        **fields,
    )


def _texts_of(answer):
    yield answer.body.decode(errors="replace")
    if answer.body.startswith(b"%PDF-") and can_be_read():
        yield text_of(answer.body)
    if answer.body.startswith(b"PK"):
        document = zipfile.ZipFile(io.BytesIO(answer.body))
        yield from (document.read(name).decode(errors="replace") for name in document.namelist())
    yield repr(sorted(answer.headers.items()))


def test_a_canary_in_every_private_field_is_found_at_no_public_address():
    canary = Canaries()
    letter = make_letter(languages=("en", "ar"))
    for way in WAYS_TO_BE_HIDDEN:
        _hidden(canary, letter, *way)
    named = make_signature(
        letter,
        name="Lantern Street",
        website=f"https://{canary('named: website')}.example",
        contact=_contact(canary, "named"),
        organisation=make_organisation(canary("named: the organisation's own name")),
    )
    make_proposal(named, name=canary("proposed name"), latin=canary("proposed latin"))
    make_delivery(letter, status="sent")
    for phase in ("draft", "gathering"):
        early = make_letter(phase, phase=phase, title=canary(f"{phase}: title"), languages=("en", "ar"))
        early.texts.update(body=canary(f"{phase}: body"), subtitle=canary(f"{phase}: subtitle"))
        early.recipients.update(office=canary(f"{phase}: recipient"))
        _hidden(canary, early, "published", "public", "")

    answers = crawl()

    leaks = {
        (path, where)
        for path, answer in answers.items()
        for text in _texts_of(answer)
        for where in canary.found_in(text)
    }
    assert leaks == set()
    assert len(canary.put) > 500
    assert "Lantern Street" in answers["/letters/asylum/"].body.decode()


def test_the_same_canaries_are_found_once_they_are_public():
    """Proves that the crawl would have found them."""
    canary = Canaries()
    _hidden(canary, make_letter(), "published", "public", "")

    found = {
        where.partition(": ")[2]
        for answer in crawl().values()
        for text in _texts_of(answer)
        for where in canary.found_in(text)
    }

    assert found == {"name", "latin"}


def test_an_answer_repeats_nothing_of_its_address(client):
    """Except what was searched for, in its box: tests/signatories/test_searching.py has that."""
    make_letter()
    for path in (
        "/letters/asylum/?q=CANARY",
        "/letters/asylum/signatories/?canary=CANARY",
        "/letters/asylum/signatories/?country=CANARY",
        "/letters/asylum/signatories/?kind=CANARY",
        "/letters/asylum/signatories/?initial=CANARY",
        "/letters/asylum/signatories/?by=CANARY",
        "/letters/asylum/signatories/?page=CANARY",
        "/letters/asylum/live.json?q=CANARY",
        "/letters/asylum/signatories.json?after=CANARY",
        "/letters/asylum/signatories.csv?q=CANARY",
        "/letters/CANARY/",
        "/s/CANARY/",
    ):
        answer = client.get(path)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert "CANARY" not in body.decode().replace(path, ""), (
            path
        )  # it stands in the links to other languages
        assert "CANARY" not in repr(answer.headers), path


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_the_compressed_forms_of_a_page_hold_no_more_than_the_plain_one(client, encoding):
    letter = make_letter()
    make_signature(letter, name="Quiet Canary", visibility="counted_only")
    plain = client.get("/letters/asylum/").content

    packed = client.get("/letters/asylum/", headers={"Accept-Encoding": encoding})

    assert packed["Content-Encoding"] == encoding
    assert {"gzip": gzip.decompress, "br": brotli.decompress}[encoding](packed.content) == plain


def test_every_public_address_is_crawled():
    assert {pattern.name for pattern in _patterns(get_resolver())} == set(CRAWLED)


def _patterns(resolver):
    for entry in resolver.url_patterns:
        if str(entry.pattern).startswith("admin/"):
            continue  # not public: tests/desk.py lists those
        if isinstance(entry, URLPattern):
            yield entry
        elif isinstance(entry, URLResolver):
            yield from _patterns(entry)


# --- non-interference --------------------------------------------------------------------------------


def _world_with(letter, contents):
    """Crawl the letter with these counted-only rows beside its named ones, then take them away again."""
    with transaction.atomic():
        for content in contents:
            make_signature(letter, **{"visibility": "counted_only", **content})
        answers = crawl()
        transaction.set_rollback(True)
    return answers


ROWS = [
    {"name": "A", "country": "UG", "kind": "ally", "status": "published"},
    {"name": "Zzz" * 60, "country": "SO", "kind": "displaced_led", "latin": "Zed", "is_network": True},
    {"name": "منظمة", "country": "TV", "website": "https://tuvalu.example", "language": "ar"},
]
OTHER_ROWS = [
    {"name": "Blue Kettle", "country": "NR", "kind": "refugee_led", "phone": "+254700000000"},
    {"name": "Middle", "country": "WS", "published_at": datetime(2020, 1, 1, tzinfo=UTC)},
    {"name": "0", "country": "PW", "staff_cap": "counted_only", "keep_contact": True},
]


def test_what_counted_only_rows_contain_changes_not_one_public_byte():
    letter = make_letter(languages=("en", "ar"))
    for name in ("Blue Kettle", "Middle House", "Zebra"):
        make_signature(letter, name=name)

    assert _world_with(letter, ROWS) == _world_with(letter, OTHER_ROWS)


def test_one_more_counted_only_row_changes_the_counts_and_no_name():
    letter = make_letter()
    for name in ("Blue Kettle", "Middle House"):
        make_signature(letter, name=name)

    fewer, more = (_world_with(letter, ROWS[:count]) for count in (2, 3))

    changed = {path for path in fewer if fewer[path].body != more[path].body}
    assert {path for path in changed if "sign/" in path} == set()
    assert "/letters/asylum/" in changed
    page = fewer["/letters/asylum/"].body.decode()
    expected = (
        page.replace("<b>4</b> organisations", "<b>5</b> organisations")
        .replace("We, 4 from", "We, 5 from")
        .replace("not named: 2", "not named: 3")
        .replace("withheld: 2", "withheld: 3")
        .replace('"userInteractionCount":4', '"userInteractionCount":5')
    )
    assert expected == more["/letters/asylum/"].body.decode()


def test_what_waits_or_has_ended_changes_not_one_public_byte():
    letter = make_letter(languages=("en", "ar"))
    make_signature(letter, name="Blue Kettle")
    before = crawl()

    for status in SignatureStatus.values:
        if status != "published":
            make_signature(letter, name=f"Quiet {status}", status=status, country="TV")

    assert crawl() == before


def test_an_unknown_letter_a_draft_and_a_gathering_one_answer_alike():
    make_letter("known-draft", phase="draft")
    make_letter("known-gathering", phase="gathering")
    client = Client()
    for rest in ("", "signatories/", "sign/", "sign/sent/", "live.json"):
        answers = {
            client.get(f"/letters/{slug}/{rest}").content.replace(slug.encode(), b"SLUG")
            for slug in ("known-draft", "known-gathering", "never-heard-of")
        }
        assert len(answers) == 1
        assert client.get(f"/letters/known-draft/{rest}").status_code == 404


# --- small cells -------------------------------------------------------------------------------------


def _unnamed(letter, country, how_many):
    for _ in range(how_many):
        make_signature(letter, name="Quiet", country=country, visibility="counted_only")


@pytest.mark.parametrize(
    ("named", "unnamed", "countries_shown", "withheld"),
    [
        ({}, {"KE": 2}, 0, 2),
        ({}, {"KE": 3}, 1, 0),
        ({"UG": 1}, {"KE": 2}, 1, 2),
        ({"KE": 1}, {"KE": 2}, 1, 2),
        ({"KE": 1}, {"KE": 3, "UG": 2, "SO": 1}, 1, 3),
        ({"": 2}, {"": 2}, 0, 0),
    ],
)
def test_a_country_of_fewer_than_three_unnamed_organisations_is_withheld(
    named, unnamed, countries_shown, withheld
):
    letter = make_letter()
    for country, how_many in named.items():
        for _ in range(how_many):
            make_signature(letter, country=country)
    for country, how_many in unnamed.items():
        _unnamed(letter, country, how_many)

    counts = wall.counts(letter)

    assert counts.organisations == sum(named.values()) + sum(unnamed.values())
    assert (counts.countries, counts.unnamed, counts.withheld) == (
        countries_shown,
        sum(unnamed.values()),
        withheld,
    )


@pytest.mark.parametrize("how_many", [1, 2])
def test_the_name_of_a_small_cells_country_stands_on_no_page(how_many):
    letter = make_letter(languages=("en", "ar", "fr", "sw"))
    make_signature(letter, country="KE")
    _unnamed(letter, "TV", how_many)

    for path, answer in crawl(KEPT - {"share"}).items():  # whose form offers every country there is
        for text, language in itertools.product(_texts_of(answer), ("en", "ar", "fr", "sw")):
            assert countries.name("TV", language) not in text, path
        assert b'"TV"' not in answer.body, path


def test_staff_lowering_a_name_makes_its_country_small():
    letter = make_letter()
    signature = make_signature(letter, country="TV")
    assert wall.counts(letter).countries == 1

    Signature.objects.filter(pk=signature.pk).update(staff_cap="counted_only")

    assert wall.counts(letter) == wall.Counts(organisations=1, countries=0, unnamed=1, withheld=1)


# --- counts and order --------------------------------------------------------------------------------


def test_every_published_signature_counts_and_no_other():
    letter, other = make_letter(), make_letter("other")
    for status in SignatureStatus.values:
        for visibility in Visibility.values:
            make_signature(letter, status=status, visibility=visibility)
    make_signature(other)

    assert wall.counts(letter).organisations == 3
    assert wall.counts(letter).unnamed == 2
    assert wall.counts_of([letter, other])[other.pk].organisations == 1


def test_a_letter_nobody_signed_has_counts_of_zero():
    assert wall.counts(make_letter()) == wall.Counts()


def test_names_stand_in_reading_order_whatever_the_order_of_signing():
    letter = make_letter()
    for name in ("Zebra", "éclair", "Apple", "بيت", "apple pie", "Ost", "Öst"):
        make_signature(letter, name=name)

    order = [one.name for one in wall.names(letter)]

    assert order[:3] == ["Apple", "apple pie", "éclair"]
    assert order[-2:] == ["Zebra", "بيت"]


def test_the_list_is_paged_without_gap_or_repetition(settings):
    settings.NAMES_PER_PAGE = 3
    letter = make_letter()
    for number in range(8):
        make_signature(letter, name=f"House {number}")
    _unnamed(letter, "KE", 2)

    pages = [
        _names_of(wall.find(letter, Listing(page=page), wall.by_country(letter))) for page in (1, 2, 3, 4)
    ]

    assert pages == [
        ["House 0", "House 1", "House 2"],
        ["House 3", "House 4", "House 5"],
        ["House 6", "House 7"],
        [],
    ]


def _names_of(found):
    return [one.name for group in found.groups for one in group.names]


def test_the_newest_names_come_first_and_only_five_are_marked():
    letter = make_letter()
    now = timezone.now()
    for number in range(8):
        make_signature(letter, name=f"House {number}", published_at=now + timedelta(minutes=number))
    make_imported(letter, name="Old Guard", published_at=now + timedelta(days=1))

    marked = {one.name for one in wall.names(letter) if one.is_new}

    assert marked == {f"House {number}" for number in range(3, 8)}
    assert [one.name for one in wall.latest(letter)][:2] == ["Old Guard", "House 7"]


def test_what_the_public_gets_of_a_signatory_is_this_and_no_more():
    letter = make_letter()
    row = make_signature(letter, name="بيت", latin="Beit", country="LB", kind=Kind.ALLY, is_network=True)

    (one,) = wall.names(letter)

    assert one == wall.Signatory(
        id=row.public_id,
        name="بيت",
        latin="Beit",
        country_code="LB",
        kind="ally",
        is_network=True,
        since=row.published_at,
        is_new=True,
    )


def test_live_json_says_counts_and_newest_names(client):
    letter = make_letter()
    make_signature(letter, name="Blue Kettle", country="KE")
    make_signature(letter, name="Quiet", country="UG", visibility="delivered_only")
    revision.bump([letter.pk])

    answer = client.get("/letters/asylum/live.json")

    assert answer.json() == {
        "revision": Letter.objects.get().revision,
        "organisations": 2,
        "countries": 1,
        "latest": [{"name": "Blue Kettle", "country": "KE"}],
    }
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_a_gathering_letter_shows_how_many_and_not_who(client):
    letter = make_letter(phase="gathering")
    make_signature(letter, name="Blue Kettle")

    page = client.get(f"/g/{letter.gathering_key}/").content.decode()

    assert "<b>1</b> organisation" in page
    assert "Blue Kettle" not in page


def test_counting_ten_letters_takes_one_query(django_assert_num_queries):
    host = make_host()
    letters = [make_letter(f"letter-{number}", host=host) for number in range(10)]
    for letter in letters:
        make_signature(letter)

    with django_assert_num_queries(1):
        assert len(wall.counts_of(letters)) == 10
