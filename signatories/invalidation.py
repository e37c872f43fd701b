"""Many at once that no organisation made: counted first, then rejected in the background, and given back if need be.

An invalidation is a rule, and how far it has come. It rejects what was signed before it was counted, and never what
belongs to an organisation that is verified. Nobody is mailed: many of those mailboxes belong to strangers who signed
nothing. The public sees every batch as soon as it is done.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, Lookup, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from letters.models import Event, Staff, record
from letters.revision import bump
from signatories import consent, names
from signatories.contacts import domain_key
from signatories.events import note_each
from signatories.models import (
    ACCEPTED,
    Contact,
    Invalidated,
    Invalidation,
    InvalidationStatus,
    RejectReason,
    Signature,
    SignatureQuerySet,
    SignatureStatus,
    Verification,
)

BATCH = 200  # rows a transaction: what a stop waits for, and what a killed worker loses
SAMPLE = 20  # names to look at before anything is done
UNDER_WAY = (InvalidationStatus.RUNNING, InvalidationStatus.UNDOING)
_UNTOUCHED = (Verification.VERIFIED, Verification.PEER_VERIFIED)
_LOOK_AGAIN = timedelta(seconds=1)  # when somebody has the last rows open


class RuleSaysNothing(Exception):
    """A rule needs more than a letter: all of a letter's signatures are never meant."""


