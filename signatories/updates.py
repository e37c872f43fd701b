"""News of a letter, mailed once to everybody whose signature counts under it.

    draft               is written, looked at, and mailed to oneself
    scheduled           says what it says; until its time it can be called back
    sending, paused     each mailbox has a row, and leaves in its turn
    sent, stopped       over; what each mail came to is kept for a while, the numbers for good

Mails leave in rounds: a few, then a pause, by whichever worker is free. A row is marked before its mail leaves and
after, each time for good:

    waiting -> sending -> sent -> bounced
                       -> waiting, where the mail server asks for a pause
                       -> refused, given_up
                       -> in_doubt, where a worker was killed or the mail server fell silent in between
            -> passed_over, where nobody of that mailbox is to be written to any more

Of a row in doubt nobody here knows whether its mail left, so nothing sends it by itself. Staff look it up in the mail
server's log and say: it left, or send it again. A worker that is killed leaves one such row at most.

Wherever it is on that way, it can be put on the letter's public page, and taken off it again. While it stands there
its words change as little as those of what was mailed.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from letters.models import Letter, Staff, record
from letters.phases import Phase
from letters.revision import bump
from letters.tasks import next_try
from signatories import bounces
from signatories.contacts import WrongSeal
from signatories.models import (
    BouncingMailbox,
    Contact,
    SignatureStatus,
    Unsubscribed,
    Update,
    UpdateMail,
    UpdateMailStatus,
    UpdateStatus,
    UpdateText,
)
from signatories.update_mails import Answer, Handed, Line, Writer, message_id

_ROUND = 10  # mails; whoever waits for a link to confirm waits for no more than these
_REFUSED_AT_MOST = 5  # in a round: then it is our list, or we, and a person should look
_IN_DOUBT_AFTER = timedelta(minutes=5)  # a mail takes 30 seconds at most, so its worker was killed
_SERVER_AWAY = timedelta(minutes=1)  # until it is tried again
_STALE = timedelta(minutes=1)  # no worker comes so late by itself
_NIGHT = 2  # o'clock, in the letter's time zone
_TRIES = 12  # a mailbox that is put off for seven hours is put off for days
_UNDER_WAY = (UpdateMailStatus.WAITING, UpdateMailStatus.SENDING)


class NotADraft(Exception):
    """A colleague has scheduled it, or thrown it away."""


class AlreadyWritten(Exception):
    """The same form wrote an update before. `update` is that one."""

    def __init__(self, update: Update) -> None:
        super().__init__(update)
        self.update = update


class RewrittenMeanwhile(Exception):
    """What was looked at is no longer what would leave."""


class NothingWritten(Exception):
    """It says nothing in any language."""


class LetterIsADraft(Exception):
    """Nobody has read the letter yet, let alone signed it."""


class LetterNotPublic(Exception):
    """There is no public page yet for it to stand on."""


class StandsOnThePage(Exception):
    """Everybody can read it: it is taken off the letter's page before its words change."""


class NoMailboxOfOnesOwn(Exception):
    """Whoever wants to see the mail has no address here."""


