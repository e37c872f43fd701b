"""What leaves the desk: the right rows, written down first, in constant memory, and nothing that should stay."""

import csv
import io
import json
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters.models import Event
from signatories import export, wall, withdrawal
from signatories.contacts import unseal
from signatories.export import DESK_COLUMNS, What
from signatories.formats import FORMATS
from signatories.models import Contact, Signature
from tests.factories import (
    code_of,
    enter,
    make_co_contact,
    make_contact_details,
    make_letter,
    make_signature,
    make_staff,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db

CSV, JSON = FORMATS["csv"], FORMATS["json"]
ALL_COLUMNS = [column.key for column in DESK_COLUMNS]
LONG_AGO = timedelta(minutes=6)  # since somebody showed who they are


def records(table):
    return json.loads(b"".join(JSON.written(table)))


def take_contacts(letter, by, *, reason="delivery", statuses=("published",), kind=JSON):
    return export.contacts(letter, kind, statuses=statuses, reason=reason, by=by)


def staff_with(*permissions, username="bob"):
    staff = make_staff(username, is_superuser=False)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return staff


# --- the public names ----------------------------------------------------------------------------------------


def test_the_public_names_are_those_of_the_wall():
    letter = make_letter()
    for name, fields in {
        "Blue Kettle": {},
        "Secret Kettle": {"visibility": "counted_only"},
        "Delivered Kettle": {"visibility": "delivered_only"},
        "Capped Kettle": {"staff_cap": "counted_only"},
        "Waiting Kettle": {"status": "awaiting_moderation"},
        "Left Kettle": {"status": "withdrawn"},
    }.items():
        make_signature(letter, name=name, **fields)
    make_signature(make_letter("other"), name="Other Kettle")
    (found,) = records(export.public_names(letter, JSON))
    signature = Signature.objects.get(name="Blue Kettle")
    assert found == {
        "id": signature.public_id,
        "name": "Blue Kettle",
        "latin": "",
        "country": "KE",
        "kind": "refugee_led",
        "network": False,
        "since": signature.published_at.isoformat(timespec="seconds"),
    }
    assert [one.id for one in wall.every_name(letter)] == [found["id"]]


def test_when_a_name_was_approved_before_the_launch_stays_the_hosts_secret():
    letter = make_letter()
    make_signature(letter, published_at=letter.opens_at - timedelta(days=9))
    (found,) = records(export.public_names(letter, JSON))
    assert found["since"] == letter.opens_at.isoformat(timespec="seconds")


def test_people_read_words_and_programs_read_codes():
    letter = make_letter()
    make_signature(letter, name="Blue Kettle", is_network=True)
    page = b"".join(FORMATS["txt"].written(export.public_names(letter, FORMATS["txt"]))).decode()
    assert "Blue Kettle · Kenya · Led by refugees · yes" in page
    row = list(
        csv.DictReader(
            io.StringIO(b"".join(CSV.written(export.public_names(letter, CSV))).decode("utf-8-sig"))
        )
    )
    assert (row[0]["country"], row[0]["kind"], row[0]["network"]) == ("KE", "refugee_led", "true")


# --- what the desk knows -------------------------------------------------------------------------------------


def test_the_desk_takes_the_statuses_and_columns_it_chose():
    letter, alice = make_letter(), make_staff()
    make_signature(letter, name="Blue Kettle")
    make_signature(
        letter, name="Held Kettle", status="held", hold_reason="pressure", visibility="counted_only"
    )
    make_signature(letter, name="Refused Kettle", status="rejected", reject_reason="no_answer")
    table = export.signatures(
        letter, JSON, statuses=["held"], columns=["name", "held_because", "visibility"], by=alice
    )
    (held,) = records(table)
    assert held == {"name": "Held Kettle", "held_because": "pressure", "visibility": "counted_only"}
    everything = export.signatures(
        letter, JSON, statuses=["published", "rejected"], columns=ALL_COLUMNS, by=alice
    )
    names = {row["name"]: row for row in records(everything)}
    assert names.keys() == {"Blue Kettle", "Refused Kettle"}
    assert names["Refused Kettle"]["rejected_because"] == "no_answer"
    organisation = Signature.objects.get(name="Blue Kettle").organisation
    assert names["Blue Kettle"]["organisation"] == organisation.public_id
    assert names["Blue Kettle"]["verification"] == "unverified"
    events = Event.objects.filter(act="export_signatures", by=alice, letter=letter)
    assert events.count() == 2


def test_no_contact_stands_among_what_the_desk_takes():
    letter = make_letter()
    make_signature(
        letter, contact=make_contact_details("canary@kettle.example", name="Canary Person", role="Canary")
    )
    for kind in (CSV, JSON, FORMATS["txt"]):
        table = export.signatures(
            letter, kind, statuses=["published"], columns=ALL_COLUMNS, by=make_staff(kind.suffix)
        )
        assert "anary" not in b"".join(kind.written(table)).decode()


# --- contacts ------------------------------------------------------------------------------------------------


def test_contacts_leave_with_a_reason_that_is_written_down_before_their_first_byte():
    letter, alice = make_letter(), make_staff()
    make_signature(letter, contact=make_contact_details(role="Chair"))
    table = take_contacts(letter, alice)
    event = Event.objects.get(act="export_contacts")
    assert (event.subject_kind, event.subject_id, event.reason, event.by) == (
        "letter",
        "asylum",
        "delivery",
        alice,
    )
    (record,) = records(table)
    assert record["name"] == "Amina Yusuf"
    assert (record["organisation"], record["role"], record["email"], record["phone"]) == (
        "Blue Kettle",
        "Chair",
        "amina@kettle.example",
        "",
    )


@pytest.mark.parametrize("status", ["withdrawn", "rejected", "superseded"])
def test_whoever_left_or_was_refused_is_written_to_by_nobody(status):
    letter = make_letter()
    make_signature(letter, status=status)
    assert records(take_contacts(letter, make_staff(), statuses=[status, "published"])) == []


def test_all_who_speak_for_one_signature_leave_under_its_number_and_it_is_counted_once():
    letter, alice = make_letter(), make_staff()
    standing = make_signature(letter, keep_contact=True)
    second = make_co_contact(standing, name="Blue Kettle Women")
    found = records(take_contacts(letter, alice))
    assert [(row["id"], row["organisation"]) for row in found] == [(standing.public_id, "Blue Kettle")] * 2
    assert len({row["email"] for row in found}) == 2
    kept = records(take_contacts(letter, alice, reason="follow_up"))
    assert [row["email"] for row in kept] == [unseal(standing.contact).email]
    Signature.objects.filter(pk=standing.pk).update(status="withdrawn", ended_at=timezone.now())
    assert records(take_contacts(letter, alice)) == []
    table = export.signatures(
        letter, JSON, statuses=["superseded"], columns=["id", "status", "stands_in"], by=alice
    )
    assert records(table) == [
        {"id": second.public_id, "status": "superseded", "stands_in": standing.public_id}
    ]
    assert records(export.public_names(letter, JSON)) == []


def test_for_a_follow_up_letter_only_those_leave_who_agreed_to_be_kept():
    letter, alice = make_letter(), make_staff()
    make_signature(letter, name="Kept Kettle", keep_contact=True)
    make_signature(letter, name="Blue Kettle")
    assert [row["organisation"] for row in records(take_contacts(letter, alice, reason="follow_up"))] == [
        "Kept Kettle"
    ]
    assert len(records(take_contacts(letter, alice, reason="legal"))) == 2


def test_an_erased_contact_is_in_no_export():
    letter = make_letter()
    withdrawal.erase(make_signature(letter))
    assert records(take_contacts(letter, make_staff(), statuses=["published", "withdrawn"])) == []


def test_a_contact_whose_seal_does_not_open_leaves_without_a_person():
    letter, alice = make_letter(), make_staff()
    first, second = make_signature(letter, name="A House"), make_signature(letter, name="B House")
    Contact.objects.filter(signature=first).update(sealed=Contact.objects.get(signature=second).sealed)
    broken, whole = records(take_contacts(letter, alice))
    assert (broken["organisation"], broken["email"]) == ("A House", "")
    assert whole["email"]


def test_nobody_takes_contacts_more_than_three_times_a_day():
    letter, alice, bob = make_letter(), make_staff(), make_staff("bob")
    for left in (3, 2, 1):
        assert export.left_today(alice) == left
        take_contacts(letter, alice)
    with pytest.raises(export.TooManyExports):
        take_contacts(letter, alice)
    take_contacts(letter, bob)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        take_contacts(letter, alice)
    assert Event.objects.filter(act="export_contacts").count() == 5


@pytest.mark.django_db(transaction=True)
def test_three_times_are_three_times_even_at_once():
    letter, alice = make_letter(), make_staff()
    outcomes = at_once(*[lambda: take_contacts(letter, alice).title] * 8)
    assert sum(isinstance(outcome, export.TooManyExports) for outcome in outcomes) == 5
    assert Event.objects.filter(act="export_contacts").count() == 3


def test_every_superuser_is_told_and_learns_no_signatorys_name(work, mailbox):
    letter = make_letter()
    make_signature(letter, contact=make_contact_details("canary@kettle.example", name="Canary Person"))
    make_staff("alice", email="alice@harbour.example")
    make_staff("carol", email="carol@harbour.example")
    make_staff("dora", email="dora@harbour.example", is_superuser=False)
    make_staff("erik", email="erik@harbour.example", is_active=False)
    take_contacts(letter, staff_with("export_contact"), reason="legal")
    arguments = [job.args_kwargs["args"] for job in DBTaskResult.objects.all()]
    assert all(isinstance(each, int) for args in arguments for each in args)
    work()
    assert sorted(message["To"] for message in mailbox.messages()) == [
        "alice@harbour.example",
        "carol@harbour.example",
    ]
    for message in mailbox.messages():
        text = message.as_string()
        assert "asylum" in message["Subject"]
        assert "bob exported contacts" in text
        assert "Because the law asks for it" in text
        assert "anary" not in text
        assert "Blue Kettle" not in text


# --- constant memory -----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_rows_are_read_as_they_leave_and_a_download_that_is_broken_off_leaves_nothing_open(
    django_assert_num_queries,
):
    letter, alice = make_letter(), make_staff()
    first = make_signature(letter)
    fields = {
        "letter": letter,
        "text": first.text,
        "language": "en",
        "status": "published",
        "visibility": "public",
    }
    fields |= {"organisation_id": None, "published_at": timezone.now(), "status": "awaiting_moderation"}
    many = [Signature(name=f"House {number}", **fields) for number in range(3_000)]
    for each in many:
        each.fill_keys()
    Signature.objects.bulk_create(many)
    table = export.signatures(letter, CSV, statuses=["awaiting_moderation"], columns=ALL_COLUMNS, by=alice)
    with django_assert_num_queries(1):
        pieces = CSV.written(table)
        next(pieces)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE name <> ''")
        assert cursor.fetchone()[0] == 1
    del table
    pieces.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE name <> ''")
        assert cursor.fetchone()[0] == 0


