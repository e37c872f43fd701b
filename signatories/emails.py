"""The mails we send to signatories: one folder of templates each, one line here.

A mail is a row before it is a message: `send_later` enqueues (signature id, which mail) in the act's own
transaction, and the worker calls `send`, which mints the links, commits their hashes and only then sends.
"""

from datetime import timedelta
from email.utils import make_msgid
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi, override
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from letters.models import Letter
from signatories import tokens
from signatories.contacts import unseal
from signatories.models import Contact, Purpose, Signature, SignatureStatus


class Mail(models.TextChoices):
    """Every mail there is. The value is its folder in templates/emails/."""

    CONFIRM = "confirm"
    ALREADY_SIGNED = "already_signed"
    CONFIRMED = "confirmed"
    HELD = "held"
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CORRECTION_ACCEPTED = "correction_accepted"
    CORRECTION_DECLINED = "correction_declined"


# What must still be true when a mail is sent, which may be hours after it was asked for.
_SAYS = {
    Mail.CONFIRM: SignatureStatus.UNCONFIRMED,
    Mail.HELD: SignatureStatus.HELD,
    Mail.PUBLISHED: SignatureStatus.PUBLISHED,
    Mail.REJECTED: SignatureStatus.REJECTED,
    Mail.WITHDRAWN: SignatureStatus.WITHDRAWN,
}
_WITHOUT_OWN_PAGE = {Mail.CONFIRM, Mail.REJECTED, Mail.WITHDRAWN}


def send_later(signature: Signature, mail: Mail, *, after: timedelta = timedelta()) -> None:
    """Ask for a mail, inside the caller's transaction. Does nothing where there is no mailbox to write to."""
    from signatories.tasks import send_mail  # the task imports this module

    if not signature.by_phone and Contact.objects.filter(signature=signature).exists():
        when = timezone.now() + after if after else None
        send_mail.using(run_after=when).enqueue(signature.pk, str(mail))


def call_back(signature: Signature) -> None:
    """Drop the mails about a decision that have not been sent yet: it was taken back."""
    from signatories.tasks import send_mail  # the task imports this module

    waiting = DBTaskResult.objects.filter(task_path=send_mail.module_path, status=TaskResultStatus.READY)
    waiting.filter(args_kwargs__args__0=signature.pk, run_after__gt=timezone.now()).delete()


def send(signature_id: int, mail: Mail) -> None:
    """Write one mail and hand it to the mail server. Says nothing where the contact is gone, or the news overtaken."""
    signature = (
        Signature.objects.select_related("letter__host", "text", "contact")
        .filter(pk=signature_id, contact__isnull=False)
        .first()
    )
    if signature is not None and signature.status == _SAYS.get(mail, signature.status):
        _message(signature, mail).send()


def _message(signature: Signature, mail: Mail) -> EmailMultiAlternatives:
    with override(_language(signature)):
        context = _context(signature, mail)
        # Joined into a plain str: what a template rendered counts as safe HTML, and strangers' names are in it.
        body = "".join(render_to_string(f"emails/{mail}/body.txt", context))
        subject = " ".join(render_to_string(f"emails/{mail}/subject.txt", context).split())
        frame = {
            "subject": subject,
            "body": _as_html(body, [context["letter_url"], context.get("url", "")]),
            "language": _language(signature),
            "rtl": get_language_bidi(),
            **context,
        }
        html = render_to_string("emails/_frame.html", frame)
    message = EmailMultiAlternatives(
        subject=subject,
        body=body,
        to=[unseal(signature.contact).email],
        headers={
            "Auto-Submitted": "auto-generated",
            "Message-ID": make_msgid(domain=settings.SITE_URL.partition("://")[2].partition(":")[0]),
        },
    )
    message.attach_alternative(html, "text/html")
    return message


def _as_html(body: str, addresses: list[str]) -> SafeString:
    """Return plain text as paragraphs in which our own addresses, and no stranger's, are links.

    An address reads from left to right among Arabic words, too.
    """
    html = linebreaks(body, autoescape=True)
    for address in filter(None, map(escape, addresses)):
        html = html.replace(address, f'<a dir="ltr" href="{address}">{address}</a>')
    return SafeString(html)  # escaped by linebreaks


def _context(signature: Signature, mail: Mail) -> dict[str, Any]:
    context = {
        "signature": signature,
        "name": _isolated(signature.name),
        "letter": signature.letter,
        "title": _isolated(_title(signature)),
        "letter_url": _absolute(_letter_path(signature.letter)),
        "days": settings.CONFIRM_LINK_LIFE.days,
    }
    if mail == Mail.CONFIRM:
        minted = tokens.mint(signature, Purpose.CONFIRM)
        context |= {"url": _absolute(reverse("confirm", args=[minted.value])), "code": minted.code}
    elif mail not in _WITHOUT_OWN_PAGE:
        minted = tokens.mint(signature, Purpose.OWN_PAGE)
        context |= {"url": _absolute(reverse("own_page", args=[minted.value]))}
    return context


def _letter_path(letter: Letter) -> str:
    if letter.is_public:
        return letter.get_absolute_url()
    return reverse("gathering_letter", args=[letter.gathering_key])


def _title(signature: Signature) -> str:
    text = signature.letter.text_for(_language(signature))
    return text.title if text else ""


def _isolated(words: str) -> str:
    """Return words of any direction so that they turn nothing around them: plain text has no <bdi>."""
    return f"\u2068{words}\u2069" if words else ""


def _absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def _language(signature: Signature) -> str:
    """Return the mail's language: the one the form was filled in, if we speak it."""
    return signature.language if signature.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
