"""Lists of any service and encoding are read; what only pretends to be one is refused before it unfolds."""

import io
import resource
import time
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letters.parsing import UnreadableDocument
from signatories.entries import entries
from signatories.headings import Holds, recognise
from signatories.sheets import UNREADABLE, Sheet, read, read_pasted
from tests import gathered
from tests.gathered import csv_of, patched, workbook_of


def read_entries(data, *, sheet=0):
    page = read(data)[sheet]
    found = recognise(page)
    return list(entries(page, found, found.columns))


@pytest.mark.parametrize("service", gathered.EXPECTED, ids=lambda service: service.__name__)
def test_a_list_is_read_as_its_service_writes_it(service):
    found = [
        (entry.name, entry.country, entry.email or entry.phone, entry.person)
        for entry in read_entries(service())
    ]
    assert found == gathered.EXPECTED[service]


# --- what the columns say ------------------------------------------------------------------------------------


def test_who_agreed_to_be_named_is_read():
    assert [entry.agreed for entry in read_entries(gathered.google_forms())] == [True, False]
    assert [entry.agreed for entry in read_entries(gathered.google_forms_in_french())] == [True, False]
    assert [entry.agreed for entry in read_entries(gathered.google_forms_in_arabic())] == [True, False]
    assert [entry.agreed for entry in read_entries(gathered.google_forms_in_spanish())] == [True]


@pytest.mark.parametrize(
    "answer",
    ["No", "non merci", "hapana", "لا", "0", "We do not agree", "Yes, but do not publish it", "لا نوافق"],
)
def test_a_no_is_never_read_as_a_yes(answer):
    sheet = csv_of([["Organisation", "May we publish the name?"], ["Blue Kettle", answer]])
    assert read_entries(sheet)[0].agreed is False


@pytest.mark.parametrize("answer", ["perhaps", "ask Amina", "2"])
def test_an_answer_that_says_neither_is_no_yes_and_said_to_be_doubtful(answer):
    (entry,) = read_entries(csv_of([["Organisation", "May we publish the name?"], ["Blue Kettle", answer]]))
    assert entry.agreed is None
    assert "consent" in entry.doubts


def test_a_question_about_a_logo_is_none_about_the_name():
    sheet = read(
        csv_of([["Organisation", "May we publish the logo of your organisation?"], ["Blue Kettle", "Yes"]])
    )
    assert Holds.CONSENT not in recognise(sheet[0]).columns.values()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("Refugee-led", "refugee_led"),
        ("Dirigée par des réfugiés", "refugee_led"),
        ("بقيادة لاجئين", "refugee_led"),
        ("Led by internally displaced people", "displaced_led"),
        ("Apatrides", "displaced_led"),
        ("An ally", "ally"),
        ("Not refugee-led", "ally"),
        ("something else", ""),
    ],
)
def test_kinds_are_read(answer, kind):
    (entry,) = read_entries(csv_of([["Organisation", "Type of organisation"], ["Blue Kettle", answer]]))
    assert entry.kind == kind
    assert ("kind" in entry.doubts) == (not kind)


def test_whether_refugees_lead_it_is_read_as_its_kind():
    rows = [["Organisation", "Is it refugee-led?"], ["Blue Kettle", "Yes"], ["Red Kettle", "No"]]
    assert [entry.kind for entry in read_entries(csv_of(rows))] == ["refugee_led", "ally"]


def test_languages_are_read_in_any_language():
    rows = [
        ["Organisation", "Language"],
        ["A1", "French"],
        ["B2", "العربية"],
        ["C3", "Kiswahili"],
        ["D4", "Klingon"],
    ]
    read_ones = read_entries(csv_of(rows))
    assert [entry.language for entry in read_ones] == ["fr", "ar", "sw", ""]
    assert read_ones[3].doubts == ["language"]


def test_what_was_not_understood_is_said():
    _first, second = read_entries(gathered.microsoft_forms())
    assert second.doubts == ["email"]
    (entry,) = read_entries(
        csv_of([["Organisation", "Country", "Phone"], ["Blue Kettle", "Middle Earth", "12"]])
    )
    assert entry.doubts == ["country", "phone"]


def test_a_formula_without_a_value_is_never_calculated():
    first, second, third = read_entries(gathered.with_formulas())
    assert (first.name, first.problem) == ("Night Garden", "")
    assert (second.name, second.problem) == ("", "formula")
    assert (third.country, third.doubts) == ("", ["formula"])