# --- at the desk ---------------------------------------------------------------------------------------------


def choice(**fields):
    return {
        "what": "public",
        "kind": "csv",
        "statuses": ["published"],
        "columns": ["id", "name"],
        "reason": "",
        **fields,
    }


def desk_of(*permissions):
    return enter(Client(), staff_with(*permissions))


def page_of(letter):
    return f"/admin/letters/letter/{letter.pk}/export/"


def body(answer):
    return b"".join(answer.streaming_content).decode("utf-8-sig")


@pytest.mark.parametrize(
    ("permissions", "may"),
    [
        ((), []),
        (("view_contact", "change_signature"), []),
        (("view_signature",), ["public", "desk"]),
        (("view_signature", "view_contact"), ["public", "desk"]),
        (("export_contact",), []),
        (("view_signature", "export_contact"), ["public", "desk", "contacts"]),
    ],
)
def test_who_may_take_what(permissions, may):
    letter = make_letter()
    make_signature(letter)
    desk = desk_of(*permissions)
    assert desk.get(page_of(letter)).status_code == (200 if may else 403)
    for what in What.values:
        answer = desk.post(page_of(letter), choice(what=what, reason="legal"))
        assert (answer.status_code == 200 and answer.streaming) == (what in may), what
        assert answer.status_code in (200, 403, 422)
    offered = desk.get(page_of(letter)).content.decode() if may else ""
    assert ('value="contacts"' in offered) == ("contacts" in may)


