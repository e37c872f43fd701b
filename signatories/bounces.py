"""Mail that comes back: which of ours it was, and whether its mailbox is gone for good.

Every mail leaves with an envelope sender of its own, which carries whom it was about and a proof that we wrote it:
nobody can make another one's mailbox count as gone. What comes back is read once, and kept nowhere.
"""

import hmac
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from enum import Enum
from smtplib import SMTPRecipientsRefused

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from signatories.contacts import keyed
from signatories.events import note
from signatories.models import BouncingMailbox, Contact

_ONCE_IN = timedelta(days=1)  # one mail that failed may be told of several times
_PROOF = 16  # hexadecimal digits: 64 bits, and a whole local part stays under the 64 letters it may have
_TO = ("To", "Delivered-To", "X-Original-To", "X-Envelope-To", "Envelope-To")
_DAEMONS = re.compile(r"mailer-daemon|postmaster|mail delivery (sub)?system|mdaemon", re.IGNORECASE)
_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?!\.?\d)")  # and no part of a machine's address
_REPLY = re.compile(r"(?<![\d.])([45][0-5]\d)(?=[ -])")
_COPY_BEGINS = re.compile(
    r"^-+ ?(?:Below this line is a copy|This is a copy|Original message|The header of the original)",
    re.IGNORECASE | re.MULTILINE,
)
# "No such mailbox", "no such domain", "mailbox closed", and what says no more than "permanently". Others that begin
# with 5 speak of a full mailbox, of the message, or of us: a blocklist that we are on must not empty a whole list.
_GONE = re.compile(r"5\.(?:0\.0|1\.\d+|2\.1|4\.(?:1|4|310))$")
_GONE_REPLIES = ("550", "551", "553")


class Verdict(Enum):
    """What a report says of a mailbox."""

    GONE = "gone"
    NOT_NOW = "not now"


# --- what leaves -----------------------------------------------------------------------------------------


def return_path(kind: str, public_id: str) -> str:
    """Return the envelope sender of a mail about one row; the usual sender where no mailbox takes what comes back."""
    if not settings.BOUNCE_ADDRESS:
        return str(settings.DEFAULT_FROM_EMAIL)
    local, _at, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    return f"{local}+{kind}-{public_id}-{_proof(kind, public_id)}@{domain}"


def sender(kind: str, public_id: str) -> tuple[str, dict[str, str]]:
    """Return (envelope sender, headers) of a mail: what readers see as its sender is the same as ever."""
    return return_path(kind, public_id), {"From": str(settings.DEFAULT_FROM_EMAIL)}


# --- what comes back -------------------------------------------------------------------------------------


def take(content: bytes, *, recipient: str = "") -> bool:
    """Read one message that came back and do what follows from it; say whether it told of a mail of ours.

    `recipient` is to whom the mail server delivers it, where it says so. Notices of delay, answers of people who are
    away and what does not carry our proof are left alone. Nothing of the message is kept.
    """
    message = message_from_bytes(content)
    about = _about(message, recipient)
    verdict = _verdict(message) if about else None
    if about is None or verdict is None:
        return False
    kind, public_id = about
    _takers()[kind](public_id, verdict)
    return True


def take_refusal(kind: str, public_id: str, refused: SMTPRecipientsRefused) -> None:
    """Do the same with what a mail server says when it refuses a mailbox at once."""
    for code, words in refused.recipients.values():
        said = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
        _takers()[kind](public_id, _of_words(f"{code} {said}") or Verdict.NOT_NOW)


def is_refusing(contact: Contact) -> bool:
    """Whether the mailbox of a contact takes no mail any more."""
    return BouncingMailbox.objects.refusing().filter(address_key=contact.address_key).exists()


def forget() -> None:
    """Drop what was counted long ago: a mailbox that was full then may be read again, and one that is gone tells."""
    now = timezone.now()
    BouncingMailbox.objects.filter(
        refuses_since__isnull=True, last_at__lt=now - settings.BOUNCES_FORGOTTEN_AFTER
    ).delete()
    BouncingMailbox.objects.filter(last_at__lt=now - settings.REFUSALS_FORGOTTEN_AFTER).delete()


def _takers() -> dict[str, Callable[[str, Verdict], None]]:
    """Return who is told, by the kind of the row that a mail was about."""
    return {"contact": _contact_bounced, "invitation": _invitation_bounced, "update": _update_bounced}


def _contact_bounced(public_id: str, verdict: Verdict) -> None:
    with transaction.atomic():
        contact = Contact.objects.filter(signature__public_id=public_id).select_related("signature").first()
        if contact is not None and _count(contact.address_key, verdict):
            note("mailbox_refuses", contact.signature)


def _invitation_bounced(public_id: str, verdict: Verdict) -> None:
    from signatories import invitations  # which mails, and so imports this module

    invitations.bounced(public_id, permanent=verdict is Verdict.GONE)


