"""Lines of a published letter become its parts: headline, date, text, asks, closing, and who signed."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from letters.parsing.name_lists import (
    ParsedSignatory,
    signatories_in,
    sounds_organised,
)
from letters.parsing.phrases import (
    Furniture,
    asks_for_something,
    ends_preface,
    furniture,
    is_group_heading,
    is_kicker,
    is_salutation,
    is_sentence,
    is_signing_heading,
    is_valediction,
    prose_share,
    speaks_of_a_letter,
)
from letters.parsing.reading import Line
from letters.parsing.rows import Row, blocks, joined, rows_of
from letters.parsing.spoken_language import language_of
from letters.parsing.territories import fold
from letters.parsing.written_dates import date_in, date_on_line, dateline


@dataclass(frozen=True)
class ParsedLetter:
    """A letter as it was published; what was not found is empty."""

    title: str
    subtitle: str
    date: date | None
    language: str
    preface: str  # what a press release says before the letter
    body: str  # Markdown: the text that was signed, without title and date
    asks: tuple[str, ...]
    closing: str
    signatories: tuple[ParsedSignatory, ...]


def parse_letter(lines: Sequence[Line]) -> ParsedLetter:
    """Return the parts of a letter; any lines give some answer, and none raises."""
    rows = rows_of(lines)
    lists = _lists_in(rows)
    text, after = _text_and_rest(rows, lists)
    head = _head_of(text)
    preface, body = _preface_and_body(head.rest)
    blocks_of_body = list(_blocks_of(body))
    written = "\n\n".join(_markdown_of(blocks_of_body))
    signatories = _signatories(lists, rows)
    return ParsedLetter(
        title=head.title,
        subtitle=head.subtitle,
        date=head.date or _date_near_the_end(after),
        language=language_of(written or " ".join(row.text for row in rows)),
        preface="\n\n".join(_markdown_of(list(_blocks_of(preface)))),
        body=written,
        asks=tuple(_asks_in(blocks_of_body)),
        closing=_closing_of(rows, lists),
        signatories=signatories,
    )


# --- where the lists of names are ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _List:
    """Where one list of names stands: from its heading to before `end`."""

    start: int
    first: int
    end: int
    heading: str
    inline: str = ""  # names that stand on the heading's own row


def _lists_in(rows: list[Row]) -> list[_List]:
    """Return the lists of names, each after a heading or closing line that announces it."""
    found: list[_List] = []
    here = 0
    while here < len(rows):
        announced = _announced_at(rows, here, goes_on=bool(found and found[-1].end == here))
        if announced is None:
            here += 1
            continue
        end = _end_of_paragraph(rows, here) if announced.inline else _end_of_list(rows, announced.first)
        end = _without_stragglers(rows, announced.first, end)
        candidate = replace(announced, end=end)
        if _holds_names(rows, candidate, first_one=not found):
            found.append(candidate)
            here = end
            while here < len(rows) and rows[here].blank:
                here += 1
            found[-1] = replace(candidate, end=here)
        else:
            # Where nothing follows this heading, nothing follows those right under it either.
            here = here + 1 if _names_between(rows, announced.first, end) else max(end, here + 1)
    return found or _unannounced(rows)


_INLINE = re.compile(r"^(.{3,80}?)\s*[:：]\s+(\S.{10,})$", re.DOTALL)


def _announced_at(rows: list[Row], here: int, *, goes_on: bool) -> _List | None:
    row = rows[here]
    if row.blank or len(row.cells) > 1 or row.mark:
        return None
    if is_valediction(row.text) or is_signing_heading(row.text):
        return _List(here, here + 1, here + 1, row.text)
    heading, names = _inline_names(row, goes_on=goes_on)
    return _List(here, here + 1, here + 1, heading, inline=names) if names else None


def _inline_names(row: Row, *, goes_on: bool) -> tuple[str, str]:
    """Return heading and names of a row that holds both: "Signed by A, B and C".

    Where a list of names goes on, the heading may be no more than "Individuals".
    """
    if row.mark or row.blank:
        return "", ""
    after_colon = _INLINE.match(row.text)
    if after_colon and (
        is_signing_heading(after_colon[1] + ":") or (goes_on and is_group_heading(after_colon[1]))
    ):
        return after_colon[1], after_colon[2]
    words = row.text.split(maxsplit=4)
    for count in range(2, len(words)):
        heading, names = " ".join(words[:count]), row.text.split(maxsplit=count)[-1]
        if is_signing_heading(heading) and _is_run_of_names(names):
            return heading, names
    return "", ""


def _end_of_paragraph(rows: list[Row], here: int) -> int:
    """Return where a paragraph of names ends; what follows it, after a gap, is no more of them."""
    end = here + 1
    while end < len(rows) and not rows[end].blank and furniture(rows[end].text) is None:
        end += 1
    return end


def _end_of_list(rows: list[Row], first: int) -> int:
    """Return where the names end: at prose, or at what a page says after its content."""
    names = 0
    here = first
    while here < len(rows):
        row = rows[here]
        kind = None if len(row.cells) > 1 else furniture(row.text)
        if row.blank or kind is Furniture.PASSING or _is_heading_within(row) or date_on_line(row.text):
            here += 1
            continue
        if _inline_names(row, goes_on=bool(names))[1]:
            return here
        if names and row.level and _leads_elsewhere(rows, here):
            return here
        if kind is Furniture.FINAL:
            if names:
                return here
        elif len(row.cells) < 2 and _is_prose_at(rows, here) and not _is_note_on_list(row.text):
            return here
        else:
            names += 1
        here += 1
    return here


def _leads_elsewhere(rows: list[Row], here: int) -> bool:
    """Tell whether a heading has nothing but links under it, as other pages' titles are."""
    below = [row for row in rows[here + 1 : here + 8] if row.text][:3]
    return bool(below) and all(row.link for row in below)