class UpdateIsElsewhere(Exception):
    """The act does not fit where the update is on its way. `status` says where that is."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = UpdateStatus(status)


class Settled(models.TextChoices):
    """What staff found out about a mail in doubt."""

    LEFT = "left", _("It left: the mail server has it")
    AGAIN = "again", _("Send it again: perhaps some get it twice")


@dataclass(frozen=True, kw_only=True)
class Words:
    """What an update says in one language."""

    language: str
    subject: str
    body: str


@dataclass(frozen=True)
class Outlook:
    """To how many mailboxes an update would go now: by the text they read, and by languages it is not written in."""

    mails: int
    read: dict[str, int]
    missing: dict[str, int]


@dataclass(frozen=True)
class Progress:
    """How far an update has come: {status of a mail: how many}."""

    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        return self.total - sum(self.counts.get(status, 0) for status in _UNDER_WAY)


# --- writing ---------------------------------------------------------------------------------------------


def write(
    letter: Letter, *, texts: Iterable[Words], by: Staff, neutral_subject: bool = False, public_id: str = ""
) -> Update:
    """Keep an update as a draft. Raises LetterIsADraft, NothingWritten, and AlreadyWritten for an id that is taken."""
    texts = list(texts)
    if letter.phase == Phase.DRAFT:
        raise LetterIsADraft
    if not texts:
        raise NothingWritten
    update = Update(letter=letter, by=by, neutral_subject=neutral_subject)
    update.public_id = public_id or update.public_id
    with transaction.atomic():
        _insert(update)
        _say(update, texts)
        _note("write_update", update, by=by)
    return update


def rewrite(update: Update, *, texts: Iterable[Words], by: Staff, neutral_subject: bool = False) -> Update:
    """Let a draft say something else. Raises NotADraft, StandsOnThePage, NothingWritten."""
    texts = list(texts)
    if not texts:
        raise NothingWritten
    with transaction.atomic():
        update = _lock_unread(update)
        update.neutral_subject = neutral_subject
        update.save(update_fields=["neutral_subject"])
        update.texts.all().delete()
        _say(update, texts)
        _note("rewrite_update", update, by=by)
    return update


def discard(update: Update, *, by: Staff) -> None:
    """Throw a draft away. Raises NotADraft, StandsOnThePage."""
    with transaction.atomic():
        update = _lock_unread(update)
        _note("discard_update", update, by=by)
        update.delete()


def what_is_written(update: Update) -> str:
    """Return what changes whenever the words do."""
    said = [(text.language, text.subject, text.body) for text in update.texts.all()]
    return hashlib.sha256(repr((update.neutral_subject, sorted(said))).encode()).hexdigest()[:32]


def mail_to_oneself(update: Update, *, by: Staff) -> None:
    """Ask for the mail as it would arrive, in each language, to whoever asks. Raises NoMailboxOfOnesOwn."""
    from signatories.tasks import send_update_to_oneself  # the task imports this module

    if not by.email:
        raise NoMailboxOfOnesOwn
    send_update_to_oneself.enqueue(update.pk, by.pk)


def send_to_oneself(update_id: int, staff_id: int) -> None:
    """Hand the mails that somebody asked for to the mail server; nothing where the draft or the person is gone."""
    update = Update.objects.select_related("letter__host").filter(pk=update_id).first()
    staff = Staff.objects.filter(pk=staff_id, is_active=True).exclude(email="").first()
    if update and staff:
        for message in Writer(update).to_oneself(staff.email):
            message.send()


def _insert(update: Update) -> None:
    try:
        with transaction.atomic():
            update.save(force_insert=True)
    except IntegrityError:
        raise AlreadyWritten(Update.objects.get(public_id=update.public_id)) from None


def _say(update: Update, texts: list[Words]) -> None:
    UpdateText.objects.bulk_create(
        UpdateText(update=update, language=one.language, subject=one.subject, body=one.body) for one in texts
    )


def _lock_draft(update: Update) -> Update:
    found = Update.objects.select_for_update(of=("self",)).select_related("letter").filter(pk=update.pk)
    locked = found.filter(status=UpdateStatus.DRAFT).first()
    if locked is None:
        raise NotADraft
    return locked


def _lock_unread(update: Update) -> Update:
    update = _lock_draft(update)
    if update.published_at:
        raise StandsOnThePage
    return update


# --- on the letter's page --------------------------------------------------------------------------------


def publish(update: Update, *, by: Staff, seen: str) -> Update:
    """Put an update on the letter's page, mailed or not: the words that were looked at as `seen`, or nothing.

    Doing so twice keeps the first time. Raises LetterNotPublic, RewrittenMeanwhile.
    """
    with transaction.atomic():
        update = _lock(update)
        if update.published_at:
            return update
        if not update.letter.is_public:
            raise LetterNotPublic
        if seen != what_is_written(update):
            raise RewrittenMeanwhile
        update.published_at = timezone.now()
        update.save(update_fields=["published_at"])
        _note("publish_update", update, by=by)
        bump([update.letter_id])
    return update


def take_back(update: Update, *, by: Staff) -> Update:
    """Take an update off the letter's page; mails that left stay where they are. Doing so twice is harmless."""
    with transaction.atomic():
        update = _lock(update)
        if update.published_at is None:
            return update
        update.published_at = None
        update.save(update_fields=["published_at"])
        _note("take_update_back", update, by=by)
        bump([update.letter_id])
    return update


