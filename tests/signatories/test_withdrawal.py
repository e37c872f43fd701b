"""The signatory's own rights: correct, choose who sees the name, hide, withdraw, erase. At once and for good."""

import pytest
from django.db import connection
from django_tasks_db.models import DBTaskResult

from letters import revision
from letters.models import Event, Letter
from signatories import moderation, tokens, wall, withdrawal
from signatories.contacts import ContactDetails
from signatories.locking import SignatureEnded
from signatories.models import (
    Contact,
    Decision,
    Organisation,
    Proposal,
    Purpose,
    Reading,
    Remark,
    Signature,
    SignatureStatus,
    Token,
    Vouch,
)
from signatories.visibility import Visibility
from tests.factories import (
    make_co_contact,
    make_imported,
    make_letter,
    make_organisation,
    make_proposal,
    make_recipient,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db

ENDED = ("rejected", "withdrawn", "superseded")
CORRECTION = withdrawal.Correction(
    name="Zebra Kettle", latin="Zebra", country="UG", kind="ally", website="https://zebra.example"
)


def as_it_is(signature):
    fields = ("name", "latin", "country", "kind", "website")
    return withdrawal.Correction(**{field: getattr(signature, field) for field in fields})


def mails_asked_for():
    return [tuple(job.args_kwargs["args"]) for job in DBTaskResult.objects.order_by("enqueued_at")]


def names_on(letter):
    return [one.name for one in wall.names(letter)]


def revision_of(letter):
    return Letter.objects.get(pk=letter.pk).revision


def row_of(signature):
    """The row as the database has it, with every column."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_to_json(s)::text FROM signatories_signature s WHERE id = %s", [signature.pk]
        )
        return cursor.fetchone()[0]


# --- correct -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["unconfirmed", "awaiting_moderation", "held"])
def test_what_is_not_published_is_corrected_at_once(status):
    letter = make_letter()
    signature = make_signature(letter, status=status)
    withdrawal.correct(signature, correction=CORRECTION)
    signature.refresh_from_db()

    assert as_it_is(signature) == CORRECTION
    assert signature.name_key == "zebra kettle"
    assert Proposal.objects.count() == 0
    assert Event.objects.get().act == "correct"
    assert revision_of(letter) == letter.revision


def test_a_correction_of_what_is_published_waits_beside_it():
    letter = make_letter()
    signature = make_signature(letter)
    withdrawal.correct(signature, correction=CORRECTION)

    assert names_on(letter) == ["Blue Kettle"]
    assert as_it_is(Proposal.objects.get()) == CORRECTION
    assert list(Signature.objects.waiting_for_staff()) == [signature]
    assert Event.objects.get().act == "propose_correction"
    assert revision_of(letter) == letter.revision


def test_the_last_correction_is_the_one_that_waits():
    signature = make_signature()
    withdrawal.correct(signature, correction=CORRECTION)
    moment = Proposal.objects.get().proposed_at
    withdrawal.correct(signature, correction=withdrawal.Correction(**{**vars(CORRECTION), "country": "SO"}))
    assert Proposal.objects.get().country == "SO"
    assert Proposal.objects.get().proposed_at > moment


def test_correcting_back_to_what_stands_takes_the_proposal_away():
    signature = make_signature()
    withdrawal.correct(signature, correction=CORRECTION)
    withdrawal.correct(signature, correction=as_it_is(signature))
    assert Proposal.objects.count() == 0
    assert Event.objects.count() == 1


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize(
    "act",
    [
        lambda signature: withdrawal.correct(signature, correction=CORRECTION),
        lambda signature: withdrawal.choose_visibility(signature, visibility="public"),
        withdrawal.hide,
    ],
)
def test_what_has_ended_is_neither_corrected_nor_shown(status, act):
    signature = make_signature(status=status, visibility="counted_only")
    with pytest.raises(SignatureEnded):
        act(signature)
    signature.refresh_from_db()
    assert (signature.name, signature.visibility) == ("Blue Kettle", "counted_only")


# --- choose who sees the name ------------------------------------------------------------------------


def test_hiding_takes_the_name_away_and_lets_it_count(client):
    letter = make_letter()
    signature = make_signature(letter)
    assert "Blue Kettle" in client.get("/letters/asylum/").content.decode()

    withdrawal.hide(signature)

    assert "Blue Kettle" not in client.get("/letters/asylum/").content.decode()
    assert wall.counts(letter).organisations == 1
    assert revision_of(letter) == letter.revision + 1
    assert (Event.objects.get().act, Event.objects.get().reason) == ("choose_visibility", "counted_only")


def test_a_hidden_name_comes_back_when_its_signatory_says_so():
    letter = make_letter()
    signature = make_signature(letter, visibility="counted_only")
    withdrawal.choose_visibility(signature, visibility="public")
    assert names_on(letter) == ["Blue Kettle"]


def test_a_signatory_says_whom_its_name_is_never_handed_to():
    letter = make_letter()
    kenya, uganda = make_recipient(letter, country="KE"), make_recipient(letter, country="UG")
    signature = make_signature(letter)
    withdrawal.never_name_to(signature, [kenya])
    withdrawal.never_name_to(signature, [kenya])
    to_kenya, to_uganda = wall.handed_to(letter, [kenya, uganda])
    assert to_kenya[1] == []
    assert [one.name for one in to_uganda[1]] == ["Blue Kettle"]
    assert Event.objects.get().act == "choose_recipients"
    withdrawal.never_name_to(signature, [])
    assert [one.name for one in wall.handed_to(letter, [kenya])[0][1]] == ["Blue Kettle"]


def test_one_of_several_contacts_takes_no_recipient_away_from_another():
    letter = make_letter()
    kenya, uganda = make_recipient(letter, country="KE"), make_recipient(letter, country="UG")
    standing = make_signature(letter)
    second = make_co_contact(standing)
    withdrawal.never_name_to(standing, [kenya])
    withdrawal.never_name_to(second, [uganda])
    assert set(standing.excluded_recipients.all()) == {kenya, uganda}


def test_a_name_that_staff_lowered_does_not_come_back():
    letter = make_letter()
    signature = make_signature(letter, visibility="counted_only", staff_cap="counted_only")
    withdrawal.choose_visibility(signature, visibility="public")
    assert names_on(letter) == []


@pytest.mark.parametrize(
    ("status", "before", "after"),
    [
        ("awaiting_moderation", "public", "counted_only"),
        ("published", "delivered_only", "counted_only"),
        ("published", "counted_only", "counted_only"),
        ("published", "public", "public"),
    ],
)
def test_a_choice_the_public_cannot_see_changes_no_revision(status, before, after):
    letter = make_letter()
    signature = make_signature(letter, status=status, visibility=before)
    withdrawal.choose_visibility(signature, visibility=after)
    assert revision_of(letter) == letter.revision
    assert Signature.objects.get().visibility == after


def test_a_choice_nobody_knows_is_an_error_and_shows_nothing():
    signature = make_signature(visibility="counted_only")
    with pytest.raises(ValueError, match="is not a valid Visibility"):
        withdrawal.choose_visibility(signature, visibility="everywhere")
    assert Signature.objects.get().visibility == "counted_only"


# --- withdraw ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["unconfirmed", "awaiting_moderation", "held", "published"])
def test_withdrawing_ends_it_wherever_it_is(status):
    letter = make_letter()
    signature = make_signature(letter, status=status)
    withdrawal.withdraw(signature)
    signature.refresh_from_db()

    assert (signature.status, signature.ended_at is not None) == ("withdrawn", True)
    assert names_on(letter) == []
    assert wall.counts(letter).organisations == 0
    assert mails_asked_for() == [(signature.pk, "withdrawn")]
    assert [event.act for event in Event.objects.all()] == ["withdraw"]
    assert revision_of(letter) == letter.revision + (status == "published")


def test_withdrawing_twice_is_harmless():
    letter = make_letter()
    signature = make_signature(letter)
    first = withdrawal.withdraw(signature)
    again = withdrawal.withdraw(signature)
    assert again.ended_at == first.ended_at
    assert len(mails_asked_for()) == Event.objects.count() == 1
    assert revision_of(letter) == letter.revision + 1


@pytest.mark.parametrize("status", ENDED)
def test_what_has_ended_keeps_how_it_ended(status):
    signature = make_signature(status=status)
    assert withdrawal.withdraw(signature).status == status
    assert mails_asked_for() == []


def test_withdrawing_takes_the_proposal_with_it():
    signature = make_signature()
    make_proposal(signature)
    withdrawal.withdraw(signature)
    assert Proposal.objects.count() == 0


# --- erase -------------------------------------------------------------------------------------------


def full_signature(letter, status, **fields):
    signature = make_signature(
        letter,
        name="CANARYNAME",
        latin="CANARYLATIN",
        country="TV",
        kind="displaced_led",
        website="https://canarysite.example",
        is_network=True,
        status=status,
        contact=ContactDetails(name="CANARYPERSON", role="CANARYROLE", email="canary@mail.example"),
        **fields,
    )
    make_proposal(signature, name="CANARYPROPOSAL")
    alice = make_staff()
    Remark.objects.create(signature=signature, by=alice, words="CANARYREMARK")
    Decision.objects.create(signature=signature, by=alice, act="hold", before={"name": "CANARYDECISION"})
    Reading.objects.create(signature=signature, staff=alice)
    make_vouch(signature, make_voucher(make_letter("vouchers")), status="asked")
    signature.excluded_recipients.add(letter.recipients.get())
    for purpose in Purpose:
        tokens.mint(signature, purpose)
    return signature


@pytest.mark.parametrize("status", SignatureStatus.values)
def test_an_erased_row_says_nothing_of_who_it_was(status):
    letter = make_letter()
    signature = full_signature(letter, status)
    withdrawal.erase(signature)
    signature.refresh_from_db()

    assert signature.status == (status if status in ENDED else "withdrawn")
    row = row_of(signature).casefold()
    assert [word for word in ("canary", '"tv"', "displaced") if word in row] == []
    assert (signature.name, signature.name_key, signature.dedupe_key) == ("", "", None)
    assert (signature.organisation, signature.is_network) == (None, False)
    assert signature.erased_at is not None
    for kept in (Contact, Proposal, Token, Remark, Decision, Reading, Vouch):
        assert not kept.objects.filter(signature=signature).exists(), kept
    assert signature.excluded_recipients.count() == 0
    assert not Organisation.objects.filter(name__contains="CANARY").exists()
    assert names_on(letter) == []


def test_what_was_done_stays_written_down_after_erasing():
    signature = make_signature()
    moderation.hold(signature, by=make_staff())
    before = list(Event.objects.values())
    withdrawal.erase(signature)
    assert [event for event in Event.objects.order_by("pk").values() if event in before] == before
    assert [event.act for event in Event.objects.order_by("pk")] == ["hold", "withdraw", "erase"]


def test_erasing_mails_nobody():
    withdrawal.erase(make_signature())
    assert mails_asked_for() == []


def test_a_mail_that_waits_when_its_signature_is_erased_is_not_sent(work, mailbox):
    signature = make_signature(status="awaiting_moderation")
    moderation.hold(signature, by=make_staff())
    withdrawal.erase(signature)
    work()
    assert mailbox.messages() == []
    assert set(DBTaskResult.objects.values_list("status", flat=True)) == {"SUCCESSFUL"}


def test_the_organisation_stays_when_another_signature_speaks_of_it():
    signature = make_signature()
    make_signature(make_letter("other"), organisation=signature.organisation)
    withdrawal.erase(signature)
    assert Organisation.objects.get(name="Blue Kettle").signatures.count() == 1


def test_the_organisation_goes_with_the_last_signature_that_speaks_of_it():
    signature = make_signature()
    other = make_signature(make_letter("other"), organisation=signature.organisation)
    organisation = signature.organisation
    for one in (signature, other):
        withdrawal.erase(one)
    assert not Organisation.objects.filter(pk=organisation.pk).exists()


def test_erasing_what_was_counted_changes_the_pages_and_erasing_what_was_not_does_not():
    letter = make_letter()
    for signature, bumps in (
        (make_signature(letter), 1),
        (make_signature(letter, status="held"), 0),
        (make_signature(letter, status="withdrawn"), 0),
    ):
        before = revision_of(letter)
        withdrawal.erase(signature)
        assert revision_of(letter) == before + bumps


def test_erasing_twice_keeps_the_row_empty():
    signature = make_signature()
    withdrawal.erase(signature)
    withdrawal.erase(signature)
    assert Signature.objects.get().name == ""


def test_an_imported_name_that_was_erased_is_gone_from_the_list():
    letter = make_letter()
    withdrawal.erase(make_imported(letter))
    assert names_on(letter) == []
    assert Signature.objects.get().source_line == 1  # so that a second import does not bring it back


def test_its_own_page_is_gone_after_erasing(client):
    signature = make_signature()
    link = tokens.mint(signature, Purpose.OWN_PAGE).value
    assert client.get(f"/s/{link}/").status_code == 200
    withdrawal.erase(signature)
    assert client.get(f"/s/{link}/").status_code == 404


# --- several who speak for one signature -------------------------------------------------------------


@pytest.fixture
def standing():
    return make_signature(visibility="public", email="first@kettle.example")


@pytest.fixture
def second(standing):
    return make_co_contact(standing, email="second@kettle.example")


def now(signature):
    return Signature.objects.get(pk=signature.pk)


def state(signature):
    signature = now(signature)
    return signature.status, signature.visibility, signature.question


AGREED = ("published", "public", "")
HIDDEN = ("published", "counted_only", "")
DISPUTED = ("published", "counted_only", "contacts_disagree")


@pytest.mark.parametrize("by_second", [False, True])
def test_each_of_them_hides_the_name_at_once_and_shows_it_again(standing, second, by_second):
    speaker = second if by_second else standing
    assert withdrawal.hide(speaker) == standing
    assert state(standing) == HIDDEN
    assert names_on(standing.letter) == []
    withdrawal.choose_visibility(now(speaker), visibility="public")
    assert state(standing) == AGREED
    assert now(standing).agreed_visibility == ""
    assert mails_asked_for() == []


@pytest.mark.parametrize("to", ["public", "delivered_only"])
def test_who_shows_what_another_one_hid_hides_it_and_asks_staff(standing, second, to):
    withdrawal.choose_visibility(standing, visibility="counted_only")
    withdrawal.choose_visibility(second, visibility=to)
    assert state(standing) == DISPUTED
    assert now(standing).agreed_visibility == "public"
    assert standing in Signature.objects.waiting_for_staff()
    assert sorted(mails_asked_for()) == [
        (standing.pk, "contacts_disagree"),
        (second.pk, "contacts_disagree"),
    ]
    assert [event.act for event in Event.objects.order_by("pk")] == ["choose_visibility", "ask_to_show"]


def test_a_name_half_hidden_by_one_is_hidden_wholly_when_another_one_shows_it(standing, second):
    letter = now(standing).letter
    withdrawal.choose_visibility(second, visibility="delivered_only")
    assert state(standing) == ("published", "delivered_only", "")
    withdrawal.choose_visibility(standing, visibility="public")
    assert state(standing) == DISPUTED
    assert revision_of(letter) == letter.revision + 1  # the public saw the first alone


def test_what_one_chose_when_it_signed_is_not_shown_by_who_came_later():
    standing = make_signature(visibility="counted_only")
    second = make_co_contact(standing, visibility="public")
    withdrawal.choose_visibility(second, visibility="public")
    assert state(standing) == DISPUTED
    assert now(standing).agreed_visibility == "counted_only"


def test_what_both_hid_is_shown_by_neither_alone(standing, second):
    withdrawal.hide(standing)
    withdrawal.hide(second)
    withdrawal.choose_visibility(now(standing), visibility="public")
    assert state(standing) == DISPUTED


def test_what_both_want_is_shown(standing, second):
    withdrawal.choose_visibility(standing, visibility="delivered_only")
    withdrawal.hide(second)
    withdrawal.choose_visibility(now(second), visibility="delivered_only")
    assert state(standing) == ("published", "delivered_only", "")


def test_while_staff_are_asked_nobody_shows_it_and_nobody_is_mailed_again(standing, second):
    withdrawal.hide(standing)
    for _ in range(3):
        for speaker in (second, standing):
            withdrawal.choose_visibility(now(speaker), visibility="public")
    assert state(standing) == DISPUTED
    assert len(mails_asked_for()) == 2


@pytest.mark.parametrize("by_second", [False, True])
def test_one_of_several_withdraws_by_hiding_and_asking_staff(standing, second, by_second):
    letter = now(standing).letter
    withdrawal.withdraw(second if by_second else standing)
    assert state(standing) == DISPUTED
    assert (names_on(letter), wall.counts(letter).organisations) == ([], 1)
    assert revision_of(letter) == letter.revision + 1
    assert [event.act for event in Event.objects.all()] == ["ask_to_withdraw"]
    assert {mail for _, mail in mails_asked_for()} == {"contacts_disagree"}


def test_the_last_one_that_is_left_withdraws_alone(standing, second):
    Contact.objects.filter(signature=standing).delete()
    withdrawal.withdraw(second)
    assert state(standing)[0] == "withdrawn"
    assert mails_asked_for() == [(second.pk, "withdrawn")]


def test_a_stranger_beside_one_is_told_to_staff_and_the_name_hidden(standing, second):
    withdrawal.disown(standing)
    assert state(standing) == DISPUTED
    assert Event.objects.get().act == "disown"


def test_who_is_alone_disowns_nobody():
    signature = make_signature()
    withdrawal.disown(signature)
    assert state(signature) == AGREED
    assert Event.objects.count() == 0


def test_a_correction_is_proposed_by_any_of_them(second, standing):
    assert withdrawal.correct(second, correction=CORRECTION) == standing
    assert Proposal.objects.get().signature == standing
    assert state(standing) == ("published", "public", "correction")


def test_a_disagreement_goes_before_a_correction_which_comes_back_after_it(standing, second):
    make_proposal(standing)
    withdrawal.withdraw(second)
    assert state(standing) == DISPUTED
    moderation.settle(standing, by=make_staff())
    assert now(standing).question == "correction"


# --- one of several erases ---------------------------------------------------------------------------


def test_who_came_later_erases_itself_and_the_rest_waits_for_staff(standing, second):
    tokens.mint(second, Purpose.OWN_PAGE)
    withdrawal.erase(second)
    erased = now(second)
    assert (erased.name, erased.website, erased.dedupe_key, erased.superseded_by) == ("", "", None, None)
    assert erased.erased_at is not None
    assert not Token.objects.filter(signature=second).exists()
    assert [contact.signature for contact in Contact.objects.all()] == [standing]
    assert state(standing) == DISPUTED
    assert mails_asked_for() == [(standing.pk, "contacts_disagree")]
    assert sorted(Event.objects.values_list("act", flat=True)) == ["ask_to_withdraw", "erase_contact"]


def test_who_came_first_erases_itself_and_the_signature_stands_for_the_other_one(standing, second):
    tokens.mint(standing, Purpose.OWN_PAGE)
    withdrawal.erase(standing)
    assert not Token.objects.filter(signature=standing).exists()
    assert [contact.signature for contact in Contact.objects.all()] == [second]
    assert (now(standing).name, now(standing).dedupe_key) == ("Blue Kettle", None)
    assert state(standing) == DISPUTED
    assert mails_asked_for() == [(second.pk, "contacts_disagree")]


def test_until_staff_have_settled_it_the_one_that_is_left_does_not_show_it_again(standing, second):
    withdrawal.erase(standing)
    withdrawal.choose_visibility(second, visibility="public")
    assert state(standing) == DISPUTED


def test_the_last_one_erases_everything(standing, second):
    organisation = standing.organisation
    withdrawal.erase(standing)
    withdrawal.erase(second)
    for row in (standing, second):
        assert "kettle" not in row_of(row).casefold()
        assert now(row).erased_at is not None
    assert Contact.objects.count() == Token.objects.count() == 0
    assert not Organisation.objects.filter(pk=organisation.pk).exists()


@pytest.mark.parametrize("by_second", [False, True])
def test_what_has_ended_is_erased_by_any_of_them_with_all_that_was_joined(standing, second, by_second):
    moderation.reject(standing, by=make_staff())
    withdrawal.erase(now(second) if by_second else standing)
    for row in (standing, second):
        assert "kettle" not in row_of(row).casefold()
    assert Contact.objects.count() == 0


# --- races -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_one_hides_while_another_one_shows_and_the_name_is_not_public():
    letter = make_letter()
    for number in range(8):
        standing = make_signature(letter, name=f"House {number}", visibility="delivered_only")
        second = make_co_contact(standing)
        outcomes = at_once(
            lambda s=standing: withdrawal.hide(s),
            lambda s=second: withdrawal.choose_visibility(s, visibility="public"),
        )
        assert [one for one in outcomes if not isinstance(one, Signature)] == []
        assert now(standing).visibility == "counted_only"
        assert names_on(letter) == []


@pytest.mark.django_db(transaction=True)
def test_two_that_erase_themselves_at_once_leave_nothing():
    letter = make_letter()
    for number in range(8):
        standing = make_signature(letter, name=f"House {number}")
        second = make_co_contact(standing)
        outcomes = at_once(lambda s=standing: withdrawal.erase(s), lambda s=second: withdrawal.erase(s))
        assert [one for one in outcomes if not isinstance(one, Signature)] == []
        assert (now(standing).name, now(second).name) == ("", "")
    assert Contact.objects.count() == Organisation.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leave", [withdrawal.erase, withdrawal.withdraw])
def test_leaving_while_a_moderator_approves_never_leaves_the_name_public(leave):
    alice, letter = make_staff(), make_letter()
    for number in range(8):
        signature = make_signature(letter, name=f"House {number}", status="awaiting_moderation")
        left, approved = at_once(
            lambda s=signature: leave(s), lambda s=signature: moderation.approve(s, by=alice)
        )
        assert isinstance(left, Signature), repr(left)
        assert isinstance(approved, Signature | moderation.NotAwaitingModeration), repr(approved)
        signature.refresh_from_db()
        assert signature.status == "withdrawn"
        revision.forget()
        assert names_on(letter) == []
        if leave is withdrawal.erase:
            assert not Organisation.objects.filter(name=f"House {number}").exists()


@pytest.mark.django_db(transaction=True)
def test_hiding_while_a_moderator_approves_never_leaves_the_name_public():
    alice, letter = make_staff(), make_letter()
    for number in range(8):
        signature = make_signature(letter, name=f"House {number}", status="awaiting_moderation")
        outcomes = at_once(
            lambda s=signature: withdrawal.hide(s), lambda s=signature: moderation.approve(s, by=alice)
        )
        assert [one for one in outcomes if not isinstance(one, Signature)] == []
        signature.refresh_from_db()
        assert (signature.status, signature.visibility) == ("published", Visibility.COUNTED_ONLY)
        assert names_on(letter) == []


@pytest.mark.django_db(transaction=True)
def test_erasing_an_organisations_last_signature_while_another_is_approved_breaks_neither():
    alice = make_staff()
    for number in range(6):
        organisation = make_organisation(f"House {number}")
        last = make_signature(make_letter(f"one-{number}"), organisation=organisation)
        waits = make_signature(make_letter(f"two-{number}"), status="awaiting_moderation")
        erased, approved = at_once(
            lambda s=last: withdrawal.erase(s),
            lambda s=waits, to=organisation: moderation.approve(s, by=alice, organisation=to),
        )
        assert isinstance(erased, Signature), repr(erased)
        last.refresh_from_db()
        assert last.name == ""
        assert isinstance(approved, Signature), repr(approved)
        waits.refresh_from_db()
        assert (waits.status, waits.organisation is not None) == ("published", True)


@pytest.mark.django_db(transaction=True)
def test_erasing_at_once_from_two_windows_is_one_erasure():
    signature = make_signature()
    outcomes = at_once(*[lambda: withdrawal.erase(signature)] * 4)
    assert [one for one in outcomes if not isinstance(one, Signature)] == []
    assert Event.objects.filter(act="withdraw").count() == 1
    assert Signature.objects.get().name == ""
