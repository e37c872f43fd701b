"""The message with which staff reach somebody by phone: sent from their own chat program, or read out."""

from dataclasses import dataclass
from urllib.parse import quote

from django.template.loader import render_to_string
from django.utils.translation import override

from letters.emails import isolated
from signatories.contacts import unseal
from signatories.emails import language_of, title_for
from signatories.models import Contact


@dataclass(frozen=True)
class PhoneMessage:
    """A phone number, what to say to it, and a link that opens a chat with both."""

    number: str
    words: str
    url: str

    def __repr__(self) -> str:
        return "PhoneMessage(...)"  # a traceback must hold neither number nor code


def message(contact: Contact, *, code: str) -> PhoneMessage:
    """Write to a contact, in its language, what the code is for and what to do with it."""
    signature = contact.signature
    with override(language_of(signature)):
        context = {
            "name": isolated(signature.name),
            "title": isolated(title_for(signature)),
            "code": code,  # alone on its line, and copied from there
        }
        # Joined into a plain str, as in mails: strangers' names are in it.
        words = "".join(render_to_string("signatories/phone_message.txt", context)).strip()
    number = unseal(contact).phone
    return PhoneMessage(
        number, words, f"https://wa.me/{number.removeprefix('+')}?text={quote(words, safe='')}"
    )
