"""Who has no e-mail gives a phone number; one of the staff hands a code on, and another one confirms it came back."""

import re
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from letters.models import Event
from signatories import tokens
from signatories.contacts import unseal
from signatories.models import Purpose, Signature, Token
from tests.factories import enter, make_letter, make_signature, make_staff, sign_form

pytestmark = pytest.mark.django_db

FORM = "/letters/asylum/sign/"
PHONE = sign_form(contact_email="", contact_phone="+254 712 345678")


def decide_as(member):
    """Return how this member of staff decides at the desk."""
    client = enter(Client(), member)

    def decide(signature, decision, **fields):
        answer = client.post(
            f"/admin/signatories/signature/{signature.pk}/decide/", {"decision": decision, **fields}
        )
        assert answer.status_code == 302
        signature.refresh_from_db()
        return signature.status

    return decide


@pytest.fixture
def alice():
    return make_staff()


@pytest.fixture
def desk(alice):
    return decide_as(alice)


@pytest.fixture
def bobs_desk():
    return decide_as(make_staff("bob"))


@pytest.fixture
def reach(alice):
    """Hand a code on from the desk; return it, the number and the link to a chat, as the page shows them."""
    client = enter(Client(), alice)

    def reach_by_phone(signature):
        answer = client.post(f"/admin/signatories/signature/{signature.pk}/phone/")
        assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)
        page = BeautifulSoup(answer.content, "html.parser")
        code = re.search(r"\d{6}", page.find("textarea").text).group()
        return (
            code,
            page.select_one("[href^='tel:']").text.strip(),
            page.select_one("[href*='wa.me']")["href"],
        )

    return reach_by_phone


def test_a_phone_signature_waits_for_staff_is_confirmed_by_two_of_them_and_then_approved(
    client, desk, bobs_desk, reach, work, mailbox
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
    code, number, chat = reach(signature)
    assert number == "+254712345678"
    assert chat.startswith("https://wa.me/254712345678?text=")
    assert code in unquote(chat)
    assert desk(signature, "confirm", code=code) == "unconfirmed"  # Alice sent it
    assert bobs_desk(signature, "confirm", code="000000" if code != "000000" else "1" * 6) == "unconfirmed"
    assert bobs_desk(signature, "confirm", code=f"{code[:3]} {code[3:]}") == "awaiting_moderation"
    assert desk(signature, "approve") == "published"
    assert "Blue Kettle" in client.get("/letters/asylum/").content.decode()
    work()
    assert [message["To"] for message in mailbox.messages()] == ["amina@kettle.example"]
    acts = Event.objects.filter(subject_id=signature.public_id, act__contains="hand").values_list(
        "act", "by__username"
    )
    assert list(acts) == [("confirm_by_hand", "bob")]
    assert Event.objects.get(act="reach_by_phone").by.username == "alice"


def test_a_wrong_code_counts_at_the_desk_though_it_is_refused(client, bobs_desk, reach):
    make_letter()
    client.post(FORM, PHONE)
    signature = Signature.objects.get()
    code, *_ = reach(signature)
    for _ in range(5):
        assert (
            bobs_desk(signature, "confirm", code="999999" if code != "999999" else "0" * 6) == "unconfirmed"
        )
    assert Token.objects.get().code_tries == 5
    assert bobs_desk(signature, "confirm", code=code) == "unconfirmed"
    code, *_ = reach(signature)
    assert bobs_desk(signature, "confirm", code=code) == "awaiting_moderation"


def test_the_message_is_in_the_language_of_the_form(client, reach):
    make_letter(languages=("en", "ar"))
    client.post(f"/ar{FORM}", {**PHONE, "organisation": "بيت اللاجئين"})
    _, _, chat = reach(Signature.objects.get())
    text = unquote(chat.partition("?text=")[2])
    assert "بيت اللاجئين" in text
    assert "Keep the door open (ar)" in text


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


def test_the_choice_on_the_form_stands_since_no_page_asks_again(client, desk, bobs_desk, reach):
    make_letter()
    client.post(FORM, {**PHONE, "visibility": "counted_only"})
    signature = Signature.objects.get()
    bobs_desk(signature, "confirm", code=reach(signature)[0])
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
    late = make_signature(make_letter(phase="closed"), status="unconfirmed", phone="+254712345678")
    in_time = make_signature(make_letter("other", phase="grace"), status="unconfirmed", phone="+254712345678")
    for signature, status in ((late, "unconfirmed"), (in_time, "awaiting_moderation")):
        code = tokens.mint(signature, Purpose.PHONE).code
        assert desk(signature, "confirm", code=code) == status
