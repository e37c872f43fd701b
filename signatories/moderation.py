"""What staff decide about signatures: approve, reject, hold, lower, complete, and agree to corrections."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from letters.models import Staff
from letters.revision import bump
from signatories import contacts, organisations
from signatories.emails import Mail, send_later
from signatories.events import note
from signatories.models import (
    DECIDABLE,
    Channel,
    Contact,
    HoldReason,
    Organisation,
    Proposal,
    RejectReason,
    Signature,
    SignatureStatus,
    Token,
)
from signatories.visibility import StaffCap, narrower


class NotAwaitingModeration(Exception):
    """Somebody else was faster, or the mailbox has not confirmed yet. `status` says where the signature is."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class OrganisationAlreadySigned(Exception):
    """The organisation has a signature on this letter. `signature` is that one."""

    def __init__(self, signature: Signature) -> None:
        super().__init__(signature.public_id)
        self.signature = signature


class NothingProposed(Exception):
    """There is no correction to decide about."""


class NotCompletable(Exception):
    """Only an imported name that nobody has claimed is completed by staff."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What staff may complete on an imported name."""

    country: str
    kind: str = ""
    latin: str = ""
    website: str = ""


def approve(signature: Signature, *, by: Staff, organisation: Organisation | None = None) -> Signature:
    """Show a confirmed signature on its letter, as the given organisation's or as a new one's.

    Where that organisation's name was imported from a published list, the signatory claims its place: contact and
    facts move onto the published row, which is returned. Raises NotAwaitingModeration, OrganisationAlreadySigned.
    """
    with transaction.atomic():
        signature = _lock(signature)
        if signature.status not in DECIDABLE:
            raise NotAwaitingModeration(signature.status)
        organisation = organisation or signature.organisation or _new_organisation(signature)
        standing = Signature.objects.live().filter(letter=signature.letter_id, organisation=organisation)
        other = standing.exclude(pk=signature.pk).select_for_update(of=("self",)).first()
        if other is None:
            _publish(signature, organisation)
        elif _is_unclaimed(other) and _has_contact(signature):
            signature = _claim_place(signature, other)
        else:
            raise OrganisationAlreadySigned(other)
        note("approve", signature, by=by)
        send_later(signature, Mail.PUBLISHED)
        bump([signature.letter_id])
    return signature


def reject(signature: Signature, *, by: Staff, reason: str = RejectReason.NOT_AN_ORGANISATION) -> Signature:
    """Refuse a signature, published or not, and mail the reason. Raises NotAwaitingModeration."""
    with transaction.atomic():
        signature = _lock(signature)
        calls = signature.by_phone and signature.status == SignatureStatus.UNCONFIRMED
        if not calls and signature.status not in (*DECIDABLE, SignatureStatus.PUBLISHED):
            raise NotAwaitingModeration(signature.status)
        was_counted = signature.status == SignatureStatus.PUBLISHED
        signature.status = SignatureStatus.REJECTED
        signature.reject_reason = RejectReason(reason)
        signature.ended_at = timezone.now()
        signature.save(update_fields=["status", "reject_reason", "ended_at"])
        Proposal.objects.filter(signature=signature).delete()
        note("reject", signature, by=by, reason=reason)
        send_later(signature, Mail.REJECTED)
        if was_counted:
            bump([signature.letter_id])
    return signature


def hold(signature: Signature, *, by: Staff, reason: str = HoldReason.OTHER) -> Signature:
    """Set a signature aside, off the wall if it was on it, and mail the reason. Raises NotAwaitingModeration."""
    with transaction.atomic():
        signature = _lock(signature)
        if signature.status not in (*DECIDABLE, SignatureStatus.PUBLISHED):
            raise NotAwaitingModeration(signature.status)
        was_counted = signature.status == SignatureStatus.PUBLISHED
        signature.status = SignatureStatus.HELD
        signature.hold_reason = HoldReason(reason)
        signature.save(update_fields=["status", "hold_reason"])
        note("hold", signature, by=by, reason=reason)
        send_later(signature, Mail.HELD)
        if was_counted:
            bump([signature.letter_id])
    return signature


def lower(signature: Signature, *, by: Staff, to: str) -> Signature:
    """Set how far staff let a name go. It never shows more than the signatory chose."""
    with transaction.atomic():
        signature = _lock(signature)
        was_named = signature.is_named_publicly
        signature.staff_cap = StaffCap(to) if to else ""
        signature.save(update_fields=["staff_cap"])
        note("lower", signature, by=by, reason=to)
        if signature.is_named_publicly != was_named:
            bump([signature.letter_id])
    return signature