class InvalidationIsElsewhere(Exception):
    """It has not come to where this can be done. `status` says where it is."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class NothingToGiveBack(Exception):
    """Every signature it rejected was erased since, or its organisation has signed again."""


@dataclass(frozen=True)
class Found:
    """What a rule finds: how many in each status, how many it leaves alone, and some names to look at."""

    by_status: list[tuple[SignatureStatus, int]]
    untouched: int
    sample: list[Signature]

    @property
    def total(self) -> int:
        return sum(number for _status, number in self.by_status)


@dataclass(frozen=True)
class Progress:
    """How far an invalidation has come on its way to and fro."""

    done: int
    of: int
    per_second: float

    @property
    def tens(self) -> int:
        """Return the percentage, down to the ten: said aloud it must not change all the time."""
        return 10 * (10 * self.done // self.of) if self.of else 100

    @property
    def seconds_left(self) -> int | None:
        """How long it still takes at this pace; None while that cannot be said."""
        return ceil((self.of - self.done) / self.per_second) if self.per_second else None


# --- acts ------------------------------------------------------------------------------------------------


def count(rule: Invalidation) -> Found:
    """Return what a rule finds, and change nothing."""
    if not says_something(rule):
        raise RuleSaysNothing
    spared = Q(organisation__verification__in=_UNTOUCHED)
    rows = matching(rule).order_by().values_list("status")
    numbers = list(rows.annotate(touched=Count("pk", filter=~spared), left=Count("pk", filter=spared)))
    touched = {status: number for status, number, _left in numbers}
    return Found(
        by_status=[(status, touched[status]) for status in SignatureStatus if touched.get(status)],
        untouched=sum(left for _status, _touched, left in numbers),
        # Public ids are random, so the first of them are a fair sample, and the same one every time.
        sample=list(touchable(rule).order_by("public_id")[:SAMPLE]),
    )


def begin(rule: Invalidation, *, counted: int, by: Staff) -> Invalidation:
    """Reject in the background what a rule finds. Once for one public id, however often it is asked for.

    Raises RuleSaysNothing.
    """
    if not says_something(rule):
        raise RuleSaysNothing
    said = ("letter", "signed_from", "signed_until", "domain", "batch", "name_pattern", "why", "created_at")
    with transaction.atomic():
        invalidation, is_new = Invalidation.objects.get_or_create(
            public_id=rule.public_id,
            defaults={
                **{field: getattr(rule, field) for field in said},
                "counted": counted,
                "started_at": timezone.now(),
                "by": by,
            },
        )
        if is_new:
            _note("invalidate", invalidation, by=by)
            _work_on_later(invalidation)
    return invalidation


def stop(invalidation: Invalidation, *, by: Staff) -> Invalidation:
    """Let it be where it is, at the end of the batch at hand. Raises InvalidationIsElsewhere."""
    with transaction.atomic():
        invalidation = _lock(invalidation, *UNDER_WAY)
        _end(invalidation, InvalidationStatus.CANCELLED)
        invalidation.save(update_fields=["status", "ended_at"])
        _note("stop_invalidation", invalidation, by=by)
    return invalidation


def go_on(invalidation: Invalidation, *, by: Staff) -> Invalidation:
    """Reject the rest of what a stopped one found. Raises InvalidationIsElsewhere."""
    with transaction.atomic():
        invalidation = _lock(invalidation, InvalidationStatus.CANCELLED)
        _start(invalidation, InvalidationStatus.RUNNING)
        _note("continue_invalidation", invalidation, by=by)
    return invalidation


def undo(invalidation: Invalidation, *, by: Staff) -> Invalidation:
    """Give back what it rejected, each signature exactly as it was. Raises InvalidationIsElsewhere, NothingToGiveBack.

    What was erased since, or whose organisation has signed again, stays rejected.
    """
    with transaction.atomic():
        invalidation = _lock(invalidation, InvalidationStatus.CANCELLED, InvalidationStatus.DONE)
        if not _returnable(invalidation).exists():
            raise NothingToGiveBack
        _start(invalidation, InvalidationStatus.UNDOING)
        _note("undo_invalidation", invalidation, by=by)
    return invalidation


def work_on(invalidation_id: int) -> None:
    """Do one batch of what is under way and ask for the next one, both or neither.

    Harmless at any time and by many at once: whoever finds it in other hands leaves it to them.
    """
    with transaction.atomic():
        mine = Invalidation.objects.select_for_update(skip_locked=True, no_key=True)
        invalidation = mine.filter(pk=invalidation_id, status__in=UNDER_WAY).first()
        if invalidation is None:
            return
        forth = invalidation.status == InvalidationStatus.RUNNING
        changed = _reject_some(invalidation) if forth else _give_some_back(invalidation)
        rest = touchable(invalidation) if forth else _returnable(invalidation)
        if len(changed) == BATCH or rest.exists():
            _work_on_later(invalidation, after=timedelta() if changed else _LOOK_AGAIN)
        else:
            _end(invalidation, InvalidationStatus.DONE if forth else InvalidationStatus.UNDONE)
        invalidation.save(update_fields=["done", "status", "ended_at"])
        if not set(ACCEPTED).isdisjoint(changed):
            bump([invalidation.letter_id])


def forget() -> None:
    """Drop which signatures they were, once nothing of them can be given back any more; the numbers stay."""
    before = timezone.now() - settings.ERASE_REJECTED_AFTER
    Invalidated.objects.filter(invalidation__ended_at__lt=before).delete()


# --- how far it has come ---------------------------------------------------------------------------------


def progress(invalidation: Invalidation) -> Progress:
    """Return how far it has come: forth, or back again."""
    if invalidation.status in (InvalidationStatus.UNDOING, InvalidationStatus.UNDONE):
        done = gone_this_way = invalidation.rows.filter(restored=True).count()
        of = done + invalidation.done
    else:
        done, of = invalidation.done, max(invalidation.done, invalidation.counted)
        this_way = invalidation.rows.filter(signature__ended_at__gte=invalidation.started_at)
        gone_this_way = this_way.count()
    seconds = _seconds_under_way(invalidation)
    return Progress(done=done, of=of, per_second=gone_this_way / seconds if seconds else 0.0)


def returnable_until(invalidation: Invalidation) -> datetime | None:
    """Return when the first of what can be given back is erased for good; None where nothing can be."""
    first: datetime | None = _returnable(invalidation).aggregate(first=Min("signature__ended_at"))["first"]
    return first + settings.ERASE_REJECTED_AFTER if first else None


def still_rejected(invalidation: Invalidation) -> QuerySet[Invalidated]:
    """Return what it rejected and has not given back."""
    return invalidation.rows.filter(restored=False).select_related("signature").order_by("pk")


def _seconds_under_way(invalidation: Invalidation) -> float:
    if invalidation.started_at is None or invalidation.status not in UNDER_WAY:
        return 0.0
    return (timezone.now() - invalidation.started_at).total_seconds()


# --- what a rule finds -----------------------------------------------------------------------------------


class _Like(Lookup[bool]):
    """LIKE with a pattern of our own making; Django's lookups escape every sign in it."""

    lookup_name = "like"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        column, column_params = self.process_lhs(compiler, connection)
        pattern, pattern_params = self.process_rhs(compiler, connection)
        return f"{column} LIKE {pattern}", (*column_params, *pattern_params)


