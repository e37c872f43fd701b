"""What everybody may read of paper: the public document, the page of deliveries, public answers."""

from datetime import UTC, date, datetime

import pytest
from bs4 import BeautifulSoup

from signatories import delivery, withdrawal
from signatories.delivery import Answer
from tests.factories import make_delivery, make_letter, make_recipient, make_signature, make_staff
from tests.pdf import text_of

pytestmark = pytest.mark.django_db

PDF = "/letters/asylum/letter.pdf"
DELIVERIES = "/letters/asylum/deliveries/"


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser").main


# --- the document --------------------------------------------------------------------------------------


def test_everybody_may_read_the_letter_as_a_document(client):
    make_signature(name="Blue Kettle")
    answer = client.get(PDF)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'inline; filename="asylum.pdf"'
    assert "Content-Encoding" not in answer
    assert "Blue Kettle" in text_of(answer.content)


@pytest.mark.parametrize(
    ("visibility", "cap"), [("delivered_only", ""), ("counted_only", ""), ("public", "delivered_only")]
)
def test_it_names_whom_the_public_may_know_and_nobody_else(client, visibility, cap):
    letter = make_letter()
    make_signature(letter, name="Blue Kettle")
    make_signature(letter, name="Secret Circle", visibility=visibility, staff_cap=cap)
    words = text_of(client.get(PDF).content)
    assert "Blue Kettle" in words
    assert "2 organisations" in words
    assert "Secret" not in words


