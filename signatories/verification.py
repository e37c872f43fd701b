"""Confirming that an organisation's own mailbox said yes, and verifying that an organisation is real."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from letters.models import Staff, record
from signatories import organisations
from signatories.emails import Mail, send_later
from signatories.events import note, who_did
from signatories.models import Channel, Organisation, Signature, SignatureStatus, Verification


class ConfirmingIsOver(Exception):
    """The letter was closed, and the grace for confirming is over."""


class SignatureEnded(Exception):
    """The signature was withdrawn or rejected."""


class NotByPhone(Exception):
    """Only a signature that gave a phone number is confirmed by hand."""


class EnteredByTheSamePerson(Exception):
    """Who entered a signature on behalf of an organisation does not confirm it, too."""


def confirm(signature: Signature, *, visibility: str) -> Signature:
    """Take the mailbox's yes, with the choice who may see the name. Confirming twice keeps the first time.

    Raises ConfirmingIsOver or SignatureEnded.
    """
    with transaction.atomic():
        signature = _lock(signature)
        if signature.has_ended:
            raise SignatureEnded
        if signature.status != SignatureStatus.UNCONFIRMED:
            return signature
        if not signature.letter.accepts_confirmations:
            raise ConfirmingIsOver
        signature.visibility = visibility
        _move_on(signature)
        _attach_to_organisation_of_mailbox(signature)
        note("confirm", signature)
        held = signature.status == SignatureStatus.HELD
        send_later(signature, Mail.HELD if held else Mail.CONFIRMED)
    return signature


def confirm_by_hand(signature: Signature, *, by: Staff) -> Signature:
    """Take a yes that staff heard on the phone number given.

    Raises NotByPhone, EnteredByTheSamePerson, or as `confirm` does.
    """
    with transaction.atomic():
        signature = _lock(signature)
        if signature.has_ended:
            raise SignatureEnded
        if not signature.by_phone or signature.status != SignatureStatus.UNCONFIRMED:
            raise NotByPhone
        if signature.channel == Channel.ON_BEHALF and who_did("enter", signature) == by.pk:
            raise EnteredByTheSamePerson
        if not signature.letter.accepts_confirmations:
            raise ConfirmingIsOver
        _move_on(signature)
        note("confirm_by_hand", signature, by=by)
    return signature


def verify(
    organisation: Organisation, *, by: Staff, verification: str = Verification.VERIFIED
) -> Organisation:
    """Write down whether an organisation is real and what it says it is."""
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update().get(pk=organisation.pk)
        organisation.verification = Verification(verification)
        organisation.save(update_fields=["verification"])
        record("verify", kind="organisation", subject=organisation.public_id, by=by, reason=verification)
    return organisation


def _lock(signature: Signature) -> Signature:
    locked = Signature.objects.select_for_update(of=("self",)).select_related("letter")
    return locked.get(pk=signature.pk)


def _move_on(signature: Signature) -> None:
    signature.confirmed_at = timezone.now()
    signature.status = SignatureStatus.HELD if signature.hold_reason else SignatureStatus.AWAITING_MODERATION
    signature.save(update_fields=["visibility", "confirmed_at", "status"])


def _attach_to_organisation_of_mailbox(signature: Signature) -> None:
    """Attach the organisation this mailbox speaks for, unless it has signed this letter: a moderator looks at that."""
    organisation = _organisation_of_mailbox(signature)
    if organisation is None:
        return
    if Signature.objects.live().filter(letter=signature.letter_id, organisation=organisation).exists():
        return
    try:
        with transaction.atomic():
            signature.organisation = organisations.keep(organisation)
            signature.save(update_fields=["organisation"])
    except IntegrityError:  # it signs this letter at this very moment
        signature.organisation = None


def _organisation_of_mailbox(signature: Signature) -> Organisation | None:
    """Return the one verified organisation this mailbox stands for elsewhere, if the name is its name too.

    A signature that staff threw out or that was withdrawn speaks for nobody, though its contact is kept for a while.
    """
    known = list(
        Organisation.objects.filter(
            verification=Verification.VERIFIED,
            signatures__status=SignatureStatus.PUBLISHED,
            signatures__contact__address_key=signature.contact.address_key,
        ).distinct()[:2]
    )
    return known[0] if len(known) == 1 and signature.name_key in known[0].name_keys else None