# --- when it leaves --------------------------------------------------------------------------------------


def schedule(update: Update, *, by: Staff, seen: str, at: datetime | None = None) -> Update:
    """Let it leave: now, which is in settings.UNDO_FOR, or at a time. What was looked at as `seen` leaves, or nothing.

    Raises NotADraft, RewrittenMeanwhile.
    """
    now = timezone.now()
    with transaction.atomic():
        update = _lock_draft(update)
        if seen != what_is_written(update):
            raise RewrittenMeanwhile
        update.status = UpdateStatus.SCHEDULED
        update.send_at = max(at, now) if at else now + settings.UNDO_FOR
        update.save(update_fields=["status", "send_at"])
        _note("schedule_update", update, by=by)
        _work_on_later(update, at=update.send_at)
    return update


def call_back(update: Update, *, by: Staff) -> Update:
    """Make a draft again of what has not begun to leave. Raises UpdateIsElsewhere."""
    return _move(
        update,
        UpdateStatus.DRAFT,
        only_from=(UpdateStatus.SCHEDULED,),
        act="call_update_back",
        by=by,
        send_at=None,
    )


def pause(update: Update, *, by: Staff | None) -> Update:
    """Let no more mails leave for now; without `by` because too many were refused. Raises UpdateIsElsewhere."""
    return _move(update, UpdateStatus.PAUSED, only_from=(UpdateStatus.SENDING,), act="pause_update", by=by)


def go_on(update: Update, *, by: Staff) -> Update:
    """Let the rest leave. Raises UpdateIsElsewhere."""
    with transaction.atomic():
        update = _move(
            update,
            UpdateStatus.SENDING,
            only_from=(UpdateStatus.PAUSED,),
            act="continue_update",
            by=by,
            next_round_at=timezone.now(),
        )
        _work_on_later(update)
    return update


def stop(update: Update, *, by: Staff) -> Update:
    """Let no more mails leave, ever. Raises UpdateIsElsewhere."""
    return _move(
        update,
        UpdateStatus.STOPPED,
        only_from=(UpdateStatus.SENDING, UpdateStatus.PAUSED),
        act="stop_update",
        by=by,
        ended_at=timezone.now(),
    )


def tonight(letter: Letter) -> datetime:
    """Return the next time it is two at night where the letter's deadlines are."""
    now = timezone.now().astimezone(ZoneInfo(letter.time_zone))
    night = now.replace(hour=_NIGHT, minute=0, second=0, microsecond=0)
    return (night if night > now else night + timedelta(days=1)).astimezone(UTC)


def _move(
    update: Update,
    status: UpdateStatus,
    *,
    only_from: tuple[UpdateStatus, ...],
    act: str,
    by: Staff | None,
    **fields: datetime | None,
) -> Update:
    with transaction.atomic():
        update = _lock(update)
        if update.status not in only_from:
            raise UpdateIsElsewhere(update.status)
        update.status = status
        for name, value in fields.items():
            setattr(update, name, value)
        update.save(update_fields=["status", *fields])
        _note(act, update, by=by)
    return update


def _lock(update: Update) -> Update:
    return (
        Update.objects.select_for_update(of=("self",), no_key=True).select_related("letter").get(pk=update.pk)
    )


# --- to whom ---------------------------------------------------------------------------------------------


