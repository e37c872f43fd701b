"""What was done to a signature, written down under its public id and nothing else of it."""

from collections.abc import Iterable

from django.utils import timezone

from letters.models import Event, Staff, record
from signatories.models import Signature


def note(act: str, signature: Signature, *, by: Staff | None = None, reason: str = "") -> None:
    """Write down an act on a signature; without `by` it was the signatory's own, or the clock's."""
    record(
        act, kind="signature", subject=signature.public_id, letter=signature.letter_id, by=by, reason=reason
    )


def who_did(act: str, signature: Signature) -> int | None:
    """Return the key of the member of staff who last did an act; None where nobody did."""
    done = Event.objects.filter(subject_kind="signature", subject_id=signature.public_id, act=act)
    return done.values_list("by_id", flat=True).first()


def note_each(act: str, signatures: Iterable[Signature], *, by: Staff | None, reason: str = "") -> None:
    """Write down one act on many signatures, at one moment."""
    now = timezone.now()
    Event.objects.bulk_create(
        Event(
            act=act,
            subject_kind="signature",
            subject_id=signature.public_id,
            letter_id=signature.letter_id,
            by=by,
            reason=reason,
            at=now,
        )
        for signature in signatures
    )
