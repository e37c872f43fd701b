"""What was uploaded or pasted becomes sheets of rows, whatever saved it. Pure, and bounded before anything unfolds."""

import csv
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from statistics import mode
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from letters.parsing import UnreadableDocument
from letters.parsing.name_lists import signatories_in
from letters.parsing.reading import Line, decoded
from letters.parsing.rows import rows_of

UNREADABLE = "\ufffd"  # a cell whose value the file does not tell
MOST_ROWS = settings.LIST_ROWS + 50  # headings, blank rows and a title may stand above the list
MOST_COLUMNS = 200
_MOST_UNPACKED = 50 * 1024 * 1024
_MOST_TIMES_LARGER = 100
_MOST_MEMBERS = 200
_MOST_NUMBERED = 50_000  # rows, empty ones among them
_MOST_MERGED = 100_000  # cells


class Row(NamedTuple):
    """A row that holds something, with its number as spreadsheets show it."""

    number: int
    cells: list[str]


@dataclass
class Sheet:
    """One sheet of a file, without its empty rows; what its columns hold, where that is known without headings."""

    title: str
    rows: list[Row] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


def read(data: bytes) -> list[Sheet]:
    """Return the sheets of a spreadsheet or CSV file that hold anything. Raises UnreadableDocument."""
    if data.startswith(b"PK\3\4"):
        sheets = _sheets_of_workbook(data)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableDocument(
            _(
                "This is an old Excel file, or one with a password. Please save it as XLSX, without a password."
            )
        )
    elif data.startswith(b"%PDF-"):
        raise UnreadableDocument(_("This is a PDF. Please save the list as XLSX or CSV and try again."))
    else:
        sheets = [Sheet("", _rows_of_text(decoded(data)))]
    return _filled(sheets)


def read_pasted(text: str) -> list[Sheet]:
    """Return what was pasted as one sheet: cells of a spreadsheet, or names, one a line. Raises UnreadableDocument."""
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and sum("\t" in line for line in lines) * 2 > len(lines):
        return _filled([Sheet("", _rows_of_text(text))])
    return _filled([Sheet("", _names_of(text), PASTED_LABELS)])


def _filled(sheets: list[Sheet]) -> list[Sheet]:
    filled = [sheet for sheet in sheets if sheet.rows]
    if not filled:
        raise UnreadableDocument(_("There is nothing in this list."))
    return filled


def _rows(table: Iterable[Iterable[str]]) -> list[Row]:
    """Return the rows that hold something, numbered. Raises UnreadableDocument for a table without an end."""
    rows: list[Row] = []
    for number, cells in enumerate(table, 1):
        said = [cell.strip() for cell in islice(cells, MOST_COLUMNS)]
        while said and not said[-1]:
            said.pop()
        if said:
            rows.append(Row(number, said))
        if len(rows) > MOST_ROWS or (said and number > _MOST_NUMBERED):
            most = {"most": settings.LIST_ROWS}
            raise UnreadableDocument(
                _("This list has more than %(most)d rows. Please bring it in parts.") % most
            )
    return rows


# --- names, one a line ---------------------------------------------------------------------------------------

PASTED_LABELS = ["Organisation", "Country", "Contact person", "Role", "Line"]


# What chat programs put before a message that is copied: when, and who wrote it; their numbers; their bold letters.
_SAID_BY = re.compile(
    r"\s*(?:\[\d[\d/.\-]{4,9},? [^\]]{4,20}\]|\d[\d/.\-]{4,9},? \d{1,2}:\d\d(?:\s?[AaPp]\.?[Mm]\.?)? -) [^:]{1,60}: "
)
_NUMBER_IN_A_KEY = re.compile("^\\s*(?:\\d\ufe0f?\u20e3)+\\s*")
_BOLD = re.compile(r"(?<!\w)([*_])(?=\S)([^*_]+)\1(?!\w)")


def _without_chat(line: str) -> str:
    line = _NUMBER_IN_A_KEY.sub("", _SAID_BY.sub("", line, count=1))
    return _BOLD.sub(r"\2", line)


def _names_of(text: str) -> list[Row]:
    """Return a row for each name, and one without a name for each line that none was read from."""
    lines = [_without_chat(line) for line in text.splitlines()]
    names = signatories_in(rows_of([Line(number, line) for number, line in enumerate(lines, 1)]))
    found = {one.line: Row(one.line, [one.name, one.country, one.person, one.role]) for one in names}
    silent = {
        number: Row(number, ["", "", "", "", line.strip()])
        for number, line in enumerate(lines, 1)
        if line.strip()
    }
    return [row for _number, row in sorted((silent | found).items())]


# --- CSV -----------------------------------------------------------------------------------------------------

_SEPARATORS = ",;\t|"
_LOOKED_AT = 30


def _rows_of_text(text: str) -> list[Row]:
    text = text.removeprefix("\ufeff")
    told = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)  # Excel's own way to say it
    separator = told[1] if told else _separator_of(text)
    last: list[str] = []

    def records() -> Iterator[list[str]]:
        if told:
            yield []  # so that rows are numbered as they stand
        for cells in _records(text[told.end() :] if told else text, separator):
            last[:] = cells
            yield cells

    try:
        rows = _rows(records())
    except csv.Error:  # a cell longer than any answer
        raise _unclosed() from None
    if text.count('"') % 2 and any("\n" in cell for cell in last):
        raise _unclosed()
    return rows


