"""A document becomes lines of plain text, whatever it was saved as: text, a web page or a Word document."""

import codecs
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docx
from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from bs4.element import NavigableString, Tag
from django.utils.translation import gettext_lazy as _
from docx.opc.exceptions import OpcError
from lxml import etree

MOST_BYTES = 20 * 1024 * 1024
MOST_TEXT_BYTES = 5 * 1024 * 1024
MOST_LINES = 30_000
_MOST_UNPACKED_BYTES = 60 * 1024 * 1024
_MOST_DOCUMENT_XML_BYTES = 25 * 1024 * 1024
_MOST_ZIP_ENTRIES = 2_000


class UnreadableDocument(Exception):
    """The file holds no text that we can read; the message says so to the person who chose it."""


@dataclass(frozen=True)
class Line:
    """One line of a document as people see it, with what the format told about it."""

    number: int  # where it is in the source, counted from 1: lines of a file, paragraphs of a Word document
    text: str
    level: int = 0  # 1 to 6 for a heading
    item: str = ""  # "-" or "1." for an item of a list, whose mark is not in the text
    bold: bool = False
    link: bool = False  # all of it is a link
    cells: tuple[str, ...] = ()  # the columns, for a row of a table
    whole: bool = False  # the format says where it ends, so that the next line cannot be its continuation


def read_document(path: Path) -> list[Line]:
    """Return the lines of a text file, a saved web page or a Word document, or raise UnreadableDocument."""
    data = _bytes_of(path)
    if data.startswith(b"PK\x03\x04"):
        lines = _lines_of_word(data)
    else:
        _refuse_what_is_no_text(data)
        text = decoded(data)
        html = _looks_like_html(text, path.suffix.lower())
        lines = _lines_of_html(text) if html else _lines_of_text(text)
    if not any(line.text for line in lines):
        raise UnreadableDocument(_("There is no text in this file."))
    if len(lines) > MOST_LINES:
        raise UnreadableDocument(_("This file is too long to be a letter."))
    return lines


def _bytes_of(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise UnreadableDocument(_("There is no such file."))
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise UnreadableDocument(_("This file cannot be opened.")) from error
    if len(data) > MOST_BYTES:
        raise UnreadableDocument(_("This file is too large to be a letter."))
    if not data.strip():
        raise UnreadableDocument(_("This file is empty."))
    return data


def _refuse_what_is_no_text(data: bytes) -> None:
    """Say kindly what the file is and what to do, for what people save and rename."""
    if b"%PDF-" in data[:1024]:
        raise UnreadableDocument(
            _(
                "This is a PDF. Please open it, select all its text, and save that as a text file or Word document."
            )
        )
    if data.startswith(_PICTURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or data[4:8] == b"ftyp":
        raise UnreadableDocument(_("This is a picture or a recording. We need the letter as text."))
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableDocument(_("This is an old Word document. Please save it as .docx and try again."))
    if data.startswith(b"{\\rtf"):
        raise UnreadableDocument(_("This is a rich text document. Please save it as .docx and try again."))
    if re.match(rb"(?:From: <Saved by|MIME-Version:|Snapshot-Content)", data):
        raise UnreadableDocument(
            _("This is a web archive. Please save the page as “HTML only” and try again.")
        )
    if len(data) > MOST_TEXT_BYTES:
        raise UnreadableDocument(_("This file is too large to be a letter."))


_PICTURES = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"ID3",
    b"OggS",
    b"\x00\x00\x01\x00",
)


# --- bytes to text ------------------------------------------------------------------------------------------

_MARKS_OF_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,30})", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f]")


def decoded(data: bytes) -> str:
    """Return the text that bytes stand for, whatever its encoding. Raises UnreadableDocument."""
    text = _decoded_somehow(data)
    broken = len(_CONTROLS.findall(text)) + text.count("\ufffd")
    if broken * 20 > len(text):
        raise UnreadableDocument(_("This file does not hold text that we can read."))
    return _CONTROLS.sub("", text)


