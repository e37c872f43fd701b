"""Letters in one file: whole or not at all, for its owner alone, gone after a day or with the first name taken off."""

import csv
import hashlib
import io
import os
import stat
import time
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters.models import Event
from signatories import delivery, documents, parcels, tasks, withdrawal
from signatories.models import Delivery, Parcel, ParcelStatus
from tests.factories import make_delivery, make_letter, make_recipient, make_signature, make_staff, make_text
from tests.pdf import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings):
    return settings.DOCUMENTS_DIR


@pytest.fixture
def alice():
    return make_staff()


@pytest.fixture
def letter(alice):
    letter = make_letter(languages=("en", "ar"))
    make_text(letter, language="fr", title="Gardez la porte ouverte")
    return letter


def pack(letter, by, work):
    made = delivery.deliver(letter, recipients=letter.recipients.all(), by=by)
    parcel = parcels.pack(made, by=by)
    work()
    parcel.refresh_from_db()
    return parcel


def open_zip(path):
    return zipfile.ZipFile(io.BytesIO(path.read_bytes()))


def test_each_recipient_has_its_letter_and_a_line_in_the_list(letter, alice, work):
    make_recipient(letter, country="FR", language="fr", email="geneve@france.example", office="=1+1")
    make_recipient(letter, country="JO", language="ar")
    make_signature(letter, name="Anchor")
    archive = open_zip(parcels.release(pack(letter, alice, work), by=alice))

    rows = list(csv.DictReader(io.StringIO(archive.read("recipients.csv").decode("utf-8-sig"))))
    assert archive.testzip() is None
    assert archive.namelist() == [*(row["file"] for row in rows), "recipients.csv"]
    assert [row["government"] for row in rows] == ["Kenya", "France", "Jordan"]
    assert [row["email"] for row in rows] == ["", "geneve@france.example", ""]
    assert rows[1]["office"] == "'=1+1"
    titles = ["Keep the door open", "Gardez la porte ouverte", "Keep the door open (ar)"]
    for row, title in zip(rows, titles, strict=True):
        pdf = archive.read(row["file"])
        assert hashlib.sha256(pdf).hexdigest() == row["sha256"]
        assert title in text_of(pdf)
    assert {one.sha256 for one in Delivery.objects.all()} == {row["sha256"] for row in rows}


def test_file_names_name_nobody(letter, alice, work):
    make_recipient(letter, country="", office="Amina Yusuf", style_of_address="Ms Yusuf")
    names = open_zip(parcels.release(pack(letter, alice, work), by=alice)).namelist()
    assert not [name for name in names if "Yusuf" in name or "Amina" in name]
    assert names[0].startswith("asylum-ke-")
    assert names[1].startswith("asylum-xx-")


def test_nobody_else_on_the_machine_reads_it(letter, alice, work, folder):
    path = parcels.path_of(pack(letter, alice, work))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == [path]


def test_the_task_names_nobody(letter, alice):
    make_signature(letter, name="Anchor")
    parcel = parcels.pack([make_delivery(letter)], by=alice)
    task = DBTaskResult.objects.get(task_path=tasks.fill_parcel.module_path)
    assert task.args_kwargs == {"args": [parcel.pk], "kwargs": {}}


def test_how_far_it_has_come_can_be_seen(letter, alice, work):
    make_recipient(letter)
    parcel = pack(letter, alice, work)
    assert (parcel.status, parcel.done, parcel.total) == ("ready", 2, 2)


def test_a_task_that_runs_twice_leaves_one_whole_file(letter, alice, work, folder):
    parcel = pack(letter, alice, work)
    first = open_zip(parcels.path_of(parcel)).namelist()
    Parcel.objects.update(status=ParcelStatus.PACKING)
    parcels.fill(parcel.pk)
    parcels.fill(parcel.pk)
    assert open_zip(parcels.path_of(parcel)).namelist() == first
    assert len(list(folder.iterdir())) == 1