def test_a_download_is_stored_nowhere_and_its_name_tells_nobodys(client):
    letter = make_letter()
    make_signature(letter)
    for kind, format_ in FORMATS.items():
        answer = enter(client, make_staff(kind)).post(page_of(letter), choice(kind=kind))
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Accel-Buffering"] == "no"
        assert answer["Content-Type"] == format_.content_type
        assert "Content-Length" not in answer
        today = timezone.now().date().isoformat()
        assert (
            answer["Content-Disposition"] == f'attachment; filename="asylum-public-{today}.{format_.suffix}"'
        )
        assert b"".join(answer.streaming_content)


def test_before_names_leave_one_shows_again_who_one_is_and_the_choice_is_kept():
    letter = make_letter()
    make_signature(letter)
    bob = staff_with("view_signature", "export_contact")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        desk = enter(Client(), bob)
        clock.shift(LONG_AGO)
        chosen = choice(what="contacts", reason="legal", statuses=["published", "held"])
        answer = desk.post(page_of(letter), chosen)
        assert answer["Location"].startswith("/admin/account/confirm/code/")
        assert desk.post(answer["Location"], {"code": "000000"}).status_code == 200
        assert desk.post(page_of(letter), chosen).status_code == 302
        back = desk.post(answer["Location"], {"code": code_of()})
        page = desk.get(back["Location"])
        assert page.context["form"]["what"].value() == "contacts"
        assert page.context["form"]["statuses"].value() == ["published", "held"]
        assert page.context["form"]["reason"].value() == "legal"
        assert Event.objects.filter(act="export_contacts").count() == 0
        assert "Blue Kettle" in body(desk.post(page_of(letter), chosen))
        assert Event.objects.filter(act="export_contacts").count() == 1


