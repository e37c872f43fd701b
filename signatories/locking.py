"""An act locks first: signatures before organisations, each in the order of their keys, so none waits in a circle."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from signatories import organisations
from signatories.models import Signature


class SignatureEnded(Exception):
    """The signature was withdrawn or rejected."""


@dataclass(frozen=True)
class Rows:
    """The keys of what an act changes, or must not change under it."""

    signatures: frozenset[int]
    organisations: frozenset[int] = frozenset()

    def cover(self, other: "Rows") -> bool:
        return other.signatures <= self.signatures and other.organisations <= self.organisations


def lock(signature: Signature) -> Signature:
    """Return a signature as it is now; so it stays until the act is done."""
    # Without joins: what waited for the lock would see the old row of the joined table.
    return Signature.objects.select_for_update().get(pk=signature.pk)


def lock_standing(signature: Signature) -> Signature:
    """Return, locked, the signature that this one's contact speaks for."""
    standing = lock(signature.standing)
    while standing.superseded_by is not None:  # it was joined with another one meanwhile
        standing = lock(standing.superseded_by)
    return standing


def lock_together(concerned: Callable[[], Rows]) -> Rows:
    """Lock all that an act concerns, and return which rows that are.

    They are looked for again under the lock: where others have come to be concerned meanwhile, everything is let go
    and locked anew, so that none is locked out of its turn.
    """
    while True:
        rows = concerned()
        before = transaction.savepoint()
        locked = Signature.objects.filter(pk__in=rows.signatures).order_by("pk")
        list(locked.select_for_update().values_list("pk"))
        organisations.lock(rows.organisations)
        if rows.cover(concerned()):
            transaction.savepoint_commit(before)
            return rows
        transaction.savepoint_rollback(before)
