"""Taking a decision back: what it gives back, for how long, to whom, and what it leaves alone."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from letters.models import Event, Letter
from signatories import moderation, tasks, undoing, withdrawal
from signatories.models import Decision, HoldReason, Organisation, Proposal, RejectReason, Signature
from signatories.moderation import NothingToUndo
from tests.factories import make_imported, make_letter, make_proposal, make_signature, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _five_minutes(settings):
    settings.UNDO_FOR = timedelta(minutes=5)


@pytest.fixture
def alice():
    return make_staff("alice")


@pytest.fixture
def bob():
    return make_staff("bob")


def row(signature):
    """Everything a signature's row says, with what is proposed beside it."""
    return (
        Signature.objects.filter(pk=signature.pk).values().get(),
        list(
            Proposal.objects.filter(signature=signature).values("name", "latin", "country", "kind", "website")
        ),
    )


DECISIONS = [
    ("awaiting_moderation", lambda s, by: moderation.approve(s, by=by)),
    ("held", lambda s, by: moderation.approve(s, by=by)),
    ("awaiting_moderation", lambda s, by: moderation.hold(s, by=by, reason=HoldReason.DOUBTFUL_NAME)),
    ("published", lambda s, by: moderation.hold(s, by=by)),
    ("awaiting_moderation", lambda s, by: moderation.reject(s, by=by, reason=RejectReason.NO_ANSWER)),
    ("held", lambda s, by: moderation.reject(s, by=by)),
    ("published", lambda s, by: moderation.reject(s, by=by)),
]


@pytest.mark.parametrize(("status", "decide"), DECISIONS)
def test_a_decision_taken_back_leaves_the_row_as_it_was(alice, status, decide):
    signature = make_signature(status=status)
    was = row(signature)
    decide(signature, alice)
    assert row(signature) != was
    moderation.undo(signature, by=alice)
    assert row(signature) == was
    assert not Decision.objects.exists()


@pytest.mark.parametrize("decide", [moderation.accept_correction, moderation.decline_correction])
def test_a_decided_correction_waits_again(alice, decide):
    signature = make_signature(status="published")
    make_proposal(signature)
    was = row(signature)
    decide(signature, by=alice)
    assert not Proposal.objects.exists()
    moderation.undo(signature, by=alice)
    assert row(signature) == was
    assert Signature.objects.waiting_for_staff().get() == signature


def test_a_rejected_name_with_a_proposed_correction_gets_both_back(alice):
    signature = make_signature(status="published")
    make_proposal(signature)
    was = row(signature)
    moderation.reject(signature, by=alice)
    moderation.undo(signature, by=alice)
    assert row(signature) == was


def test_an_organisation_made_by_the_approval_goes_with_it(alice):
    signature = make_signature(status="awaiting_moderation")
    moderation.approve(signature, by=alice)
    assert Organisation.objects.count() == 1
    moderation.undo(signature, by=alice)
    assert not Organisation.objects.exists()


def test_an_organisation_that_was_there_before_stays(alice):
    organisation = make_signature(make_letter("older")).organisation
    signature = make_signature(make_letter("newer"), status="awaiting_moderation")
    moderation.approve(signature, by=alice, organisation=organisation)
    moderation.undo(signature, by=alice)
    assert Organisation.objects.get() == organisation


def test_nobody_is_mailed_about_what_was_taken_back(alice, work, mailbox):
    signature = make_signature(status="awaiting_moderation", email="amina@kettle.example")
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        moderation.reject(signature, by=alice)
        work()
        assert mailbox.messages() == []
        moderation.undo(signature, by=alice)
        moderation.approve(signature, by=alice)
        clock.shift(timedelta(minutes=6))
        work()
    assert len(mailbox.to("amina@kettle.example")) == 1
    assert "rejected" not in mailbox.text_to("amina@kettle.example")


def test_approving_again_after_taking_it_back_is_told_once(alice, work, mailbox):
    signature = make_signature(status="awaiting_moderation", email="amina@kettle.example")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(3):
            moderation.approve(signature, by=alice)
            clock.shift(timedelta(seconds=10))
            moderation.undo(signature, by=alice)
            clock.shift(timedelta(seconds=10))
        moderation.approve(signature, by=alice)
        clock.shift(timedelta(minutes=6))
        work()
    assert len(mailbox.to("amina@kettle.example")) == 1


