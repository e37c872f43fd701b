"""What staff decide: each decision does what it says, once, and refuses what it must."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters.models import Event, Letter
from signatories import moderation, tokens, wall, withdrawal
from signatories.contacts import unseal
from signatories.locking import SignatureEnded
from signatories.models import Contact, Organisation, Proposal, Purpose, Signature, SignatureStatus
from tests.factories import (
    make_co_contact,
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


# --- another person of an organisation that has signed -----------------------------------------------


@pytest.fixture
def standing():
    return make_signature(email="first@kettle.example")


def join(alice, standing, **fields):
    """A second person of the organisation signs, confirms, and is approved to speak for what stands."""
    fields = {"name": "Blue Kettle Kenya", "email": "second@kettle.example", **fields}
    second = waiting(standing.letter, **fields)
    returned = moderation.approve(second, by=alice, organisation=standing.organisation, as_co_contact=True)
    assert returned == standing
    return Signature.objects.get(pk=second.pk)


def now(signature):
    return Signature.objects.get(pk=signature.pk)


def test_a_second_person_speaks_for_the_signature_that_stands(alice, standing):
    letter = standing.letter
    second = join(alice, standing)

    assert (second.status, second.superseded_by, second.standing) == ("superseded", standing, standing)
    assert (second.organisation, second.ended_at is not None) == (standing.organisation, True)
    assert unseal(second.contact).email == "second@kettle.example"
    assert unseal(now(standing).contact).email == "first@kettle.example"
    assert names_on(letter) == ["Blue Kettle"]
    assert wall.counts(letter).organisations == 1
    assert revision_of(letter) == letter.revision
    assert sorted(mails_asked_for()) == [(standing.pk, "another_contact"), (second.pk, "co_contact")]
    events = Event.objects.order_by("pk").values_list("act", "subject_id", "reason", "by")
    assert list(events) == [
        ("approve", second.public_id, "co_contact", alice.pk),
        ("another_contact", standing.public_id, "", alice.pk),
    ]


def test_a_third_person_is_told_of_to_both(alice, standing):
    second = join(alice, standing)
    third = join(alice, standing, email="third@kettle.example")
    assert sorted(mails_asked_for()[2:]) == [
        (standing.pk, "another_contact"),
        (second.pk, "another_contact"),
        (third.pk, "co_contact"),
    ]


def test_nobody_speaks_beside_another_one_unless_the_moderator_says_so(alice, standing):
    second = waiting(standing.letter)
    with pytest.raises(moderation.OrganisationAlreadySigned):
        moderation.approve(second, by=alice, organisation=standing.organisation)
    assert now(second).status == "awaiting_moderation"


def test_who_is_the_first_is_no_second(alice):
    signature = waiting()
    published = moderation.approve(signature, by=alice, as_co_contact=True)
    assert (published, now(signature).status) == (signature, "published")


@pytest.mark.parametrize("status", ["awaiting_moderation", "held"])
def test_nobody_speaks_for_what_does_not_stand_yet(alice, status):
    organisation = make_organisation()
    first = make_signature(make_letter(), status=status, organisation=organisation)
    with pytest.raises(moderation.OrganisationAlreadySigned):
        moderation.approve(waiting(first.letter), by=alice, organisation=organisation, as_co_contact=True)


def test_an_imported_place_is_claimed_even_so(alice):
    place = make_imported(make_letter())
    signature = waiting(place.letter, name="Blue Kettle Circle")
    published = moderation.approve(signature, by=alice, organisation=place.organisation, as_co_contact=True)
    assert (published, now(signature).name) == (place, "")
    assert mails_asked_for() == [(place.pk, "published")]


def test_a_name_nobody_speaks_for_speaks_for_no_other_one(alice, standing):
    place = make_imported(standing.letter, line=7)
    moderation.hold(place, by=alice)
    with pytest.raises(moderation.OrganisationAlreadySigned):
        moderation.approve(place, by=alice, organisation=standing.organisation, as_co_contact=True)


@pytest.mark.parametrize(
    ("first", "second", "then"),
    [
        ("public", "counted_only", "counted_only"),
        ("public", "delivered_only", "delivered_only"),
        ("counted_only", "public", "counted_only"),
        ("delivered_only", "delivered_only", "delivered_only"),
    ],
)
def test_the_name_goes_as_far_as_both_of_them_chose(alice, first, second, then):
    standing = make_signature(visibility=first)
    letter = standing.letter
    join(alice, standing, visibility=second)
    assert now(standing).visibility == then
    assert bool(names_on(letter)) == (then == "public")
    assert revision_of(letter) == letter.revision + (first == "public" != then)


def test_a_recipient_that_one_of_them_excluded_is_excluded(alice, standing):
    second = waiting(standing.letter)
    recipient = standing.letter.recipients.get()
    second.excluded_recipients.add(recipient)
    moderation.approve(second, by=alice, organisation=standing.organisation, as_co_contact=True)
    assert list(standing.excluded_recipients.all()) == [recipient]


def test_the_links_of_the_second_person_lead_to_what_stands(alice, standing):
    second = waiting(standing.letter, name="Blue Kettle Kenya")
    link = tokens.mint(second, Purpose.OWN_PAGE).value
    moderation.approve(second, by=alice, organisation=standing.organisation, as_co_contact=True)
    assert tokens.find(link, Purpose.OWN_PAGE) == second
    assert tokens.find(link, Purpose.OWN_PAGE).standing == standing


@pytest.fixture
def _five_minutes(settings):
    settings.UNDO_FOR = timedelta(minutes=5)


@pytest.mark.usefixtures("_five_minutes")
def test_a_second_person_that_was_a_slip_waits_again_and_nobody_was_told(alice, standing, work, mailbox):
    was = Signature.objects.filter(pk=standing.pk).values().get()
    second = join(alice, standing, visibility="counted_only")
    assert now(standing).visibility == "counted_only"

    moderation.undo(second, by=alice)

    assert (now(second).status, now(second).superseded_by, now(second).ended_at) == (
        "awaiting_moderation",
        None,
        None,
    )
    assert Signature.objects.filter(pk=standing.pk).values().get() == was
    assert names_on(standing.letter) == ["Blue Kettle"]
    assert mails_asked_for() == []


@pytest.mark.usefixtures("_five_minutes")
def test_taking_the_third_person_back_leaves_the_second_one(alice, standing):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        second = join(alice, standing, visibility="delivered_only")
        clock.shift(timedelta(minutes=1))
        third = join(alice, standing, email="third@kettle.example", visibility="counted_only")
        moderation.undo(third, by=alice)
    assert now(second).superseded_by == standing
    assert now(standing).visibility == "delivered_only"
    assert sorted(mails_asked_for()) == [(standing.pk, "another_contact"), (second.pk, "co_contact")]


def test_a_second_person_who_turns_out_to_be_nobodys_is_rejected(alice, standing):
    second = join(alice, standing, visibility="counted_only")
    moderation.reject(second, by=alice, reason="not_authorised")
    second = now(second)
    assert (second.status, second.superseded_by, second.reject_reason) == (
        "rejected",
        None,
        "not_authorised",
    )
    assert (now(standing).status, now(standing).visibility) == ("published", "public")
    assert names_on(standing.letter) == ["Blue Kettle"]
    assert mails_asked_for()[-1] == (second.pk, "rejected")
    with pytest.raises(SignatureEnded):
        withdrawal.hide(second)


@pytest.mark.usefixtures("_five_minutes")
def test_who_was_rejected_by_a_slip_has_hidden_the_name_again(alice, standing):
    second = join(alice, standing)
    withdrawal.hide(second)
    moderation.reject(second, by=alice)
    assert names_on(standing.letter) == ["Blue Kettle"]
    moderation.undo(second, by=alice)
    assert now(second).superseded_by == standing
    assert names_on(standing.letter) == []


def test_what_stands_and_is_rejected_is_told_to_everybody(alice, standing):
    second = join(alice, standing)
    moderation.reject(standing, by=alice)
    assert sorted(mails_asked_for()[2:]) == [(standing.pk, "rejected"), (second.pk, "rejected")]


# --- settle ------------------------------------------------------------------------------------------


def disputed(letter, **fields):
    """One of two who speak for it has hidden the name, and the other one wants it shown."""
    signature = make_signature(letter, **fields)
    second = make_co_contact(signature)
    withdrawal.hide(second)
    withdrawal.choose_visibility(now(signature), visibility="public")
    assert now(signature).question == "contacts_disagree"
    DBTaskResult.objects.all().delete()
    return now(signature), second


@pytest.mark.parametrize(
    ("outcome", "status", "visibility", "mail", "bumps"),
    [
        ("keep_hidden", "published", "counted_only", "settled", 0),
        ("show_again", "published", "public", "settled", 1),
        ("withdraw", "withdrawn", "counted_only", "withdrawn", 1),
    ],
)
def test_staff_settle_what_contacts_disagree_about(alice, outcome, status, visibility, mail, bumps):
    signature, second = disputed(make_letter())
    before = revision_of(signature.letter)
    moderation.settle(signature, by=alice, outcome=outcome)
    settled = now(signature)
    assert (settled.status, settled.visibility, settled.question) == (status, visibility, "")
    assert bool(names_on(signature.letter)) == (outcome == "show_again")
    assert sorted(mails_asked_for()) == [(signature.pk, mail), (second.pk, mail)]
    assert revision_of(signature.letter) == before + bumps
    event = Event.objects.get(act="settle")
    assert (event.by, event.reason) == (alice, outcome)


@pytest.mark.parametrize("outcome", ["keep_hidden", "show_again"])
def test_what_was_settled_holds_for_all_of_them_until_one_narrows_it(alice, outcome):
    signature, second = disputed(make_letter())
    moderation.settle(signature, by=alice, outcome=outcome)
    settled = now(signature).visibility
    withdrawal.hide(second)
    withdrawal.choose_visibility(now(second), visibility=settled)
    assert now(signature).visibility == settled
    assert (now(signature).question, now(signature).agreed_visibility) == ("", "")


def test_a_wish_to_withdraw_that_is_settled_otherwise_shows_the_name_as_before(alice):
    signature = make_signature(visibility="delivered_only")
    withdrawal.withdraw(make_co_contact(signature))
    moderation.settle(signature, by=alice, outcome="show_again")
    assert (now(signature).status, now(signature).visibility) == ("published", "delivered_only")


@pytest.mark.usefixtures("_five_minutes")
@pytest.mark.parametrize("outcome", moderation.Outcome.values)
def test_what_was_settled_by_a_slip_is_open_again(alice, outcome):
    signature, _ = disputed(make_letter())
    was = Signature.objects.filter(pk=signature.pk).values().get()
    moderation.settle(signature, by=alice, outcome=outcome)
    moderation.undo(signature, by=alice)
    assert Signature.objects.filter(pk=signature.pk).values().get() == was
    assert names_on(signature.letter) == []
    assert mails_asked_for() == []


@pytest.mark.parametrize("question", ["organisation_doubted", "voucher_doubted", "vouch_revoked"])
def test_another_question_is_settled_by_letting_it_stand(alice, question):
    letter = make_letter()
    signature = make_signature(letter, question=question, asked_at=timezone.now())
    moderation.settle(signature, by=alice)
    assert (now(signature).status, now(signature).visibility) == ("published", "public")
    assert (now(signature).question, now(signature).asked_at) == ("", None)
    assert mails_asked_for() == []
    assert revision_of(letter) == letter.revision
    assert Event.objects.get().reason == question


def test_what_nobody_asked_is_not_settled(alice):
    letter = make_letter()
    corrected = make_signature(letter, name="Corrected")
    make_proposal(corrected)
    for signature in (make_signature(letter), corrected):
        with pytest.raises(moderation.NothingAsked):
            moderation.settle(signature, by=alice)


def test_an_outcome_that_is_none_is_an_error(alice):
    signature, _ = disputed(make_letter())
    with pytest.raises(ValueError, match="is not a valid Outcome"):
        moderation.settle(signature, by=alice, outcome="toss a coin")
    assert now(signature).question == "contacts_disagree"


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


def test_a_correction_of_what_is_held_waits_and_comes_back_when_it_is_published_again(alice):
    signature = make_signature()
    proposal = make_proposal(signature)
    moderation.hold(signature, by=alice)
    assert (now(signature).question, Proposal.objects.get()) == ("correction", proposal)
    moderation.approve(signature, by=alice)
    assert (now(signature).question, now(signature).asked_at) == ("correction", proposal.proposed_at)
    assert signature in Signature.objects.waiting_for_staff()
    moderation.accept_correction(signature, by=alice)
    assert (now(signature).question, now(signature).name) == ("", "Blue Kettle Circle")


def test_a_correction_may_be_accepted_while_it_is_held(alice):
    letter = make_letter()
    signature = make_signature(letter)
    make_proposal(signature)
    moderation.hold(signature, by=alice)
    moderation.accept_correction(signature, by=alice)
    assert (now(signature).question, now(signature).name) == ("", "Blue Kettle Circle")
    moderation.approve(signature, by=alice)
    assert names_on(letter) == ["Blue Kettle Circle"]


def test_what_is_rejected_or_withdrawn_has_no_open_question(alice):
    letter = make_letter()
    for end in (lambda s: moderation.reject(s, by=alice), withdrawal.withdraw):
        signature = make_signature(letter, question="voucher_doubted", asked_at=timezone.now())
        end(signature)
        assert (now(signature).question, now(signature).asked_at) == ("", None)


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
