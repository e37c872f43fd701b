"""A list of names becomes signatories: one a line, bulleted, numbered, in columns, in one paragraph, by country."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from letters.parsing.phrases import (
    is_group_heading,
    is_signing_heading,
    speaks_of_people,
    without_count,
)
from letters.parsing.rows import Row, blocks, joined
from letters.parsing.territories import country_code, fold, is_region, take_flag


@dataclass(frozen=True)
class ParsedSignatory:
    """A name as a letter's list gives it."""

    name: str
    country: str  # ISO 3166 alpha-2, or "" where the list does not say it
    person: str  # who signed, where the list names people
    role: str
    line: int  # the source line; the next free number where several names share one line
    raw: str


@dataclass(frozen=True)
class _Entry:
    """One name on its way to a signatory."""

    text: str
    number: int
    raw: str
    country: str = ""
    people: bool = False
    person: str = ""
    role: str = ""
    settled: bool = False  # a table's column says that this is the name and nothing else


def signatories_in(rows: Sequence[Row], *, heading: str = "") -> list[ParsedSignatory]:
    """Return the names in the rows of one list, in the order they were published."""
    entries = list(_entries(list(rows), speaks_of_people(heading)))
    entries = [cleaned for entry in entries if (cleaned := _without_trimmings(entry)).text]
    entries = _without_final_stops(entries)
    entries = _with_countries_taken_off(entries)
    entries = _with_people_apart(entries)
    return [
        ParsedSignatory(entry.text, entry.country, entry.person, entry.role, entry.number, entry.raw)
        for entry in entries
        if _names_something(entry.text)
    ]


