"""What staff decide about signatures: approve, reject, hold, lower, complete, and agree to corrections."""

from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from letters.models import Staff
from letters.revision import bump
from signatories import contacts, organisations, undoing
from signatories.emails import Mail, call_back, send_later
from signatories.events import note
from signatories.models import (
    DECIDABLE,
    Channel,
    Contact,
    HoldReason,
    Organisation,
    Proposal,
    Question,
    RejectReason,
    Remark,
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


class NothingToUndo(Exception):
    """The last decision is a colleague's, or too long ago, or something else has happened since."""


class NothingAsked(Exception):
    """The signature has no open question."""


class NotCompletable(Exception):
    """Only a name that was imported or entered, and that nobody has claimed, is completed by staff."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What staff may complete on an imported name."""

    country: str
    kind: str = ""
    latin: str = ""
    website: str = ""


_FACTS = ("name", "latin", "country", "kind", "website")


def approve(signature: Signature, *, by: Staff, organisation: Organisation | None = None) -> Signature:
    """Show a confirmed signature on its letter, as the given organisation's or as a new one's.

    Where that organisation's name was imported from a published list, the signatory claims its place: contact and
    facts move onto the published row, which is returned. Raises NotAwaitingModeration, OrganisationAlreadySigned.
    """
    with transaction.atomic():
        signature = _lock(signature)
        if signature.status not in DECIDABLE:
            raise NotAwaitingModeration(signature.status)
        was = undoing.before(signature)
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
        if other is None:  # a place that was claimed is not given back: its facts have moved
            undoing.remember("approve", signature, was, by=by)
        send_later(signature, Mail.PUBLISHED, after=settings.UNDO_FOR)
        bump([signature.letter_id])
    return signature


def reject(signature: Signature, *, by: Staff, reason: str = RejectReason.NOT_AN_ORGANISATION) -> Signature:
    """Refuse a signature, published or not, and mail the reason. Raises NotAwaitingModeration."""
    with transaction.atomic():
        signature = _lock(signature)
        calls = signature.by_phone and signature.status == SignatureStatus.UNCONFIRMED
        if not calls and signature.status not in (*DECIDABLE, SignatureStatus.PUBLISHED):
            raise NotAwaitingModeration(signature.status)
        was = undoing.before(signature)
        was_counted = signature.status == SignatureStatus.PUBLISHED
        signature.status = SignatureStatus.REJECTED
        signature.reject_reason = RejectReason(reason)
        signature.ended_at = timezone.now()
        signature.save(update_fields=["status", "reject_reason", "ended_at"])
        Proposal.objects.filter(signature=signature).delete()
        note("reject", signature, by=by, reason=reason)
        undoing.remember("reject", signature, was, by=by)
        send_later(signature, Mail.REJECTED, after=settings.UNDO_FOR)
        if was_counted:
            bump([signature.letter_id])
    return signature


def hold(signature: Signature, *, by: Staff, reason: str = HoldReason.OTHER) -> Signature:
    """Set a signature aside, off the wall if it was on it, and mail the reason. Raises NotAwaitingModeration."""
    with transaction.atomic():
        signature = _lock(signature)
        if signature.status not in (*DECIDABLE, SignatureStatus.PUBLISHED):
            raise NotAwaitingModeration(signature.status)
        was = undoing.before(signature)
        was_counted = signature.status == SignatureStatus.PUBLISHED
        signature.status = SignatureStatus.HELD
        signature.hold_reason = HoldReason(reason)
        signature.save(update_fields=["status", "hold_reason"])
        note("hold", signature, by=by, reason=reason)
        undoing.remember("hold", signature, was, by=by)
        send_later(signature, Mail.HELD, after=settings.UNDO_FOR)
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
        signature.save(update_fields=["country", "kind", "latin", "website", "spellings"])
        note("complete", signature, by=by)
        if signature.status == SignatureStatus.PUBLISHED:
            bump([signature.letter_id])
    return signature


def accept_correction(signature: Signature, *, by: Staff) -> Signature:
    """Put the proposed facts in the place of the published ones. Raises NothingProposed."""
    with transaction.atomic():
        signature = _lock(signature)
        proposal = _proposal(signature)
        was = undoing.before(signature)
        for field in _FACTS:
            setattr(signature, field, getattr(proposal, field))
        proposal.delete()
        _answer(signature, Question.CORRECTION)
        signature.save(update_fields=[*_FACTS, "name_key", "sort_key", "spellings", "question", "asked_at"])
        note("accept_correction", signature, by=by)
        undoing.remember("accept_correction", signature, was, by=by)
        send_later(signature, Mail.CORRECTION_ACCEPTED, after=settings.UNDO_FOR)
        if signature.status == SignatureStatus.PUBLISHED:
            bump([signature.letter_id])
    return signature


def decline_correction(signature: Signature, *, by: Staff) -> Signature:
    """Let the published facts stand. Raises NothingProposed."""
    with transaction.atomic():
        signature = _lock(signature)
        proposal = _proposal(signature)
        was = undoing.before(signature)
        proposal.delete()
        _answer(signature, Question.CORRECTION)
        signature.save(update_fields=["question", "asked_at"])
        note("decline_correction", signature, by=by)
        undoing.remember("decline_correction", signature, was, by=by)
        send_later(signature, Mail.CORRECTION_DECLINED, after=settings.UNDO_FOR)
    return signature


def settle(signature: Signature, *, by: Staff) -> Signature:
    """Answer the open question of a published signature: it stands as it is. Raises NothingAsked."""
    with transaction.atomic():
        signature = _lock(signature)
        question = signature.question
        if not question or question == Question.CORRECTION:
            raise NothingAsked
        was = undoing.before(signature)
        _answer(signature, question)
        signature.save(update_fields=["question", "asked_at"])
        note("settle", signature, by=by, reason=question)
        undoing.remember("settle", signature, was, by=by)
    return signature


def remark(signature: Signature, *, by: Staff, words: str) -> Remark:
    """Note something about a case, for colleagues."""
    with transaction.atomic():
        written = Remark.objects.create(signature=signature, by=by, words=words)
        note("remark", signature, by=by)
    return written


def undo(signature: Signature, *, by: Staff) -> Signature:
    """Take one's own last decision back, within settings.UNDO_FOR. Raises NothingToUndo."""
    with transaction.atomic():
        signature = _lock(signature)
        decision = undoing.last_decision(signature, by=by)
        if decision is None:
            raise NothingToUndo
        act, organisation = decision.act, signature.organisation
        was_counted = signature.status == SignatureStatus.PUBLISHED
        try:
            with transaction.atomic():
                undoing.restore(signature, decision)
        except IntegrityError:  # its organisation has signed again meanwhile
            raise NothingToUndo from None
        if organisation is not None and signature.organisation_id is None:
            organisations.erase_if_alone(organisation)
        note("undo", signature, by=by, reason=act)
        call_back(signature)
        if was_counted or signature.status == SignatureStatus.PUBLISHED:
            bump([signature.letter_id])
    return signature


def _lock(signature: Signature) -> Signature:
    # Without joins: what waited for the lock would see the old row of the joined table.
    return Signature.objects.select_for_update().get(pk=signature.pk)


def _answer(signature: Signature, question: str) -> None:
    """Close an open question; behind it a proposed correction may still be waiting."""
    if signature.question != question:
        return
    proposal = Proposal.objects.filter(signature=signature).first()
    signature.question = Question.CORRECTION if proposal else ""
    signature.asked_at = proposal.proposed_at if proposal else None


def _new_organisation(signature: Signature) -> Organisation:
    return Organisation.objects.create(
        name=signature.name,
        latin=signature.latin,
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
    return signature.channel != Channel.FORM and not signature.has_ended and not _has_contact(signature)


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
    place.batch = signature.batch
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
