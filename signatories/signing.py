"""Signing: a stranger's claim is written down and a mail is asked for. Nothing public changes."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from letters.models import Letter, Text
from signatories import limits, names, workshops
from signatories.contacts import ContactDetails, address_key, dedupe_key, seal
from signatories.emails import Mail, send_later
from signatories.events import note
from signatories.models import Channel, HoldReason, Signature, SignatureStatus, Workshop
from signatories.visibility import Visibility

REMIND_OF_PAGE_EVERY = timedelta(hours=1)  # who signs again by mistake needs one mail, not one a tap


class LetterNotOpen(Exception):
    """The letter takes no signatures now."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """An organisation as the one who signs describes it."""

    name: str
    latin: str = ""
    country: str
    kind: str
    website: str = ""
    is_network: bool = False

    def as_signed(self, letter: Letter, **more: Any) -> Signature:
        """Return the signature it makes, not stored yet, under the letter's text as it is now."""
        return Signature(letter=letter, agreed_version=letter.version_number(), **asdict(self), **more)


def sign(
    letter: Letter,
    *,
    text: Text,
    claim: Claim,
    contact: ContactDetails,
    visibility: str = Visibility.COUNTED_ONLY,
    language: str = "en",
    keep_contact: bool = False,
    place: str = "",
    trapped: bool = False,
    workshop: Workshop | None = None,
) -> Signature:
    """Write down an organisation's yes, to be confirmed from its mailbox or, by phone, by staff.

    Neither reads nor writes Organisation: what a stranger types attaches to nothing, changes nothing, reveals
    nothing and blocks nobody. The same mailbox signing for the same name again changes nothing and is mailed
    again. Many from one place wait for a person, unless a workshop has a place for them. Raises LetterNotOpen.
    """
    if not letter.accepts_signatures:
        raise LetterNotOpen
    signature = claim.as_signed(
        letter,
        text=text,
        visibility=visibility,
        channel=Channel.FORM,
        language=language,
        keep_contact=keep_contact,
        by_phone=not contact.email,
        batch=place[:16],
        dedupe_key=dedupe_key(letter.pk, contact.address, names.key(claim.name)),
    )
    with transaction.atomic():
        may_mail = bool(contact.email) and limits.may_mail(address_key(contact.address))
        signature.mails_before_confirmed = int(may_mail)
        if workshop is not None and workshops.take_place(workshop, letter=letter):
            signature.workshop = workshop
        elif place and limits.is_pressing(place):
            signature.hold_reason = HoldReason.PRESSURE
        if trapped:
            signature.hold_reason = HoldReason.TRAP
        if not _insert(signature):
            first = _signed_before(signature)
            if first is not None:
                if signature.workshop is not None:
                    workshops.give_place_back(signature.workshop)
                _remind(first, may_mail=may_mail)
                return first
            signature.save(force_insert=True)  # the first one was withdrawn in this very moment
        seal(signature, contact)
        note("sign", signature)
        if may_mail:
            send_later(signature, Mail.CONFIRM)
    return signature


def _insert(signature: Signature) -> bool:
    """Insert unless this mailbox has signed for this name; the constraint decides, so no race does."""
    try:
        with transaction.atomic():
            signature.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _signed_before(repeat: Signature) -> Signature | None:
    """Return the live signature of the same mailbox for the same name, locked."""
    same = Signature.objects.live().filter(letter=repeat.letter, dedupe_key=repeat.dedupe_key)
    return same.select_for_update().first()


def _remind(first: Signature, *, may_mail: bool) -> None:
    """Leave the first signature as it is and tell its mailbox where it stands."""
    if may_mail and first.status == SignatureStatus.UNCONFIRMED:
        _mail_confirmation_again(first)
    elif may_mail and _not_reminded_lately(first):
        first.reminded_of_page_at = timezone.now()
        first.save(update_fields=["reminded_of_page_at"])
        send_later(first, Mail.ALREADY_SIGNED)


def _mail_confirmation_again(signature: Signature) -> None:
    if signature.mails_before_confirmed < settings.MAILS_BEFORE_CONFIRMED:
        signature.mails_before_confirmed += 1
        signature.save(update_fields=["mails_before_confirmed"])
        send_later(signature, Mail.CONFIRM)


def _not_reminded_lately(signature: Signature) -> bool:
    last = signature.reminded_of_page_at
    return last is None or last < timezone.now() - REMIND_OF_PAGE_EVERY
