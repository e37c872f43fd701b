"""What staff decide about signatures: approve, reject, hold, lower, complete, and agree to corrections."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from letters.models import Staff
from letters.revision import bump
from signatories import agreement, consent, contacts, organisations, questions, quotes, undoing, vouching
from signatories.emails import Mail, call_back, send_later
from signatories.events import note
from signatories.locking import lock
from signatories.models import (
    ACCEPTED,
    CONFIRMED,
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
    Vouch,
)
from signatories.visibility import StaffCap, Visibility, narrower


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


class Outcome(models.TextChoices):
    """What staff may settle on where the contacts of a signature disagree."""

    KEEP_HIDDEN = "keep_hidden", _("The name stays hidden")
    SHOW_AGAIN = "show_again", _("The name is shown as it was before")
    WITHDRAW = "withdraw", _("The signature is withdrawn")


_FACTS = ("name", "latin", "country", "kind", "website")


def approve(
    signature: Signature,
    *,
    by: Staff | None,
    organisation: Organisation | None = None,
    as_co_contact: bool = False,
) -> Signature:
    """Show a confirmed signature on its letter, as the given organisation's or as a new one's.

    One that has not agreed to the text as it is now is asked first, and shown with its yes.

    Where that organisation's name was imported from a published list, the signatory claims its place: contact and
    facts move onto the published row, which is returned. Where it has signed already, the contact can be made to
    speak for that signature too, which is returned. Without `by` it comes from a contact that is known, and nobody
    has looked. Raises NotAwaitingModeration, OrganisationAlreadySigned.
    """
    after = settings.UNDO_FOR if by else timedelta()
    with transaction.atomic():
        signature = lock(signature)
        if signature.status not in DECIDABLE:
            raise NotAwaitingModeration(signature.status)
        was = undoing.before(signature)
        organisation = organisations.standing(
            organisation or signature.organisation or _new_organisation(signature)
        )
        standing = Signature.objects.live().filter(letter=signature.letter_id, organisation=organisation)
        other = standing.exclude(pk=signature.pk).select_for_update(of=("self",)).first()
        if other is not None and as_co_contact and _may_be_joined(signature, other):
            return _join(signature, other, was, by=by)
        if other is None:
            marked = _publish(signature, organisation)
        elif _is_unclaimed(other) and _has_contact(signature):
            marked = _claim_place(signature, other)
            signature = other
        else:
            raise OrganisationAlreadySigned(other)
        note("approve", signature, by=by, reason="" if by else "known_contact")
        if by and other is None:  # a place that was claimed is not given back: its facts have moved
            undoing.remember("approve", signature, was, by=by)
        send_later(signature, Mail.PUBLISHED, after=after)
        bump({signature.letter_id} | marked)
    return signature


def reject(signature: Signature, *, by: Staff, reason: str = RejectReason.NOT_AN_ORGANISATION) -> Signature:
    """Refuse a signature, published or not, or somebody who speaks for one beside others, and mail the reason.

    Raises NotAwaitingModeration.
    """
    with transaction.atomic():
        signature = lock(signature)
        calls = signature.by_phone and signature.status == SignatureStatus.UNCONFIRMED
        joined = signature.superseded_by
        if not (calls or joined) and signature.status not in CONFIRMED:
            raise NotAwaitingModeration(signature.status)
        was = undoing.before(signature)
        was_counted = signature.status in ACCEPTED
        signature.status = SignatureStatus.REJECTED
        signature.reject_reason = RejectReason(reason)
        signature.superseded_by = None
        signature.ended_at = timezone.now()
        signature.save(update_fields=["status", "reject_reason", "superseded_by", "ended_at"])
        questions.drop(signature)
        if joined:
            _part(joined)
        note("reject", signature, by=by, reason=reason)
        undoing.remember("reject", signature, was, by=by)
        send_later(signature, Mail.REJECTED, after=settings.UNDO_FOR)
        if was_counted:
            bump([signature.letter_id])
    return signature


def hold(signature: Signature, *, by: Staff, reason: str = HoldReason.OTHER) -> Signature:
    """Set a signature aside, off the wall if it was on it, and mail the reason. Raises NotAwaitingModeration."""
    with transaction.atomic():
        signature = lock(signature)
        if signature.status not in CONFIRMED:
            raise NotAwaitingModeration(signature.status)
        was = undoing.before(signature)
        was_counted = signature.status in ACCEPTED
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
        signature = lock(signature)
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
        signature = lock(signature)
        if not _is_unclaimed(signature):
            raise NotCompletable
        for field in ("country", "kind", "latin", "website"):
            setattr(signature, field, getattr(facts, field))
        signature.save(update_fields=["country", "kind", "latin", "website", *Signature.DERIVED])
        note("complete", signature, by=by)
        if signature.status == SignatureStatus.PUBLISHED:
            bump([signature.letter_id])
    return signature


def accept_correction(signature: Signature, *, by: Staff) -> Signature:
    """Put the proposed facts in the place of the published ones. Raises NothingProposed."""
    with transaction.atomic():
        signature = lock(signature)
        proposal = _proposal(signature)
        was = undoing.before(signature)
        for field in _FACTS:
            setattr(signature, field, getattr(proposal, field))
        signature.save(update_fields=[*_FACTS, *Signature.DERIVED])
        _close(proposal, signature)
        note("accept_correction", signature, by=by)
        undoing.remember("accept_correction", signature, was, by=by)
        send_later(signature, Mail.CORRECTION_ACCEPTED, after=settings.UNDO_FOR)
        if signature.status == SignatureStatus.PUBLISHED:
            bump([signature.letter_id])
    return signature


def decline_correction(signature: Signature, *, by: Staff) -> Signature:
    """Let the published facts stand. Raises NothingProposed."""
    with transaction.atomic():
        signature = lock(signature)
        proposal = _proposal(signature)
        was = undoing.before(signature)
        _close(proposal, signature)
        note("decline_correction", signature, by=by)
        undoing.remember("decline_correction", signature, was, by=by)
        send_later(signature, Mail.CORRECTION_DECLINED, after=settings.UNDO_FOR)
    return signature


def settle(signature: Signature, *, by: Staff, outcome: str = Outcome.KEEP_HIDDEN) -> Signature:
    """Answer the open question of a signature: it stands as it is.

    Where its contacts disagree, the outcome is what all of them are held to from now on, and they are told. Raises
    NothingAsked.
    """
    with transaction.atomic():
        signature = lock(signature)
        question = signature.question
        if not question or question == Question.CORRECTION or signature.has_ended:
            raise NothingAsked
        was = undoing.before(signature)
        was_named, was_counted = signature.is_named_publicly, signature.status in ACCEPTED
        questions.answer(signature)
        mail = None
        if question == Question.CONTACTS_DISAGREE:
            mail = _conclude(signature, Outcome(outcome))
        note("settle", signature, by=by, reason=outcome if mail else question)
        undoing.remember("settle", signature, was, by=by)
        if mail:
            send_later(signature, mail, after=settings.UNDO_FOR)
        if signature.is_named_publicly != was_named or (was_counted and signature.has_ended):
            bump([signature.letter_id])
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
        signature = lock(signature)
        decision = undoing.last_decision(signature, by=by)
        if decision is None:
            raise NothingToUndo
        act, since, organisation = decision.act, decision.at, signature.organisation
        was_counted, joined = signature.status in ACCEPTED, signature.superseded_by
        try:
            with transaction.atomic():
                undoing.restore(signature, decision)
        except IntegrityError:  # its organisation has signed again meanwhile
            raise NothingToUndo from None
        changed = {signature.letter_id} if was_counted or signature.status in ACCEPTED else set()
        if organisation is not None and signature.organisation_id is None:
            changed |= _let_go(organisation, signature)
        if joined is not None:
            _part(joined)
            call_back(joined, since=since, mail=Mail.ANOTHER_CONTACT)
        elif signature.superseded_by is not None:
            _join_again(signature, signature.superseded_by)
        note("undo", signature, by=by, reason=act)
        call_back(signature, since=since)
        bump(changed)
    return signature


def _conclude(signature: Signature, outcome: Outcome) -> Mail:
    """Carry out what a disagreement of contacts is settled on, and return the mail that tells them."""
    if outcome == Outcome.WITHDRAW:
        signature.status = SignatureStatus.WITHDRAWN
        signature.ended_at = timezone.now()
        signature.save(update_fields=["status", "ended_at"])
        questions.drop(signature)
        return Mail.WITHDRAWN
    agreed = signature.agreed_visibility or signature.visibility
    agreement.conclude(signature, agreed if outcome == Outcome.SHOW_AGAIN else Visibility.COUNTED_ONLY)
    return Mail.SETTLED


def _close(proposal: Proposal, signature: Signature) -> None:
    proposal.delete()
    if signature.question == Question.CORRECTION:
        questions.answer(signature)


def _new_organisation(signature: Signature) -> Organisation:
    return Organisation.objects.create(
        name=signature.name,
        latin=signature.latin,
        country=signature.country,
        kind=signature.kind,
        is_network=signature.is_network,
        website=signature.website,
    )


def _publish(signature: Signature, organisation: Organisation) -> set[int]:
    """Let a signature stand as an organisation's; return the letters where that is marked otherwise than before."""
    vouchers = vouching.vouchers_of(signature)
    kept = organisations.keep(organisation, beside=vouchers) or _new_organisation(signature)
    signature.organisation = kept
    signature.hold_reason = ""
    consent.stand(signature)
    try:
        with transaction.atomic():
            signature.save(update_fields=["organisation", "status", "hold_reason", "published_at"])
    except IntegrityError:  # approved at the same moment by a colleague, as the same organisation
        raise OrganisationAlreadySigned(
            Signature.objects.live().get(letter=signature.letter_id, organisation=kept)
        ) from None
    return vouching.weigh(kept, None) if vouchers else set()


