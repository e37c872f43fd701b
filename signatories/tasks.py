"""What happens without anyone asking: mail is sent and sent again, jobs are picked up, old data is erased."""

import logging
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from letters import comments
from letters.revision import bump
from letters.tasks import is_final, next_try
from signatories import (
    bounces,
    emails,
    export,
    invalidation,
    invitation_mails,
    invitations,
    limits,
    lists,
    merging,
    parcels,
    quotes,
    undoing,
    updates,
    versions,
    workshops,
)
from signatories.contacts import WrongSeal
from signatories.events import note
from signatories.models import Contact, Invitation, Signature, SignatureStatus, Spokesperson, Token
from signatories.withdrawal import erase

logger = logging.getLogger(__name__)

_STUCK_AFTER = timedelta(minutes=10)  # a mail takes 30 seconds at most, so its worker was killed
_FINISHED_KEPT = timedelta(days=1)
_AFTER_MAILS = -10  # thousands who get an update wait for one who waits for a link
_BEFORE_MAILS = 10  # a name that must go is gone before the next stranger is written to


@task()
def send_mail(signature_id: int, mail: str, attempt: int = 1) -> str:
    """Send one mail. While the mail server is away it comes back later, longer and longer apart.

    It ends without an exception in every case: the queue would keep a traceback, and addresses stand in those.
    """
    try:
        emails.send(signature_id, emails.Mail(mail))
    except SMTPRecipientsRefused as refused:
        if is_final(refused):
            _give_up(signature_id, "mailbox_refused")
            _count_refusal(signature_id, refused)
            return "refused"
        return _try_again(signature_id, mail, attempt)
    except (
        OSError,
        InvalidToken,
    ):  # smtplib's errors are OSErrors; a seal stays shut while its key is missing
        return _try_again(signature_id, mail, attempt)
    except (ValueError, WrongSeal):  # no mail can be written to that address, and the error quotes it
        _give_up(signature_id, "mailbox_unwritable")
        return "refused"
    return "sent"


def _count_refusal(signature_id: int, refused: SMTPRecipientsRefused) -> None:
    bounces.take_refusal("contact", Signature.objects.get(pk=signature_id).public_id, refused)


def _try_again(signature_id: int, mail: str, attempt: int) -> str:
    when = next_try(attempt)
    if when is None:
        _give_up(signature_id, "mail_server_away")
        return "given up"
    send_mail.using(run_after=when).enqueue(signature_id, mail, attempt + 1)
    return "later"


@task()
def send_invitation(invitation_id: int, mail: str, attempt: int = 1) -> str:
    """Send one mail to somebody who is invited; like `send_mail` it ends without an exception in every case."""
    try:
        invitation_mails.send(invitation_id, invitations.InvitationMail(mail))
    except SMTPRecipientsRefused as refused:
        if is_final(refused):
            return _invitation_refused(invitation_id)
        return _try_invitation_again(invitation_id, mail, attempt)
    except (OSError, InvalidToken):  # as in `send_mail`
        return _try_invitation_again(invitation_id, mail, attempt)
    except (ValueError, WrongSeal):  # as in `send_mail`
        return _invitation_refused(invitation_id)
    return "sent"


def _invitation_refused(invitation_id: int) -> str:
    invitation = Invitation.objects.filter(pk=invitation_id).first()
    if invitation is not None:
        invitations.bounced(invitation.public_id, permanent=True)
    return "refused"


def _try_invitation_again(invitation_id: int, mail: str, attempt: int) -> str:
    when = next_try(attempt)
    if when is not None:
        send_invitation.using(run_after=when).enqueue(invitation_id, mail, attempt + 1)
        return "later"
    invitation = Invitation.objects.filter(pk=invitation_id).first()
    if invitation is not None:
        invitations.not_sent(invitation, invitations.InvitationMail(mail))
    return "given up"


@task()
def tell_of_version(version_id: int) -> None:
    """Ask for the mails about a changed text, some at a time: a sender of thousands at once is taken for spam."""
    if versions.tell(version_id):
        _at_once, apart = settings.LIST_MAILS
        tell_of_version.using(run_after=timezone.now() + apart).enqueue(version_id)


@task(priority=_AFTER_MAILS)
def run_update(update_id: int) -> None:
    """Send one round of an update, which asks for its next one by itself."""
    updates.work_on(update_id)


@task()
def send_update_to_oneself(update_id: int, staff_id: int, attempt: int = 1) -> str:
    """Mail a draft to whoever wrote it; while the mail server is away it comes back later."""
    try:
        updates.send_to_oneself(update_id, staff_id)
    except SMTPRecipientsRefused as refused:
        if is_final(refused):
            return "refused"
        return _try_own_again(update_id, staff_id, attempt)
    except OSError:  # as in `send_mail`
        return _try_own_again(update_id, staff_id, attempt)
    except ValueError:  # as in `send_mail`
        return "refused"
    return "sent"


def _try_own_again(update_id: int, staff_id: int, attempt: int) -> str:
    when = next_try(attempt)
    if when is None:
        return "given up"
    send_update_to_oneself.using(run_after=when).enqueue(update_id, staff_id, attempt + 1)
    return "later"


