"""What staff enter for an organisation counts only when somebody else has confirmed it."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from letters.models import Event
from signatories import moderation, on_behalf, tasks, verification, withdrawal
from signatories.contacts import unseal
from signatories.models import Contact, Remark, Signature
from signatories.signing import LetterNotOpen
from tests.factories import enter, make_claim, make_contact_details, make_letter, make_signature, make_staff
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


def test_it_waits_for_nobody_at_the_queue_until_it_is_confirmed():
    signature = enter_one()
    signature.refresh_from_db()
    assert signature.queued_at is None
    assert list(on_behalf.waiting(signature.letter)) == [signature]


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
    with pytest.raises(verification.EnteredByTheSamePerson):
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
    signature = enter_one(by=alice, contact=make_contact_details(email="", phone="+254700000000"))
    signature.refresh_from_db()
    assert signature.by_phone
    assert signature.queued_at is not None
    with pytest.raises(verification.EnteredByTheSamePerson):
        verification.confirm_by_hand(signature, by=alice)
    assert verification.confirm_by_hand(signature, by=make_staff("bob")).status == "awaiting_moderation"


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


def test_what_nobody_confirms_is_deleted_like_any_other(settings):
    from datetime import timedelta

    import time_machine
    from django.utils import timezone

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


def desk_with(*permissions, username="bob"):
    staff = make_staff(username, is_superuser=False)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return enter(Client(), staff)


def test_one_enters_and_another_confirms_at_the_desk():
    letter = make_letter()
    alice = desk_with("add_signature", "change_signature", username="alice")
    bob = desk_with("add_signature", "change_signature")
    assert alice.post(page_of(letter), typed()).status_code == 302
    signature = Signature.objects.get()
    address = f"/admin/on-behalf/{signature.public_id}/"
    own = alice.get(page_of(letter)).content.decode()
    assert "a colleague confirms it" in own
    assert 'value="confirm"' not in own
    answer = alice.post(address, {"decision": "confirm"}, follow=True)
    assert "You entered it yourself" in answer.content.decode()
    theirs = bob.get(page_of(letter)).content.decode()
    assert "blue folder" in theirs
    assert 'value="confirm"' in theirs
    bob.post(address, {"decision": "confirm"})
    signature.refresh_from_db()
    assert signature.status == "awaiting_moderation"


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
        (("add_signature",), 200, 403, 302),
        (("change_signature",), 403, 302, 403),
        (("add_signature", "change_signature"), 200, 302, 302),
    ],
)
def test_who_may_enter_and_confirm(permissions, page, confirms, drops):
    letter = make_letter()
    signature = enter_one(letter)
    desk = desk_with(*permissions)
    assert desk.get(page_of(letter)).status_code == page
    assert desk.post(page_of(letter), typed(organisation="")).status_code == (422 if page == 200 else 403)
    address = f"/admin/on-behalf/{signature.public_id}/"
    assert desk.get(address).status_code == 405
    assert desk.post(address, {"decision": "confirm"}).status_code == confirms
    second = enter_one(letter, by=make_staff("dora"), name="Red Kettle")
    assert desk.post(f"/admin/on-behalf/{second.public_id}/", {"decision": "drop"}).status_code == drops
    assert Signature.objects.filter(pk=second.pk).exists() == (drops == 403)
