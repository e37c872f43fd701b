"""A list gathered elsewhere is shown before it is written, sealed while it waits, and written once."""

import logging
import tempfile
import time
from datetime import timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters import lifecycle
from letters.models import Event
from signatories import lists, moderation, tasks, verification, withdrawal
from signatories.contacts import unseal
from signatories.headings import recognise
from signatories.models import (
    Contact,
    ImportFile,
    ImportRow,
    ImportStatus,
    ListConsent,
    Organisation,
    Remark,
    RowResult,
    Signature,
    Verdict,
)
from signatories.sheets import read, read_pasted
from signatories.signing import LetterNotOpen, sign
from tests import gathered
from tests.factories import (
    enter,
    make_claim,
    make_contact_details,
    make_letter,
    make_organisation,
    make_signature,
    make_staff,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db

STATED = {
    "consent": "stated",
    "channel": "paper",
    "evidence": "Blue folder, shelf 2.",
    "visibility": "public",
}
BY_COLUMN = {**STATED, "consent": "column", "channel": "other_form"}


def take(data, *, letter=None, by=None):
    sheets = read_pasted(data) if isinstance(data, str) else read(data)
    return lists.take(letter or make_letter(), sheets=sheets, by=by or make_staff())


def check(file, *, columns=None, sheet=0, **terms):
    found = recognise(lists.sheets_of(file)[sheet])
    layout = lists.Layout(sheet=sheet, heading_row=found.row, columns=columns or found.columns)
    return lists.check(file, layout=layout, terms=lists.Terms(**terms))


def bring(data, *, letter=None, by=None, also=(), **terms):
    """Take, compare and write a list; the worker has still to do it."""
    file = check(take(data, letter=letter, by=by), **terms)
    return lists.write(file, by=file.by, also=also)


def verdicts(file):
    return [(row.line, row.verdict) for row in file.rows.all()]


def written(file):
    return {row.line: row.signature for row in ImportRow.objects.filter(file=file, result=RowResult.WRITTEN)}


# --- what is written -----------------------------------------------------------------------------------------


def test_a_list_is_written_row_by_row_and_waits_for_a_moderator(work):
    file = bring(gathered.google_forms(), **BY_COLUMN)
    work()
    file.refresh_from_db()
    assert file.status == ImportStatus.WRITTEN
    lantern, ferry = Signature.objects.order_by("source_line")
    assert (lantern.name, lantern.country, lantern.kind) == (
        "Lantern Street Newcomers (LSN)",
        "KE",
        "refugee_led",
    )
    assert (lantern.status, lantern.channel, lantern.source_line) == ("awaiting_moderation", "list", 2)
    assert lantern.queued_at is not None
    assert unseal(lantern.contact).name == "Hope Achieng"
    assert (lantern.visibility, ferry.visibility) == ("public", "counted_only")
    assert (ferry.name, ferry.kind) == ("Night Ferry School", "ally")
    assert Organisation.objects.count() == 0


def test_nothing_is_published_and_no_mail_is_sent_by_itself(work, mailbox):
    before = make_letter().revision
    letter = make_letter("second")
    bring(gathered.google_forms(), letter=letter, **STATED)
    work()
    letter.refresh_from_db()
    assert letter.revision == before
    assert Signature.objects.filter(status="published").count() == 0
    assert mailbox.messages() == []


@pytest.mark.parametrize(
    ("terms", "visibility"),
    [
        ({}, ["counted_only", "counted_only"]),
        (STATED, ["public", "counted_only"]),  # the second one says no, whatever was stated of all
        ({**STATED, "visibility": "delivered_only"}, ["delivered_only", "counted_only"]),
        (BY_COLUMN, ["public", "counted_only"]),
    ],
)
def test_without_recorded_consent_nobody_is_named(work, terms, visibility):
    bring(gathered.google_forms(), **terms)
    work()
    assert list(Signature.objects.order_by("source_line").values_list("visibility", flat=True)) == visibility


def test_the_evidence_of_a_yes_stands_beside_the_signature(work):
    file = bring(gathered.google_forms(), **STATED)
    work()
    remark = Remark.objects.order_by("pk").first()
    assert "Blue folder, shelf 2." in remark.words
    assert f"{file.public_id}, line 2" in remark.words
    assert "2026/03/01 10:15:22" in remark.words
    event = Event.objects.get(act="import", subject_id=remark.signature.public_id)
    assert (event.by, event.reason) == (file.by, "paper")


def test_each_can_be_asked_to_confirm_by_mail(work, mailbox, settings):
    settings.LIST_MAILS = (1, timedelta(minutes=1))
    bring(gathered.google_forms(), asks_by_mail=True, **STATED)
    work()
    signature = Signature.objects.get(source_line=2)
    assert (signature.status, signature.visibility) == ("unconfirmed", "counted_only")
    assert "/confirm/" in mailbox.link_to("hope@lantern.example")
    verification.confirm(signature, visibility="delivered_only")
    signature.refresh_from_db()
    assert (signature.status, signature.visibility) == ("awaiting_moderation", "delivered_only")


def test_mails_leave_in_batches(work, monkeypatch, mailbox, settings):
    settings.LIST_MAILS = (2, timedelta(minutes=1))
    monkeypatch.setattr(lists, "BATCH", 2)
    rows = [["Organisation", "Email"], *([f"{word} Kettle", f"k{word}@kettle.example"] for word in NAMES[:6])]
    bring(gathered.csv_of(rows), asks_by_mail=True)
    work()
    assert len(mailbox.messages()) == 2
    waits = [
        job.run_after - timezone.now()
        for job in DBTaskResult.objects.filter(status="READY").order_by("run_after")
    ]
    assert [round(wait.total_seconds() / 60) for wait in waits] == [1, 1, 2, 2]
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        work()
    assert len(mailbox.messages()) == 6


NAMES = [
    "Amber",
    "Silent",
    "Northern",
    "Golden",
    "Broken",
    "Quiet",
    "Olive",
    "Mango",
    "Copper",
    "River",
    "Cedar",
]


def test_who_has_a_phone_alone_is_called_and_who_has_nothing_waits(work):
    rows = [["Organisation", "Phone"], ["Amber Path", "+254 700 000001"], ["Silent Loom", ""]]
    bring(gathered.csv_of(rows), asks_by_mail=True)
    work()
    phone, nothing = Signature.objects.order_by("source_line")
    assert (phone.status, phone.by_phone) == ("unconfirmed", True)
    assert nothing.status == "awaiting_moderation"
    assert not Contact.objects.filter(signature=nothing).exists()


def test_a_name_without_a_contact_is_completed_by_staff_and_claimed_by_its_organisation(work):
    alice = make_staff()
    letter = make_letter()
    bring("Silent Loom", letter=letter, by=alice, **STATED)
    work()
    place = moderation.approve(Signature.objects.get(), by=alice)
    place = moderation.complete(place, by=alice, facts=moderation.Facts(country="KE"))
    own = make_signature(letter, name="Silent Loom", status="awaiting_moderation")
    claimed = moderation.approve(own, by=alice, organisation=place.organisation)
    assert claimed.pk == place.pk
    assert Contact.objects.get().signature_id == place.pk


# --- what each row is ----------------------------------------------------------------------------------------


def test_every_row_is_accounted_for():
    letter = make_letter()
    live = make_signature(letter, name="Blue Kettle")
    gone = make_signature(letter, name="Red Kettle", status="withdrawn")
    make_signature(letter, name="Harbour Youth Network")
    rows = [
        ["Organisation"],
        ["Lantern Street"],
        ["blue kettle"],
        ["Red Kettle"],
        ["Harbour Youth Networks"],
        ["Yes"],
        ["Lantern Street"],
        ["Lantern Streets"],
        ["?!"],
    ]
    file = check(take(gathered.csv_of([[*row, "x"] for row in rows]), letter=letter), columns={0: "name"})
    assert verdicts(file) == [
        (2, "new"),
        (3, "there"),
        (4, "ended"),
        (5, "like"),
        (6, "junk"),
        (7, "repeated"),
        (8, "like"),
        (9, "unreadable"),
    ]
    by_line = {row.line: row for row in file.rows.all()}
    assert by_line[3].resembles == live
    assert by_line[4].resembles == gone
    assert by_line[5].likeness > 0.8
    assert by_line[6].why == "placeholder"
    assert by_line[7].same_as_line == by_line[8].same_as_line == 2
    assert by_line[9].why == "empty"
    assert sum(lists.counts(file).values()) == 8
    assert all(str(lists.reason(row)) for row in file.rows.filter(verdict__in=("junk", "unreadable")))


def test_what_a_list_says_otherwise_is_shown_and_changes_nothing(work):
    letter = make_letter()
    make_signature(letter, name="Blue Kettle", country="KE", website="")
    file = check(take(b"Organisation,Country,Website\nBLUE KETTLE,Uganda,kettle.example\n", letter=letter))
    (row,) = file.rows.all()
    shown = [(str(fact), old, new) for fact, old, new in lists.differences(row, lists.entry_of(row))]
    assert shown == [
        ("Name", "Blue Kettle", "BLUE KETTLE"),
        ("Country", "Kenya", "Uganda"),
        ("Website", "", "https://kettle.example"),
    ]
    with pytest.raises(lists.NothingToWrite):
        lists.write(file, by=file.by)
    assert Signature.objects.get().country == "KE"


def test_rows_that_are_doubtful_are_written_only_when_told(work):
    letter = make_letter()
    make_signature(letter, name="Harbour Youth Network")
    data = b"Organisation,x\nHarbour Youth Networks,\nYes,\nLantern Street,\n"
    bring(data, letter=letter)
    work()
    assert set(Signature.objects.filter(channel="list").values_list("name", flat=True)) == {"Lantern Street"}
    bring(data + b"Olive House,\n", letter=letter, by=make_staff("bob"), also=["like"])
    work()
    assert set(Signature.objects.filter(channel="list").values_list("name", flat=True)) == {
        "Lantern Street",
        "Harbour Youth Networks",
        "Olive House",
    }


def test_comparing_again_with_other_columns_starts_anew():
    file = check(take(b"Organisation,Country\nBlue Kettle,Kenya\n"))
    again = check(file, columns={0: "name"})
    assert lists.entry_of(again.rows.get()).country == ""
    assert again.columns["columns"] == {"0": "name"}


def test_a_sheet_that_is_not_there_is_refused():
    file = take(b"Organisation\nBlue Kettle\n")
    with pytest.raises(lists.NoSuchSheet):
        lists.check(file, layout=lists.Layout(sheet=3, columns={0: "name"}), terms=lists.Terms())


# --- a second time -------------------------------------------------------------------------------------------


def test_the_same_list_adds_nothing_a_second_time(work):
    letter = make_letter()
    bring(gathered.google_forms(), letter=letter)
    work()
    again = check(take(gathered.google_forms(), letter=letter, by=make_staff("bob")))
    assert verdicts(again) == [(2, "there"), (3, "there")]


def test_the_same_line_is_known_even_under_another_name(work):
    letter = make_letter()
    bring(b"Organisation\nBlue Kettle\n", letter=letter)
    work()
    Signature.objects.update(name="Renamed Since", name_key="renamed since")
    again = check(take(b"Organisation\nBlue Kettle\n", letter=letter, by=make_staff("bob")))
    assert verdicts(again) == [(2, "there")]


@pytest.mark.parametrize("act", [withdrawal.withdraw, withdrawal.erase])
def test_who_left_is_not_brought_back_by_its_list(work, act):
    letter = make_letter()
    bring(gathered.google_forms(), letter=letter)
    work()
    act(Signature.objects.get(source_line=2))
    again = check(take(gathered.google_forms(), letter=letter, by=make_staff("bob")))
    assert verdicts(again) == [(2, "ended"), (3, "there")]


def test_working_again_writes_nothing_twice(work):
    file = bring(gathered.google_forms())
    for _ in range(3):
        lists.work_on(file.pk)
    tasks.write_list.enqueue(file.pk)
    work()
    assert Signature.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_each_row_once():
    rows = [
        ["Organisation", "x"],
        *([f"{one} {other} House", ""] for one in NAMES for other in ("Sun", "Tree")),
    ]
    file = bring(gathered.csv_of(rows))
    for _ in range(3):
        at_once(*[lambda: lists.work_on(file.pk)] * 4)
    assert Signature.objects.count() == 22


# --- a row that is refused stops no other --------------------------------------------------------------------


def test_a_mailbox_that_has_signed_for_this_name_is_refused_and_the_rest_is_written(work):
    letter = make_letter()
    file = check(take(gathered.google_forms(), letter=letter))
    details = make_contact_details("hope@lantern.example")
    first = sign(
        letter, text=letter.texts.get(), claim=make_claim("Lantern Street Newcomers (LSN)"), contact=details
    )
    Signature.objects.filter(pk=first.pk).update(name="Renamed", name_key="renamed")
    lists.write(file, by=file.by)
    work()
    results = dict(file.rows.values_list("line", "result"))
    assert results == {2: RowResult.MAILBOX_SIGNED, 3: RowResult.WRITTEN}


def test_who_signs_while_a_list_waits_is_not_doubled(work):
    letter = make_letter()
    file = bring(b"Organisation\nBlue Kettle\nRed Kettle House\n", letter=letter)
    make_signature(letter, name="Blue  kettle", status="awaiting_moderation")
    work()
    assert dict(file.rows.values_list("line", "result")) == {2: "signed_meanwhile", 3: "written"}


def test_a_row_whose_key_is_missing_is_told_and_stops_nothing(work, settings):
    file = bring(b"Organisation\nBlue Kettle\nRed Window House\n")
    row = file.rows.get(line=2)
    row.sealed = Fernet(Fernet.generate_key()).encrypt(b"{}")
    row.save()
    assert lists.entry_of(row) is None
    work()
    assert dict(file.rows.values_list("line", "result")) == {2: "not_opened", 3: "written"}
    assert DBTaskResult.objects.failed().count() == 0


def test_a_list_is_stopped_and_gone_on_with(work, monkeypatch):
    monkeypatch.setattr(lists, "BATCH", 2)
    data = "\n".join(f"{name} Window House" for name in NAMES[:5])
    file = bring(data, also=["like"])
    lists.work_on(file.pk)
    lists.stop(file, by=file.by)
    work()
    assert Signature.objects.count() == 2
    assert lists.results(file) == {"written": 2, "": 3}
    lists.write(file, by=file.by)
    work()
    assert Signature.objects.count() == 5


def test_a_letter_that_closes_meanwhile_stops_the_list(work):
    letter = make_letter()
    file = bring(b"Organisation\nBlue Kettle\n", letter=letter)
    lifecycle.close_letter(letter)
    work()
    file.refresh_from_db()
    assert (file.status, Signature.objects.count()) == ("stopped", 0)
    with pytest.raises(LetterNotOpen):
        lists.write(file, by=file.by)


@pytest.mark.parametrize("phase", ["draft", "closed", "archived"])
def test_a_letter_that_takes_no_signatures_takes_no_list(phase):
    with pytest.raises(LetterNotOpen):
        take(b"Organisation\nBlue Kettle\n", letter=make_letter(phase=phase))


def test_each_act_is_refused_where_it_does_not_fit(work):
    file = take(b"Organisation\nBlue Kettle\n")
    with pytest.raises(lists.ListIsElsewhere):
        lists.write(file, by=file.by)
    with pytest.raises(lists.ListIsElsewhere):
        lists.stop(file, by=file.by)
    check(file)
    lists.write(file, by=file.by)
    with pytest.raises(lists.ListIsElsewhere):
        check(file)
    with pytest.raises(lists.ListIsElsewhere):
        lists.give_up(file, by=file.by)
    work()
    for act in (lists.write, lists.stop, lists.give_up):
        with pytest.raises(lists.ListIsElsewhere):
            act(file, by=file.by)
    with pytest.raises(lists.ListIsElsewhere):
        lists.sheets_of(ImportFile.objects.get())


# --- the database refuses it too -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"consent": "stated", "visibility": "public"}, "a_list_with_consent_says_how_it_was_given"),
        ({"visibility": "public"}, "a_list_without_consent_names_nobody"),
    ],
)
def test_the_database_keeps_to_consent(fields, rule):
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        ImportFile.objects.create(letter=make_letter(), by=make_staff(), language="en", **fields)