def _unclosed() -> UnreadableDocument:
    return UnreadableDocument(
        _(
            "A quotation mark in this file is opened and never closed. Please save the list as XLSX and try again."
        )
    )


def _records(text: str, separator: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


def _separator_of(text: str) -> str:
    """Return the sign that divides most rows into as many cells as each other."""
    beginning = text[:100_000]
    return max(_SEPARATORS, key=lambda sign: _evenness(beginning, sign))


def _evenness(text: str, separator: str) -> tuple[int, int]:
    try:
        widths = [len(cells) for cells in islice(_records(text, separator), _LOOKED_AT) if cells]
    except csv.Error:
        return 0, 0
    usual = mode(widths) if widths else 1
    return (widths.count(usual), usual) if usual > 1 else (0, 0)


# --- workbooks -----------------------------------------------------------------------------------------------

# What libraries raise over a file that only pretends: each of these was met, and none says more than "broken".
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    SyntaxError,  # an XML parser's
    NotImplementedError,
)


def _sheets_of_workbook(data: bytes) -> list[Sheet]:
    try:
        _refuse_what_unfolds(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of drawings and validations that openpyxl leaves aside
            return list(_sheets(data))
    except _BROKEN as error:
        raise UnreadableDocument(
            _("This file cannot be read as a spreadsheet. Please save the list as XLSX or CSV and try again.")
        ) from error


def _refuse_what_unfolds(data: bytes) -> None:
    """Refuse a file that unpacks to far more than it is, by what its directory says: no member unpacks to more."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    if (
        len(members) > _MOST_MEMBERS
        or unpacked > _MOST_UNPACKED
        or unpacked > len(data) * _MOST_TIMES_LARGER
        or not any(member.filename == "xl/workbook.xml" for member in members)
    ):
        raise zipfile.BadZipFile


def _sheets(data: bytes) -> Iterator[Sheet]:
    values = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    formulas = load_workbook(io.BytesIO(data), read_only=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for sheet in values.worksheets:
            # openpyxl reads merged cells only where it keeps whole sheets, and alone knows where a sheet is.
            source = archive.read(sheet._worksheet_path)
            _refuse_what_stands_too_far_below(source)
            table = [_written(row) for row in _cells(sheet)]
            if b"<f" in source or b":f" in source:
                _mark_what_was_never_calculated(table, _cells(formulas[sheet.title]))
            for row, place, value in islice(_merged(table, source), _MOST_MERGED):
                if any(row):
                    row += [""] * (place + 1 - len(row))
                    row[place] = row[place] or value
            yield Sheet(sheet.title, _rows(table))


def _refuse_what_stands_too_far_below(source: bytes) -> None:
    """Refuse a cell thousands of rows below the list rather than leave it aside unsaid."""
    last = source[source.rfind(b"<row ") :]
    number = re.match(rb"<row [^>]*?\br=\"(\d{1,9})\"", last)
    if number and int(number[1]) > _MOST_NUMBERED and re.search(rb"<(?:v|is|t)\b", last):
        raise UnreadableDocument(
            _("Something stands in row %d, far below the list. Please delete it and try again.")
            % int(number[1])
        )


def _cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()  # some services write wrong ones
    most = {"max_row": _MOST_NUMBERED + 1, "max_col": MOST_COLUMNS}
    cells: Iterator[tuple[Any, ...]] = sheet.iter_rows(**most, values_only=True)
    return cells


def _written(row: tuple[Any, ...]) -> list[str]:
    filled = next((width for width in range(len(row), 0, -1) if row[width - 1] is not None), 0)
    return [_as_text(value) for value in row[:filled]]


def _as_text(value: Any) -> str:
    """Return a cell's value as text: a whole number without ".0", a day without midnight."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    return str(value)


def _mark_what_was_never_calculated(table: list[list[str]], formulas: Iterable[tuple[Any, ...]]) -> None:
    """Mark cells of which the file holds the formula and no value: we calculate nothing."""
    for row, cells in zip(table, formulas, strict=False):
        for place, cell in enumerate(cells):
            row += [""] * (place + 1 - len(row)) if _is_formula(cell) else []
            if _is_formula(cell) and not row[place]:
                row[place] = UNREADABLE


def _is_formula(cell: Any) -> bool:
    return isinstance(cell, ArrayFormula | DataTableFormula) or (
        isinstance(cell, str) and cell.startswith("=")
    )


_MERGED = re.compile(rb"mergeCell\s[^>]{0,200}?ref=\"([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})\"")


def _merged(table: list[list[str]], source: bytes) -> Iterator[tuple[list[str], int, str]]:
    """Yield (row, place, value) for each row beside which a cell stands that began above it.

    What stands across columns belongs to the first of them.
    """
    for found in _MERGED.finditer(source):
        left, top, _right, bottom = range_boundaries(found[1].decode())
        if top <= len(table) and left <= len(table[top - 1]):
            value = table[top - 1][left - 1]
            yield from ((row, left - 1, value) for row in table[top:bottom])
