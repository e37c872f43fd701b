"""Spokespeople: contacts who would speak to journalists. The host asks them; their names are told to nobody else."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import QuerySet

from letters.models import Letter, record
from letters.revision import bump
from signatories import wall
from signatories.agreement import contacts_of
from signatories.locking import SignatureEnded, lock_standing
from signatories.models import CONFIRMED, ENDED, Contact, Signature, Spokesperson


class NobodyToAsk(Exception):
    """No contact is kept that could be asked, or none has confirmed yet."""


def volunteer(signature: Signature, *, languages: Iterable[str]) -> Spokesperson:
    """Write down that the contact of a signature would speak to journalists, and in which languages.

    Raises SignatureEnded, NobodyToAsk.
    """
    with transaction.atomic():
        standing = lock_standing(signature)
        if standing.has_ended:
            raise SignatureEnded
        contact = Contact.objects.filter(signature=signature).first()
        if contact is None or standing.status not in CONFIRMED:
            raise NobodyToAsk
        said = {"languages": sorted(set(languages))}
        with _watched(standing.letter_id):
            spokesperson, is_new = Spokesperson.objects.update_or_create(contact=contact, defaults=said)
        if is_new:
            _note("volunteer_to_speak", signature)
    return spokesperson


def step_back(signature: Signature) -> None:
    """Send the contact of a signature no journalist any more. Stepping back twice is harmless."""
    with transaction.atomic():
        standing = lock_standing(signature)
        with _watched(standing.letter_id):
            gone, _rows = Spokesperson.objects.filter(contact__signature=signature).delete()
        if gone:
            _note("step_back_from_speaking", signature)


def forget_all_of(signature: Signature) -> None:
    """Forget everybody who would have spoken for a signature that ends: a part of ending it."""
    Spokesperson.objects.filter(contact__in=contacts_of(signature)).delete()


def of_letter(letter: Letter) -> QuerySet[Spokesperson]:
    """Return who would speak about a letter and whose signature stands, the longest willing first: for those who may
    see contacts."""
    ready = Spokesperson.objects.filter(contact__signature__letter=letter)
    standing = ready.exclude(contact__signature__status__in=set(ENDED) - {"superseded"})
    return standing.select_related("contact__signature__superseded_by").order_by("since", "pk")


@contextmanager
def _watched(letter_id: int) -> Iterator[None]:
    """Give the letter a new revision where what is told of spokespeople changes: mostly it does not.

    The letter is locked first, so that of two who volunteer at once the second counts the first.
    """
    letter = Letter.objects.select_for_update(no_key=True).get(pk=letter_id)
    before = wall.spokespeople(letter)
    yield
    if wall.spokespeople(letter) != before:
        bump([letter_id])


def _note(act: str, signature: Signature) -> None:
    """Write it down apart from what the case shows: who is willing is for those who may see contacts."""
    record(act, kind="spokesperson", subject=signature.public_id, letter=signature.letter_id)