def test_a_row_is_read_once():
    file = take("Blue Kettle")
    ImportRow.objects.create(file=file, line=1, verdict="new")
    with pytest.raises(IntegrityError, match="a_row_of_a_list_is_read_once"), transaction.atomic():
        ImportRow.objects.create(file=file, line=1, verdict="new")


# --- nothing stays open --------------------------------------------------------------------------------------

CANARIES = [
    "Canary Person",
    "canary.mailbox@kettle.example",
    "+254700999888",
    "254700999888",
    "canary.mailbox",
    "Treasurer Canary",
]
CANARY_LIST = b"""Organisation,Contact name,Role,E-mail,Phone
Blue Kettle House,Canary Person,Treasurer Canary,canary.mailbox@kettle.example,+254 700 999888
Yes,Canary Person,Treasurer Canary,canary.mailbox@kettle.example,+254 700 999888
"""


def whole_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            yield from ((table, row) for (row,) in cursor.fetchall())


def assert_nothing_open(where):
    found = [(table, canary) for table, row in whole_database() for canary in CANARIES if canary in row]
    hexed = [
        (table, canary)
        for table, row in whole_database()
        for canary in CANARIES
        if canary.encode().hex() in row
    ]
    assert found + hexed == [], where


def test_no_person_stands_open_in_a_table_a_file_a_task_or_a_log(
    client, work, caplog, tmp_path, monkeypatch, settings
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    opened = []
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda *args, **kwargs: opened.append(args))
    letter = make_letter()
    desk = enter(client, make_staff())
    caplog.set_level(logging.DEBUG)
    padding = b"\n".join(b"Padding House %d,,,," % number for number in range(200))
    upload = SimpleUploadedFile("canary.csv", CANARY_LIST + padding + b"\n" * 3_000_000)
    answer = desk.post(f"/admin/letters/letter/{letter.pk}/import/", {"file": upload})
    assert answer.status_code == 302
    assert_nothing_open("taken")
    file = check(ImportFile.objects.get(), asks_by_mail=False)
    assert_nothing_open("compared")
    page = desk.get(answer["Location"]).content.decode()
    assert "Blue Kettle House" in page
    assert [canary for canary in CANARIES if canary in page] == []
    lists.write(file, by=file.by)
    assert_nothing_open("to be written")
    work()
    assert_nothing_open("written")
    assert Contact.objects.count() == 1
    assert opened == []
    assert list((tmp_path / "temp").iterdir()) == []
    assert [canary for canary in CANARIES if canary in caplog.text] == []
    assert bytes(ImportFile.objects.get().sealed) == b""
    assert {bytes(row.sealed) for row in ImportRow.objects.all()} == {b""}