def complete(signature: Signature, *, by: Staff, facts: Facts) -> Signature:
    """Add to an imported name what its list did not say. Raises NotCompletable."""
    with transaction.atomic():
        signature = _lock(signature)
        if not _is_unclaimed(signature):
            raise NotCompletable
        for field in ("country", "kind", "latin", "website"):
            setattr(signature, field, getattr(facts, field))
        signature.save(update_fields=["country", "kind", "latin", "website"])
        note("complete", signature, by=by)
        if signature.status == SignatureStatus.PUBLISHED:
            bump([signature.letter_id])
    return signature


def accept_correction(signature: Signature, *, by: Staff) -> Signature:
    """Put the proposed facts in the place of the published ones. Raises NothingProposed."""
    with transaction.atomic():
        signature = _lock(signature)
        proposal = _proposal(signature)
        for field in ("name", "latin", "country", "kind", "website"):
            setattr(signature, field, getattr(proposal, field))
        proposal.delete()
        signature.save(update_fields=["name", "name_key", "sort_key", "latin", "country", "kind", "website"])
        note("accept_correction", signature, by=by)
        send_later(signature, Mail.CORRECTION_ACCEPTED)
        if signature.status == SignatureStatus.PUBLISHED:
            bump([signature.letter_id])
    return signature


def decline_correction(signature: Signature, *, by: Staff) -> Signature:
    """Let the published facts stand. Raises NothingProposed."""
    with transaction.atomic():
        signature = _lock(signature)
        _proposal(signature).delete()
        note("decline_correction", signature, by=by)
        send_later(signature, Mail.CORRECTION_DECLINED)
    return signature


def _lock(signature: Signature) -> Signature:
    # Without joins: what waited for the lock would see the old row of the joined table.
    return Signature.objects.select_for_update().get(pk=signature.pk)


def _new_organisation(signature: Signature) -> Organisation:
    return Organisation.objects.create(
        name=signature.name,
        country=signature.country,
        kind=signature.kind,
        is_network=signature.is_network,
        website=signature.website,
    )


def _publish(signature: Signature, organisation: Organisation) -> None:
    signature.organisation = organisations.keep(organisation) or _new_organisation(signature)
    signature.status = SignatureStatus.PUBLISHED
    signature.hold_reason = ""
    signature.published_at = signature.published_at or timezone.now()
    try:
        with transaction.atomic():
            signature.save(update_fields=["organisation", "status", "hold_reason", "published_at"])
    except IntegrityError:  # approved at the same moment by a colleague, as the same organisation
        raise OrganisationAlreadySigned(
            Signature.objects.live().get(letter=signature.letter_id, organisation=organisation)
        ) from None


def _is_unclaimed(signature: Signature) -> bool:
    return signature.channel == Channel.IMPORT and not signature.has_ended and not _has_contact(signature)


def _has_contact(signature: Signature) -> bool:
    return Contact.objects.filter(signature=signature).exists()


def _claim_place(signature: Signature, place: Signature) -> Signature:
    """Move contact, choices and facts of a new signature onto the imported row of the same organisation.

    Nothing of them stays behind: a second copy would outlive an erasure.
    """
    for field in ("name", "latin", "country", "kind", "is_network", "website"):
        setattr(place, field, getattr(signature, field))
    for field in ("visibility", "language", "keep_contact", "by_phone", "text_id", "confirmed_at"):
        setattr(place, field, getattr(signature, field))
    place.staff_cap = narrower(place.staff_cap, signature.staff_cap)
    place.status = SignatureStatus.PUBLISHED
    place.hold_reason = ""
    place.dedupe_key = signature.dedupe_key
    signature.status = SignatureStatus.SUPERSEDED
    signature.hold_reason = ""
    signature.ended_at = timezone.now()
    signature.empty()
    signature.save()
    place.save()
    place.excluded_recipients.add(*signature.excluded_recipients.all())
    signature.excluded_recipients.clear()
    contacts.move(signature.contact, to=place)
    Proposal.objects.filter(signature=signature).delete()
    Token.objects.filter(signature=signature).update(signature=place)
    note("superseded", signature)
    return place


def _proposal(signature: Signature) -> Proposal:
    proposal = Proposal.objects.filter(signature=signature).first()
    if proposal is None:
        raise NothingProposed
    return proposal