def _names_something(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


# --- rows to entries --------------------------------------------------------------------------------------------


def _entries(rows: list[Row], people: bool) -> Iterator[_Entry]:
    rows = _with_columns(rows)
    if sum(1 for row in rows if row.cells) * 2 > sum(1 for row in rows if not row.blank):
        yield from _entries_of_table(rows, people)
        return
    labelled = list(_labelled_entries(rows, people))
    yield from labelled or _entries_of_rows(_unwrapped(rows), people)


def _entries_of_rows(rows: list[Row], people: bool) -> Iterator[_Entry]:
    """Yield one entry a row, under the country or kind of signatory that the last heading named."""
    rows = [row for row in rows if not row.blank]
    below = _places_stand_below(rows)
    lone_letters = sum(1 for row in rows if is_index_letter(row.text)) > 1
    headings = sum(1 for row in rows if _country_heading(row))
    unknown = _unknown_headings(rows)
    country = ""
    held: _Entry | None = None
    for row in rows:
        code = _country_heading(row)
        if below and (code or is_region(row.text)):
            if held:
                held = replace(held, country=code)
            continue
        if held:
            yield held
            held = None
        if code and (headings > 1 or _is_set_apart(row)):
            country = code
        elif is_region(row.text) and not row.mark:
            country = ""
        elif (is_group_heading(row.text) and not row.mark) or is_signing_heading(row.text):
            people, country = speaks_of_people(row.text), ""
        elif row in unknown:
            country = ""
        elif (lone_letters and is_index_letter(row.text)) or _speaks_of_the_list(row.text):
            continue
        else:
            names = _names_in_paragraph(row.text, alone=len(rows) <= 3)
            for name in names[:-1]:
                yield _Entry(name, row.number, name, country=country, people=people)
            raw = names[-1] if len(names) > 1 else row.raw
            held = _Entry(names[-1], row.number, raw, country=country, people=people)
    if held:
        yield held


def _unknown_headings(rows: list[Row]) -> set[Row]:
    """Return the rows that head others in words that no table has ("Founding members:")."""
    levels = {row for row in rows[:-1] if row.level and not row.mark}
    colons = {row for row in rows[:-1] if row.text.endswith((":", "：")) and not row.mark}
    few_levels = levels if len(levels) * 2 < len(rows) else set()
    return few_levels | (colons if len(colons) * 2 <= len(rows) else set())


def _country_heading(row: Row) -> str:
    return country_code(without_count(row.text))


def _is_set_apart(row: Row) -> bool:
    return bool(
        row.level or row.bold or row.text.endswith((":", "：")) or without_count(row.text) != row.text
    )


def _places_stand_below(rows: list[Row]) -> bool:
    """Tell whether each name's country is on the row under it, rather than above a group of names."""
    codes = [bool(_country_heading(row) or is_region(row.text)) for row in rows]
    found = sum(codes)
    if found < 2 or codes[0] or not codes[-1] or found * 3 < len(rows):
        return False
    if any(_is_set_apart(row) for row, code in zip(rows, codes, strict=True) if code):
        return False
    return not any(here and after for here, after in pairwise(codes))


_LISTED = re.compile(
    r"\b(?:alphabetical|alphabetically|in order of|affiliations?|identification purposes|names withheld"
    r"|ordre alphabetique"
    r"|orden alfabetico|ordem alfabetica|alphabetische\w*|herufi|ترتيب ابجدي|ابجديا|alphabetique"
    r"|for security reasons)\b"
)


def _speaks_of_the_list(text: str) -> bool:
    return bool(_LISTED.search(fold(text)))


def is_index_letter(text: str) -> bool:
    """Tell whether a row is one of the letters by which a list is ordered ("A", "A-C", "ب")."""
    return bool(re.fullmatch(r"[^\W\d_](?:\s?[-–/&]\s?[^\W\d_])?[.:]?", text))


# --- names broken over lines ----------------------------------------------------------------------------------

_OPEN_END = re.compile(
    r"(?:[,&/(\[\-–]|\b(?:and|of|the|for|on|in|to|with|against|de|du|des|la|le|les|del|los|las|y|et|e|da|do|dos|das|"
    r"para|pour|por|und|für|der|die|des|von|ya|wa|za|na|kwa|في|من|و|على))$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?:&|and|of|for|against|with|de|du|des|del|da|do|dos|para|pour|por|und|für|von|ya|wa|za|kwa|في|من|على|et|y)\s"
)


def _unwrapped(rows: list[Row]) -> list[Row]:
    """Join names that a text export broke over two lines, where it is clear that it did."""
    rows = _with_long_names_joined(_with_signature_blocks_joined(_with_paragraphs_joined(rows)))
    marked = sum(1 for row in rows if row.mark) * 2 >= sum(1 for row in rows if not row.blank)
    found: list[Row] = []
    for row in rows:
        before = found[-1] if found else None
        if before and not before.blank and not row.blank and _continues(before, row, marked):
            found[-1] = replace(before, text=f"{before.text} {row.text}", raw=f"{before.raw} {row.raw}")
        else:
            found.append(row)
    return found


def _continues(before: Row, row: Row, marked: bool) -> bool:
    if row.mark or row.level or row.whole or row.cells or before.level:
        return False
    if row.text.startswith(("(", "[")) and len(row.text) < 40 and not before.text.endswith((")", "]")):
        return True
    opened = before.text.count("(") > before.text.count(")") and row.text.count(")") > row.text.count("(")
    open_end = bool(_OPEN_END.search(before.text)) and not before.text.endswith(",")
    if opened or open_end or _GOES_ON.match(row.text):
        return True
    # Under a bullet, a row that is set in and has no bullet of its own belongs to the one above.
    return marked and bool(before.mark) and row.indent > before.indent and not _country_heading(row)


_SHORTEST_BROKEN = 30


def _with_long_names_joined(rows: list[Row]) -> list[Row]:
    """Join two lines that stand together where blank lines divide all the other names."""
    groups = list(blocks(rows))
    single = sum(1 for group in groups if len(group) == 1)
    if len(groups) < 4 or single * 10 < len(groups) * 6:
        return rows
    found: list[Row] = []
    for group in groups:
        first = group[0]
        broken = (
            len(group) == 2
            and len(first.text) >= _SHORTEST_BROKEN
            and not (first.whole or first.level or first.cells)
        )
        if broken and not group[1].mark and not first.text.endswith((":", ",", ";")):
            group = [_one_row(group)]
        found += [*group, replace(group[-1], text="", raw="", mark="", cells=())]
    return found


def _with_paragraphs_joined(rows: list[Row]) -> list[Row]:
    """Join the lines of names that run on in one paragraph, separated by commas or semicolons."""
    found: list[Row] = []
    for block in blocks(rows):
        found += [_one_row(block)] if _runs_on(block) else block
        found.append(replace(block[-1], text="", raw="", mark="", cells=()))
    return found


def _runs_on(block: list[Row]) -> bool:
    """Tell whether names go on from line to line, rather than each line being one name with its particulars."""
    if len(block) < 2 or any(row.mark or row.whole or row.level or row.cells for row in block):
        return False
    inner = [len(re.findall(r"[;,؛،]", row.text.rstrip(" ;,؛،"))) for row in block]
    long = sum(len(row.text) for row in block[:-1]) / (len(block) - 1) > 50
    if not long or sum(inner) < len(block):
        return False
    if sum(len(re.findall("[;؛]", row.text)) for row in block) >= len(block):
        return True
    last_parts = [_SEGMENTS.split(row.text.rstrip(" ,،"))[1:] for row in block]
    particulars = sum(1 for parts in last_parts if any(is_role(part) or country_code(part) for part in parts))
    return particulars * 2 < len(block)


def _one_row(block: list[Row]) -> Row:
    return replace(
        block[0], text=" ".join(row.text for row in block), raw=" ".join(row.raw for row in block), whole=True
    )


def _with_signature_blocks_joined(rows: list[Row]) -> list[Row]:
    """Join "Name / Role / Organisation" on three lines into one row, where the list is made of such blocks."""
    groups = list(blocks(rows))
    signed = [_is_signature_block(group) for group in groups]
    if sum(signed) * 3 < max(len(groups), 1):
        return rows
    found: list[Row] = []
    for group, is_signed in zip(groups, signed, strict=True):
        if is_signed:
            text = ", ".join(row.text.rstrip(" ,") for row in group)
            group = [replace(group[0], text=text, raw=" / ".join(row.raw for row in group), whole=True)]
        found += [*group, replace(group[-1], text="", raw="", mark="", cells=())]
    return found


def _is_signature_block(group: list[Row]) -> bool:
    if not 2 <= len(group) <= 4 or any(row.mark or row.cells for row in group):
        return False
    return is_role(_SEGMENTS.split(group[1].text)[0]) and not is_role(group[0].text)


_BETWEEN_NAMES = (r"\s*[•·●▪|]\s*", r"\s*[;؛]\s*", r"\s*(?:,|،)\s+")
_AND = re.compile(
    r"^(?:and|et|y|e|und|na|as well as|ainsi que|así como|sowie|&)\s+|^و\s?(?=ال)", re.IGNORECASE
)
_LAST_AND = re.compile(r"\s(?:and|et|y|e|und|na|&)\s(?=[^a-z])")
_SUFFIX = re.compile(
    r"^(?:inc|ltd|llc|llp|plc|a\.?\s?c|e\.?\s?v|asbl|aisbl|gmbh|ggmbh|s\.?a|s\.?c|corp|co|cic|usa|uk|jr|sr|i\.?a\.?p"
    r"|a\.?s\.?b\.?l|n\.?g\.?o|o\.?n\.?g)\.?$",
    re.IGNORECASE,
)


def _names_in_paragraph(text: str, *, alone: bool) -> list[str]:
    """Return the names that run on in one row, or the row itself where it is one name."""
    for separator in _BETWEEN_NAMES:
        parts = _rejoined([part for part in _split_outside_brackets(separator, text) if part])
        if _are_names(parts, text, alone, commas=separator is _BETWEEN_NAMES[-1]):
            return _without_and(parts, between=separator is _BETWEEN_NAMES[-1])
    return [text]


_BRACKETS = re.compile(r"\([^()]{0,120}\)|\[[^\[\]]{0,120}\]")


def _split_outside_brackets(separator: str, text: str) -> Iterator[str]:
    """Yield the parts of a text; a bracket that is never closed hides no separator."""
    inside = [found.span() for found in _BRACKETS.finditer(text)]
    start = bracket = 0
    for mark in re.finditer(separator, text):
        while bracket < len(inside) and inside[bracket][1] <= mark.start():
            bracket += 1
        if bracket < len(inside) and inside[bracket][0] < mark.start():
            continue
        yield text[start : mark.start()].strip()
        start = mark.end()
    yield text[start:].strip()


def _rejoined(parts: list[str]) -> list[str]:
    """Give "Inc" and "Kenya" back to the name before them."""
    found: list[str] = []
    for part in parts:
        if found and (_SUFFIX.match(part) or country_code(part)):
            found[-1] += f", {part}"
        else:
            found.append(part)
    return found


def _are_names(parts: list[str], text: str, alone: bool, *, commas: bool) -> bool:
    if len(parts) < 2 or (commas and any(is_role(part) for part in parts)):
        return False
    average = sum(len(part.split()) for part in parts) / len(parts)
    if not commas:
        return (len(parts) > 2 and average < 14) or (alone and average < 14)
    if average > 9:
        return False
    ended = bool(_AND.match(parts[-1]) or _LAST_AND.search(parts[-1]) or text.endswith("."))
    if alone:
        return len(parts) > 3 or (len(parts) > 2 and ended)
    return len(parts) > 5 and len(text) > 150


def _without_and(parts: list[str], *, between: bool) -> list[str]:
    """Take the "and" off the last name, or off between the last two where only commas divide the others."""
    *others, last = (
        part.rstrip(" .") if place == len(parts) - 1 else part for place, part in enumerate(parts)
    )
    if _AND.match(last):
        return [*others, _AND.sub("", last)]
    split = list(_LAST_AND.finditer(last)) if between else []
    if len(split) == 1:
        return [*others, last[: split[0].start()], last[split[0].end() :]]
    return [*others, last]


# --- tables -----------------------------------------------------------------------------------------------------

_COLUMNS = re.compile(r"\t+| {3,}")
_HEADS = {
    "number": "no|nr|n|num|number|numero|sno|s no|sl no|nummer|lfd nr|namba|الرقم|رقم|م",
    "country": "country|countries|pays|pais|land|nchi|الدوله|البلد|دوله|بلد|country of operation|country region"
    "|country of registration|location|based in|region country|country territory|pays d intervention"
    "|sitz|herkunftsland",
    "person": "contact|contact person|representative|signatory name|name of representative|name of signatory|person"
    "|contact name|representant|representante|nom du representant|nombre del representante|vertreter|vertreterin"
    "|ansprechperson|mwakilishi|الممثل|اسم الممثل|full name|first name|nom et prenom|nombre y apellido|nome completo",
    "role": "role|title|position|job title|function|fonction|titre|cargo|puesto|funktion|cheo|wadhifa"
    "|المنصب|الصفه|titel",
    "other": "email|e mail|website|web|url|date|signature|city|town|ville|ciudad|cidade|stadt|ort|mji|المدينه|التوقيع"
    "|التاريخ|البريد الالكتروني|region|type|sector|logo|phone|telephone|acronym|sigle|siglas|sigla|kind|category"
    "|correo|courriel|firma|sahihi|unterschrift|tarehe|datum|fecha|barua pepe|simu",
    "name": "name|names|organisation|organization|organisations|organizations|organisation name|organization name"
    "|name of organisation|name of organization|name of the organisation|name of the organization"
    "|signatory|signatories"
    "|signataire|signataires|nom|nom de l organisation|nombre|nombre de la organizacion|organizacion|organizaciones"
    "|nome|nome da organizacao|organizacao|organizacoes|firmante|firmantes|organisationen"
    "|name der organisation|verein"
    "|jina|jina la shirika|shirika|mashirika|المنظمه|اسم المنظمه|المنظمات|الاسم|الجهه|الموقعون"
    "|association|entity|group"
    "|institution|ngo|ong|entite|entidad|entidade|structure|affiliation|institution organisation"
    "|organisation institution",
}
_KIND_OF_HEAD = {word: kind for kind, words in _HEADS.items() for word in words.split("|")}
_CONTACT_CELL = re.compile(r"\S+@\S+|(?:https?://|www\.)\S+|\+?[\d\s()./-]{6,}")


def _with_columns(rows: list[Row]) -> list[Row]:
    """Read tabs and wide gaps as columns where most rows have them."""
    full = [row for row in rows if not row.blank]
    wide = [row for row in full if not row.cells and _COLUMNS.search(row.text)]
    if len(wide) < 2 or len(wide) * 2 < len(full):
        return rows
    return [row if row.cells or row.blank else replace(row, cells=_columns_of(row)) for row in rows]


def _columns_of(row: Row) -> tuple[str, ...]:
    """Return a row's columns; a number that was taken for a list mark may have been the first one."""
    mark = row.raw[: -len(row.text)] if row.raw.endswith(row.text) else ""
    numbered = [mark] if _COLUMNS.search(mark) else []
    return tuple(joined(cell) for cell in [*numbered, *_COLUMNS.split(row.text)])


def _entries_of_table(rows: list[Row], people: bool) -> Iterator[_Entry]:
    rows = [row for row in rows if any(row.cells) or row.text]
    table = [row for row in rows if len(row.cells) > 1]
    kinds = _kinds_of_columns(table)
    country = ""
    for row in _in_reading_order(rows, kinds):
        cells = [cell for cell in row.cells if cell] or [row.text]
        if _is_head_of_table(row):
            continue
        if (
            len(cells) == 1
            and len(row.cells) != 1
            and (code := country_code(without_count(cells[0]), also_codes=True))
        ):
            country = code
        elif len(cells) == 1 and (
            is_group_heading(cells[0]) or is_region(cells[0]) or is_signing_heading(cells[0])
        ):
            people, country = speaks_of_people(cells[0]), ""
        elif len(row.cells) > 1 and set(kinds) != {"grid"}:
            yield _entry_of_row(row, kinds, country, people)
        elif len(cells) == 1 and (code := _country_heading(row)):
            country = code
        else:
            for cell in cells:
                yield _Entry(cell, row.number, cell, country=country, people=people)


def _entry_of_row(row: Row, kinds: list[str], country: str, people: bool) -> _Entry:
    found: dict[str, str] = {}
    for kind, cell in zip(kinds, row.cells, strict=False):
        if cell and kind not in found:
            found[kind] = cell
    return _entry_of_record(row, found, country, people, settled="country" in kinds)


def _entry_of_record(row: Row, found: dict[str, str], country: str, people: bool, *, settled: bool) -> _Entry:
    code = country_code(found.get("country", ""), also_codes=True) or _last_country(found.get("country", ""))
    name = found.get("name") or found.get("person", "")
    person = found.get("person", "") or ("" if found.get("name") else name)
    return _Entry(
        name,
        row.number,
        row.raw or row.text,
        country=code or country,
        people=people,
        person=person,
        role=found.get("role", ""),
        settled=settled,
    )


def _last_country(text: str) -> str:
    return country_code(re.split(r"[,/–-]", text)[-1])


def _is_head_of_table(row: Row) -> bool:
    cells = [fold(cell) for cell in row.cells if cell]
    return len(cells) > 1 and sum(_kind_of_head(cell) != "" for cell in cells) * 2 >= len(cells) + 1


def _kind_of_head(cell: str) -> str:
    return _KIND_OF_HEAD.get(cell, "number" if cell == "" else "")


def _kinds_of_columns(table: list[Row]) -> list[str]:
    """Return what each column holds, from the table's head or else from what is in it."""
    width = max((len(row.cells) for row in table), default=0)
    head = next((row for row in table[:3] if _is_head_of_table(row)), None)
    body = [row for row in table if row is not head]
    told = [_kind_of_head(fold(cell)) if cell else "" for cell in (head.cells if head else ())]
    kinds = [
        (told[place] if place < len(told) else "")
        or _kind_by_content([row.cells[place] for row in body if place < len(row.cells)])
        for place in range(width)
    ]
    return _with_one_name_column(kinds, told=bool(head))


def _kind_by_content(cells: list[str]) -> str:
    full = [cell for cell in cells if cell]
    if not full:
        return "other"
    enough = len(full) * 0.6
    if sum(1 for cell in full if not any(letter.isalpha() for letter in cell)) >= enough:
        return "number"
    if (
        sum(
            1
            for cell in full
            if country_code(cell, also_codes=True) or is_region(cell) or _last_country(cell)
        )
        >= enough
    ):
        return "country"
    if sum(1 for cell in full if _CONTACT_CELL.fullmatch(cell)) >= enough:
        return "other"
    if sum(1 for cell in full if is_role(cell)) >= enough:
        return "role"
    return "text"


def _with_one_name_column(kinds: list[str], *, told: bool) -> list[str]:
    """Decide which text column is the name; with nothing but text columns, every cell is one."""
    texts = [place for place, kind in enumerate(kinds) if kind == "text"]
    if "name" in kinds:
        first_name = kinds.index("name")
        if told and "person" not in kinds and kinds.count("name") > 1:
            # "Name | Organisation": the first is the person's.
            kinds[first_name] = "person"
        return ["other" if kind == "text" else kind for kind in kinds]
    if len(texts) > 1 and set(kinds) <= {"text", "number", "other"} and not told and "number" not in kinds:
        return ["grid"] * len(kinds)
    if "role" in kinds and len(texts) > 1:
        person, name = texts[0], texts[1]
        kinds[person], kinds[name] = (
            ("person", "name") if person < kinds.index("role") else ("name", "person")
        )
        return ["other" if kind == "text" else kind for kind in kinds]
    return [
        "name" if texts and place == texts[0] else "other" if kind == "text" else kind
        for place, kind in enumerate(kinds)
    ]


def _in_reading_order(rows: list[Row], kinds: list[str]) -> list[Row]:
    """Return the rows of names in columns column by column where that is the order of the alphabet."""
    if set(kinds) != {"grid"}:
        return rows
    across = [
        replace(row, cells=(cell,), text=cell) for row in rows for cell in (row.cells or (row.text,)) if cell
    ]
    width = max(len(row.cells) for row in rows)
    down = [
        replace(row, cells=(row.cells[place],), text=row.cells[place])
        for place in range(width)
        for row in rows
        if place < len(row.cells) and row.cells[place]
    ]
    return down if _disorder(down) < _disorder(across) else across


def _disorder(rows: list[Row]) -> int:
    return sum(1 for here, after in pairwise(rows) if fold(here.text) > fold(after.text))


# --- what stands around a name ----------------------------------------------------------------------------------

_LABELLED = re.compile(r"^([^:：]{2,40}?)\s*[:：]\s*(\S.*)$")


def _labelled_entries(rows: list[Row], people: bool) -> Iterator[_Entry]:
    """Yield the entries of a list that labels each row: "Name: ...", then "Country: ..."."""
    full = [row for row in rows if not row.blank]
    found = [
        (row, match, _kind_of_head(fold(match[1]))) for row in full if (match := _LABELLED.match(row.text))
    ]
    told = [(row, match[2], kind) for row, match, kind in found if kind]
    if not told or len(told) * 3 < len(full) * 2 or len({kind for _row, _value, kind in told}) < 2:
        return
    records: list[dict[str, str]] = []
    first: list[Row] = []
    for row, value, kind in told:
        if not records or kind in records[-1]:
            records.append({})
            first.append(row)
        records[-1][kind] = value
    for row, record in zip(first, records, strict=True):
        yield _entry_of_record(row, record, "", people, settled=True)


_FOOTNOTE = re.compile(r"(?:\s*(?:[*†‡§#]+|[¹²³⁴⁵⁶⁷⁸⁹⁰]+|\[\d{1,3}\]))+$")
_LEADING_MARK = re.compile(r"^[*†‡]+\s*")
_CONTACT = re.compile(
    r"\s*[(\[<|,;:–-]*\s*(?:https?://|www\.)[^\s)\]>]+[)\]>]?|\s*[(\[<"
    r"|,;:–-]*\s*(?:mailto:)?[\w.+-]{1,64}@[\w.-]{3,80}[)\]>]?",
    re.IGNORECASE,
)
_PHONE = re.compile(r"\s*[(\[,;:–—-]*\s*\+?\d[\d\s()./-]{7,}\d\)?$")
_HANDLE = re.compile(r"(?:\s*[(|,–-]?\s*@\w{2,30}\)?)+$")
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]{1,300})\]\((?:https?:|mailto:|/)[^()\s]{0,500}\)")
_ABBREVIATION = re.compile(
    r"(?:\.\w+\.|\b(?:inc|ltd|co|corp|assoc|org|asoc|ass|e\.\s?v|a\.\s?c|s\.\s?a|\w)\.)$", re.IGNORECASE
)


