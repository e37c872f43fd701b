"""Verified organisations vouch for others: whom one may ask, what two of them make, and how that ends."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters.models import Event, Letter
from signatories import moderation, verification, vouching, withdrawal
from signatories.locking import SignatureEnded
from signatories.models import Organisation, Signature, Vouch
from tests.factories import (
    make_co_contact,
    make_imported,
    make_letter,
    make_organisation,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_staff()


@pytest.fixture
def letter():
    return make_letter()


def waiting(letter, **fields):
    return make_signature(letter, **{"status": "awaiting_moderation", **fields})


def mails_asked_for():
    return [tuple(job.args_kwargs["args"]) for job in DBTaskResult.objects.order_by("enqueued_at")]


def verification_of(signature):
    return Organisation.objects.get(signatures=signature).verification


def question_of(signature):
    return Signature.objects.get(pk=signature.pk).question


def peer_verified(letter, *vouchers, **fields):
    """A published signature whose organisation these made verified by its peers."""
    signature = make_signature(letter, **fields)
    for voucher in vouchers:
        vouching.give(make_vouch(signature, voucher, status="asked"), how_known="same_place")
    assert verification_of(signature) == "peer_verified"
    return signature


# --- whom one may ask --------------------------------------------------------------------------------


def may_name(signature, search=""):
    return [one.name for one in vouching.possible_vouchers(signature, search)]


def test_verified_signatories_that_the_public_knows_may_be_named(letter):
    make_voucher(letter, name="Red Lantern")
    make_voucher(letter, name="Green Door", visibility="counted_only")
    make_voucher(letter, name="Quiet House", visibility="delivered_only")
    make_voucher(letter, name="Lowered House", staff_cap="counted_only")
    make_signature(letter, name="Unverified House")
    make_voucher(make_letter("secret", phase="gathering"), name="Early House", keep_contact=True)
    make_voucher(make_letter("held"), name="Held House", keep_contact=True, status="held")
    assert may_name(waiting(letter)) == ["Red Lantern"]


def test_who_cannot_be_written_to_is_not_offered(letter):
    make_voucher(letter, name="By phone", phone="+254700000000")
    organisation = make_organisation("On a list", verification="verified")
    make_imported(letter, name="On a list", organisation=organisation)
    make_voucher(letter, name="Forgotten").contact.delete()
    assert may_name(waiting(letter)) == []


def test_a_contact_of_another_letter_is_asked_only_if_it_may_be_kept_for_later_ones(letter):
    earlier = make_letter("earlier")
    make_voucher(earlier, name="Kept", keep_contact=True)
    make_voucher(earlier, name="Not kept")
    assert may_name(waiting(letter)) == ["Kept"]


def test_nobody_is_offered_itself_or_whom_it_has_named(letter):
    own, other = make_voucher(letter, name="Own"), make_voucher(letter, name="Other")
    assert may_name(own) == ["Other"]
    make_vouch(own, other, status="declined")
    assert may_name(own) == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("lantern", ["Red Lantern (RL)"]),
        ("RED  lan", ["Red Lantern (RL)"]),
        ("rl", ["Red Lantern (RL)"]),
        ("bayt", ["بيت اللاجئين"]),
        ("اللاجئين", ["بيت اللاجئين"]),
        ("kettle", []),
        ("%", []),
    ],
)
def test_a_search_finds_a_part_of_a_name_in_any_script(letter, search, found):
    make_voucher(letter, name="Red Lantern (RL)")
    make_voucher(letter, name="بيت اللاجئين", latin="Bayt al-Lajiin")
    assert may_name(waiting(letter), search) == found


def test_a_search_answers_with_a_handful(letter):
    for number in range(15):
        make_voucher(letter, name=f"House {number}")
    assert len(may_name(waiting(letter), "house")) == vouching.SHOWN + 1


def test_an_organisation_is_offered_once_by_the_name_it_signed_with_last(letter):
    first = make_voucher(letter, name="Old Name", published_at=timezone.now() - timedelta(days=9))
    make_signature(make_letter("later"), name="New Name", organisation=first.organisation, keep_contact=True)
    assert may_name(waiting(letter)) == ["New Name"]


# --- asking ------------------------------------------------------------------------------------------


def test_who_is_asked_gets_a_mail_and_nothing_public_changes(letter):
    voucher, signature = make_voucher(letter), waiting(letter)
    (vouch,) = vouching.ask(signature, vouchers=[voucher.organisation])
    assert (vouch.status, vouch.voucher, vouch.recorded_by) == ("asked", voucher.organisation, None)
    assert mails_asked_for() == [(voucher.pk, "asked_to_vouch")]
    event = Event.objects.get()
    assert (event.act, event.subject_id, event.by) == ("ask_to_vouch", signature.public_id, None)
    assert event.reason == voucher.organisation.public_id
    assert Letter.objects.get().revision == letter.revision


def test_everybody_who_speaks_for_it_is_asked(letter):
    voucher, signature = make_voucher(letter), waiting(letter)
    second = make_co_contact(voucher)
    make_co_contact(voucher, phone="+254700000000")
    vouching.ask(signature, vouchers=[voucher.organisation])
    assert sorted(mails_asked_for()) == [(voucher.pk, "asked_to_vouch"), (second.pk, "asked_to_vouch")]


def test_it_is_asked_under_the_same_letter_first(letter):
    earlier, signature = make_letter("earlier"), waiting(letter)
    before = make_voucher(earlier, keep_contact=True)
    here = make_signature(letter, name="Red Lantern", organisation=before.organisation)
    vouching.ask(signature, vouchers=[before.organisation])
    assert mails_asked_for() == [(here.pk, "asked_to_vouch")]


def test_asking_the_same_one_twice_changes_nothing(letter):
    voucher, signature = make_voucher(letter), waiting(letter)
    vouching.ask(signature, vouchers=[voucher.organisation] * 2)
    for status in ("asked", "given", "declined", "revoked"):
        Vouch.objects.update(status=status)
        assert vouching.ask(signature, vouchers=[voucher.organisation]) == []
        assert Vouch.objects.get().status == status
    assert len(mails_asked_for()) == Event.objects.count() == 1


def test_a_signatory_names_three_at_most_whatever_they_answered(letter):
    vouchers = [make_voucher(letter, name=f"House {number}") for number in range(4)]
    signature = waiting(letter)
    vouching.ask(signature, vouchers=[one.organisation for one in vouchers[:3]])
    Vouch.objects.update(status="declined")
    with pytest.raises(vouching.TooManyAsked):
        vouching.ask(signature, vouchers=[vouchers[3].organisation])
    with pytest.raises(vouching.TooManyAsked):
        vouching.ask(waiting(letter), vouchers=[one.organisation for one in vouchers])
    assert len(mails_asked_for()) == 3


def test_staff_may_ask_more_and_one_that_is_not_named_in_public(alice, letter):
    vouchers = [make_voucher(letter, name=f"House {n}", visibility="counted_only") for n in range(4)]
    signature = waiting(letter)
    vouching.ask(signature, vouchers=[one.organisation for one in vouchers], by=alice)
    assert Vouch.objects.count() == 4
    assert {event.by for event in Event.objects.all()} == {alice}


def test_an_organisation_is_asked_ten_times_a_week_and_no_more(alice, letter):
    voucher = make_voucher(letter)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(10):
            vouching.ask(waiting(letter, name=f"House {number}"), vouchers=[voucher.organisation])
        for by in (None, alice):
            with pytest.raises(vouching.AskedTooOften):
                vouching.ask(waiting(letter), vouchers=[voucher.organisation], by=by)
        assert len(mails_asked_for()) == 10
        clock.shift(timedelta(days=7, seconds=1))
        vouching.ask(waiting(letter), vouchers=[voucher.organisation])
    assert len(mails_asked_for()) == 11


@pytest.mark.parametrize("level", ["unverified", "peer_verified", "doubtful", "rejected"])
def test_only_who_staff_have_verified_is_asked(alice, letter, level):
    voucher = make_voucher(letter)
    Organisation.objects.filter(pk=voucher.organisation_id).update(verification=level)
    for by in (None, alice):
        with pytest.raises(vouching.NotAVoucher):
            vouching.ask(waiting(letter), vouchers=[voucher.organisation], by=by)


def test_a_signatory_asks_neither_itself_nor_one_that_is_not_named_in_public(letter):
    own = make_voucher(letter)
    hidden = make_voucher(letter, name="Quiet House", visibility="counted_only")
    for vouchers in ([own.organisation], [hidden.organisation], [make_organisation("Nobody")]):
        with pytest.raises(vouching.NotAVoucher):
            vouching.ask(own, vouchers=vouchers)
    assert mails_asked_for() == []


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        ("unconfirmed", vouching.NotConfirmedYet),
        ("rejected", SignatureEnded),
        ("withdrawn", SignatureEnded),
        ("superseded", SignatureEnded),
    ],
)
def test_nobody_is_asked_about_what_is_not_confirmed_or_has_ended(alice, letter, status, refusal):
    voucher, signature = make_voucher(letter), make_signature(letter, status=status)
    with pytest.raises(refusal):
        vouching.ask(signature, vouchers=[voucher.organisation])
    with pytest.raises(refusal):
        vouching.record(signature, voucher=voucher.organisation, how_known="same_place", by=alice)
    assert Vouch.objects.count() == 0


@pytest.mark.parametrize("status", ["awaiting_moderation", "held", "published"])
def test_what_is_confirmed_may_ask(letter, status):
    voucher, signature = make_voucher(letter), make_signature(letter, status=status)
    assert len(vouching.ask(signature, vouchers=[voucher.organisation])) == 1


def test_one_that_cannot_be_asked_stops_the_others_too(letter):
    good, bad = make_voucher(letter), make_voucher(letter, name="Gone")
    bad.contact.delete()
    with pytest.raises(vouching.NotAVoucher):
        vouching.ask(waiting(letter), vouchers=[good.organisation, bad.organisation])
    assert (Vouch.objects.count(), mails_asked_for()) == (0, [])


# --- answering ---------------------------------------------------------------------------------------


def test_a_word_is_given_once_and_says_how_it_is_known(letter):
    voucher, signature = make_voucher(letter), waiting(letter)
    vouch = make_vouch(signature, voucher, status="asked")
    vouching.give(vouch, how_known="worked_together")
    vouching.give(vouch, how_known="same_place")
    vouch.refresh_from_db()
    assert (vouch.status, vouch.how_known, vouch.recorded_by) == ("given", "worked_together", None)
    assert vouch.answered_at is not None
    assert [(event.act, event.reason) for event in Event.objects.all()] == [
        ("vouch", voucher.organisation.public_id)
    ]


def test_a_way_of_knowing_that_is_none_is_an_error(letter):
    vouch = make_vouch(waiting(letter), make_voucher(letter), status="asked")
    with pytest.raises(ValueError, match="is not a valid HowKnown"):
        vouching.give(vouch, how_known="heard of")
    assert Vouch.objects.get().status == "asked"


@pytest.mark.parametrize("status", ["declined", "revoked"])
def test_a_mind_is_changed_for_the_better(letter, status):
    vouch = make_vouch(waiting(letter), make_voucher(letter), status=status)
    assert vouching.give(vouch, how_known="same_network").status == "given"


def test_who_does_not_know_it_says_so_and_nothing_follows(letter):
    signature = make_signature(letter)
    vouch = make_vouch(signature, make_voucher(letter), status="asked")
    vouching.decline(vouch)
    vouching.decline(vouch)
    vouch.refresh_from_db()
    assert (vouch.status, question_of(signature)) == ("declined", "")
    assert [event.act for event in Event.objects.all()] == ["decline_to_vouch"]


def test_a_word_that_was_given_is_taken_back_and_not_declined(letter):
    vouch = make_vouch(waiting(letter), make_voucher(letter))
    with pytest.raises(vouching.AlreadyAnswered):
        vouching.decline(vouch)
    vouching.revoke(vouch)
    vouching.revoke(vouch)
    assert Vouch.objects.get().status == "revoked"
    assert [event.act for event in Event.objects.all()] == ["revoke_vouch"]


@pytest.mark.parametrize("status", ["asked", "declined"])
def test_what_was_never_given_is_not_taken_back(letter, status):
    with pytest.raises(vouching.NotGiven):
        vouching.revoke(make_vouch(waiting(letter), make_voucher(letter), status=status))


@pytest.mark.parametrize("level", ["unverified", "peer_verified", "doubtful", "rejected"])
def test_who_is_verified_no_longer_vouches_for_nobody(letter, level):
    voucher = make_voucher(letter)
    vouch = make_vouch(waiting(letter), voucher, status="asked")
    Organisation.objects.filter(pk=voucher.organisation_id).update(verification=level)
    with pytest.raises(vouching.NotAVoucher):
        vouching.give(vouch, how_known="same_place")


@pytest.mark.parametrize(
    "answer", [vouching.decline, vouching.revoke, lambda v: vouching.give(v, how_known="same_place")]
)
def test_nobody_answers_about_what_is_erased(letter, answer):
    vouch = make_vouch(make_signature(letter), make_voucher(letter))
    withdrawal.erase(vouch.signature)
    with pytest.raises(SignatureEnded):
        answer(vouch)


@pytest.mark.parametrize("answer", [vouching.decline, lambda v: vouching.give(v, how_known="same_place")])
def test_nobody_answers_about_what_has_ended(letter, answer):
    vouch = make_vouch(make_signature(letter, status="withdrawn"), make_voucher(letter), status="asked")
    with pytest.raises(SignatureEnded):
        answer(vouch)


def test_staff_write_down_what_they_heard(alice, letter):
    voucher, signature = make_voucher(letter), waiting(letter)
    vouch = vouching.record(signature, voucher=voucher.organisation, how_known="know_people", by=alice)
    again = vouching.record(signature, voucher=voucher.organisation, how_known="same_place", by=alice)
    assert again == vouch
    vouch.refresh_from_db()
    assert (vouch.status, vouch.how_known, vouch.recorded_by) == ("given", "know_people", alice)
    assert mails_asked_for() == []
    assert [(event.act, event.by) for event in Event.objects.all()] == [("vouch", alice)]


def test_staff_write_down_the_answer_of_one_that_was_asked(alice, letter):
    voucher, signature = make_voucher(letter), waiting(letter)
    vouch = make_vouch(signature, voucher, status="asked")
    vouching.record(signature, voucher=voucher.organisation, how_known="same_place", by=alice)
    vouch.refresh_from_db()
    assert (vouch.status, vouch.recorded_by) == ("given", alice)


# --- what two of them make ---------------------------------------------------------------------------


def test_two_verified_organisations_make_a_third_one_verified_by_its_peers(letter):
    signature = make_signature(letter)
    first, second = (make_vouch(signature, make_voucher(letter, name=n), status="asked") for n in "AB")
    vouching.give(first, how_known="same_place")
    assert verification_of(signature) == "unverified"
    vouching.give(second, how_known="same_place")
    assert verification_of(signature) == "peer_verified"
    event = Event.objects.get(act="verify")
    assert (event.subject_kind, event.subject_id) == ("organisation", signature.organisation.public_id)
    assert (event.by, event.reason) == (None, "peer_verified")
    assert Letter.objects.get().revision == letter.revision + 1  # its pages mark it now


def test_words_given_before_the_approval_count_at_it(alice, letter):
    signature = waiting(letter)
    for name in "AB":
        vouch = make_vouch(signature, make_voucher(letter, name=name), status="asked")
        vouching.give(vouch, how_known="same_place")
    moderation.approve(signature, by=alice)
    assert verification_of(signature) == "peer_verified"


def test_words_about_two_signatures_of_one_organisation_add_up(alice, letter):
    organisation = make_organisation()
    for slug, name in (("one", "A"), ("two", "B")):
        signature = make_signature(make_letter(slug), organisation=organisation)
        vouching.record(
            signature,
            voucher=make_voucher(letter, name=name).organisation,
            how_known="same_place",
            by=alice,
        )
    assert verification_of(signature) == "peer_verified"


def test_words_about_one_who_claims_its_place_go_with_it(alice, letter):
    place, signature = make_imported(letter), waiting(letter)
    for name in "AB":
        make_vouch(signature, make_voucher(letter, name=name))
    moderation.approve(signature, by=alice, organisation=place.organisation)
    assert verification_of(place) == "peer_verified"
    assert {vouch.signature for vouch in Vouch.objects.all()} == {place}


def test_two_words_of_one_organisation_are_one(alice, letter):
    voucher, organisation = make_voucher(letter), make_organisation()
    for slug in ("one", "two"):
        signature = make_signature(make_letter(slug), organisation=organisation)
        vouching.record(signature, voucher=voucher.organisation, how_known="same_place", by=alice)
    assert verification_of(signature) == "unverified"


@pytest.mark.parametrize(
    ("places", "then"),
    [
        (("camp", "town", "lake"), "peer_verified"),
        (("", "", ""), "peer_verified"),
        (("", "camp", "camp"), "unverified"),
        (("camp", "camp", "town"), "unverified"),
        (("camp", "", "town"), "peer_verified"),
    ],
)
def test_what_came_from_one_place_is_one_word(letter, places, then):
    """Places of the one that is vouched for, and of the two that vouch."""
    own, first, second = places
    signature = make_signature(letter, batch=own)
    for name, place in (("A", first), ("B", second)):
        vouch = make_vouch(signature, make_voucher(letter, name=name, batch=place), status="asked")
        vouching.give(vouch, how_known="same_place")
    assert verification_of(signature) == then


def test_two_of_three_from_one_place_and_one_from_another_are_enough(letter):
    signature = make_signature(letter)
    for name, place in (("A", "camp"), ("B", "camp"), ("C", "town")):
        vouch = make_vouch(signature, make_voucher(letter, name=name, batch=place), status="asked")
        vouching.give(vouch, how_known="same_place")
    assert verification_of(signature) == "peer_verified"


@pytest.mark.parametrize("level", ["verified", "doubtful", "rejected"])
def test_what_staff_decided_stands_whoever_vouches(letter, level):
    signature = make_signature(letter)
    Organisation.objects.filter(pk=signature.organisation_id).update(verification=level)
    for name in "AB":
        vouch = make_vouch(signature, make_voucher(letter, name=name), status="asked")
        vouching.give(vouch, how_known="same_place")
    assert verification_of(signature) == level
    vouching.revoke(vouch)
    assert (verification_of(signature), question_of(signature)) == (level, "")


def test_an_organisation_does_not_vouch_for_itself(alice, letter):
    own = make_voucher(letter)
    with pytest.raises(vouching.NotAVoucher):
        vouching.record(own, voucher=own.organisation, how_known="same_place", by=alice)


def test_a_voucher_that_turns_out_to_be_the_organisation_itself_does_not_count(alice, letter):
    """Asked before anybody knew whose signature it was."""
    own, other = make_voucher(make_letter("earlier"), keep_contact=True), make_voucher(letter, name="Other")
    Organisation.objects.filter(pk=own.organisation_id).update(verification="verified")
    signature = waiting(letter)
    for voucher in (own, other):
        vouch = make_vouch(signature, voucher, status="asked")
        vouching.give(vouch, how_known="same_place")
    Organisation.objects.filter(pk=own.organisation_id).update(verification="unverified")
    moderation.approve(signature, by=alice, organisation=own.organisation)
    assert verification_of(signature) == "unverified"


# --- how that ends -----------------------------------------------------------------------------------


@pytest.mark.parametrize("by_staff", [False, True])
def test_a_word_that_is_taken_back_brings_what_rested_on_it_before_staff(alice, letter, by_staff):
    first, second = (make_voucher(letter, name=name) for name in "AB")
    signature = peer_verified(letter, first, second)
    elsewhere = make_signature(make_letter("other"), organisation=signature.organisation)
    held = make_signature(make_letter("third"), organisation=signature.organisation, status="held")
    vouching.revoke(Vouch.objects.get(voucher=first.organisation), by=alice if by_staff else None)
    assert verification_of(signature) == "unverified"
    assert question_of(signature) == question_of(elsewhere) == "vouch_revoked"
    assert question_of(held) == ""
    assert {signature, elsewhere, held} == set(Signature.objects.waiting_for_staff())
    assert Signature.objects.get(pk=signature.pk).status == "published"
    assert Event.objects.get(act="revoke_vouch").by == (alice if by_staff else None)


def test_a_third_voucher_holds_it(letter):
    vouchers = [make_voucher(letter, name=name) for name in "ABC"]
    signature = peer_verified(letter, *vouchers)
    vouching.revoke(Vouch.objects.get(voucher=vouchers[0].organisation))
    assert (verification_of(signature), question_of(signature)) == ("peer_verified", "")


def test_a_voucher_that_is_erased_takes_its_word_with_it(letter):
    first, second = (make_voucher(letter, name=name) for name in "AB")
    signature = peer_verified(letter, first, second)
    withdrawal.erase(first)
    assert verification_of(signature) == "unverified"
    assert question_of(signature) == "vouch_revoked"
    assert not Organisation.objects.filter(pk=first.organisation_id).exists()


def test_a_voucher_that_stays_with_another_signature_keeps_its_word(letter):
    first, second = (make_voucher(letter, name=name) for name in "AB")
    make_signature(make_letter("other"), organisation=first.organisation)
    signature = peer_verified(letter, first, second)
    withdrawal.erase(first)
    assert (verification_of(signature), question_of(signature)) == ("peer_verified", "")


def test_words_about_what_was_erased_hold_nothing_up(letter):
    first, second = (make_voucher(letter, name=name) for name in "AB")
    signature = peer_verified(letter, first, second)
    other = make_signature(make_letter("other"), organisation=signature.organisation)
    withdrawal.erase(signature)
    assert Vouch.objects.count() == 0
    assert (verification_of(other), question_of(other)) == ("unverified", "vouch_revoked")


def test_an_approval_that_is_taken_back_takes_its_vouchers_along(alice, letter, settings):
    settings.UNDO_FOR = timedelta(minutes=5)
    signature, organisation = waiting(letter), make_signature(make_letter("other")).organisation
    for name in "AB":
        make_vouch(signature, make_voucher(letter, name=name))
    moderation.approve(signature, by=alice, organisation=organisation)
    assert verification_of(signature) == "peer_verified"
    moderation.undo(signature, by=alice)
    organisation.refresh_from_db()
    assert organisation.verification == "unverified"
    assert not Signature.objects.exclude(question="").exists()  # it was nothing more than a slip


def test_who_settles_the_question_lets_it_stand(alice, letter):
    first, second = (make_voucher(letter, name=name) for name in "AB")
    signature = peer_verified(letter, first, second)
    vouching.revoke(Vouch.objects.get(voucher=first.organisation))
    moderation.settle(signature, by=alice)
    assert question_of(signature) == ""
    assert verification_of(signature) == "unverified"


# --- what an organisation is shown -------------------------------------------------------------------


def test_an_organisation_sees_what_it_is_asked_and_what_it_gave(letter):
    voucher = make_voucher(letter)
    asked = make_vouch(waiting(letter, name="Asks"), voucher, status="asked")
    given = make_vouch(waiting(letter, name="Known"), voucher)
    make_vouch(make_signature(letter, name="Gone", status="withdrawn"), voucher, status="asked")
    make_vouch(waiting(letter, name="Declined"), voucher, status="declined")
    make_vouch(waiting(letter, name="Other"), make_voucher(letter, name="Green"), status="asked")
    assert vouching.asked_of(voucher.organisation) == [asked]
    assert vouching.given_by(voucher.organisation) == [given]


# --- races -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_that_take_their_word_back_at_once_leave_nothing_standing():
    letter = make_letter()
    for number in range(6):
        vouchers = [make_voucher(letter, name=f"{name}{number}") for name in "ABC"]
        signature = peer_verified(letter, *vouchers, name=f"House {number}")
        vouches = Vouch.objects.filter(signature=signature).order_by("pk")
        outcomes = at_once(*[lambda v=vouch: vouching.revoke(v) for vouch in vouches[:2]])
        assert {type(one) for one in outcomes} == {Vouch}, outcomes
        assert verification_of(signature) == "unverified"
        assert question_of(signature) == "vouch_revoked"
        said = Event.objects.filter(act="verify", subject_id=signature.organisation.public_id)
        assert [event.reason for event in said.order_by("pk")] == ["peer_verified", "unverified"]


@pytest.mark.django_db(transaction=True)
def test_two_that_give_their_word_at_once_are_two():
    letter = make_letter()
    for number in range(6):
        signature = make_signature(letter, name=f"House {number}")
        vouches = [
            make_vouch(signature, make_voucher(letter, name=f"{name}{number}"), status="asked")
            for name in "AB"
        ]
        outcomes = at_once(*[lambda v=v: vouching.give(v, how_known="same_place") for v in vouches])
        assert {type(one) for one in outcomes} == {Vouch}, outcomes
        assert verification_of(signature) == "peer_verified"


@pytest.mark.django_db(transaction=True)
def test_a_word_given_while_its_voucher_is_doubted_holds_nothing_up():
    alice, letter = make_staff(), make_letter()
    for number in range(8):
        first, second = (make_voucher(letter, name=f"{name}{number}") for name in "AB")
        signature = make_signature(letter, name=f"House {number}")
        make_vouch(signature, second)
        vouch = make_vouch(signature, first, status="asked")
        given, doubted = at_once(
            lambda v=vouch: vouching.give(v, how_known="same_place"),
            lambda o=first.organisation: verification.verify(o, by=alice, verification="doubtful"),
        )
        assert isinstance(given, Vouch | vouching.NotAVoucher), repr(given)
        assert isinstance(doubted, Organisation), repr(doubted)
        assert verification_of(signature) == "unverified"


@pytest.mark.django_db(transaction=True)
def test_an_approval_while_a_voucher_is_doubted_rests_on_nothing():
    alice, bob, letter = make_staff(), make_staff("bob"), make_letter()
    for number in range(8):
        first, second = (make_voucher(letter, name=f"{name}{number}") for name in "AB")
        signature = waiting(letter, name=f"House {number}")
        for voucher in (first, second):
            make_vouch(signature, voucher)
        approved, doubted = at_once(
            lambda s=signature: moderation.approve(s, by=alice),
            lambda o=first.organisation: verification.verify(o, by=bob, verification="doubtful"),
        )
        assert isinstance(approved, Signature), repr(approved)
        assert isinstance(doubted, Organisation), repr(doubted)
        assert verification_of(signature) == "unverified"


@pytest.mark.django_db(transaction=True)
def test_organisations_that_vouch_for_each_other_wait_for_nobody_for_ever():
    """Each act locks what the other one locks, from the other end."""
    alice, bob, letter = make_staff(), make_staff("bob"), make_letter()
    signatures = [make_voucher(letter, name=f"House {number}") for number in range(4)]
    for signature in signatures:
        for voucher in signatures:
            if voucher != signature:
                make_vouch(signature, voucher)
    for level in ("doubtful", "verified", "unverified", "verified"):
        outcomes = at_once(
            *[
                lambda s=signature, by=by, level=level: verification.verify(
                    s.organisation, by=by, verification=level
                )
                for signature, by in zip(signatures, (alice, bob, alice, bob), strict=True)
            ],
            *[lambda s=signature: withdrawal.hide(s) for signature in signatures],
        )
        assert [one for one in outcomes if isinstance(one, Exception)] == []


@pytest.mark.django_db(transaction=True)
def test_one_voucher_asked_by_many_at_once_is_asked_ten_times():
    letter = make_letter()
    voucher = make_voucher(letter)
    askers = [waiting(letter, name=f"House {number}") for number in range(16)]
    outcomes = at_once(*[lambda s=s: vouching.ask(s, vouchers=[voucher.organisation]) for s in askers])
    refused = [one for one in outcomes if isinstance(one, vouching.AskedTooOften)]
    assert (Vouch.objects.count(), len(refused)) == (10, 6)