def _decoded_somehow(data: bytes) -> str:
    for mark, encoding in _MARKS_OF_ENCODINGS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if data[:400].count(0) > len(data[:400]) // 5:
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", errors="replace")
    declared = _DECLARED.search(data[:4096])
    for encoding in ("utf-8", declared[1].decode("ascii") if declared else ""):
        text = _decoded_as(data, encoding)
        if text is not None:
            return text
    return _guessed(data)


def _decoded_as(data: bytes, encoding: str) -> str | None:
    """Return the text, or None where the encoding is unknown, is none for text, or does not fit."""
    try:
        return data.decode(encoding) if encoding else None
    except (LookupError, UnicodeError):
        return None


def _guessed(data: bytes) -> str:
    """Decode bytes that nothing declares: damaged UTF-8, Windows' Arabic, or Windows' Latin, in this order."""
    text = data.decode("utf-8", errors="replace")
    foreign = sum(1 for letter in text if letter > "\x7f" and letter != "\ufffd")
    if text.count("\ufffd") * 10 < foreign:
        return text
    # Latin words have a letter beyond ASCII here and there, Arabic words have nothing else, even in a table of
    # addresses and dates.
    high = sum(1 for byte in data if byte > 0x7F)
    in_whole_words = sum(len(word) for word in re.findall(rb"[\x80-\xff]{3,}", data))
    return data.decode("cp1256" if in_whole_words * 2 > high else "cp1252", errors="replace")


def _looks_like_html(text: str, suffix: str) -> bool:
    start = (
        re.sub(r"<!--.{0,2000}?-->", "", text[:6000], flags=re.DOTALL).lstrip("\ufeff \t\r\n")[:1000].lower()
    )
    if re.match(
        r"<(?:!doctype|\?xml|html|head|body|meta|title|div|p|article|section|main|h[1-6]|table|ul|ol)\b",
        start,
    ):
        return True
    tags = re.search(
        r"</?(?:p|div|br|li|h[1-6]|body|html|span|td)\b[^>]{0,200}>", text[:20_000], re.IGNORECASE
    )
    return suffix in {".html", ".htm", ".xhtml"} and bool(tags)


# --- plain text -----------------------------------------------------------------------------------------------


def _lines_of_text(text: str) -> list[Line]:
    # Only these end a line in an editor; a form feed is a page break within one.
    parts = re.split(r"\r\n|\r|\n", text)
    return [Line(number, part.replace("\f", " ").rstrip()) for number, part in enumerate(parts, start=1)]


# --- web pages ------------------------------------------------------------------------------------------------

