"""Workshops: a code lets many organisations sign from one room. It opens no other door than the form's.

Whoever signs with it confirms and is moderated as anybody; the code only spares a room what a herd is put through.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from letters.models import Letter, Staff, record
from signatories.models import Signature, Workshop

# No letter and no digit that looks like another one on paper: i l o 0 1.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH = 28  # 138 bits; seven groups of four can be typed where no camera is
_GROUP = 4


class CodeUnknown(Exception):
    """No workshop has this code, or a newer one replaced it."""


class WorkshopOver(Exception):
    """The workshop was stopped, or its time is over. `workshop` says which."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__(workshop)
        self.workshop = workshop


class AlreadyMade(Exception):
    """The same form made a workshop before; its code is shown once."""


class Opened(NamedTuple):
    """A workshop and its code, which is stored nowhere."""

    workshop: Workshop
    code: str


def open_workshop(
    letter: Letter,
    *,
    label: str,
    by: Staff,
    places: int = settings.WORKSHOP_PLACES,
    life: timedelta = settings.WORKSHOP_LIFE,
    public_id: str = "",
) -> Opened:
    """Give a room so many places under a letter, for so long. Raises AlreadyMade for an id that is taken."""
    code = _new_code()
    workshop = Workshop(
        letter=letter,
        label=label,
        code_digest=_digest(code),
        places=places,
        good_until=timezone.now() + life,
        by=by,
        **({"public_id": public_id} if public_id else {}),
    )
    with transaction.atomic():
        _insert(workshop)
        _note("open_workshop", workshop, by=by)
    return Opened(workshop, code)


def renew_code(workshop: Workshop, *, by: Staff) -> Opened:
    """Give a workshop another code; the old one opens nothing any more. Raises WorkshopOver."""
    with transaction.atomic():
        workshop = Workshop.objects.select_for_update().get(pk=workshop.pk)
        if not workshop.is_running:
            raise WorkshopOver(workshop)
        code = _new_code()
        workshop.code_digest = _digest(code)
        workshop.save(update_fields=["code_digest"])
        _note("renew_workshop", workshop, by=by)
    return Opened(workshop, code)


def stop(workshop: Workshop, *, by: Staff) -> Workshop:
    """Let nobody sign with the code any more. Stopping twice keeps the first time."""
    with transaction.atomic():
        workshop = Workshop.objects.select_for_update().get(pk=workshop.pk)
        if workshop.stopped_at is None:
            workshop.stopped_at = timezone.now()
            workshop.save(update_fields=["stopped_at"])
            _note("stop_workshop", workshop, by=by)
    return workshop


def find(code: str) -> Workshop:
    """Return the workshop a code belongs to, however it was typed. Raises CodeUnknown or WorkshopOver."""
    found = Workshop.objects.select_related("letter__host").filter(code_digest=_digest(code)).first()
    if found is None:
        raise CodeUnknown
    if not found.is_running:
        raise WorkshopOver(found)
    return found


def take_place(workshop: Workshop, *, letter: Letter) -> bool:
    """Take one place in a room, if there is one; one statement, so that thirty places are thirty.

    Part of signing: its transaction keeps the row until the signature stands.
    """
    free = Workshop.objects.running().filter(pk=workshop.pk, letter=letter, taken__lt=F("places"))
    return bool(free.update(taken=F("taken") + 1))


def give_place_back(workshop: Workshop) -> None:
    """Give back what `take_place` took in this transaction: the organisation had signed before."""
    Workshop.objects.filter(pk=workshop.pk, taken__gt=0).update(taken=F("taken") - 1)


def grouped(code: str) -> str:
    """Return a code as it is read from paper: in groups."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def forget() -> None:
    """Forget who sat in which room, long after it mattered; how many there were stays."""
    over = Workshop.objects.filter(good_until__lt=timezone.now() - settings.WORKSHOP_KEPT)
    Signature.objects.filter(workshop__in=over).update(workshop=None)


def _new_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def _digest(code: str) -> str:
    """Return the hash of a code as people type it: in capitals, with other hyphens, in other groups."""
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(f"workshop\0{plain}".encode(errors="surrogatepass")).hexdigest()


def _insert(workshop: Workshop) -> None:
    try:
        with transaction.atomic():
            workshop.save(force_insert=True)
    except IntegrityError:
        raise AlreadyMade from None


def _note(act: str, workshop: Workshop, *, by: Staff) -> None:
    record(act, kind="workshop", subject=workshop.public_id, letter=workshop.letter_id, by=by)
