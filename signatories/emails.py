"""The mails we send to signatories: one folder of templates each, one line here.

A mail is a row before it is a message: `send_later` enqueues (signature id, which mail) in the act's own
transaction, and the worker calls `send`, which mints the links, commits their hashes and only then sends.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import models
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_bidi, override
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from letters.emails import absolute, headers, isolated
from letters.models import Letter
from signatories import bounces, consent, tokens
from signatories.contacts import unseal
from signatories.models import (
    ENDED,
    Contact,
    Purpose,
    Question,
    Quote,
    QuoteStatus,
    Signature,
    SignatureStatus,
    Vouch,
    VouchStatus,
)


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
    ASKED_TO_VOUCH = "asked_to_vouch"
    CO_CONTACT = "co_contact"
    ANOTHER_CONTACT = "another_contact"
    CONTACTS_DISAGREE = "contacts_disagree"
    SETTLED = "settled"
    TEXT_CHANGED = "text_changed"
    TEXT_CHANGED_MATERIALLY = "text_changed_materially"
    QUOTE_APPROVED = "quote_approved"
    QUOTE_REJECTED = "quote_rejected"


def _is(status: SignatureStatus) -> Callable[[Signature], bool]:
    return lambda speaker: speaker.standing.status == status


def _is_asked_to_vouch(speaker: Signature) -> bool:
    asked = Vouch.objects.filter(voucher=speaker.standing.organisation_id, status=VouchStatus.ASKED)
    waits = asked.exclude(signature__status__in=ENDED).exists()
    return waits and speaker.standing.status == SignatureStatus.PUBLISHED


def _disagrees(speaker: Signature) -> bool:
    standing = speaker.standing
    return not standing.has_ended and standing.question == Question.CONTACTS_DISAGREE


def _quote_is(speaker: Signature, status: QuoteStatus) -> bool:
    standing = speaker.standing
    return not standing.has_ended and Quote.objects.filter(signature=standing, status=status).exists()


# What must still be true when a mail is sent, which may be hours after it was asked for.
_SAYS: dict[Mail, Callable[[Signature], bool]] = {
    Mail.CONFIRM: _is(SignatureStatus.UNCONFIRMED),
    Mail.HELD: _is(SignatureStatus.HELD),
    Mail.PUBLISHED: _is(SignatureStatus.PUBLISHED),
    Mail.REJECTED: _is(SignatureStatus.REJECTED),
    Mail.WITHDRAWN: _is(SignatureStatus.WITHDRAWN),
    Mail.ASKED_TO_VOUCH: _is_asked_to_vouch,
    Mail.CO_CONTACT: lambda speaker: speaker.superseded_by_id is not None,
    Mail.ANOTHER_CONTACT: lambda speaker: not speaker.standing.has_ended,
    Mail.CONTACTS_DISAGREE: _disagrees,
    Mail.SETTLED: lambda speaker: not speaker.standing.has_ended and not _disagrees(speaker),
    Mail.TEXT_CHANGED: lambda speaker: consent.news(speaker.standing, language_of(speaker)) is not None,
    Mail.QUOTE_APPROVED: lambda speaker: _quote_is(speaker, QuoteStatus.APPROVED),
    Mail.QUOTE_REJECTED: lambda speaker: _quote_is(speaker, QuoteStatus.REJECTED),
    Mail.TEXT_CHANGED_MATERIALLY: lambda speaker: consent.is_asked(speaker.standing),
}
_OF_A_CHANGE = {Mail.TEXT_CHANGED, Mail.TEXT_CHANGED_MATERIALLY}
# What a mail may hold, to be links in its HTML.
_ADDRESSES = ("letter_url", "share_url", "versions_url", "agree_url", "url")
_WITHOUT_OWN_PAGE = {Mail.CONFIRM, Mail.REJECTED, Mail.WITHDRAWN, Mail.ASKED_TO_VOUCH}
# What one mailbox is told, and not everybody who speaks for the signature.
_FOR_ONE = {Mail.CONFIRM, Mail.ALREADY_SIGNED, Mail.ASKED_TO_VOUCH, Mail.CO_CONTACT}


def send_later(
    signature: Signature, mail: Mail, *, after: timedelta = timedelta(), apart_from: Signature | None = None
) -> None:
    """Ask for a mail to everybody who speaks for a signature, inside the caller's transaction.

    Does nothing where there is no mailbox to write to.
    """
    from signatories.tasks import send_mail  # the task imports this module

    when = timezone.now() + after if after else None
    for speaker in _speakers(signature, mail):
        if apart_from is None or speaker != apart_from.pk:
            send_mail.using(run_after=when).enqueue(speaker, str(mail))


def send_to_one_later(speaker: Signature, mail: Mail) -> None:
    """Ask for a mail to one of those who speak for a signature, inside the caller's transaction."""
    from signatories.tasks import send_mail  # the task imports this module

    send_mail.enqueue(speaker.pk, str(mail))


def _speakers(signature: Signature, mail: Mail) -> list[int]:
    """Return the signatures whose contacts are told, each of which has a mailbox."""
    spoken_for = Q(signature=signature)
    if mail not in _FOR_ONE:
        spoken_for |= Q(signature__superseded_by=signature)
    told = Contact.objects.filter(spoken_for, signature__by_phone=False)
    return list(told.order_by("signature").values_list("signature_id", flat=True))


