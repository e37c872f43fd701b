"""An organisation whose name was imported from a published list signs itself and takes its place."""

import pytest
from django.test import Client

from signatories.contacts import unseal
from signatories.models import Contact, Signature
from tests.factories import enter, make_imported, make_letter, make_staff, sign_form

pytestmark = pytest.mark.django_db

AMINA = "amina@kettle.example"


@pytest.fixture
def desk():
    client = Client()
    enter(client, make_staff())

    def decide(signature, decision, **fields):
        address = f"/admin/signatories/signature/{signature.pk}/decide/"
        assert client.post(address, {"decision": decision, **fields}).status_code == 302

    return decide


def sign_and_confirm(client, work, mailbox, address=AMINA, visibility="public", **fields):
    client.post("/letters/asylum/sign/", sign_form(contact_email=address, **fields))
    work()
    client.post(mailbox.link_to(address), {"visibility": visibility})
    work()
    return Signature.objects.latest("pk")


def seen(client):
    return client.get("/letters/asylum/live.json").json()


def test_a_claimed_place_shows_what_its_signatory_says_and_is_counted_once(client, desk, work, mailbox):
    place = make_imported(make_letter(), name="Blue Kettle Womens Circle")
    claim = sign_and_confirm(client, work, mailbox)
    own = mailbox.link_to(AMINA)
    before = seen(client)
    assert before["organisations"] == 1

    desk(claim, "approve", organisation=place.organisation.public_id)
    place.refresh_from_db()
    claim.refresh_from_db()
    after = seen(client)
    assert (place.status, claim.status) == ("published", "superseded")
    assert after["organisations"] == 1
    assert after["revision"] > before["revision"]
    assert after["latest"] == [{"name": "Blue Kettle Women's Circle", "country": "KE"}]
    assert unseal(Contact.objects.get()).email == AMINA
    assert Contact.objects.get().signature == place

    # The links mailed before lead to the place now, and so do those mailed after.
    work()
    for link in (own, mailbox.link_to(AMINA)):
        answer = client.get(link)
        assert (answer.status_code, place.public_id in answer.content.decode()) == (200, True)
    client.post(own, {"act": "visibility", "visibility": "counted_only"})
    assert seen(client)["latest"] == []
    assert seen(client)["organisations"] == 1
    client.post(own, {"act": "erase", "sure": "on"})
    assert seen(client)["organisations"] == 0


def test_who_claims_its_place_and_does_not_want_to_be_named_is_named_no_more(client, desk, work, mailbox):
    place = make_imported(make_letter())
    claim = sign_and_confirm(client, work, mailbox, visibility="counted_only", organisation="Blue Kettle")
    desk(claim, "approve", organisation=place.organisation.public_id)
    assert seen(client)["latest"] == []
    assert "Blue Kettle" not in client.get("/letters/asylum/").content.decode()
    assert "Blue Kettle" not in client.get("/letters/asylum/signatories/").content.decode()


def test_a_place_is_claimed_once(client, desk, work, mailbox):
    place = make_imported(make_letter())
    desk(sign_and_confirm(client, work, mailbox), "approve", organisation=place.organisation.public_id)
    second = sign_and_confirm(client, work, mailbox, "mallory@evil.example")
    desk(second, "approve", organisation=place.organisation.public_id)
    second.refresh_from_db()
    assert second.status == "awaiting_moderation"
    assert unseal(Contact.objects.get(signature=place)).email == AMINA
    assert seen(client)["organisations"] == 1


def test_nobody_takes_a_place_by_typing_its_name(client, work, mailbox):
    place = make_imported(make_letter(), name=sign_form()["organisation"])
    before = seen(client)
    sign_and_confirm(client, work, mailbox, "mallory@evil.example")
    place.refresh_from_db()
    assert not Contact.objects.filter(signature=place).exists()
    assert seen(client) == before


def test_whoever_claimed_and_signs_again_is_told_by_mail(client, desk, work, mailbox):
    place = make_imported(make_letter())
    desk(sign_and_confirm(client, work, mailbox), "approve", organisation=place.organisation.public_id)
    client.post("/letters/asylum/sign/", sign_form())
    work()
    assert Signature.objects.count() == 2
    assert "nothing was changed" in " ".join(mailbox.text_to(AMINA).split())