def _without_trimmings(entry: _Entry) -> _Entry:
    """Take off footnote marks, addresses and the commas between rows; the name itself stays as published."""
    text = _MARKDOWN_LINK.sub(r"\1", entry.text)
    without = _HANDLE.sub("", _PHONE.sub("", _CONTACT.sub("", text)))
    text = without if _names_something(without) else ""
    text = _LEADING_MARK.sub("", text.replace("**", "").replace("__", "")).strip(" \t|")
    text = _FOOTNOTE.sub("", text).rstrip(" ,;،؛|").rstrip()
    return replace(entry, text=joined(_without_outer_quotes(text)))


def _without_outer_quotes(text: str) -> str:
    if len(text) > 2 and text[0] + text[-1] in {'""', "“”", "«»", "„“"} and text.count(text[0]) <= 2:
        return text[1:-1].strip()
    return text


def _without_final_stops(entries: list[_Entry]) -> list[_Entry]:
    """Take off a full stop that ends most of a list's rows, or its last one."""
    stopped = sum(1 for entry in entries if entry.text.endswith("."))
    last = len(entries) - 1
    return [
        replace(entry, text=entry.text[:-1].rstrip())
        if entry.text.endswith(".")
        and not _ABBREVIATION.search(entry.text)
        and (stopped * 2 > len(entries) or (place == last and stopped == 1))
        else entry
        for place, entry in enumerate(entries)
    ]


