"""Who wants no updates says so by a link that needs nobody to be known, and no row of ours to be kept.

The link carries the key of the mailbox, the letter, and a proof that we wrote it. A stolen database makes no such link,
and one is good for as long as the key for addresses is. What answers an act of one's own is no update, and goes on.
"""

import base64
import binascii
import hmac
import re

from django.db import transaction

from letters.models import Letter
from signatories.contacts import keyed
from signatories.models import Unsubscribed
from signatories.tokens import LinkUnknown

_KEY, _LETTER, _PROOF = 32, 4, 16  # bytes
_LINK = re.compile(r"[A-Za-z0-9_-]{70}")


def link(mailbox_key: str, letter_id: int) -> str:
    """Return the secret part of the link by which a mailbox unsubscribes."""
    content = bytes.fromhex(mailbox_key) + letter_id.to_bytes(_LETTER) + _proof(mailbox_key, letter_id)
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def find(said: str) -> tuple[str, Letter]:
    """Return (mailbox key, letter) that a link is about. Raises LinkUnknown."""
    if not _LINK.fullmatch(said):
        raise LinkUnknown
    try:
        content = base64.urlsafe_b64decode(f"{said}==")
    except binascii.Error:
        raise LinkUnknown from None
    mailbox_key = content[:_KEY].hex()
    letter_id = int.from_bytes(content[_KEY : _KEY + _LETTER])
    if not hmac.compare_digest(content[_KEY + _LETTER :], _proof(mailbox_key, letter_id)):
        raise LinkUnknown
    letter = Letter.objects.select_related("host").filter(pk=letter_id).first()
    if letter is None:
        raise LinkUnknown
    return mailbox_key, letter


def unsubscribe(mailbox_key: str, *, letter: Letter | None = None) -> None:
    """Mail a mailbox no update any more: of one letter, or, without one, of any. Saying it twice is harmless."""
    Unsubscribed.objects.get_or_create(mailbox_key=mailbox_key, letter=letter)


def subscribe_again(mailbox_key: str, *, letter: Letter) -> None:
    """Take back what keeps a mailbox from hearing of a letter; other letters it left by name stay left."""
    with transaction.atomic():
        Unsubscribed.objects.of(mailbox_key, letter.pk).delete()


def left(mailbox_key: str, letter: Letter) -> str:
    """Return what a mailbox has left that keeps it from hearing of a letter: "all", "letter", or ""."""
    rows = list(Unsubscribed.objects.of(mailbox_key, letter.pk).values_list("letter", flat=True))
    if None in rows:
        return "all"
    return "letter" if rows else ""


def _proof(mailbox_key: str, letter_id: int) -> bytes:
    return bytes.fromhex(keyed("unsubscribe", mailbox_key, str(letter_id)))[:_PROOF]