def says_something(rule: Invalidation) -> bool:
    """Whether a rule says more than which letter it is about."""
    says_name = any(letter.isalnum() for letter in rule.name_pattern)
    return bool(rule.signed_from or rule.signed_until or rule.domain or rule.batch or says_name)


def matching(rule: Invalidation) -> SignatureQuerySet:
    """Return the live signatures a rule speaks of, those of verified organisations among them."""
    found = Signature.objects.live().filter(letter=rule.letter_id, created_at__lt=rule.created_at)
    if rule.signed_from:
        found = found.filter(created_at__gte=rule.signed_from)
    if rule.signed_until:
        found = found.filter(created_at__lt=rule.signed_until)
    if rule.batch:
        found = found.filter(batch=rule.batch)
    if rule.name_pattern:
        found = found.filter(_Like(F("name_key"), like(rule.name_pattern)))
    if rule.domain:
        mailboxes = Contact.objects.filter(domain_key=domain_key(rule.domain)).values("signature")
        found = found.filter(Q(pk__in=mailboxes) | Q(website__iregex=_websites_of(rule.domain)))
    return found


def touchable(rule: Invalidation) -> SignatureQuerySet:
    """Return what a rule rejects."""
    return matching(rule).exclude(organisation__verification__in=_UNTOUCHED)


def like(pattern: str) -> str:
    """Return the LIKE pattern for name keys that a name with * for anything stands for."""
    return "%".join(_escaped(_key_of(part)) for part in pattern.split("*"))


def _key_of(part: str) -> str:
    """Return a part of a name as keys write it. A space at its end is the end of a word."""
    if not part.strip():
        return part[:1]
    return f"{' ' if part[0].isspace() else ''}{names.key(part)}{' ' if part[-1].isspace() else ''}"


def _websites_of(domain: str) -> str:
    """Return the expression for addresses that belong to a domain, or to a page on a host of many."""
    return rf"^https?://([^/?#]*[.@])?{re.escape(domain)}([:/?#]|$)"


def _escaped(text: str) -> str:
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return text


# --- one batch -------------------------------------------------------------------------------------------


def _reject_some(invalidation: Invalidation) -> list[str]:
    """Reject one batch and return which status each of it had."""
    # What somebody has open is left for the next batch: waiting for it while they wait for us would be a circle.
    free = touchable(invalidation).order_by("pk").select_for_update(of=("self",), skip_locked=True)
    rows = list(free.only("public_id", "letter_id", "status", "hold_reason")[:BATCH])
    Invalidated.objects.bulk_create(
        [
            Invalidated(
                invalidation=invalidation, signature=row, status=row.status, hold_reason=row.hold_reason
            )
            for row in rows
        ],
        update_conflicts=True,  # it was given back before, and now it goes again
        unique_fields=["invalidation", "signature"],
        update_fields=["status", "hold_reason", "restored"],
    )
    Signature.objects.filter(pk__in=[row.pk for row in rows]).update(
        status=SignatureStatus.REJECTED, reject_reason=RejectReason.INVALIDATED, ended_at=timezone.now()
    )
    note_each("reject", rows, by=_asked_by(invalidation), reason=RejectReason.INVALIDATED)
    invalidation.done += len(rows)
    return [row.status for row in rows]


