"""A letter as a PDF: typst sets what it is given as data. Every script, both directions, tagged for screen readers.

A document has two parts: its content (title, text, figures, counts, the words around them), which a delivery keeps as
it was, and the names, which it keeps apart because they must be erasable.
"""

import ctypes
import json
import re
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst
from django.conf import settings
from django.template.defaultfilters import date as format_date
from django.template.loader import render_to_string
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from letters import countries, prose
from letters.models import Letter, Text
from signatories import fonts, wall
from signatories.models import Order
from signatories.names import sort_key

Content = dict[str, Any]

_TEMPLATE = settings.BASE_DIR / "templates" / "documents" / "letter.typ"
_TALL = ("ar", "ckb", "fa", "my", "ps", "ur")  # small at the size that suits Latin letters
_BOX = "\u25a1"  # in a font that comes with typst


class DocumentNotMade(Exception):
    """The letter could not be set. What typst said of it stays unsaid: it quotes names."""


@dataclass(frozen=True, slots=True)
class Name:
    """A signatory as a document shows it."""

    name: str
    latin: str
    country_code: str
    is_network: bool


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF, and the letters in it that no font of this machine has; boxes stand for them."""

    pdf: bytes
    missing: frozenset[str]


# --- content -----------------------------------------------------------------------------------------


def content(
    letter: Letter, text: Text, *, counts: wall.Counts, as_of: datetime, cover: Content | None = None
) -> Content:
    """Return everything a document of the letter says apart from the names, as plain data in the text's language."""
    with override(text.language if text.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        address = f"{settings.SITE_URL}{letter.get_absolute_url()}"
    with override(text.language):
        return {
            "language": text.language,
            "direction": text.direction,
            "title": text.title,
            "occasion": text.subtitle,
            "host": letter.host.name,
            "date": day(letter.opens_at, letter) if letter.opens_at else "",
            "recipients": [isolated(one) for one in _addressees(letter)],
            "notices": [_courtesy()] if text.is_courtesy else [],
            "body": prose.tree(
                text.body,
                organisations=counts.organisations,
                countries=counts.countries,
                language=text.language,
            ),
            "figures": _figures(letter, text.language),
            "count": count_of(counts),
            "remarks": _not_named(counts),
            "address": address,
            "address_shown": left_to_right(address.partition("://")[2]),
            "footer": _footer(letter, address, as_of),
            "words": _words(),
            "cover": cover,
        }


def _words() -> dict[str, str]:
    return {
        "addressed_to": _("Addressed to"),
        "figures": _("Figures and their sources"),
        "comma": _(", "),
        "undersigned": _("The undersigned"),
        "network": _("network"),
        "elsewhere": _("Country not stated"),
        "read_at": _("Read it, and watch its list, at"),
        "page": _("Page %(number)s of %(pages)s") % {"number": "{page}", "pages": "{pages}"},
        "missing": missing_said(),
    }


def missing_said() -> str:
    """Return what a box in a document stands for, in the active language."""
    return _("%(box)s stands for letters of a script that could not be set here.") % {"box": _BOX}


def day(moment: datetime, letter: Letter) -> str:
    """Return the day of a moment where the letter is at home, in the active language."""
    return format_date(moment.astimezone(ZoneInfo(letter.time_zone)), "DATE_FORMAT")


def count_of(counts: wall.Counts) -> str:
    """Return "117 organisations from 41 countries" in the active language, as the page says it."""
    return _plain(render_to_string("signatories/_count.html", {"counts": counts}))


def _not_named(counts: wall.Counts) -> list[str]:
    said = render_to_string("signatories/_not_named.html", {"counts": counts})
    return [_plain(line) for line in said.splitlines() if line.strip()]


def _plain(html: str) -> str:
    return unescape(strip_tags(html)).strip()


def _courtesy() -> str:
    return _("A courtesy translation. Where it differs, the original text is the one that was signed.")


def _addressees(letter: Letter) -> list[str]:
    """Return the governments a letter addresses, and the offices of no government: sixty missions would fill a page."""
    addressed = {one.country_name or one.style_of_address or one.office for one in letter.recipients.all()}
    return sorted(addressed, key=sort_key)


def _figures(letter: Letter, language: str) -> list[Content]:
    return [
        {
            "number": isolated(figure.number),
            "label": isolated(figure.label),
            "source": isolated(figure.source),
            "link": figure.source_url,
            "as_of": format_date(figure.as_of, "DATE_FORMAT"),
        }
        for figure in letter.figures_for(language)
    ]


def _footer(letter: Letter, address: str, as_of: datetime) -> str:
    said = _("as of %(date)s, revision %(number)s") % {
        "date": day(as_of, letter),
        "number": letter.revision,
    }
    return f"{left_to_right(address.partition('://')[2])} · {said}"


# --- names -------------------------------------------------------------------------------------------


def isolated(words: str) -> str:
    """Return words of any direction so that they turn nothing around them, as <bdi> does on a page."""
    return f"\u2068{words}\u2069" if words else ""


def left_to_right(words: str) -> str:
    """Return an address, which reads from left to right among Arabic words, too."""
    return f"\u2066{words}\u2069"


def _groups(names: Iterable[Name], said: Content, *, order: str) -> list[Content]:
    """Return the names as they are to stand, under the names of their countries unless by alphabet."""
    if order == Order.ALPHABET:
        return [{"title": "", "names": [line(name, said, with_country=True) for name in names]}]
    by_country = defaultdict(list)
    for name in names:
        by_country[name.country_code].append(line(name, said, with_country=False))
    titles = {code: countries.name(code, said["language"]) for code in by_country}
    first = said.get("own_country") if order == Order.OWN_COUNTRY_FIRST else None

    def place(code: str) -> tuple[bool, bool, str]:
        return (code != first, not titles[code], sort_key(titles[code]))

    return [
        {"title": titles[code] or said["words"]["elsewhere"], "names": by_country[code]}
        for code in sorted(by_country, key=place)
    ]


def line(name: Name, said: Content, *, with_country: bool) -> dict[str, str]:
    """Return {"name", "beside"}: a name, and what is told of it beside it."""
    country = countries.name(name.country_code, said["language"]) if with_country else ""
    network = said["words"]["network"] if name.is_network else ""
    beside = [_in_its_direction(name.latin, said), country, network]
    return {"name": _in_its_direction(name.name, said), "beside": " · ".join(filter(None, beside))}


def _in_its_direction(words: str, said: Content) -> str:
    """Return words isolated where they run the other way: marks nobody sees are no help to who searches or copies."""
    other = ("L",) if said["direction"] == "rtl" else ("R", "AL")
    return isolated(words) if any(unicodedata.bidirectional(one) in other for one in words) else words


# --- setting -----------------------------------------------------------------------------------------


def rendered(
    said: Content, names: Iterable[Name], *, order: str = Order.ALPHABET, removed: int = 0
) -> Document:
    """Set a document: the same content and names give the same bytes. Raises DocumentNotMade."""
    paper = {
        **said,
        "groups": _groups(names, said, order=order),
        "remarks": [*said["remarks"], *_removed(removed, said["language"])],
        "fonts": fonts.families(said["language"]),
        "size": 12 if said["language"] in _TALL else 10.5,
    }
    return _set(json.dumps(paper, ensure_ascii=False), _TEMPLATE)


def _removed(number: int, language: str) -> list[str]:
    if not number:
        return []
    with override(language):
        return [
            ngettext(
                "%d organisation has had its name taken off this list since.",
                "%d organisations have had their names taken off this list since.",
                number,
            )
            % number
        ]


_lock = threading.Lock()  # one at a time: a document of ten thousand names takes 150 MB while it is made
_LARGE = 200_000  # characters of content
_REMEMBERED = (
    12  # typst keeps its work on more documents than these; setting nothing that often lets go of it
)


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    return typst.Compiler(root=_TEMPLATE.parent, font_paths=fonts.found())


def set_sheet(said: Content, template: Path) -> bytes:
    """Set a sheet of another template as a PDF: its `fonts` are chosen here. Raises DocumentNotMade."""
    return _set(_dumped(said), template).pdf


def set_picture(said: Content, template: Path) -> bytes:
    """Set what is one picture as a PNG in which a point is a pixel. Raises DocumentNotMade."""
    with _lock:
        try:
            png = _compiler().compile(
                input=template, format="png", ppi=72, sys_inputs={"paper": _dumped(said)}, timestamp=0
            )
        except typst.TypstError:
            raise DocumentNotMade from None
    if not isinstance(png, bytes):
        raise DocumentNotMade
    return png


def _dumped(said: Content) -> str:
    return json.dumps({**said, "fonts": fonts.families(said["written_in"])}, ensure_ascii=False)


def _set(paper: str, template: Path) -> Document:
    with _lock:
        missing = {letters for letters in _known_missing if letters in paper}
        while True:
            boxed = _boxed(paper, missing)
            try:
                return Document(_compiled(boxed, missing, template), frozenset(missing))
            except typst.TypstError as error:
                letters = _letters_without_font(error)
                if letters is None or letters in missing:
                    return Document(_without_promise(boxed, missing, template), frozenset(missing))
                missing.add(letters)
                _known_missing.add(letters)


_known_missing: set[str] = set()  # typst names them one by one, so they are found out once a process


def _boxed(paper: str, missing: set[str]) -> str:
    """Return the content with a box for each of these: a document for screen readers may not lack a letter."""
    for letters in sorted(missing, key=len, reverse=True):
        paper = paper.replace(json.dumps(letters, ensure_ascii=False)[1:-1], _BOX)
    return paper


def _compiled(paper: str, missing: set[str], template: Path, *, for_screen_readers: bool = True) -> bytes:
    pdf = _compiler().compile(
        input=template,
        format="pdf",
        sys_inputs={"paper": paper, "missing": "yes" if missing else ""},
        pdf_standards=["ua-1"] if for_screen_readers else [],
        timestamp=0,
    )
    if len(paper) > _LARGE:
        let_go()
    if not isinstance(pdf, bytes):
        raise DocumentNotMade
    return pdf


def let_go() -> None:
    """Free what typst remembers of documents, for the whole machine where its C library can."""
    for _again in range(_REMEMBERED):
        _compiler().compile(input=b"", format="pdf", sys_inputs=None)
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)