def _is_heading_within(row: Row) -> bool:
    return is_valediction(row.text) or is_signing_heading(row.text) or is_group_heading(row.text)


def _is_prose_at(rows: list[Row], here: int) -> bool:
    """Tell whether a row speaks, alone or with the rows that its paragraph is broken over."""
    row = rows[here]
    if _is_run_of_names(row.text):
        return False
    if is_sentence(row.text):
        return True
    if row.whole or row.mark:
        return False
    paragraph = _paragraph_around(rows, here)
    long = sum(len(part.text) for part in paragraph) > 55 * len(paragraph)
    words = " ".join(part.text for part in paragraph)
    return len(paragraph) > 1 and long and not _is_run_of_names(words) and prose_share(words) > 0.05


def _paragraph_around(rows: list[Row], here: int) -> list[Row]:
    start = end = here
    while start > 0 and not rows[start - 1].blank and not rows[start].mark and here - start < 12:
        start -= 1
    while end + 1 < len(rows) and not rows[end + 1].blank and not rows[end + 1].mark and end - here < 12:
        end += 1
    return rows[start : end + 1]


def _is_run_of_names(text: str) -> bool:
    """Tell whether a text is names one after another, with commas or semicolons between them."""
    by_semicolons = text.count(";") + text.count("؛") > 1
    parts = [part.strip() for part in re.split(r"[;؛]" if by_semicolons else r"[,،]", text)]
    if len(parts) < (3 if by_semicolons else 4) or prose_share(text) > 0.04:
        return False
    named = sum(1 for part in parts if part[:1].isupper() or (part and not part[0].isascii()))
    return named * 4 >= len(parts) * 3 and sum(len(part.split()) for part in parts) / len(parts) < 9


_NOTE = re.compile(
    r"\b(?:alphabet\w*|affiliation|identification|alphabetique|alfabetico|alfabetica|ابجدي\w*|herufi)\b"
)


def _is_note_on_list(text: str) -> bool:
    return len(text) < 200 and bool(_NOTE.search(fold(text)))


def _names_between(rows: list[Row], first: int, end: int) -> list[int]:
    return [
        here
        for here in range(first, end)
        if not rows[here].blank
        and not _is_heading_within(rows[here])
        and furniture(rows[here].text) is None
        and not date_on_line(rows[here].text)
    ]


def _without_stragglers(rows: list[Row], first: int, end: int) -> int:
    """Return where a list ends, when rows unlike all its names stand after the last of them."""
    places = _names_between(rows, first, end)
    for alike in (_has_mark, _has_columns, _is_no_link, _is_no_heading):
        kept = [place for place in places if alike(rows[place])]
        if len(kept) < 2 or not _end_together(rows, kept, places):
            continue
        end = kept[-1] + 1
        if alike is _has_mark:
            end = _end_of_wrapped(rows, end)
        places = [place for place in places if place < end]
    while len(places) > 3 and (_is_headline(rows, places) or _heads_prose(rows, places, end)):
        end = places.pop()
    return end


