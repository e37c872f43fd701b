"""What staff decide: each decision does what it says, once, and refuses what it must."""

import pytest
from django_tasks_db.models import DBTaskResult

from letters.models import Event, Letter
from signatories import moderation, tokens, wall, withdrawal
from signatories.contacts import unseal
from signatories.models import Contact, Organisation, Proposal, Purpose, Signature, SignatureStatus
from tests.factories import (
    make_imported,
    make_letter,
    make_organisation,
    make_proposal,
    make_signature,
    make_staff,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db

FACTS = moderation.Facts(country="UG", kind="ally", latin="Kettle", website="https://kettle.example")


@pytest.fixture
def alice(db):
    return make_staff()


def waiting(letter=None, **fields):
    return make_signature(letter, **{"status": "awaiting_moderation", **fields})


def mails_asked_for():
    return [tuple(job.args_kwargs["args"]) for job in DBTaskResult.objects.order_by("enqueued_at")]


def names_on(letter):
    return [one.name for one in wall.names(letter)]


def revision_of(letter):
    return Letter.objects.get(pk=letter.pk).revision


# --- approve -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["awaiting_moderation", "held"])
def test_approving_shows_the_name_and_makes_an_organisation(alice, status):
    letter = make_letter()
    signature = waiting(letter, status=status, is_network=True, website="https://kettle.example")

    approved = moderation.approve(signature, by=alice)
    signature.refresh_from_db()

    assert (approved, signature.status, signature.hold_reason) == (signature, "published", "")
    assert signature.published_at is not None
    organisation = Organisation.objects.get()
    assert signature.organisation == organisation
    assert (organisation.name, organisation.country, organisation.kind) == (
        "Blue Kettle",
        "KE",
        "refugee_led",
    )
    assert (organisation.is_network, organisation.website) == (True, "https://kettle.example")
    assert organisation.verification == "unverified"
    assert names_on(letter) == ["Blue Kettle"]
    assert revision_of(letter) == letter.revision + 1
    assert mails_asked_for() == [(signature.pk, "published")]
    event = Event.objects.get()
    assert (event.act, event.subject_id, event.by) == ("approve", signature.public_id, alice)


def test_approving_as_a_given_organisation_leaves_both_as_they_are(alice):
    organisation = make_organisation("Blue Kettle Society", country="UG", verification="verified")
    signature = moderation.approve(waiting(), by=alice, organisation=organisation)

    assert signature.organisation == organisation
    assert (signature.name, signature.country) == ("Blue Kettle", "KE")
    assert Organisation.objects.get().name == "Blue Kettle Society"


def test_approving_keeps_the_organisation_attached_at_confirming(alice):
    organisation = make_organisation(verification="verified")
    assert moderation.approve(waiting(organisation=organisation), by=alice).organisation == organisation
    assert Organisation.objects.count() == 1


@pytest.mark.parametrize("status", ["unconfirmed", "published", "rejected", "withdrawn", "superseded"])
def test_only_what_waits_is_approved(alice, status):
    letter = make_letter()
    signature = make_signature(letter, status=status)
    with pytest.raises(moderation.NotAwaitingModeration) as refusal:
        moderation.approve(signature, by=alice)
    assert refusal.value.status == status
    assert Signature.objects.get().status == status
    assert mails_asked_for() == []
    assert revision_of(letter) == letter.revision


def test_an_organisation_signs_a_letter_once(alice):
    first = make_signature()
    second = waiting(first.letter, name="Blue Kettle Kenya")
    with pytest.raises(moderation.OrganisationAlreadySigned) as refusal:
        moderation.approve(second, by=alice, organisation=first.organisation)
    second.refresh_from_db()
    assert refusal.value.signature == first
    assert (second.status, second.organisation) == ("awaiting_moderation", None)
    assert names_on(first.letter) == ["Blue Kettle"]
    assert Event.objects.count() == 0


def test_an_organisation_signs_every_letter_and_again_after_it_withdrew(alice):
    first = make_signature()
    elsewhere = waiting(make_letter("other"))
    assert moderation.approve(elsewhere, by=alice, organisation=first.organisation).status == "published"
    withdrawal.withdraw(first)
    again = waiting(first.letter, name="Blue Kettle again")
    assert moderation.approve(again, by=alice, organisation=first.organisation).status == "published"


def test_approving_again_after_a_hold_keeps_the_day_it_was_published(alice):
    signature = make_signature()
    moderation.hold(signature, by=alice)
    assert moderation.approve(signature, by=alice).published_at == signature.published_at


# --- claiming the place of an imported name ----------------------------------------------------------


def claim(alice, place, **fields):
    """A signatory comes to an imported name and is approved as its organisation."""
    fields = {
        "name": "Blue Kettle Circle",
        "country": "UG",
        "kind": "ally",
        "email": "amina@kettle.example",
    } | fields
    signature = waiting(place.letter, **fields)
    return signature, moderation.approve(signature, by=alice, organisation=place.organisation)


def test_a_signatory_claims_the_place_its_organisation_was_imported_to(alice):
    place = make_imported(make_letter())
    signature, published = claim(alice, place, language="ar", keep_contact=True)
    signature.refresh_from_db()

    assert published.pk == place.pk
    assert (published.status, published.name, published.country) == ("published", "Blue Kettle Circle", "UG")
    assert (published.kind, published.language, published.keep_contact) == ("ally", "ar", True)
    assert (published.source_line, published.published_at) == (1, place.published_at)
    assert published.confirmed_at is not None
    assert unseal(Contact.objects.get()).email == "amina@kettle.example"
    assert Contact.objects.get().signature == place
    assert signature.status == "superseded"
    assert names_on(place.letter) == ["Blue Kettle Circle"]
    assert wall.counts(place.letter).organisations == 1
    assert mails_asked_for() == [(place.pk, "published")]
    assert sorted(Event.objects.values_list("act", "subject_id")) == [
        ("approve", place.public_id),
        ("superseded", signature.public_id),
    ]


def test_the_links_that_were_mailed_lead_to_the_claimed_place(alice):
    place = make_imported(make_letter())
    signature = waiting(place.letter, name="Blue Kettle Circle")
    link = tokens.mint(signature, Purpose.OWN_PAGE).value
    moderation.approve(signature, by=alice, organisation=place.organisation)
    assert tokens.find(link, Purpose.OWN_PAGE) == place


def test_whoever_claims_its_place_and_wants_no_name_is_named_no_more(alice):
    place = make_imported(make_letter())
    claim(alice, place, visibility="counted_only")
    assert names_on(place.letter) == []
    assert wall.counts(place.letter).organisations == 1


@pytest.mark.parametrize(
    ("claimed", "standing", "then"),
    [
        ("counted_only", "", "counted_only"),
        ("", "counted_only", "counted_only"),
        ("delivered_only", "counted_only", "counted_only"),
        ("counted_only", "public", "counted_only"),
        ("", "", ""),
    ],
)
def test_a_name_that_staff_lowered_stays_lowered_when_its_place_is_claimed(alice, claimed, standing, then):
    place = make_imported(make_letter(), staff_cap=standing)
    _, published = claim(alice, place, staff_cap=claimed)
    assert published.staff_cap == then
    assert bool(names_on(place.letter)) == (then == "")


def test_a_recipient_that_was_excluded_stays_excluded_when_the_place_is_claimed(alice):
    place = make_imported(make_letter())
    signature = waiting(place.letter, name="Blue Kettle Circle")
    recipient = place.letter.recipients.get()
    signature.excluded_recipients.add(recipient)
    moderation.approve(signature, by=alice, organisation=place.organisation)
    assert list(place.excluded_recipients.all()) == [recipient]


def test_a_place_that_was_held_is_published_when_it_is_claimed(alice):
    place = make_imported(make_letter())
    moderation.hold(place, by=alice)
    _, published = claim(alice, place)
    assert (published.status, published.hold_reason) == ("published", "")
    assert names_on(place.letter) == ["Blue Kettle Circle"]


def test_nothing_of_a_claim_is_left_on_the_row_that_came_to_it(alice):
    """Its facts live on at the place; a second copy would outlive an erasure."""
    place = make_imported(make_letter())
    signature, published = claim(alice, place, website="https://k.example")
    withdrawal.erase(published)
    signature.refresh_from_db()
    assert (signature.name, signature.latin, signature.country, signature.website) == ("", "", "", "")
    assert Organisation.objects.count() == Contact.objects.count() == 0


def test_a_claimed_place_is_claimed_once(alice):
    place = make_imported(make_letter())
    claim(alice, place)
    second = waiting(place.letter, name="Blue Kettle, too")
    with pytest.raises(moderation.OrganisationAlreadySigned):
        moderation.approve(second, by=alice, organisation=place.organisation)
    assert names_on(place.letter) == ["Blue Kettle Circle"]


def test_one_imported_name_does_not_claim_another(alice):
    letter = make_letter()
    place, other = make_imported(letter), make_imported(letter, name="Blue Kettle (BK)", line=2)
    moderation.hold(other, by=alice)
    with pytest.raises(moderation.OrganisationAlreadySigned):
        moderation.approve(other, by=alice, organisation=place.organisation)
    other.refresh_from_db()
    assert other.status == "held"


# --- reject ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["awaiting_moderation", "held", "published"])
def test_rejecting_takes_it_off_the_wall_and_mails_the_reason(alice, status):
    letter = make_letter()
    signature = make_signature(letter, status=status)
    moderation.reject(signature, by=alice, reason="not_authorised")
    signature.refresh_from_db()

    assert (signature.status, signature.reject_reason) == ("rejected", "not_authorised")
    assert signature.ended_at is not None
    assert names_on(letter) == []
    assert mails_asked_for() == [(signature.pk, "rejected")]
    assert revision_of(letter) == letter.revision + (status == "published")
    event = Event.objects.get()
    assert (event.act, event.by, event.reason) == ("reject", alice, "not_authorised")


@pytest.mark.parametrize("status", ["unconfirmed", "rejected", "withdrawn", "superseded"])
def test_what_is_not_confirmed_or_has_ended_is_not_rejected(alice, status):
    signature = make_signature(status=status)
    with pytest.raises(moderation.NotAwaitingModeration):
        moderation.reject(signature, by=alice)
    assert mails_asked_for() == []


def test_a_phone_that_nobody_answers_is_rejected_unconfirmed(alice):
    signature = make_signature(status="unconfirmed", phone="+254700000000")
    assert moderation.reject(signature, by=alice, reason="no_answer").status == "rejected"
    assert mails_asked_for() == []


def test_rejecting_takes_the_proposal_with_it(alice):
    signature = make_signature()
    make_proposal(signature)
    moderation.reject(signature, by=alice)
    assert Proposal.objects.count() == 0


def test_a_reason_nobody_knows_is_an_error(alice):
    signature = waiting()
    for act in (moderation.reject, moderation.hold):
        with pytest.raises(ValueError, match="is not a valid"):
            act(signature, by=alice, reason="because")
    assert Signature.objects.get().status == "awaiting_moderation"


# --- hold --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["awaiting_moderation", "held", "published"])
def test_holding_sets_it_aside_and_mails_the_reason(alice, status):
    letter = make_letter()
    signature = make_signature(letter, status=status)
    moderation.hold(signature, by=alice, reason="doubtful_name")
    signature.refresh_from_db()

    assert (signature.status, signature.hold_reason) == ("held", "doubtful_name")
    assert names_on(letter) == []
    assert mails_asked_for() == [(signature.pk, "held")]
    assert revision_of(letter) == letter.revision + (status == "published")


@pytest.mark.parametrize("status", ["unconfirmed", "rejected", "withdrawn", "superseded"])
def test_what_is_not_confirmed_or_has_ended_is_not_held(alice, status):
    with pytest.raises(moderation.NotAwaitingModeration):
        moderation.hold(make_signature(status=status), by=alice)


# --- lower -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cap", ["counted_only", "delivered_only"])
def test_lowering_takes_the_name_away_and_lets_it_count(alice, cap):
    letter = make_letter()
    signature = make_signature(letter)
    moderation.lower(signature, by=alice, to=cap)
    assert names_on(letter) == []
    assert wall.counts(letter).organisations == 1
    assert revision_of(letter) == letter.revision + 1

    moderation.lower(signature, by=alice, to="")
    assert names_on(letter) == ["Blue Kettle"]
    assert revision_of(letter) == letter.revision + 2


def test_staff_cannot_name_who_chose_not_to_be_named(alice):
    signature = make_signature(visibility="counted_only")
    moderation.lower(signature, by=alice, to="public")
    assert names_on(signature.letter) == []
    signature.refresh_from_db()
    assert signature.visibility == "counted_only"


def test_lowering_what_nobody_sees_changes_no_revision(alice):
    letter = make_letter()
    for signature in (waiting(letter), make_signature(letter, visibility="counted_only")):
        moderation.lower(signature, by=alice, to="counted_only")
    assert revision_of(letter) == letter.revision


def test_a_cap_nobody_knows_is_an_error(alice):
    with pytest.raises(ValueError, match="is not a valid StaffCap"):
        moderation.lower(make_signature(), by=alice, to="half")


# --- complete ----------------------------------------------------------------------------------------


def test_staff_complete_what_an_imported_list_did_not_say(alice):
    letter = make_letter()
    place = make_imported(letter)
    moderation.complete(place, by=alice, facts=FACTS)
    place.refresh_from_db()
    assert (place.country, place.kind, place.latin, place.website) == (
        "UG",
        "ally",
        "Kettle",
        "https://kettle.example",
    )
    assert place.name == "Blue Kettle"
    assert wall.counts(place.letter).countries == 1
    assert revision_of(letter) == letter.revision + 1


def test_staff_do_not_rewrite_what_a_signatory_said(alice):
    signed, place = make_signature(), make_imported(make_letter("other"))
    claim(alice, place)
    for signature in (signed, place):
        with pytest.raises(moderation.NotCompletable):
            moderation.complete(signature, by=alice, facts=FACTS)
    signed.refresh_from_db()
    assert signed.country == "KE"


def test_an_imported_name_that_was_erased_is_not_completed(alice):
    place = make_imported(make_letter())
    withdrawal.erase(place)
    with pytest.raises(moderation.NotCompletable):
        moderation.complete(place, by=alice, facts=FACTS)
    place.refresh_from_db()
    assert (place.country, place.website) == ("", "")


# --- corrections -------------------------------------------------------------------------------------


def test_an_accepted_correction_takes_the_place_of_the_published_facts(alice):
    letter = make_letter()
    signature = make_signature(letter)
    make_proposal(signature, name="Zebra Kettle", latin="Zebra")
    moderation.accept_correction(signature, by=alice)
    signature.refresh_from_db()

    assert (signature.name, signature.latin, signature.country) == ("Zebra Kettle", "Zebra", "UG")
    assert signature.name_key == "zebra kettle"
    assert names_on(letter) == ["Zebra Kettle"]
    assert Proposal.objects.count() == 0
    assert mails_asked_for() == [(signature.pk, "correction_accepted")]
    assert revision_of(letter) == letter.revision + 1
    assert signature.organisation.name == "Blue Kettle"


def test_a_corrected_name_stands_in_its_new_place_of_the_list(alice):
    signature = make_signature()
    make_signature(signature.letter, name="Middle House")
    make_proposal(signature, name="Zebra Kettle")
    moderation.accept_correction(signature, by=alice)
    assert names_on(signature.letter) == ["Middle House", "Zebra Kettle"]


def test_a_declined_correction_leaves_the_published_facts(alice):
    letter = make_letter()
    signature = make_signature(letter)
    make_proposal(signature)
    moderation.decline_correction(signature, by=alice)
    assert names_on(letter) == ["Blue Kettle"]
    assert Proposal.objects.count() == 0
    assert mails_asked_for() == [(signature.pk, "correction_declined")]
    assert revision_of(letter) == letter.revision


@pytest.mark.parametrize("decide", [moderation.accept_correction, moderation.decline_correction])
def test_a_correction_is_decided_once(alice, decide):
    signature = make_signature()
    make_proposal(signature)
    decide(signature, by=alice)
    with pytest.raises(moderation.NothingProposed):
        decide(signature, by=alice)
    assert len(mails_asked_for()) == 1


# --- races -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (moderation.approve, moderation.approve),
        (moderation.approve, moderation.reject),
        (moderation.reject, moderation.reject),
    ],
)
def test_two_moderators_decide_the_same_row_and_one_wins(one, other):
    alice, bob = make_staff(), make_staff("bob")
    letter = make_letter()
    for round_number in range(4):
        signature = waiting(letter, name=f"House {round_number}")
        outcomes = at_once(lambda s=signature: one(s, by=alice), lambda s=signature: other(s, by=bob))
        refused = [each for each in outcomes if isinstance(each, moderation.NotAwaitingModeration)]
        won = [each for each in outcomes if isinstance(each, Signature)]
        # Rejecting what a colleague has just published is no conflict.
        may_both = (one, other) == (moderation.approve, moderation.reject)
        assert (len(won), len(refused)) in ([(1, 1), (2, 0)] if may_both else [(1, 1)]), outcomes
        signature.refresh_from_db()
        events = list(Event.objects.filter(subject_id=signature.public_id).order_by("pk"))
        assert len(events) == len(won)
        assert signature.status == {"approve": "published", "reject": "rejected"}[events[-1].act]


