"""What a changed text means to those who signed: they are told, or asked for a new yes.

An *editorial* version leaves every signature where it is: its signatories are told, and may withdraw. After a
*material* one only those count who have agreed to it, or to a later one:

    unconfirmed              stays; its page shows what changed, and confirming says yes to the text as it is now
    awaiting_moderation      stays and is asked; approved before its yes, it waits as to_agree_again
    held                     the same
    published                becomes to_agree_again, neither counted nor named, and is asked
    to_agree_again           stays, and is asked about the newer text
    rejected, withdrawn,     stay; given back later, they come back as to_agree_again
    superseded

With its yes, which any of its contacts can give, and staff can write down, to_agree_again becomes published without a
moderator, who approved it before. The database refuses to count anybody who has not agreed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, ProtectedError, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from letters.lifecycle import WrongPhase
from letters.models import Letter, Staff, Text, TextChange, Version, record
from letters.revision import bump, bump_with_neighbours
from letters.versions import CHANGEABLE, untranslated
from signatories import consent
from signatories.emails import Mail, send_to_one_later
from signatories.events import note, note_each
from signatories.locking import SignatureEnded, lock_standing
from signatories.models import (
    CONFIRMED,
    ConsentChannel,
    Contact,
    Notice,
    Remark,
    Signature,
    SignatureStatus,
)


class TranslationsMissing(Exception):
    """An official text would not say what changed in what is asked. `languages` says which."""

    def __init__(self, languages: list[str]) -> None:
        super().__init__(languages)
        self.languages = languages


class DraftedMeanwhile(Exception):
    """What was previewed is no longer what would be published."""


class NothingToTakeBack(Exception):
    """It was published too long ago, or somebody has signed, agreed to or handed over the new text."""


class NotConfirmedYet(Exception):
    """Confirming itself says yes to the text as it is."""


class AgreeingIsOver(Exception):
    """The letter was closed, and the grace for confirming is over."""


@dataclass(frozen=True)
class Outlook:
    """What publishing does to whom: how many are counted and would have to agree again, and how many mails go out."""

    counted: int
    waiting: int
    mails: int
    without_mailbox: int


# --- publishing --------------------------------------------------------------------------------------------


def publish(version: Version, *, by: Staff, seen: str = "") -> Version:
    """Make what was drafted the letter's text. Mails about it wait as long as it can be taken back.

    Doing so twice is harmless. With what was previewed as `seen`, nothing else is published. Raises WrongPhase,
    DraftedMeanwhile, TranslationsMissing.
    """
    with transaction.atomic():
        version = Version.objects.select_for_update(of=("self",)).select_related("letter").get(pk=version.pk)
        if version.published_at:
            return version
        if seen and seen != what_is_drafted(version):
            raise DraftedMeanwhile
        _refuse_unless_publishable(version)
        letter = _lock_all(version.letter)
        number = version.number = letter.version_number() + 1
        version.published_at = timezone.now()
        version.save(update_fields=["number", "published_at"])
        Text.objects.bulk_create(_texts(version, number))
        asked = consent.sort_out(Signature.objects.filter(letter=letter)) if version.is_material else []
        note_each("ask_again", asked, by=by, reason=f"version {number}")
        reason = f"{version.change} {number}"
        record("publish_version", kind="letter", subject=letter.slug, letter=letter, by=by, reason=reason)
        _tell_later(version, after=settings.UNDO_FOR)
        bump_with_neighbours(letter)
    return version


def take_back(version: Version, *, by: Staff) -> Version:
    """Let the text before stand again, within settings.UNDO_FOR: nobody has been mailed. It is a draft again.

    Raises NothingToTakeBack.
    """
    with transaction.atomic():
        version = Version.objects.select_for_update(of=("self",)).select_related("letter").get(pk=version.pk)
        number = version.number
        if number is None or not may_be_taken_back(version):
            raise NothingToTakeBack
        letter = _lock_all(version.letter)
        if letter.texts.filter(
            version=number, change=TextChange.FIRST
        ).exists():  # a translation came with it
            raise NothingToTakeBack
        version.number = version.published_at = None
        try:
            with transaction.atomic():
                letter.texts.filter(version=number).delete()
                version.save(update_fields=["number", "published_at"])
        except (
            IntegrityError,
            ProtectedError,
        ):  # it was handed over, or a colleague has begun the next draft
            raise NothingToTakeBack from None
        consent.sort_out(Signature.objects.filter(letter=letter))
        record("take_version_back", kind="letter", subject=letter.slug, letter=letter, by=by)
        bump_with_neighbours(letter)
    return version


def may_be_taken_back(version: Version) -> bool:
    """Whether it was published a moment ago, stands still, and nobody has said yes to it."""
    if version.published_at is None or version.published_at < timezone.now() - settings.UNDO_FOR:
        return False
    said = Signature.objects.filter(letter=version.letter, agreed_version__gte=version.number)
    return version.letter.version_number() == version.number and not said.exists()


def what_is_drafted(version: Version) -> str:
    """Return what changes whenever the draft does."""
    return f"{version.pk}-{version.change}-{version.drafted_at.isoformat()}"


def outlook(version: Version) -> Outlook:
    """Return what publishing a draft would do to those who signed."""
    number = version.letter.version_number() + 1
    numbers = Signature.objects.filter(letter=version.letter).aggregate(
        counted=Count("pk", filter=Q(status=SignatureStatus.PUBLISHED)),
        waiting=Count("pk", filter=Q(status__in=CONFIRMED) & ~Q(status=SignatureStatus.PUBLISHED)),
    )
    mailboxes = _mailboxes(version.letter, number)
    reached = mailboxes.annotate(standing=Coalesce("signature__superseded_by", "signature")).values(
        "standing"
    )
    silent = Signature.objects.filter(letter=version.letter, status__in=CONFIRMED).exclude(pk__in=reached)
    return Outlook(**numbers, mails=mailboxes.count(), without_mailbox=silent.count())


def _refuse_unless_publishable(version: Version) -> None:
    if version.letter.phase not in CHANGEABLE:
        raise WrongPhase(version.letter.phase)
    missing = untranslated(version) if version.is_material else []
    if missing:
        raise TranslationsMissing(missing)


def _texts(version: Version, number: int) -> Iterable[Text]:
    for drafted in version.drafted.all():
        yield Text(
            letter=version.letter,
            language=drafted.language,
            version=number,
            change=version.change,
            standing=drafted.standing,
            title=drafted.title,
            subtitle=drafted.subtitle,
            body=drafted.body,
            what_changed=drafted.what_changed,
        )


def _lock_all(letter: Letter) -> Letter:
    """Lock who stands under a letter, and then the letter, as every act does; return it.

    Somebody may come to be published between the two locks. Then the letter is let go and all is locked anew.
    """
    while True:
        accepted = Signature.objects.filter(letter=letter, status__in=CONFIRMED).order_by("pk")
        locked = set(accepted.select_for_update().values_list("pk", flat=True))
        before = transaction.savepoint()
        fresh = Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
        counted = Signature.objects.filter(letter=letter, status=SignatureStatus.PUBLISHED)
        if locked.issuperset(counted.values_list("pk", flat=True)):
            transaction.savepoint_commit(before)
            return fresh
        transaction.savepoint_rollback(before)


# --- the new yes ---------------------------------------------------------------------------------------------


def agree(signature: Signature, *, version: int) -> Signature:
    """Take a signatory's yes to the letter as that version says it. Saying it twice is harmless.

    Raises SignatureEnded, TextChangedMeanwhile, NotConfirmedYet, AgreeingIsOver.
    """
    with transaction.atomic():
        signature = _lock_asked(signature)
        consent.refuse_another_text(signature.letter, read=version)
        if signature.agreed_version >= version:
            return signature
        _take_yes(signature, "agree", version=version, reason=f"version {version}")
    return signature


def record_yes(signature: Signature, *, by: Staff, channel: str, evidence: str) -> Signature:
    """Write down the yes that an organisation gave to somebody of the coalition: how, and where that is kept.

    Doing so twice is harmless. Raises SignatureEnded, NotConfirmedYet, AgreeingIsOver.
    """
    channel = ConsentChannel(channel)
    with transaction.atomic():
        signature = _lock_asked(signature)
        if not consent.is_asked(signature):
            return signature
        Remark.objects.create(signature=signature, by=by, words=evidence)
        version = signature.letter.version_number()
        _take_yes(signature, "record_yes", version=version, by=by, reason=channel)
    return signature


def _lock_asked(signature: Signature) -> Signature:
    """Return, locked, the signature that this one's contact speaks for, where it may be asked for a new yes."""
    signature = lock_standing(signature)
    if signature.has_ended:
        raise SignatureEnded
    if signature.status not in CONFIRMED:
        raise NotConfirmedYet
    if not signature.letter.accepts_confirmations:
        raise AgreeingIsOver
    return signature


