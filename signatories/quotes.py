"""Quotes: what a signatory says in 300 characters, shown as it was said or not at all.

Staff approve or reject one and never edit it: other words come from the signatory again. The public sees a quote for
as long as it sees the organisation's name, so whoever hides, withdraws or erases that takes the quote along.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from letters.models import Staff
from letters.revision import bump
from signatories.emails import Mail, send_later
from signatories.events import note
from signatories.locking import SignatureEnded, lock, lock_standing
from signatories.models import CONFIRMED, Quote, QuoteReason, QuoteStatus, Signature


class NotConfirmedYet(Exception):
    """Nobody has confirmed the signature, so nobody can speak for it."""


class QuoteChanged(Exception):
    """The signatory has said something else meanwhile, or nothing any more."""


def offer(signature: Signature, *, words: str, language: str) -> Quote:
    """Offer words for everybody to quote. Others in their place wait anew; the same ones change nothing.

    Raises SignatureEnded, NotConfirmedYet.
    """
    with transaction.atomic():
        signature = _lock_confirmed(signature)
        quote = Quote.objects.filter(signature=signature).first()
        if quote is not None and (quote.words, quote.language) == (words, language):
            return quote
        was_shown = quote is not None and _is_shown(quote, signature)
        said = {"words": words, "language": language, "offered_at": timezone.now()}
        undecided = {"status": QuoteStatus.OFFERED, "reason": "", "answer": "", "decided_at": None}
        quote, _is_new = Quote.objects.update_or_create(signature=signature, defaults=said | undecided)
        note("offer_quote", signature)
        if was_shown:
            bump([signature.letter_id])
    return quote


def take_back(signature: Signature) -> None:
    """Let nobody quote a signatory any more, at once. Doing so twice is harmless."""
    with transaction.atomic():
        signature = lock_standing(signature)
        quote = Quote.objects.filter(signature=signature).first()
        if quote is None:
            return
        was_shown = _is_shown(quote, signature)
        quote.delete()
        note("take_quote_back", signature)
        if was_shown:
            bump([signature.letter_id])


def approve(quote: Quote, *, by: Staff, seen: str) -> Quote:
    """Show a quote as it was `seen`, beside the name of its organisation. Raises QuoteChanged."""
    with transaction.atomic():
        quote, signature = _lock_seen(quote, seen)
        if quote.status == QuoteStatus.APPROVED:
            return quote
        _decide(quote, QuoteStatus.APPROVED)
        note("approve_quote", signature, by=by)
        send_later(signature, Mail.QUOTE_APPROVED)
        if _is_shown(quote, signature):
            bump([signature.letter_id])
    return quote


def reject(quote: Quote, *, by: Staff, seen: str, reason: str, answer: str = "") -> Quote:
    """Do not show a quote, or no longer, and tell its signatory why. Raises QuoteChanged."""
    with transaction.atomic():
        quote, signature = _lock_seen(quote, seen)
        if quote.status == QuoteStatus.REJECTED:
            return quote
        was_shown = _is_shown(quote, signature)
        _decide(quote, QuoteStatus.REJECTED, reason=QuoteReason(reason), answer=answer)
        note("reject_quote", signature, by=by, reason=reason)
        send_later(signature, Mail.QUOTE_REJECTED)
        if was_shown:
            bump([signature.letter_id])
    return quote


def move(signature: Signature, *, to: Signature) -> None:
    """Let a quote be that of another signature of the same organisation; a part of acts that lock both."""
    mine = Quote.objects.filter(signature=signature)
    if mine.exists():
        Quote.objects.filter(signature=to).delete()
        mine.update(signature=to)


def forget_all_of(signature: Signature) -> None:
    """Forget what was said for a signature that ends, by whomever: a part of ending it."""
    Quote.objects.filter(Q(signature=signature) | Q(signature__superseded_by=signature)).delete()


def forget() -> None:
    """Erase the words that were not shown, once their signatory has had the time to offer others."""
    before = timezone.now() - settings.ERASE_REJECTED_AFTER
    Quote.objects.filter(status=QuoteStatus.REJECTED, decided_at__lt=before).delete()


def seen(quote: Quote) -> str:
    """Return what tells these words from any that were offered before or after them."""
    return quote.offered_at.isoformat()


def _lock_confirmed(signature: Signature) -> Signature:
    signature = lock_standing(signature)
    if signature.has_ended:
        raise SignatureEnded
    if signature.status not in CONFIRMED:
        raise NotConfirmedYet
    return signature


def _lock_seen(quote: Quote, said: str) -> tuple[Quote, Signature]:
    """Return a quote and its signature, locked, the quote saying what was seen. Raises QuoteChanged."""
    signature = lock(quote.signature)
    found = Quote.objects.filter(pk=quote.pk, signature=signature).first()
    if found is None or seen(found) != said or signature.has_ended:
        raise QuoteChanged
    return found, signature


def _decide(quote: Quote, status: QuoteStatus, *, reason: str = "", answer: str = "") -> None:
    quote.status, quote.reason, quote.answer = status, reason, answer
    quote.decided_at = timezone.now()
    quote.save(update_fields=["status", "reason", "answer", "decided_at"])


def _is_shown(quote: Quote, signature: Signature) -> bool:
    return quote.status == QuoteStatus.APPROVED and signature.is_named_publicly
