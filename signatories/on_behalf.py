"""Signatures that staff enter for organisations that cannot: one person enters, and another one confirms."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from letters.models import Letter, Staff, Text
from signatories import names
from signatories.contacts import ContactDetails, dedupe_key, seal
from signatories.emails import Mail, send_later
from signatories.events import note
from signatories.locking import SignatureEnded, lock
from signatories.models import Channel, ConsentChannel, Remark, Signature, SignatureStatus
from signatories.signing import Claim, LetterNotOpen
from signatories.verification import ConfirmingIsOver, refuse_who_entered


class NotOnBehalf(Exception):
    """The signature was not entered by staff, or is confirmed already."""


class MailboxHasSigned(Exception):
    """The same contact has signed this letter for this name. `signature` is that one."""

    def __init__(self, signature: Signature) -> None:
        super().__init__(signature.public_id)
        self.signature = signature


def enter(
    letter: Letter,
    *,
    text: Text,
    claim: Claim,
    visibility: str,
    language: str,
    channel: str,
    evidence: str,
    by: Staff,
    contact: ContactDetails | None = None,
    keep_contact: bool = False,
) -> Signature:
    """Write down the yes an organisation gave to somebody of the coalition: how, and where that is kept.

    It waits until a second person of the staff, or the organisation from its own mailbox, confirms it. Raises
    LetterNotOpen, MailboxHasSigned.
    """
    if not letter.accepts_signatures:
        raise LetterNotOpen
    mails = contact is not None and bool(contact.email)
    signature = claim.as_signed(
        letter,
        text=text,
        visibility=visibility,
        channel=Channel.ON_BEHALF,
        language=language,
        keep_contact=keep_contact and contact is not None,
        by_phone=contact is not None and not contact.email,
        mails_before_confirmed=int(mails),
    )
    if contact is not None:
        signature.dedupe_key = dedupe_key(letter.pk, contact.address, names.key(claim.name))
    with transaction.atomic():
        _insert(signature)
        if contact is not None:
            seal(signature, contact)
        Remark.objects.create(signature=signature, by=by, words=evidence)
        note("enter", signature, by=by, reason=ConsentChannel(channel))
        if mails:
            send_later(signature, Mail.CONFIRM)
    return signature


def second(signature: Signature, *, by: Staff) -> Signature:
    """Confirm what a colleague entered, having looked at the evidence; from then on it waits for a moderator.

    Confirming twice is harmless. Raises SamePerson, SignatureEnded, ConfirmingIsOver, NotOnBehalf.
    """
    with transaction.atomic():
        signature = lock(signature)
        if signature.has_ended:
            raise SignatureEnded
        if signature.channel != Channel.ON_BEHALF:
            raise NotOnBehalf
        if signature.status != SignatureStatus.UNCONFIRMED:
            return signature
        refuse_who_entered(signature, by=by)
        if not signature.letter.accepts_confirmations:
            raise ConfirmingIsOver
        signature.confirmed_at = timezone.now()
        signature.status = SignatureStatus.AWAITING_MODERATION
        signature.save(update_fields=["confirmed_at", "status"])
        note("second", signature, by=by)
    return signature


def drop(signature: Signature, *, by: Staff) -> None:
    """Delete what was entered by mistake, as long as nobody has confirmed it. Raises NotOnBehalf."""
    with transaction.atomic():
        signature = lock(signature)
        if signature.channel != Channel.ON_BEHALF or signature.status != SignatureStatus.UNCONFIRMED:
            raise NotOnBehalf
        note("drop", signature, by=by)
        signature.delete()


def waiting(letter: Letter) -> QuerySet[Signature]:
    """Return what was entered on behalf and nobody has confirmed yet, the oldest first."""
    entered = Signature.objects.filter(letter=letter, channel=Channel.ON_BEHALF)
    return entered.filter(status=SignatureStatus.UNCONFIRMED).order_by("created_at", "pk")


def _insert(signature: Signature) -> None:
    try:
        with transaction.atomic():
            signature.save(force_insert=True)
    except IntegrityError:
        same = Signature.objects.live().filter(letter=signature.letter, dedupe_key=signature.dedupe_key)
        raise MailboxHasSigned(same.get()) from None