def _take_yes(signature: Signature, act: str, *, version: int, reason: str, by: Staff | None = None) -> None:
    was_counted = signature.status == SignatureStatus.PUBLISHED
    consent.take_yes(signature, version=version)
    signature.save(update_fields=["agreed_version", "text", "status", "published_at"])
    note(act, signature, by=by, reason=reason)
    if signature.status == SignatureStatus.PUBLISHED and not was_counted:
        bump([signature.letter_id])


# --- telling and reminding -----------------------------------------------------------------------------------


def tell(version_id: int) -> bool:
    """Ask for the mails to the next contacts who have not been told of a version; say whether there may be more.

    The version is locked meanwhile, so that two workers tell nobody twice.
    """
    at_once, _apart = settings.LIST_MAILS
    with transaction.atomic():
        found = Version.objects.select_for_update(of=("self",)).select_related("letter")
        version = found.filter(pk=version_id, published_at__isnull=False).first()
        if version is None or version.number != version.letter.version_number():
            return False  # it was taken back, or a newer one tells of it, too
        told = Notice.objects.filter(version=version, signature=OuterRef("signature"))
        to_tell = _mailboxes(version.letter, version.number).exclude(Exists(told)).order_by("signature")
        batch = [
            contact.signature for contact in to_tell.select_related("signature__superseded_by")[:at_once]
        ]
        Notice.objects.bulk_create(Notice(version=version, signature=speaker) for speaker in batch)
        binding = version.letter.binding_number()
        for speaker in batch:
            has_agreed = speaker.standing.agreed_version >= binding
            send_to_one_later(speaker, Mail.TEXT_CHANGED if has_agreed else Mail.TEXT_CHANGED_MATERIALLY)
    return len(batch) == at_once