def call_back(signature: Signature, *, since: datetime, mail: Mail | None = None) -> None:
    """Drop the mails, or those of one kind, about a decision that was taken back before they were sent."""
    from signatories.tasks import send_mail  # the task imports this module

    waiting = DBTaskResult.objects.filter(
        task_path=send_mail.module_path,
        status=TaskResultStatus.READY,
        enqueued_at__gte=since,
        run_after__gt=timezone.now(),
    )
    told = list(
        Contact.objects.filter(signature__superseded_by=signature).values_list("signature", flat=True)
    )
    if mail is not None:
        waiting = waiting.filter(args_kwargs__args__1=str(mail))
    waiting.filter(args_kwargs__args__0__in=[signature.pk, *told]).delete()


def send(signature_id: int, mail: Mail) -> None:
    """Write one mail and hand it to the mail server. Says nothing where the contact is gone, or the news overtaken."""
    speaker = (
        Signature.objects.select_related("letter__host", "text", "contact", "superseded_by")
        .filter(pk=signature_id, contact__isnull=False)
        .first()
    )
    if speaker is not None and (mail not in _SAYS or _SAYS[mail](speaker)):
        _message(speaker, mail).send()


def _message(speaker: Signature, mail: Mail) -> EmailMultiAlternatives:
    language = language_of(speaker)
    with override(language):
        context = _context(speaker, mail)
        # Joined into a plain str: what a template rendered counts as safe HTML, and strangers' names are in it.
        body = "".join(render_to_string(f"emails/{mail}/body.txt", context))
        subject = " ".join(render_to_string(f"emails/{mail}/subject.txt", context).split())
        frame = {
            "subject": subject,
            "body": _as_html(body, [context[name] for name in _ADDRESSES if name in context]),
            "language": language,
            "rtl": get_language_bidi(),
            **context,
        }
        html = render_to_string("emails/_frame.html", frame)
    envelope_sender, said = bounces.sender("contact", speaker.public_id)
    message = EmailMultiAlternatives(
        subject=subject,
        body=body,
        from_email=envelope_sender,
        to=[unseal(speaker.contact).email],
        headers={**headers(), **said},
    )
    message.attach_alternative(html, "text/html")
    return message


def _as_html(body: str, addresses: list[str]) -> SafeString:
    """Return plain text as paragraphs in which our own addresses, and no stranger's, are links.

    An address reads from left to right among Arabic words, too.
    """
    html = linebreaks(body, autoescape=True)
    longest_first = sorted(map(escape, addresses), key=len, reverse=True)  # one may begin like another one
    ours = re.compile("|".join(map(re.escape, longest_first)))
    return SafeString(ours.sub(r'<a dir="ltr" href="\g<0>">\g<0></a>', html))  # escaped by linebreaks


def _context(speaker: Signature, mail: Mail) -> dict[str, Any]:
    signature = speaker.standing
    context = {
        "signature": signature,
        "name": isolated(signature.name),
        "letter": speaker.letter,
        "title": isolated(title_for(speaker)),
        "letter_url": absolute(_letter_path(speaker.letter)),
        "days": settings.CONFIRM_LINK_LIFE.days,
        "vouch_days": settings.VOUCH_LINK_LIFE.days,
    }
    if speaker.letter.is_public:
        context["share_url"] = absolute(reverse("share", args=[speaker.letter.slug]))
    if mail == Mail.CONFIRM:
        minted = tokens.mint(speaker, Purpose.CONFIRM)
        context |= {"url": absolute(reverse("confirm", args=[minted.value])), "code": minted.code}
    elif mail == Mail.ASKED_TO_VOUCH:
        minted = tokens.mint(speaker, Purpose.VOUCH)
        context |= {"url": absolute(reverse("vouch", args=[minted.value]))}
    elif mail not in _WITHOUT_OWN_PAGE:
        context |= _news(speaker, mail) if mail in _OF_A_CHANGE else {}
        minted = tokens.mint(speaker, Purpose.OWN_PAGE)
        context |= {"url": absolute(reverse("own_page", args=[minted.value]))}
    return context


def _news(speaker: Signature, mail: Mail) -> dict[str, Any]:
    """Return what changed since a signature agreed and where it is read; asked for a new yes, where that is given."""
    found = consent.news(speaker.standing, get_language() or settings.LANGUAGE_CODE)
    letter = speaker.letter
    sentences = [" ".join(change.sentence.split()) for change in found.changes] if found else []
    news: dict[str, Any] = {"changes": [isolated(sentence) for sentence in sentences]}
    if letter.is_public:
        news["versions_url"] = absolute(reverse("versions", args=[letter.slug]))
    if mail == Mail.TEXT_CHANGED_MATERIALLY:
        minted = tokens.mint(speaker, Purpose.AGREE)
        news["agree_url"] = absolute(reverse("agree", args=[minted.value]))
    return news


def _letter_path(letter: Letter) -> str:
    if letter.is_public:
        return letter.get_absolute_url()
    return reverse("gathering_letter", args=[letter.gathering_key])


def title_for(speaker: Signature) -> str:
    """Return the letter's title as the contact of a signature reads it."""
    text = speaker.letter.text_for(language_of(speaker))
    return text.title if text else ""


def language_of(speaker: Signature) -> str:
    """Return the language a contact is written to: the one the form was filled in, if we speak it."""
    return speaker.language if speaker.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
