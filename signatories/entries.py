"""Rows of a list become entries: what each says of an organisation and of who signed for it. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from babel import Locale
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters import languages
from letters.parsing.territories import country_code, fold
from signatories import names
from signatories.contacts import ContactDetails
from signatories.forms import WebsiteField, normal_email, normal_phone
from signatories.headings import ANONYMOUS, Headings, Holds
from signatories.models import Kind
from signatories.sheets import UNREADABLE, Row, Sheet

# What of a row could not be taken, though the row could.
DOUBTS: dict[str, Promise] = {
    "country": _("The country was not understood and is left open."),
    "kind": _("The kind was not understood and is left open."),
    "website": _("The web address was not understood and is left out."),
    "email": _("The e-mail address was not understood and is left out."),
    "phone": _("The phone number was not understood and is left out."),
    "language": _("The language was not understood; mails are in that of the list."),
    "consent": _("Whether it agreed to be named was not understood, so it is counted and not named."),
    "formula": _("A cell holds a formula that was never calculated; it is left out."),
}
# Why no signature can be made of a row, beside what is wrong with its name.
PROBLEMS: dict[str, Promise] = {
    "no_name": _("No name was found here. A heading, perhaps, or the end of the name above."),
    "formula": _("The name is a formula that was never calculated. Please save the file with its values."),
}
_LONGEST_LINE = 200


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a row of a list says. A person stands in it: it is kept sealed, and never logged."""

    line: int
    name: str = ""
    latin: str = ""
    country: str = ""
    kind: str = ""
    website: str = ""
    person: str = ""
    role: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    agreed: bool | None = None
    signed_on: str = ""
    problem: str = ""
    doubts: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"Entry(line={self.line})"  # a traceback must not hold a person

    @property
    def contact(self) -> ContactDetails | None:
        """Who signed for it, where somebody can be reached."""
        if not (self.email or self.phone):
            return None
        return ContactDetails(name=self.person, role=self.role, email=self.email, phone=self.phone)

    @property
    def name_key(self) -> str:
        return names.key(self.name)

    def said(self) -> dict[str, Any]:
        """Return it as it is stored, sealed."""
        return asdict(self)


def entries(sheet: Sheet, headings: Headings, columns: Mapping[int, str]) -> Iterator[Entry]:
    """Return an entry for each row below the headings, in the order of the list."""
    about_refugees = any(
        holds == Holds.KIND and place < len(headings.labels) and _REFUGEE.search(fold(headings.labels[place]))
        for place, holds in columns.items()
    )
    for row in sheet.rows:
        if row.number > headings.below or not headings.row:
            yield _entry(row, columns, about_refugees=about_refugees)


def _entry(row: Row, columns: Mapping[int, str], *, about_refugees: bool) -> Entry:
    said = {holds: row.cells[place] if place < len(row.cells) else "" for place, holds in columns.items()}
    name, problem = _name(said.pop(Holds.NAME, ""))
    doubts = ["formula"] if UNREADABLE in said.values() else []
    cells = {holds: "" if fold(cell) in ANONYMOUS else cell for holds, cell in said.items()}
    country = country_code(cells.get(Holds.COUNTRY, ""), also_codes=True)
    read = {
        "country": country,
        "kind": _kind(cells.get(Holds.KIND, ""), about_refugees),
        "website": _website(cells.get(Holds.WEBSITE, "")),
        "email": _email(cells.get(Holds.EMAIL, "")),
        "phone": _phone(cells.get(Holds.PHONE, ""), country),
        "language": _language(cells.get(Holds.LANGUAGE, "")),
    }
    agreed = _agreed(cells.get(Holds.CONSENT, ""))
    doubts += [what for what, value in read.items() if cells.get(what) and not value]
    doubts += ["consent"] if cells.get(Holds.CONSENT) and agreed is None else []
    return Entry(
        line=row.number,
        name=name,
        latin=names.clean(cells.get(Holds.LATIN, ""))[: names.LONGEST],
        person=_person(cells),
        role=_line(cells.get(Holds.ROLE, "")),
        agreed=agreed,
        signed_on=_line(cells.get(Holds.SIGNED_ON, ""))[:40],
        problem=problem,
        doubts=doubts,
        **read,
    )


