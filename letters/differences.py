"""What changed between two texts, word by word: for readers, so that they need not find it by themselves.

Both are read as the Markdown they are. A paragraph, a heading or an item is compared with the one it became; inside
it the unit is the word, a sign of punctuation, or, in scripts that write no spaces, a letter with its marks. A word
that is emphasised or led elsewhere than before has changed, too.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal, NamedTuple

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from letters import prose

Kind = Literal["same", "gone", "new"]
_ALIKE = 0.4  # of its words: below, a paragraph is another one rather than the same one changed
_TORN = 0.35  # below, what is left of a paragraph is read more easily as one thing taken out and one put in
_LONGEST = 4_000  # units of one paragraph that are compared; more would take seconds


class Unit(NamedTuple):
    """A word, a sign or a space, with what is done to it: emphasis, strength, where it leads."""

    words: str
    marks: tuple[str, ...] = ()


class Run(NamedTuple):
    """Some units in a row that share their fate."""

    kind: Kind
    units: list[Unit]


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading ("heading 2") or an item of a list, as runs."""

    tag: str
    runs: list[Run]

    @property
    def kind(self) -> Kind:
        """Say whether it is new or gone as a whole."""
        kinds = {run.kind for run in self.runs}
        return kinds.pop() if len(kinds) == 1 else "same"


class _Plain(NamedTuple):
    tag: str
    units: list[Unit]

    @property
    def words(self) -> Counter[str]:
        return Counter(unit.words for unit in self.units if not unit.words.isspace())


def compare(old: str, new: str, *, organisations: int, countries: int, language: str = "en") -> list[Block]:
    """Return two Markdown texts as blocks of runs; {organisations} and {countries} are the given numbers in both."""

    def blocks(text: str) -> list[_Plain]:
        return list(
            _flat(prose.tree(text, organisations=organisations, countries=countries, language=language))
        )

    before, after = blocks(old), blocks(new)
    found: list[Block] = []
    matcher = SequenceMatcher(
        None, [_key(one) for one in before], [_key(one) for one in after], autojunk=False
    )
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        if what == "equal":
            found += [Block(one.tag, [Run("same", one.units)]) for one in after[new_start:new_end]]
        else:
            found += _paired(before[start:end], after[new_start:new_end])
    return found


def compare_lines(old: str, new: str) -> list[Run]:
    """Return two lines without any Markdown, such as titles, as runs."""
    return _runs(_units(old, ()), _units(new, ()))


def changes_anything(blocks: list[Block]) -> bool:
    """Whether there is any difference among these blocks."""
    return any(run.kind != "same" for block in blocks for run in block.runs)


# --- texts become blocks, and blocks units -------------------------------------------------------------------


def _flat(nodes: list[prose.Node], tag: str = "p") -> Iterator[_Plain]:
    for node in nodes:
        if node["kind"] == "rule":
            continue
        if node["kind"] == "quote":
            yield from _flat(node["inside"], "quote")
        elif "items" in node:
            for item in node["items"]:
                yield from _flat(item, "item")
        elif units := list(_inline(node["inside"], ())):
            yield _Plain(f"heading {node['level']}" if node["kind"] == "heading" else tag, units)


def _inline(runs: list[prose.Run], marks: tuple[str, ...]) -> Iterator[Unit]:
    for run in runs:
        if isinstance(run, str):
            yield from _units(run, marks)
        elif run["kind"] == "break":
            yield Unit("\n", marks)
        else:
            mark = f"link {run['to']}" if run["kind"] == "link" else run["kind"]
            yield from _inline(run["inside"], (*marks, mark))


def _units(words: str, marks: tuple[str, ...]) -> list[Unit]:
    return [Unit(unit, marks) for unit in units(words)]


def units(words: str) -> list[str]:
    """Return what is compared as a whole: words, signs, runs of spaces; letters where words are not set apart."""
    found: list[str] = []
    last = ""
    for letter in words:
        sort = _sort(letter)
        if found and (
            sort == "mark" or (sort == last and sort in ("word", "space")) or found[-1][-1] in _JOINERS
        ):
            found[-1] += letter
        else:
            found.append(letter)
            last = sort
    return found


_JOINERS = "\u200d\u1039\u17d2"  # the next letter belongs to this one: Burmese and Khmer stack them
_MARKS_TOO = "\u200c\u200d\u0640’'"
# Scripts whose words are not set apart: Thai and Lao, Burmese, Khmer, Japanese and Chinese.
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0xAA60, 0xAA7F),
)


def _sort(letter: str) -> str:
    if letter.isspace():
        return "space"
    category = unicodedata.category(letter)
    if category.startswith("M") or letter in _MARKS_TOO:
        return "mark"
    if any(first <= ord(letter) <= last for first, last in _UNSPACED):
        return "letter"
    return "word" if category[0] in "LN" else "sign"


# --- what became of what -------------------------------------------------------------------------------------


def _key(block: _Plain) -> tuple[object, ...]:
    return (block.tag, *block.units)


def _paired(before: list[_Plain], after: list[_Plain]) -> list[Block]:
    """Return changed blocks, each beside the one it became: the pairs that share most words, in their order."""
    found: list[Block] = []
    one, other = 0, 0
    for here, there in [*_pairs(before, after), (len(before), len(after))]:
        found += [Block(block.tag, [Run("gone", block.units)]) for block in before[one:here]]
        found += [Block(block.tag, [Run("new", block.units)]) for block in after[other:there]]
        if here < len(before):
            found.append(Block(after[there].tag, _runs(before[here].units, after[there].units)))
        one, other = here + 1, there + 1
    return found


