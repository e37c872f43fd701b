"""A verified organisation signs its next letter from a mailbox we know, and is on it without a moderator."""

import pytest

from signatories import verification
from signatories.models import Signature
from tests.factories import make_letter, make_signature, make_staff, sign_form

pytestmark = pytest.mark.django_db

AMINA = "amina@kettle.example"


@pytest.fixture
def alice(db):
    return make_staff()


@pytest.fixture
def known(db):
    """Blue Kettle has signed an earlier letter, and the next one trusts who is verified."""
    earlier = make_signature(make_letter("earlier"), name="Blue Kettle", email=AMINA)
    make_letter(trusts_verified=True)
    return earlier.organisation


def verify(alice, organisation, level="verified"):
    verification.verify(organisation, by=alice, verification=level)


def sign(client, work, mailbox, address=AMINA, **fields):
    form = sign_form(contact_email=address, **{"organisation": "Blue Kettle", **fields})
    client.post("/letters/asylum/sign/", form)
    work()
    return mailbox.link_to(address)


def names(client):
    return [one["name"] for one in client.get("/letters/asylum/live.json").json()["latest"]]


def test_it_is_on_the_letter_as_soon_as_it_confirms(client, alice, work, mailbox, known):
    verify(alice, known)
    link = sign(client, work, mailbox)
    assert client.get(link).status_code == 200
    assert names(client) == []  # a link does nothing before its button is pressed
    page = client.post(link, {"visibility": "public"}).content.decode()
    assert "A moderator looks" not in page
    assert "It is published" in page
    assert names(client) == ["Blue Kettle"]
    work()
    assert "approved and counted" in " ".join(mailbox.text_to(AMINA).split())
    assert len(mailbox.to(AMINA)) == 2  # one to confirm, one that it is published
    own = mailbox.link_to(AMINA)
    client.post(own, {"act": "visibility", "visibility": "counted_only"})
    assert names(client) == []


@pytest.mark.parametrize(
    ("level", "fields"),
    [
        ("unverified", {}),
        ("peer_verified", {}),
        ("doubtful", {}),
        ("verified", {"address": "stranger@kettle.example"}),
        ("verified", {"organisation": "Blue Kettle Kampala"}),
    ],
)
def test_everybody_else_waits_for_a_moderator(client, alice, work, mailbox, known, level, fields):
    verify(alice, known, level)
    page = client.post(sign(client, work, mailbox, **fields), {"visibility": "public"}).content.decode()
    assert "A moderator looks" in page
    assert names(client) == []
    assert Signature.objects.latest("pk").status == "awaiting_moderation"


def test_a_program_that_fills_in_everything_waits_however_known_it_is(client, alice, work, mailbox, known):
    verify(alice, known)
    link = sign(client, work, mailbox, nickname="bot")
    client.post(link, {"visibility": "public"})
    assert Signature.objects.latest("pk").status == "held"
    assert names(client) == []