def _heads_prose(rows: list[Row], places: list[int], end: int) -> bool:
    """Tell whether the last row is the heading of the prose that ended the list."""
    last, before = places[-1], places[-2]
    usual = Counter(here - above for above, here in pairwise(places)).most_common(1)[0][0]
    below = next((place for place in range(last + 1, min(end + 3, len(rows))) if rows[place].text), None)
    apart = last - before > usual and not rows[last].mark
    return apart and below is not None and below >= end and _is_prose_at(rows, below)


def _end_together(rows: list[Row], kept: list[int], places: list[int]) -> bool:
    """Tell whether nearly all rows up to the last kept one are kept, and fewer come after, unheaded."""
    last = kept[-1]
    within = sum(1 for place in places if place <= last)
    beyond = len(places) - within
    headed = any(_is_heading_within(row) for row in rows[last : places[-1] + 1])
    return 0 < beyond < len(kept) and len(kept) * 10 >= within * 8 and not headed


def _has_mark(row: Row) -> bool:
    return bool(row.mark)


def _has_columns(row: Row) -> bool:
    return len(row.cells) > 1


def _is_no_link(row: Row) -> bool:
    return not row.link or bool(row.mark)


def _is_no_heading(row: Row) -> bool:
    return not row.level


def _end_of_wrapped(rows: list[Row], end: int) -> int:
    """Take along the second line of a last bulleted name."""
    while end < len(rows) and not rows[end].blank and not rows[end].whole and rows[end].indent > 0:
        end += 1
    return end


def _is_headline(rows: list[Row], places: list[int]) -> bool:
    """Tell whether the last row is a headline that a wider gap sets apart from the names."""
    gaps = Counter(here - before for before, here in pairwise(places))
    usual = gaps.most_common(1)[0][0]
    last, before = places[-1], places[-2]
    text = rows[last].text
    apart = last - before > usual
    return (
        apart
        and len(text.split()) > 5
        and (_speaks_as_headline(text) or (is_sentence(text) or last - before > usual + 1))
    )


_HEADLINE = re.compile(
    r"\b(?:calls?|urges?|welcomes?|condemns?|demands?|launch(?:es)?|says|responds?|joins?|signs?|why|how"
    r"|statement|report"
    r"|appelle|demande|condamne|pourquoi|declaration|pide|exige|condena|llama|como|comunicado|pede"
    r"|por que|fordert|warum"
    r"|verurteilt|yataka|yalaani|taarifa|تدعو|تطالب|تدين|بيان|كيف|لماذا)\b"
)


def _speaks_as_headline(text: str) -> bool:
    return bool(_HEADLINE.search(fold(text)))


def _holds_names(rows: list[Row], candidate: _List, *, first_one: bool) -> bool:
    """Tell whether names really follow; a list before the letter has to be more than a few."""
    if candidate.inline:
        return len(signatories_in([replace(rows[candidate.start], text=candidate.inline)])) > 1
    count = len(_names_between(rows, candidate.first, candidate.end))
    if (
        0 < count < _FEW
        and first_one
        and _prose_in(rows[candidate.end :]) > _prose_in(rows[: candidate.start])
    ):
        return len(signatories_in(_rows_of_list(rows, candidate))) >= _FEW
    return count > 0


_FEW = 3


def _prose_in(rows: Sequence[Row]) -> int:
    """Return how many words the sentences among the rows have."""
    return sum(
        len(row.text.split())
        for place, row in enumerate(rows)
        if row.text and _is_prose_at(list(rows), place)
    )


_FEWEST_UNANNOUNCED = 5


def _unannounced(rows: list[Row]) -> list[_List]:
    """Return the last run of rows that sound like organisations, for a letter that announces its names nowhere."""
    best: _List | None = None
    here = 0
    while here < len(rows):
        if rows[here].blank or furniture(rows[here].text) or _is_prose_at(rows, here):
            here += 1
            continue
        end = _without_stragglers(rows, here, _end_of_list(rows, here))
        names = _names_between(rows, here, end)
        organised = sum(1 for place in names if sounds_organised(rows[place].text))
        asked = bool(rows[here].mark) and asks_for_something(_text_before(rows, here))
        if (
            len(names) >= _FEWEST_UNANNOUNCED
            and organised * 3 >= len(names)
            and not asked
            and _prose_in(rows[:here])
        ):
            best = _List(here, here, end, "")
        here = max(end, here + 1)
    return [best] if best else []


