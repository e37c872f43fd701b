"""Inviting organisations to sign: a list for each letter, what each answered, and who has not answered yet.

Nobody is counted by being invited, and a network's yes is its own: each member it lists is asked by itself. The link
in an invitation proves a mailbox, so whoever may see no contacts must learn nothing of mailboxes here either: what is
already on a list is known by its name alone.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from letters.emails import isolated
from letters.models import Letter, Staff, record
from letters.phases import grace_ends
from signatories import contacts, limits, names
from signatories.contacts import ContactDetails, WrongSeal, address_key
from signatories.models import (
    Contact,
    Invitation,
    InvitationLink,
    InvitationQuerySet,
    InvitationStatus,
    InvitedContact,
    Signature,
    SignatureStatus,
)
from signatories.signing import LetterNotOpen
from signatories.tokens import LinkUnknown

ANSWERS = (InvitationStatus.WILL_SIGN, InvitationStatus.DECLINED, InvitationStatus.WRONG_PERSON)
BY_HAND = (InvitationStatus.INVITED, *ANSWERS)
LONGEST_PROMISE = timedelta(days=365)
_CLOSED_TO_ANSWERS = (InvitationStatus.SIGNED, InvitationStatus.TAKEN_OFF)
_DONE_WITH = (InvitationStatus.SIGNED, InvitationStatus.DECLINED, InvitationStatus.WRONG_PERSON)


class InvitationMail(models.TextChoices):
    """Every mail to those who are invited. The value is its folder in templates/emails/."""

    INVITATION = "invitation"
    REMINDER = "invitation_reminder"
    USED = "invitation_used"


class AlreadyInvited(Exception):
    """An organisation of that name and country is on the letter's list. `invitation` is that one."""

    def __init__(self, invitation: Invitation | None) -> None:
        super().__init__()
        self.invitation = invitation


class NotToSend(Exception):
    """It was sent, answered or taken off. `status` says which."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class NoAddress(Exception):
    """No mailbox is known, or it was erased."""


class NothingToRemindOf(Exception):
    """It was not asked yet, has answered, or its promised day is still to come. `status` says where it is."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class MailedToday(Exception):
    """It was written to less than a day ago."""


class RemindedEnough(Exception):
    """It was reminded as often as one mailbox bears."""


class NotADay(Exception):
    """A promise is for a day that has not passed, and on which the letter can still be signed."""


class NothingSaid(Exception):
    """What an organisation said was not chosen."""


