"""A letter's copy as a Word document: python-docx writes what is said, and the names go in between as it goes out.

python-docx keeps a document whole in memory, thirty times the size of the file. A letter fits; a hundred thousand
names do not, so each of them becomes a paragraph when it is its turn.
"""

import io
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.enum.section import WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from lxml import etree

from letters.prose import Node, Run
from signatories.documents import Content
from signatories.formats import is_rtl, plain, zipped

_DOCUMENT = "word/document.xml"
_HERE = "names"  # a comment in the document's XML, which nothing that is said can be
_TURNING = dict.fromkeys(
    range(0x2066, 0x206A)
)  # Word shows some of them as boxes; it knows directions of its own
# For letters of other scripts Word finds fonts by itself; these it would choose badly or show too small.
_FONTS = {"am": "Nyala", "my": "Myanmar Text", "ti": "Nyala"}
_LATIN, _ARABIC = "Georgia", "Times New Roman"
_INK, _QUIET = RGBColor(0x1C, 0x3F, 0x94), RGBColor(0x52, 0x5A, 0x67)
_AFTER_BIDI = (
    "w:spacing",
    "w:ind",
    "w:contextualSpacing",
    "w:jc",
    "w:rPr",
    "w:sectPr",
)  # Word is strict about it
_TALL = ("ar", "ckb", "fa", "my", "ps", "ur")


def pieces(said: Content, names: Iterable[dict[str, str]]) -> Iterator[bytes]:
    """Return the document piece by piece, made as it is asked for, whatever the number of names."""
    package = io.BytesIO()
    _Writer(said).written().save(package)
    with zipfile.ZipFile(package) as whole:
        parts = [(name, whole.read(name)) for name in whole.namelist()]
    yield from zipped(
        (name, _with_names(part, said, names) if name == _DOCUMENT else iter([part])) for name, part in parts
    )


def _with_names(document: bytes, said: Content, names: Iterable[dict[str, str]]) -> Iterator[bytes]:
    head, _here, tail = document.partition(f"<!--{_HERE}-->".encode())
    yield head
    rightwards = said["direction"] == "rtl"
    for number, one in enumerate(names, 1):
        said_of_one = [_run(f"{number}. ", rtl=rightwards), _run(one["name"], rtl=is_rtl(one["name"]))]
        if one["beside"]:
            said_of_one.append(_run(f" · {one['beside']}", rtl=rightwards, look="Quiet"))
        direction = "<w:bidi/>" if rightwards else ""
        yield f'<w:p><w:pPr><w:pStyle w:val="Name"/>{direction}</w:pPr>{"".join(said_of_one)}</w:p>'.encode()
    yield tail


def _run(words: str, *, rtl: bool, look: str = "") -> str:
    properties = (f'<w:rStyle w:val="{look}"/>' if look else "") + ("<w:rtl/>" if rtl else "")
    text = escape(plain(words).translate(_TURNING))
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


