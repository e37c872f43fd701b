"""Confirming is the mailbox's yes, once; verifying says that an organisation is real."""

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
import time_machine
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters.models import Event, Letter
from signatories import locking, moderation, tokens, verification, wall
from signatories.models import Evidence, Organisation, Signature, Token
from tests.factories import (
    make_co_contact,
    make_letter,
    make_organisation,
    make_proposal,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db

MAILBOX = "amina@kettle.example"


def unconfirmed(letter=None, **fields):
    return make_signature(letter, **{"status": "unconfirmed", **fields})


def mails_asked_for():
    return [tuple(job.args_kwargs["args"]) for job in DBTaskResult.objects.order_by("enqueued_at")]


# --- confirming --------------------------------------------------------------------------------------


@pytest.mark.parametrize("visibility", ["public", "delivered_only", "counted_only"])
def test_confirming_takes_the_choice_and_waits_for_a_moderator(visibility):
    signature = unconfirmed(visibility="counted_only")

    confirmed = verification.confirm(signature, visibility=visibility)
    signature.refresh_from_db()

    assert confirmed == signature
    assert (signature.status, signature.visibility) == ("awaiting_moderation", visibility)
    assert signature.confirmed_at is not None
    assert mails_asked_for() == [(signature.pk, "confirmed")]
    event = Event.objects.get()
    assert (event.act, event.subject_id, event.by) == ("confirm", signature.public_id, None)


def test_confirming_twice_keeps_the_first_time_and_the_first_choice():
    signature = unconfirmed()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = verification.confirm(signature, visibility="counted_only")
        clock.shift(timedelta(hours=1))
        again = verification.confirm(signature, visibility="public")

    assert again.confirmed_at == first.confirmed_at
    assert again.visibility == "counted_only"
    assert Event.objects.count() == len(mails_asked_for()) == 1


def test_confirming_again_after_publication_changes_nothing():
    signature = make_signature(visibility="counted_only")
    assert verification.confirm(signature, visibility="public").visibility == "counted_only"
    signature.refresh_from_db()
    assert (signature.status, signature.visibility) == ("published", "counted_only")


def test_confirming_changes_no_revision():
    letter = make_letter()
    verification.confirm(unconfirmed(letter), visibility="public")
    assert Letter.objects.get().revision == letter.revision


def test_what_pressed_is_held_once_confirmed_and_its_mailbox_is_told():
    signature = unconfirmed(hold_reason="pressure")
    assert verification.confirm(signature, visibility="public").status == "held"
    assert mails_asked_for() == [(signature.pk, "held")]


@pytest.mark.parametrize("status", ["rejected", "withdrawn", "superseded"])
def test_what_has_ended_is_not_confirmed(status):
    signature = make_signature(status=status)
    with pytest.raises(locking.SignatureEnded):
        verification.confirm(signature, visibility="public")
    signature.refresh_from_db()
    assert signature.status == status
    assert mails_asked_for() == []


def test_slow_mail_has_seventy_two_hours_after_closing():
    letter = make_letter(closes_at=timezone.now() + timedelta(hours=1))
    in_time, late = unconfirmed(letter), unconfirmed(letter)
    grace_ends = letter.closes_at + timedelta(hours=72)

    with time_machine.travel(grace_ends - timedelta(seconds=1), tick=False):
        assert verification.confirm(in_time, visibility="public").status == "awaiting_moderation"
    with time_machine.travel(grace_ends, tick=False), pytest.raises(verification.ConfirmingIsOver):
        verification.confirm(late, visibility="public")

    late.refresh_from_db()
    assert (late.status, late.confirmed_at) == ("unconfirmed", None)


# --- by hand -----------------------------------------------------------------------------------------


PHONE = "+254700000000"


@pytest.fixture
def alice():
    return make_staff()


@pytest.fixture
def bob():
    return make_staff("bob")


def code_of(message):
    return next(word for word in message.words.split() if word.isdigit())


def test_one_person_hands_a_code_on_and_a_second_one_confirms_that_it_came_back(alice, bob):
    signature = unconfirmed(phone=PHONE, visibility="delivered_only")

    message = verification.reach_by_phone(signature, by=alice)
    confirmed = verification.confirm_by_hand(signature, by=bob, code=code_of(message))

    assert (confirmed.status, confirmed.visibility) == ("awaiting_moderation", "delivered_only")
    assert list(Event.objects.order_by("pk").values_list("act", "by__username")) == [
        ("reach_by_phone", "alice"),
        ("confirm_by_hand", "bob"),
    ]
    assert mails_asked_for() == []


def test_who_handed_the_code_on_does_not_confirm(alice, bob):
    signature = unconfirmed(phone=PHONE)
    code = code_of(verification.reach_by_phone(signature, by=alice))
    with pytest.raises(verification.SamePerson):
        verification.confirm_by_hand(signature, by=alice, code=code)
    assert Signature.objects.get().status == "unconfirmed"
    assert verification.confirm_by_hand(signature, by=bob, code=code).status == "awaiting_moderation"


def test_each_code_is_confirmed_by_another_person_than_handed_it_on(alice, bob):
    signature = unconfirmed(phone=PHONE)
    first, second = (code_of(verification.reach_by_phone(signature, by=by)) for by in (alice, bob))
    with pytest.raises(verification.SamePerson):
        verification.confirm_by_hand(signature, by=bob, code=second)
    assert verification.confirm_by_hand(signature, by=bob, code=first).status == "awaiting_moderation"


def test_a_voice_that_was_read_no_code_confirms_nothing(bob):
    signature = unconfirmed(phone=PHONE)
    for code in ("", "123456", "yes"):
        with pytest.raises(tokens.WrongCode):
            verification.confirm_by_hand(signature, by=bob, code=code)
    assert Signature.objects.get().status == "unconfirmed"


def test_wrong_codes_count_and_a_new_one_helps(alice, bob):
    signature = unconfirmed(phone=PHONE)
    code = code_of(verification.reach_by_phone(signature, by=alice))
    wrong = "000000" if code != "000000" else "000001"
    for _ in range(5):
        with pytest.raises(tokens.WrongCode):
            verification.confirm_by_hand(signature, by=bob, code=wrong)
    with pytest.raises(tokens.WrongCode):
        verification.confirm_by_hand(signature, by=bob, code=code)
    code = code_of(verification.reach_by_phone(signature, by=alice))
    assert verification.confirm_by_hand(signature, by=bob, code=f"{code[:3]} {code[3:]}").confirmed_at


def test_the_message_is_in_the_language_of_the_form_and_a_link_opens_a_chat_with_it(alice):
    letter = make_letter(languages=("en", "ar"))
    signature = unconfirmed(letter, name="بيت اللاجئين & Co", phone="+962791234567", language="ar")
    message = verification.reach_by_phone(signature, by=alice)

    assert message.number == "+962791234567"
    assert "بيت اللاجئين & Co" in message.words
    assert "Keep the door open (ar)" in message.words
    assert len(code_of(message)) == 6
    address, _, text = message.url.partition("?text=")
    assert address == "https://wa.me/962791234567"
    assert unquote(text) == message.words
    assert re.fullmatch(r"[A-Za-z0-9%._~-]+", text)


def test_neither_number_nor_code_stands_in_an_event_a_token_or_a_traceback(alice):
    signature = unconfirmed(phone=PHONE)
    message = verification.reach_by_phone(signature, by=alice)
    written = f"{Event.objects.values()}{Token.objects.values()}{message!r}"
    assert PHONE not in written
    assert f"'{code_of(message)}'" not in written


def test_staff_never_reach_or_confirm_a_mailbox(alice):
    signature = unconfirmed()
    with pytest.raises(verification.NotByPhone):
        verification.reach_by_phone(signature, by=alice)
    with pytest.raises(verification.NotByPhone):
        verification.confirm_by_hand(signature, by=alice, code="123456")


def test_a_phone_whose_contact_is_gone_is_not_reached(alice):
    signature = unconfirmed(phone=PHONE)
    signature.contact.delete()
    with pytest.raises(verification.NotByPhone):
        verification.reach_by_phone(signature, by=alice)
    signature.refresh_from_db()
    assert signature.status == "unconfirmed"


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        ("awaiting_moderation", verification.NotByPhone),
        ("published", verification.NotByPhone),
        ("withdrawn", locking.SignatureEnded),
    ],
)
def test_a_phone_is_confirmed_once_and_not_after_the_end(alice, status, refusal):
    signature = make_signature(status=status, phone=PHONE)
    with pytest.raises(refusal):
        verification.confirm_by_hand(signature, by=alice, code="123456")
    with pytest.raises(refusal):
        verification.reach_by_phone(signature, by=alice)