class AnsweredAlready(Exception):
    """It has signed, or was taken off the list. `status` says which."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class NotOfThisLetter(Exception):
    """The signature is no live one of the letter."""


class NotAFollowUp(Exception):
    """The earlier letter is of another host: its signatories agreed to hear from theirs."""


@dataclass(frozen=True, kw_only=True)
class Guest:
    """An organisation to be invited, and whom to write to."""

    name: str
    country: str = ""
    language: str = settings.LANGUAGE_CODE
    person: str = ""
    email: str = ""
    network: str = ""
    words: str = ""

    def __repr__(self) -> str:
        return "Guest(...)"  # a traceback must not hold a person

    @property
    def contact(self) -> ContactDetails | None:
        return ContactDetails(name=self.person, email=self.email) if self.email else None


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """What became of the signatories of an earlier letter."""

    invited: int = 0
    there: int = 0
    not_kept: int = 0


# --- the list ------------------------------------------------------------------------------------------------


def invite(letter: Letter, *, guest: Guest, by: Staff, chased_by: Staff | None = None) -> Invitation:
    """Put an organisation on the list of a letter; nothing is sent yet. Raises AlreadyInvited."""
    invitation = Invitation(letter=letter, chased_by=chased_by)
    _describe(invitation, guest)
    with transaction.atomic():
        try:
            with transaction.atomic():
                invitation.save(force_insert=True)
        except IntegrityError:
            raise AlreadyInvited(standing(letter, guest)) from None
        if guest.contact:
            _seal(invitation, guest.contact)
        _note("invite", invitation, by=by)
    return invitation


def change(invitation: Invitation, *, guest: Guest, chased_by: Staff | None, by: Staff) -> Invitation:
    """Correct what the list says of an organisation. An address that is given replaces the one there was.

    One whose mail came back, or that reached the wrong person, is to be sent again then.
    Raises AlreadyInvited, AnsweredAlready.
    """
    with transaction.atomic():
        invitation = _lock(invitation)
        if invitation.status == InvitationStatus.TAKEN_OFF or invitation.emptied_at:
            raise AnsweredAlready(invitation.status)
        _describe(invitation, guest)
        invitation.chased_by = chased_by
        if guest.contact:
            _forget_contact([invitation.pk])
            _seal(invitation, guest.contact)
            if invitation.status in (InvitationStatus.BOUNCED, InvitationStatus.WRONG_PERSON):
                invitation.status = InvitationStatus.TO_SEND
        try:
            with transaction.atomic():
                invitation.save()
        except IntegrityError:
            raise AlreadyInvited(standing(invitation.letter, guest)) from None
        _note("change_invitation", invitation, by=by, reason="address" if guest.contact else "")
    return invitation


def chase(invitation: Invitation, *, by: Staff) -> Invitation:
    """Write down that somebody chases the answer."""
    with transaction.atomic():
        invitation = _lock(invitation)
        if invitation.chased_by_id != by.pk:
            invitation.chased_by = by
            invitation.save(update_fields=["chased_by"])
            _note("chase", invitation, by=by)
    return invitation


def take_off(invitation: Invitation, *, by: Staff) -> Invitation:
    """Take an organisation off the list: it is written to no more, its address is erased and its links end.

    Doing so twice is harmless.
    """
    with transaction.atomic():
        invitation = _lock(invitation)
        if invitation.status != InvitationStatus.TAKEN_OFF:
            _move(invitation, InvitationStatus.TAKEN_OFF)
            _forget_contact([invitation.pk])
            invitation.links.all().delete()
            _note("take_off", invitation, by=by)
    return invitation


def follow_up(letter: Letter, *, earlier: Letter, by: Staff) -> FollowUp:
    """Put on the list those signatories of an earlier letter who agreed to be kept. None has signed by that.

    Doing so twice is harmless. Raises NotAFollowUp.
    """
    if earlier.host_id != letter.host_id or earlier.pk == letter.pk:
        raise NotAFollowUp
    with transaction.atomic():
        new = _new_to(letter, earlier)
        for contact in new:
            signature, details = contact.signature, contacts.unseal(contact)
            guest = Guest(
                name=signature.name,
                country=signature.country,
                language=signature.language,
                person=details.name,
                email=details.email,
            )
            invite(letter, guest=guest, by=by)
        record("follow_up", kind="letter", subject=letter.slug, letter=letter, by=by, reason=str(earlier.pk))
    return _follow_up(earlier, invited=len(new))


def outlook(letter: Letter, earlier: Letter) -> FollowUp:
    """Return what `follow_up` would do now."""
    return _follow_up(earlier, invited=len(_new_to(letter, earlier)))


def _follow_up(earlier: Letter, *, invited: int) -> FollowUp:
    kept = _kept(earlier).count()
    return FollowUp(invited=invited, there=kept - invited, not_kept=_signatories(earlier).count() - kept)


def _new_to(letter: Letter, earlier: Letter) -> list[Contact]:
    """Return the kept contacts of organisations that are not on a letter's list and have not signed it, by name."""
    on_list = Invitation.objects.standing().filter(letter=letter).exclude(name="")
    listed = set(on_list.values_list("name_key", "country"))
    live = Signature.objects.live().exclude(status=SignatureStatus.UNCONFIRMED)
    signed = set(live.filter(letter=letter).values_list("name_key", flat=True))
    new = []
    for contact in _kept(earlier).select_related("signature"):
        known_as = contact.signature.name_key, contact.signature.country
        if known_as not in listed and contact.signature.name_key not in signed:
            listed.add(known_as)
            new.append(contact)
    return new