_NEVER_TEXT = frozenset(
    {
        *(
            "script",
            "style",
            "noscript",
            "template",
            "svg",
            "math",
            "iframe",
            "object",
            "embed",
            "canvas",
            "audio",
        ),
        *(
            "head",
            "button",
            "select",
            "option",
            "input",
            "textarea",
            "label",
            "nav",
            "dialog",
            "video",
            "datalist",
        ),
    }
)
_BLOCKS = frozenset(
    {
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "body",
            "center",
            "dd",
            "details",
            "div",
            "dl",
            "dt",
            "figure",
        ),
        *(
            "fieldset",
            "figcaption",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hgroup",
            "hr",
        ),
        *(
            "html",
            "li",
            "main",
            "ol",
            "p",
            "pre",
            "section",
            "summary",
            "table",
            "tbody",
            "td",
            "tfoot",
            "th",
            "thead",
        ),
        *("tr", "ul"),
    }
)
_PLAIN_BLOCKS = frozenset({"body", "html", "main", "article", "h1", "li", "td", "th", "tr", "table", "tbody"})
_FURNITURE_ROLES = frozenset(
    {
        "navigation",
        "banner",
        "contentinfo",
        "search",
        "complementary",
        "dialog",
        "alertdialog",
        "menu",
        "menubar",
    }
)
_FURNITURE_NAMES = re.compile(
    r"""(?:^|[\s_-])(?:
    cookies? | consent | gdpr | newsletter | mailchimp | related | jp-relatedposts | share | sharing
    | sharedaddy | addtoany | social-(?:icons?|links?|media|share|sharing|nav|menu|bar) | breadcrumbs? | sidebar
    | comments? | respond | navbar | navigation | nav | menu | pagination | pager | skip(?:-?link|-to)? | popup | modal
    | subscribe | subscription | masthead | colophon | advert(?:isement)? | sr-only | screen-reader-text | tagcloud
    | visually-hidden | post-tags | entry-meta-footer | author-(?:box|bio) | read-?next
    )(?:$|[\s_-])""",
    re.IGNORECASE | re.VERBOSE,
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Some pages fold long lists of names away; a hidden menu or notice is shorter than this.
_FOLDED_AWAY = 300


@dataclass(frozen=True)
class _Place:
    """Where on the page a piece of text stands."""

    block: int = 0
    number: int = 1
    level: int = 0
    item: int = 0  # the id of the list item it is in
    ordered: bool = False
    bold: bool = False
    link: bool = False
    preformatted: bool = False

    def inside(self, tag: Tag) -> "_Place":
        """Return the place of what is in this element."""
        here = self
        if tag.name in _BLOCKS:
            here = replace(here, block=id(tag), number=tag.sourceline or here.number)
        if tag.name in _HEADINGS:
            return replace(here, level=_HEADINGS[tag.name], item=0)
        if tag.name == "li":
            return replace(here, item=id(tag))
        if tag.name in {"ol", "ul"}:
            return replace(here, ordered=tag.name == "ol")
        if tag.name in {"b", "strong", "th"}:
            return replace(here, bold=True)
        if tag.name == "a" and tag.has_attr("href"):
            return replace(here, link=True)
        return replace(here, preformatted=True) if tag.name == "pre" else here


_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def _lines_of_html(text: str) -> list[Line]:
    with warnings.catch_warnings():
        # A page saved as XHTML is read well enough as HTML.
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(text, "html.parser")
    page = _Page()
    dropped = _furniture_of(soup)
    # Parents come before their children, so what is not in this table is inside something left out.
    places: dict[int, _Place] = {id(soup): _Place()}
    for element in soup.descendants:
        place = places.get(id(element.parent))
        if place is None:
            continue
        if isinstance(element, Tag):
            if id(element) in dropped:
                continue
            if element.name == "table" and (rows := _rows_of(element)):
                page.add_rows(rows)
                continue
            if element.name == "br":
                page.break_line(element.sourceline)
            places[id(element)] = place.inside(element)
        elif type(element) is NavigableString:
            page.add(str(element), place)
    return page.finished()


class _Page:
    """The lines of a page, as its pieces of text come in."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._pieces: list[str] = []
        self._place = _Place()
        self._number = 1
        self._items: set[int] = set()
        self._bold = self._link = True

    def add(self, text: str, place: _Place) -> None:
        """Take a piece of text; it begins a new line where it stands in another block."""
        if place.block != self._place.block and text.strip():
            self._end_line()
            if not (place.item and self._place.item):
                self._gap()
            self._place, self._number = place, place.number
        if place.preformatted:
            *ended, text = text.split("\n")
            for part in ended:
                self._take(part, place)
                self.break_line(self._number + 1)
        self._take(text, place)

    def break_line(self, number: int | None) -> None:
        """End the line here, and the paragraph where two breaks follow each other."""
        if not self._end_line():
            self._gap()
        self._number = number or self._number

    def add_rows(self, rows: list[Line]) -> None:
        """Take a table's rows as lines with columns."""
        self._end_line()
        self._gap()
        self._lines += rows
        self._gap()
        self._place = _Place(block=-1)

    def finished(self) -> list[Line]:
        """Return all lines."""
        self._end_line()
        return self._lines

    def _take(self, text: str, place: _Place) -> None:
        self._pieces.append(text)
        if text.strip():
            self._bold, self._link = self._bold and place.bold, self._link and place.link

    def _gap(self) -> None:
        if self._lines and self._lines[-1].text:
            self._lines.append(Line(self._number, "", whole=True))

    def _end_line(self) -> bool:
        text = " ".join("".join(self._pieces).split())
        if text:
            self._lines.append(
                Line(
                    self._number,
                    text,
                    level=self._place.level,
                    item=self._fresh_mark(),
                    bold=self._bold,
                    link=self._link,
                    whole=True,
                )
            )
        self._pieces, self._bold, self._link = [], True, True
        return bool(text)

    def _fresh_mark(self) -> str:
        """Return the mark of the list item that begins here; its second paragraph has none."""
        if not self._place.item or self._place.item in self._items:
            return ""
        self._items.add(self._place.item)
        return "1." if self._place.ordered else "-"


def _rows_of(table: Tag) -> list[Line]:
    """Return the rows of a table of data, or none where a table only lays out a page."""
    if table.find(["table", "h1", "h2", "h3", "ul", "ol"]) is not None:
        return []
    rows = []
    for row in table.find_all("tr"):
        # Rows and cells that were never closed are inside one another here.
        cells = tuple(
            _text_of_cell(cell) for cell in row.find_all(["td", "th"]) if cell.find_parent("tr") is row
        )
        if any(cell.count("\n") > 1 for cell in cells):
            return []
        flat = tuple(" ".join(cell.split()) for cell in cells)
        if any(flat):
            head = row.find("td") is None
            rows.append(
                Line(row.sourceline or 1, " | ".join(filter(None, flat)), bold=head, cells=flat, whole=True)
            )
    return rows if any(len(row.cells) > 1 for row in rows) or len(rows) > 2 else []


def _text_of_cell(cell: Tag) -> str:
    pieces: list[str] = []
    for element in cell.descendants:
        if isinstance(element, Tag) and element.name in {"td", "th", "tr"}:
            break
        if isinstance(element, Tag) and (element.name == "br" or element.name in _BLOCKS):
            pieces.append("\n")
        elif type(element) is NavigableString and getattr(element.parent, "name", "") not in _NEVER_TEXT:
            pieces.append(" ".join(str(element).split("\n")))
    return re.sub(r"\s*\n\s*", "\n", "".join(pieces)).strip()


def _furniture_of(soup: BeautifulSoup) -> set[int]:
    """Return the ids of the elements that are not the letter's, sparing any that hold most of the text."""
    sizes = _sizes(soup)
    half = sizes[id(soup)] / 2
    headline = _headline_of(soup)
    above_headline = {id(parent) for parent in headline.parents} if headline else set()
    dropped = _teasers(soup, sizes)
    for tag in soup.find_all(True):
        if tag.name in _NEVER_TEXT or (
            sizes[id(tag)] <= half and id(tag) not in above_headline and _is_furniture(tag, sizes[id(tag)])
        ):
            dropped.add(id(tag))
    return dropped


def _headline_of(soup: BeautifulSoup) -> Tag | None:
    """Return the page's own headline; a site's name at its top is one only where there is no other."""
    headlines = soup.find_all("h1")
    own = [tag for tag in headlines if tag.find_parent(["main", "article"]) or not tag.find_parent("header")]
    if own or not headlines:
        return own[0] if own else None
    return None if soup.select_one("main h2, article h2") else headlines[0]


def _sizes(soup: BeautifulSoup) -> dict[int, int]:
    """Return how much text each element holds."""
    tags = [soup, *soup.find_all(True)]
    sizes = dict.fromkeys(map(id, tags), 0)
    for piece in soup.find_all(string=True):
        if (
            type(piece) is NavigableString
            and piece.parent is not None
            and piece.parent.name not in _NEVER_TEXT
        ):
            sizes[id(piece.parent)] += len(piece.strip())
    for tag in reversed(tags):  # children come after their parents, so going back sums them up
        if tag.parent is not None:
            sizes[id(tag.parent)] += sizes[id(tag)]
    return sizes


def _is_furniture(tag: Tag, size: int) -> bool:
    if tag.name in {"footer", "aside"} or _attribute(tag, "role").lower() in _FURNITURE_ROLES:
        return True
    if tag.name == "header":
        return tag.find_parent(["article", "main"]) is None
    if tag.name == "form":
        return tag.find(["h1", "h2", "p", "li"]) is None
    if tag.name in _PLAIN_BLOCKS:
        return False
    if tag.has_attr("hidden") or _HIDDEN_STYLE.search(_attribute(tag, "style")):
        return size < _FOLDED_AWAY
    return bool(_FURNITURE_NAMES.search(f"{_attribute(tag, 'class')} {_attribute(tag, 'id')}"))


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name) or ""
    return value if isinstance(value, str) else " ".join(value)


