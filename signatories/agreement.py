"""Several people may speak for one signature: what each of them wants, and what holds while they disagree.

Less is done at once, whoever wants it. More is done once nobody wants less; where somebody does, the name is hidden
first and staff are asked.
"""

from functools import reduce

from django.db.models import Q, QuerySet

from signatories import questions
from signatories.emails import Mail, send_later
from signatories.models import Contact, Question, Signature
from signatories.visibility import Visibility, is_wider, narrower


def contacts_of(signature: Signature) -> QuerySet[Contact]:
    """Return those who speak for a standing signature: its own contact, and those of signatures joined with it."""
    return Contact.objects.filter(Q(signature=signature) | Q(signature__superseded_by=signature))


def others_than(speaker: Signature) -> QuerySet[Contact]:
    """Return who else speaks for the same signature as the contact of this one."""
    return contacts_of(speaker.standing).exclude(signature=speaker)


def join(newcomer: Signature, *, to: Signature) -> None:
    """Let the contact of a signature speak for another one too; the name goes as far as both of them want.

    Both signatures are locked. Whoever calls ends the newcomer's and saves it.
    """
    if contacts_of(to).count() == 1:
        contacts_of(to).update(wants=to.visibility)
    wanted = newcomer.contact.wants or newcomer.visibility
    Contact.objects.filter(signature=newcomer).update(wants=wanted)
    if is_wider(to.visibility, wanted):
        _narrow(to, wanted, may_return=True)


def part(signature: Signature) -> None:
    """Let a locked signature's name go as far again as was agreed and as those who are left want."""
    agreed = signature.agreed_visibility
    if not agreed or signature.question == Question.CONTACTS_DISAGREE:
        return
    wants = contacts_of(signature).values_list("wants", flat=True)
    signature.visibility = reduce(narrower, wants, agreed)
    if signature.visibility == agreed:
        signature.agreed_visibility = ""
    signature.save(update_fields=["visibility", "agreed_visibility"])


def choose(signature: Signature, visibility: Visibility, *, speaker: Signature) -> bool:
    """Show the name of a locked signature as far as a contact of it wants, unless another one objects; say if so."""
    Contact.objects.filter(signature=speaker).update(wants=visibility)
    if is_wider(signature.visibility, visibility):
        _narrow(signature, visibility, may_return=contacts_of(signature).count() > 1)
    if not is_wider(visibility, signature.visibility):
        return True
    if signature.question == Question.CONTACTS_DISAGREE or _wants_less(signature, visibility, beside=speaker):
        return False
    signature.visibility = visibility
    if not is_wider(signature.agreed_visibility or visibility, visibility):
        signature.agreed_visibility = ""
    signature.save(update_fields=["visibility", "agreed_visibility"])
    return True


def disagree(signature: Signature) -> None:
    """Hide the name of a locked signature until staff have settled what its contacts disagree about."""
    _narrow(signature, Visibility.COUNTED_ONLY, may_return=True)
    if signature.question != Question.CONTACTS_DISAGREE:
        questions.ask(signature, Question.CONTACTS_DISAGREE)
        send_later(signature, Mail.CONTACTS_DISAGREE)


def conclude(signature: Signature, visibility: str) -> None:
    """Let this be what all contacts of a locked signature want from now on."""
    signature.visibility = visibility
    signature.agreed_visibility = ""
    signature.save(update_fields=["visibility", "agreed_visibility"])
    contacts_of(signature).update(wants=visibility)


def _narrow(signature: Signature, visibility: str, *, may_return: bool) -> None:
    if may_return:
        signature.agreed_visibility = signature.agreed_visibility or signature.visibility
    signature.visibility = visibility
    signature.save(update_fields=["visibility", "agreed_visibility"])


def _wants_less(signature: Signature, visibility: str, *, beside: Signature) -> bool:
    """Whether a contact beside this one would let the name go less far."""
    wants = contacts_of(signature).exclude(signature=beside).values_list("wants", flat=True)
    return any(is_wider(visibility, one) for one in wants if one)
