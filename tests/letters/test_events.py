"""What was done stays written down, by whom and why, and never tells who signed."""

import ast
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection, transaction
from django_tasks_db.models import DBTaskResult

from letters.models import Event, record
from signatories import moderation, signing, tasks, verification, withdrawal
from signatories.contacts import ContactDetails
from signatories.models import Organisation, Proposal, Signature
from tests.factories import (
    enter,
    make_claim,
    make_imported,
    make_letter,
    make_member,
    make_signature,
    make_staff,
)
from tests.letters.test_revision import CORRECTION, FORMS

pytestmark = pytest.mark.django_db

PROJECT = Path(__file__).resolve().parents[2]

EVERY_WAY = [
    "UPDATE letters_event SET reason = 'other'",
    "UPDATE letters_event SET act = act",
    "DELETE FROM letters_event",
    "DELETE FROM letters_event WHERE id = (SELECT max(id) FROM letters_event)",
    "INSERT INTO letters_event (id, at, act, subject_kind, subject_id, reason) SELECT id, at, act, subject_kind,"
    " subject_id, reason FROM letters_event ON CONFLICT (id) DO UPDATE SET reason = 'other'",
]


@pytest.mark.parametrize("statement", EVERY_WAY)
def test_the_database_changes_and_deletes_no_event(statement):
    record("open", kind="letter", subject="asylum")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert (Event.objects.get().act, Event.objects.get().reason) == ("open", "")