# --- countries beside names ---------------------------------------------------------------------------------------

_IN_BRACKETS = re.compile(r"^(.*\S)\s*[(\[]([^()\[\]]{2,60})[)\]]$")
_DASH = re.compile(r"\s+[-–—−/•·]+\s*|\s*[|–—:：]\s*|[-–—]\s+")
_AFTER_COMMA = re.compile(r"^(.*\S)\s*[,،]\s*([^,،]{2,60})$")
_BEFORE = re.compile(r"^([^-–—:|]{2,40}?)\s*(?::|\s[-–—|])\s*(\S.*)$")


def _bracketed(text: str) -> tuple[str, str] | None:
    found = _IN_BRACKETS.match(text)
    return _with_place(found[1], found[2]) if found else None


def _dashed(text: str) -> tuple[str, str] | None:
    for found in reversed(list(_DASH.finditer(text))[-2:]):
        name, place = text[: found.start()].rstrip(), text[found.end() :].strip()
        if name and 1 < len(place) <= 60 and (parted := _with_place(name, place)):
            return parted
    return None


def _after_comma(text: str) -> tuple[str, str] | None:
    found = _AFTER_COMMA.match(text)
    code = country_code(found[2]) if found else ""
    return (found[1], code) if found and code else None


def _in_front(text: str) -> tuple[str, str] | None:
    found = _BEFORE.match(text)
    code = country_code(found[1]) if found else ""
    return (found[2], code) if found and code else None