def _text_before(rows: list[Row], here: int) -> str:
    return next((row.text for row in reversed(rows[:here]) if row.text), "")


def _signatories(lists: list[_List], rows: list[Row]) -> tuple[ParsedSignatory, ...]:
    found: list[ParsedSignatory] = []
    for one in lists:
        names = signatories_in(_rows_of_list(rows, one), heading=one.heading)
        if not _says_again(found, names):
            found += names
    return tuple(_with_own_lines(found))


def _rows_of_list(rows: list[Row], one: _List) -> list[Row]:
    listed = [
        row if furniture(row.text) is None or len(row.cells) > 1 else replace(row, text="")
        for row in rows[one.first : one.end]
    ]
    listed = [
        replace(row, text="", cells=()) if is_valediction(row.text) or date_on_line(row.text) else row
        for row in listed
    ]
    if one.inline:
        listed.insert(0, replace(rows[one.start], text=one.inline, raw=one.inline))
    return listed


def _says_again(known: list[ParsedSignatory], names: list[ParsedSignatory]) -> bool:
    """Tell whether a second list is the first one over again, as in a letter in two languages."""
    before = {fold(one.name) for one in known}
    again = sum(1 for one in names if fold(one.name) in before)
    return bool(names) and again * 5 >= len(names) * 4 and again > 1


def _with_own_lines(found: list[ParsedSignatory]) -> Iterator[ParsedSignatory]:
    """Give names that share a source line the free numbers after it: a line stands for one name."""
    taken: set[int] = set()
    free: dict[int, int] = {}
    for one in found:
        line = free.get(one.line, one.line)
        while line in taken:
            line += 1
        free[one.line] = line + 1
        taken.add(line)
        yield replace(one, line=line)


def _closing_of(rows: list[Row], lists: list[_List]) -> str:
    """Return the line that closes the letter: its valediction, or else the heading of its names."""
    if not lists:
        return next((row.text for row in reversed(rows) if is_valediction(row.text)), "")
    first = lists[0]
    near = [row.text for row in rows[max(0, first.start - 6) : first.end] if is_valediction(row.text)]
    return near[0] if near else first.heading


def _text_and_rest(rows: list[Row], lists: list[_List]) -> tuple[list[Row], list[Row]]:
    """Return the rows of the letter itself, and those that follow its names."""
    if not lists:
        return _until_furniture(rows), []
    start, end = lists[0].start, lists[-1].end
    before, after = rows[:start], rows[end:]
    if _prose_in(before) < 40 and _prose_in(after) > _prose_in(before):
        # The names stand above the letter.
        return [*before, *_until_furniture(after)], []
    while before and (before[-1].blank or is_valediction(before[-1].text)):
        before.pop()
    return before, rows[start:]


def _until_furniture(rows: list[Row]) -> list[Row]:
    """Return the rows up to where, after the text, the page goes on to other things."""
    seen = 0
    for here, row in enumerate(rows):
        if row.text and _is_prose_at(rows, here):
            seen += len(row.text.split())
        if (
            seen > 60
            and (is_valediction(row.text) or furniture(row.text) is Furniture.FINAL)
            and not _prose_in(rows[here:]) > seen
        ):
            return rows[:here]
    return rows


# --- headline and date --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Head:
    title: str
    subtitle: str
    date: date | None
    rest: list[Row]


_TOP = 40
_BYLINE = re.compile(
    r"^(?:(?i:by|par|por|von|na)\s(?:[A-ZÀ-Þ][\w.'’-]*[a-zà-ÿ.]\s?){1,4}"
    r"|(?i:author|posted by|written by|published by|imeandikwa na|بقلم|كتب)\b.{2,60}|\d{1,2}:\d\d\b.{0,20})$"
)
_SUBJECT = re.compile(
    r"^(?:subject|re|objet|asunto|assunto|betreff|betr|yah|mada|kuhusu|الموضوع|موضوع)\s*[:：.]\s*(\S.{4,200})$",
    re.IGNORECASE,
)
_OCCASION = re.compile(
    r"\b(?:on the occasion|ahead of|marking|in advance of|on the eve|a l occasion|en amont|con motivo"
    r"|con ocasion|por ocasiao"
    r"|no marco|anlasslich|zum anlass|vor dem|bei der|kwa maadhimisho|katika maadhimisho|kuelekea|بمناسبه"
    r"|عشيه|قبيل)\b"
)


