"""Signing: a stranger's claim is written down and a mail is asked for. Nothing public changes."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from letters.models import Letter, Text, record
from signatories import limits, names
from signatories.contacts import ContactDetails, address_key, dedupe_key, seal
from signatories.emails import Mail, send_later
from signatories.models import Channel, HoldReason, Signature, SignatureStatus
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
) -> Signature:
    """Write down an organisation's yes, to be confirmed from its mailbox or, by phone, by staff.

    Neither reads nor writes Organisation: what a stranger types attaches to nothing, changes nothing, reveals
    nothing and blocks nobody. The same mailbox signing for the same name again changes nothing and is mailed
    again. Raises LetterNotOpen.
    """
    if not letter.accepts_signatures:
        raise LetterNotOpen
    signature = Signature(
        letter=letter,
        text=text,
        name=claim.name,
        latin=claim.latin,
        country=claim.country,
        kind=claim.kind,
        website=claim.website,
        is_network=claim.is_network,
        visibility=visibility,
        channel=Channel.FORM,
        language=language,
        keep_contact=keep_contact,
        by_phone=not contact.email,
        dedupe_key=dedupe_key(letter.pk, contact.address, names.key(claim.name)),
    )
    with transaction.atomic():
        if place and limits.is_pressing(place):
            signature.hold_reason = HoldReason.PRESSURE
        if trapped:
            signature.hold_reason = HoldReason.TRAP
        if not _insert(signature):
            return _sign_again(signature)
        seal(signature, contact)
        record("sign", kind="signature", subject=signature.public_id, letter=letter)
        _ask_to_confirm(signature, contact)
    return signature


def _insert(signature: Signature) -> bool:
    """Insert unless this mailbox has signed for this name; the constraint decides, so no race does."""
    try:
        with transaction.atomic():
            signature.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _sign_again(repeat: Signature) -> Signature:
    """Leave the first signature as it is and tell its mailbox where it stands."""
    first = (
        Signature.objects.live()
        .select_for_update(of=("self",))
        .select_related("contact")
        .get(letter=repeat.letter, dedupe_key=repeat.dedupe_key)
    )
    if first.by_phone:
        return first
    if first.status == SignatureStatus.UNCONFIRMED:
        if first.mails_before_confirmed < settings.MAILS_BEFORE_CONFIRMED:
            _mail_confirmation(first, first.contact.address_key)
    elif _not_reminded_lately(first):
        Signature.objects.filter(pk=first.pk).update(reminded_of_page_at=timezone.now())
        send_later(first, Mail.ALREADY_SIGNED)
    return first


def _not_reminded_lately(signature: Signature) -> bool:
    last = signature.reminded_of_page_at
    return last is None or last < timezone.now() - REMIND_OF_PAGE_EVERY


def _ask_to_confirm(signature: Signature, contact: ContactDetails) -> None:
    if not signature.by_phone:
        _mail_confirmation(signature, address_key(contact.address))


def _mail_confirmation(signature: Signature, address: str) -> None:
    if limits.may_mail(address):
        Signature.objects.filter(pk=signature.pk).update(
            mails_before_confirmed=F("mails_before_confirmed") + 1
        )
        send_later(signature, Mail.CONFIRM)