def _flagged(text: str) -> tuple[str, str] | None:
    rest, code = take_flag(text)
    return (rest, code) if code else None


def _with_place(name: str, place: str) -> tuple[str, str] | None:
    """Return a name and the code of its place, "" for a region, or None where what was found is no place."""
    place = place.strip(" .")
    code = country_code(place) or _country_after_city(place)
    return (name, code) if code or is_region(place) else None


def _country_after_city(place: str) -> str:
    parts = re.split(r"\s*[,،]\s*|\s[-–—]\s", place)
    return country_code(parts[-1]) if len(parts) in {2, 3} else ""


_FORMS: tuple[Callable[[str], tuple[str, str] | None], ...] = (
    _flagged,
    _bracketed,
    _dashed,
    _after_comma,
    _in_front,
)


def _with_countries_taken_off(entries: list[_Entry]) -> list[_Entry]:
    """Read a country beside the name only where a third of the list says it in that same form.

    Anywhere else a country is part of the name, and says nothing certain.
    """
    open_entries = [entry for entry in entries if not entry.settled]
    counts = Counter(
        form for entry in open_entries for form in _FORMS if (found := form(entry.text)) and found[1]
    )
    needed = max(len(open_entries) / 3, 2 if len(open_entries) > 2 else 1)
    forms = [form for form, count in counts.most_common() if count >= needed]
    cities = _AFTER_COMMA in map(_pattern_of, forms) and _cities_stand_before(entries)
    return [entry if entry.settled else _without_place(entry, forms, cities) for entry in entries]