def _name(cell: str) -> tuple[str, str]:
    """Return the name and why it cannot be one, "" where it can."""
    if cell == UNREADABLE:
        return "", "formula"
    name = names.clean(cell)
    if not name:
        return "", "no_name"
    problem = names.problem_with(name)
    return ("", problem) if problem else (name, "")


def _line(cell: str) -> str:
    return names.clean(cell)[:_LONGEST_LINE]


def _person(cells: Mapping[str, str]) -> str:
    parts = [cells.get(Holds.FIRST_NAME, ""), cells.get(Holds.LAST_NAME, "")]
    return _line(cells.get(Holds.PERSON, "")) or _line(" ".join(parts))


def _website(cell: str) -> str:
    try:
        address: str = _WEBSITE.clean(cell.split()[0] if cell.split() else "")
    except ValidationError:
        return ""
    return address


_WEBSITE = WebsiteField()


def _email(cell: str) -> str:
    """Return the first address of a cell that may hold several."""
    for typed in re.split(r"[\s;,/]+", cell.removeprefix("mailto:")):
        try:
            return normal_email(typed) if "@" in typed else ""
        except ValidationError:
            continue
    return ""


def _phone(cell: str, country: str) -> str:
    try:
        return normal_phone(re.split("[;,/]", cell)[0], country) if cell else ""
    except ValidationError:
        return ""


# --- answers people chose from ---------------------------------------------------------------------------------

_NEGATION = re.compile(r"^(?:no|non|hapana|لا)\b|\b(?:not|pas|don t|hatu\w+)\b|ليس|غير")
_YES = re.compile(
    r"^(?:yes|y|oui|o|si|ndiyo|ndio|true|vrai|verdadero|1|x|ok|okay|checked|نعم|public|publicly|publicado)\b"
    r"|\b(?:agree|accept|accepte|acceptons|acepto|aceptamos|consent|nakubali|tunakubali|d accord|de acuerdo)\b"
    r"|نوافق|اوافق|موافق"
)
_REFUGEE = re.compile(r"refug|\brlos?\b|لاجي|wakimbizi|mkimbizi")
_DISPLACED = re.compile(r"displac|\bidps?\b|deplac|desplaz|نازح|stateless|apatrid|عديم|bila uraia|waliohama")
_ALLY = re.compile(
    r"\b(?:all(?:y|ies|ie|iee)|aliad[oa]|mshirika|solidar\w*|support\w*|ngo|ingo|ong)\b|حليف|متضامن|داعم"
)


def _agreed(cell: str) -> bool | None:
    """Return what an answer says; None where it says neither."""
    words = fold(cell)
    if not words:
        return None
    if words in ("0", "false", "faux", "n") or _NEGATION.search(words):
        return False
    return True if _YES.search(words) or cell.strip() in ("✓", "✔", "☑", "✅") else None


def _kind(cell: str, about_refugees: bool) -> str:
    words = fold(cell)
    if not words:
        return ""
    if words in Kind.values or cell in Kind.values:
        return cell if cell in Kind.values else words
    denied = _NEGATION.search(words)
    if _REFUGEE.search(words) and not denied:
        return Kind.REFUGEE_LED
    if _DISPLACED.search(words) and not denied:
        return Kind.DISPLACED_LED
    if _ALLY.search(words) or (denied and _REFUGEE.search(words)):
        return Kind.ALLY
    agreed = _agreed(cell) if about_refugees else None
    return {True: Kind.REFUGEE_LED, False: Kind.ALLY}.get(agreed, "") if agreed is not None else ""


def _language(cell: str) -> str:
    words = fold(cell)
    return _known_languages().get(words) or _known_languages().get(words.split(" ")[0] if words else "", "")


@lru_cache(maxsize=1)
def _known_languages() -> dict[str, str]:
    """Return {a language's name in itself and in each language of our pages: its code}."""
    known: dict[str, str] = {}
    for code, own_name in languages.CHOICES:
        known |= {code: code, fold(own_name): code}
        for page in ("en", "fr", "es", "ar", "sw"):
            known.setdefault(fold(Locale.parse(page).languages.get(code, code)), code)
    return known