def _teasers(soup: BeautifulSoup, sizes: dict[int, int]) -> set[int]:
    """Return the ids of the small articles with a link that stand beside the page's own article."""
    articles = soup.find_all("article")
    if len(articles) < 2:
        return set()
    largest = max(sizes[id(article)] for article in articles)
    return {
        id(article)
        for article in articles
        if sizes[id(article)] * 8 < largest
        and article.find("a") is not None
        and article.find_parent("li") is None
    }


# --- Word documents -------------------------------------------------------------------------------------------

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# What python-docx and lxml raise for packages that are no Word documents or are damaged somewhere within.
_DAMAGED = (
    *(OpcError, etree.LxmlError, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError),
    *(
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        NotImplementedError,
        RuntimeError,
        AssertionError,
    ),
)


def _lines_of_word(data: bytes) -> list[Line]:
    try:
        _refuse_zip_bombs(data)
        document = docx.Document(io.BytesIO(data))
        lines = list(_word_lines(document))
    except _DAMAGED as error:
        raise UnreadableDocument(
            _("This Word document is damaged. Please save it again and retry.")
        ) from error
    return lines


def _refuse_zip_bombs(data: bytes) -> None:
    """Look at what the archive says it unpacks to, before anything is unpacked; zipfile holds it to that."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        entries = len(archive.infolist())
        total = sum(entry.file_size for entry in archive.infolist())
    if "word/document.xml" not in sizes:
        raise UnreadableDocument(
            _("This is not a Word document. Please save the letter as .docx and try again.")
        )
    if (
        total > _MOST_UNPACKED_BYTES
        or entries > _MOST_ZIP_ENTRIES
        or sizes["word/document.xml"] > _MOST_DOCUMENT_XML_BYTES
    ):
        raise UnreadableDocument(_("This file is too large to be a letter."))


def _word_lines(document: Any) -> Iterator[Line]:
    """Yield the body's lines in reading order, those in text boxes and content controls too."""
    styles = _StyleBook(document)
    number = 0
    in_list = False
    for element in _body_parts(document.element.body):
        if element.tag == f"{_W}tbl":
            rows = [
                _row_line(row, number + place) for place, row in enumerate(element.iter(f"{_W}tr"), start=1)
            ]
            number += len(rows)
            yield Line(number, "", whole=True)
            yield from (row for row in rows if row.text)
            yield Line(number, "", whole=True)
            continue
        number += 1
        paragraph = styles.line(element, number)
        if paragraph is None:
            continue
        if in_list and not paragraph.item:
            yield Line(number, "", whole=True)
        in_list = bool(paragraph.item)
        parts = paragraph.text.split("\n")
        for place, part in enumerate(parts):
            yield replace(paragraph, text=part.rstrip(), item="" if place else paragraph.item)
        if not paragraph.item:
            yield Line(number, "", whole=True)