def _pairs(before: list[_Plain], after: list[_Plain]) -> list[tuple[int, int]]:
    """Return which of these became which, as (place, place), in order: together they are as alike as can be."""
    olds, news = [block.words for block in before], [block.words for block in after]
    best = [[0.0] * (len(news) + 1) for _ in range(len(olds) + 1)]
    for i in reversed(range(len(olds))):
        for j in reversed(range(len(news))):
            likeness = _likeness(olds[i], news[j])
            together = likeness + best[i + 1][j + 1] if likeness >= _ALIKE else 0.0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    found, i, j = [], 0, 0
    while i < len(olds) and j < len(news):
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            found.append((i, j))
            i, j = i + 1, j + 1
    return found


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    return 2 * (one & other).total() / ((one.total() + other.total()) or 1)


def _runs(before: list[Unit], after: list[Unit]) -> list[Run]:
    if len(before) > _LONGEST or len(after) > _LONGEST:
        return [Run("same", after)] if before == after else [Run("gone", before), Run("new", after)]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    found: list[Run] = []
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        if what == "equal":
            found.append(Run("same", after[new_start:new_end]))
        else:
            found.append(Run("gone", before[start:end]))
            found.append(Run("new", after[new_start:new_end]))
    kept = sum(_weight(run.units) for run in found if run.kind == "same")
    if kept < _TORN * max(_weight(before), _weight(after)):
        found = [Run("gone", before), Run("new", after)]
    return _together(found)


def _weight(units: list[Unit]) -> int:
    return sum(1 for unit in units if not unit.words.isspace())


def _together(runs: list[Run]) -> list[Run]:
    """Return runs so that what changed in one place is read in one piece, and not word by word in turns.

    A space or a sign that stayed between two changes is taken out and put in again with them.
    """
    found: list[Run] = []
    for is_change, group in groupby(_islands(runs), lambda pair: pair[0]):
        pieces = [run for _, run in group]
        if is_change:
            for kind in ("gone", "new"):
                units = [unit for run in pieces for unit in run.units if run.kind in (kind, "same")]
                found += [Run(kind, units)] if units else []
        else:
            found += [run for run in pieces if run.units]
    return found


def _islands(runs: list[Run]) -> Iterator[tuple[bool, Run]]:
    """Return (is part of a change, run): signs and spaces between two changes count as part of them."""
    runs = [run for run in runs if run.units]
    for place, run in enumerate(runs):
        between = 0 < place < len(runs) - 1
        small = between and not any(unit.words.isalnum() or len(unit.words) > 1 for unit in run.units)
        yield run.kind != "same" or small, run


# --- as a page shows it ----------------------------------------------------------------------------------------


def blocks_as_html(blocks: list[Block]) -> SafeString:
    """Return blocks as paragraphs, headings and lists in which <ins> and <del> say what changed, in words as well."""
    shown = []
    for is_item, group in groupby(blocks, lambda block: block.tag == "item"):
        inside = [_block_as_html(block) for block in group]
        shown.append(format_html("<ul>{}</ul>", SafeString("".join(inside))) if is_item else "".join(inside))
    return SafeString("".join(shown))  # each was made by format_html


def runs_as_html(runs: list[Run]) -> SafeString:
    """Return runs as they stand inside a line."""
    return SafeString("".join(_run_as_html(run) for run in runs))  # each was made by format_html


def _block_as_html(block: Block) -> SafeString:
    inside = runs_as_html(block.runs)
    if block.tag.startswith("heading"):
        level = int(block.tag.partition(" ")[2]) + 1  # one below the heading of what is shown
        return format_html("<h{}>{}</h{}>", level, inside, level)
    frames = {"item": "<li>{}</li>", "quote": "<blockquote><p>{}</p></blockquote>"}
    return format_html(frames.get(block.tag, "<p>{}</p>"), inside)


def _run_as_html(run: Run) -> SafeString:
    words = format_html_join(
        "",
        "{}",
        ((_marked(run, marks, group),) for marks, group in groupby(run.units, lambda unit: unit.marks)),
    )
    if run.kind == "same":
        return words
    frame = "<ins>{}{}{}</ins>" if run.kind == "new" else "<del>{}{}{}</del>"
    begins = _("[put in: ") if run.kind == "new" else _("[taken out: ")
    return format_html(frame, _unseen(begins), words, _unseen("]"))


def _unseen(words: str) -> SafeString:
    """Return words for those who hear the page, in its own language."""
    return format_html('<span class="unseen visually-hidden" lang="{}">{}</span>', get_language(), words)


def _marked(run: Run, marks: tuple[str, ...], units: Iterable[Unit]) -> SafeString:
    words = SafeString(
        "<br>".join(escape(part) for part in "".join(unit.words for unit in units).split("\n"))
    )
    for mark in reversed(marks):
        name, _space, to = mark.partition(" ")
        if name == "link" and run.kind == "same":
            words = format_html('<a href="{}" rel="nofollow noopener noreferrer">{}</a>', to, words)
        elif name == "link":  # where it leads may be all that changed
            words = format_html('{} <bdi class="leads-to" dir="ltr">({})</bdi>', words, to)
        else:
            words = format_html("<em>{}</em>" if name == "emphasis" else "<strong>{}</strong>", words)
    return words
