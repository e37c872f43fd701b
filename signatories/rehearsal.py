"""What merging two organisations would do, letter by letter; nothing is done."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from letters.models import Letter
from signatories.models import (
    ACCEPTED,
    Merge,
    Organisation,
    Question,
    Signature,
    SignatureStatus,
    Verification,
    Vouch,
    VouchStatus,
)
from signatories.visibility import is_wider, narrower


class NotTwo(Exception):
    """They are one organisation already, or one of them is gone."""


class ContactsDisagree(Exception):
    """Staff have to settle first what the contacts of a signature disagree about. `signature` is that one."""

    def __init__(self, signature: Signature) -> None:
        super().__init__(signature.public_id)
        self.signature = signature


# What staff themselves found out; peers only say that they know an organisation.
_FOUND_OUT = (Verification.VERIFIED, Verification.DOUBTFUL, Verification.REJECTED)
_DOUBTED = (Verification.DOUBTFUL, Verification.REJECTED)
_FILLED = ("latin", "country", "kind", "website")
# What a colleague has approved, or would have to, keeps its contact; what is held is decided by itself.
_JOINED = (*ACCEPTED, SignatureStatus.AWAITING_MODERATION)


@dataclass(frozen=True)
class OnLetter:
    """What becomes of two organisations' live signatures on one letter."""

    letter: Letter
    stays: Signature
    goes: Signature | None = None  # its contact speaks for the one that stays
    waits: Signature | None = None  # is decided by itself, as of no organisation

    @property
    def is_narrowed(self) -> bool:
        """Whether the name goes less far than before, because the other contact, or staff about it, want less."""
        if self.goes is None:
            return False
        wanted = self.goes.contact.wants or self.goes.visibility if hasattr(self.goes, "contact") else ""
        limits = [one for one in (wanted, self.goes.staff_cap) if one]
        return any(is_wider(narrower(self.stays.visibility, self.stays.staff_cap), one) for one in limits)

    @property
    def loses_a_correction(self) -> bool:
        """Whether a correction was proposed that nobody sees while the signature stands behind another one."""
        return self.goes is not None and self.goes.question == Question.CORRECTION


@dataclass(frozen=True)
class Preview:
    """What merging would do."""

    kept: Organisation
    absorbed: Organisation
    aliases: dict[int, str]  # that the kept one gets, each by its place among the absorbed one's names
    filled: dict[str, str]  # {field: value} of what the kept one did not say
    verification: str  # what it will be
    doubt: str  # what staff found out about the absorbed one and the kept one is not; "" for nothing
    letters: list[OnLetter]
    signatures: int
    evidence: int
    vouches: int
    void_vouches: int  # for itself, once they are one

    @property
    def seen(self) -> str:
        """What changes whenever anything does that was shown."""
        signatures = [
            (one.pk, one.status, one.name, one.visibility, one.staff_cap, one.question)
            for each in self.letters
            for one in (each.stays, each.goes, each.waits)
            if one is not None
        ]
        numbers = (self.signatures, self.evidence, self.vouches, self.void_vouches)
        facts = [
            (one.pk, one.name, one.aliases, one.latin, one.country, one.kind, one.website, one.verification)
            for one in (self.kept, self.absorbed)
        ]
        return hashlib.sha256(json.dumps([facts, signatures, numbers]).encode()).hexdigest()


def preview(kept: Organisation, absorbed: Organisation) -> Preview:
    """Return what merging would do. Raises NotTwo or ContactsDisagree."""
    kept, absorbed = _two(kept, absorbed)
    given = Vouch.objects.filter(voucher=absorbed).exclude(signature__organisation=kept)
    to_itself = Q(voucher=kept, signature__organisation=absorbed)
    return Preview(
        kept=kept,
        absorbed=absorbed,
        aliases=_new_aliases(kept, absorbed),
        filled={
            name: getattr(absorbed, name)
            for name in _FILLED
            if getattr(absorbed, name) and not getattr(kept, name)
        },
        verification=_verification(kept, absorbed),
        doubt=absorbed.verification if _brings_doubt(kept, absorbed) else "",
        letters=_on_letters(kept, absorbed),
        signatures=absorbed.signatures.count(),
        evidence=absorbed.evidence.count(),
        vouches=given.count(),
        void_vouches=Vouch.objects.filter(
            to_itself | Q(voucher=absorbed, signature__organisation=kept), status=VouchStatus.GIVEN
        ).count(),
    )


def _on_letters(kept: Organisation, absorbed: Organisation) -> list[OnLetter]:
    """Return what becomes of each letter that the absorbed organisation signed, oldest letter first."""
    live = Signature.objects.live().filter(organisation__in=[kept, absorbed])
    rows = live.select_related("letter", "contact").order_by("letter_id", "pk")
    on_letter: dict[int, list[Signature]] = {}
    for signature in rows:
        on_letter.setdefault(signature.letter_id, []).append(signature)
    return [
        _on_letter(both)
        for both in on_letter.values()
        if any(signature.organisation_id == absorbed.pk for signature in both)
    ]


def _on_letter(both: list[Signature]) -> OnLetter:
    stays, *rest = sorted(both, key=_precedence)
    if not rest:
        return OnLetter(stays.letter, stays)
    for signature in both:
        if signature.question == Question.CONTACTS_DISAGREE:
            raise ContactsDisagree(signature)
    (other,) = rest
    if other.status in _JOINED:
        return OnLetter(stays.letter, stays, goes=other)
    return OnLetter(stays.letter, stays, waits=other)


def _precedence(signature: Signature) -> tuple[Any, ...]:
    """Return what decides which of two stays: a published one, one that can be written to, the older one."""
    way = (*ACCEPTED, SignatureStatus.AWAITING_MODERATION, SignatureStatus.HELD)
    place = way.index(signature.status) if signature.status in way else len(way)
    return place, not hasattr(signature, "contact"), signature.pk


def undoable(organisation: Organisation | None = None) -> QuerySet[Merge]:
    """Return the merges, all or one organisation's, that can still be undone, the newest first."""
    merges = Merge.objects.filter(undone_at=None, at__gt=timezone.now() - settings.UNDO_MERGE_FOR)
    return merges.filter(Q(kept=organisation) | Q(absorbed=organisation)) if organisation else merges


def names_of(organisation: Organisation) -> list[str]:
    """Return all that an organisation is called, in an order that stays while it does not change."""
    return [organisation.name, *organisation.aliases, organisation.latin]


def _new_aliases(kept: Organisation, absorbed: Organisation) -> dict[int, str]:
    """Return {place: name} of the absorbed one's names that the kept one has not."""
    known = {"", kept.name, *kept.aliases, kept.latin or absorbed.latin}
    found = {}
    for place, name in enumerate(names_of(absorbed)):
        if name not in known:
            known.add(name)
            found[place] = name
    return found


def _verification(kept: Organisation, absorbed: Organisation) -> str:
    """Return what staff found out about the kept one, or else about the other one."""
    if kept.verification not in _FOUND_OUT and absorbed.verification in _FOUND_OUT:
        return absorbed.verification
    return kept.verification


def _brings_doubt(kept: Organisation, absorbed: Organisation) -> bool:
    return absorbed.verification in _DOUBTED and _verification(kept, absorbed) not in _DOUBTED


def _two(kept: Organisation, absorbed: Organisation) -> tuple[Organisation, Organisation]:
    """Return both as they are now. Raises NotTwo."""
    standing = Organisation.objects.standing().in_bulk([kept.pk, absorbed.pk])
    if len(standing) < 2:
        raise NotTwo
    return standing[kept.pk], standing[absorbed.pk]