def _body_parts(body: Any) -> Iterator[Any]:
    """Yield paragraphs and tables of data in reading order, each once."""
    tables: list[Any] = []
    for element in body.iter(f"{_W}p", f"{_W}tbl"):
        above = set(element.iterancestors(f"{_W}tbl", _FALLBACK, f"{_W}p"))
        if any(parent.tag == _FALLBACK or parent in tables for parent in above):
            continue
        if element.tag == f"{_W}tbl":
            if not _is_data(element):
                continue
            tables.append(element)
        yield element


def _is_data(table: Any) -> bool:
    """Tell whether a table holds rows of facts rather than lays out columns of paragraphs."""
    if next(table.iterdescendants(f"{_W}tbl"), None) is not None:
        return False
    cells = list(table.iter(f"{_W}tc"))
    return len(cells) > 2 and all(len(_text_of_word(cell).strip().split("\n")) <= 2 for cell in cells)


def _row_line(row: Any, number: int) -> Line:
    cells = tuple(" ".join(_text_of_word(cell).split()) for cell in row.iter(f"{_W}tc"))
    return Line(number, " | ".join(filter(None, cells)), cells=cells, whole=True)


def _text_of_word(element: Any) -> str:
    """Return the text of a paragraph or cell: inserted words and links too, no deleted ones, no text boxes."""
    pieces: list[str] = []
    for part in element.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}noBreakHyphen", f"{_W}p"):
        if part.tag == f"{_W}p":
            if part is not element and pieces:
                pieces.append("\n")
        elif element.tag != f"{_W}p" or next(part.iterancestors(f"{_W}p"), None) is element:
            pieces.append(_WORD_PIECES.get(part.tag) or part.text or "")
    return "".join(pieces)


