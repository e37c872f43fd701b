"""The mails we send to staff: one folder of templates each. They name no more of anybody than the user name.

A mail is a row before it is a message: `tell` enqueues (who reads it, which mail, whom it is about) in the act's own
transaction, and the worker calls `send`.
"""

from email.utils import make_msgid

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from letters.models import Staff


class StaffMail(models.TextChoices):
    """Every mail to staff there is. The value is its folder in templates/emails/."""

    NEW_BROWSER = "staff_new_browser"
    WRONG_CODES = "staff_wrong_codes"
    PASSWORD_RESET = "staff_password_reset"  # noqa: S105 - the name of a folder
    PASSWORD_CHANGED = "staff_password_changed"  # noqa: S105 - the name of a folder
    FACTOR_ADDED = "staff_factor_added"
    FACTOR_REMOVED = "staff_factor_removed"
    FACTORS_TAKEN = "staff_factors_taken"
    CODES_MADE = "staff_codes_made"


# A stolen account could read, or have changed, its own mailbox: these reach every superuser as well.
_WITNESSED = set(StaffMail) - {StaffMail.PASSWORD_RESET, StaffMail.PASSWORD_CHANGED}


def tell(staff: Staff, mail: StaffMail) -> None:
    """Ask for a mail about a member of staff, inside the caller's transaction, to all who are to read it."""
    from letters.tasks import send_staff_mail  # the task imports this module

    readers = {staff.pk}
    if mail in _WITNESSED:
        readers |= set(Staff.objects.filter(is_superuser=True).values_list("pk", flat=True))
    for reader in Staff.objects.filter(pk__in=readers, is_active=True).exclude(email=""):
        send_staff_mail.enqueue(reader.pk, str(mail), staff.pk)


def send(reader_id: int, mail: StaffMail, about_id: int) -> None:
    """Write one mail and hand it to the mail server. Says nothing to somebody who left meanwhile."""
    reader = Staff.objects.filter(pk=reader_id, is_active=True).exclude(email="").first()
    about = Staff.objects.filter(pk=about_id).first()
    if reader and about:
        _message(reader, mail, about).send()


def _message(reader: Staff, mail: StaffMail, about: Staff) -> EmailMessage:
    context = {
        "who": isolated(about.get_username()),
        "own": reader == about,
        "account": absolute(reverse("mfa_index")),
        "staff": absolute(reverse("admin:letters_staff_change", args=[about.pk])),
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    if mail == StaffMail.PASSWORD_RESET:
        key = default_token_generator.make_token(about)
        context["url"] = absolute(reverse("account_new_password", args=[about.pk, key]))
    with override(settings.LANGUAGE_CODE):  # which languages they read is known of no member of staff
        body = "".join(render_to_string(f"emails/{mail}/body.txt", context))
        subject = " ".join(render_to_string(f"emails/{mail}/subject.txt", context).split())
    return EmailMessage(subject=subject, body=body, to=[reader.email], headers=headers())


def headers() -> dict[str, str]:
    """Return what every mail of ours says about itself."""
    return {
        "Auto-Submitted": "auto-generated",
        "Message-ID": make_msgid(domain=site_domain()),
    }


def site_domain() -> str:
    """Return our own domain, which mails are numbered under."""
    return str(settings.SITE_URL).partition("://")[2].partition(":")[0]


def isolated(words: str) -> str:
    """Return words of any direction so that they turn nothing around them: plain text has no <bdi>."""
    return f"\u2068{words}\u2069" if words else ""


def absolute(path: str) -> str:
    """Return the address of one of our pages for a mail."""
    return f"{settings.SITE_URL}{path}"