def audience(letter: Letter) -> QuerySet[Contact]:
    """Return who hears of a letter now: who speaks for a counted signature, has a mailbox, and wants to hear of it."""
    counted = Q(signature__status=SignatureStatus.PUBLISHED) | Q(
        signature__status=SignatureStatus.SUPERSEDED,
        signature__superseded_by__status=SignatureStatus.PUBLISHED,
    )
    reached = Contact.objects.filter(counted, signature__letter=letter, signature__by_phone=False)
    refusing = BouncingMailbox.objects.refusing().filter(address_key=OuterRef("address_key"))
    left = Unsubscribed.objects.of(OuterRef("address_key"), letter.pk)
    return reached.filter(~Exists(refusing), ~Exists(left))


def outlook(update: Update) -> Outlook:
    """Return to whom an update would go if it left now."""
    writer = Writer(update)
    newest_first = audience(update.letter).order_by("signature_id")
    spoken = dict(newest_first.values_list("address_key", "signature__language"))
    languages = Counter(spoken.values())
    read: Counter[str] = Counter()
    for language, mailboxes in languages.items():
        read[writer.text_for(language).language] += mailboxes
    missing = {language: n for language, n in languages.most_common() if language not in writer.texts}
    return Outlook(mails=len(spoken), read=dict(read), missing=missing)


# --- sending ---------------------------------------------------------------------------------------------


def work_on(update_id: int) -> None:
    """Send one round of an update whose time has come, and ask for the next one.

    Harmless at any time and by many at once: a round has a time, and whoever takes it sets the next one's.
    """
    _begin(update_id)
    if not _due_now(update_id).exists():
        return
    with closing(Line()) as line:
        try:
            line.open()
        except OSError:
            _wait_for_the_server(update_id)
            return
        writer = _start_round(update_id)
        if writer is not None:
            _send_round(writer, line)


def carry_on() -> None:
    """Pick up what no worker has come for: the task was lost, or its worker was killed. Harmless at any time."""
    late = timezone.now() - _STALE
    lost = Q(status=UpdateStatus.SCHEDULED, send_at__lt=late) | Q(
        status=UpdateStatus.SENDING, next_round_at__lt=late
    )
    for update in Update.objects.filter(lost):
        _work_on_later(update)


def _begin(update_id: int) -> None:
    """Give each mailbox its row, if the time to begin has come."""
    with transaction.atomic():
        due = Update.objects.due().select_for_update(of=("self",)).select_related("letter")
        update = due.filter(pk=update_id).first()
        if update is None:
            return
        # By their keys, which is in no order: mails to one provider are spread over the whole time.
        keys = audience(update.letter).order_by("address_key").values_list("address_key", flat=True)
        UpdateMail.objects.bulk_create(
            (UpdateMail(update=update, mailbox_key=key) for key in keys.distinct()), batch_size=2_000
        )
        update.status = UpdateStatus.SENDING
        update.started_at = update.next_round_at = timezone.now()
        update.save(update_fields=["status", "started_at", "next_round_at"])


def _due_now(update_id: int) -> QuerySet[Update]:
    return Update.objects.filter(pk=update_id, status=UpdateStatus.SENDING, next_round_at__lte=timezone.now())


def _start_round(update_id: int) -> Writer | None:
    """Take the round that is due, with the next one asked for in the same breath; None where there is none.

    So a worker that is killed breaks no chain.
    """
    with transaction.atomic():
        due = _due_now(update_id).select_for_update(of=("self",), no_key=True).select_related("letter__host")
        update = due.first()
        if update is None:
            return None
        old = update.mails.filter(status=UpdateMailStatus.SENDING, at__lt=timezone.now() - _IN_DOUBT_AFTER)
        old.update(status=UpdateMailStatus.IN_DOUBT, at=timezone.now())
        if not update.mails.filter(status__in=_UNDER_WAY).exists():
            update.status, update.ended_at = UpdateStatus.SENT, timezone.now()
            update.save(update_fields=["status", "ended_at"])
            return None
        update.server_away_since = None
        update.save(update_fields=["server_away_since"])
        _next_round(update, after=timedelta(seconds=60 * _ROUND / settings.UPDATE_MAILS_A_MINUTE))
    return Writer(update)