def _head_of(rows: list[Row]) -> _Head:
    """Take title, subtitle and date off the top of a letter."""
    rows = [
        row if row.mark or row.cells or furniture(row.text) is None else replace(row, text="") for row in rows
    ]
    place = _place_of_title(rows)
    found, dated = _date_at_top(rows)
    if place is None:
        title = _first_words(rows)
        return _Head(title, "", found, [row for here, row in enumerate(rows) if here not in dated])
    last = _end_of_title(rows, place)
    title = joined(" ".join(row.text for row in rows[place : last + 1]))
    subject = _SUBJECT.match(title)
    rest = _rows_after_title(rows, place, last, dated)
    subtitle, rest = _subtitle_and_rest(rest)
    return _Head(subject[1] if subject else title, subtitle, found, rest)


def _place_of_title(rows: list[Row]) -> int | None:
    """Return the row of the first headline, by its format or else by where it stands."""
    prose = next((here for here, row in enumerate(rows) if row.text and _opens_text(rows, here)), len(rows))
    headings = [here for here, row in enumerate(rows[:prose]) if row.level and _can_be_title(row)]
    for level in sorted({rows[here].level for here in headings}):
        return next(here for here in headings if rows[here].level == level)
    plain = [here for here, row in enumerate(rows[:prose]) if _can_be_title(row)]
    subject = next((here for here, row in enumerate(rows[:_TOP]) if _SUBJECT.match(row.text)), None)
    if subject is not None and not any(
        speaks_of_a_letter(rows[here].text) for here in plain if here < subject
    ):
        return subject
    return plain[0] if plain else _lone_kicker(rows[:prose])


def _can_be_title(row: Row) -> bool:
    text = row.text
    if (
        not text
        or row.mark
        or len(row.cells) > 1
        or len(text) > 300
        or is_kicker(text)
        or _BYLINE.match(text)
    ):
        return False
    if date_on_line(text) and not speaks_of_a_letter(text):
        return False
    return any(letter.isalpha() for letter in text) and not (is_salutation(text) and not row.level)


def _lone_kicker(rows: list[Row]) -> int | None:
    return next(
        (here for here, row in enumerate(rows) if is_kicker(row.text) and furniture(row.text) is None), None
    )


def _opens_text(rows: list[Row], here: int) -> bool:
    """Tell whether a row is where a text begins to speak, rather than another headline."""
    row = rows[here]
    if row.level or date_on_line(row.text):
        return False
    if is_salutation(row.text) and len(row.text) < 120:
        return True
    headline = len(row.text.split()) <= 25 and not row.text.endswith((".", "؟", "۔", ":", ","))
    return _is_prose_at(rows, here) and not (headline and _stands_alone(rows, here))


def _stands_alone(rows: list[Row], here: int) -> bool:
    below = rows[here + 1] if here + 1 < len(rows) else None
    return below is None or below.blank or len(rows[here].text) < 60


def _end_of_title(rows: list[Row], place: int) -> int:
    """Return the last row of a headline that a text export broke over lines."""
    last = place
    while last + 1 < len(rows) and last - place < 3 and _goes_on(rows[last], rows[last + 1]):
        last += 1
    return last


def _goes_on(row: Row, after: Row) -> bool:
    if row.whole or after.blank or after.mark or after.level or date_on_line(after.text) or row.level:
        return False
    if (
        row.text.endswith((".", "!", "?", ":"))
        or is_salutation(after.text)
        or _OCCASION.search(fold(after.text))
    ):
        return False
    small = after.text[:1].islower()
    unfinished = row.text.split()[-1].lower() in _SMALL_WORDS or row.text.endswith((",", "-", "–", "—"))
    shouted = row.text.isupper() and after.text.isupper()
    return small or unfinished or shouted or (len(row.text) > 55 and len(after.text) <= len(row.text))


_SMALL_WORDS = frozenset(
    "of the to and for on in a an at by with from de la le les des du et en pour à au aux del los las el "
    "y para por a da do das "
    "dos e der die das und für den dem an ya wa za na kwa في من على إلى و to".split()
)


def _first_words(rows: list[Row]) -> str:
    """Return the beginning of a letter that has no headline, to call it by."""
    text = next((row.text for row in rows if row.text and not date_on_line(row.text) and not row.cells), "")
    sentence = re.split(r"(?<=[.!?؟])\s", text)[0]
    if len(sentence) <= 120:
        return sentence.rstrip(" ,،:")
    return sentence[:120].rpartition(" ")[0] + "…"