@pytest.mark.parametrize(("what", "status"), [("public", 200), ("desk", 302), ("contacts", 302)])
def test_what_the_public_reads_leaves_at_any_time(what, status):
    letter = make_letter()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        desk = desk_of("view_signature", "export_contact")
        clock.shift(LONG_AGO)
        assert desk.post(page_of(letter), choice(what=what, reason="legal")).status_code == status


def test_what_stood_in_the_form_leads_nowhere_else():
    letter = make_letter()
    page = desk_of("view_signature").get(f"{page_of(letter)}?what=contacts&next=//evil.example/&kind=<b>")
    assert page.status_code == 200
    assert "evil.example" not in page.content.decode()
    assert "<b>" not in page.content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"what": "desk", "columns": []}, "columns"),
        ({"what": "desk", "statuses": []}, "statuses"),
        ({"what": "contacts"}, "reason"),
        ({"what": "everything"}, "what"),
        ({"kind": "exe"}, "kind"),
        ({"columns": ["password"]}, "columns"),
    ],
)
def test_a_choice_that_is_none_is_explained(client, wrong, field):
    letter = make_letter()
    answer = enter(client, make_staff()).post(page_of(letter), choice(**wrong))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_the_fourth_time_a_day_is_refused_on_the_page(client):
    letter, alice = make_letter(), make_staff()
    desk = enter(client, alice)
    for _ in range(3):
        assert desk.post(page_of(letter), choice(what="contacts", reason="legal")).status_code == 200
    answer = desk.post(page_of(letter), choice(what="contacts", reason="legal"))
    assert answer.status_code == 422
    assert "ask a colleague" in answer.content.decode()
    assert Event.objects.filter(act="export_contacts").count() == 3


def test_a_letter_leads_to_what_can_be_taken_away_of_it(client):
    letter = make_letter()
    page = enter(client, make_staff()).get(f"/admin/letters/letter/{letter.pk}/change/").content.decode()
    for name in ("export", "import", "on-behalf"):
        assert f'href="/admin/letters/letter/{letter.pk}/{name}/"' in page
    few = desk_of("view_letter").get(f"/admin/letters/letter/{letter.pk}/change/").content.decode()
    assert f"/admin/letters/letter/{letter.pk}/export/" not in few