def _pattern_of(form: Callable[[str], tuple[str, str] | None]) -> re.Pattern[str] | None:
    return _AFTER_COMMA if form is _after_comma else None


def _cities_stand_before(entries: list[_Entry]) -> bool:
    """Tell whether a list is "Name, City, Country" throughout."""
    names = [found[0] for entry in entries if (found := _after_comma(entry.text))]
    return len(names) > 2 and sum(1 for name in names if _city_after(name)) * 4 >= len(names) * 3


def _city_after(name: str) -> re.Match[str] | None:
    found = _AFTER_COMMA.match(name)
    return (
        found
        if found and not _SUFFIX.match(found[2]) and not is_role(found[2]) and len(found[2].split()) < 4
        else None
    )


def _without_place(
    entry: _Entry, forms: Sequence[Callable[[str], tuple[str, str] | None]], cities: bool
) -> _Entry:
    for form in forms:
        found = form(entry.text)
        if not found or not _names_something(found[0]):
            continue
        name, code = found
        city = _city_after(name) if cities and form is _after_comma else None
        return replace(
            entry, text=(city[1] if city else name).rstrip(" ,–—-|:"), country=code or entry.country
        )
    return entry


# --- people -------------------------------------------------------------------------------------------------------

_ROLE = re.compile(
    r"\b(?:(?:executive|managing|deputy|vice|co|founding|programme?|country|regional|interim"
    r"|acting)?\s?(?:director|directors)"
    r"|founders?|cofounder|president|chair|chairs|chairperson|chairman|chairwoman|ceo|coordinator"
    r"|secretary|manager|officer"
    r"|professor|prof|lecturer|fellow|lawyer|attorney|researcher|representative|head of|leader|treasurer"
    r"|spokesperson|advisor"
    r"|adviser|activist|journalist|advocate|phd candidate|teacher|author|poet|doctor|nurse|independent"
    r"|student|board member|member|emeritus|scholar|consultant|team lead|policy lead|trustee"
    r"|directrice|directeur|presidente?|fondat\w+|cofondat\w+|coordin\w+|secretaire|secretari[oa]"
    r"|responsable|porte parole"
    r"|membre|directora|fundador\w*|cofundador\w*|coordenador\w*|diretora?|miembro|membro|abogad\w+"
    r"|defensor\w*|periodista|profesor\w*|investigador\w*|activista|avocat\w*|chercheu\w+"
    r"|journaliste|professeure?|enseignante?|militante?|advogad\w+|pesquisador\w*|jornalista|professora?"
    r"|representante|portavoz|vocera"
    r"|vorsitzende\w*|geschaftsfuhr\w+|leiter\w*|sprecher\w*|mitglied|rechtsanw\w+|journalistin"
    r"|professorin|wissenschaftler\w*|aktivist\w*|grunder\w*|vorstand\w*"
    r"|mkurugenzi|mwenyekiti|katibu|mratibu|mwanzilishi|msemaji|wakili|mwandishi|mwalimu|mtafiti"
    r"|mwanaharakati|mwakilishi"
    r"|(?:ال)?مدير\w*|رييس\w*|منسق\w*|موسس\w*|موسس\w*|باحث\w*|محام\w*|صحفي\w*|ناشط\w*|استاذ\w*|كاتب\w*"
    r"|طبيب\w*|الامين|امين|عضو|ممثل\w*)\b"
)
_ORGANISED = re.compile(
    r"\b(?:network|association|foundation|organi[sz]ation|initiative|union|council|coalition|communit(?:y"
    r"|ies)|cent(?:re|er)"
    r"|committee|forum|alliance|institute|project|group|trust|society|movement|congress|federation"
    r"|university|college|school"
    r"|refugees?|hub|programme?|agency|youth|women|collective|voices?|rights|aid|development|support"
    r"|relief|team|house|home"
    r"|reseau|fondation|organisation|union|conseil|collectif|comite|centre|ligue|mouvement|federation"
    r"|universite|refugies"
    r"|asociacion|fundacion|organizacion|red|colectivo|colectiva|comite|centro|consejo|federacion"
    r"|universidad|mujeres|refugiad[oa]s"
    r"|associacao|fundacao|organizacao|rede|coletivo|coletiva|conselho|federacao|universidade|mulheres|instituto"
    r"|verein|netzwerk|stiftung|bundnis|rat|verband|initiative|gesellschaft|universitat|zentrum|fluchtlingsrat|bund"
    r"|shirika|mtandao|chama|umoja|kikundi|jumuiya|kituo|taasisi|wakimbizi|wanawake|vijana"
    r"|(?:ال)?(?:منظمه|جمعيه|شبكه|موسسه|موسسه|اتحاد|رابطه|مركز|مبادره|لجنه|هييه|مجلس|ايتلاف|تجمع|حركه"
    r"|لاجيين|جامعه))\b"
)
_SEGMENTS = re.compile(r"\s*[,،;]\s*|\s+[-–—|]\s+")


