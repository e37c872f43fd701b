"""The queue: what waits for staff, oldest first, and who was handed which case."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, models
from django.db.models import Case, Count, Exists, Min, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from letters.models import Staff
from signatories.models import (
    ACCEPTED,
    HoldReason,
    Question,
    Reading,
    Signature,
    SignatureQuerySet,
    SignatureStatus,
)

READING_LASTS = timedelta(minutes=2)  # after that a colleague may be handed the case: somebody went for lunch


class WaitsFor(models.TextChoices):
    """What somebody at the desk has to do about a signature that waits."""

    DECISION = "decision", _("To decide")
    HELD = "held", _("Held")
    CALL = "call", _("To call")
    SECOND = "second", _("To confirm")
    CORRECTION = "correction", _("Corrections")
    QUESTION = "question", _("Questions")


_WAITING_FOR = {
    WaitsFor.DECISION: Q(status=SignatureStatus.AWAITING_MODERATION),
    WaitsFor.HELD: Q(status=SignatureStatus.HELD),
    WaitsFor.CALL: Q(status=SignatureStatus.UNCONFIRMED, by_phone=True),
    WaitsFor.SECOND: Q(
        status=SignatureStatus.UNCONFIRMED, by_phone=False
    ),  # entered on behalf, by a colleague
    WaitsFor.CORRECTION: Q(status__in=ACCEPTED, question=Question.CORRECTION),
    WaitsFor.QUESTION: Q(status__in=ACCEPTED) & ~Q(question=Question.CORRECTION),
}


@dataclass(frozen=True)
class Part:
    """Which part of the queue somebody works through. Calls are made with a phone in hand, one after the other."""

    waits_for: str = ""
    letter: int | None = None


ALL = Part()


@dataclass(frozen=True)
class Place:
    """Where a case stands in the queue, or stood when it was read."""

    key: int
    since: datetime | None


@dataclass(frozen=True)
class Heap:
    """What waits for the same on one letter: how many, and since when the first of them."""

    waits_for: WaitsFor
    letter: int
    slug: str
    count: int
    since: datetime
    asked: int  # how many of them wait for an answer of the organisation itself


def waiting(part: Part = ALL) -> SignatureQuerySet:
    """Return what waits for staff, the longest waiting first."""
    found = Signature.objects.waiting_for_staff().longest_waiting_first()
    if part.waits_for:
        found = found.filter(_WAITING_FOR[WaitsFor(part.waits_for)])
    return found.filter(letter=part.letter) if part.letter else found


def summary(*, at_most: int) -> list[Heap]:
    """Return what waits, by letter and by what it waits for; of more than so many the oldest."""
    oldest = waiting()[:at_most].values("pk")
    need = Case(*(When(found, then=Value(need.value)) for need, found in _WAITING_FOR.items()))
    rows = Signature.objects.filter(pk__in=oldest).order_by().annotate(need=need)
    heaps = rows.values_list("need", "letter", "letter__slug").annotate(
        count=Count("pk"),
        since=Min("queued_at"),
        asked=Count("pk", filter=Q(hold_reason=HoldReason.ASKED_ORGANISATION)),
    )
    return [Heap(WaitsFor(need), *rest) for need, *rest in heaps]


def place(signature: Signature) -> Place:
    return Place(signature.pk, signature.queued_at)


def hand_out(
    behind: Place | None, *, by: Staff, part: Part = ALL, apart_from: Iterable[int] = ()
) -> int | None:
    """Hand somebody the case behind this place and return its key. Nobody else is handed it while they have it."""
    while (found := following(behind, by=by, part=part, apart_from=apart_from)) is not None:
        # Asked for again when it is theirs: a colleague may have decided it a moment ago.
        if keep(found, by=by) and waiting(part).filter(pk=found).exists():
            return found
    return None


def following(
    behind: Place | None, *, by: Staff, part: Part = ALL, apart_from: Iterable[int] = ()
) -> int | None:
    """Return the key of the case behind this place which no colleague has; behind the last stands the first.

    Always the oldest would never lead past two that are held.
    """
    free = (
        waiting(part).filter(~_with_a_colleague(by)).exclude(pk__in=apart_from).values_list("pk", flat=True)
    )
    if behind is None or behind.since is None:
        return free.first()
    others = free.exclude(pk=behind.key)
    later = Q(queued_at__gt=behind.since) | Q(queued_at=behind.since, pk__gt=behind.key)
    return others.filter(later).first() or others.first()


def keep(signature_id: int, *, by: Staff) -> bool:
    """Write down that somebody has this case before them, unless a colleague has.

    An upsert, since two who ask in the same moment must not both be told yes.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO signatories_reading (staff_id, signature_id, at) VALUES (%s, %s, %s)
            ON CONFLICT (signature_id) DO UPDATE SET staff_id = EXCLUDED.staff_id, at = EXCLUDED.at
            WHERE signatories_reading.staff_id = EXCLUDED.staff_id OR signatories_reading.at <= %s
            """,
            [by.pk, signature_id, now, now - READING_LASTS],
        )
        return bool(cursor.rowcount)


def give_back(*, by: Staff, but: Iterable[int] = ()) -> None:
    """Let colleagues have what somebody was handed, except these cases."""
    Reading.objects.filter(staff=by).exclude(signature__in=but).delete()


def reader(signature: Signature, *, apart_from: Staff) -> Staff | None:
    """Return the colleague who has this case before them, if any."""
    reading: Reading | None = getattr(signature, "reading", None)
    if reading is None or reading.staff == apart_from or reading.at <= timezone.now() - READING_LASTS:
        return None
    return reading.staff


def being_read(*, apart_from: Staff) -> QuerySet[Reading]:
    """Return what colleagues have before them now."""
    return _fresh().exclude(staff=apart_from).select_related("staff", "signature").order_by("staff", "pk")


def _with_a_colleague(staff: Staff) -> Exists:
    return Exists(_fresh().exclude(staff=staff).filter(signature=OuterRef("pk")))


def _fresh() -> QuerySet[Reading]:
    return Reading.objects.filter(at__gt=timezone.now() - READING_LASTS)