def _without_promise(paper: str, missing: set[str], template: Path) -> bytes:
    """Return the document tagged all the same, where something in it keeps typst from promising PDF/UA."""
    try:
        return _compiled(paper, missing, template, for_screen_readers=False)
    except typst.TypstError:
        raise DocumentNotMade from None


_WITHOUT_FONT = re.compile(r"the text `\"(.+)\"` could not be displayed", re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


def _letters_without_font(error: typst.TypstError) -> str | None:
    """Return the letters typst found in no font, or None where it complains of something else."""
    found = _WITHOUT_FONT.search(error.message)
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), found[1]) if found else None


# --- the public document -----------------------------------------------------------------------------


def public_document(letter: Letter, language: str) -> bytes:
    """Return the letter with the names the public sees, in that language or the nearest there is."""
    text = letter.text_for(language)
    if text is None:
        raise DocumentNotMade
    counts = wall.counts(letter)
    moments = [moment for moment in (letter.opens_at, wall.newest_since(letter)) if moment]
    said = content(letter, text, counts=counts, as_of=max(moments))
    if counts.organisations - counts.unnamed > settings.NAMES_ON_PAPER:
        with override(text.language):
            said["remarks"].append(_("They are too many for paper. Their names stand at the address above."))
        return rendered(said, []).pdf
    names = (Name(one.name, one.latin, one.country_code, one.is_network) for one in wall.every_name(letter))
    return rendered(said, names).pdf
