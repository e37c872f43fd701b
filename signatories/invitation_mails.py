"""The mails to those who are invited: asked, reminded, and told when somebody else uses their invitation.

Nothing in them is fetched and no link is counted: what an organisation answers is what it says, not what it opens.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi, override

from letters.emails import absolute, headers, isolated
from letters.showing import addresses
from signatories import bounces, invitations
from signatories.invitations import InvitationMail
from signatories.models import Invitation, InvitationStatus

# What must still be true when a mail is sent, which may be hours after it was asked for.
_SAYS: dict[InvitationMail, Callable[[Invitation], bool]] = {
    InvitationMail.INVITATION: lambda one: one.status == InvitationStatus.INVITED,
    InvitationMail.REMINDER: invitations.may_be_reminded,
    InvitationMail.USED: lambda one: one.status != InvitationStatus.TAKEN_OFF,
}


def send(invitation_id: int, mail: InvitationMail) -> None:
    """Write one mail and hand it to the mail server. Says nothing where the address is gone, or the news overtaken."""
    invitation = (
        Invitation.objects.select_related("letter__host").filter(pk=invitation_id, emptied_at=None).first()
    )
    if invitation is None or not invitation.letter.accepts_signatures or not _SAYS[mail](invitation):
        return
    mailbox = invitations.mailbox_of(invitation)
    if mailbox is not None:
        _message(invitation, mail, mailbox.email).send()


def _message(invitation: Invitation, mail: InvitationMail, address: str) -> EmailMultiAlternatives:
    language = language_of(invitation)
    with override(language):
        context = _context(invitation)
        # Joined into a plain str: what a template rendered counts as safe HTML, and strangers' names are in it.
        body = "".join(render_to_string(f"emails/{mail}/body.txt", context))
        subject = " ".join(render_to_string(f"emails/{mail}/subject.txt", context).split())
        frame = {
            "subject": subject,
            "body": SafeString(render_to_string(f"emails/{mail}/body.html", context)),
            "language": language,
            "rtl": get_language_bidi(),
        }
        html = render_to_string("emails/_frame.html", frame)
    envelope_sender, said = bounces.sender("invitation", invitation.public_id)
    message = EmailMultiAlternatives(
        subject=subject, body=body, from_email=envelope_sender, to=[address], headers={**headers(), **said}
    )
    message.attach_alternative(html, "text/html")
    return message


def _context(invitation: Invitation) -> dict[str, Any]:
    letter = invitation.letter
    text = letter.text_for(language_of(invitation))
    page = absolute(reverse("invitation", args=[invitations.mint(invitation)]))
    return {
        "invitation": invitation,
        "name": isolated(invitation.name),
        "host": isolated(letter.host.name),
        "letter": letter,
        "title": isolated(text.title if text else ""),
        "letter_url": absolute(addresses(letter)["letter_url"]),
        "url": page,
        "sign_url": f"{page}sign/",
        "later_url": f"{page}?answer={InvitationStatus.WILL_SIGN}",
        "no_url": f"{page}?answer={InvitationStatus.DECLINED}",
        "wrong_url": f"{page}?answer={InvitationStatus.WRONG_PERSON}",
        "days": settings.ERASE_INVITED_AFTER_ANSWER.days,
    }


def language_of(invitation: Invitation) -> str:
    """Return the language an organisation is written to: its own, if we speak it."""
    spoken = dict(settings.LANGUAGES)
    return invitation.language if invitation.language in spoken else settings.LANGUAGE_CODE
