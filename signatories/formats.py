"""Lists as files: CSV, spreadsheets, Word, JSON and plain text, each written row by row as it goes out.

No cell can become a formula. Where a file says what a cell is, every cell is text; where it does not (CSV, plain
text), what a spreadsheet would calculate gets an apostrophe in front. Nothing is written to a disk on the way: the
libraries that make such files keep them whole in memory, or in a temporary file, and contacts pass here.
"""

import csv
import io
import json
import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Cell = str | bool | None


@dataclass(frozen=True)
class Table:
    """What a file is to hold: {the name programs know a column by: the heading people read} and its rows."""

    title: str
    columns: Mapping[str, str]
    rows: Iterable[Sequence[Cell]]
    rtl: bool = False


@dataclass(frozen=True)
class Format:
    """One kind of file, and how it is written."""

    label: str | Promise
    suffix: str
    content_type: str
    pieces: Callable[[Table], Iterator[bytes]]
    for_people: bool  # headings and values in the reader's language, rather than those programs know

    def written(self, table: Table) -> Iterator[bytes]:
        """Return the file in chunks worth sending, made as they are asked for."""
        return _in_chunks(self.pieces(table))


_CHUNK = 16 * 1024


def _in_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for piece in pieces:
        chunk += piece
        if len(chunk) >= _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


# --- what no cell may hold -----------------------------------------------------------------------------------

# Control characters and what XML forbids; a cell is one line.
_NEVER = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
_CALCULATED = "=+-@＝＋－＠﹦﹢﹣﹫"
# A program that takes another sign for the separator sees a cell begin after it.
_AFTER_SEPARATOR = re.compile("(?<=[;|])")


def plain(cell: Cell) -> str:
    """Return a cell as one line of characters that every kind of file can hold."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return _NEVER.sub(" ", cell)


def neutral(cell: Cell) -> str:
    """Return a cell that no spreadsheet takes for a formula, whatever it takes for the separator."""
    parts = _AFTER_SEPARATOR.split(plain(cell))
    return "".join(f"'{part}" if _would_be_calculated(part) else part for part in parts)


def _would_be_calculated(part: str) -> bool:
    """Whether a formula begins here, perhaps behind spaces and characters that nobody sees."""
    first = next((sign for sign in part if unicodedata.category(sign)[0] not in "ZC"), "")
    return bool(first) and first in _CALCULATED


# --- text ----------------------------------------------------------------------------------------------------

_MARK = "\ufeff".encode()  # by which Excel and Notepad know UTF-8


def _csv(table: Table) -> Iterator[bytes]:
    """RFC 4180."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    yield _MARK
    for row in _with_head(table.columns, table.rows):
        writer.writerow([neutral(cell) for cell in row])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()


def _text(table: Table) -> Iterator[bytes]:
    """One row a line, as people write lists; without headings, since nothing is empty."""
    yield _MARK
    for row in table.rows:
        said = [plain(cell) for cell in row]
        yield (neutral(" · ".join(filter(None, said))) + "\r\n").encode()