def test_what_is_not_written_is_erased_after_a_day(work):
    letter, bob = make_letter(), make_staff("bob")
    read_ = take(b"Organisation\nBlue Kettle\n", letter=letter)
    compared = check(take(b"Organisation\nRed Kettle\n", letter=letter, by=bob))
    written_ = bring(b"Organisation\nGreen Kettle House\n", letter=letter, by=bob)
    work()
    with time_machine.travel(timezone.now() + timedelta(hours=23)):
        tasks.do_what_is_due()
    assert ImportFile.objects.count() == 3
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        tasks.do_what_is_due()
    assert list(ImportFile.objects.all()) == [written_]
    assert not ImportRow.objects.filter(file__in=[read_.pk, compared.pk]).exists()


def test_what_is_stopped_is_emptied_after_a_day_and_what_is_written_stays(work, monkeypatch):
    monkeypatch.setattr(lists, "BATCH", 1)
    file = bring("Amber Window House\nSilent Boat School\n")
    lists.work_on(file.pk)
    lists.stop(file, by=file.by)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        tasks.do_what_is_due()
    file.refresh_from_db()
    assert (file.status, bytes(file.sealed)) == ("written", b"")
    assert {bytes(row.sealed) for row in file.rows.all()} == {b""}
    assert Signature.objects.count() == 1