_WORD_PIECES = {f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


class _StyleBook:
    """What a Word document's styles and numberings make of its paragraphs."""

    def __init__(self, document: Any) -> None:
        self._names = {style.style_id: (style.name or "").lower() for style in document.styles}
        self._formats = _numbering_formats(document)

    def line(self, paragraph: Any, number: int) -> Line | None:
        """Return a paragraph as a line, or None for one of a table of contents."""
        properties = paragraph.find(f"{_W}pPr")
        style = self._style_of(properties)
        if style.startswith("toc "):
            return None
        text = _text_of_word(paragraph)
        return Line(
            number,
            text.replace("\u00ad", ""),
            level=_level_of(style, properties),
            item=self._mark_of(style, properties) if text.strip() else "",
            bold=bool(text.strip()) and _is_bold(paragraph),
            whole=True,
        )

    def _style_of(self, properties: Any) -> str:
        style = properties.find(f"{_W}pStyle") if properties is not None else None
        return self._names.get(style.get(f"{_W}val"), "") if style is not None else ""

    def _mark_of(self, style: str, properties: Any) -> str:
        numbering = properties.find(f"{_W}numPr") if properties is not None else None
        if numbering is None:
            return "-" if "bullet" in style else "1." if style.startswith("list number") else ""
        values = {child.tag: child.get(f"{_W}val") for child in numbering}
        if values.get(f"{_W}numId") == "0":
            return ""
        kind = self._formats.get((values.get(f"{_W}numId"), values.get(f"{_W}ilvl") or "0"), "bullet")
        return "-" if kind in {"bullet", "none"} else "1."


def _level_of(style: str, properties: Any) -> int:
    if style == "title":
        return 1
    if style == "subtitle":
        return 2
    heading = re.fullmatch(r"heading ([1-6])", style)
    if heading:
        return int(heading[1])
    outline = properties.find(f"{_W}outlineLvl") if properties is not None else None
    value = outline.get(f"{_W}val") if outline is not None else ""
    return int(value) + 1 if value in {"0", "1", "2", "3", "4", "5"} else 0


def _is_bold(paragraph: Any) -> bool:
    """Tell whether all that a paragraph says is bold."""
    for run in paragraph.iter(f"{_W}r"):
        if not any((text.text or "").strip() for text in run.iter(f"{_W}t")):
            continue
        mark = run.find(f"{_W}rPr/{_W}b")
        if mark is None or mark.get(f"{_W}val") in {"0", "false", "off"}:
            return False
    return True


def _numbering_formats(document: Any) -> dict[tuple[str | None, str | None], str]:
    """Return the format ("bullet", "decimal") of each level of each list."""
    part = next(
        (rel.target_part for rel in document.part.rels.values() if rel.reltype.endswith("/numbering")), None
    )
    if part is None:
        return {}
    root = part.element
    levels = {
        abstract.get(f"{_W}abstractNumId"): {
            level.get(f"{_W}ilvl"): kind.get(f"{_W}val")
            for level in abstract.iter(f"{_W}lvl")
            if (kind := level.find(f"{_W}numFmt")) is not None
        }
        for abstract in root.iter(f"{_W}abstractNum")
    }
    return {
        (number.get(f"{_W}numId"), level): kind
        for number in root.iter(f"{_W}num")
        if (base := number.find(f"{_W}abstractNumId")) is not None
        for level, kind in levels.get(base.get(f"{_W}val"), {}).items()
    }