def _date_at_top(rows: list[Row]) -> tuple[date | None, set[int]]:
    """Return the letter's date, and the rows that say nothing else."""
    lines = [(here, found) for here, row in enumerate(rows) if (found := _date_of_row(row))]
    dated = {here for here, _found in lines}
    if lines and lines[0][0] < _TOP:
        return lines[0][1], dated
    full = [row for row in rows if row.text][:12]
    for row in full:
        found = dateline(row.text) or (date_in(row.text) if _is_short_note(row) else None)
        if found:
            return found, dated
    return (lines[0][1] if lines else None), dated


def _date_of_row(row: Row) -> date | None:
    if not row.text or row.mark or len(row.cells) > 1 or (speaks_of_a_letter(row.text) and row.level):
        return None
    found = date_on_line(row.text)
    return None if found and speaks_of_a_letter(row.text) else found


def _is_short_note(row: Row) -> bool:
    return len(row.text) <= 120 and len(row.text.split()) <= 16 and not is_sentence(row.text) and not row.mark


def _date_near_the_end(rows: list[Row]) -> date | None:
    for row in rows:
        found = _date_of_row(row)
        if found:
            return found
    return None


def _rows_after_title(rows: list[Row], place: int, last: int, dated: set[int]) -> list[Row]:
    """Return what follows the title; above it there is only what is said again or said elsewhere."""
    above = [row for here, row in enumerate(rows[:place]) if here not in dated and _opens_text(rows, here)]
    below = [row for here, row in enumerate(rows) if here > last and here not in dated]
    while below and (
        below[0].blank or _BYLINE.match(below[0].text) or is_kicker(below[0].text) or _is_dated_note(below[0])
    ):
        below.pop(0)
    return [*above, *below]


def _is_dated_note(row: Row) -> bool:
    return _is_short_note(row) and date_in(row.text) is not None and not speaks_of_a_letter(row.text)


def _subtitle_and_rest(rows: list[Row]) -> tuple[str, list[Row]]:
    """Take a headline that stands right under the title, unless it is a heading of the text."""
    if not rows or rows[0].blank:
        return "", rows
    row = rows[0]
    text = row.text
    if (
        row.mark
        or row.cells
        or len(text) > 250
        or is_salutation(text)
        or (is_sentence(text) and not row.bold)
        or _opens_text(rows, 0)
    ):
        return "", rows
    telling = speaks_of_a_letter(text) or _OCCASION.search(fold(text)) or row.level == 2
    others = any(other.level == row.level for other in rows[1:])
    if row.level and others and not (speaks_of_a_letter(text) or _OCCASION.search(fold(text))):
        return "", rows
    if not telling and text.endswith((":", ".", ",")):
        return "", rows
    rest = rows[1:]
    while rest and (rest[0].blank or _BYLINE.match(rest[0].text)):
        rest.pop(0)
    return text, rest


# --- preface and body ---------------------------------------------------------------------------------------------

_PREFACE_MOST = 8