def _give_some_back(invalidation: Invalidation) -> list[str]:
    """Give one batch back, the last first, and return which status each of it has again."""
    free = _returnable(invalidation).order_by("-pk").select_related("signature")
    rows = list(free.select_for_update(of=("signature",), skip_locked=True)[:BATCH])
    returned = _restored(rows)
    Invalidated.objects.filter(pk__in=[row.pk for row in returned]).update(restored=True)
    note_each("restore", [row.signature for row in returned], by=_asked_by(invalidation))
    invalidation.done -= len(returned)
    return [row.status for row in returned]


def _returnable(invalidation: Invalidation) -> QuerySet[Invalidated]:
    """Return what can be given back: not erased, and nobody has signed in its place."""
    live = Signature.objects.live().filter(letter=OuterRef("signature__letter"))
    in_its_place = live.filter(organisation=OuterRef("signature__organisation"))
    signed_again = live.filter(dedupe_key=OuterRef("signature__dedupe_key"))
    rows = invalidation.rows.filter(
        ~Exists(in_its_place),
        ~Exists(signed_again),
        restored=False,
        signature__status=SignatureStatus.REJECTED,
        signature__reject_reason=RejectReason.INVALIDATED,
        signature__erased_at__isnull=True,
    )
    return rows.exclude(status__in=ACCEPTED, signature__organisation__isnull=True)


def _restored(rows: list[Invalidated]) -> list[Invalidated]:
    """Put signatures back to where they were and return those that could go there."""
    try:
        with transaction.atomic():
            _put_back(rows)
    except IntegrityError:  # one of them has a live twin, perhaps of this very moment
        return list(_restored_one_by_one(rows))
    return rows


def _restored_one_by_one(rows: list[Invalidated]) -> Iterator[Invalidated]:
    for row in rows:
        try:
            with transaction.atomic():
                _put_back([row])
        except IntegrityError:  # from now on it is not returnable, so the next batch does not find it
            continue
        yield row


def _put_back(rows: list[Invalidated]) -> None:
    for status, hold_reason in sorted({(row.status, row.hold_reason) for row in rows}):
        alike = [row.signature_id for row in rows if (row.status, row.hold_reason) == (status, hold_reason)]
        Signature.objects.filter(pk__in=alike).update(
            status=status, hold_reason=hold_reason, reject_reason="", ended_at=None
        )
    consent.sort_out(Signature.objects.filter(pk__in=[row.signature_id for row in rows]))


def _asked_by(invalidation: Invalidation) -> Staff | None:
    """Return who asked for what is being done."""
    events = Event.objects.filter(subject_kind="invalidation", subject_id=invalidation.public_id)
    last = events.select_related("by").first()
    return last.by if last else None


# --- from one status to the next -------------------------------------------------------------------------


def _lock(invalidation: Invalidation, *statuses: str) -> Invalidation:
    locked = Invalidation.objects.select_for_update(no_key=True).get(pk=invalidation.pk)
    if locked.status not in statuses:
        raise InvalidationIsElsewhere(locked.status)
    return locked


def _start(invalidation: Invalidation, status: str) -> None:
    invalidation.status = status
    invalidation.started_at, invalidation.ended_at = timezone.now(), None
    invalidation.save(update_fields=["status", "started_at", "ended_at"])
    _work_on_later(invalidation)


def _end(invalidation: Invalidation, status: str) -> None:
    """Say that it has come to an end; whoever calls saves."""
    invalidation.status = status
    invalidation.ended_at = timezone.now()


def _work_on_later(invalidation: Invalidation, *, after: timedelta = timedelta()) -> None:
    from signatories.tasks import run_invalidation  # the task imports this module

    when = timezone.now() + after if after else None
    run_invalidation.using(run_after=when).enqueue(invalidation.pk)


def _note(act: str, invalidation: Invalidation, *, by: Staff) -> None:
    record(act, kind="invalidation", subject=invalidation.public_id, letter=invalidation.letter_id, by=by)