def test_a_list_is_given_up_with_all_it_held():
    file = check(take("Blue Kettle"))
    lists.give_up(file, by=file.by)
    assert ImportFile.objects.count() == ImportRow.objects.count() == 0
    assert Event.objects.filter(act="give_up_list").count() == 1
    with pytest.raises(lists.ListIsElsewhere):
        lists.give_up(file, by=file.by)


def test_who_is_erased_leaves_nothing_of_the_list_behind(work):
    bring(CANARY_LIST, **STATED)
    work()
    signature = Signature.objects.get()
    withdrawal.erase(signature)
    DBTaskResult.objects.all().delete()
    rows = [row for _table, row in whole_database()]
    assert [row for row in rows if "Blue Kettle House" in row or "Blue folder" in row] == []
    assert_nothing_open("erased")


# --- five thousand rows --------------------------------------------------------------------------------------


def test_five_thousand_rows_are_compared_in_seconds():
    letter = make_letter()
    words = [(one, other, third) for one in NAMES for other in WORDS for third in WORDS]
    names = [f"{one} {other} {third} Initiative" for one, other, third in words][:5_000]
    assert len(set(names)) == 5_000
    rows = [
        ["Organisation", "Country", "E-mail"],
        *([name, "Kenya", f"k{n}@kettle.example"] for n, name in enumerate(names)),
    ]
    began = time.monotonic()
    file = check(take(gathered.csv_of(rows), letter=letter))
    seconds = time.monotonic() - began
    assert sum(lists.counts(file).values()) == 5_000
    print(f"5,000 rows compared in {seconds:.1f} s")
    assert seconds < 120


WORDS = """
    Kettle Ferry Bridge Door Window Garden School Circle Road Loom Star Tent Boat Well Market Drum Bread Path Cloud
    Nest Moon Reed Gate
""".split()


def test_an_organisation_of_the_list_is_made_only_when_it_is_approved(work):
    make_organisation("Silent Loom")
    bring("Silent Loom")
    work()
    assert Organisation.objects.count() == 1
    assert Signature.objects.get().organisation is None


def test_verdicts_that_cannot_be_taken_are_never_taken():
    assert set(lists.TAKEABLE) == {Verdict.NEW, Verdict.LIKE, Verdict.JUNK}
    file = check(take("Blue Kettle"))
    lists.write(file, by=file.by, also=["there", "unreadable", "ended"])
    file.refresh_from_db()
    assert file.takes == ["new"]
    assert file.consent == ListConsent.UNKNOWN