def tell_who_is_due() -> None:
    """Tell who came to stand under a letter since its last version was told, and remind who has not answered.

    Harmless at any time.
    """
    for version in _to_tell_of():
        tell(version.pk)
        _remind(version)


def _to_tell_of() -> list[Version]:
    """Return each letter's newest version, once it can no longer be taken back and while it can be agreed to."""
    newer = Version.objects.in_force().filter(letter=OuterRef("letter"), number__gt=OuterRef("number"))
    settled = Version.objects.in_force().filter(published_at__lt=timezone.now() - settings.UNDO_FOR)
    found = settled.exclude(Exists(newer)).select_related("letter")
    return [version for version in found if version.letter.accepts_confirmations]


def _remind(version: Version) -> None:
    """Remind each contact whose organisation has not said yes: some days apart, and shortly before it is too late."""
    most, apart = settings.AGREE_REMINDERS
    late = Q(reminders__lt=most, at__lt=timezone.now() - apart)
    closes_at = version.letter.closes_at
    if closes_at and timezone.now() >= closes_at - settings.AGREE_LAST_REMINDER:
        late |= Q(at__lt=closes_at - settings.AGREE_LAST_REMINDER)
    silent = _mailboxes(version.letter, version.letter.binding_number()).values("signature")
    due = Notice.objects.filter(late, version=version, signature__in=silent).order_by("pk")
    with transaction.atomic():
        for notice in due.select_related("signature").select_for_update(of=("self",), skip_locked=True):
            notice.at, notice.reminders = timezone.now(), notice.reminders + 1
            notice.save(update_fields=["at", "reminders"])
            send_to_one_later(notice.signature, Mail.TEXT_CHANGED_MATERIALLY)


def _tell_later(version: Version, *, after: timedelta) -> None:
    from signatories.tasks import tell_of_version  # the task imports this module

    tell_of_version.using(run_after=timezone.now() + after).enqueue(version.pk)


def _mailboxes(letter: Letter, number: int) -> QuerySet[Contact]:
    """Return who is written to of a version: with a mailbox, for a confirmed signature that agreed to less."""
    told = {"status__in": CONFIRMED, "agreed_version__lt": number}
    own = Q(**{f"signature__{field}": value for field, value in told.items()})
    shared = Q(**{f"signature__superseded_by__{field}": value for field, value in told.items()})
    return Contact.objects.filter(own | shared, signature__letter=letter, signature__by_phone=False)