def _wait_for_the_server(update_id: int) -> None:
    """Try again a little later. No row was touched, or it waits again."""
    with transaction.atomic():
        update = _lock(Update(pk=update_id))
        if update.status == UpdateStatus.SENDING:
            update.server_away_since = update.server_away_since or timezone.now()
            update.save(update_fields=["server_away_since"])
            _next_round(update, after=_SERVER_AWAY)


def _next_round(update: Update, *, after: timedelta) -> None:
    update.next_round_at = timezone.now() + after
    update.save(update_fields=["next_round_at"])
    _work_on_later(update, at=update.next_round_at)


def _send_round(writer: Writer, line: Line) -> None:
    refused = 0
    for _number in range(_ROUND):
        try:
            line.open()
        except OSError:
            _wait_for_the_server(writer.update.pk)
            return
        answer = _send_next(writer, line)
        if answer is None:
            return
        if answer.handed in (Handed.AWAY, Handed.IN_DOUBT):
            _wait_for_the_server(writer.update.pk)
            return
        refused += answer.handed == Handed.REFUSED
    if refused >= _REFUSED_AT_MOST:
        _pause_by_itself(writer.update)


def _pause_by_itself(update: Update) -> None:
    try:
        pause(update, by=None)
    except UpdateIsElsewhere:  # a colleague paused or stopped it in this moment
        return


def _send_next(writer: Writer, line: Line) -> Answer | None:
    """Send one mail and say what the mail server answered; None where none is ready."""
    claimed = _claim(writer)
    if claimed is None:
        return None
    mail, message = claimed
    if message is None:
        return Answer(Handed.LATER)
    answer = line.hand_over(message)
    _write_down(mail, answer)
    return answer


def _claim(writer: Writer) -> tuple[UpdateMail, EmailMultiAlternatives | None] | None:
    """Mark the next mail as leaving and return it, written; without a message where it does not leave now.

    Who is to be written to is asked in this moment. No two workers claim one row.
    """
    now = timezone.now()
    ready = UpdateMail.objects.filter(
        Q(not_before=None) | Q(not_before__lte=now),
        update=writer.update,
        update__status=UpdateStatus.SENDING,
        status=UpdateMailStatus.WAITING,
    )
    with transaction.atomic():
        mail = ready.select_for_update(of=("self",), skip_locked=True).order_by("pk").first()
        if mail is None:
            return None
        contacts = list(
            audience(writer.letter)
            .filter(address_key=mail.mailbox_key)
            .select_related("signature__superseded_by")
            .order_by("-signature_id")
        )
        message = _written(writer, mail, contacts)
        mail.at = now
        mail.save(update_fields=["status", "at", "tries", "not_before"])
    return mail, message


def _written(writer: Writer, mail: UpdateMail, contacts: list[Contact]) -> EmailMultiAlternatives | None:
    """Return the message to a mailbox, and set what becomes of its row; whoever calls saves."""
    if not contacts:
        mail.status = UpdateMailStatus.PASSED_OVER
        return None
    try:
        message = writer.to_mailbox(mail, contacts)
    except InvalidToken:  # a seal stays shut while its key is missing
        _put_off(mail)
        return None
    except (WrongSeal, ValueError):
        mail.status = UpdateMailStatus.REFUSED
        return None
    mail.status = UpdateMailStatus.SENDING
    return message


def _put_off(mail: UpdateMail) -> None:
    """Let it wait for its next try, longer and longer apart; whoever calls saves."""
    mail.tries += 1
    mail.not_before = next_try(mail.tries)
    is_over = mail.tries >= _TRIES or mail.not_before is None
    mail.status = UpdateMailStatus.GIVEN_UP if is_over else UpdateMailStatus.WAITING


_BECOMES = {
    Handed.OVER: UpdateMailStatus.SENT,
    Handed.REFUSED: UpdateMailStatus.REFUSED,
    Handed.AWAY: UpdateMailStatus.WAITING,
    Handed.IN_DOUBT: UpdateMailStatus.IN_DOUBT,
}


