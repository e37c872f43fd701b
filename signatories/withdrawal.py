"""The signatory's own rights: correct, choose who sees the name, hide, withdraw, erase. At once, unasked why."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from letters.revision import bump
from signatories import organisations
from signatories.emails import Mail, send_later
from signatories.events import note
from signatories.models import Contact, Proposal, Question, Remark, Signature, SignatureStatus, Token
from signatories.verification import SignatureEnded
from signatories.visibility import Visibility


@dataclass(frozen=True, kw_only=True)
class Correction:
    """An organisation's facts as its signatory wants them."""

    name: str
    latin: str
    country: str
    kind: str
    website: str


_FACTS = ("name", "latin", "country", "kind", "website")


def correct(signature: Signature, *, correction: Correction) -> Signature:
    """Change what is not published yet; propose a change of what is, which stands until a moderator agrees.

    Raises SignatureEnded.
    """
    facts = {field: getattr(correction, field) for field in _FACTS}
    with transaction.atomic():
        signature = _lock(signature)
        if signature.has_ended:
            raise SignatureEnded
        if facts == {field: getattr(signature, field) for field in _FACTS}:
            _take_proposal_back(signature)
            return signature
        if signature.status == SignatureStatus.PUBLISHED:
            Proposal.objects.update_or_create(
                signature=signature, defaults={**facts, "proposed_at": timezone.now()}
            )
            if not signature.question:  # else another question is open, and this one waits behind it
                _ask(signature, Question.CORRECTION)
            act = "propose_correction"
        else:
            for field, value in facts.items():
                setattr(signature, field, value)
            signature.save(update_fields=[*_FACTS, "name_key", "sort_key", "spellings"])
            act = "correct"
        note(act, signature)
    return signature


def choose_visibility(signature: Signature, *, visibility: str) -> Signature:
    """Show the name to whom its signatory says. Raises SignatureEnded."""
    with transaction.atomic():
        signature = _lock(signature)
        if signature.has_ended:
            raise SignatureEnded
        was_named = signature.is_named_publicly
        signature.visibility = Visibility(visibility)
        signature.save(update_fields=["visibility"])
        note("choose_visibility", signature, reason=visibility)
        if signature.is_named_publicly != was_named:
            bump([signature.letter_id])
    return signature


def hide(signature: Signature) -> Signature:
    """Take the name off every page; the organisation stays counted. Raises SignatureEnded."""
    return choose_visibility(signature, visibility=Visibility.COUNTED_ONLY)


def withdraw(signature: Signature) -> Signature:
    """Take the yes back. Withdrawing twice is harmless."""
    with transaction.atomic():
        signature = _lock(signature)
        if signature.has_ended:
            return signature
        was_counted = _end(signature)
        send_later(signature, Mail.WITHDRAWN)
        if was_counted:
            bump([signature.letter_id])
    return signature


def erase(signature: Signature) -> Signature:
    """Take the yes back and empty everything that says who it was; what was done stays written down.

    The organisation goes too, when no other signature speaks of it.
    """
    with transaction.atomic():
        signature = _lock(signature)
        was_counted = not signature.has_ended and _end(signature)
        organisation, signature.organisation = signature.organisation, None
        signature.empty()
        signature.save()
        signature.excluded_recipients.clear()
        Contact.objects.filter(signature=signature).delete()
        Proposal.objects.filter(signature=signature).delete()
        Token.objects.filter(signature=signature).delete()
        Remark.objects.filter(signature=signature).delete()
        if organisation is not None:
            organisations.erase_if_alone(organisation)
        note("erase", signature)
        if was_counted:
            bump([signature.letter_id])
    return signature


def _lock(signature: Signature) -> Signature:
    return Signature.objects.select_for_update().get(pk=signature.pk)


def _ask(signature: Signature, question: str) -> None:
    """Put a published signature before staff again, who find it in their queue."""
    signature.question = question
    signature.asked_at = timezone.now() if question else None
    signature.save(update_fields=["question", "asked_at"])


def _take_proposal_back(signature: Signature) -> None:
    Proposal.objects.filter(signature=signature).delete()
    if signature.question == Question.CORRECTION:
        _ask(signature, "")


def _end(signature: Signature) -> bool:
    """Take the yes back and say whether it was counted."""
    was_counted = signature.status == SignatureStatus.PUBLISHED
    signature.status = SignatureStatus.WITHDRAWN
    signature.ended_at = timezone.now()
    signature.save(update_fields=["status", "ended_at"])
    Proposal.objects.filter(signature=signature).delete()
    note("withdraw", signature)
    return was_counted