def test_a_file_is_taken_only_after_it_is_written_down(letter, alice, work):
    parcel = pack(letter, alice, work)
    assert not Event.objects.filter(act="release").exists()
    parcels.release(parcel, by=alice)
    made = Delivery.objects.get()
    event = Event.objects.get(act="release")
    assert (event.subject_id, event.by) == (made.public_id, alice)
    assert made.released_at is not None


def test_a_file_that_is_not_made_yet_cannot_be_had(letter, alice):
    parcel = parcels.pack([make_delivery(letter)], by=alice)
    with pytest.raises(parcels.ParcelGone):
        parcels.release(parcel, by=alice)
    assert not Event.objects.filter(act="release").exists()


@pytest.mark.parametrize(
    "remove", [withdrawal.withdraw, withdrawal.hide, withdrawal.erase], ids=["withdraw", "hide", "erase"]
)
def test_a_name_that_is_taken_off_closes_the_file_and_deletes_it_within_the_minute(
    letter, alice, work, remove
):
    gone = make_signature(letter, name="Anchor")
    parcel = pack(letter, alice, work)
    remove(gone)
    with pytest.raises(parcels.ParcelGone):
        parcels.release(parcel, by=alice)
    tasks.do_what_is_due()
    parcel.refresh_from_db()
    assert parcel.status == "gone"
    assert not parcels.path_of(parcel).exists()


def test_a_name_that_was_left_out_from_the_beginning_closes_nothing(letter, alice, work):
    gone = make_signature(letter, name="Anchor")
    made = [make_delivery(letter)]
    withdrawal.withdraw(gone)
    parcel = parcels.pack(made, by=alice)
    work()
    archive = open_zip(parcels.release(parcel, by=alice))
    assert "Anchor" not in text_of(archive.read(archive.namelist()[0]))


def test_a_file_with_a_letter_that_was_thrown_away_opens_no_more(letter, alice, work):
    make_recipient(letter)
    parcel = pack(letter, alice, work)
    delivery.discard(Delivery.objects.first(), by=alice)
    with pytest.raises(parcels.ParcelGone):
        parcels.release(parcel, by=alice)


def test_letters_that_are_made_anew_close_the_file_of_the_old_ones(letter, alice, work):
    old, new = pack(letter, alice, work), pack(letter, alice, work)
    with pytest.raises(parcels.ParcelGone):
        parcels.release(old, by=alice)
    parcels.release(new, by=alice)


def test_its_day_ends(letter, alice, work):
    parcel = pack(letter, alice, work)
    tasks.do_what_is_due()
    assert parcels.path_of(parcel).exists()
    Parcel.objects.update(made_at=timezone.now() - timedelta(days=1, minutes=1))
    tasks.do_what_is_due()
    assert not parcels.path_of(parcel).exists()
    assert Parcel.objects.get().status == "gone"
    with pytest.raises(parcels.ParcelGone):
        parcels.release(parcel, by=alice)


def test_what_a_killed_worker_left_goes_too(letter, folder):
    folder.mkdir()
    left, fresh = folder / "tmpleft", folder / "tmpfresh"
    for path in (left, fresh):
        path.write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    os.utime(left, (yesterday, yesterday))
    parcels.forget()
    assert list(folder.iterdir()) == [fresh]


def test_a_document_that_cannot_be_made_fails_the_file_and_leaves_nothing(
    letter, alice, work, folder, monkeypatch, tmp_path
):
    broken = tmp_path / "letter.typ"
    broken.write_text("#panic()")
    monkeypatch.setattr(documents, "_TEMPLATE", broken)
    documents._compiler.cache_clear()
    try:
        parcel = pack(letter, alice, work)
    finally:
        documents._compiler.cache_clear()
    assert parcel.status == "failed"
    assert list(folder.iterdir()) == []
    with pytest.raises(parcels.ParcelGone):
        parcels.release(parcel, by=alice)
