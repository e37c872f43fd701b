"""Open questions: why a signature needs another look. One at a time; a correction waits behind any other."""

from django.utils import timezone

from signatories.models import Proposal, Question, Signature


def ask(signature: Signature, question: Question) -> None:
    """Put a locked signature before staff again, who find it in their queue while it is published.

    What is open already stays so, for staff see everything about it then; but contacts who disagree are heard first.
    """
    may_wait = question != Question.CONTACTS_DISAGREE
    if may_wait and signature.question not in ("", Question.CORRECTION):
        return
    if signature.question != question:
        signature.question, signature.asked_at = question, timezone.now()
        signature.save(update_fields=["question", "asked_at"])


def answer(signature: Signature) -> None:
    """Close the open question of a locked signature; behind it a proposed correction may still be waiting."""
    proposal = Proposal.objects.filter(signature=signature).first()
    signature.question = Question.CORRECTION if proposal else ""
    signature.asked_at = proposal.proposed_at if proposal else None
    signature.save(update_fields=["question", "asked_at"])


def drop(signature: Signature) -> None:
    """Forget what was asked about a locked signature that ends, and what was proposed."""
    Proposal.objects.filter(signature=signature).delete()
    if signature.question:
        signature.question, signature.asked_at = "", None
        signature.save(update_fields=["question", "asked_at"])
