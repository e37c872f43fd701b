"""The signatory's own rights: correct, choose who sees the name, hide, withdraw, erase. At once, unasked why.

The signature given is that of whoever asks; where it was joined with another one, the act is done to that one. Where
several people speak for it, none of them can show the name against another one, or end the signature alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from letters.models import Recipient
from letters.revision import bump
from signatories import agreement, organisations, questions, quotes, spokespeople, vouching
from signatories.emails import Mail, send_later
from signatories.events import note
from signatories.locking import Rows, SignatureEnded, lock_standing, lock_together
from signatories.models import (
    ACCEPTED,
    Contact,
    Decision,
    Notice,
    Proposal,
    Question,
    Quote,
    Reading,
    Remark,
    Signature,
    SignatureStatus,
    Token,
    Vouch,
)
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
        signature = _lock_live(signature)
        if facts == {field: getattr(signature, field) for field in _FACTS}:
            _take_proposal_back(signature)
            return signature
        if signature.status in ACCEPTED:
            Proposal.objects.update_or_create(
                signature=signature, defaults={**facts, "proposed_at": timezone.now()}
            )
            questions.ask(signature, Question.CORRECTION)
            act = "propose_correction"
        else:
            for field, value in facts.items():
                setattr(signature, field, value)
            signature.save(update_fields=[*_FACTS, *Signature.DERIVED])
            act = "correct"
        note(act, signature)
    return signature


def choose_visibility(signature: Signature, *, visibility: str) -> Signature:
    """Show the name to whom its signatory says; where another contact wants less, hide it until staff have settled it.

    Raises SignatureEnded.
    """
    chosen = Visibility(visibility)
    with transaction.atomic():
        speaker, signature = signature, _lock_live(signature)
        was_named = signature.is_named_publicly
        if agreement.choose(signature, chosen, speaker=speaker):
            note("choose_visibility", signature, reason=chosen)
        else:
            note("ask_to_show", signature, reason=chosen)
            agreement.disagree(signature)
        _bump_if_changed(signature, was_named)
    return signature


def never_name_to(signature: Signature, recipients: Iterable[Recipient]) -> Signature:
    """Hand the name to none of these recipients from now on; what was handed over stays there, and staff are shown it.

    Where several contacts speak for a signature, each can add a recipient and none takes one away that another one
    may have meant. Raises SignatureEnded.
    """
    with transaction.atomic():
        speaker, signature = signature, _lock_live(signature)
        before = set(signature.excluded_recipients.values_list("pk", flat=True))
        after = {recipient.pk for recipient in recipients}
        if agreement.others_than(speaker).exists():
            after |= before
        if after != before:
            signature.excluded_recipients.set(after)
            note("choose_recipients", signature)
    return signature


def name_to_newer(signature: Signature, *, newest: Recipient) -> Signature:
    """Hand the name also to recipients added since it was signed, up to and with this one.

    Where several contacts speak for a signature nobody widens for the others: nothing changes. Raises SignatureEnded.
    """
    with transaction.atomic():
        speaker, signature = signature, _lock_live(signature)
        if (
            agreement.others_than(speaker).exists()
            or newest.addressed_since <= signature.knew_recipients_until
        ):
            return signature
        signature.named_to_newer_at = newest.addressed_since
        signature.save(update_fields=["named_to_newer_at"])
        note("name_to_newer", signature)
    return signature


def hide(signature: Signature) -> Signature:
    """Take the name off every page; the organisation stays counted. Raises SignatureEnded."""
    return choose_visibility(signature, visibility=Visibility.COUNTED_ONLY)


def withdraw(signature: Signature) -> Signature:
    """Take the yes back; one of several contacts hides the name and asks staff. Withdrawing twice is harmless."""
    with transaction.atomic():
        speaker, signature = signature, lock_standing(signature)
        if signature.has_ended:
            return signature
        if agreement.others_than(speaker).exists():
            _dispute(signature, "ask_to_withdraw")
            return signature
        was_counted = _end(signature)
        send_later(signature, Mail.WITHDRAWN)
        if was_counted:
            bump([signature.letter_id])
    return signature


def disown(signature: Signature) -> Signature:
    """Tell staff that another contact of the same signature is a stranger; until they have looked, the name is hidden.

    Raises SignatureEnded.
    """
    with transaction.atomic():
        speaker, signature = signature, _lock_live(signature)
        if agreement.others_than(speaker).exists():
            _dispute(signature, "disown")
    return signature


def erase(signature: Signature) -> Signature:
    """Take the yes back and empty everything that says who it was; what was done stays written down.

    The organisation goes too, when no other signature speaks of it, and with it what it vouched for. One of several
    contacts erases what is known of that person; to the others, and to staff, it is a wish to withdraw.
    """
    with transaction.atomic():
        speaker = signature
        rows = lock_together(lambda: _concerned_by_erasing(speaker))
        speaker = Signature.objects.get(pk=speaker.pk)
        signature = speaker.standing
        if not signature.has_ended and agreement.others_than(speaker).exists():
            _forget(speaker, signature)
            _dispute(signature, "ask_to_withdraw")
            return signature
        was_counted = not signature.has_ended and _end(signature)
        organisation = signature.organisation
        for one in (*Signature.objects.filter(superseded_by=signature).order_by("pk"), signature):
            _empty(one)
            note("erase", one)
        changed = {signature.letter_id} if was_counted else set()
        if organisation is not None:
            organisations.erase_if_alone(organisation)
            changed |= vouching.weigh_all(rows.organisations, Question.VOUCH_REVOKED)
        bump(changed)
    return signature


def _lock_live(signature: Signature) -> Signature:
    signature = lock_standing(signature)
    if signature.has_ended:
        raise SignatureEnded
    return signature


def _bump_if_changed(signature: Signature, was_named: bool) -> None:
    if signature.is_named_publicly != was_named:
        bump([signature.letter_id])


def _dispute(signature: Signature, act: str) -> None:
    was_named = signature.is_named_publicly
    note(act, signature)
    agreement.disagree(signature)
    _bump_if_changed(signature, was_named)


def _take_proposal_back(signature: Signature) -> None:
    Proposal.objects.filter(signature=signature).delete()
    if signature.question == Question.CORRECTION:
        questions.answer(signature)


def _end(signature: Signature) -> bool:
    """Take the yes back and say whether the public saw it count, or be asked to."""
    was_counted = signature.status in ACCEPTED
    signature.status = SignatureStatus.WITHDRAWN
    signature.ended_at = timezone.now()
    signature.save(update_fields=["status", "ended_at"])
    questions.drop(signature)
    quotes.forget_all_of(signature)
    spokespeople.forget_all_of(signature)
    note("withdraw", signature)
    return was_counted


def _concerned_by_erasing(speaker: Signature) -> Rows:
    """Return what goes with a signature: those joined with it, its organisation, and what that one vouched for."""
    standing = Signature.objects.get(pk=speaker.pk).standing
    joined = Signature.objects.filter(superseded_by=standing).values_list("pk", flat=True)
    signatures = {speaker.pk, standing.pk, *joined}
    if standing.organisation is None:
        return Rows(frozenset(signatures))
    keys = vouching.resting_on(standing.organisation) | {standing.organisation.pk}
    return Rows(frozenset(signatures | vouching.published_of(keys)), frozenset(keys))


def _forget(speaker: Signature, standing: Signature) -> None:
    """Erase one of several contacts, and with it the signature it came with, unless that one is the standing one."""
    spokespeople.step_back(speaker)
    if speaker == standing:
        Contact.objects.filter(signature=speaker).delete()
        Token.objects.filter(signature=speaker).delete()
        Signature.objects.filter(pk=speaker.pk).update(dedupe_key=None)
    else:
        _empty(speaker)
    note("erase_contact", standing)


def _empty(signature: Signature) -> None:
    """Leave of an ended signature nothing that says who it was, nor what anybody wrote about it."""
    signature.organisation = signature.superseded_by = None
    signature.empty()
    signature.save()
    signature.excluded_recipients.clear()
    for kept in (Contact, Notice, Proposal, Quote, Token, Vouch, Decision, Remark, Reading):
        kept._default_manager.filter(signature=signature).delete()