def _update_bounced(public_id: str, verdict: Verdict) -> None:
    from signatories import updates  # which mails, and so imports this module

    with transaction.atomic():
        mail = updates.came_back(public_id)
        if mail is not None and _count(mail.mailbox_key, verdict):
            told = Contact.objects.filter(
                address_key=mail.mailbox_key, signature__letter=mail.update.letter_id
            )
            for contact in told.select_related("signature"):
                note("mailbox_refuses", contact.signature)


def _count(address_key: str, verdict: Verdict) -> bool:
    """Count one mail that came back; say whether from now on its mailbox is taken to refuse all."""
    now = timezone.now()
    # The row is made first and then locked, so that two reports at once are counted one after the other.
    BouncingMailbox.objects.get_or_create(address_key=address_key, defaults={"last_at": now - 2 * _ONCE_IN})
    mailbox = BouncingMailbox.objects.select_for_update().get(address_key=address_key)
    if mailbox.refuses_since is not None:
        return False
    if verdict is Verdict.NOT_NOW:
        if mailbox.last_at > now - _ONCE_IN:
            return False
        in_a_row = mailbox.last_at > now - settings.BOUNCES_FORGOTTEN_AFTER
        mailbox.times = mailbox.times + 1 if in_a_row else 1
    mailbox.last_at = now
    if verdict is Verdict.GONE or mailbox.times >= settings.BOUNCES_IN_A_ROW:
        mailbox.refuses_since = now
    mailbox.save(update_fields=["times", "last_at", "refuses_since"])
    return mailbox.refuses_since is not None


# --- which of ours ---------------------------------------------------------------------------------------


def _about(message: Message, recipient: str) -> tuple[str, str] | None:
    """Return (kind, public id) of what a mail was about, where its envelope sender was ours."""
    local, _at, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    if not local:
        return None
    kinds = "|".join(_takers())
    ours = re.compile(
        rf"(?<![\w.+-]){re.escape(local)}\+({kinds})-([0-9a-f]{{1,32}})-([0-9a-f]{{{_PROOF}}})@{re.escape(domain)}",
        re.IGNORECASE,
    )
    for said in (recipient, *_headers(message, *_TO)):
        for kind, public_id, proof in ours.findall(said):
            about = kind.lower(), public_id.lower()
            if hmac.compare_digest(proof.lower(), _proof(*about)):
                return about
    return None


def _proof(kind: str, public_id: str) -> str:
    return keyed("return path", kind, public_id)[:_PROOF]


def _headers(part: Message, *names: str) -> list[str]:
    return [str(value) for name in names for value in part.get_all(name, [])]


# --- what it says ----------------------------------------------------------------------------------------


def _verdict(message: Message) -> Verdict | None:
    """Return what a message says of the mailbox; None where it is no report, or tells of a delay or a success."""
    reports = list(_reports(message))
    if reports:
        return next(filter(None, map(_of_report, reports)), None)
    if not _is_of_a_server(message):
        return None
    words = _COPY_BEGINS.split(_text(message))[0]
    return _of_words(words) or Verdict.NOT_NOW


def _reports(message: Message) -> Iterator[Message]:
    """Yield what a delivery report says of each recipient (RFC 3464)."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            yield from (
                fields for fields in part.get_payload() if isinstance(fields, Message) and "Action" in fields
            )


def _of_report(fields: Message) -> Verdict | None:
    action = " ".join(_headers(fields, "Action")).split(";")[0].strip().casefold()
    if action != "failed":
        return None
    return _of_words(" ".join(_headers(fields, "Status", "Diagnostic-Code"))) or Verdict.NOT_NOW


def _of_words(words: str) -> Verdict | None:
    """Return what the codes in a server's words mean: its enhanced ones first, else the plain reply."""
    statuses, replies = _STATUS.findall(words), _REPLY.findall(words)
    # Some say "5.0.0" for want of better, and what they mean somewhere else.
    telling = [status for status in statuses if not status.endswith(".0.0")]
    if telling:
        return Verdict.GONE if _GONE.match(telling[0]) else Verdict.NOT_NOW
    if replies:
        return Verdict.GONE if replies[0] in _GONE_REPLIES else Verdict.NOT_NOW
    if statuses:
        return Verdict.GONE if _GONE.match(statuses[0]) else Verdict.NOT_NOW
    return None


def _is_of_a_server(message: Message) -> bool:
    """Whether a mail server wrote this, and not a person, or a person's machine while they are away."""
    return "X-Failed-Recipients" in message or any(map(_DAEMONS.search, _headers(message, "From")))


def _text(message: Message) -> str:
    """Return the first text of a message, whatever it says it is encoded as."""
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            return content.decode("latin-1") if isinstance(content, bytes) else ""
    return ""
