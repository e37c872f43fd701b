"""A link is for one purpose, for a time, and is stored nowhere; a code has five tries."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from signatories import tokens
from signatories.models import Purpose, Token
from tests.factories import make_letter, make_signature, make_staff
from tests.racing import at_once

pytestmark = pytest.mark.django_db

MAILBOX = "amina@kettle.example"


def unconfirmed(letter=None, **fields):
    return make_signature(letter, **{"status": "unconfirmed", "email": MAILBOX, **fields})


def other_code(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


# --- links -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", Purpose.values)
@pytest.mark.parametrize("minted", Purpose.values)
def test_a_link_leads_to_its_signature_for_its_purpose_alone(minted, asked):
    signature = make_signature()
    link = tokens.mint(signature, Purpose(minted))
    if minted == asked:
        assert tokens.find(link.value, Purpose(asked)) == signature
    else:
        with pytest.raises(tokens.LinkUnknown):
            tokens.find(link.value, Purpose(asked))


def test_a_link_is_random_and_long():
    signature = make_signature()
    links = {tokens.mint(signature, Purpose.OWN_PAGE).value for _ in range(50)}
    assert len(links) == 50
    assert all(len(link) >= 32 for link in links)  # 6 bits each: 192 random bits


@pytest.mark.parametrize(
    ("purpose", "life"), [("confirm", 14), ("own_page", 365), ("vouch", 30), ("phone", 3)]
)
def test_a_link_works_until_its_time_is_over(purpose, life):
    signature = make_signature()
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        link = tokens.mint(signature, Purpose(purpose)).value
    with time_machine.travel(now + timedelta(days=life, seconds=-1), tick=False):
        assert tokens.find(link, Purpose(purpose)) == signature
    with time_machine.travel(now + timedelta(days=life), tick=False), pytest.raises(tokens.LinkExpired):
        tokens.find(link, Purpose(purpose))


def test_an_older_link_works_beside_a_newer_one():
    """Mails overtake each other, and people open the wrong one."""
    signature = make_signature()
    links = [tokens.mint(signature, Purpose.CONFIRM).value for _ in range(3)]
    assert [tokens.find(link, Purpose.CONFIRM) for link in links] == [signature] * 3


def forgeries(link):
    return [
        "",
        link[:-1],
        link + "A",
        link + "=",
        link.swapcase(),
        "A" * len(link),
        ("B" if link[0] != "B" else "C") + link[1:],
        link + "\0",
        f"confirm\0{link}",
        " " + link,
        link * 300,
        "\ud800",
        "１２３",
        "' OR 1=1 --",
    ]


def test_a_forged_link_leads_nowhere():
    link = tokens.mint(make_signature(), Purpose.CONFIRM).value
    for forged in forgeries(link):
        with pytest.raises(tokens.LinkUnknown):
            tokens.find(forged, Purpose.CONFIRM)


def test_a_forged_link_is_answered_like_any_other_unknown_one(client):
    link = tokens.mint(make_signature(), Purpose.OWN_PAGE).value
    known = client.get(f"/s/{link}/")
    answers = {
        (answer.status_code, answer.content.replace(forged.encode(), b"LINK"), answer["Cache-Control"])
        for forged in (link[:-1], "guessed", "A" * 32)
        for answer in [client.get(f"/s/{forged}/")]
    }
    assert known.status_code == 200
    assert len(answers) == 1
    assert answers.pop()[0] == 404


def test_the_hash_in_the_database_is_no_link():
    signature = make_signature()
    tokens.mint(signature, Purpose.CONFIRM)
    stored = Token.objects.get()
    for word in (stored.digest, stored.code_digest):
        with pytest.raises(tokens.LinkUnknown):
            tokens.find(word, Purpose.CONFIRM)


def test_neither_link_nor_code_stands_in_the_database():
    signature = unconfirmed()
    link = tokens.mint(signature, Purpose.CONFIRM)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(signatories_token)::text FROM signatories_token")
        (row,) = cursor.fetchone()
    assert link.value not in row
    assert f'"{link.code}"' not in row
    assert Token.objects.get().digest != Token.objects.get().code_digest


class Guessing(TestCase):
    """Ten thousand tries would show no more than these."""

    @given(st.text(max_size=60))
    @settings(max_examples=60, deadline=None)
    def test_a_guess_is_never_an_error(self, guess):
        for purpose in Purpose:
            with pytest.raises(tokens.LinkUnknown):
                tokens.find(guess, purpose)


# --- codes -------------------------------------------------------------------------------------------


def test_address_and_code_lead_to_the_signature():
    signature = unconfirmed()
    code = tokens.mint(signature, Purpose.CONFIRM).code
    assert (len(code), code.isdigit()) == (6, True)
    assert tokens.redeem_code(signature.letter, address="AMINA@kettle.example", code=code) == signature


def test_a_link_to_an_own_page_has_no_code():
    signature = unconfirmed()
    assert tokens.mint(signature, Purpose.OWN_PAGE).code == ""
    with pytest.raises(tokens.WrongCode):
        tokens.redeem_code(signature.letter, address=MAILBOX, code="")


@pytest.mark.parametrize(
    "typed", ["123456", "123 456", " 1 2 3 4 5 6 ", "١٢٣٤٥٦", "१२३४५६", "\u2068123456\u2069\n"]
)
def test_a_code_is_read_as_people_write_it(typed):
    assert tokens.normal_code(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345x", "½23456", "12-34-56"])
def test_what_is_no_code_is_none(typed):
    assert tokens.normal_code(typed) == ""


def test_after_five_wrong_codes_the_right_one_is_too_late():
    signature = unconfirmed()
    code = tokens.mint(signature, Purpose.CONFIRM).code
    for _ in range(5):
        with pytest.raises(tokens.WrongCode):
            tokens.redeem_code(signature.letter, address=MAILBOX, code=other_code(code))
    with pytest.raises(tokens.WrongCode):
        tokens.redeem_code(signature.letter, address=MAILBOX, code=code)


def test_the_fifth_try_may_be_the_right_one():
    signature = unconfirmed()
    code = tokens.mint(signature, Purpose.CONFIRM).code
    for _ in range(4):
        with pytest.raises(tokens.WrongCode):
            tokens.redeem_code(signature.letter, address=MAILBOX, code=other_code(code))
    assert tokens.redeem_code(signature.letter, address=MAILBOX, code=code) == signature


def test_the_link_works_after_the_code_is_used_up():
    signature = unconfirmed()
    link = tokens.mint(signature, Purpose.CONFIRM)
    for _ in range(6):
        with pytest.raises(tokens.WrongCode):
            tokens.redeem_code(signature.letter, address=MAILBOX, code=other_code(link.code))
    assert tokens.find(link.value, Purpose.CONFIRM) == signature


def test_a_try_counts_against_every_open_code_of_the_address():
    letter = make_letter()
    rows = [unconfirmed(letter, name=name) for name in ("Blue Kettle", "Lantern Street")]
    codes = [tokens.mint(row, Purpose.CONFIRM).code for row in rows]
    wrong = next(f"{number:06}" for number in range(3) if f"{number:06}" not in codes)
    for _ in range(5):
        with pytest.raises(tokens.WrongCode):
            tokens.redeem_code(letter, address=MAILBOX, code=wrong)
    for code in codes:
        with pytest.raises(tokens.WrongCode):
            tokens.redeem_code(letter, address=MAILBOX, code=code)


def test_each_of_two_codes_leads_to_its_own_signature():
    letter = make_letter()
    rows = [unconfirmed(letter, name=name) for name in ("Blue Kettle", "Lantern Street")]
    codes = [tokens.mint(row, Purpose.CONFIRM).code for row in rows]
    assert [tokens.redeem_code(letter, address=MAILBOX, code=code) for code in codes] == rows


def test_a_code_is_good_for_its_address_and_its_letter_alone():
    signature = unconfirmed()
    other = unconfirmed(make_letter("other"), email="other@kettle.example")
    code = tokens.mint(signature, Purpose.CONFIRM).code
    for letter, address in (
        (signature.letter, "other@kettle.example"),
        (other.letter, MAILBOX),
        (other.letter, "other@kettle.example"),
        (signature.letter, "nobody@kettle.example"),
    ):
        with pytest.raises(tokens.WrongCode):
            tokens.redeem_code(letter, address=address, code=code)


def test_a_code_expires_with_its_link():
    signature = unconfirmed()
    code = tokens.mint(signature, Purpose.CONFIRM).code
    with (
        time_machine.travel(timezone.now() + timedelta(days=14, minutes=1), tick=False),
        pytest.raises(tokens.WrongCode),
    ):
        tokens.redeem_code(signature.letter, address=MAILBOX, code=code)


def test_the_same_code_of_two_signatures_is_stored_differently():
    letter = make_letter()
    rows = [unconfirmed(letter, name=name) for name in ("Blue Kettle", "Lantern Street")]
    assert len({tokens._code_digest(row, "123456") for row in rows}) == 2


# --- by phone ----------------------------------------------------------------------------------------


def by_phone(**fields):
    return make_signature(status="unconfirmed", phone="+254700000000", **fields)


def test_a_code_for_the_phone_says_who_handed_it_on():
    alice, signature = make_staff(), by_phone()
    code = tokens.mint(signature, Purpose.PHONE, by=alice).code
    assert tokens.redeem_phone_code(signature, code=code).by == alice


def test_every_code_that_was_handed_on_works_for_three_days():
    signature = by_phone()
    codes = [tokens.mint(signature, Purpose.PHONE).code for _ in range(2)]
    with time_machine.travel(timezone.now() + timedelta(days=2, hours=23), tick=False):
        for code in codes:
            tokens.redeem_phone_code(signature, code=code)
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        for code in codes:
            with pytest.raises(tokens.WrongCode):
                tokens.redeem_phone_code(signature, code=code)


def test_a_phone_has_five_tries_too():
    signature = by_phone()
    code = tokens.mint(signature, Purpose.PHONE).code
    for _ in range(5):
        with pytest.raises(tokens.WrongCode):
            tokens.redeem_phone_code(signature, code=other_code(code))
    with pytest.raises(tokens.WrongCode):
        tokens.redeem_phone_code(signature, code=code)


def test_a_code_is_for_its_phone_and_no_mailbox():
    letter = make_letter()
    signature, other = unconfirmed(letter), by_phone(letter=letter)
    phone, mail = tokens.mint(signature, Purpose.PHONE).code, tokens.mint(signature, Purpose.CONFIRM).code
    with pytest.raises(tokens.WrongCode):
        tokens.redeem_code(letter, address=MAILBOX, code=phone)
    with pytest.raises(tokens.WrongCode):
        tokens.redeem_phone_code(signature, code=mail)
    with pytest.raises(tokens.WrongCode):
        tokens.redeem_phone_code(other, code=phone)


def test_a_try_is_not_counted_where_a_refusal_would_take_the_count_back():
    signature = by_phone()
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        tokens.redeem_phone_code(signature, code="123456")


@pytest.mark.django_db(transaction=True)
def test_twenty_guesses_at_once_are_five():
    signature = unconfirmed()
    code = tokens.mint(signature, Purpose.CONFIRM).code

    def guess():
        return tokens.redeem_code(signature.letter, address=MAILBOX, code=other_code(code))

    outcomes = at_once(*[guess] * 20)

    assert {type(one) for one in outcomes} == {tokens.WrongCode}
    assert Token.objects.get().code_tries == 5