def earlier_letters(letter: Letter) -> models.QuerySet[Letter]:
    """Return the letters whose signatories may be invited to this one: the same host's, which they agreed to."""
    return Letter.objects.filter(host=letter.host_id).exclude(pk=letter.pk)


def _signatories(letter: Letter) -> models.QuerySet[Signature]:
    return Signature.objects.filter(letter=letter, status=SignatureStatus.PUBLISHED)


def _kept(letter: Letter) -> models.QuerySet[Contact]:
    """Return the contacts of those who signed, stand by it, agreed to be kept and have a mailbox."""
    signed = _signatories(letter).filter(keep_contact=True, by_phone=False)
    return Contact.objects.filter(signature__in=signed).order_by("signature")


def standing(letter: Letter, guest: Guest) -> Invitation | None:
    """Return the invitation of that organisation that stands on the letter's list."""
    there = Invitation.objects.standing().filter(letter=letter, country=guest.country)
    return there.filter(name_key=names.key(guest.name)).exclude(name="").first()


def signed_as(letter: Letter, name: str) -> Signature | None:
    """Return a live signature of the letter by that name: staff say whether it is the same organisation."""
    live = Signature.objects.live().exclude(status=SignatureStatus.UNCONFIRMED)
    return live.filter(letter=letter, name_key=names.key(name)).order_by("pk").first()


def _describe(invitation: Invitation, guest: Guest) -> None:
    invitation.name, invitation.country, invitation.language = guest.name, guest.country, guest.language
    invitation.words = guest.words
    invitation.network = _network(invitation.letter, guest.network)
    invitation.network_label = "" if invitation.network else guest.network
    invitation.fill_keys()


def _network(letter: Letter, name: str) -> Signature | None:
    """Return the signature of a network of that name, if it has signed this letter."""
    return signed_as(letter, name) if name else None


# --- sending and reminding -----------------------------------------------------------------------------------


def send(invitation: Invitation, *, by: Staff) -> Invitation:
    """Mail the invitation. Raises NotToSend, NoAddress, LetterNotOpen."""
    with transaction.atomic():
        invitation = _lock(invitation)
        if invitation.status != InvitationStatus.TO_SEND:
            raise NotToSend(invitation.status)
        _refuse_unless_mailable(invitation)
        invitation.status = InvitationStatus.INVITED
        invitation.sent_at, invitation.reminders = timezone.now(), 0
        invitation.save(update_fields=["status", "sent_at", "reminders"])
        _note("send_invitation", invitation, by=by)
        _mail_later(invitation, InvitationMail.INVITATION)
    return invitation


def remind(invitation: Invitation, *, by: Staff) -> Invitation:
    """Remind one that has not answered, or has not signed on its day, now.

    Raises NothingToRemindOf, MailedToday, RemindedEnough, NoAddress, LetterNotOpen.
    """
    with transaction.atomic():
        invitation = _lock(invitation)
        if not may_be_reminded(invitation):
            raise NothingToRemindOf(invitation.status)
        _refuse_unless_mailable(invitation)
        if invitation.reminders >= settings.INVITATION_REMINDERS[0]:
            raise RemindedEnough
        yesterday = timezone.now() - settings.INVITATION_MAILS_APART
        if any(at and at > yesterday for at in (invitation.sent_at, invitation.reminded_at)):
            raise MailedToday
        _remind(invitation, by=by)
    return invitation


def remind_due() -> int:
    """Remind those whose time has come and return how many; each once, however many workers do so at once."""
    reminded = 0
    for letter in Letter.objects.filter(pk__in=Invitation.objects.values("letter").distinct()):
        if letter.accepts_signatures:
            for pk in list(due(letter).values_list("pk", flat=True)):
                reminded += _remind_if_due(letter, pk, after=_pause(reminded))
    return reminded