def test_the_public_sees_it_taken_back(alice):
    letter = make_letter()
    signature = make_signature(letter, status="awaiting_moderation")
    moderation.approve(signature, by=alice)
    shown = Letter.objects.get().revision
    moderation.undo(signature, by=alice)
    assert Letter.objects.get().revision == shown + 1
    moderation.hold(signature, by=alice)
    moderation.undo(signature, by=alice)
    assert Letter.objects.get().revision == shown + 1  # nobody saw that one


def test_what_was_done_stays_written_down(alice):
    signature = make_signature(status="awaiting_moderation")
    moderation.approve(signature, by=alice)
    moderation.undo(signature, by=alice)
    events = Event.objects.filter(subject_id=signature.public_id).order_by("pk")
    assert [(event.act, event.reason, event.by) for event in events] == [
        ("approve", "", alice),
        ("undo", "approve", alice),
    ]


# --- what cannot be taken back -------------------------------------------------------------------------


def refused(signature, by):
    was = row(signature)
    with pytest.raises(NothingToUndo):
        moderation.undo(signature, by=by)
    assert row(signature) == was


def test_nothing_decided_is_nothing_to_take_back(alice):
    refused(make_signature(status="awaiting_moderation"), alice)


def test_a_colleagues_decision_stands(alice, bob):
    signature = make_signature(status="awaiting_moderation")
    moderation.approve(signature, by=alice)
    refused(signature, bob)


def test_after_five_minutes_it_stands(alice):
    signature = make_signature(status="awaiting_moderation")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        moderation.approve(signature, by=alice)
        clock.shift(timedelta(minutes=5, seconds=1))
        refused(signature, alice)


def test_it_is_taken_back_once(alice):
    signature = make_signature(status="awaiting_moderation")
    moderation.approve(signature, by=alice)
    moderation.undo(signature, by=alice)
    refused(signature, alice)


def test_what_its_signatory_did_since_is_not_undone(alice):
    signature = make_signature(status="published")
    moderation.hold(signature, by=alice)
    withdrawal.withdraw(signature)
    refused(signature, alice)


def test_what_a_colleague_decided_since_is_not_undone(alice, bob):
    signature = make_signature(status="awaiting_moderation")
    moderation.hold(signature, by=alice)
    moderation.approve(signature, by=bob)
    refused(signature, alice)


def test_an_erased_signature_does_not_come_back(alice):
    signature = make_signature(status="published")
    moderation.reject(signature, by=alice)
    withdrawal.erase(signature)
    refused(signature, alice)
    assert not Decision.objects.exists()


def test_a_claimed_place_is_not_given_back(alice):
    letter = make_letter()
    place = make_imported(letter)
    signature = make_signature(letter, status="awaiting_moderation")
    moderation.approve(signature, by=alice, organisation=place.organisation)
    refused(signature, alice)
    refused(place, alice)


def test_an_organisation_that_signed_again_meanwhile_keeps_its_one_signature(alice, bob):
    letter = make_letter()
    signature = make_signature(letter, status="published")
    moderation.reject(signature, by=alice)
    again = make_signature(letter, status="awaiting_moderation", name="Blue Kettle again")
    moderation.approve(again, by=bob, organisation=signature.organisation)
    refused(signature, alice)


def test_looking_at_the_contact_or_noting_something_is_not_in_the_way(alice, bob):
    signature = make_signature(status="awaiting_moderation")
    moderation.approve(signature, by=alice)
    moderation.remark(signature, by=bob, words="I know them.")
    assert undoing.last_decision(signature, by=alice) is not None
    moderation.undo(signature, by=alice)
    signature.refresh_from_db()
    assert signature.status == "awaiting_moderation"


def test_what_can_no_longer_be_taken_back_is_forgotten(alice):
    signature = make_signature(status="awaiting_moderation")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        moderation.hold(signature, by=alice)
        tasks.do_what_is_due()
        assert Decision.objects.exists()
        clock.shift(timedelta(minutes=6))
        tasks.do_what_is_due()
    assert not Decision.objects.exists()