def test_it_is_made_once_an_edition(client):
    signature = make_signature(name="Blue Kettle")
    first = client.get(PDF)
    assert client.get(PDF, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert client.get(PDF).content == first.content
    withdrawal.withdraw(signature)
    second = client.get(PDF, headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert "Blue Kettle" not in text_of(second.content)


@pytest.mark.parametrize("phase", ["draft", "gathering"])
def test_a_secret_letter_has_none(client, phase):
    make_letter(phase=phase)
    for address in (PDF, f"/ar{PDF}", DELIVERIES, f"/ar{DELIVERIES}", "/letters/nowhere/letter.pdf"):
        assert client.get(address).status_code == 404


def test_each_language_has_its_own(client):
    make_letter(languages=("en", "ar"))
    answer = client.get(f"/ar{PDF}")
    assert "Keep the door open (ar" in text_of(answer.content)
    assert "/ar/letters/asylum/" in text_of(answer.content)
    assert answer["Content-Language"] == "ar"


def test_the_list_leads_to_it_and_the_letters_page_spends_no_byte_on_it(client):
    make_signature()
    assert page(client, "/letters/asylum/signatories/").find("a", href=PDF)
    assert page(client, "/letters/asylum/signatories/").find("a", href=DELIVERIES)
    letter = client.get("/letters/asylum/").content.decode()
    assert "letter.pdf" not in letter
    assert "deliveries" not in letter


# --- deliveries ----------------------------------------------------------------------------------------


def test_the_public_sees_when_to_whom_how_many_and_the_hash(client):
    letter = make_letter()
    uganda = make_recipient(letter, mission="The Mission of Uganda", style_of_address="Your Excellency")
    make_signature(letter, name="Blue Kettle")
    make_signature(letter, name="Secret Circle", visibility="delivered_only")
    alice = make_staff()
    made = make_delivery(letter, recipient=uganda, status="sent")
    delivery.mark(made, status="sent", by=alice, at=datetime(2025, 10, 8, 12, tzinfo=UTC))
    make_delivery(letter, status="to_send")

    said = " ".join(page(client, DELIVERIES).text.split())

    assert "8 October 2025" in said
    assert "To 1 recipient, signed by: 2 organisations from 1 country" in said
    assert "Your Excellency, The Mission of Uganda" in said
    assert "English, version 1 · SHA-256 " + made.sha256 in said
    assert "Of the names that were handed over, 1 is public today" in said
    assert "Blue Kettle" in said
    assert "Secret" not in said
    assert "The Mission of Kenya" not in said


def test_what_is_to_send_or_came_back_was_not_handed_over(client):
    letter = make_letter()
    make_delivery(letter, status="to_send")
    make_delivery(letter, recipient=make_recipient(letter), status="bounced")
    assert "It has not been handed over yet." in page(client, DELIVERIES).text


def test_a_name_that_was_removed_since_is_not_shown(client):
    letter = make_letter()
    gone = make_signature(letter, name="Blue Kettle")
    make_signature(letter, name="Anchor")
    make_delivery(letter, status="sent")
    assert "Blue Kettle" in page(client, DELIVERIES).text
    withdrawal.hide(gone)
    assert "Blue Kettle" not in page(client, DELIVERIES).text
    assert "Anchor" in page(client, DELIVERIES).text


def test_a_corrected_name_is_shown_as_it_is_today(client):
    """Whoever left an old name behind may have had a reason."""
    letter = make_letter()
    signature = make_signature(letter, name="Old Name")
    make_delivery(letter, status="sent")
    signature.name = "New Name"
    signature.save()
    said = page(client, DELIVERIES).text
    assert "New Name" in said
    assert "Old Name" not in said


def test_a_country_known_to_a_recipient_alone_is_not_given_away_by_a_number(client):
    letter = make_letter()
    make_signature(letter, name="Anchor", country="KE")
    make_signature(letter, name="Quiet", country="ER", visibility="delivered_only")
    made = make_delivery(letter, status="sent")
    assert made.countries == 2
    assert "2 organisations from 1 country" in " ".join(page(client, DELIVERIES).text.split())


def test_letters_of_one_day_stand_together_and_one_recipient_counts_once(client):
    letter = make_letter()
    uganda = make_recipient(letter)
    for recipient in (uganda, letter.recipients.first(), uganda):
        make_delivery(letter, recipient=recipient, status="sent")
    main = page(client, DELIVERIES)
    assert len(main.find_all("time")) == 1
    assert "To 2 recipients" in main.text


def test_a_supplement_says_what_it_is(client):
    letter = make_letter()
    make_signature(letter, name="Anchor")
    sent = make_delivery(letter, status="sent")
    make_signature(letter, name="Bell")
    more = delivery.supplement(sent, by=make_staff("bob"))
    delivery.sealed(more)
    delivery.mark(more, status="sent", by=sent.by)
    assert "A supplement: names that came after the letter." in page(client, DELIVERIES).text


# --- answers -------------------------------------------------------------------------------------------


@pytest.fixture
def answered():
    letter = make_letter(languages=("en", "ar"))
    made = make_delivery(letter, status="sent")
    answer = Answer(
        on=date(2025, 11, 2),
        words="We read it.\n\n<b>All</b> of it.",
        link="https://mission.example/answer",
        is_public=True,
    )
    return delivery.record_answer(made, answer=answer, by=made.by)


@pytest.mark.parametrize("prefix", ["", "/ar"])
def test_a_public_answer_stands_beside_the_letter(client, answered, prefix):
    main = page(client, f"{prefix}/letters/asylum/")
    assert "The Mission of Kenya" in main.text
    quoted = main.blockquote
    assert [one.text for one in quoted.find_all("p")] == ["We read it.", "<b>All</b> of it."]
    assert quoted["dir"] == "auto"
    link = main.find("a", href="https://mission.example/answer")
    assert "noopener" in link["rel"]


def test_an_answer_that_is_not_public_is_nowhere(client, answered):
    private = Answer(on=date(2025, 11, 2), words="Between us.")
    delivery.record_answer(answered, answer=private, by=answered.by)
    for address in ("/letters/asylum/", DELIVERIES, "/letters/asylum/signatories/"):
        said = client.get(address).content.decode()
        assert "Between us" not in said
        assert "We read it" not in said
    assert "<h2>Answers" not in client.get("/letters/asylum/").content.decode()


def test_a_letter_nobody_answered_has_not_a_byte_of_it(client, answered):
    from signatories.templatetags.signatories_tags import public_answers

    assert public_answers(make_letter("other")) == ""
    assert public_answers(make_letter("secret", phase="gathering")) == ""
    assert public_answers(answered.letter) != ""
