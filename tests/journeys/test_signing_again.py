"""Signing twice, for others, in herds: nothing public changes, nobody learns anything, nobody is blocked."""

from datetime import UTC, datetime

import pytest
import time_machine

from letters import revision
from signatories import limits, moderation, withdrawal
from signatories.contacts import unseal
from signatories.models import Organisation, Signature
from tests.factories import enter, make_letter, make_signature, make_staff, sign_form

pytestmark = pytest.mark.django_db

FORM = "/letters/asylum/sign/"
PUBLIC = [
    "/",
    "/hosts/harbour/",
    "/letters/asylum/",
    "/letters/asylum/signatories/",
    "/letters/asylum/live.json",
]
AMINA = "amina@kettle.example"
NAME = sign_form()["organisation"]


def public_bytes(client):
    revision.forget()
    return [(client.get(address).content, client.get(address)["ETag"]) for address in PUBLIC]


def everything_answered(client, form):
    """Return all that a person, or a program, can tell from signing: status, headers, bytes, the page after."""
    answer = client.post(FORM, form)
    after = client.get(answer["Location"])
    return [(one.status_code, dict(one.headers), one.content, dict(one.cookies)) for one in (answer, after)]


def make_known(client, letter, state):
    """Bring the form's address and name into that state."""
    if state == "over the limit":
        for number in range(12):
            client.post(FORM, sign_form(organisation=f"Kettle {number}"))
    elif state != "new":
        status = {"erased": "published"}.get(state, state)
        signature = make_signature(letter, name=NAME, email=AMINA, status=status)
        if state == "erased":
            withdrawal.erase(signature)


STATES = [
    "new",
    "unconfirmed",
    "awaiting_moderation",
    "held",
    "published",
    "rejected",
    "withdrawn",
    "superseded",
    "erased",
    "over the limit",
]


def test_the_answer_is_the_same_to_the_byte_whatever_is_known_of_the_address(client):
    letter = make_letter()
    answers = {}
    for state in STATES:
        Signature.objects.all().delete()
        make_known(client, letter, state)
        answers[state] = everything_answered(client, sign_form())
    assert answers["new"][0][0] == 303
    assert [state for state, answer in answers.items() if answer != answers["new"]] == []


@pytest.mark.parametrize("state", ["unconfirmed", "awaiting_moderation", "held", "published"])
def test_a_repeat_changes_nothing_and_mails_the_truth_to_the_mailbox_alone(client, work, mailbox, state):
    letter = make_letter()
    first = make_signature(letter, name=NAME, email=AMINA, status=state, visibility="counted_only")
    before = Signature.objects.values().get(), public_bytes(client)
    client.post(FORM, sign_form(country="UG", kind="ally", visibility="public", website="kettle.example"))
    work()
    after = Signature.objects.values().get()
    for field in ("mails_before_confirmed", "reminded_of_page_at"):
        before[0].pop(field)
        after.pop(field)
    assert (after, public_bytes(client)) == before
    assert len(mailbox.to(AMINA)) == 1
    link = mailbox.link_to(AMINA)
    assert link.endswith("/confirm/") == (state == "unconfirmed")
    assert client.get(link).status_code == 200
    assert unseal(Signature.objects.get(pk=first.pk).contact).email == AMINA


def test_a_double_tap_is_one_signature_and_five_mails_at_most(client, work, mailbox):
    make_letter()
    for _ in range(12):
        client.post(FORM, sign_form())
    work()
    assert Signature.objects.count() == 1
    assert len(mailbox.to(AMINA)) == 5
    assert len(mailbox.messages()) == 5


def test_the_same_mailbox_in_other_letters_and_the_same_name_in_other_spaces_are_a_repeat(client):
    make_letter()
    client.post(FORM, sign_form(contact_email="Amina@Kettle.Example"))
    client.post(FORM, sign_form(contact_email=" amina@kettle.example "))
    client.post(FORM, sign_form(organisation=f"  {NAME.upper()} \u200b"))
    assert Signature.objects.count() == 1


def test_one_mailbox_signs_for_many_organisations(client):
    make_letter()
    for number in range(4):
        client.post(FORM, sign_form(organisation=f"Kettle {number}"))
    assert Signature.objects.count() == 4


@pytest.mark.parametrize("state", ["unconfirmed", "awaiting_moderation", "published"])
def test_a_stranger_who_signs_with_the_name_of_another_changes_and_blocks_nothing(
    client, work, mailbox, state
):
    letter = make_letter()
    alice = make_staff()
    real = make_signature(letter, name=NAME, email=AMINA, status=state)
    row = Signature.objects.values().get()
    organisations = list(Organisation.objects.values())
    before = public_bytes(client)

    client.post(FORM, sign_form(contact_email="mallory@evil.example", website="https://evil.example"))
    work()
    client.post(mailbox.link_to("mallory@evil.example"), {"visibility": "public"})
    work()
    assert public_bytes(client) == before
    assert Signature.objects.values().get(pk=real.pk) == row
    assert list(Organisation.objects.values()) == organisations
    assert mailbox.to(AMINA) == []

    client.post(FORM, sign_form())  # the real one is not kept from signing, or from signing again
    work()
    assert len(mailbox.to(AMINA)) == 1
    if state == "awaiting_moderation":
        assert moderation.approve(real, by=alice).status == "published"


