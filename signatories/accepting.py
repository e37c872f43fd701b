"""Signing through an invitation: the yes of the invited mailbox needs no second confirmation, any other one does."""

from dataclasses import asdict

from django.db import transaction

from letters.models import Text
from signatories import invitations, signing, verification
from signatories.contacts import ContactDetails, seal
from signatories.models import Contact, Invitation, Signature, SignatureStatus
from signatories.signing import Claim


def accept(
    invitation: Invitation,
    *,
    text: Text,
    claim: Claim,
    contact: ContactDetails,
    visibility: str,
    language: str,
    keep_contact: bool = False,
    place: str = "",
    trapped: bool = False,
) -> Signature:
    """Write down the yes that came through an invitation's link.

    Whoever gives the invited address has shown that the mailbox is theirs: the link was in it. Whoever gives another
    one signs as everybody does and confirms there, and the invited mailbox is told. Raises LetterNotOpen.
    """
    with transaction.atomic():
        proven = invitations.knows(invitation, contact.address)
        signature = signing.sign(
            invitation.letter,
            text=text,
            claim=claim,
            contact=contact,
            visibility=visibility,
            language=language,
            keep_contact=keep_contact,
            place=place,
            trapped=trapped,
        )
        # The mail that asks for a confirmation finds it confirmed, and is not sent.
        if proven and signature.status == SignatureStatus.UNCONFIRMED:
            _write_anew(signature, text, claim, contact, language=language, keep_contact=keep_contact)
            signature = verification.confirm(signature, visibility=visibility)
        invitations.use(invitation, signature)
    return signature


def _write_anew(
    signature: Signature,
    text: Text,
    claim: Claim,
    contact: ContactDetails,
    *,
    language: str,
    keep_contact: bool,
) -> None:
    """Put what the mailbox itself said in the place of what was typed for it before: anybody could have done that.

    The row is locked already: `sign` has made it, or found it.
    """
    said = {**asdict(claim), "text": text, "language": language, "keep_contact": keep_contact}
    for field, value in said.items():
        setattr(signature, field, value)
    signature.save(update_fields=[*said, "name_key", "sort_key", "spellings"])
    Contact.objects.filter(signature=signature).delete()
    seal(signature, contact)
