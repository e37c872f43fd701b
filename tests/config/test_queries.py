"""How often a page asks the database: pinned, cold and warm, and the same for five signatories as for two hundred."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from letters import revision
from signatories import tokens
from signatories.models import Organisation, Purpose, Signature
from tests.factories import (
    enter,
    make_letter,
    make_proposal,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
    sign_form,
)

pytestmark = pytest.mark.django_db

# What a page asks when nothing is remembered, and when it was asked for a moment ago.
COLD_AND_WARM = {
    "/": (4, 0),
    "/hosts/harbour/": (7, 0),
    "/letters/asylum/": (12, 0),
    "/letters/asylum/signatories/": (6, 0),
    "/letters/asylum/letter.pdf": (8, 0),
    "/letters/asylum/deliveries/": (4, 0),
    "/letters/asylum/live.json": (4, 0),
    "/letters/asylum/sign/": (4, 0),
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
    "/letters/asylum/letter.pdf",
    "/letters/asylum/deliveries/",
    "/letters/asylum/live.json",
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


def test_a_page_that_was_rendered_before_asks_one_question_at_most_when_its_revision_is_asked_for(client):
    add_signatures(make_letter(), 5)
    for address in PAGES:
        client.get(address)
        revision._memory.clear()  # what less than a second later happens by itself; the pages stay
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
    assert queries(client, own) == few <= 7  # whom it named, who named it, and who else speaks for it, too


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
