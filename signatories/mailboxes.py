"""What a mailbox tells about the organisation that signed from it: the verdict, and never the mailbox."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from signatories import domains
from signatories.contacts import unseal
from signatories.models import Contact


class Mailbox(models.TextChoices):
    """How a mailbox goes with the website that was given."""

    OF_WEBSITE = "of_website", _("The mailbox is of the website's domain.")
    FREE = "free", _("The mailbox is at a free mail service, where anybody can have one.")
    DISPOSABLE = "disposable", _("The mailbox is at a throw-away service.")
    ELSEWHERE = "elsewhere", _("The mailbox is of another domain than the website.")
    NO_WEBSITE = (
        "no_website",
        _("The mailbox is of a domain of its own; no website was given to compare it with."),
    )
    PHONE = "phone", _("It gave a phone number and no mailbox.")


def verdict(contact: Contact, *, website: str) -> Mailbox:
    """Say how the mailbox of a contact goes with a website. Nothing is looked up elsewhere."""
    details = unseal(contact)
    if not details.email:
        return Mailbox.PHONE
    domain = domains.of_mailbox(details.email)
    if domains.is_disposable(domain):
        return Mailbox.DISPOSABLE
    if domain and domain == domains.of_website(website):
        return Mailbox.OF_WEBSITE
    if domains.is_free_mail(domain):
        return Mailbox.FREE
    return Mailbox.ELSEWHERE if website else Mailbox.NO_WEBSITE