def due(letter: Letter) -> InvitationQuerySet:
    """Return those of a letter that are to be reminded now."""
    most, apart = settings.INVITATION_REMINDERS
    now = timezone.now()
    long_ago, yesterday = now - apart, now - settings.INVITATION_MAILS_APART
    quiet = Q(reminded_at=None) | Q(reminded_at__lte=long_ago)
    silent = Q(status=InvitationStatus.INVITED, sent_at__lte=long_ago) & quiet
    late = Q(status=InvitationStatus.WILL_SIGN, promised_on__lt=today(letter)) & (Q(reminders=0) | quiet)
    asked = Invitation.objects.filter(silent | late, letter=letter, reminders__lt=most)
    mailable = asked.filter(pk__in=InvitedContact.objects.values("invitation"))
    return mailable.exclude(reminded_at__gt=yesterday).exclude(sent_at__gt=yesterday)


def may_be_reminded(invitation: Invitation) -> bool:
    """Whether it was asked and has not answered, or its promised day has passed."""
    if invitation.status == InvitationStatus.WILL_SIGN:
        return invitation.promised_on is not None and invitation.promised_on < today(invitation.letter)
    return invitation.status == InvitationStatus.INVITED


def today(letter: Letter) -> date:
    """Return which day it is where the letter is at home."""
    return timezone.now().astimezone(ZoneInfo(letter.time_zone)).date()


def _remind_if_due(letter: Letter, pk: int, *, after: timedelta) -> bool:
    with transaction.atomic():
        invitation = due(letter).select_for_update(skip_locked=True).filter(pk=pk).first()
        if invitation is not None:  # else it answered, or another worker reminded it, in this very moment
            _remind(invitation, by=None, after=after)
    return invitation is not None


def _remind(invitation: Invitation, *, by: Staff | None, after: timedelta = timedelta()) -> None:
    invitation.reminded_at = timezone.now()
    invitation.reminders += 1
    invitation.save(update_fields=["reminded_at", "reminders"])
    _note("remind", invitation, by=by)
    _mail_later(invitation, InvitationMail.REMINDER, after=after)


def _refuse_unless_mailable(invitation: Invitation) -> None:
    if not invitation.letter.accepts_signatures:
        raise LetterNotOpen
    if not InvitedContact.objects.filter(invitation=invitation).exists():
        raise NoAddress