def is_role(text: str) -> bool:
    """Tell whether a text is what somebody does in an organisation ("Executive Director")."""
    words = fold(text)
    found = _ROLE.search(words)
    if found is None or len(words.split()) > 8:
        return False
    return found.start() == 0 or (found.start() < 24 and not _ORGANISED.search(words))


def sounds_organised(text: str) -> bool:
    """Tell whether a name has a word in it by which organisations are called."""
    return bool(_ORGANISED.search(fold(text)))


def _is_person(text: str) -> bool:
    words = text.split()
    return 1 < len(words) <= 6 and not any(letter.isdigit() for letter in text) and not sounds_organised(text)


def _with_people_apart(entries: list[_Entry]) -> list[_Entry]:
    """Tell people from the organisations they sign for, where the list is one of people."""
    read = [_person_in(entry.text) if not entry.person else None for entry in entries]
    with_roles = sum(1 for found in read if found)
    several = with_roles * 3 >= len(entries)
    return [
        _apart(entry, found if several or entry.people else None)
        for entry, found in zip(entries, read, strict=True)
    ]


def _apart(entry: _Entry, found: tuple[str, str, str] | None) -> _Entry:
    if found:
        person, role, name = found
        return replace(entry, person=person, role=role, text=name or person)
    if not entry.people or entry.person:
        return entry
    parts = _SEGMENTS.split(entry.text, maxsplit=1)
    if len(parts) == 2 and _is_person(parts[0]):
        if is_role(parts[1]) or parts[1][:1].islower():
            return replace(entry, person=parts[0], role=parts[1], text=parts[0])
        return replace(entry, person=parts[0], text=parts[1])
    return replace(entry, person=entry.text) if _is_person(entry.text) else entry


