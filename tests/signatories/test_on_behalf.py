"""What staff enter for an organisation counts only when somebody else has confirmed it."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from letters.models import Event
from signatories import moderation, on_behalf, queue, tasks, tokens, verification, withdrawal
from signatories.contacts import unseal
from signatories.models import Contact, Purpose, Remark, Signature
from signatories.queue import Part, WaitsFor
from signatories.signing import LetterNotOpen
from tests.factories import (
    enter,
    make_claim,
    make_contact_details,
    make_letter,
    make_member,
    make_signature,
    make_staff,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def enter_one(letter=None, *, by=None, name="Blue Kettle", contact=None, **fields):
    letter = letter or make_letter()
    said = {
        "visibility": "public",
        "language": "en",
        "channel": "phone",
        "evidence": "Call of 3 March, 10:00.",
    }
    return on_behalf.enter(
        letter,
        text=letter.texts.first(),
        claim=make_claim(name),
        contact=contact,
        by=by or make_staff(),
        **{**said, **fields},
    )


def by_phone():
    return make_contact_details(email="", phone="+254700000000")


# --- entering ------------------------------------------------------------------------------------------------


def test_what_was_said_is_written_down_with_where_it_is_kept():
    alice = make_staff()
    signature = enter_one(by=alice, visibility="delivered_only", channel="paper")
    assert (signature.channel, signature.status) == ("on_behalf", "unconfirmed")
    assert (signature.visibility, signature.confirmed_at) == ("delivered_only", None)
    remark = Remark.objects.get(signature=signature)
    assert (remark.words, remark.by) == ("Call of 3 March, 10:00.", alice)
    event = Event.objects.get(act="enter")
    assert (event.subject_id, event.by, event.reason) == (signature.public_id, alice, "paper")


def test_it_waits_in_the_queue_for_a_second_person_unless_its_mailbox_was_asked():
    letter, alice = make_letter(), make_staff()
    silent = enter_one(letter, by=alice)
    called = enter_one(letter, by=alice, name="Red Kettle", contact=by_phone())
    asked = enter_one(letter, by=alice, name="Green Kettle", contact=make_contact_details())
    assert set(queue.waiting()) == {silent, called}
    assert list(queue.waiting(Part(waits_for=WaitsFor.SECOND))) == [silent]
    assert list(queue.waiting(Part(waits_for=WaitsFor.CALL))) == [called]
    assert list(on_behalf.waiting(letter)) == [silent, called, asked]


def test_a_contact_is_kept_for_follow_up_letters_only_where_it_agreed():
    letter, alice = make_letter(), make_staff()
    kept = enter_one(letter, by=alice, contact=make_contact_details(), keep_contact=True)
    assert kept.keep_contact
    assert not enter_one(letter, by=alice, keep_contact=True).keep_contact
    assert not enter_one(letter, by=alice, contact=by_phone()).keep_contact


@pytest.mark.parametrize("phase", ["draft", "closed", "archived"])
def test_a_letter_that_takes_no_signatures_takes_none_from_staff(phase):
    with pytest.raises(LetterNotOpen):
        enter_one(make_letter(phase=phase))


def test_the_same_contact_signs_for_a_name_once():
    letter, alice = make_letter(), make_staff()
    first = enter_one(letter, by=alice, contact=make_contact_details())
    with pytest.raises(on_behalf.MailboxHasSigned) as refusal:
        enter_one(letter, by=alice, contact=make_contact_details())
    assert refusal.value.signature == first
    enter_one(letter, by=alice)
    enter_one(letter, by=alice)
    assert Signature.objects.count() == 3


# --- a second person -----------------------------------------------------------------------------------------


def test_a_second_person_confirms_it_and_a_moderator_decides():
    signature = enter_one()
    bob = make_staff("bob")
    signature = on_behalf.second(signature, by=bob)
    assert (signature.status, signature.visibility) == ("awaiting_moderation", "public")
    assert signature.confirmed_at is not None
    assert Event.objects.get(act="second").by == bob
    assert moderation.approve(signature, by=bob).status == "published"


def test_never_the_one_who_entered_it():
    alice = make_staff()
    signature = enter_one(by=alice)
    with pytest.raises(verification.SamePerson):
        on_behalf.second(signature, by=alice)
    signature.refresh_from_db()
    assert signature.status == "unconfirmed"


def test_it_cannot_be_approved_before():
    alice = make_staff()
    signature = enter_one(by=alice)
    with pytest.raises(moderation.NotAwaitingModeration):
        moderation.approve(signature, by=alice)


def test_confirming_twice_keeps_the_first_time():
    signature = on_behalf.second(enter_one(), by=make_staff("bob"))
    again = on_behalf.second(signature, by=make_staff("carol"))
    assert again.confirmed_at == signature.confirmed_at
    assert Event.objects.filter(act="second").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_at_once_confirm_it_once():
    signature = enter_one()
    colleagues = [make_staff(name) for name in ("bob", "carol", "dora")]
    at_once(*[lambda by=by: on_behalf.second(signature, by=by) for by in colleagues])
    assert Event.objects.filter(act="second").count() == 1


def test_what_ended_or_came_by_the_form_is_not_confirmed_here():
    bob = make_staff("bob")
    with pytest.raises(on_behalf.NotOnBehalf):
        on_behalf.second(make_signature(status="unconfirmed"), by=bob)
    letter = make_letter("second")
    withdrawn = withdrawal.withdraw(enter_one(letter))
    with pytest.raises(verification.SignatureEnded):
        on_behalf.second(withdrawn, by=bob)


def test_after_the_grace_it_is_too_late():
    letter = make_letter()
    signature = enter_one(letter)
    closed = make_letter("closed", phase="closed")
    Signature.objects.filter(pk=signature.pk).update(letter=closed)
    with pytest.raises(verification.ConfirmingIsOver):
        on_behalf.second(signature, by=make_staff("bob"))


# --- the organisation itself ---------------------------------------------------------------------------------


def test_a_mailbox_is_asked_and_confirms_by_itself(work, mailbox, client):
    signature = enter_one(contact=make_contact_details())
    work()
    client.post(mailbox.link_to("amina@kettle.example"), {"visibility": "counted_only"})
    signature.refresh_from_db()
    assert (signature.status, signature.visibility) == ("awaiting_moderation", "counted_only")
    with pytest.raises(on_behalf.NotOnBehalf):
        on_behalf.drop(signature, by=make_staff("bob"))


def test_a_number_is_called_by_somebody_else():
    alice = make_staff()
    bob, carol = make_staff("bob"), make_staff("carol")
    signature = enter_one(by=alice, contact=by_phone())
    assert signature.by_phone
    code = tokens.mint(signature, Purpose.PHONE, by=bob).code
    for by in (alice, bob):  # who entered it, and who has the code before them
        with pytest.raises(verification.SamePerson):
            verification.confirm_by_hand(signature, by=by, code=code)
    signature.refresh_from_db()
    assert signature.status == "unconfirmed"
    confirmed = verification.confirm_by_hand(signature, by=carol, code=code)
    assert confirmed.status == "awaiting_moderation"


def test_evidence_is_enough_where_a_number_was_given_too():
    signature = enter_one(contact=by_phone())
    assert on_behalf.second(signature, by=make_staff("bob")).status == "awaiting_moderation"


# --- what goes again -----------------------------------------------------------------------------------------


def test_a_mistake_is_dropped_with_its_contact():
    signature = enter_one(contact=make_contact_details())
    on_behalf.drop(signature, by=make_staff("bob"))
    assert Signature.objects.count() == Contact.objects.count() == Remark.objects.count() == 0
    assert Event.objects.get(act="drop").subject_id == signature.public_id


@pytest.mark.parametrize("status", ["unconfirmed", "published"])
def test_what_is_not_on_behalf_or_is_confirmed_is_not_dropped(status):
    with pytest.raises(on_behalf.NotOnBehalf):
        on_behalf.drop(make_signature(status=status), by=make_staff())


def test_what_nobody_confirms_is_deleted_like_any_other():
    enter_one()
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        tasks.do_what_is_due()
    assert Signature.objects.count() == Remark.objects.count() == 0


def test_erasing_takes_the_evidence_with_it():
    signature = on_behalf.second(enter_one(contact=make_contact_details()), by=make_staff("bob"))
    assert unseal(signature.contact).name == "Amina Yusuf"
    withdrawal.erase(signature)
    assert Remark.objects.count() == Contact.objects.count() == 0


# --- at the desk ---------------------------------------------------------------------------------------------


def typed(**fields):
    return {
        "organisation": "Blue Kettle",
        "organisation_latin": "",
        "country": "KE",
        "kind": "refugee_led",
        "website": "",
        "contact_name": "",
        "contact_role": "",
        "contact_email": "",
        "contact_phone": "",
        "visibility": "public",
        "language": "en",
        "channel": "in_person",
        "evidence": "Said at the meeting of 3 March; list in the blue folder.",
        **fields,
    }


def page_of(letter):
    return f"/admin/letters/letter/{letter.pk}/on-behalf/"


def decide(desk, signature, decision, *, follow=True):
    address = f"/admin/signatories/signature/{signature.pk}/decide/"
    return desk.post(address, {"decision": decision}, follow=follow)


def desk_with(*permissions, username="bob"):
    staff = make_staff(username, is_superuser=False)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return enter(Client(), staff)


def test_one_enters_and_another_confirms_at_the_desk():
    letter = make_letter()
    alice = enter(Client(), make_member("alice", "Moderator"))
    bob = enter(Client(), make_member("bob", "Moderator"))
    assert alice.post(page_of(letter), typed()).status_code == 302
    signature = Signature.objects.get()
    case = f"/admin/signatories/signature/{signature.pk}/change/"
    assert case in alice.get(page_of(letter)).content.decode()
    own = alice.get(case).content.decode()
    assert "You are that colleague" in own
    assert 'value="second"' not in own
    answer = decide(alice, signature, "second")
    assert "A colleague has to confirm it" in answer.content.decode()
    signature.refresh_from_db()
    assert signature.status == "unconfirmed"
    theirs = bob.get(case).content.decode()
    assert "blue folder" in theirs
    assert 'value="second"' in theirs
    decide(bob, signature, "second")
    signature.refresh_from_db()
    assert signature.status == "awaiting_moderation"


def test_what_was_entered_by_mistake_is_dropped_as_a_case():
    alice = make_member("alice", "Moderator")
    signature = enter_one(by=alice)
    desk = enter(Client(), alice)
    assert "Dropped" in decide(desk, signature, "drop").content.decode()
    assert Signature.objects.count() == 0


def test_a_code_is_not_asked_of_who_entered_it():
    alice = make_member("alice", "Moderator")
    signature = enter_one(by=alice, contact=by_phone())
    case = f"/admin/signatories/signature/{signature.pk}/change/"
    assert 'name="code"' not in enter(Client(), alice).get(case).content.decode()
    bob = enter(Client(), make_member("bob", "Moderator"))
    assert 'name="code"' in bob.get(case).content.decode()


@pytest.mark.parametrize("missing", ["organisation", "country", "kind", "visibility", "channel", "evidence"])
def test_what_is_missing_is_said(client, missing):
    letter = make_letter()
    answer = enter(client, make_staff()).post(page_of(letter), typed(**{missing: ""}))
    assert answer.status_code == 422
    assert missing in answer.context["form"].errors
    assert Signature.objects.count() == 0


def test_refusals_are_told_in_the_form(client):
    letter = make_letter()
    desk = enter(client, make_staff())
    contact = {"contact_name": "Amina", "contact_email": "amina@kettle.example"}
    assert desk.post(page_of(letter), typed(**contact)).status_code == 302
    again = desk.post(page_of(letter), typed(**contact))
    assert "has signed for this name already" in again.content.decode()
    assert (
        "no signatures now"
        in desk.post(page_of(make_letter("closed", phase="closed")), typed()).content.decode()
    )
    assert desk.post(page_of(letter), typed(contact_phone="12")).status_code == 422


@pytest.mark.parametrize(
    ("permissions", "page", "confirms", "drops"),
    [
        ((), 403, 403, 403),
        (("view_signature",), 403, 403, 403),
        (("view_signature", "add_signature"), 200, 403, 403),
        (("view_signature", "change_signature"), 403, 302, 403),
        (("view_signature", "add_signature", "change_signature"), 200, 302, 302),
    ],
)
def test_who_may_enter_and_confirm(permissions, page, confirms, drops):
    letter = make_letter()
    signature = enter_one(letter)
    desk = desk_with(*permissions)
    assert desk.get(page_of(letter)).status_code == page
    assert desk.post(page_of(letter), typed(organisation="")).status_code == (422 if page == 200 else 403)
    assert decide(desk, signature, "second", follow=False).status_code == confirms
    second = enter_one(letter, by=make_staff("dora"), name="Red Kettle")
    assert decide(desk, second, "drop", follow=False).status_code == drops
    assert Signature.objects.filter(pk=second.pk).exists() == (drops == 403)
