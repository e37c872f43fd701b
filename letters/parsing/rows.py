"""Lines of a document made ready to be read as a letter: plain, with their list marks taken off and understood."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from letters.parsing.reading import Line
from letters.parsing.territories import country_code
from letters.parsing.written_dates import date_on_line


@dataclass(frozen=True)
class Row:
    """A line without its list mark."""

    number: int
    raw: str
    text: str
    mark: str = ""  # "-" for a bullet, "1." for a number or letter
    rank: int = 0  # which number
    level: int = 0
    bold: bool = False
    link: bool = False
    cells: tuple[str, ...] = ()
    whole: bool = False
    indent: int = 0

    @property
    def blank(self) -> bool:
        """Tell whether nothing is on the line."""
        return not self.text


_HIDDEN = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffc]")
_ODD_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\v\f\x1c-\x1f\x85\u2028\u2029]")
_BULLETS = "•◦‣▪▫●○■□◆◇▶►➢➤➔✓✔☑✅☐✦✧★☆⁃∙·⚫❖❑❒✗✘✚✪\uf0b7\uf0a7\uf0d8\uf0fc\uf076"
_BULLET = re.compile(rf"[{_BULLETS}]\ufe0f?\s*(?=\S)|(?:[-–—*+o§»>~]|--)\s+(?=\S)")
_DIGITS = "0-9٠-٩۰-۹"
_NUMBER = re.compile(
    rf"(?:[(\[]\s?([{_DIGITS}]{{1,4}})\s?[)\]][.:]?\s*|([{_DIGITS}]{{1,4}})\s?(?:[.)\]:،]+|[-–](?=\s))\s+"
    rf"|([{_DIGITS}]{{1,4}})[.)\-–](?=[^\W\d_a-z]))(?=\S)"
)
_BARE_NUMBER = re.compile(rf"([{_DIGITS}]{{1,4}})\s+(?=[\w\"“«(])")
_LETTER = re.compile(r"\(?([a-zA-Z]|[ivxlc]{2,6}|[IVXLC]{2,6})[.)]\s+(?=\S)")
_HEADING = re.compile(r"(#{1,6})\s+(?=\S)")
_EMPHASIS = re.compile(r"^(\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1([:：,]?)$")
_UNDERLINE = re.compile(r"={3,}|-{3,}")
_SHORTEST_RUN = 3
_PAGE = re.compile(
    r"(?:page|p\.|pág(?:ina)?\.?|seite|ukurasa|صفحة)\s?\d{1,3}(?:\s?\S{1,3}\s?\d{1,3})?", re.IGNORECASE
)


def rows_of(lines: Sequence[Line]) -> list[Row]:
    """Return the document's rows, without page numbers and running heads."""
    rows = [_row(line) for line in lines]
    rows = _without_emoji_bullets(_with_weak_marks(rows))
    rows = list(_with_underlined_headings(rows))
    return _without_running_heads(rows)


def plain(text: str) -> str:
    """Return text with every space plain and without characters that only hide or turn it."""
    return _HIDDEN.sub("", _ODD_SPACES.sub(" ", unicodedata.normalize("NFC", text)))


def joined(text: str) -> str:
    """Return text in single spaces."""
    return " ".join(text.split())


