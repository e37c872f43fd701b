"""Organisations come with the signatures that speak of them, and go with the last one."""

from collections.abc import Iterable

from django.db import transaction

from signatories.models import Organisation, Signature


def lock(keys: Iterable[int]) -> dict[int, Organisation]:
    """Return {key: organisation} of those there are; so they stay until the act is done.

    To be called when all signatures of the act are locked, so that no two acts wait for each other in a circle.
    """
    rows = Organisation.objects.filter(pk__in=set(keys)).order_by("pk")
    return {row.pk: row for row in rows.select_for_update(no_key=True)}


def keep(organisation: Organisation, *, beside: Iterable[int] = ()) -> Organisation | None:
    """Return the organisation, which then stays until the act is done; None where it was erased meanwhile.

    Where it was merged into another one, that is returned. Others that must stay as they are, too, are locked in the
    same turn.
    """
    key, others = organisation.pk, list(beside)
    while True:
        before = transaction.savepoint()
        kept = lock([key, *others]).get(key)
        if kept is None or kept.merged_into_id is None:
            transaction.savepoint_commit(before)
            return kept
        key = kept.merged_into_id
        transaction.savepoint_rollback(before)  # lets go of it: the other one is to be locked in its turn


def standing(organisation: Organisation) -> Organisation:
    """Return what an organisation was merged into, or itself, as far as that is known without a lock."""
    while organisation.merged_into is not None:
        organisation = organisation.merged_into
    return organisation


def erase_if_alone(organisation: Organisation) -> None:
    """Delete an organisation that no signature speaks of any more."""
    locked = Organisation.objects.select_for_update().filter(pk=organisation.pk).first()
    if locked is not None and not Signature.objects.filter(organisation=locked).exists():
        locked.delete()