def _pause(mailed: int) -> timedelta:
    """Return how long the next mail waits, so that no more than settings.LIST_MAILS leave at once."""
    most, span = settings.LIST_MAILS
    return span * (mailed // most)


def _mail_later(invitation: Invitation, mail: InvitationMail, *, after: timedelta = timedelta()) -> None:
    from signatories.tasks import send_invitation  # the task imports this module

    when = timezone.now() + after if after else None
    send_invitation.using(run_after=when).enqueue(invitation.pk, str(mail))


# --- what comes back -----------------------------------------------------------------------------------------


def answer(invitation: Invitation, *, said: str, promised_on: date | None = None) -> Invitation:
    """Take what the invited mailbox answers; it may say otherwise later. Saying it twice is harmless.

    Raises LetterNotOpen, AnsweredAlready, NotADay.
    """
    return _answer(invitation, InvitationStatus(said), promised_on, by=None)


def mark(invitation: Invitation, *, status: str, promised_on: date | None = None, by: Staff) -> Invitation:
    """Write down what an organisation answered by phone or in a chat, or that it was asked there.

    Raises LetterNotOpen, AnsweredAlready, NotADay.
    """
    return _answer(invitation, InvitationStatus(status), promised_on, by=by)


def _answer(
    invitation: Invitation, said: InvitationStatus, promised_on: date | None, *, by: Staff | None
) -> Invitation:
    promised_on = promised_on if said == InvitationStatus.WILL_SIGN else None
    with transaction.atomic():
        invitation = _lock(invitation)
        if invitation.status in _CLOSED_TO_ANSWERS:
            raise AnsweredAlready(invitation.status)
        if not invitation.letter.accepts_signatures:
            raise LetterNotOpen
        if said == InvitationStatus.WILL_SIGN:
            _refuse_unless_a_day(invitation.letter, promised_on)
        if (invitation.status, invitation.promised_on) != (said, promised_on):
            _move(invitation, said, promised_on=promised_on)
            _note(f"answer_{said}", invitation, by=by, reason=promised_on.isoformat() if promised_on else "")
    return invitation


def last_day(letter: Letter) -> date:
    """Return the last day somebody can promise to sign on."""
    longest = today(letter) + LONGEST_PROMISE
    if letter.closes_at is None:
        return longest
    return min(longest, letter.closes_at.astimezone(ZoneInfo(letter.time_zone)).date())


def _refuse_unless_a_day(letter: Letter, day: date | None) -> None:
    if day is None or not today(letter) <= day <= last_day(letter):
        raise NotADay


def match(invitation: Invitation, *, signature: Signature, by: Staff) -> Invitation:
    """Write down that a signature of the letter is this organisation's. Raises NotOfThisLetter, AnsweredAlready."""
    live = Signature.objects.live().filter(letter=invitation.letter_id, pk=signature.pk)
    if not live.exclude(status=SignatureStatus.UNCONFIRMED).exists():
        raise NotOfThisLetter
    with transaction.atomic():
        invitation = _lock(invitation)
        if invitation.status in _CLOSED_TO_ANSWERS:
            raise AnsweredAlready(invitation.status)
        _mark_signed(invitation, signature, by=by)
    return invitation


def notice(signature: Signature) -> None:
    """Mark the invitation that a confirmed signature answers, inside the caller's transaction.

    That is the one it was signed through; else the one that was mailed to its mailbox, where that is one alone.
    """
    invitation = _answered_by(signature)
    if invitation is not None:
        invitation = _lock(invitation)
        if invitation.status != InvitationStatus.SIGNED:
            _mark_signed(invitation, signature, by=None)


def use(invitation: Invitation, signature: Signature) -> None:
    """Keep which signature was made through an invitation's link, inside the caller's transaction.

    The invited mailbox is told, once a day at most, where it is not the one that signs.
    """
    invitation = _lock(invitation)
    if invitation.status != InvitationStatus.SIGNED:
        invitation.signature = signature
        invitation.save(update_fields=["signature"])
        if signature.status != SignatureStatus.UNCONFIRMED:
            _mark_signed(invitation, signature, by=None)
    is_other = not is_invited_mailbox(invitation, signature)
    if is_other and limits.is_first_today("invitation_used", invitation.public_id):
        _mail_later(invitation, InvitationMail.USED)


def bounced(public_id: str, *, permanent: bool) -> None:
    """Write down that a mail came back: for good, and the mailbox is written to no more until staff correct it."""
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().filter(public_id=public_id).first()
        waits = (InvitationStatus.INVITED, InvitationStatus.WILL_SIGN)
        if invitation is None or not permanent or invitation.status not in waits:
            return
        if invitation.sent_at is None:  # it was asked by phone, and only the reminder was a mail
            invitation.sent_at = timezone.now()
            invitation.save(update_fields=["sent_at"])
        _move(invitation, InvitationStatus.BOUNCED)
        _note("bounce", invitation)


def not_sent(invitation: Invitation, mail: InvitationMail) -> None:
    """Write down that the mail server stayed away; an invitation that never left is to be sent again."""
    with transaction.atomic():
        invitation = _lock(invitation)
        if mail == InvitationMail.INVITATION and invitation.status == InvitationStatus.INVITED:
            invitation.sent_at = None
            _move(invitation, InvitationStatus.TO_SEND)
        _note("mail_failed", invitation, reason="mail_server_away")


def _answered_by(signature: Signature) -> Invitation | None:
    through = Invitation.objects.standing().filter(letter=signature.letter_id, signature=signature).first()
    if through is not None:
        return through
    contact = Contact.objects.filter(signature=signature).first()
    if contact is None:
        return None
    # One that was never mailed proves nothing, and would tell whoever typed the address whose it is. That staff
    # marked it as asked is not enough: a link is made when a mail is written.
    mailed = Invitation.objects.standing().filter(
        letter=signature.letter_id, pk__in=InvitationLink.objects.values("invitation")
    )
    known = list(
        mailed.filter(contact__address_key=contact.address_key).exclude(status=InvitationStatus.SIGNED)
    )
    by_name = [one for one in known if one.name_key == signature.name_key]
    candidates = by_name or known
    return candidates[0] if len(candidates) == 1 else None


def is_invited_mailbox(invitation: Invitation, signature: Signature) -> bool:
    """Whether a signature's contact is the mailbox that was invited."""
    contact = Contact.objects.filter(signature=signature).first()
    mailbox = InvitedContact.objects.filter(invitation=invitation).first()
    return contact is not None and mailbox is not None and contact.address_key == mailbox.address_key


def knows(invitation: Invitation, email: str) -> bool:
    """Whether an address is the one that was invited: its link, and knowing it, prove the mailbox."""
    key = address_key(email) if email else ""
    return InvitedContact.objects.filter(invitation=invitation, address_key=key).exists()


def _mark_signed(invitation: Invitation, signature: Signature, *, by: Staff | None) -> None:
    _move(invitation, InvitationStatus.SIGNED, signature=signature)
    _note("answer_signed", invitation, by=by, reason=signature.public_id)


def _move(
    invitation: Invitation,
    status: InvitationStatus,
    *,
    promised_on: date | None = None,
    signature: Signature | None = None,
) -> None:
    """Save where an invitation is on its way; a new answer is reminded of anew."""
    now = timezone.now()
    invitation.status, invitation.promised_on, invitation.reminders = status, promised_on, 0
    invitation.signature = signature or invitation.signature
    if status == InvitationStatus.INVITED:
        invitation.sent_at, invitation.answered_at = invitation.sent_at or now, None
    elif status in (*ANSWERS, InvitationStatus.SIGNED):
        invitation.answered_at = now
    invitation.save(
        update_fields=["status", "promised_on", "reminders", "signature", "sent_at", "answered_at"]
    )


# --- links and mailboxes -------------------------------------------------------------------------------------


def mint(invitation: Invitation) -> str:
    """Make a link to the page of an invitation. Only its hash is kept, so it must be mailed now."""
    value = secrets.token_urlsafe(24)
    InvitationLink.objects.create(invitation=invitation, digest=_digest(value))
    return value


def find(value: str) -> Invitation:
    """Return the invitation a link leads to; it lives as long as the letter can be signed. Raises LinkUnknown."""
    links = InvitationLink.objects.select_related("invitation__letter__host", "invitation__signature")
    link = links.filter(digest=_digest(value)).first()
    if link is None:
        raise LinkUnknown
    return link.invitation


def _digest(value: str) -> str:
    # Its own words in front, as tokens have their purpose there: no link of one kind is one of another.
    return hashlib.sha256(f"invitation\0{value}".encode(errors="surrogatepass")).hexdigest()


def show_contact(invitation: Invitation, *, by: Staff) -> ContactDetails | None:
    """Return whom an invitation is mailed to, for staff who may know; that they looked is written down first."""
    _note("show_contact", invitation, by=by)
    return mailbox_of(invitation)


def mailbox_of(invitation: Invitation) -> ContactDetails | None:
    """Return whom an invitation is mailed to. Raises WrongSeal when the row was put beside another one."""
    contact = InvitedContact.objects.filter(invitation=invitation).first()
    if contact is None:
        return None
    content = json.loads(contacts.take_out(bytes(contact.sealed)))
    if content.pop("invitation") != invitation.public_id:
        raise WrongSeal
    return ContactDetails(**content)


def _seal(invitation: Invitation, details: ContactDetails) -> None:
    content = json.dumps({"invitation": invitation.public_id, **asdict(details)})
    InvitedContact.objects.create(
        invitation=invitation,
        sealed=contacts.lock_away(content.encode()),
        address_key=address_key(details.address),
    )


def _forget_contact(invitations: Iterable[int] | InvitationQuerySet) -> None:
    InvitedContact.objects.filter(invitation__in=invitations).delete()


# --- who has not answered ------------------------------------------------------------------------------------


def words_for_chat(letter: Letter, *, language: str, by_country: bool = False) -> str:
    """Return who has not answered, to be pasted into a chat: names and nothing else of anybody."""
    silent = Invitation.objects.unanswered(today(letter)).filter(letter=letter).exclude(name="")
    with override(language):
        rows = [_Silent.of(one, by_country=by_country) for one in silent.select_related("network").by_name()]
        parts = [
            f"*{heading or (_('Country not known') if by_country else _('In no network'))}*\n"
            + "\n".join(row.line for row in group)
            for heading, group in _grouped(rows)
        ]
        number = len(rows)
        said = ngettext(
            "%(number)d organisation has not answered yet.",
            "%(number)d organisations have not answered yet.",
            number,
        )
        return "\n\n".join([said % {"number": number}, *parts])


@dataclass(frozen=True)
class _Silent:
    """One that has not answered, as a line below a heading."""

    heading: str
    line: str

    @classmethod
    def of(cls, invitation: Invitation, *, by_country: bool) -> "_Silent":
        country, network = invitation.country_name, invitation.network_name
        beside = [] if by_country or not country else [country]
        if invitation.promised_on:
            day = date_format(invitation.promised_on, "DATE_FORMAT")
            beside.append(_("said: by %s") % day)
        if invitation.status == InvitationStatus.BOUNCED:
            beside.append(_("our mail came back"))
        more = f" ({_(', ').join(beside)})" if beside else ""
        return cls(country if by_country else isolated(network), f"– {isolated(invitation.name)}{more}")


def _grouped(rows: list[_Silent]) -> list[tuple[str, list[_Silent]]]:
    """Return (heading, rows) by heading, those without one last."""

    def place(row: _Silent) -> tuple[bool, str]:
        return not row.heading, names.sort_key(row.heading)

    groups = groupby(sorted(rows, key=place), key=lambda row: row.heading)
    return [(heading, list(group)) for heading, group in groups]


# --- what does not stay --------------------------------------------------------------------------------------


def forget() -> None:
    """Erase the addresses of those who answered for good and of letters that closed, and lists half a year later."""
    now = timezone.now()
    done = Invitation.objects.filter(
        status__in=_DONE_WITH, answered_at__lt=now - settings.ERASE_INVITED_AFTER_ANSWER
    )
    _forget_contact(done)
    closed = Letter.objects.filter(closes_at__lt=now, pk__in=Invitation.objects.values("letter").distinct())
    over = [letter.pk for letter in closed if letter.closes_at and grace_ends(letter.closes_at) < now]
    of_closed = Invitation.objects.filter(letter__in=over)
    _forget_contact(of_closed)
    InvitationLink.objects.filter(invitation__in=of_closed).delete()
    Invitation.objects.filter(letter__closes_at__lt=now - settings.ERASE_CONTACTS_AFTER_CLOSING).delete()


def _lock(invitation: Invitation) -> Invitation:
    # Without joins: what waited for the lock would see the old row of the joined table.
    return Invitation.objects.select_for_update().get(pk=invitation.pk)


def _note(act: str, invitation: Invitation, *, by: Staff | None = None, reason: str = "") -> None:
    record(
        act,
        kind="invitation",
        subject=invitation.public_id,
        letter=invitation.letter_id,
        by=by,
        reason=reason,
    )