def test_a_phone_is_not_confirmed_after_the_grace(alice):
    signature = unconfirmed(make_letter(phase="closed"), phone=PHONE)
    with pytest.raises(verification.ConfirmingIsOver):
        verification.confirm_by_hand(signature, by=alice, code="123456")
    with pytest.raises(verification.ConfirmingIsOver):
        verification.reach_by_phone(signature, by=alice)


# --- attached by itself ------------------------------------------------------------------------------


def signed_before(organisation, *, email=MAILBOX, status="published", letter="earlier", **fields):
    return make_signature(
        Letter.objects.filter(slug=letter).first() or make_letter(letter),
        name=organisation.name,
        status=status,
        email=email,
        organisation=organisation,
        **fields,
    )


def confirmed_from(mailbox=MAILBOX, *, name="Blue Kettle", letter=None):
    signature = unconfirmed(letter or make_letter(), name=name, email=mailbox)
    return verification.confirm(signature, visibility="public")


@pytest.mark.parametrize("name", ["Blue Kettle", "blue  KETTLE", "Bule Qazan"])
def test_a_known_mailbox_with_the_name_or_an_alias_is_its_verified_organisation(name):
    organisation = make_organisation(verification="verified", aliases=["Bule Qazan"])
    signed_before(organisation)
    assert confirmed_from(name=name).organisation == organisation


