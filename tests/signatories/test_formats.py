"""No cell of any file is a formula, whoever opens it, and every file is one that others can read."""

import csv
import io
import json
import re
import shutil
import subprocess
import unicodedata
import zipfile
from xml.etree import ElementTree

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odf.opendocument import load
from odf.table import TableCell
from openpyxl import load_workbook

from signatories.formats import FORMATS, Table, neutral, plain

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DANGEROUS = [
    "=1+1",
    "==1+1",
    "+1",
    "-1",
    "@SUM(1)",
    " =2",
    "\t=1",
    "\r=1",
    "\n=1",
    "\x00=1",
    "\u00a0\u3000=1",
    "\u200b\ufeff=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "﹦1",
    "x;=1+1",
    'x";=1+1;"',
    "x| =1+1",
    "x\n=1+1",
    '=HYPERLINK("http://evil.example","me")',
    "=cmd|'/C calc'!A0",
    "_x003D_1+1",
]
HARMLESS = [
    "Blue Kettle",
    "مطبخ الميناء",
    "Women & Youth <3",
    'The "Open" Door',
    "a, b; c",
    "O'Hara",
    "1 + 1 = 2",
]
cells = st.one_of(
    st.text(max_size=30),
    st.sampled_from(DANGEROUS),
    st.builds(
        "{}{}{}".format, st.text(max_size=3), st.sampled_from("=+-@＝＋－＠;|,\t\n\"'"), st.text(max_size=5)
    ),
)
rows_of_cells = st.lists(st.lists(cells, min_size=2, max_size=2), max_size=6)


def write(kind, rows, columns=("one", "two"), **table):
    heads = {name: f"Heading {name}" for name in columns}
    return b"".join(FORMATS[kind].written(Table("List", heads, rows, **table)))


def would_be_calculated(cell):
    """Whether a spreadsheet might: as generous as any of them, and written apart from the code."""
    bare = "".join(
        sign for sign in cell if not (sign.isspace() or unicodedata.category(sign) in ("Cc", "Cf"))
    )
    return unicodedata.normalize("NFKC", bare[:1])[:1] in ("=", "+", "-", "@")


def cells_of(kind, data):
    """Every cell of a file as (its text, whether the file says that it is text)."""
    if kind == "xlsx":
        sheet = load_workbook(io.BytesIO(data)).active
        return [
            (cell.value or "", cell.data_type in ("s", "inlineStr"))
            for row in sheet
            for cell in row
            if cell.value
        ]
    if kind == "ods":
        found = load(io.BytesIO(data)).getElementsByType(TableCell)
        text = [
            cell.getAttribute("valuetype") == "string" and not cell.getAttribute("formula") for cell in found
        ]
        return list(zip(map(str, found), text, strict=True))
    if kind == "docx":
        (table,) = docx.Document(io.BytesIO(data)).tables
        return [(cell.text, True) for row in table.rows for cell in row.cells]
    text = data.decode("utf-8-sig")
    if kind == "json":
        return [(value, True) for record in json.loads(text) for value in record.values()]
    lines = (
        csv.reader(io.StringIO(text, newline=""))
        if kind == "csv"
        else ([line] for line in text.split("\r\n"))
    )
    return [(cell, False) for line in lines for cell in line]


# --- formulas ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("cell", DANGEROUS)
def test_what_would_be_calculated_is_text(kind, cell):
    found = cells_of(kind, write(kind, [[cell, "x"]]))
    assert [text for text, is_text in found if not is_text and would_be_calculated(text)] == []
    assert all(is_text for _text, is_text in found) == (kind not in ("csv", "txt"))


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=60, deadline=None)
@given(rows_of_cells)
def test_no_cell_is_a_formula(kind, rows):
    found = cells_of(kind, write(kind, rows))
    assert [text for text, is_text in found if not is_text and would_be_calculated(text)] == []


@pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
@settings(max_examples=120, deadline=None)
@given(rows_of_cells)
def test_no_cell_of_a_csv_is_a_formula_whatever_its_reader_takes_for_the_separator(separator, rows):
    text = write("csv", rows).decode("utf-8-sig")
    found = [cell for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in line]
    assert [cell for cell in found if would_be_calculated(cell)] == []


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_spreadsheet_has_no_formula_anywhere(kind):
    data = write(kind, [[cell, "x"] for cell in DANGEROUS])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            assert not re.search(rb"<f[ >]|table:formula|value-type=\"[^s]| t=\"[^i]", archive.read(name)), (
                name
            )