def _may_be_joined(signature: Signature, standing: Signature) -> bool:
    return standing.status in ACCEPTED and not _is_unclaimed(standing) and _has_contact(signature)


def _join(signature: Signature, standing: Signature, was: undoing.Before, *, by: Staff | None) -> Signature:
    """Let the contact of a signature speak for the standing one of its organisation too; return that one."""
    was_named = standing.is_named_publicly
    agreement.join(signature, to=standing)
    standing.excluded_recipients.add(*signature.excluded_recipients.all())
    signature.status = SignatureStatus.SUPERSEDED
    signature.superseded_by = standing
    signature.organisation = standing.organisation
    signature.hold_reason = ""
    signature.ended_at = timezone.now()
    signature.save(update_fields=["status", "superseded_by", "organisation", "hold_reason", "ended_at"])
    questions.drop(signature)
    note("approve", signature, by=by, reason="co_contact")
    note("another_contact", standing, by=by)
    if by:
        undoing.remember("approve", signature, was, by=by)
    send_later(signature, Mail.CO_CONTACT, after=settings.UNDO_FOR)
    send_later(standing, Mail.ANOTHER_CONTACT, after=settings.UNDO_FOR, apart_from=signature)
    if standing.is_named_publicly != was_named:
        bump([standing.letter_id])
    return standing