@pytest.mark.parametrize("level", ["unverified", "peer_verified", "doubtful", "rejected"])
def test_an_organisation_that_is_not_verified_is_not_attached(level):
    signed_before(make_organisation(verification=level))
    assert confirmed_from().organisation is None


def test_another_name_is_not_attached():
    signed_before(make_organisation(verification="verified"))
    assert confirmed_from(name="Blue Kettle Kampala").organisation is None


def test_an_unknown_mailbox_is_not_attached():
    signed_before(make_organisation(verification="verified"))
    assert confirmed_from("stranger@kettle.example").organisation is None


def test_a_mailbox_of_two_verified_organisations_is_not_attached():
    signed_before(make_organisation(verification="verified"))
    signed_before(make_organisation("Lantern Street", verification="verified"))
    assert confirmed_from().organisation is None


def test_a_mailbox_of_two_organisations_is_attached_to_the_one_that_is_verified():
    organisation = make_organisation(verification="verified")
    signed_before(organisation)
    signed_before(make_organisation("Lantern Street"))
    assert confirmed_from().organisation == organisation


@pytest.mark.parametrize("status", ["rejected", "withdrawn", "awaiting_moderation", "held"])
def test_a_mailbox_whose_signature_does_not_stand_does_not_speak_for_the_organisation(status):
    """An impostor whom staff threw out keeps its contact for thirty days; that must open no door."""
    signed_before(make_organisation(verification="verified"), status=status)
    assert confirmed_from().organisation is None


def test_an_organisation_that_has_signed_this_letter_is_left_to_a_moderator():
    signed_before(make_organisation(verification="verified", aliases=["Bule Qazan"]))
    again = confirmed_from(letter=Letter.objects.get(), name="Bule Qazan")
    assert (again.organisation, again.status) == (None, "awaiting_moderation")


def test_attaching_publishes_nothing():
    signed_before(make_organisation(verification="verified"))
    assert confirmed_from().status == "awaiting_moderation"


def test_who_speaks_beside_another_person_speaks_for_the_organisation_too():
    organisation = make_organisation(verification="verified")
    make_co_contact(signed_before(organisation, email="first@kettle.example"), email=MAILBOX)
    assert confirmed_from().organisation == organisation


# --- without a moderator, where the letter trusts verified organisations -------------------------------


def trusting(**fields):
    return make_letter(trusts_verified=True, **fields)


def test_what_a_verified_organisation_signs_from_a_known_mailbox_is_published():
    organisation = make_organisation(verification="verified")
    signed_before(organisation)
    letter = trusting()
    signature = unconfirmed(letter, email=MAILBOX)

    confirmed = verification.confirm(signature, visibility="public")
    signature.refresh_from_db()

    assert (confirmed, signature.status, signature.organisation) == (signature, "published", organisation)
    assert (signature.visibility, signature.published_at is not None) == ("public", True)
    assert mails_asked_for() == [(signature.pk, "published")]
    assert DBTaskResult.objects.ready().count() == 1  # nothing to take back, so nothing to wait for
    events = Event.objects.order_by("pk").values_list("act", "by", "reason")
    assert list(events) == [("confirm", None, ""), ("approve", None, "known_contact")]
    assert Letter.objects.get(pk=letter.pk).revision == letter.revision + 1
    assert [one.name for one in wall.names(letter)] == ["Blue Kettle"]


