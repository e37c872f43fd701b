"""Whether a signature counts under the text as it is now, or has agreed only to what the letter asked before."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone

from letters.models import Letter, Text, TextChange, Version
from letters.versions import Change, changes, compared
from signatories.models import CONFIRMED, Signature, SignatureQuerySet, SignatureStatus


class TextChangedMeanwhile(Exception):
    """The text that was read is not the one that is asked about."""


@dataclass(frozen=True)
class News:
    """What changed since a signature agreed: the versions, the text then and now, and whether it is asked."""

    number: int
    changes: list[Change]
    old: Text
    new: Text
    is_asked: bool


def is_asked(signature: Signature) -> bool:
    """Whether a confirmed signature has to agree to the text as it is now."""
    return signature.status in CONFIRMED and not _has_agreed(signature)


def news(signature: Signature, language: str) -> News | None:
    """Return what changed since a live signature agreed; None where nothing did."""
    if signature.has_ended:
        return None
    since = changes(signature.letter, language, since=signature.agreed_version)
    if not since:
        return None
    newest = since[0].number
    texts = compared(signature.letter, language, old=signature.agreed_version, new=newest)
    return News(newest, since, *texts, is_asked(signature)) if texts else None


def refuse_another_text(letter: Letter, *, read: int | None) -> None:
    """Raise TextChangedMeanwhile where the version that was read is older than the last material one, or unknown.

    None, for those who were shown no number, is the text as it is now.
    """
    if read is not None and not letter.binding_number() <= read <= letter.version_number():
        raise TextChangedMeanwhile


def stand(signature: Signature) -> None:
    """Let a signature that staff have approved count if it has agreed, else be asked; whoever calls saves."""
    signature.status = SignatureStatus.TO_AGREE_AGAIN
    if _has_agreed(signature):
        signature.status = SignatureStatus.PUBLISHED
        signature.published_at = signature.published_at or timezone.now()


def take_yes(signature: Signature, *, version: int) -> None:
    """Let a locked signature stand for a version, and for its text in the language it signed; whoever calls saves."""
    if version <= signature.agreed_version:
        return
    signature.agreed_version = version
    signature.text = signature.letter.text_for(signature.language) or signature.text
    if signature.status == SignatureStatus.TO_AGREE_AGAIN:
        stand(signature)


def sort_out(signatures: SignatureQuerySet) -> list[Signature]:
    """Let count who has agreed of those that staff have approved, and nobody else; return who is asked from now on."""
    newer = Version.objects.in_force().filter(
        letter=OuterRef("letter"), change=TextChange.MATERIAL, number__gt=OuterRef("agreed_version")
    )
    counted = signatures.filter(status=SignatureStatus.PUBLISHED)
    asked = list(counted.filter(Exists(newer)).only("public_id", "letter_id"))
    Signature.objects.filter(pk__in=[one.pk for one in asked]).update(status=SignatureStatus.TO_AGREE_AGAIN)
    signatures.to_agree_again().filter(~Exists(newer)).update(
        status=SignatureStatus.PUBLISHED, published_at=Coalesce("published_at", timezone.now())
    )
    return asked


def _has_agreed(signature: Signature) -> bool:
    return signature.agreed_version >= signature.letter.binding_number()
