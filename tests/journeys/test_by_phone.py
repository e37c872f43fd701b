"""Who has no e-mail gives a phone number; staff call, and confirm by hand."""

import pytest
from django.test import Client

from letters.models import Event
from signatories.contacts import unseal
from signatories.models import Signature
from tests.factories import enter, make_letter, make_signature, make_staff, sign_form

pytestmark = pytest.mark.django_db

FORM = "/letters/asylum/sign/"
PHONE = sign_form(contact_email="", contact_phone="+254 712 345678")


@pytest.fixture
def desk():
    client = Client()
    enter(client, make_staff())

    def decide(signature, decision, **fields):
        answer = client.post(
            f"/admin/signatories/signature/{signature.pk}/decide/", {"decision": decision, **fields}
        )
        assert answer.status_code == 302
        signature.refresh_from_db()
        return signature.status

    return decide


def test_a_phone_signature_waits_for_staff_is_confirmed_by_hand_and_then_approved(
    client, desk, work, mailbox
):
    make_letter()
    by_mail = client.post(FORM, sign_form(organisation="Red Kettle"))
    answer = client.post(FORM, PHONE)
    assert (answer.status_code, answer["Location"]) == (by_mail.status_code, by_mail["Location"])
    signature = Signature.objects.get(by_phone=True)
    assert signature.status == "unconfirmed"
    assert unseal(signature.contact).phone == "+254712345678"
    assert signature in Signature.objects.waiting_for_staff()
    assert signature.name not in client.get("/letters/asylum/").content.decode()

    assert desk(signature, "approve") == "unconfirmed"  # not before somebody called
    assert desk(signature, "confirm") == "awaiting_moderation"
    assert desk(signature, "approve") == "published"
    assert "Blue Kettle" in client.get("/letters/asylum/").content.decode()
    work()
    assert [message["To"] for message in mailbox.messages()] == ["amina@kettle.example"]
    act = Event.objects.get(act="confirm_by_hand")
    assert (act.subject_id, act.by.username) == (signature.public_id, "alice")


@pytest.mark.parametrize(
    ("typed", "country", "stored"),
    [
        ("0712 345678", "KE", "+254712345678"),
        ("+254712345678", "UG", "+254712345678"),
        ("00254712345678", "CH", "+254712345678"),
        ("+٢٥٤ ٧١٢ ٣٤٥٦٧٨", "KE", "+254712345678"),
        ("(0712) 345-678", "KE", "+254712345678"),
    ],
)
def test_a_number_is_taken_as_people_write_it(client, typed, country, stored):
    make_letter()
    answer = client.post(FORM, {**PHONE, "contact_phone": typed, "country": country})
    assert answer.status_code == 303
    assert unseal(Signature.objects.get().contact).phone == stored


def test_the_choice_on_the_form_stands_since_no_page_asks_again(client, desk):
    make_letter()
    client.post(FORM, {**PHONE, "visibility": "counted_only"})
    signature = Signature.objects.get()
    desk(signature, "confirm")
    desk(signature, "approve")
    page = client.get("/letters/asylum/").content.decode()
    assert signature.name not in page
    assert client.get("/letters/asylum/live.json").json()["organisations"] == 1


def test_with_both_given_the_mailbox_confirms(client, desk, work, mailbox):
    make_letter()
    client.post(FORM, sign_form(contact_phone="+254 712 345678"))
    signature = Signature.objects.get()
    assert not signature.by_phone
    assert desk(signature, "confirm") == "unconfirmed"
    work()
    assert client.get(mailbox.link_to("amina@kettle.example")).status_code == 200


def test_a_number_nobody_answers_is_rejected(client, desk, work, mailbox):
    make_letter()
    client.post(FORM, PHONE)
    signature = Signature.objects.get()
    assert desk(signature, "reject", reason="no_answer") == "rejected"
    assert desk(signature, "confirm") == "rejected"
    work()
    assert mailbox.messages() == []


def test_many_organisations_share_one_phone_and_one_signs_once(client):
    make_letter()
    for number in range(4):
        client.post(FORM, {**PHONE, "organisation": f"Kettle {number}"})
        client.post(FORM, {**PHONE, "organisation": f"Kettle {number}", "contact_phone": "0712345678"})
    assert Signature.objects.count() == 4


def test_staff_cannot_confirm_for_a_closed_letter_after_the_grace(desk):
    signature = make_signature(make_letter(phase="closed"), status="unconfirmed", phone="+254712345678")
    assert desk(signature, "confirm") == "unconfirmed"
    in_time = make_signature(make_letter("other", phase="grace"), status="unconfirmed", phone="+254712345678")
    assert desk(in_time, "confirm") == "awaiting_moderation"