def test_who_wants_no_name_is_published_without():
    signed_before(make_organisation(verification="verified"))
    letter = trusting()
    verification.confirm(unconfirmed(letter, email=MAILBOX), visibility="counted_only")
    assert wall.names(letter) == []
    assert wall.counts(letter).organisations == 1


def test_a_letter_that_trusts_nobody_waits_for_a_moderator():
    signed_before(make_organisation(verification="verified"))
    assert confirmed_from(letter=make_letter(trusts_verified=False)).status == "awaiting_moderation"


@pytest.mark.parametrize("level", ["unverified", "peer_verified", "doubtful", "rejected"])
def test_an_organisation_that_staff_have_not_verified_waits_for_a_moderator(level):
    signed_before(make_organisation(verification=level))
    assert confirmed_from(letter=trusting()).status == "awaiting_moderation"


def test_a_strange_mailbox_waits_for_a_moderator():
    signed_before(make_organisation(verification="verified"))
    assert confirmed_from("stranger@kettle.example", letter=trusting()).status == "awaiting_moderation"


@pytest.mark.parametrize("name", ["Yes", "Kenya", "info@kettle.example"])
def test_a_name_that_looks_odd_waits_for_a_moderator(name):
    organisation = make_organisation(verification="verified", aliases=[name])
    signed_before(organisation)
    confirmed = confirmed_from(name=name, letter=trusting())
    assert (confirmed.organisation, confirmed.status) == (organisation, "awaiting_moderation")


@pytest.mark.parametrize("reason", ["pressure", "trap"])
def test_what_pressed_is_held_whoever_it_is(reason):
    signed_before(make_organisation(verification="verified"))
    signature = unconfirmed(trusting(), email=MAILBOX, hold_reason=reason)
    assert verification.confirm(signature, visibility="public").status == "held"


@pytest.mark.parametrize(
    "question", ["contacts_disagree", "organisation_doubted", "vouch_revoked", "voucher_doubted"]
)
def test_while_another_signature_of_it_is_in_question_a_moderator_looks(question):
    before = signed_before(make_organisation(verification="verified"))
    Signature.objects.filter(pk=before.pk).update(question=question, asked_at=timezone.now())
    assert confirmed_from(letter=trusting()).status == "awaiting_moderation"


def test_a_correction_that_waits_is_no_question():
    before = signed_before(make_organisation(verification="verified"))
    Signature.objects.filter(pk=before.pk).update(question="correction", asked_at=timezone.now())
    assert confirmed_from(letter=trusting()).status == "published"


def test_a_phone_always_waits_for_a_moderator(alice, bob):
    organisation = make_organisation(verification="verified")
    make_signature(make_letter("earlier"), organisation=organisation, phone=PHONE)
    signature = unconfirmed(trusting(), phone=PHONE)
    code = code_of(verification.reach_by_phone(signature, by=alice))
    assert verification.confirm_by_hand(signature, by=bob, code=code).status == "awaiting_moderation"


def test_confirming_again_what_was_published_by_itself_changes_nothing():
    signed_before(make_organisation(verification="verified"))
    signature = confirmed_from(letter=trusting())
    again = verification.confirm(signature, visibility="counted_only")
    assert (again.status, again.visibility) == ("published", "public")
    assert len(mails_asked_for()) == 1


# --- verifying ---------------------------------------------------------------------------------------


def vouched_for(*vouchers, letter=None, name="Blue Kettle", **fields):
    """A signatory that these have vouched for, and its organisation."""
    signature = make_signature(letter or Letter.objects.first(), name=name, **fields)
    for voucher in vouchers:
        make_vouch(signature, voucher)
    return signature, signature.organisation


def test_verifying_keeps_what_shows_it_and_when_to_look_again(alice):
    organisation = make_organisation()
    day = timezone.now().date() + timedelta(days=90)
    verification.verify(
        organisation,
        by=alice,
        verification="verified",
        recheck_on=day,
        link="https://register.example/7",
        words="In the register of Kenya.",
    )
    organisation.refresh_from_db()
    evidence = Evidence.objects.get()
    assert (organisation.verification, organisation.recheck_on) == ("verified", day)
    assert (evidence.organisation, evidence.link) == (organisation, "https://register.example/7")
    assert (evidence.words, evidence.by) == ("In the register of Kenya.", alice)
    assert list(Event.objects.order_by("pk").values_list("act", "reason")) == [
        ("verify", "verified"),
        ("add_evidence", ""),
    ]