class _Writer:
    """Writes one copy, in the fonts and the direction of its language."""

    def __init__(self, said: Content) -> None:
        self._said = said
        self._rightwards = said["direction"] == "rtl"
        self._document = docx.Document()
        self._look()

    def written(self) -> Any:
        """Return the document, with a comment where the names are to stand."""
        said = self._said
        self._paragraph("Quiet line", [said["host"]])
        self._paragraph("Title", [said["title"]])
        if said["occasion"]:
            self._paragraph("Subtitle", [said["occasion"]])
        if said["date"]:
            self._paragraph("Normal", [said["date"]])
        address = {"kind": "link", "to": said["address"], "inside": [said["address"]]}
        self._paragraph("Quiet line", [f"{said['copied']} {said['lives_at']} ", address])
        for notice in said["notices"]:
            self._paragraph("Quiet line", [notice])
        if said["recipients"]:
            self._paragraph("Quiet line", [said["words"]["addressed_to"]])
        for recipient in said["recipients"]:
            self._paragraph("List Bullet", [recipient])
        self._blocks(said["body"])
        self._figures()
        for section in said["sections"]:
            self._section(section)
        self._signatories()
        return self._document

    # --- parts ---

    def _figures(self) -> None:
        said = self._said
        if said["figures"]:
            self._paragraph("Heading 1", [said["words"]["figures"]])
        for figure in said["figures"]:
            strong = {"kind": "strong", "inside": [figure["number"]]}
            self._paragraph("Normal", [strong, f" {figure['label']}"])
            source = {"kind": "link", "to": figure["link"], "inside": [figure["source"]]}
            since = f"{said['words']['comma']}{figure['as_of']}"
            self._paragraph("Quiet line", [source if figure["link"] else figure["source"], since])

    def _section(self, section: Content) -> None:
        self._paragraph("Heading 1", [section["title"]])
        for entry in section["entries"]:
            self._paragraph("Normal", [{"kind": "strong", "inside": [entry["head"]]}])
            for words in filter(None, entry["words"].split("\n")):
                self._paragraph("Normal", [words], rightwards=self._rightwards and not _is_latin(words))
            if entry["link"]:
                self._paragraph("Normal", [{"kind": "link", "to": entry["link"], "inside": [entry["link"]]}])

    def _signatories(self) -> None:
        said = self._said
        self._paragraph("Heading 1", [said["words"]["undersigned"]])
        self._paragraph("Normal", [{"kind": "strong", "inside": [said["count"]]}])
        self._paragraph("Heading 2", [said["reading_title"]])
        for line in said["reading"]:
            self._paragraph("List Bullet", [line])
        names = self._document.add_section(WD_SECTION.CONTINUOUS)
        names._sectPr.find(qn("w:cols")).set(qn("w:num"), "2")
        names._sectPr.addprevious(etree.Comment(_HERE))

    def _blocks(self, blocks: Iterable[Node], *, style: str = "Normal", depth: int = 0) -> None:
        for block in blocks:
            match block["kind"]:
                case "paragraph":
                    self._paragraph(style, block["inside"])
                case "heading":
                    self._paragraph(f"Heading {block['level'] - 1}", block["inside"])
                case "list" | "numbers":
                    self._items(block, depth=depth + 1)
                case "quote":
                    self._blocks(block["inside"], style="Quote", depth=depth)
                case "rule":
                    self._paragraph("Normal", ["* * *"])

    def _items(self, block: Node, *, depth: int) -> None:
        """The first words of an item carry its mark; what else belongs to it stands below them."""
        level = "" if depth == 1 else f" {min(depth, 3)}"
        numbered = block["kind"] == "numbers"
        style = f"List {'Number' if numbered else 'Bullet'}{level}"
        counted = self._numbering(style, block["start"]) if numbered else None
        for item in block["items"]:
            first, rest = item[:1], item[1:]
            if first and first[0]["kind"] == "paragraph":
                paragraph = self._paragraph(style, first[0]["inside"])
                if counted is not None:
                    _number(paragraph, counted)
            else:
                rest = item
            self._blocks(rest, style=f"List Continue{level}", depth=depth)

    def _numbering(self, style: str, start: int) -> int:
        """Begin to count anew: Word counts on through all lists of one style."""
        listed = self._document.styles[style].element.pPr.numPr.numId.val
        numbering = self._document.part.numbering_part.numbering_definitions._numbering
        again = numbering.add_num(numbering.num_having_numId(listed).abstractNumId.val)
        again.add_lvlOverride(ilvl=0).add_startOverride(start)
        number: int = again.numId
        return number

    # --- paragraphs and runs ---

    def _paragraph(self, style: str, runs: Iterable[Run], *, rightwards: bool | None = None) -> Any:
        paragraph = self._document.add_paragraph(style=style)
        if self._rightwards if rightwards is None else rightwards:
            paragraph._p.get_or_add_pPr().insert_element_before(_element("w:bidi"), *_AFTER_BIDI)
        for run in runs:
            self._write(run, paragraph, paragraph._p)
        return paragraph

    def _write(self, run: Run, paragraph: Any, into: Any, **look: bool) -> None:
        if isinstance(run, str):
            self._words(run, into, **look)
            return
        match run["kind"]:
            case "break":
                into.append(_element("w:r", _element("w:br")))
            case "emphasis":
                self._write_all(run["inside"], paragraph, into, **{**look, "italic": True})
            case "strong":
                self._write_all(run["inside"], paragraph, into, **{**look, "bold": True})
            case "link":
                link = _element("w:hyperlink")
                target = paragraph.part.relate_to(run["to"], RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
                link.set(qn("r:id"), target)
                into.append(link)
                self._write_all(run["inside"], paragraph, link, **{**look, "linked": True})

    def _write_all(self, runs: Iterable[Run], paragraph: Any, into: Any, **look: bool) -> None:
        for run in runs:
            self._write(run, paragraph, into, **look)

    def _words(
        self, words: str, into: Any, *, bold: bool = False, italic: bool = False, linked: bool = False
    ) -> None:
        properties = _element("w:rPr")
        if linked:
            properties.append(_element("w:rStyle", val="Link"))
        for name in (("w:b", "w:bCs") if bold else ()) + (("w:i", "w:iCs") if italic else ()):
            properties.append(_element(name))
        if self._rightwards and not _is_latin(words):
            properties.append(_element("w:rtl"))
        text = _element("w:t")
        text.text = plain(words).translate(_TURNING)
        text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        into.append(_element("w:r", properties, text))

    # --- looks ---

    def _look(self) -> None:
        said, document = self._said, self._document
        facts = document.core_properties
        facts.title, facts.author, facts.language = (
            plain(said["title"]),
            plain(said["host"]),
            said["language"],
        )
        facts.comments, facts.last_modified_by = "", ""
        facts.created = facts.modified = datetime(1980, 1, 1, tzinfo=UTC)  # the same letter is the same file
        section = document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = Mm(25)
        section.top_margin = section.bottom_margin = Mm(24)
        if self._rightwards:
            section._sectPr.find(qn("w:docGrid")).addprevious(_element("w:bidi"))
        styles = document.styles
        quiet = styles.add_style("Quiet line", WD_STYLE_TYPE.PARAGRAPH)
        name = styles.add_style("Name", WD_STYLE_TYPE.PARAGRAPH)
        for style in (quiet, name):
            style.base_style = styles["Normal"]
        quiet.font.color.rgb = _QUIET
        name.paragraph_format.space_after = Pt(3)
        beside = styles.add_style("Quiet", WD_STYLE_TYPE.CHARACTER)
        beside.font.color.rgb = _QUIET
        link = styles.add_style("Link", WD_STYLE_TYPE.CHARACTER)
        link.font.color.rgb, link.font.underline = _INK, True
        tall = 1.5 if said["language"] in _TALL else 0
        for style, points in (
            ("Normal", 11),
            ("Title", 24),
            ("Subtitle", 13),
            ("Name", 10),
            ("Quiet line", 10),
        ):
            self._set(styles[style], points + tall)
        for level, points in enumerate((15, 13, 12), 1):
            self._set(styles[f"Heading {level}"], points + tall)
        for plain_one in ("Title", "Subtitle", *(f"Heading {level}" for level in (1, 2, 3))):
            styles[plain_one].font.color.rgb = RGBColor(0x15, 0x18, 0x1E)
        styles["Title"].element.pPr.remove(styles["Title"].element.pPr.find(qn("w:pBdr")))
        self._speak(styles.element)

    def _set(self, style: Any, points: float) -> None:
        """Name fonts and sizes for both kinds of script: Word keeps other ones for those it calls complex."""
        font = _FONTS.get(self._said["language"])
        style.font.size = Pt(points)
        properties = style.element.get_or_add_rPr()
        fonts = properties.get_or_add_rFonts()
        for old in list(fonts.attrib):
            del fonts.attrib[old]
        for script, usual in (("ascii", _LATIN), ("hAnsi", _LATIN), ("eastAsia", _LATIN), ("cs", _ARABIC)):
            fonts.set(qn(f"w:{script}"), font or usual)
        for old in properties.findall(qn("w:szCs")):
            properties.remove(old)
        properties.find(qn("w:sz")).addnext(_element("w:szCs", val=str(round(points * 2))))

    def _speak(self, styles: Any) -> None:
        """Say which language it is, for screen readers and spelling."""
        spoken = styles.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}/{qn('w:lang')}")
        for kind in ("val", "bidi", "eastAsia"):
            spoken.set(qn(f"w:{kind}"), self._said["language"])


def _is_latin(words: str) -> bool:
    """Whether words are read from left to right alone, and so stay as they are among Arabic ones."""
    ways = {unicodedata.bidirectional(sign) for sign in words}
    return "L" in ways and not ways & {"R", "AL"}


def _number(paragraph: Any, number: int) -> None:
    properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_ilvl().val = 0
    properties.get_or_add_numId().val = number


def _element(name: str, *inside: Any, **values: str) -> Any:
    element = OxmlElement(name)
    for key, value in values.items():
        element.set(qn(f"w:{key}"), value)
    element.extend(inside)
    return element
