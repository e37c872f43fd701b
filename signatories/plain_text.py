"""A letter's copy as plain text: lines of 72 characters, which every program shows, and a line for every name."""

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator

from letters.prose import Node, Run
from signatories.documents import Content
from signatories.formats import plain

_MARK = "\ufeff"  # by which old programs know UTF-8
_WIDTH = 72
_ISOLATES = re.compile("[\u2066-\u2069]")
_END_OF_ISOLATE = "\u2069"
_MARKS = {"rtl": "\u200f", "ltr": "\u200e"}


def pieces(said: Content, names: Iterable[dict[str, str]]) -> Iterator[bytes]:
    """Return a copy in UTF-8, with the ends of lines that every system knows."""
    yield _MARK.encode()
    for line in _lines(said, names):
        yield f"{_led(line, said['direction'])}\r\n".encode()


def _lines(said: Content, names: Iterable[dict[str, str]]) -> Iterator[str]:
    yield from _wrapped(said["host"])
    yield ""
    yield from _heading(said["title"], "=")
    if said["occasion"]:
        yield from _paragraph(said["occasion"])
    if said["date"]:
        yield from _paragraph(said["date"])
    yield from _paragraph(f"{said['copied']} {said['lives_at']}")
    yield from (f"    {said['address']}", "")
    for notice in said["notices"]:
        yield from _paragraph(notice)
    if said["recipients"]:
        yield from _wrapped(f"{said['words']['addressed_to']}:")
        for recipient in said["recipients"]:
            yield from _wrapped(recipient, first="- ", rest="  ")
        yield ""
    yield from _blocks(said["body"])
    yield from _figures(said)
    for section in said["sections"]:
        yield from _heading(section["title"])
        for entry in section["entries"]:
            yield from _wrapped(entry["head"])
            for words in filter(None, (*entry["words"].split("\n"), entry["link"])):
                yield from _wrapped(words, first="  ", rest="  ")
            yield ""
    yield from _heading(said["words"]["undersigned"])
    yield from _paragraph(said["count"])
    yield from _wrapped(f"{said['reading_title']}:")
    for line in said["reading"]:
        yield from _wrapped(line, first="- ", rest="  ")
    yield ""
    for number, one in enumerate(names, 1):
        yield " · ".join(filter(None, (f"{number}. {plain(one['name'])}", plain(one["beside"]))))


def _figures(said: Content) -> Iterator[str]:
    if said["figures"]:
        yield from _heading(said["words"]["figures"])
    for figure in said["figures"]:
        yield from _wrapped(f"{figure['number']} {figure['label']}")
        yield from _wrapped(
            f"{figure['source']}{said['words']['comma']}{figure['as_of']}", first="  ", rest="  "
        )
        if figure["link"]:
            yield f"  {figure['link']}"
        yield ""


def _blocks(blocks: Iterable[Node], *, before: str = "") -> Iterator[str]:
    for block in blocks:
        match block["kind"]:
            case "paragraph":
                yield from _paragraph(_words(block["inside"]), before=before)
            case "heading":
                yield from _heading(_words(block["inside"]))
            case "list":
                yield from _items(block["items"], [f"{before}- "] * len(block["items"]))
            case "numbers":
                last = block["start"] + len(block["items"])
                yield from _items(block["items"], [f"{before}{n}. " for n in range(block["start"], last)])
            case "quote":
                yield from _quoted(list(_blocks(block["inside"], before=f"{before}> ")))
            case "rule":
                yield from ("* * *", "")


def _items(items: Iterable[list[Node]], marks: list[str]) -> Iterator[str]:
    """An item begins with its mark; what else belongs to it stands below its words."""
    for item, mark in zip(items, marks, strict=True):
        indent = " " * len(mark)
        for number, line in enumerate(_blocks(item, before=indent)):
            yield mark + line[len(indent) :] if number == 0 else line


def _quoted(lines: list[str]) -> Iterator[str]:
    yield from (*lines[:-1], "")


def _words(runs: Iterable[Run]) -> str:
    return "".join(_word(run) for run in runs)


def _word(run: Run) -> str:
    if isinstance(run, str):
        return run
    match run["kind"]:
        case "break":
            return "\n"
        case "link":
            said = _words(run["inside"])
            return said if said == run["to"] else f"{said} <{run['to']}>"
        case _:
            return _words(run["inside"])


def _heading(words: str, under: str = "-") -> Iterator[str]:
    lines = list(_wrapped(words))
    yield from lines
    yield under * max(len(_ISOLATES.sub("", line)) for line in lines)
    yield ""


def _paragraph(words: str, *, before: str = "") -> Iterator[str]:
    for line in words.split("\n"):
        yield from _wrapped(line, first=before, rest=before)
    yield before.rstrip()


def _wrapped(words: str, *, first: str = "", rest: str = "") -> Iterator[str]:
    """Wrap between words alone: a script without spaces must not be cut inside a syllable, nor an address anywhere."""
    wrapped = textwrap.wrap(
        plain(words),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    open_ones = ""
    for line in wrapped or [first.rstrip()]:
        indent = rest if open_ones else ""
        whole = f"{indent}{open_ones}{line[len(indent) :]}"
        open_ones = _left_open(whole)
        yield whole + _END_OF_ISOLATE * len(open_ones)


def _left_open(line: str) -> str:
    """Return the isolates that end on a later line: directions are decided line by line."""
    stack: list[str] = []
    for mark in _ISOLATES.findall(line):
        if mark != _END_OF_ISOLATE:
            stack.append(mark)
        elif stack:
            stack.pop()
    return "".join(stack)


def _led(line: str, direction: str) -> str:
    """Return a line that is read from the side it should be: programs go by the first letter that has a direction."""
    depth = 0
    for sign in line:
        if sign in "\u2066\u2067\u2068":
            depth += 1
        elif sign == _END_OF_ISOLATE:
            depth -= 1
        elif not depth and (way := unicodedata.bidirectional(sign)) in ("L", "R", "AL"):
            return line if (way == "L") == (direction == "ltr") else _MARKS[direction] + line
    return _MARKS[direction] + line if direction == "rtl" and line else line