def test_what_was_found_out_is_in_no_event(alice):
    verification.verify(make_organisation(), by=alice, verification="verified", words="CANARY knows her.")
    assert "CANARY" not in repr(list(Event.objects.values()))


def test_verifying_again_as_the_same_changes_nothing_but_may_add_evidence(alice):
    day = timezone.now().date() + timedelta(days=90)
    organisation = make_organisation(verification="doubtful", recheck_on=day)
    signature = make_signature(organisation=organisation)
    verification.verify(organisation, by=alice, verification="doubtful")
    assert Event.objects.count() == 0
    verification.verify(organisation, by=alice, verification="doubtful", words="Nobody answers there.")
    organisation.refresh_from_db()
    signature.refresh_from_db()
    assert (organisation.verification, organisation.recheck_on) == ("doubtful", day)
    assert signature.question == ""
    assert Evidence.objects.count() == 1
    assert [event.act for event in Event.objects.all()] == ["add_evidence"]


def test_the_day_to_look_again_goes_when_somebody_has_looked(alice):
    today = timezone.now().date()
    organisation = make_organisation(verification="verified", recheck_on=today)
    assert list(Organisation.objects.to_look_at_again()) == [organisation]
    verification.verify(organisation, by=alice, verification="verified")
    assert list(Organisation.objects.to_look_at_again()) == []
    later = today + timedelta(days=1)
    verification.verify(organisation, by=alice, verification="verified", recheck_on=later)
    assert Organisation.objects.get().recheck_on == later
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert list(Organisation.objects.to_look_at_again()) == [organisation]


def test_evidence_is_a_link_a_note_or_both_and_is_kept_once(alice, bob):
    organisation = make_organisation()
    with pytest.raises(verification.NoEvidence):
        verification.add_evidence(organisation, by=alice)
    verification.add_evidence(organisation, by=alice, link="https://register.example/7")
    again = verification.add_evidence(organisation, by=alice, link="https://register.example/7")
    verification.add_evidence(organisation, by=bob, words="I met them.")
    assert Evidence.objects.count() == Event.objects.filter(act="add_evidence").count() == 2
    assert again.by == alice


@pytest.mark.parametrize("level", ["doubtful", "rejected"])
def test_what_an_organisation_in_doubt_signed_stays_and_comes_before_staff_again(alice, level):
    organisation = make_organisation(verification="verified")
    letter = make_letter()
    shown = make_signature(letter, organisation=organisation)
    waits = make_signature(make_letter("other"), organisation=organisation, status="awaiting_moderation")
    gone = make_signature(make_letter("third"), organisation=organisation, status="withdrawn")
    verification.verify(organisation, by=alice, verification=level)
    for signature in (shown, waits, gone):
        signature.refresh_from_db()
    assert (shown.status, shown.question) == ("published", "organisation_doubted")
    assert (waits.question, gone.question) == ("", "")
    assert shown in Signature.objects.waiting_for_staff()
    assert [(one.name, one.is_verified) for one in wall.names(letter)] == [("Blue Kettle", False)]
    assert Letter.objects.get(pk=letter.pk).revision == letter.revision + 1  # its pages mark it no more


def test_a_correction_waits_behind_the_doubt_and_comes_back(alice):
    signature = make_signature()
    make_proposal(signature)
    verification.verify(signature.organisation, by=alice, verification="doubtful")
    signature.refresh_from_db()
    assert signature.question == "organisation_doubted"
    moderation.settle(signature, by=alice)
    signature.refresh_from_db()
    assert signature.question == "correction"


@pytest.mark.parametrize("level", ["unverified", "peer_verified", "doubtful", "rejected"])
def test_what_rested_on_an_organisation_that_is_verified_no_longer_comes_before_staff(alice, level):
    letter = make_letter()
    vouchers = make_voucher(letter, name="Red"), make_voucher(letter, name="Green")
    signature, organisation = vouched_for(*vouchers)
    Organisation.objects.filter(pk=organisation.pk).update(verification="peer_verified")
    verification.verify(vouchers[0].organisation, by=alice, verification=level)
    organisation.refresh_from_db()
    signature.refresh_from_db()
    assert organisation.verification == "unverified"
    assert (signature.status, signature.question) == ("published", "voucher_doubted")