def blocks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the runs of rows that no blank row divides."""
    block: list[Row] = []
    for row in rows:
        if row.blank:
            if block:
                yield block
            block = []
        else:
            block.append(row)
    if block:
        yield block


def _row(line: Line) -> Row:
    text = plain(line.text)
    indent = len(text) - len(text.lstrip())
    text = text.strip()
    row = Row(
        number=line.number,
        raw=text,
        text=text,
        mark=line.item,
        level=line.level,
        bold=line.bold,
        link=line.link,
        cells=tuple(joined(plain(cell)) for cell in line.cells),
        whole=line.whole,
        indent=indent,
    )
    if not row.cells and text.startswith("|") and text.count("|") > 2:
        return _markdown_row(row)
    return _without_mark(row) if text and not row.cells else row


def _markdown_row(row: Row) -> Row:
    cells = tuple(joined(cell.strip(" *")) for cell in row.text.strip("|").split("|"))
    if all(re.fullmatch(r":?-+:?", cell) for cell in cells):
        return replace(row, text="")
    return replace(row, cells=cells, text=" | ".join(filter(None, cells)))


def _without_mark(row: Row) -> Row:
    heading = _HEADING.match(row.text)
    if heading:
        row = replace(row, level=len(heading[1]), text=row.text[heading.end() :].strip("# "))
    else:
        row = _without_list_mark(row)
    strong = _EMPHASIS.match(row.text)
    if strong and strong[1] not in strong[2]:
        row = replace(row, text=strong[2] + strong[3], bold=row.bold or len(strong[1]) == 2)
    return row


def _without_list_mark(row: Row) -> Row:
    bullet = _BULLET.match(row.text)
    if bullet:
        return replace(row, mark=row.mark or "-", text=row.text[bullet.end() :].strip())
    number = _NUMBER.match(row.text)
    if number and not date_on_line(row.text):  # "8. Oktober 2025" has no mark
        rank = int(next(group for group in number.groups() if group))
        return replace(row, mark="1.", rank=rank, text=row.text[number.end() :].strip())
    return row


_EMOJI = re.compile(
    "[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]?\\s+(?=\\S)"
)


def _without_emoji_bullets(rows: list[Row]) -> list[Row]:
    """Take off the pictures that a list has for bullets; one alone is decoration, and stays."""
    found = {
        here: match for here, row in enumerate(rows) if not row.mark and (match := _EMOJI.match(row.text))
    }
    if len(found) < _SHORTEST_RUN:
        return rows
    return [
        replace(row, mark="-", text=row.text[found[here].end() :].strip()) if here in found else row
        for here, row in enumerate(rows)
    ]


# --- marks that only a run of them proves ---------------------------------------------------------------------


def _with_weak_marks(rows: list[Row]) -> list[Row]:
    """Take off "7 ", "c)" or "iv." where they count on from row to row; alone they may be part of a name."""
    rows = list(rows)
    for read in (_bare_number, _alphabetic, _roman):
        found = [(place, rank) for place, row in enumerate(rows) if not row.mark and (rank := read(row))]
        for run in _runs(found):
            for place, rank in run:
                pattern = _BARE_NUMBER if read is _bare_number else _LETTER
                text = pattern.sub("", rows[place].text, count=1).strip()
                rows[place] = replace(rows[place], mark="1.", rank=rank, text=text)
    return rows


def _runs(found: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    run: list[tuple[int, int]] = []
    for place, rank in found:
        if run and rank == run[-1][1] + 1:
            run.append((place, rank))
            continue
        if len(run) >= _SHORTEST_RUN:
            yield run
        run = [(place, rank)] if rank == 1 else []
    if len(run) >= _SHORTEST_RUN:
        yield run


def _bare_number(row: Row) -> int:
    match = _BARE_NUMBER.match(row.text)
    return int(match[1]) if match else 0


def _alphabetic(row: Row) -> int:
    match = _LETTER.match(row.text)
    return ord(match[1].lower()) - ord("a") + 1 if match and len(match[1]) == 1 else 0


def _roman(row: Row) -> int:
    match = _LETTER.match(row.text)
    if not match:
        return 0
    values = [{"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}.get(letter, 0) for letter in match[1].lower()]
    if 0 in values:
        return 0
    return sum(-here if here < after else here for here, after in zip(values, [*values[1:], 0], strict=True))


def _with_underlined_headings(rows: list[Row]) -> Iterator[Row]:
    for here, row in enumerate(rows):
        below = rows[here + 1].raw if here + 1 < len(rows) else ""
        if _UNDERLINE.fullmatch(row.raw):
            yield replace(row, text="", raw="")
        elif (
            row.text
            and not row.mark
            and not row.whole
            and _UNDERLINE.fullmatch(below)
            and len(row.text) < 120
        ):
            yield replace(row, level=1 if below.startswith("=") else 2)
        else:
            yield row


def _without_running_heads(rows: list[Row]) -> list[Row]:
    """Blank page numbers, and the head or foot of the page that comes back beside them."""
    numbers = {here for here, row in enumerate(rows) if _is_page_number(row)}
    beside = Counter(rows[place].text for here in numbers for place in _neighbours(rows, here))
    return [
        replace(row, text="") if here in numbers or _is_running_head(row, beside) else row
        for here, row in enumerate(rows)
    ]


def _is_page_number(row: Row) -> bool:
    if not row.text or row.cells or row.mark:
        return False
    bare = (
        not any(letter.isalpha() for letter in row.text)
        and len(row.text) < 8
        and not re.search(r"\d{4}", row.text)
    )
    return bare or bool(_PAGE.fullmatch(row.text))


def _neighbours(rows: list[Row], here: int) -> Iterator[int]:
    """Yield the nearest rows with text above and below."""
    for places in (range(here - 1, max(here - 5, -1), -1), range(here + 1, min(here + 5, len(rows)))):
        nearest = next((place for place in places if rows[place].text), None)
        if nearest is not None:
            yield nearest


def _is_running_head(row: Row, beside: Counter[str]) -> bool:
    return (
        bool(row.text) and beside[row.text] >= _SHORTEST_RUN and not row.mark and not country_code(row.text)
    )
