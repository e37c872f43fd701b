"""The queue: what waits for staff, oldest first, and who has which case before them."""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from letters.models import Staff
from signatories.models import Reading, Signature, SignatureQuerySet

READING_LASTS = timedelta(minutes=2)  # after that a colleague may be handed the case: somebody went for lunch


def waiting() -> SignatureQuerySet:
    """Return what waits for staff, the longest waiting first."""
    return Signature.objects.waiting_for_staff().longest_waiting_first()


def following(signature: Signature | None, *, by: Staff) -> Signature | None:
    """Return the case behind this one which no colleague is reading; behind the last stands the first.

    Always the oldest would never lead past two that are held. `signature.queued_at` is its place as it was read,
    so it may have left the queue since.
    """
    others = waiting().exclude(pk__in=_read_by_colleagues(by))
    if signature is None:
        return others.first()
    others = others.exclude(pk=signature.pk)
    if signature.queued_at is None:
        return others.first()
    behind = Q(queued_at__gt=signature.queued_at) | Q(queued_at=signature.queued_at, pk__gt=signature.pk)
    return others.filter(behind).first() or others.first()


def read(signature: Signature, *, by: Staff) -> None:
    """Write down that somebody has this case before them, and no other one any more."""
    Reading.objects.update_or_create(staff=by, defaults={"signature": signature, "at": timezone.now()})


def read_by(signature: Signature, *, apart_from: Staff) -> Staff | None:
    """Return the colleague who has this case before them, if any."""
    reading = _fresh().exclude(staff=apart_from).filter(signature=signature).select_related("staff").first()
    return reading.staff if reading else None


def _read_by_colleagues(staff: Staff) -> list[int]:
    return list(_fresh().exclude(staff=staff).values_list("signature", flat=True))


def _fresh() -> QuerySet[Reading]:
    return Reading.objects.filter(at__gt=timezone.now() - READING_LASTS)
