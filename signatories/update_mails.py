"""One update becomes one mail to one mailbox, and is handed to the mail server so that it is known whether it left.

Nothing in it is fetched and no link is counted. It says nothing that a forwarded mail must not say: no link in it leads
to a signature, and the one to unsubscribe can do nothing else.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
)
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi, override

from letters.emails import absolute, headers, isolated, site_domain
from letters.models import Letter
from letters.showing import addresses
from letters.tasks import is_final
from letters.texts import markdown
from signatories import bounces, unsubscribing
from signatories.contacts import address_key, unseal
from signatories.emails import language_of
from signatories.models import Contact, Update, UpdateMail, UpdateText

# --- what is written -------------------------------------------------------------------------------------


@dataclass
class Writer:
    """Writes the mails of one update; what they have in common is asked for once."""

    update: Update
    letter: Letter = field(init=False)
    texts: dict[str, UpdateText] = field(init=False)

    def __post_init__(self) -> None:
        self.letter = self.update.letter
        self.texts = {text.language: text for text in self.update.texts.all()}
        self._letter_texts = self.letter.current_texts()

    def to_mailbox(self, mail: UpdateMail, contacts: list[Contact]) -> EmailMultiAlternatives:
        """Return the mail to one mailbox, for whom all these contacts signed; the first one's language is theirs.

        Raises what unsealing raises.
        """
        signature = contacts[0].signature
        message = self._message(
            self.text_for(signature.language),
            language=language_of(signature),
            address=unseal(contacts[0]).email,
            mailbox_key=mail.mailbox_key,
            is_neutral=not all(contact.signature.standing.is_named_publicly for contact in contacts),
        )
        envelope_sender, said = bounces.sender("update", mail.public_id)
        message.from_email = envelope_sender
        message.extra_headers |= {**said, "Message-ID": message_id(mail)}
        return message

    def to_oneself(self, address: str) -> list[EmailMultiAlternatives]:
        """Return the mail in each language it is written in, to whoever wrote it."""
        spoken = dict(settings.LANGUAGES)
        return [
            self._message(
                text,
                language=text.language if text.language in spoken else settings.LANGUAGE_CODE,
                address=address,
                mailbox_key=address_key(address),
                is_neutral=False,
            )
            for text in self.texts.values()
        ]

    def text_for(self, language: str) -> UpdateText:
        """Return what is read by who speaks a language: what was written in it, or in the letter's own, or in any."""
        own = self.texts.get(language) or self.texts.get(self.letter.original_language)
        return own or next(iter(self.texts.values()))

    def _message(
        self, text: UpdateText, *, language: str, address: str, mailbox_key: str, is_neutral: bool
    ) -> EmailMultiAlternatives:
        with override(language):
            context = self._context(text, mailbox_key, is_neutral=is_neutral)
            body = "".join(render_to_string("emails/update/body.txt", context))
            subject = " ".join(render_to_string("emails/update/subject.txt", context).split())
            frame = {
                "subject": subject,
                "body": SafeString(render_to_string("emails/update/body.html", context)),
                "language": language,
                "rtl": get_language_bidi(),
            }
            html = render_to_string("emails/_frame.html", frame)
        unsubscribe = {
            "List-Unsubscribe": f"<{context['unsubscribe_url']}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        message = EmailMultiAlternatives(
            subject=subject, body=body, to=[address], headers={**headers(), **unsubscribe}
        )
        message.attach_alternative(html, "text/html")
        return message

    def _context(self, text: UpdateText, mailbox_key: str, *, is_neutral: bool) -> dict[str, Any]:
        of_letter = self.letter.nearest_text(self._letter_texts, text.language)
        neutral = is_neutral or self.update.neutral_subject or not self.letter.is_public
        return {
            "text": text,
            "said": markdown(text.body),
            "words": " ".join(text.subject.split()),
            "is_neutral": neutral,
            "title": isolated(of_letter.title if of_letter else ""),
            "host": isolated(self.letter.host.name),
            "letter_url": absolute(addresses(self.letter)["letter_url"]),
            "unsubscribe_url": absolute(
                reverse("unsubscribe", args=[unsubscribing.link(mailbox_key, self.letter.pk)])
            ),
        }


def message_id(mail: UpdateMail) -> str:
    """Return by which id a mail is found in the mail server's log: the same one, however often it is sent."""
    return f"<update-{mail.public_id}@{site_domain()}>"


# --- what is handed over ---------------------------------------------------------------------------------


class Handed(Enum):
    """What became of a message that was handed to the mail server."""

    OVER = auto()
    REFUSED = auto()  # it will never take this one
    LATER = auto()  # it asks for a pause
    AWAY = auto()  # it takes nothing now, and has not taken this one
    IN_DOUBT = auto()  # it fell silent half-way


@dataclass(frozen=True)
class Answer:
    """What the mail server answered; `refused` where it speaks of the mailbox."""

    handed: Handed
    refused: SMTPRecipientsRefused | None = None


class Line:
    """A connection to the mail server that is seen to be alive before each message, so that few are in doubt."""

    def __init__(self) -> None:
        self._backend = get_connection()

    def open(self) -> None:
        """Connect, or connect anew where the mail server has hung up. Raises OSError while it is away."""
        smtp = getattr(self._backend, "connection", None)  # only of a mail server; others are always there
        if smtp is not None:
            with suppress(OSError):
                if smtp.noop()[0] == 250:
                    return
            self.close()
        self._backend.open()

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._backend.close()

    def hand_over(self, message: EmailMultiAlternatives) -> Answer:
        """Hand one message to the mail server and say what it answered."""
        try:
            taken = self._backend.send_messages([message])
        except SMTPRecipientsRefused as refused:
            return Answer(Handed.REFUSED if is_final(refused) else Handed.LATER, refused)
        except SMTPDataError as answer:
            return Answer(Handed.REFUSED if answer.smtp_code >= 500 else Handed.LATER)
        except (SMTPSenderRefused, SMTPHeloError):  # it speaks of us, and so of every mail
            return Answer(Handed.AWAY)
        except (SMTPNotSupportedError, ValueError):  # no mail can be written to that address
            return Answer(Handed.REFUSED)
        except (SMTPException, OSError):
            self.close()
            return Answer(Handed.IN_DOUBT)
        return Answer(Handed.OVER if taken else Handed.REFUSED)
