"""A letter's revision: public bytes change only when it does."""

import hashlib
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, cast

from django.db import transaction
from django.db.models import Count, F, Q
from django.http import Http404
from django.utils import timezone

from letters import moments, pages
from letters.models import Host, Letter, Text
from letters.phases import PUBLIC, Phase, phase_at


def bump(letter_ids: Iterable[int]) -> None:
    """Give these letters a new revision: the last statement of an act that changes public bytes.

    Runs inside the act's transaction. Rows are locked in pk order, so two acts never wait for each other in a
    circle, and with FOR NO KEY UPDATE, since a plain FOR UPDATE would block every new signature.
    """
    letters = Letter.objects.filter(pk__in=sorted(letter_ids)).order_by("pk")
    list(letters.select_for_update(no_key=True).values_list("pk"))
    letters.update(revision=F("revision") + 1)
    forget()  # for whoever reads on inside this transaction
    transaction.on_commit(forget)


def bump_host(host: Host) -> None:
    """Give a host and all its letters a new revision: its name stands on each."""
    Host.objects.filter(pk=host.pk).update(revision=F("revision") + 1)
    bump(host.letters.values_list("pk", flat=True))


def bump_with_neighbours(letter: Letter) -> None:
    """Give a letter and its host's other letters a new revision: earlier and later letters name each other.

    Not while it is secret: nobody names it, and a number that moves would tell that something is being prepared.
    """
    if letter.is_public:
        bump(Letter.objects.filter(host_id=letter.host_id).values_list("pk", flat=True))
    else:
        bump([letter.pk])


class Edition(NamedTuple):
    """Which bytes a letter's public pages have: they change when it does, and only then.

    The number of the host's public letters belongs to it, because a neighbour opens at its date, without an act.
    """

    letter_id: int
    revision: int
    phase: Phase
    neighbours: int

    def __str__(self) -> str:
        return f"{self.letter_id}-{self.revision}-{self.phase}-{self.neighbours}"


class LetterNotPublic(Http404):
    """There is no letter at that address for the public; a view that lets it pass answers so."""


class HostUnknown(Http404):
    """There is no host at that address; a view that lets it pass answers so."""


def edition_of(slug: str) -> Edition:
    """Return a public letter's edition, remembered in this process for a moment."""
    edition = _remembered(("letter", slug), lambda: _read_edition(slug))
    if edition is None or edition.phase not in PUBLIC:
        raise LetterNotPublic
    return edition


def edition_of_all() -> str:
    """Return the edition of the page that lists all public letters."""
    return _remembered(("all",), _read_edition_of_all)


def edition_of_host(slug: str) -> str:
    """Return the edition of a host's page. Raises HostUnknown."""
    edition = _remembered(("host", slug), lambda: _read_edition_of_host(slug))
    if edition is None:
        raise HostUnknown
    return edition


def letter_of(edition: Edition) -> Letter:
    """Return the letter of an edition, with its host, for a page that is being made. Others may read it meanwhile."""
    kept = _letters.get(edition.letter_id)
    if kept is None or kept[0] != edition:
        letter = Letter.objects.select_related("host").get(pk=edition.letter_id)
        letter.is_shown = True
        with _lock:
            if len(_letters) >= _MEMORY_LIMIT:
                _letters.clear()
            _letters[edition.letter_id] = kept = (edition, letter)
    return kept[1]


def text_of(letter: Letter, language: str) -> Text | None:
    """Return the newest text of a letter in that language, else in another, as `Letter.text_for` does."""
    texts = of_revisions([letter], "texts", lambda _ids: {letter.pk: letter.current_texts()})
    return letter.nearest_text(texts[letter.pk], language)


def of_revisions(
    letters: Iterable[Letter], what: str, ask: Callable[[list[int]], dict[int, "_Read"]]
) -> dict[int, "_Read"]:
    """Return {letter id: what is so in its revision}, asked once in this process for letters that are shown.

    Their revision was read before: what is kept may be newer than it, and is never older. Acts are on their way to the
    next one, so for a letter that nobody shows it is asked every time.
    """
    letters = list(letters)
    known = {
        letter.pk: kept[1]
        for letter in letters
        if letter.is_shown and (kept := _of_revisions.get((letter.pk, what))) and kept[0] == letter.revision
    }
    unknown = [letter for letter in letters if letter.pk not in known]
    asked = ask([letter.pk for letter in unknown]) if unknown else {}
    with _lock:
        if len(_of_revisions) >= _MEMORY_LIMIT:
            _of_revisions.clear()
        for letter in unknown:
            if letter.is_shown:
                _of_revisions[letter.pk, what] = (letter.revision, asked[letter.pk])
    return {**cast(dict[int, _Read], known), **asked}


def forget() -> None:
    """Ask the database again at the next request."""
    moments.forget()
    with _lock:
        _of_revisions.clear()
        _letters.clear()
    pages.forget()


_Read = TypeVar("_Read")
_DATES = ("gathers_at", "opens_at", "closes_at", "archived_at")
_of_revisions: dict[tuple[int, str], tuple[int, object]] = {}
_letters: dict[int, tuple[Edition, Letter]] = {}
_lock = threading.Lock()
_MEMORY_LIMIT = 1000  # letters, or what is known of one


def _remembered(key: tuple[str, ...], read: Callable[[], _Read]) -> _Read:
    moment = moments.current()
    known = moment.get(key)
    if known is None:
        known = (read(),)  # what is not there is known, too
        moment.keep(key, known)
    return cast(_Read, known[0])


def _read_edition_of_all() -> str:
    return _listed(Letter.objects.public().order_by("pk").values_list("pk", "revision", *_DATES))


def _read_edition_of_host(slug: str) -> str | None:
    fields = ("letters__pk", "letters__revision", *(f"letters__{date}" for date in _DATES))
    rows = list(Host.objects.filter(slug=slug).order_by("letters__pk").values_list("pk", "revision", *fields))
    if not rows:
        return None
    letters = [row[2:] for row in rows if row[2] is not None]  # a host of none is one row without a letter
    return _listed(letters, *rows[0][:2])


def _listed(letters: Iterable[tuple[Any, ...]], *more: int) -> str:
    """Return one short word for (key, revision, dates) of the public letters among these, and for more."""
    now = timezone.now()
    phases = [(pk, revision, _phase(now, dates)) for pk, revision, *dates in letters]
    seen = [(pk, revision, str(phase)) for pk, revision, phase in phases if phase in PUBLIC]
    return hashlib.sha256(repr((more, seen)).encode()).hexdigest()[:16]


def _read_edition(slug: str) -> Edition | None:
    now = timezone.now()
    row = (
        Letter.objects.filter(slug=slug)
        .annotate(neighbours=Count("host__letters", filter=Q(host__letters__opens_at__lte=now)))
        .values_list("pk", "revision", "neighbours", *_DATES)
        .first()
    )
    if row is None:
        return None
    pk, revision, neighbours, *dates = row
    return Edition(pk, revision, _phase(now, dates), neighbours)


def _phase(now: datetime, dates: Iterable[datetime | None]) -> Phase:
    gathers_at, opens_at, closes_at, archived_at = dates
    return phase_at(
        now, gathers_at=gathers_at, opens_at=opens_at, closes_at=closes_at, archived_at=archived_at
    )