@task()
def write_list(file_id: int) -> None:
    """Write the next rows of a list that was gathered elsewhere."""
    lists.work_on(file_id)


@task()
def tell_of_export(event_id: int, staff_id: int, attempt: int = 1) -> str:
    """Tell one superuser that contacts left; while the mail server is away it comes back later."""
    try:
        export.tell(event_id, staff_id)
    except OSError:
        when = next_try(attempt)
        if when is None:
            return "given up"
        tell_of_export.using(run_after=when).enqueue(event_id, staff_id, attempt + 1)
        return "later"
    return "sent"


def _give_up(signature_id: int, reason: str) -> None:
    signature = Signature.objects.get(pk=signature_id)
    note("mail_failed", signature, reason=reason)
    logger.warning("A mail of signature %s was given up: %s", signature.public_id, reason)


@task()
def fill_parcel(parcel_id: int) -> None:
    """Make the addressed letters of a parcel."""
    parcels.fill(parcel_id)


@task(priority=_BEFORE_MAILS)
def run_invalidation(invalidation_id: int) -> str:
    """Reject, or give back, one batch of an invalidation, which asks for its next one by itself."""
    try:
        invalidation.work_on(invalidation_id)
    except OperationalError:  # its locks and a colleague's made a circle, and ours was the one cut through
        run_invalidation.using(run_after=timezone.now() + timedelta(seconds=1)).enqueue(invalidation_id)
        return "later"
    return "done"


def do_what_is_due() -> None:
    """Pick up what a killed worker left and erase what has been kept long enough. Harmless at any time."""
    revive_stuck_jobs()
    limits.forget()
    undoing.forget()
    lists.forget()
    merging.forget()
    workshops.forget()
    comments.forget()
    quotes.forget()
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    Token.objects.filter(expires_at__lt=timezone.now() - settings.CONFIRM_LINK_LIFE).delete()
    DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - _FINISHED_KEPT).delete()
    erase_unconfirmed()
    erase_rejected()
    erase_old_contacts()
    parcels.forget()
    invalidation.forget()
    forget_batches()
    bounces.forget()
    versions.tell_who_is_due()
    invitations.forget()
    invitations.remind_due()
    updates.carry_on()
    updates.forget()


def revive_stuck_jobs() -> int:
    """Put jobs whose worker was killed back into the queue and return how many there were."""
    stuck = DBTaskResult.objects.running().filter(started_at__lt=timezone.now() - _STUCK_AFTER)
    return stuck.update(status=TaskResultStatus.READY, started_at=None)


def erase_unconfirmed() -> None:
    """Delete what nobody ever confirmed, once no link that was mailed could confirm it any more."""
    now = timezone.now()
    unconfirmed = Signature.objects.filter(status=SignatureStatus.UNCONFIRMED)
    old = unconfirmed.filter(created_at__lt=now - settings.ERASE_UNCONFIRMED_AFTER)
    for pk in old.exclude(tokens__expires_at__gt=now).values_list("pk", flat=True):
        with transaction.atomic():
            signature = unconfirmed.select_for_update().filter(pk=pk).first()
            if signature is not None:  # else it was confirmed by hand in this very moment
                note("expire", signature)
                signature.delete()


def erase_rejected() -> None:
    """Empty the rows of signatures that ended long enough ago; those joined with another one go when that one goes."""
    before = timezone.now() - settings.ERASE_REJECTED_AFTER
    ended = (SignatureStatus.REJECTED, SignatureStatus.WITHDRAWN)
    alone = Q(status__in=ended) | Q(status=SignatureStatus.SUPERSEDED, superseded_by=None)
    old = Signature.objects.filter(alone, ended_at__lt=before, erased_at__isnull=True)
    for pk in old.values_list("pk", flat=True):
        with transaction.atomic():
            signature = old.select_for_update().filter(pk=pk).first()
            if signature is not None:  # else it was given back in this very moment
                erase(signature)


def forget_batches() -> None:
    """Drop which signatures came from one place; it mattered while they were decided."""
    old = Signature.objects.filter(created_at__lt=timezone.now() - settings.BATCH_KEPT)
    old.exclude(batch="").update(batch="")


def erase_old_contacts() -> None:
    """Delete contacts of letters that closed long ago; longer ago for those who agreed to be kept."""
    now = timezone.now()
    for kept, life in (
        (False, settings.ERASE_CONTACTS_AFTER_CLOSING),
        (True, settings.ERASE_KEPT_CONTACTS_AFTER_CLOSING),
    ):
        old = Contact.objects.filter(
            signature__keep_contact=kept, signature__letter__closes_at__lt=now - life
        )
        with transaction.atomic():
            spoke = Spokesperson.objects.filter(contact__in=old)
            told_of = set(spoke.values_list("contact__signature__letter", flat=True))
            old.delete()
            if told_of:
                bump(told_of)
        Signature.objects.filter(
            keep_contact=kept, letter__closes_at__lt=now - life, dedupe_key__isnull=False
        ).update(dedupe_key=None)