def test_what_has_a_third_voucher_stands(alice):
    letter = make_letter()
    vouchers = [make_voucher(letter, name=name) for name in ("Red", "Green", "Blue")]
    signature, organisation = vouched_for(*vouchers)
    Organisation.objects.filter(pk=organisation.pk).update(verification="peer_verified")
    verification.verify(vouchers[0].organisation, by=alice, verification="doubtful")
    organisation.refresh_from_db()
    signature.refresh_from_db()
    assert (organisation.verification, signature.question) == ("peer_verified", "")


def test_an_organisation_that_is_verified_again_counts_again(alice):
    letter = make_letter()
    vouchers = make_voucher(letter, name="Red"), make_voucher(letter, name="Green")
    _, organisation = vouched_for(*vouchers)
    for level, then in (("doubtful", "unverified"), ("verified", "peer_verified")):
        verification.verify(vouchers[0].organisation, by=alice, verification=level)
        organisation.refresh_from_db()
        assert organisation.verification == then


@pytest.mark.parametrize("level", ["verified", "doubtful", "rejected"])
def test_what_staff_decided_is_touched_by_no_voucher(alice, level):
    letter = make_letter()
    vouchers = make_voucher(letter, name="Red"), make_voucher(letter, name="Green")
    signature, organisation = vouched_for(*vouchers)
    Organisation.objects.filter(pk=organisation.pk).update(verification=level)
    verification.verify(vouchers[0].organisation, by=alice, verification="doubtful")
    organisation.refresh_from_db()
    signature.refresh_from_db()
    assert (organisation.verification, signature.question) == (level, "")


def test_verifying_is_written_down_with_its_result(alice):
    organisation = make_organisation()
    verification.verify(organisation, by=alice, verification="doubtful")
    event = Event.objects.get()
    assert Organisation.objects.get().verification == "doubtful"
    assert (event.act, event.subject_id, event.by) == ("verify", organisation.public_id, alice)
    assert event.reason == "doubtful"


def test_an_unknown_verification_is_an_error():
    organisation = make_organisation()
    with pytest.raises(ValueError, match="not a valid Verification"):
        verification.verify(organisation, by=make_staff(), verification="sure")
    assert Organisation.objects.get().verification == "unverified"


# --- races -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_twenty_confirmations_at_once_are_one():
    signature = unconfirmed()

    outcomes = at_once(*[lambda: verification.confirm(signature, visibility="public")] * 20)

    assert {getattr(one, "pk", one) for one in outcomes} == {signature.pk}
    assert len({one.confirmed_at for one in outcomes}) == 1
    assert Event.objects.filter(act="confirm").count() == 1
    assert mails_asked_for() == [(signature.pk, "confirmed")]


@pytest.mark.django_db(transaction=True)
def test_two_names_of_one_organisation_confirmed_at_once_attach_it_once():
    letter = make_letter()
    organisation = make_organisation(verification="verified", aliases=["Bule Qazan"])
    signed_before(organisation)
    rows = [unconfirmed(letter, name=name, email=MAILBOX) for name in ("Blue Kettle", "Bule Qazan")]

    outcomes = at_once(*[lambda row=row: verification.confirm(row, visibility="public") for row in rows])

    assert [one for one in outcomes if isinstance(one, Exception)] == []
    attached = Signature.objects.filter(letter=letter).values_list("organisation", flat=True)
    assert sorted(attached, key=str) == sorted([organisation.pk, None], key=str)


@pytest.mark.django_db(transaction=True)
def test_confirming_while_a_moderator_approves_as_the_same_organisation_breaks_nothing():
    letter, alice = make_letter(), make_staff()
    organisation = make_organisation(verification="verified")
    signed_before(organisation)
    for _ in range(5):
        waiting = make_signature(letter, name="Blue Kettle", status="awaiting_moderation")
        mine = unconfirmed(letter, email=MAILBOX)
        confirmed, approved = at_once(
            lambda mine=mine: verification.confirm(mine, visibility="public"),
            lambda waiting=waiting: moderation.approve(waiting, by=alice, organisation=organisation),
        )
        assert isinstance(confirmed, Signature), repr(confirmed)
        assert isinstance(approved, Signature | moderation.OrganisationAlreadySigned), repr(approved)
        assert Signature.objects.live().filter(letter=letter, organisation=organisation).count() == 1
        Signature.objects.filter(letter=letter).delete()