def _write_down(mail: UpdateMail, answer: Answer) -> None:
    """Write down what the mail server answered, unless a report that it came back was faster."""
    with transaction.atomic():
        mine = UpdateMail.objects.select_for_update().filter(
            pk=mail.pk, status__in=(UpdateMailStatus.SENDING, UpdateMailStatus.IN_DOUBT)
        )
        locked = mine.first()
        if locked is None:
            return
        if answer.handed == Handed.LATER:
            _put_off(locked)
        else:
            locked.status = _BECOMES[answer.handed]
        locked.at = timezone.now()
        locked.save(update_fields=["status", "at", "tries", "not_before"])
    if answer.refused is not None:
        bounces.take_refusal("update", mail.public_id, answer.refused)


# --- how far it has come ---------------------------------------------------------------------------------


def progress(update: Update) -> Progress:
    """Return how far an update has come."""
    if update.outcome:
        return Progress(dict(update.outcome))
    rows = update.mails.order_by().values_list("status").annotate(n=models.Count("pk"))
    return Progress(dict(rows))


def in_doubt(update: Update) -> list[tuple[str, str]]:
    """Return (public id, id in the mail server's log) of each mail of which nobody knows whether it left."""
    rows = update.mails.filter(status=UpdateMailStatus.IN_DOUBT).order_by("pk")
    return [(mail.public_id, message_id(mail)) for mail in rows]


def settle(update: Update, *, mails: Iterable[str], outcome: str, by: Staff) -> int:
    """Say of mails in doubt that they left, or send them again; return how many there were.

    Doing so twice is harmless. Raises UpdateIsElsewhere where a mail would be sent again of what was stopped.
    """
    outcome = Settled(outcome)
    with transaction.atomic():
        update = _lock(update)
        again = outcome == Settled.AGAIN
        if again and update.status == UpdateStatus.STOPPED:
            raise UpdateIsElsewhere(update.status)
        rows = update.mails.filter(status=UpdateMailStatus.IN_DOUBT, public_id__in=list(mails))
        becomes = UpdateMailStatus.WAITING if again else UpdateMailStatus.SENT
        settled = rows.update(status=becomes, at=timezone.now(), not_before=None)
        if settled:
            _note(f"settle_update_{outcome}", update, by=by)
        if settled and again and update.status == UpdateStatus.SENT:
            update.status, update.ended_at = UpdateStatus.SENDING, None
            update.next_round_at = timezone.now()
            update.save(update_fields=["status", "ended_at", "next_round_at"])
            _work_on_later(update)
    return settled


def came_back(public_id: str) -> UpdateMail | None:
    """Write down that a mail came back, and so had left; part of counting it. None where it is forgotten."""
    mail = UpdateMail.objects.select_for_update().filter(public_id=public_id).first()
    left = (UpdateMailStatus.SENDING, UpdateMailStatus.SENT, UpdateMailStatus.IN_DOUBT)
    if mail is not None and mail.status in left:
        mail.status, mail.at = UpdateMailStatus.BOUNCED, timezone.now()
        mail.save(update_fields=["status", "at"])
    return mail


def forget() -> None:
    """Drop which mailboxes an update went to, long after it was over; how many stays."""
    over = Update.objects.filter(ended_at__lt=timezone.now() - settings.UPDATE_MAILS_KEPT, outcome={})
    for pk in over.values_list("pk", flat=True):
        with transaction.atomic():
            update = over.select_for_update(no_key=True).filter(pk=pk).first()
            if update is not None:  # else a colleague sends some of it again
                update.outcome = progress(update).counts or {UpdateMailStatus.SENT: 0}
                update.save(update_fields=["outcome"])
                update.mails.all().delete()


def _work_on_later(update: Update, *, at: datetime | None = None) -> None:
    from signatories.tasks import run_update  # the task imports this module

    run_update.using(run_after=at).enqueue(update.pk)


def _note(act: str, update: Update, *, by: Staff | None) -> None:
    letter = update.letter
    record(act, kind="letter", subject=letter.slug, letter=letter, by=by, reason=update.public_id)
