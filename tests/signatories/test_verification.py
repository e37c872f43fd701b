"""Confirming is the mailbox's yes, once; verifying says that an organisation is real."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters.models import Event, Letter
from signatories import moderation, verification
from signatories.models import Organisation, Signature
from tests.factories import make_letter, make_organisation, make_signature, make_staff
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
    with pytest.raises(verification.SignatureEnded):
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


def test_staff_confirm_what_they_heard_on_the_phone():
    alice, signature = make_staff(), unconfirmed(phone="+254700000000", visibility="delivered_only")

    confirmed = verification.confirm_by_hand(signature, by=alice)

    assert (confirmed.status, confirmed.visibility) == ("awaiting_moderation", "delivered_only")
    assert (Event.objects.get().act, Event.objects.get().by) == ("confirm_by_hand", alice)
    assert mails_asked_for() == []


def test_staff_never_confirm_for_a_mailbox():
    signature = unconfirmed()
    with pytest.raises(verification.NotByPhone):
        verification.confirm_by_hand(signature, by=make_staff())
    signature.refresh_from_db()
    assert signature.status == "unconfirmed"


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        ("awaiting_moderation", verification.NotByPhone),
        ("published", verification.NotByPhone),
        ("withdrawn", verification.SignatureEnded),
    ],
)
def test_a_phone_is_confirmed_once_and_not_after_the_end(status, refusal):
    signature = make_signature(status=status, phone="+254700000000")
    with pytest.raises(refusal):
        verification.confirm_by_hand(signature, by=make_staff())


def test_a_phone_is_not_confirmed_after_the_grace():
    signature = unconfirmed(make_letter(phase="closed"), phone="+254700000000")
    with pytest.raises(verification.ConfirmingIsOver):
        verification.confirm_by_hand(signature, by=make_staff())


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


# --- verifying ---------------------------------------------------------------------------------------


def test_verifying_is_written_down_with_its_result():
    alice, organisation = make_staff(), make_organisation()
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