def _part(standing: Signature) -> None:
    """Let somebody speak for a signature no longer; what that person alone wanted holds no more."""
    standing = lock(standing)
    was_named = standing.is_named_publicly
    agreement.part(standing)
    if standing.is_named_publicly != was_named:
        bump([standing.letter_id])


def _join_again(signature: Signature, standing: Signature) -> None:
    standing = lock(standing)
    was_named = standing.is_named_publicly
    agreement.join(signature, to=standing)
    if standing.is_named_publicly != was_named:
        bump([standing.letter_id])


def _let_go(organisation: Organisation, signature: Signature) -> set[int]:
    """Leave an organisation as it was before this signature spoke of it; return as `_publish` does."""
    kept = organisations.keep(organisation, beside=vouching.vouchers_of(signature))
    organisations.erase_if_alone(organisation)
    is_there = kept is not None and Organisation.objects.filter(pk=organisation.pk).exists()
    return vouching.weigh(kept, None) if kept is not None and is_there else set()


def _is_unclaimed(signature: Signature) -> bool:
    return signature.channel != Channel.FORM and not signature.has_ended and not _has_contact(signature)


def _has_contact(signature: Signature) -> bool:
    return Contact.objects.filter(signature=signature).exists()


def _claim_place(signature: Signature, place: Signature) -> set[int]:
    """Move contact, choices and facts of a new signature onto the imported row of the same organisation.

    Nothing of them stays behind: a second copy would outlive an erasure. Return as `_publish` does.
    """
    for field in ("name", "latin", "country", "kind", "is_network", "website"):
        setattr(place, field, getattr(signature, field))
    for field in (
        "visibility",
        "language",
        "keep_contact",
        "by_phone",
        "text_id",
        "confirmed_at",
        "named_to_newer_at",
        "agreed_version",
    ):
        setattr(place, field, getattr(signature, field))
    place.staff_cap = narrower(place.staff_cap, signature.staff_cap)
    consent.stand(place)
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
    quotes.move(signature, to=place)
    Token.objects.filter(signature=signature).update(signature=place)
    marked = _move_vouches(signature, place)
    note("superseded", signature)
    return marked


def _move_vouches(signature: Signature, place: Signature) -> set[int]:
    """Let what was said of a signature be said of another one; return as `_publish` does."""
    there = Vouch.objects.filter(signature=place).values("voucher")
    Vouch.objects.filter(signature=signature).exclude(voucher__in=there).update(signature=place)
    Vouch.objects.filter(signature=signature).delete()
    if place.organisation is not None:
        kept = organisations.keep(place.organisation, beside=vouching.vouchers_of(place))
        if kept is not None:
            return vouching.weigh(kept, None)
    return set()


def _proposal(signature: Signature) -> Proposal:
    proposal = Proposal.objects.filter(signature=signature).first()
    if proposal is None:
        raise NothingProposed
    return proposal
