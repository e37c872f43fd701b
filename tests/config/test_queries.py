"""How often a page asks the database: pinned, cold and warm, and the same for five signatories as for two hundred."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from letters import comments, moments, revision
from signatories import tokens
from signatories.models import Organisation, Purpose, Signature
from tests.factories import (
    enter,
    make_comment,
    make_letter,
    make_proposal,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
    make_workshop,
    sign_form,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _long_moment(monkeypatch):
    """What is remembered for a moment is remembered for this whole test, however busy the machine."""
    monkeypatch.setattr(moments, "LASTS", 600.0)


# What a page asks when nothing is remembered, and when it was asked for a moment ago.
COLD_AND_WARM = {
    "/": (4, 0),
    "/hosts/harbour/": (7, 0),
    "/letters/asylum/": (14, 0),
    "/letters/asylum/map.svg": (4, 0),
    "/letters/asylum/wall/": (5, 0),
    "/letters/asylum/letter.pdf": (8, 0),
    "/letters/asylum/deliveries/": (4, 0),
    "/letters/asylum/press/": (8, 0),
    "/letters/asylum/counting/": (9, 0),
    "/letters/asylum/share/": (4, 0),
    "/letters/asylum/card.png": (4, 0),
    "/letters/asylum/poster.pdf": (4, 0),
    "/letters/asylum/versions/": (5, 0),
    "/letters/asylum/versions/1/": (6, 0),
    "/letters/asylum/signatories.json": (3, 0),
    "/letters/asylum/signatories.csv": (2, 1),
    "/letters/asylum/live.json": (4, 0),
    "/letters/asylum/news/": (9, 0),
    "/letters/asylum/feed.atom": (11, 0),
    "/letters/asylum/embed/": (5, 0),
    "/letters/asylum/embed/code/": (4, 0),
    "/sitemap.xml": (4, 0),
    "/robots.txt": (0, 0),
    "/letters/asylum/archive/": (4, 0),
    "/letters/asylum/letter.html": (12, 0),
    "/letters/asylum/letter.docx": (12, 0),
    "/letters/asylum/letter.txt": (12, 0),
    "/letters/asylum/sign/": (5, 0),
    "/letters/asylum/sign/sent/": (2, 2),
    "/healthz": (2, 2),
    "/letters/nowhere/": (1, 0),
    "/hosts/nowhere/": (1, 0),
    "/nowhere/": (0, 0),
}

PAGES = [
    "/",
    "/hosts/harbour/",
    "/letters/asylum/",
    "/letters/asylum/signatories/",
    "/letters/asylum/map.svg",
    "/letters/asylum/wall/",
    "/letters/asylum/letter.pdf",
    "/letters/asylum/deliveries/",
    "/letters/asylum/press/",
    "/letters/asylum/counting/",
    "/letters/asylum/share/",
    "/letters/asylum/card.png",
    "/letters/asylum/poster.pdf",
    "/letters/asylum/versions/",
    "/letters/asylum/versions/1/",
    "/letters/asylum/live.json",
    "/letters/asylum/news/",
    "/letters/asylum/feed.atom",
    "/letters/asylum/embed/",
    "/letters/asylum/embed/code/",
    "/sitemap.xml",
    "/robots.txt",
    "/letters/asylum/archive/",
    "/letters/asylum/letter.html",
    "/letters/asylum/letter.docx",
    "/letters/asylum/letter.txt",
]


def add_signatures(letter, how_many, **fields):
    """Add published signatures in two queries, each in a country of its own as far as there are any."""
    countries = ("KE", "UG", "CH", "JO", "LB", "CO", "BD")
    fields = {"status": "published", "published_at": timezone.now(), "visibility": "public", **fields}
    organisations = [Organisation(name=f"Kettle {number:04}", country="KE") for number in range(how_many)]
    for organisation in organisations:
        organisation.fill_key()
    Organisation.objects.bulk_create(organisations)
    signatures = [
        Signature(
            letter=letter,
            text=letter.texts.first(),
            organisation=organisation if fields["status"] == "published" else None,
            name=organisation.name,
            country=countries[number % len(countries)],
            kind="refugee_led",
            language="en",
            **fields,
        )
        for number, organisation in enumerate(organisations)
    ]
    for signature in signatures:
        signature.fill_keys()
    Signature.objects.bulk_create(signatures)


def queries(client, address):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(address)
    return len(asked)


@pytest.mark.parametrize("how_many", [0, 5, 200])
def test_a_public_page_asks_this_often(client, how_many):
    add_signatures(make_letter(languages=("en", "ar")), how_many)
    make_letter("other", title="Another")
    asked = {}
    for address in COLD_AND_WARM:
        client.get(address)  # countries, templates and languages are loaded once a process
        revision.forget()
        asked[address] = (queries(client, address), queries(client, address))
    assert asked == COLD_AND_WARM


# A list of nobody asks for no rows; by country, one page reads the first country, the last, and those between.
COLD_LISTS = {
    "": (5, 6, 6),
    "?kind=refugee_led": (5, 6, 6),
    "?country=KE&kind=refugee_led": (5, 6, 6),
    "?by=country": (5, 8, 8),
    "?initial=K": (7, 8, 8),
    "?q=kettle": (7, 6, 6),
}


def test_a_list_asks_this_often_however_it_is_narrowed_and_ordered(client):
    letter = make_letter()
    asked = {listing: [] for listing in COLD_LISTS}
    for how_many in (0, 5, 195):
        add_signatures(letter, how_many)
        for listing in COLD_LISTS:
            address = f"/letters/asylum/signatories/{listing}"
            client.get(address)
            revision.forget()
            asked[listing].append(queries(client, address))
    assert {listing: tuple(numbers) for listing, numbers in asked.items()} == COLD_LISTS


def test_a_page_that_was_rendered_before_asks_one_question_at_most_when_its_revision_is_asked_for(client):
    add_signatures(make_letter(), 5)
    for address in PAGES:
        client.get(address)
        moments.forget()  # what less than a second later happens by itself; the pages stay
        assert queries(client, address) <= 1, address


def test_who_has_the_page_already_costs_one_question_at_most(client):
    add_signatures(make_letter(), 5)
    for address in PAGES:
        etag = client.get(address)["ETag"]
        revision.forget()
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address, headers={"If-None-Match": etag})
        assert (answer.status_code, answer.content) == (304, b"")
        assert len(asked) <= 1, address


def test_signing_asks_the_same_whatever_is_known(client):
    """A stranger must not read from the work done whether an organisation has signed."""
    letter = make_letter()
    client.post("/letters/asylum/sign/", sign_form(organisation="First", contact_email="x@kettle.example"))
    counted = []
    for number in range(2):
        if number:
            make_signature(letter, name=sign_form()["organisation"])
        with CaptureQueriesContext(connection) as asked:
            client.post("/letters/asylum/sign/", sign_form(contact_email=f"y{number}@kettle.example"))
        counted.append(len(asked))
        assert not [one for one in asked if "signatories_organisation" in one["sql"]]
    assert counted[0] == counted[1] <= 22


def test_a_page_of_ones_own_asks_the_same_under_a_long_list(client):
    letter = make_letter()
    own = f"/s/{tokens.mint(make_signature(letter), Purpose.OWN_PAGE).value}/"
    few = queries(client, own)
    add_signatures(letter, 200)
    # Whom it named, who named it, who else speaks for it, what changed since, whom it is never handed to,
    # and whether it wants updates.
    assert queries(client, own) == few <= 11


def test_who_is_asked_by_one_and_by_nine_costs_the_same(client):
    letter = make_letter()
    voucher = make_voucher(letter)
    address = f"/s/{tokens.mint(voucher, Purpose.VOUCH).value}/vouch/"

    def ask_and_be_known(number):
        make_vouch(make_signature(letter, name=f"Asks {number}"), voucher, status="asked")
        make_vouch(make_signature(letter, name=f"Known {number}"), voucher)

    ask_and_be_known(0)
    few = queries(client, address)
    for number in range(1, 9):
        ask_and_be_known(number)
    assert queries(client, address) == few <= 5


@pytest.fixture
def alice(client):
    enter(client, make_staff())
    return client


def fill_queue(letter, numbers):
    for number in numbers:
        make_signature(letter, name=f"Waiting {number}", status="awaiting_moderation")
        make_signature(letter, name=f"Held {number}", status="held")
        make_signature(letter, name=f"Phone {number}", status="unconfirmed", phone=f"+25471234567{number}")
        make_proposal(make_signature(letter, name=f"Corrected {number}"))


def test_the_queue_asks_the_same_for_four_cases_as_for_forty(alice):
    letter = make_letter()
    address = "/admin/signatories/signature/"
    fill_queue(letter, range(1))
    alice.get(address)
    few = queries(alice, address)
    fill_queue(letter, range(1, 10))
    assert len(alice.get(address).context["cl"].result_list) == 40
    assert queries(alice, address) == few <= 12


def test_one_case_asks_the_same_whatever_waits_behind_it(alice):
    letter = make_letter()
    signature = make_signature(letter, status="awaiting_moderation")
    address = f"/admin/signatories/signature/{signature.pk}/change/"
    alice.get(address)
    few = queries(alice, address)
    fill_queue(letter, range(5))
    add_signatures(letter, 100)
    assert queries(alice, address) == few <= 18


@pytest.mark.parametrize(
    "page", ["signatories/organisation", "letters/event", "letters/letter", "letters/text"]
)
def test_the_lists_of_the_desk_ask_the_same_for_few_and_many_rows(alice, page):
    address = f"/admin/{page}/"
    make_signature(make_letter())
    alice.get(address)
    few = queries(alice, address)
    for number in range(5):
        make_signature(make_letter(f"letter-{number}"), name=f"Kettle {number}")
    assert queries(alice, address) == few <= 12


def test_a_workshops_pages_ask_the_same_whoever_has_signed_there(client):
    letter = make_letter()
    opened = make_workshop(letter)
    few = {}
    for how_many in (0, 5):
        Signature.objects.filter(workshop=opened.workshop).delete()
        add_signatures(letter, how_many, status="awaiting_moderation", workshop=opened.workshop)
        for page in ("", "sign/", "sign/sent/"):
            address = f"/w/{opened.code}/{page}"
            client.get(address)
            asked = queries(client, address)
            assert asked == few.setdefault(page, asked) <= 6, page


def test_signing_at_a_workshop_asks_the_same_from_the_first_to_the_last_place(client):
    opened = make_workshop(make_letter(), places=3)
    counted = []
    for number in range(4):
        form = sign_form(organisation=f"Kettle {number}", contact_email=f"y{number}@kettle.example")
        with CaptureQueriesContext(connection) as asked:
            client.post(f"/w/{opened.code}/sign/", form)
        counted.append(len(asked))
    assert counted[0] >= counted[1] == counted[2] <= 22  # the first one makes the day's key of places
    assert counted[3] <= 24


def test_a_draft_asks_the_same_for_one_comment_and_for_forty(client):
    letter = make_letter(phase="gathering")
    address = f"/g/{letter.gathering_key}/comments/"
    make_comment(letter)
    client.get(address)
    few = queries(client, address)
    for number in range(40):
        make_comment(letter, words=f"Word {number}", passage=1 + number % 2)
    assert queries(client, address) == few <= 5


def test_comments_and_workshops_at_the_desk_ask_the_same_for_few_and_many(alice):
    letter = make_letter(phase="gathering")
    pages = [f"/admin/letters/letter/{letter.pk}/{page}/" for page in ("comments", "workshops")]

    def add(number):
        make_workshop(letter, label=f"Room {number}")
        comment = make_comment(letter, words=f"Word {number}", passage=1)
        comments.answer(comment, by=make_staff(f"bob{number}"), fate="taken_up", words="Yes.")

    add(0)
    for address in pages:
        alice.get(address)
    few = [queries(alice, address) for address in pages]
    for number in range(1, 10):
        add(number)
    assert [queries(alice, address) for address in pages] == few
    assert max(few) <= 10