def _person_in(text: str) -> tuple[str, str, str] | None:
    """Return (person, role, organisation) of "Person, Role, Organisation" or "Organisation - Person, Role"."""
    role_in_brackets = re.match(r"^(.*\S)\s*\(([^()]{2,60})\)$", text)
    if role_in_brackets and is_role(role_in_brackets[2]):
        text = f"{role_in_brackets[1]}, {role_in_brackets[2]}"
    parts = [part for part in _SEGMENTS.split(text) if part]
    role_at = next((place for place, part in enumerate(parts) if place and is_role(part)), 0)
    if not role_at:
        return None
    if role_at == 1 and _is_person(parts[0]):
        role, *organisation = parts[1:]
        role, within = _role_and_organisation(role)
        return parts[0], role, ", ".join(filter(None, [within, *organisation]))
    if role_at == len(parts) - 1 and role_at > 1 and _is_person(parts[role_at - 1]):
        return parts[role_at - 1], parts[role_at], ", ".join(parts[: role_at - 1])
    return None


def _role_and_organisation(role: str) -> tuple[str, str]:
    """Split "Director of the Hope Network" where an organisation's name follows the role."""
    found = re.match(r"^(.{3,40}?)\s(?:of|at|du|de la|de l'|del|da|do|der|des|wa)\s(?:the\s)?(\S.*)$", role)
    if found and is_role(found[1]) and sounds_organised(found[2]):
        return found[1], found[2]
    return role, ""