def test_text_that_only_looks_like_a_formula_is_text():
    data = workbook_of(("Sheet1", [["Organisation"], ["Blue Kettle"], ["x"]]))
    data = patched(
        data,
        "xl/worksheets/sheet1.xml",
        (b"<t>x</t>", b"<t>=Equals</t>"),
    )
    assert [row.cells for row in read(data)[0].rows] == [["Organisation"], ["Blue Kettle"], ["=Equals"]]


def test_a_person_is_in_no_traceback():
    (entry,) = read_entries(gathered.jotform())
    assert "Grace" not in repr(entry)


# --- headings ------------------------------------------------------------------------------------------------


def test_a_list_without_headings_is_a_list_of_names():
    (sheet,) = read(b"Blue Kettle\nRed Kettle\n")
    found = recognise(sheet)
    assert (found.row, found.columns) == (0, {0: Holds.NAME})
    assert [entry.name for entry in entries(sheet, found, found.columns)] == ["Blue Kettle", "Red Kettle"]


def test_headings_stand_where_somebody_says_they_do():
    sheet = Sheet("", read(b"a,b\nc,d\nBlue Kettle,Kenya\n")[0].rows)
    found = recognise(sheet, row=2)
    assert [entry.name for entry in entries(sheet, found, {0: Holds.NAME})] == ["Blue Kettle"]
    none = recognise(sheet, row=0)
    assert len(list(entries(sheet, none, {0: Holds.NAME}))) == 3


def test_each_thing_is_held_by_one_column_the_fullest():
    rows = [["Email", "Organisation", "Contact e-mail"], ["anonymous", "Blue Kettle", "a@kettle.example"]]
    (sheet,) = read(csv_of(rows))
    assert recognise(sheet).columns == {1: Holds.NAME, 2: Holds.EMAIL}


def test_a_sheet_of_its_own_is_read_on_its_own():
    titles = [sheet.title for sheet in read(gathered.by_hand())]
    assert titles == ["March", "April"]
    assert [entry.name for entry in read_entries(gathered.by_hand(), sheet=1)] == ["Harbour of Dreams"]


def test_rows_keep_the_numbers_that_spreadsheets_show():
    assert [entry.line for entry in read_entries(gathered.by_hand())] == [5, 6, 8, 9]
    assert [entry.line for entry in read_entries(gathered.told_its_separator())] == [3]


# --- pasted --------------------------------------------------------------------------------------------------


def test_names_are_pasted_one_a_line_and_every_line_is_accounted_for():
    (sheet,) = read_pasted("1. Blue Kettle\n2. Harbour Youth, Kenya\n\n• مطبخ الميناء\n---\n")
    found = recognise(sheet)
    read_ones = list(entries(sheet, found, found.columns))
    assert [(entry.line, entry.name) for entry in read_ones if entry.name] == [
        (1, "Blue Kettle"),
        (2, "Harbour Youth, Kenya"),
        (4, "مطبخ الميناء"),
    ]
    assert [(entry.line, entry.problem) for entry in read_ones if not entry.name] == [(5, "no_name")]


def test_names_are_pasted_as_a_chat_copies_them():
    said = """[12/03/2026, 10:15:33] Amina Y: 1) Blue Kettle (Kenya)
12/03/2026, 10:16 - Amina Y: 2. *Red Kettle* (Uganda)
3\ufe0f\u20e3 Olive House
• Harbour Youth Network (South Sudan)
٥. بيت النور (لبنان)
Lantern Street Newcomers (LSN)"""
    (sheet,) = read_pasted(said)
    found = recognise(sheet)
    read_ones = list(entries(sheet, found, found.columns))
    assert [(entry.name, entry.country) for entry in read_ones] == [
        ("Blue Kettle", "KE"),
        ("Red Kettle", "UG"),
        ("Olive House", ""),
        ("Harbour Youth Network", "SS"),
        ("بيت النور", "LB"),
        ("Lantern Street Newcomers (LSN)", ""),
    ]


def test_consent_to_something_else_is_not_taken_for_the_name():
    """A column that is merely called so may be about data, or about mails: somebody says what it holds."""
    sheet = read(csv_of([["Organisation", "Consent"], ["Blue Kettle", "Yes"]]))
    assert Holds.CONSENT not in recognise(sheet[0]).columns.values()