@pytest.mark.django_db(transaction=True)
def test_two_rows_approved_at_once_as_one_organisation_become_one_name():
    alice, bob = make_staff(), make_staff("bob")
    letter = make_letter()
    for number in range(4):
        organisation = make_organisation(f"House {number}")
        rows = [waiting(letter, name=f"House {number}", email=f"{who}{number}@k.example") for who in "ab"]
        outcomes = at_once(
            *[
                lambda row=row, by=by, to=organisation: moderation.approve(row, by=by, organisation=to)
                for row, by in zip(rows, (alice, bob), strict=True)
            ]
        )
        assert sorted(type(one).__name__ for one in outcomes) == ["OrganisationAlreadySigned", "Signature"]
        assert Signature.objects.published().filter(organisation=organisation).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_signatories_claim_one_place_at_once_and_one_gets_it():
    alice, bob = make_staff(), make_staff("bob")
    place = make_imported(make_letter())
    rows = [waiting(place.letter, name=f"Kettle {who}", email=f"{who}@k.example") for who in "ab"]
    outcomes = at_once(
        *[
            lambda row=row, by=by: moderation.approve(row, by=by, organisation=place.organisation)
            for row, by in zip(rows, (alice, bob), strict=True)
        ]
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["OrganisationAlreadySigned", "Signature"]
    assert Contact.objects.filter(signature=place).count() == 1
    assert sorted(Signature.objects.values_list("status", flat=True)) == [
        "awaiting_moderation",
        "published",
        "superseded",
    ]


@pytest.mark.django_db(transaction=True)
def test_many_letters_bumped_at_once_in_any_order_wait_for_nobody_for_ever():
    alice = make_staff()
    letters = [make_letter(f"letter-{number}") for number in range(4)]
    rows = [waiting(letter, name=f"{letter.slug} {n}") for letter in letters for n in range(4)]
    outcomes = at_once(*[lambda row=row: moderation.approve(row, by=alice) for row in rows])
    assert {one.status for one in outcomes} == {SignatureStatus.PUBLISHED}
    assert [revision_of(letter) for letter in letters] == [5, 5, 5, 5]
