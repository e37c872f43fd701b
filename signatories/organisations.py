"""Organisations come with the signatures that speak of them, and go with the last one."""

from signatories.models import Organisation, Signature


def keep(organisation: Organisation) -> Organisation | None:
    """Return the organisation, which then stays until the act is done; None where it was erased meanwhile.

    To be called when all signatures of the act are locked, so that no two acts wait for each other in a circle.
    """
    return Organisation.objects.select_for_update(no_key=True).filter(pk=organisation.pk).first()


def erase_if_alone(organisation: Organisation) -> None:
    """Delete an organisation that no signature speaks of any more."""
    locked = Organisation.objects.select_for_update().filter(pk=organisation.pk).first()
    if locked is not None and not Signature.objects.filter(organisation=locked).exists():
        locked.delete()
