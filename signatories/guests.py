"""Whom to invite, as it is pasted: a line or a row of a spreadsheet each, with headings or in the order we ask for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters import countries, languages
from letters.models import Letter
from letters.parsing.territories import fold
from signatories import headings, names
from signatories.entries import DOUBTS, PROBLEMS, Entry, entries
from signatories.headings import Headings, Holds
from signatories.invitations import Guest
from signatories.models import Invitation, Signature, SignatureStatus
from signatories.sheets import Sheet, read

ORDER = (Holds.NAME, Holds.EMAIL, Holds.PERSON, Holds.COUNTRY, Holds.LANGUAGE)  # and then the network
_NETWORK = frozenset(map(fold, "network,réseau,reseau,mtandao,شبكة,الشبكة,red".split(",")))
_DOUBTS = {
    "email": DOUBTS["email"],
    "country": DOUBTS["country"],
    "language": _("The language was not understood; the one of the list is taken."),
}


class TooManyLines(Exception):
    """More is pasted than anybody reads through."""


class Verdict(StrEnum):
    """What a line is, compared with what is there."""

    NEW = "new"
    THERE = "there"
    SIGNED = "signed"
    REPEATED = "repeated"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Line:
    """A line as it is understood, and what it is. A person may stand in it."""

    number: int
    guest: Guest
    verdict: Verdict
    problem: str | Promise = ""
    doubts: Sequence[str | Promise] = ()
    invitation: Invitation | None = None
    signature: Signature | None = None

    def __repr__(self) -> str:
        return f"Line(number={self.number})"

    @property
    def country(self) -> str:
        return countries.name(self.guest.country)

    @property
    def language(self) -> str:
        return languages.own_name(self.guest.language)


def understood(letter: Letter, pasted: str, *, language: str, network: str = "") -> list[Line]:
    """Return what is pasted, each line compared by name with the letter's list and its signatures.

    `language` and `network` are taken where a line says none. Raises TooManyLines, UnreadableDocument.
    """
    (sheet,) = read(pasted.encode())[:1]
    if len(sheet.rows) > settings.INVITATION_LINES:
        raise TooManyLines
    found, place = _columns(sheet)
    read_rows = list(zip(_rows(sheet, found), entries(sheet, found, found.columns), strict=True))
    guests = [(entry, _guest(entry, _cell(row, place), language, network)) for row, entry in read_rows]
    return list(_compared(letter, guests))


def _columns(sheet: Sheet) -> tuple[Headings, int]:
    """Return which column holds what, and which one the network (-1 for none): by headings, else in our order."""
    found = headings.recognise(sheet)
    if not _are_headings(sheet, found):
        return Headings(0, 0, [], dict(enumerate(ORDER))), len(ORDER)
    networks = [place for place, label in enumerate(found.labels) if fold(label) in _NETWORK]
    place = networks[0] if networks else -1
    columns = {each: holds for each, holds in found.columns.items() if each != place}
    return Headings(found.row, found.below, found.labels, columns), place


def _are_headings(sheet: Sheet, found: Headings) -> bool:
    """Whether it is sure: an organisation called Country Club must not be lost for a heading."""
    is_first = bool(sheet.rows) and found.row == sheet.rows[0].number
    return is_first and len(found.columns) > 1 and Holds.NAME in found.columns.values()


def _rows(sheet: Sheet, found: Headings) -> list[Sequence[str]]:
    return [row.cells for row in sheet.rows if row.number > found.below or not found.row]


def _cell(row: Sequence[str], place: int) -> str:
    return names.clean(row[place])[: names.LONGEST] if 0 <= place < len(row) else ""


def _guest(entry: Entry, row_network: str, language: str, network: str) -> Guest:
    return Guest(
        name=entry.name,
        country=entry.country,
        language=entry.language or language,
        person=entry.person,
        email=entry.email,
        network=row_network or network,
    )


def _compared(letter: Letter, guests: Sequence[tuple[Entry, Guest]]) -> Iterator[Line]:
    keys = {entry.name_key for entry, _guest in guests if not entry.problem}
    standing = Invitation.objects.standing().filter(letter=letter, name_key__in=keys).exclude(name="")
    listed = {(one.name_key, one.country): one for one in standing}
    live = Signature.objects.live().exclude(status=SignatureStatus.UNCONFIRMED)
    signed = {one.name_key: one for one in live.filter(letter=letter, name_key__in=keys)}
    seen: set[tuple[str, str]] = set()
    for entry, guest in guests:
        known_as = entry.name_key, entry.country
        doubts = [_DOUBTS[doubt] for doubt in entry.doubts if doubt in _DOUBTS]
        if entry.problem:
            problem = PROBLEMS.get(entry.problem) or names.PROBLEMS[entry.problem]
            yield Line(entry.line, guest, Verdict.UNREADABLE, problem=problem)
        elif known_as in listed:
            yield Line(entry.line, guest, Verdict.THERE, invitation=listed[known_as])
        elif known_as in seen:
            yield Line(entry.line, guest, Verdict.REPEATED)
        elif entry.name_key in signed:
            yield Line(entry.line, guest, Verdict.SIGNED, signature=signed[entry.name_key])
        else:
            yield Line(entry.line, guest, Verdict.NEW, doubts=doubts)
        seen.add(known_as)
