"""The desk's front page: what waits and how long, what looks wrong, what was decided, who has not answered."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, Q, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from letters.admin import staff_of
from letters.models import Event, Letter
from letters.phases import Phase
from signatories import queue, suspicions
from signatories.admin.case import age
from signatories.admin.words import ACTS, REASONS, colleague
from signatories.models import (
    Organisation,
    Quote,
    Signature,
    SignatureStatus,
    Verification,
    Vouch,
    VouchStatus,
)
from signatories.queue import Heap, WaitsFor

_DECIDED = ("approve", "hold", "reject", "accept_correction", "decline_correction", "settle", "undo")
_LAST = 10
_TODAY = 1_000  # decisions of a day that are counted one by one
_LETTERS = 12
_ORGANISATIONS = 200


@dataclass(frozen=True)
class Pile:
    """Some of what waits: how many, how long the first of them, and where they begin."""

    label: Any
    count: int
    waits: SafeString | str
    url: str


@dataclass(frozen=True)
class Tally:
    """What one member of staff decided today: (act, how often)."""

    by: str
    acts: list[tuple[Any, int]]


@dataclass(frozen=True)
class Done:
    """One decision: what was done, by whom, when, and to which signature."""

    event: Event
    is_today: bool
    act: Any
    reason: Any
    signature: Signature | None


@dataclass(frozen=True)
class Silence:
    """Who was asked and has not answered: how many, since when the first, and on which letter."""

    words: str
    count: int
    since: datetime
    letter: str = ""


def front_page(request: HttpRequest) -> dict[str, Any]:
    """Return what the front page shows of what somebody may see."""
    context: dict[str, Any] = {}
    if request.user.has_perm("signatories.view_signature"):
        context |= _of_signatures(request)
    if request.user.has_perm("letters.view_letter"):
        context["letters"] = _letters()
    elif request.user.has_perm("signatories.view_signature"):
        context["letters"] = [one for one in _letters() if one.letter.phase != Phase.DRAFT]
    return context


def _of_signatures(request: HttpRequest) -> dict[str, Any]:
    heaps = queue.summary(at_most=settings.COUNTED_AT_MOST)
    tallies, last = _decisions()
    count = sum(heap.count for heap in heaps)
    quotes = _quotes(request)
    return {
        "sees_signatures": True,
        "may_decide": request.user.has_perm("signatories.change_signature"),
        "waiting": count,
        "more_wait": count >= settings.COUNTED_AT_MOST,
        "oldest": age(min(heap.since for heap in heaps)) if heaps else "",
        "begin": reverse("admin:signatories_signature_begin"),
        "piles": [*_piles(heaps), *quotes],
        "quotes_wait": any(pile.count for pile in quotes),
        "by_letter": _by_letter(heaps),
        "readings": queue.being_read(apart_from=staff_of(request))[:_LAST],
        "wrong": _what_looks_wrong(),
        "tallies": tallies,
        "last": last,
        "silences": [*_unanswered(), *_asked(heaps)],
    }


# --- what waits ------------------------------------------------------------------------------------------


def _piles(heaps: list[Heap]) -> list[Pile]:
    """Return what waits by what it waits for."""
    return [
        _pile(kind.label, [heap for heap in heaps if heap.waits_for == kind], {"queue": kind.value})
        for kind in WaitsFor
    ]


def _quotes(request: HttpRequest) -> list[Pile]:
    """Return how many quotes are to be decided, to those who see them."""
    if not request.user.has_perm("signatories.view_quote"):
        return []
    waiting = Quote.objects.to_be_decided().order_by()
    found = waiting.aggregate(count=Count("pk"), since=Min("offered_at"))
    waits = age(found["since"]) if found["count"] else ""
    return [Pile(_("Quotes"), found["count"], waits, reverse("quotes_to_decide"))]


def _by_letter(heaps: list[Heap]) -> list[Pile]:
    """Return what waits by letter, the longest waiting first; nothing where all of it is on one letter."""
    letters = {heap.letter: heap.slug for heap in sorted(heaps, key=lambda heap: heap.since)}
    if len(letters) < 2:
        return []
    return [
        _pile(slug, [heap for heap in heaps if heap.letter == letter], {"letter__id__exact": letter})
        for letter, slug in letters.items()
    ]


def _pile(label: Any, heaps: list[Heap], part: dict[str, Any]) -> Pile:
    count = sum(heap.count for heap in heaps)
    waits = age(min(heap.since for heap in heaps)) if heaps else ""
    return Pile(label, count, waits, f"{reverse('admin:signatories_signature_begin')}?{urlencode(part)}")


# --- what looks wrong ------------------------------------------------------------------------------------


def _what_looks_wrong() -> dict[str, Any]:
    doubted, again = _organisations()
    found: dict[str, Any] = {
        "batches": suspicions.batches(),
        "surges": suspicions.surges(),
        "failed": suspicions.failed_mails(),
        "odd": suspicions.lints(),
        "doubted": doubted,
        "again": again,
    }
    return {**found, "anything": any(found.values())}


def _organisations() -> tuple[list[Organisation], list[Organisation]]:
    """Return which organisations are doubted and yet on a wall, and which are to be looked at again by now."""
    today = timezone.now().date()
    named = Exists(Signature.objects.filter(status=SignatureStatus.PUBLISHED, organisation=OuterRef("pk")))
    doubted = Q(verification__in=[Verification.DOUBTFUL, Verification.REJECTED])
    found = Organisation.objects.standing().filter(doubted & named | Q(recheck_on__lte=today))
    rows = list(found.order_by("recheck_on", "pk")[:_ORGANISATIONS])
    again = [one for one in rows if one.recheck_on is not None and one.recheck_on <= today]
    return [one for one in rows if one not in again], again


# --- what was decided ------------------------------------------------------------------------------------


def _decisions() -> tuple[list[Tally], list[Done]]:
    """Return what each colleague decided today, and the last decisions of anybody."""
    events = Event.objects.filter(by__isnull=False, subject_kind="signature", act__in=_DECIDED)
    lately = list(events.select_related("by")[:_TODAY])
    midnight = _midnight()
    today = [event for event in lately if event.at >= midnight and event.by is not None]
    counts = Counter((colleague(event.by), event.act) for event in today if event.by is not None)
    names = sorted({name for name, _act in counts})
    return [_tally(name, counts) for name in names], _done(lately[:_LAST])


def _tally(name: str, counts: Counter[tuple[str, str]]) -> Tally:
    return Tally(name, [(ACTS[act], counts[name, act]) for act in _DECIDED if counts[name, act]])


def _midnight() -> datetime:
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)


def _done(events: list[Event]) -> list[Done]:
    midnight = _midnight()
    ids = [event.subject_id for event in events]
    signatures = {one.public_id: one for one in Signature.objects.filter(public_id__in=ids)}
    return [
        Done(
            event,
            event.at >= midnight,
            ACTS[event.act],
            REASONS.get(event.reason, ""),
            signatures.get(event.subject_id),
        )
        for event in events
    ]


# --- who has not answered --------------------------------------------------------------------------------


def _unanswered() -> list[Silence]:
    """Return on which letters signatures wait for their mailbox, and whether vouches are waited for."""
    still = Q(letter__closes_at=None) | Q(letter__closes_at__gt=timezone.now() - settings.CONFIRM_GRACE)
    unconfirmed = Signature.objects.filter(still, status=SignatureStatus.UNCONFIRMED, queued_at=None)
    mailboxes = unconfirmed.order_by().values_list("letter__slug")
    vouches = Vouch.objects.filter(status=VouchStatus.ASKED).order_by().values_list(Value(""))
    rows = mailboxes.annotate(count=Count("pk"), since=Min("created_at")).union(
        vouches.annotate(count=Count("pk"), since=Min("asked_at")), all=True
    )
    words = {True: _("Not confirmed by their mailbox"), False: _("Asked to vouch")}
    return [Silence(words[bool(slug)], count, since, slug) for slug, count, since in rows if count]


def _asked(heaps: list[Heap]) -> list[Silence]:
    """Return on which letters signatures are held because their organisation was asked."""
    held = [heap for heap in heaps if heap.asked]
    return [
        Silence(_("Held: the organisation was asked"), heap.asked, heap.since, heap.slug) for heap in held
    ]


# --- letters ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far a letter is: how many organisations signed it, and what happens to it next."""

    letter: Letter
    signed: int
    next_date: tuple[str, datetime] | None


def _letters() -> list[Progress]:
    """Return how far the newest letters are."""
    found = list(Letter.objects.select_related("host")[:_LETTERS])
    published = Signature.objects.filter(letter__in=found, status=SignatureStatus.PUBLISHED)
    counts = dict(published.order_by().values_list("letter").annotate(count=Count("pk")))
    return [Progress(letter, counts.get(letter.pk, 0), _next_date(letter)) for letter in found]


def _next_date(letter: Letter) -> tuple[str, datetime] | None:
    dates = [
        (_("gathers from"), letter.gathers_at),
        (_("opens"), letter.opens_at),
        (_("closes"), letter.closes_at),
        (_("archived"), letter.archived_at),
    ]
    ahead = [(words, moment) for words, moment in dates if moment and moment > timezone.now()]
    return min(ahead, key=lambda date: date[1], default=None)