def test_cells_of_a_spreadsheet_are_pasted():
    (sheet,) = read_pasted("Organisation\tCountry\nBlue Kettle\tKenya\nRed Kettle\tUganda")
    found = recognise(sheet)
    assert [entry.country for entry in entries(sheet, found, found.columns)] == ["KE", "UG"]


# --- what only pretends --------------------------------------------------------------------------------------


def bomb(*, size=200 * 1024 * 1024, members=1):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        for number in range(members):
            with archive.open(f"xl/worksheets/sheet{number}.xml", "w") as member:
                for _ in range(size // members // (1024 * 1024)):
                    member.write(b"0" * 1024 * 1024)
    return out.getvalue()


def entity_bomb():
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol" * 10}">' for n in range(9))
    declared = f"<!DOCTYPE x [{lol}]>".encode()
    data = workbook_of(("Sheet1", [["Organisation"], ["Blue Kettle"]]))
    changes = (b"<worksheet", declared + b"<worksheet"), (b"Blue Kettle", b"&l8;")
    return patched(data, "xl/worksheets/sheet1.xml", *changes)


def test_a_bomb_is_refused_at_once_and_takes_no_memory():
    for data in (bomb(), bomb(members=150), bomb(size=10 * 1024 * 1024, members=300)):
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        with pytest.raises(UnreadableDocument):
            read(data)
        assert time.monotonic() - began < 20
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def test_entities_are_never_unfolded():
    began = time.monotonic()
    with suppress(UnreadableDocument):
        assert "lollol" not in str(read(entity_bomb()))
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n \n,,,\n",
        b"PK\x03\x04 and no archive",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old Excel",
        b"%PDF-1.7 a list",
        bytes(range(256)) * 20,
        b'Organisation,Country\n"Blue Kettle,Kenya\nRed Kettle,Uganda\n',
        b'"' + b"a" * 200_000,
        b"\n" * 100_000 + b"Blue Kettle",
        csv_of([["Organisation"], *([f"Kettle {number}"] for number in range(5_100))]),
    ],
    ids=["empty", "blank", "cut", "xls", "pdf", "noise", "quote", "long quote", "lines", "rows"],
)
def test_what_cannot_be_read_is_refused_kindly(data):
    with pytest.raises(UnreadableDocument) as refusal:
        read(data)
    assert str(refusal.value).endswith(".")


def test_another_kind_of_archive_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(UnreadableDocument):
        read(out.getvalue())


def test_a_row_at_the_end_of_the_sheet_and_merged_cells_over_all_of_it_are_bounded():
    data = workbook_of(("Sheet1", [["Organisation"], ["Blue Kettle"]]))
    last = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    merged = b"".join(b'<mergeCell ref="B1:C%d"/>' % (1_000_000 + number) for number in range(40_000))
    merged = b"<mergeCells>%s</mergeCells>" % merged
    began = time.monotonic()
    with_merged = patched(data, "xl/worksheets/sheet1.xml", (b"</sheetData>", b"</sheetData>" + merged))
    assert [row.cells for row in read(with_merged)[0].rows] == [["Organisation"], ["Blue Kettle"]]
    with pytest.raises(UnreadableDocument, match="row 1048576"):
        read(patched(data, "xl/worksheets/sheet1.xml", (b"</sheetData>", last)))
    assert time.monotonic() - began < 60


WHOLE = gathered.by_hand()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=12))
def test_a_damaged_workbook_is_read_or_refused_and_nothing_else(place, bytes_):
    with suppress(UnreadableDocument):
        read(WHOLE[:place] + bytes_ + WHOLE[place + len(bytes_) :])


MEMBERS = [
    "xl/workbook.xml",
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/_rels/workbook.xml.rels",
]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(MEMBERS), st.integers(0, 100_000), st.binary(max_size=8))
def test_a_workbook_with_a_damaged_member_is_read_or_refused_and_nothing_else(member, place, bytes_):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == member:
                here = place % len(content)
                content = content[:here] + bytes_ + content[here + len(bytes_) :]
            new.writestr(name, content)
    with suppress(UnreadableDocument):
        read(out.getvalue())


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text):
    for reader, given_ in ((read, text.encode(errors="replace")), (read_pasted, text)):
        with suppress(UnreadableDocument):
            for sheet in reader(given_):
                found = recognise(sheet)
                list(entries(sheet, found, found.columns))


def test_a_cell_that_cannot_be_read_is_marked_as_such():
    rows = read(gathered.with_formulas())[0].rows
    assert rows[2].cells[0] == UNREADABLE