def test_who_was_first_with_a_name_keeps_nobody_else_from_it(client, work, mailbox):
    make_letter()
    client.post(FORM, sign_form(contact_email="mallory@evil.example"))
    work()
    client.post(mailbox.link_to("mallory@evil.example"), {"visibility": "public"})
    client.post(FORM, sign_form())
    work()
    client.post(mailbox.link_to(AMINA), {"visibility": "public"})
    mallory, amina = Signature.objects.order_by("pk")
    enter(client, make_staff())
    client.post(f"/admin/signatories/signature/{amina.pk}/decide/", {"decision": "approve"})
    amina.refresh_from_db()
    assert amina.status == "published"
    client.post(
        f"/admin/signatories/signature/{mallory.pk}/decide/",
        {"decision": "approve", "organisation": amina.organisation.public_id},
    )
    mallory.refresh_from_db()
    assert mallory.status == "awaiting_moderation"


def test_no_stranger_turns_our_mail_against_a_mailbox(client, work, mailbox):
    make_letter()
    for number in range(30):
        client.post(FORM, sign_form(organisation=f"Kettle {number}"))
    work()
    assert len(mailbox.to(AMINA)) == 10
    assert Signature.objects.count() == 30


def test_a_program_that_fills_the_hidden_field_gets_the_same_answer_and_is_held(client, work, mailbox):
    letter = make_letter()
    plain = everything_answered(client, sign_form(contact_email="bob@kettle.example"))
    trapped = everything_answered(client, sign_form(nickname="Bob"))
    assert trapped == plain
    work()
    client.post(mailbox.link_to(AMINA), {"visibility": "public"})
    work()
    signature = letter.signatures.latest("pk")
    assert (signature.status, signature.hold_reason) == ("held", "trap")
    assert "a person takes a closer look" in " ".join(mailbox.text_to(AMINA).split())
    assert "field" in mailbox.text_to(AMINA)


# --- pressure ------------------------------------------------------------------------------------------


def press(client, work, mailbox, how_many, **meta):
    """Sign and confirm that often; return the statuses in the order of signing."""
    with time_machine.travel(datetime(2031, 5, 5, 10, 0, tzinfo=UTC), tick=True):
        make_letter()
        for number in range(how_many):
            each = {name: value(number) if callable(value) else value for name, value in meta.items()}
            form = sign_form(organisation=f"Kettle {number}", contact_email=f"a{number}@kettle.example")
            answer = client.post(FORM, form, **each)
            assert (answer.status_code, answer["Location"]) == (303, f"{FORM}sent/")
        work()
        for number in range(how_many):
            link = mailbox.link_to(f"a{number}@kettle.example")
            assert client.post(link, {"visibility": "public"}).status_code == 200
        work()
    return list(Signature.objects.order_by("pk").values_list("status", flat=True))


def test_twenty_five_from_one_place_are_all_taken_and_those_after_the_fifth_held_and_told_so(
    client, work, mailbox
):
    statuses = press(client, work, mailbox, 25)
    assert statuses == ["awaiting_moderation"] * 5 + ["held"] * 20
    assert set(Signature.objects.filter(status="held").values_list("hold_reason", flat=True)) == {"pressure"}
    for number in range(5, 25):
        told = " ".join(mailbox.text_to(f"a{number}@kettle.example").split())
        assert "a person takes a closer look" in told
        assert "Many signatures came from one place" in told
    assert "closer look" not in mailbox.text_to("a4@kettle.example")


@pytest.mark.parametrize(
    ("proxies", "spoof"),
    [
        (0, {"HTTP_X_FORWARDED_FOR": lambda n: f"198.51.100.{n}"}),
        (
            0,
            {
                "HTTP_FORWARDED": lambda n: f"for=198.51.100.{n}",
                "HTTP_X_REAL_IP": lambda n: f"198.51.100.{n}",
            },
        ),
        (1, {"HTTP_X_FORWARDED_FOR": lambda n: f"198.51.100.{n}, 203.0.113.7"}),
        (1, {"HTTP_X_FORWARDED_FOR": lambda n: f"198.51.100.{n},,203.0.113.7, "}),
        (0, {"REMOTE_ADDR": lambda n: f"2001:db8:7:7::{n:x}"}),
        (1, {"HTTP_X_FORWARDED_FOR": lambda n: f"2001:db8:7:7:{n:x}::1"}),
    ],
)
def test_who_pretends_to_be_many_places_is_counted_as_one(client, work, mailbox, settings, proxies, spoof):
    settings.TRUSTED_PROXIES = proxies
    assert press(client, work, mailbox, 7, **spoof)[5:] == ["held"] * 2


@pytest.mark.parametrize(
    ("proxies", "meta"),
    [
        (0, {"REMOTE_ADDR": lambda n: f"198.51.100.{n}"}),
        (0, {"REMOTE_ADDR": lambda n: f"::ffff:198.51.100.{n}"}),
        (0, {"REMOTE_ADDR": lambda n: f"2001:db8:7:{n:x}::1"}),
        (1, {"HTTP_X_FORWARDED_FOR": lambda n: f"203.0.113.7, 198.51.100.{n}"}),
    ],
)
def test_places_that_are_many_press_nobody(client, work, mailbox, settings, proxies, meta):
    settings.TRUSTED_PROXIES = proxies
    assert press(client, work, mailbox, 7, **meta) == ["awaiting_moderation"] * 7


@pytest.mark.parametrize(
    "sender", ["", "unix:", "1.2.3.4:567", "[::1]:80", "fe80::1%eth0", "x" * 5_000, "1.2.3"]
)
def test_an_address_that_cannot_be_read_is_a_place_too(rf, sender):
    assert limits.network_of(rf.get("/", REMOTE_ADDR=sender))


def test_the_addresses_of_machines_are_stored_nowhere(client):
    make_letter()
    client.post(FORM, sign_form(), REMOTE_ADDR="198.51.100.77")
    from django.apps import apps

    for model in apps.get_models():
        for row in model.objects.values():
            assert "198.51.100" not in repr(row)