@pytest.mark.parametrize("kind", ["csv", "xlsx", "ods"])
def test_libreoffice_finds_no_formula(kind, tmp_path):
    if shutil.which("soffice") is None:
        pytest.skip("no LibreOffice here; the file is read back with other libraries above")
    (tmp_path / f"list.{kind}").write_bytes(write(kind, [[cell, "x"] for cell in [*DANGEROUS, *HARMLESS]]))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    reads = ["--infilter=CSV:44,34,UTF8,1"] if kind == "csv" else []
    command = ["soffice", profile, "--headless", *reads, "--convert-to", "fods", f"list.{kind}"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    opened = (tmp_path / "list.fods").read_text()
    assert "table:formula" not in opened
    assert set(re.findall(r'office:value-type="(\w+)"', opened)) == {"string"}
    for name in ("Blue Kettle", "مطبخ الميناء", "1 + 1 = 2"):
        assert name in opened


# --- nothing else is changed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("cell", HARMLESS)
def test_a_name_is_written_as_it_is(kind, cell):
    found = [text for text, _is_text in cells_of(kind, write(kind, [[cell, ""]]))]
    assert cell in found


@pytest.mark.parametrize("kind", ["xlsx", "ods", "docx", "json"])
@settings(max_examples=40, deadline=None)
@given(rows_of_cells)
def test_text_comes_back_as_it_went(kind, rows):
    found = [text for text, _is_text in cells_of(kind, write(kind, rows))]
    written = [plain(cell) for row in rows for cell in row]
    if kind in ("ods", "xlsx"):  # spaces at the ends and runs of them may go
        found, written = (
            ["".join(text.split()).replace("_x005F_", "_") for text in each] for each in (found, written)
        )
        written = [text for text in written if text or kind == "ods"]
        found = [text for text in found if text or kind == "ods"]
    assert found[-len(written) :] == written or not written


def test_an_apostrophe_stands_only_where_it_must():
    assert neutral("Blue-Kettle + Co = us") == "Blue-Kettle + Co = us"
    assert neutral("-Kettle") == "'-Kettle"
    assert neutral("Blue;Kettle") == "Blue;Kettle"
    assert neutral("a;-b") == "a;'-b"
    assert (neutral(True), neutral(False), neutral(None)) == ("true", "false", "")


def test_no_file_holds_a_character_that_xml_forbids():
    for kind in ("xlsx", "ods", "docx"):
        with zipfile.ZipFile(io.BytesIO(write(kind, [["a\x00\x0b\ufffe\ud800b", "<&>"]]))) as archive:
            for name in archive.namelist():
                if name != "mimetype":
                    ElementTree.fromstring(archive.read(name))


# --- files others can read -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["xlsx", "ods", "docx"])
def test_an_archive_is_whole_and_goes_out_while_it_is_made(kind):
    asked = []

    def rows():
        for number in range(30_000):
            asked.append(number)
            yield [f"Kettle {number}", "x" * (number % 50)]

    pieces = FORMATS[kind].written(Table("List", {"one": "1", "two": "2"}, rows()))
    first = next(pieces)
    assert len(asked) < 20_000
    data = first + b"".join(pieces)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert sum(
            archive.read(archive.namelist()[-1]).count(part) for part in (b"<row>", b"table-row>", b"<w:tr>")
        )
    assert len(asked) == 30_000


@pytest.mark.parametrize(("rows", "tables"), [(0, [1]), (500, [501]), (1_001, [501, 501, 2])])
def test_a_long_list_is_several_tables_of_word_each_with_its_headings(rows, tables):
    data = write("docx", [[f"Kettle {number}", ""] for number in range(rows)])
    document = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml"))
    found = [[text.text or "" for text in table.iter(f"{W}t")] for table in document.iter(f"{W}tbl")]
    assert [len(table) // 2 for table in found] == tables
    assert {tuple(table[:2]) for table in found} == {("Heading one", "Heading two")}
    assert [text for table in found for text in table[2::2]] == [f"Kettle {number}" for number in range(rows)]


def test_an_ods_says_first_what_it_is():
    data = write("ods", [])
    assert data[30:38] == b"mimetype"
    assert data[38:].startswith(b"application/vnd.oasis.opendocument.spreadsheet")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first = archive.infolist()[0]
        assert (first.compress_type, first.flag_bits, first.extra) == (zipfile.ZIP_STORED, 0, b"")


@pytest.mark.parametrize("kind", FORMATS)
def test_an_empty_list_is_a_file_too(kind):
    assert [text for text, _is_text in cells_of(kind, write(kind, [])) if "Heading" not in text and text] in (
        [],
        ["one", "two"],
    )


def test_a_csv_follows_its_standard():
    assert (
        write("csv", [['a "b"', "c, d"], ["é", ""]]) == '\ufeffone,two\r\n"a ""b""","c, d"\r\né,\r\n'.encode()
    )


def test_json_is_one_array_with_types():
    assert json.loads(write("json", [["a", True], [None, False]])) == [
        {"one": "a", "two": True},
        {"one": None, "two": False},
    ]
    assert write("json", []) == b"[]\n"


def test_people_of_other_scripts_read_from_their_side():
    assert b'rightToLeft="1"' in zipfile.ZipFile(io.BytesIO(write("xlsx", [], rtl=True))).read(
        "xl/worksheets/sheet1.xml"
    )
    document = (
        zipfile.ZipFile(io.BytesIO(write("docx", [["مطبخ", "Kettle"]]))).read("word/document.xml").decode()
    )
    paragraphs = document.split("</w:p>")
    assert "<w:bidi/>" in next(each for each in paragraphs if "مطبخ" in each)
    assert "<w:bidi/>" not in next(each for each in paragraphs if "Kettle" in each)
