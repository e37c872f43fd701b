"""Mail to staff is sent, and sent again while the mail server is away."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused

from django.utils import timezone
from django_tasks import task

from letters import emails
from letters.models import record

logger = logging.getLogger(__name__)

_TRIES = 60  # an hour apart at last: a mail server may be away for two days
_LONGEST_PAUSE = 3600  # seconds


def next_try(attempt: int) -> datetime | None:
    """Return when to try again what failed, longer and longer apart; None once it was tried long enough."""
    if attempt >= _TRIES:
        return None
    return timezone.now() + timedelta(seconds=min(5 * 2**attempt, _LONGEST_PAUSE))


def is_final(refused: SMTPRecipientsRefused) -> bool:
    """Whether the mail server says that trying again is of no use."""
    return all(code >= 500 for code, _ in refused.recipients.values())


@task()
def send_staff_mail(reader_id: int, mail: str, about_id: int, attempt: int = 1) -> str:
    """Send one mail to a member of staff; like `signatories.tasks.send_mail` it ends without an exception."""
    try:
        emails.send(reader_id, emails.StaffMail(mail), about_id)
    except SMTPRecipientsRefused as refused:
        if is_final(refused):
            return _give_up(reader_id, "mailbox_refused")
        return _try_again(reader_id, mail, about_id, attempt)
    except OSError:  # smtplib's errors are OSErrors
        return _try_again(reader_id, mail, about_id, attempt)
    except ValueError:  # no mail can be written to that address, and the error quotes it
        return _give_up(reader_id, "mailbox_unwritable")
    return "sent"


def _try_again(reader_id: int, mail: str, about_id: int, attempt: int) -> str:
    when = next_try(attempt)
    if when is None:
        return _give_up(reader_id, "mail_server_away")
    send_staff_mail.using(run_after=when).enqueue(reader_id, mail, about_id, attempt + 1)
    return "later"


def _give_up(reader_id: int, reason: str) -> str:
    record("mail_failed", kind="staff", subject=reader_id, reason=reason)
    logger.warning("A mail to member of staff %s was given up: %s", reader_id, reason)
    return "given up"
