"""A second person of an organisation speaks for its signature, too; where they disagree, the name is hidden first."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from signatories.models import Contact, Organisation, Signature, Token
from tests.factories import enter, make_letter, make_staff, sign_form

pytestmark = pytest.mark.django_db

AMINA, BAHATI = "amina@kettle.example", "bahati@kettle.example"


@pytest.fixture
def desk(db):
    client = enter(Client(), make_staff())

    def decide(signature, decision, **fields):
        address = f"/admin/signatories/signature/{signature.pk}/decide/"
        assert client.post(address, {"decision": decision, **fields}).status_code == 302
        signature.refresh_from_db()
        return signature

    decide.client = client
    return decide


def sign_and_confirm(client, work, mailbox, address, **fields):
    """Sign and confirm; return the signature and the address of its own page."""
    client.post("/letters/asylum/sign/", sign_form(contact_email=address, **fields))
    work()
    client.post(mailbox.link_to(address), {"visibility": "public"})
    work()
    return Signature.objects.latest("pk"), mailbox.link_to(address)


@pytest.fixture
def both(client, desk, work, mailbox):
    """Amina's signature stands, Bahati speaks for it, too: it, and the addresses of their own pages."""
    make_letter()
    standing, _ = sign_and_confirm(client, work, mailbox, AMINA, organisation="Blue Kettle")
    desk(standing, "approve")
    second, before = sign_and_confirm(client, work, mailbox, BAHATI, organisation="Blue Kettle Kenya")
    desk(second, "co_contact", organisation=standing.organisation.public_id)
    work()
    standing.refresh_from_db()
    return standing, mailbox.link_to(AMINA), before


def names(client):
    return [one["name"] for one in client.get("/letters/asylum/live.json").json()["latest"]]


def counted(client):
    return client.get("/letters/asylum/live.json").json()["organisations"]


def page_of(client, own):
    answer = client.get(own)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser")


def test_a_second_person_joins_and_both_are_told(client, desk, work, mailbox, both):
    standing, amina, bahati = both
    second = Signature.objects.latest("pk")
    assert (second.status, second.superseded_by) == ("superseded", standing)
    assert (names(client), counted(client)) == (["Blue Kettle"], 1)
    assert "somebody else" in mailbox.text_to(AMINA)
    assert "you speak for that signature, too" in mailbox.text_to(BAHATI)

    # Each has a page of its own; both show what stands, and neither names the other person.
    for own in (amina, bahati, mailbox.link_to(BAHATI)):
        page = page_of(client, own)
        assert standing.public_id in page.text
        assert page.select_one("#others")
        assert AMINA not in page.text
        assert BAHATI not in page.text
        assert "Amina" not in page.text
    assert Contact.objects.count() == 2


@pytest.mark.parametrize(
    ("outcome", "shown", "number"),
    [("keep_hidden", [], 1), ("show_again", ["Blue Kettle"], 1), ("withdraw", [], 0)],
)
def test_one_hides_the_other_shows_and_staff_settle_it(
    client, desk, work, mailbox, both, outcome, shown, number
):
    standing, amina, bahati = both
    assert client.post(bahati, {"act": "visibility", "visibility": "counted_only"}).status_code == 200
    assert (names(client), counted(client)) == ([], 1)
    assert client.post(bahati, {"act": "visibility", "visibility": "public"}).status_code == 200
    assert names(client) == ["Blue Kettle"]  # what one hid, the same one shows
    client.post(bahati, {"act": "visibility", "visibility": "counted_only"})

    said = client.post(amina, {"act": "visibility", "visibility": "public"})
    assert "hidden for now" in " ".join(said.content.decode().split())
    assert names(client) == []
    work()
    for address in (AMINA, BAHATI):
        assert "do not agree" in " ".join(mailbox.text_to(address).split())
    assert standing.name in desk.client.get("/admin/signatories/signature/").content.decode()
    client.post(bahati, {"act": "visibility", "visibility": "public"})
    assert names(client) == []  # staff were asked, so staff answer

    desk(standing, "settle", outcome=outcome)
    work()
    assert (names(client), counted(client)) == (shown, number)
    told = "was withdrawn" if outcome == "withdraw" else "have settled it"
    for address in (AMINA, BAHATI):
        assert told in " ".join(mailbox.text_to(address).split())
    for own in (amina, bahati):
        page = page_of(client, own)
        assert bool(page.select("input[name=visibility]")) == (outcome != "withdraw")


def test_one_of_two_withdraws_and_the_name_is_hidden_until_it_is_settled(client, desk, work, mailbox, both):
    standing, amina, bahati = both
    assert client.post(bahati, {"act": "withdraw"}).status_code == 422
    assert client.post(bahati, {"act": "withdraw", "sure": "on"}).status_code == 200
    assert (names(client), counted(client)) == ([], 1)
    desk(standing, "settle", outcome="show_again")
    assert names(client) == ["Blue Kettle"]
    client.post(amina, {"act": "withdraw", "sure": "on"})
    desk(standing, "settle", outcome="withdraw")
    assert counted(client) == 0


def test_a_stranger_is_told_of_and_taken_away_by_staff(client, desk, work, mailbox, both):
    standing, amina, bahati = both
    assert client.post(amina, {"act": "disown"}).status_code == 422
    assert client.post(amina, {"act": "disown", "sure": "on"}).status_code == 200
    assert names(client) == []
    desk(Signature.objects.latest("pk"), "reject", reason="not_authorised")
    desk(standing, "settle", outcome="show_again")
    assert names(client) == ["Blue Kettle"]
    assert client.post(bahati, {"act": "visibility", "visibility": "counted_only"}).status_code == 410
    assert names(client) == ["Blue Kettle"]
    assert not page_of(client, amina).select_one("#others")
    assert client.post(amina, {"act": "withdraw", "sure": "on"}).status_code == 200
    assert counted(client) == 0


@pytest.mark.parametrize("first", [AMINA, BAHATI])
def test_one_erases_itself_and_the_last_one_everything(client, desk, work, mailbox, both, first):
    standing, amina, bahati = both
    mine, others = (amina, bahati) if first == AMINA else (bahati, amina)
    said = client.post(mine, {"act": "erase", "sure": "on"})
    assert "What we knew of you is erased" in said.content.decode()
    assert client.get(mine).status_code == 404
    assert Contact.objects.count() == 1
    assert (names(client), counted(client)) == ([], 1)
    page = page_of(client, others)
    assert standing.public_id in page.text
    assert client.post(others, {"act": "erase", "sure": "on"}).status_code == 200
    assert client.get(others).status_code == 404
    assert counted(client) == 0
    assert set(Signature.objects.values_list("name", flat=True)) == {""}
    assert Contact.objects.count() == Token.objects.count() == Organisation.objects.count() == 0
    work()


def test_a_correction_of_either_waits_for_a_moderator(client, desk, both):
    standing, amina, bahati = both
    facts = {"organisation_latin": "", "country": "KE", "kind": "refugee_led"}
    client.post(bahati, {"act": "correct", **facts, "organisation": "Green Kettle"})
    assert "Green Kettle" in page_of(client, amina).text
    desk(standing, "accept")
    assert names(client) == ["Green Kettle"]