def _preface_and_body(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Divide a press release's own words from the letter it brings, where the letter visibly begins."""
    begins = _beginning_of_letter(rows)
    if begins is None:
        return [], rows
    before = [row for row in rows[:begins] if not ends_preface(row.text)]
    if not any(row.text for row in before):
        return [], rows[begins:]
    if ends_preface(rows[begins].text):
        return before, rows[begins + 1 :]
    headline = _is_short_inner_title(rows, begins)
    return before, [replace(rows[begins], level=2) if headline else rows[begins], *rows[begins + 1 :]]


def _beginning_of_letter(rows: list[Row]) -> int | None:
    spoken = 0
    about_letter = False
    for here, row in enumerate(rows):
        if row.blank:
            continue
        if spoken and (ends_preface(row.text) or (about_letter and _is_short_inner_title(rows, here))):
            return here
        if _is_prose_at(rows, here):
            if spoken and about_letter and _speaks_as_signatories(row.text):
                return here
            spoken += row.whole or here == 0 or rows[here - 1].blank
            about_letter = about_letter or speaks_of_a_letter(row.text)
        elif spoken and about_letter and (is_salutation(row.text) or _is_inner_title(rows, here)):
            return here
        if spoken > _PREFACE_MOST or _speaks_as_signatories(row.text):
            return None
    return None


_WE_SIGN = re.compile(
    r"^(?:we the|we as|we \d+|nous (?:les )?(?:organisations|soussigne\w*|associations)|nosotr[oa]s"
    r"|las organizaciones|los abajo"
    r"|nos as|nos organizacoes|as organizacoes|wir die|wir unterzeich\w+|sisi|نحن)\b"
)


def _speaks_as_signatories(text: str) -> bool:
    return bool(_WE_SIGN.match(fold(text[:80])))


def _is_inner_title(rows: list[Row], here: int) -> bool:
    """Tell whether a row is the letter's own headline under a press release, with its voice after it."""
    row = rows[here]
    if row.mark or len(row.text) > 200 or row.text.endswith((":", ",")):
        return False
    following = [other for other in rows[here + 1 : here + 10] if other.text][:3]
    if speaks_of_a_letter(row.text) or row.level:
        return True
    return any(
        _speaks_as_signatories(other.text) or is_salutation(other.text) or speaks_of_a_letter(other.text)
        for other in following
    )


def _is_short_inner_title(rows: list[Row], here: int) -> bool:
    """Tell whether a short row, though it may speak in sentences, is a headline with another one under it."""
    row = rows[here]
    if row.mark or len(row.text) > 100 or not _stands_alone(rows, here) or row.text.endswith(":"):
        return False
    under = next((place for place in range(here + 1, min(here + 5, len(rows))) if rows[place].text), None)
    return under is not None and not _is_prose_at(rows, under) and _is_inner_title(rows, under)


# --- blocks of the text -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Block:
    """A paragraph, a heading or one item of a list."""

    kind: str  # "paragraph", "heading", "item"
    text: str
    level: int = 0
    mark: str = ""
    rank: int = 0


def _blocks_of(rows: list[Row]) -> Iterator[_Block]:
    """Yield the text's blocks; lines that an export broke are whole again."""
    rows = _with_pages_joined(rows)
    known = _words_of(rows)
    for block in blocks(rows):
        for part in _parts_of(block):
            yield _block_of(part, known)


def _words_of(rows: Sequence[Row]) -> frozenset[str]:
    return frozenset(word for row in rows for word in re.findall(r"\w+", row.text.lower()))


def _with_pages_joined(rows: list[Row]) -> list[Row]:
    """Close the gap where a page ended in the middle of a sentence."""
    found: list[Row] = []
    for here, row in enumerate(rows):
        after = next((other for other in rows[here + 1 :][:6] if other.text), None) if row.blank else None
        before = found[-1] if found else None
        if row.blank and after and before and _breaks_sentence(before, after):
            continue
        found.append(row)
    return found


def _breaks_sentence(before: Row, after: Row) -> bool:
    if before.blank or before.whole or before.level or after.mark or after.level or after.whole:
        return False
    return len(before.text) > 40 and before.text[-1:].isalpha() and after.text[:1].islower()


def _parts_of(block: list[Row]) -> Iterator[list[Row]]:
    """Divide a block where an item, a heading or a whole line begins."""
    part: list[Row] = []
    for row in block:
        if part and _begins_part(part[-1], row, part):
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def _begins_part(before: Row, row: Row, part: list[Row]) -> bool:
    if row.mark or row.level or before.level or row.cells:
        return True
    if part[0].mark and not row.whole:
        # After the items of a list, a line at the margin that begins anew is the next paragraph.
        return row.indent < part[0].indent or (
            row.indent == 0
            and len(before.text) < 50
            and row.text[:1].isupper()
            and before.text.endswith((".", ";"))
        )
    return False


def _block_of(part: list[Row], known: frozenset[str]) -> _Block:
    first = part[0]
    text = _flowing(part, known)
    if first.mark and not first.level:
        return _Block("item", text, mark=first.mark, rank=first.rank)
    if first.level or _is_heading(part):
        return _Block("heading", joined(text), level=first.level)
    return _Block("paragraph", text)


def _is_heading(part: list[Row]) -> bool:
    row = part[0]
    if len(part) > 1 or len(row.text) > 120 or len(row.cells) > 1 or is_salutation(row.text):
        return False
    if row.text.endswith((".", "!", "؟", "۔")) or (
        row.text.endswith((":", ",", ";", "،", "؛", "?")) and not row.bold
    ):
        return False
    return row.bold or row.text.isupper() or (len(row.text.split()) <= 14 and prose_share(row.text) < 0.34)


def _flowing(part: list[Row], known: frozenset[str]) -> str:
    """Return the text of a paragraph's lines; a line that ended early stays a line."""
    widest = max(len(row.text) for row in part)
    text = part[0].text
    for before, row in pairwise(part):
        if (
            before.whole
            or row.whole
            or ((len(before.text) < 0.6 * widest or len(before.text) < 35) and not row.text[:1].islower())
        ):
            text += f"  \n{row.text}"
        elif text.endswith("-") and row.text[:1].islower():
            text = _unhyphenated(text, row.text, known)
        else:
            text += f" {row.text}"
    return "\n".join(joined(line) + ("  " if line.endswith("  ") else "") for line in text.split("\n"))


def _unhyphenated(text: str, after: str, known: frozenset[str]) -> str:
    """Take off a hyphen at a line's end where the word is written without it elsewhere."""
    halves = re.search(r"(\w+)-$", text), re.match(r"\w+", after)
    if halves[0] and halves[1] and (halves[0][1] + halves[1][0]).lower() in known:
        return text[:-1] + after
    return text + after


def _markdown_of(found: list[_Block]) -> Iterator[str]:
    """Yield the text's blocks in Markdown, the items of one list together."""
    items: list[str] = []
    levels = sorted({block.level for block in found if block.kind == "heading" and block.level})
    count = 0
    for block in found:
        if block.kind == "item":
            count = block.rank or count + 1
            mark = "-" if block.mark == "-" else f"{count}."
            items.append(f"{mark} " + block.text.replace("\n", "\n" + " " * (len(mark) + 1)))
            continue
        if items:
            yield "\n".join(items)
            items = []
        count = count if block.kind == "paragraph" else 0
        yield _heading(block, levels) if block.kind == "heading" else _escaped(block.text)
    if items:
        yield "\n".join(items)


def _heading(block: _Block, levels: list[int]) -> str:
    depth = min(levels.index(block.level) + 2, 4) if block.level in levels else 2
    return "#" * depth + " " + block.text


def _escaped(text: str) -> str:
    """Keep a paragraph from turning into a heading, a list or a quotation."""
    return re.sub(
        r"^(\s*)(#|>|[-+*](?=\s)|={3,}|-{3,}|(?<=\d)[.)])",
        r"\1\\\2",
        re.sub(r"^(\d+)([.)])(?=\s)", r"\1\\\2", text),
    )


# --- asks ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bullets:
    """Items that stand together, and the text that leads to them."""

    lead: str
    items: tuple[str, ...]


def _asks_in(found: list[_Block]) -> Iterator[str]:
    """Yield what the letter asks for: the items of each list that words of asking lead to."""
    groups = list(_bullets_in(found))
    asking = [group for group in groups if asks_for_something(group.lead)]
    if not asking and len(groups) == 1:
        asking = groups
    for group in asking:
        for item in group.items:
            yield joined(item).rstrip(" ;,،؛")


def _bullets_in(found: list[_Block]) -> Iterator[_Bullets]:
    lead = heading = ""
    items: list[str] = []
    last = 0
    for here, block in enumerate(found):
        if block.kind == "item":
            if items and block.rank and block.rank != last + 1 and block.rank == 1:
                yield _Bullets(lead, tuple(items))
                items, lead = [], _lead_before(found, here, heading)
            if not items:
                lead = _lead_before(found, here, heading)
            items.append(block.text)
            last = block.rank
            continue
        if block.kind == "heading":
            heading = block.text
        if items and not _numbers_go_on(found[here:], last):
            yield _Bullets(lead, tuple(items))
            items = []
    if items:
        yield _Bullets(lead, tuple(items))


def _lead_before(found: list[_Block], here: int, heading: str) -> str:
    """Return the paragraph before a list, with the heading it stands under."""
    before = found[here - 1].text if here and found[here - 1].kind != "item" else ""
    last_sentence = re.split(r"(?<=[.!?؟])\s", before)[-1]
    return f"{heading} {last_sentence if last_sentence.rstrip().endswith((':', '：')) else before[-400:]}"


def _numbers_go_on(found: list[_Block], last: int) -> bool:
    """Tell whether, after a paragraph or two of explanation, the next number follows."""
    following = next((block for block in found[:4] if block.kind == "item"), None)
    return bool(last and following and following.rank == last + 1)
