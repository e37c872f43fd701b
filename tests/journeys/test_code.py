"""Six digits instead of the link: in any script's digits, five tries, telling strangers nothing."""

import pytest

from signatories import tokens
from signatories.models import Purpose, Signature
from tests.factories import make_letter, make_signature, sign_form

pytestmark = pytest.mark.django_db

FORM = "/letters/asylum/sign/"
SENT = f"{FORM}sent/"
AMINA = "amina@kettle.example"


@pytest.fixture
def code(client, work, mailbox):
    """The code that was mailed after signing."""
    make_letter()
    client.post(FORM, sign_form())
    work()
    return mailbox.code_to(AMINA)


def type_code(client, code, address=AMINA, at=SENT):
    return client.post(at, {"contact_email": address, "code": code})


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


def in_digits(zero, code):
    return "".join(chr(ord(zero) + int(digit)) for digit in code)


@pytest.mark.parametrize(
    "write",
    [
        lambda code: code,
        lambda code: f" {code[:3]} {code[3:]} ",
        lambda code: " ".join(code),
        lambda code: in_digits("٠", code),
        lambda code: in_digits("۰", code),
        lambda code: in_digits("०", code),
        lambda code: in_digits("၀", code),
        lambda code: in_digits("០", code),
        lambda code: in_digits("０", code),
        lambda code: f"{code[:3]}\u00a0{code[3:]}",
    ],
)
def test_the_code_leads_to_the_page_that_asks_who_may_see_the_name(client, code, write):
    answer = type_code(client, write(code))
    assert answer.status_code == 303
    assert "no-store" in answer["Cache-Control"]
    page = client.get(answer["Location"])
    assert page.status_code == 200
    assert b"checked" not in page.content
    assert Signature.objects.get().status == "unconfirmed"
    client.post(answer["Location"], {"visibility": "public"})
    assert Signature.objects.get().status == "awaiting_moderation"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12345",
        "1234567",
        "12345x",
        "²²²²²²",
        "①②③④⑤⑥",
        "一二三四五六",
        "½½½½½½",
        "-12345",
        "0x1234",
        "1e5000",
    ],
)
def test_what_is_no_code_is_told_beside_the_field_and_is_no_try(client, code, typed):
    for _ in range(7):
        answer = type_code(client, typed)
        assert answer.status_code == 422
        assert b'id="id_code_error"' in answer.content
        assert AMINA.encode() in answer.content
    assert type_code(client, code).status_code == 303


def test_after_five_wrong_tries_the_right_code_is_refused_and_the_link_still_works(client, code, mailbox):
    answers = [type_code(client, wrong(code)) for _ in range(5)]
    answers.append(type_code(client, code))
    assert {answer.status_code for answer in answers} == {422}
    assert client.get(mailbox.link_to(AMINA)).status_code == 200


def test_four_wrong_tries_leave_one(client, code):
    for _ in range(4):
        type_code(client, wrong(code))
    assert type_code(client, code).status_code == 303


def test_a_new_mail_brings_new_tries(client, code, work, mailbox):
    for _ in range(5):
        type_code(client, wrong(code))
    client.post(FORM, sign_form())
    work()
    assert type_code(client, mailbox.code_to(AMINA)).status_code == 303


def test_the_answer_to_a_wrong_code_tells_nothing_about_the_address(client, code):
    known = type_code(client, wrong(code))
    spent = [type_code(client, wrong(code)) for _ in range(6)][-1]
    unknown = type_code(client, wrong(code), "nobody@kettle.example")
    bodies = {answer.content.replace(b"nobody@", b"amina@") for answer in (known, spent, unknown)}
    assert len(bodies) == 1
    assert {answer.status_code for answer in (known, spent, unknown)} == {422}


def test_a_code_belongs_to_one_letter_and_one_address(client, code, work, mailbox):
    make_letter("other")
    client.post(FORM, sign_form(contact_email="bob@kettle.example", organisation="Red Kettle"))
    work()
    assert type_code(client, code, "bob@kettle.example").status_code == 422
    assert type_code(client, code, at="/letters/other/sign/sent/").status_code == 422
    assert type_code(client, code, "Amina@Kettle.example").status_code == 303


def test_of_several_organisations_of_one_mailbox_each_code_leads_to_its_own(client, code, work, mailbox):
    client.post(FORM, sign_form(organisation="Red Kettle"))
    work()
    answer = type_code(client, mailbox.code_to(AMINA))
    assert "Red Kettle" in client.get(answer["Location"]).content.decode()


def test_a_code_typed_after_confirming_leads_to_thanks_and_changes_nothing(client, code, mailbox):
    client.post(mailbox.link_to(AMINA), {"visibility": "counted_only"})
    answer = type_code(client, code)
    page = client.post(answer["Location"], {"visibility": "public"})
    assert page.status_code == 200
    assert Signature.objects.get().visibility == "counted_only"


def test_the_link_of_an_own_page_has_no_code(client):
    signature = make_signature(email=AMINA)
    tokens.mint(signature, Purpose.OWN_PAGE)
    for typed in ("000000", "      0"):
        assert type_code(client, typed).status_code == 422


def test_the_page_is_the_same_for_everyone(client):
    make_letter()
    before = client.get(SENT)
    client.post(FORM, sign_form())
    after = client.get(SENT)
    assert (before.content, dict(before.headers)) == (after.content, dict(after.headers))