def _json(table: Table) -> Iterator[bytes]:
    """One array of objects."""
    before = "[\n"
    for row in table.rows:
        cells = (plain(cell) if isinstance(cell, str) else cell for cell in row)
        record = dict(zip(table.columns, cells, strict=True))
        yield (before + json.dumps(record, ensure_ascii=False)).encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def _with_head(head: Iterable[str], rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    yield list(head)
    yield from rows


# --- an archive that goes out while it is made ---------------------------------------------------------------

_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR = struct.Struct("<4s3L")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_SIZES_FOLLOW, _STORED, _DEFLATED = 0x08, 0, 8
_NO_TIME = (0, 0x21)  # 1980-01-01, the first day there is: a file tells no more than it holds


@dataclass
class _Member:
    """One member of an archive; its sizes are known once it is written."""

    name: bytes
    at: int
    flags: int
    method: int
    checksum: int = 0
    packed: int = 0
    size: int = 0

    def head(self) -> bytes:
        known = (self.checksum, self.packed, self.size)
        return (
            _LOCAL.pack(b"PK\3\4", 20, self.flags, self.method, *_NO_TIME, *known, len(self.name), 0)
            + self.name
        )

    def entry(self) -> bytes:
        known = (self.checksum, self.packed, self.size, len(self.name), 0, 0, 0, 0, 0, self.at)
        return _CENTRAL.pack(b"PK\1\2", 20, 20, self.flags, self.method, *_NO_TIME, *known) + self.name


def zipped(members: Iterable[tuple[str, bytes | Iterator[bytes]]]) -> Iterator[bytes]:
    """Return a ZIP archive whose members may be as long as they like: none is kept.

    Python's own zipfile writes the sizes of even the shortest member behind it where it cannot go back, which
    readers of OpenDocument files need not understand in the member that says what the file is.
    """
    at, written = 0, []
    for name, content in members:
        stored = isinstance(content, bytes)
        flags, method = (0, _STORED) if stored else (_SIZES_FOLLOW, _DEFLATED)
        member = _Member(name.encode(), at, flags, method)
        for piece in _stored(member, content) if isinstance(content, bytes) else _deflated(member, content):
            at += len(piece)
            yield piece
        written.append(member)
    entries = b"".join(member.entry() for member in written)
    yield entries + _END.pack(b"PK\5\6", 0, 0, len(written), len(written), len(entries), at, 0)


def _stored(member: _Member, content: bytes) -> Iterator[bytes]:
    member.checksum, member.packed, member.size = zlib.crc32(content), len(content), len(content)
    yield member.head() + content


def _deflated(member: _Member, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield member.head()
    press = zlib.compressobj(wbits=-15)
    for piece in _in_chunks(pieces):
        member.checksum = zlib.crc32(piece, member.checksum)
        member.size += len(piece)
        pressed = press.compress(piece)
        member.packed += len(pressed)
        yield pressed
    pressed = press.flush()
    member.packed += len(pressed)
    yield pressed + _DESCRIPTOR.pack(b"PK\7\x08", member.checksum, member.packed, member.size)


_XML = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org"
_RELATION = f"{_OFFICE}/officeDocument/2006/relationships"


def _xml(text: str) -> bytes:
    return _XML + text.encode()


def _relations(*targets: tuple[str, str]) -> bytes:
    each = "".join(
        f'<Relationship Id="r{number}" Type="{_RELATION}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return _xml(f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">{each}</Relationships>')


def _content_types(*parts: tuple[str, str]) -> bytes:
    each = "".join(f'<Override PartName="{name}" ContentType="{of}+xml"/>' for name, of in parts)
    defaults = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
    )
    return _xml(f'<Types xmlns="{_OFFICE}/package/2006/content-types">{defaults}{each}</Types>')


# --- a spreadsheet of Excel ----------------------------------------------------------------------------------

_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# Both looks are text ("@" is number format 49): a cell that somebody opens and closes again stays what it is.
_LOOKS = f"""<styleSheet xmlns="{_OFFICE}/spreadsheetml/2006/main">
<fonts count="2">
<font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font>
</fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>
<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1" applyFont="1"/>
</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""
_ESCAPED_BY_EXCEL = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # it would read "_x003D_" as "="


def _xlsx(table: Table) -> Iterator[bytes]:
    sheet, looks = "/xl/worksheets/sheet1.xml", "/xl/styles.xml"
    kinds = (
        ("/xl/workbook.xml", f"{_SHEET_TYPE}.sheet.main"),
        (sheet, f"{_SHEET_TYPE}.worksheet"),
        (looks, f"{_SHEET_TYPE}.styles"),
    )
    workbook = (
        f'<workbook xmlns="{_OFFICE}/spreadsheetml/2006/main" xmlns:r="{_RELATION}">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    return zipped(
        [
            ("[Content_Types].xml", _content_types(*kinds)),
            ("_rels/.rels", _relations(("officeDocument", "xl/workbook.xml"))),
            ("xl/workbook.xml", _xml(workbook)),
            ("xl/_rels/workbook.xml.rels", _relations(("worksheet", sheet), ("styles", looks))),
            (looks.lstrip("/"), _xml(_LOOKS)),
            (sheet.lstrip("/"), _sheet(table)),
        ]
    )


def _sheet(table: Table) -> Iterator[bytes]:
    direction = ' rightToLeft="1"' if table.rtl else ""
    yield _xml(
        f'<worksheet xmlns="{_OFFICE}/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"{direction}>'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{len(table.columns)}" width="24" customWidth="1"/></cols><sheetData>'
    )
    look = 2
    for row in _with_head(table.columns.values(), table.rows):
        cells = "".join(
            f'<c t="inlineStr" s="{look}"><is><t xml:space="preserve">{_for_excel(cell)}</t></is></c>'
            for cell in row
        )
        yield f"<row>{cells}</row>".encode()
        look = 1
    yield b"</sheetData></worksheet>"


def _for_excel(cell: Cell) -> str:
    return escape(_ESCAPED_BY_EXCEL.sub("_x005F_", plain(cell)))


# --- a spreadsheet of LibreOffice ----------------------------------------------------------------------------

_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
_ODS_NAMES = " ".join(
    f'xmlns:{short}="{_OASIS}:{name}:1.0"'
    for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
)


def _ods(table: Table) -> Iterator[bytes]:
    parts = (("/", _ODS_TYPE), ("content.xml", "text/xml"))
    listed = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in parts
    )
    names = f'xmlns:manifest="{_OASIS}:manifest:1.0" manifest:version="1.2"'
    manifest = f"<manifest:manifest {names}>{listed}</manifest:manifest>"
    return zipped(
        [
            ("mimetype", _ODS_TYPE.encode()),
            ("META-INF/manifest.xml", _xml(manifest)),
            ("content.xml", _ods_content(table)),
        ]
    )


def _ods_content(table: Table) -> Iterator[bytes]:
    looks = (
        f'<office:automatic-styles xmlns:style="{_OASIS}:style:1.0"><style:style style:name="sheet" '
        f'style:family="table"><style:table-properties style:writing-mode="{"rl-tb" if table.rtl else "lr-tb"}"/>'
        "</style:style></office:automatic-styles>"
    )
    yield _xml(
        f'<office:document-content {_ODS_NAMES} office:version="1.2">{looks}<office:body><office:spreadsheet>'
        f'<table:table table:name="Sheet1" table:style-name="sheet">'
        f'<table:table-column table:number-columns-repeated="{len(table.columns)}"/>'
    )
    for row in _with_head(table.columns.values(), table.rows):
        cells = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(plain(cell))}</text:p></table:table-cell>'
            for cell in row
        )
        yield f"<table:table-row>{cells}</table:table-row>".encode()
    yield b"</table:table></office:spreadsheet></office:body></office:document-content>"


# --- a document of Word --------------------------------------------------------------------------------------

_WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_LINES = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="A0A0A0"/>'
    for side in ("top", "bottom", "insideH")
)
_ROWS_A_TABLE = 500  # LibreOffice needs four times as long for a table of twice the rows
_GAP = '<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/></w:pPr></w:p>'


def _docx(table: Table) -> Iterator[bytes]:
    document = "word/document.xml"
    return zipped(
        [
            ("[Content_Types].xml", _content_types((f"/{document}", f"{_WORD_TYPE}.document.main"))),
            ("_rels/.rels", _relations(("officeDocument", document))),
            (document, _document(table)),
        ]
    )


def _document(table: Table) -> Iterator[bytes]:
    columns = f'<w:gridCol w:w="{9000 // len(table.columns)}"/>' * len(table.columns)
    head = (
        f"<w:tbl><w:tblPr>{'<w:bidiVisual/>' if table.rtl else ''}"
        f'<w:tblW w:w="5000" w:type="pct"/><w:tblBorders>{_LINES}</w:tblBorders></w:tblPr>'
        f"<w:tblGrid>{columns}</w:tblGrid>"
    ).encode() + _table_row(table.columns.values(), head=True)
    title = _paragraph(table.title, bold=True)
    yield _xml(f'<w:document xmlns:w="{_OFFICE}/wordprocessingml/2006/main"><w:body>{title}')
    yield head
    for number, row in enumerate(table.rows):
        if number and number % _ROWS_A_TABLE == 0:
            yield f"</w:tbl>{_GAP}".encode() + head
        yield _table_row(row)
    landscape = '<w:sectPr><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/></w:sectPr>'
    upright = '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>'
    page = landscape if len(table.columns) > 5 else upright
    yield f"</w:tbl>{_paragraph('')}{page}</w:body></w:document>".encode()


def _table_row(row: Iterable[Cell], *, head: bool = False) -> bytes:
    cells = "".join(f"<w:tc>{_paragraph(plain(cell), bold=head)}</w:tc>" for cell in row)
    return f"<w:tr>{'<w:trPr><w:tblHeader/></w:trPr>' if head else ''}{cells}</w:tr>".encode()


def _paragraph(text: str, *, bold: bool = False) -> str:
    """Return a paragraph in the direction of its first letter, as names of many scripts stand below each other."""
    direction, letters = ("<w:pPr><w:bidi/></w:pPr>", "<w:rtl/>") if is_rtl(text) else ("", "")
    looks = ("<w:b/><w:bCs/>" if bold else "") + letters
    return (
        f"<w:p>{direction}<w:r>{f'<w:rPr>{looks}</w:rPr>' if looks else ''}"
        f'<w:t xml:space="preserve">{escape(plain(text))}</w:t></w:r></w:p>'
    )


def is_rtl(text: str) -> bool:
    """Whether the first letter that has a direction is read from right to left."""
    return next(
        (way in ("R", "AL") for way in map(unicodedata.bidirectional, text) if way in ("L", "R", "AL")), False
    )


FORMATS = {
    "csv": Format("CSV", "csv", "text/csv; charset=utf-8", _csv, for_people=False),
    "xlsx": Format(_("Excel (XLSX)"), "xlsx", f"{_SHEET_TYPE}.sheet", _xlsx, for_people=True),
    "ods": Format(_("LibreOffice (ODS)"), "ods", _ODS_TYPE, _ods, for_people=True),
    "docx": Format(_("Word (DOCX)"), "docx", f"{_WORD_TYPE}.document", _docx, for_people=True),
    "json": Format("JSON", "json", "application/json", _json, for_people=False),
    "txt": Format(_("Plain text"), "txt", "text/plain; charset=utf-8", _text, for_people=True),
}