def test_neither_does_the_orm():
    record("open", kind="letter", subject="asylum")
    event = Event.objects.get()
    event.reason = "other"
    for change in (event.save, event.delete, Event.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert Event.objects.get().reason == ""


def test_whoever_did_something_cannot_be_deleted():
    alice = make_staff()
    record("open", kind="letter", subject="asylum", by=alice)
    with pytest.raises(DatabaseError), transaction.atomic():
        alice.delete()
    assert Event.objects.get().by == alice


def test_an_event_is_rolled_back_with_its_act():
    signature = make_signature()
    with transaction.atomic():
        withdrawal.withdraw(signature)
        transaction.set_rollback(True)
    assert Event.objects.count() == 0


# --- no personal data --------------------------------------------------------------------------------

PRIVATE = ("canary", "tuvalu", "+254700", "kettle")


def everything_written_down():
    tables = (Event, LogEntry, DBTaskResult)
    return "\n".join(repr(row) for table in tables for row in table.objects.values()).casefold()


def canary_claim(number):
    return make_claim(
        f"CANARY House {number}", latin="CANARYLATIN", website="https://canary.example", country="TV"
    )


def canary_contact(number, **fields):
    address = {} if fields else {"email": f"canary{number}@kettle.example"}
    return ContactDetails(name="CANARY Person", role="CANARY Chair", **address, **fields)


def signed(letter, number, **fields):
    text = letter.texts.first()
    contact = canary_contact(number, **fields)
    return signing.sign(letter, text=text, claim=canary_claim(number), contact=contact)


def test_no_act_writes_down_who_it_was_about(work):
    alice, letter = make_staff(), make_letter()
    correction = withdrawal.Correction(**{**vars(CORRECTION), "name": "CANARY corrected"})
    rows = [signed(letter, number) for number in range(8)]
    phone = signed(letter, 9, phone="+254700000000")
    for row in rows[:7]:
        verification.confirm(row, visibility="public")
    words = verification.reach_by_phone(phone, by=make_staff("bob")).words
    code = next(word for word in words.split() if word.isdigit() and len(word) == 6)
    verification.confirm_by_hand(phone, by=alice, code=code)
    for row in rows[:5]:
        moderation.approve(row, by=alice)
    moderation.reject(rows[5], by=alice)
    moderation.hold(rows[6], by=alice)
    withdrawal.correct(rows[6], correction=correction)
    for decide in (moderation.accept_correction, moderation.decline_correction):
        withdrawal.correct(rows[0], correction=correction)
        Proposal.objects.filter(signature=rows[0]).update(name="CANARY proposed")
        decide(rows[0], by=alice)
    moderation.lower(rows[1], by=alice, to="counted_only")
    withdrawal.hide(rows[2])
    withdrawal.withdraw(rows[3])
    withdrawal.erase(rows[4])
    verification.verify(Organisation.objects.first(), by=alice, verification="verified", words="CANARY seen")
    place = make_imported(letter, name="CANARY imported")
    moderation.complete(
        place, by=alice, facts=moderation.Facts(country="TV", website="https://canary.example")
    )
    moderation.approve(phone, by=alice, organisation=place.organisation)
    work()
    tasks.do_what_is_due()

    written = everything_written_down()

    assert [word for word in PRIVATE if word in written] == []
    assert Event.objects.values("act").distinct().count() >= 14
    assert DBTaskResult.objects.count() >= 15


@pytest.mark.usefixtures("quickly")
def test_no_form_of_the_desk_writes_down_who_it_was_about(world):
    Signature.objects.update(latin="CANARYLATIN", website="https://canary.example", country="TV")
    for row in Signature.objects.all():
        row.name = f"CANARY {row.pk}"
        row.save()
    Organisation.objects.update(
        name="CANARY organisation", aliases=["CANARY alias"], website="https://canary.x"
    )
    Proposal.objects.update(name="CANARY proposed")
    driven = [drive for (form, _), drive in FORMS.items() if form.startswith("signatories.")]
    for drive in driven:
        around = transaction.atomic()
        around._from_testcase = True  # as Django's own are: what must be outermost may be so inside
        with around:
            drive(world)
            written = everything_written_down()
            transaction.set_rollback(True)
        assert [word for word in PRIVATE if word in written] == []
    assert len(driven) >= 14


def test_showing_a_contact_is_written_down_before_it_is_shown(client):
    alice, signature = make_staff(), make_signature(contact=canary_contact(1))
    enter(client, alice)
    answer = client.post(f"/admin/signatories/signature/{signature.pk}/contact/")
    assert "CANARY Person" in answer.content.decode()
    event = Event.objects.get()
    assert (event.act, event.subject_id, event.by) == ("show_contact", signature.public_id, alice)
    assert "canary" not in everything_written_down()


def test_whoever_may_not_see_contacts_sees_none_and_nothing_is_written_down(client):
    bob = make_staff("bob", is_superuser=False)
    bob.user_permissions.set(Permission.objects.filter(codename__in=["view_signature", "change_signature"]))
    signature = make_signature(contact=canary_contact(1))
    enter(client, bob)
    answer = client.post(f"/admin/signatories/signature/{signature.pk}/contact/")
    assert answer.status_code == 403
    assert "CANARY Person" not in answer.content.decode()
    assert Event.objects.count() == 0


def test_rows_that_hold_people_call_themselves_by_their_number():
    """Django's admin log copies what a row calls itself."""
    signature = make_signature(name="CANARY House", contact=canary_contact(1))
    for row in (signature, signature.organisation, signature.contact):
        assert "canary" not in str(row).casefold()
        assert "canary" not in repr(row).casefold()


# --- who reads them --------------------------------------------------------------------------------------


def _written_kinds():
    """Every kind of event that the project writes or asks for, as its code says it."""
    files = [path for app in ("letters", "signatories") for path in (PROJECT / app).rglob("*.py")]
    sources = [ast.parse(path.read_text()) for path in files]
    calls = [node for source in sources for node in ast.walk(source) if isinstance(node, ast.Call)]
    return {
        word.value.value
        for call in calls
        for word in call.keywords
        if word.arg == "subject_kind" or (word.arg == "kind" and getattr(call.func, "id", "") == "record")
        if isinstance(word.value, ast.Constant)
    }


def _read_by(client, staff):
    enter(client, staff)
    page = client.get("/admin/letters/event/", {"q": "0" * 16})
    return {event.subject_kind for event in page.context["cl"].result_list}


def test_every_kind_of_event_is_read_by_who_may_see_what_it_is_about(client):
    kinds = _written_kinds()
    assert len(kinds) >= 11
    for kind in kinds:
        record("do", kind=kind, subject="0" * 16)
    assert _read_by(client, make_staff()) == kinds
    apart = {"comment", "list", "spokesperson", "workshop"}
    assert _read_by(client, make_member("mo", "Moderator")) & apart == {"workshop"}
    assert _read_by(client, make_member("edna", "Editor")) & apart == {"comment"}
    assert _read_by(client, make_member("dora", "Data officer")) & apart == {"list", "spokesperson"}
    assert _read_by(client, make_member("mara", "Manager")) & apart == {"comment", "list", "workshop"}
