"""The person who signed: sealed as soon as it arrives, opened only to write to it or by staff who may."""

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

from signatories import domains
from signatories.models import Contact, Signature, Spokesperson


@dataclass(frozen=True, kw_only=True)
class ContactDetails:
    """Who signed and where that person is reached: an e-mail or a phone number, normalised."""

    name: str
    role: str = ""
    email: str = ""
    phone: str = ""

    @property
    def address(self) -> str:
        return (self.email or self.phone).casefold()

    def __repr__(self) -> str:
        return "ContactDetails(...)"  # a traceback must not hold a person


class WrongSeal(Exception):
    """The sealed contact belongs to another signature."""


def address_key(address: str) -> str:
    """Return the key under which an address can be found without being stored."""
    return keyed("address", address.casefold())


def domain_key(domain: str) -> str:
    """Return the key under which the mailboxes of a domain can be found without it being stored; "" for none."""
    return keyed("domain", domain) if domain else ""


def dedupe_key(letter_id: int, address: str, name_key: str) -> str:
    """Return what two signatures share when one mailbox signs one letter twice for one name."""
    return keyed("signature", str(letter_id), address.casefold(), name_key)


def keyed(*parts: str) -> str:
    """Return an HMAC over the parts, in hexadecimal, under the key for addresses."""
    message = "\0".join(parts).encode(errors="surrogatepass")
    return hmac.new(settings.ADDRESS_KEY.encode(), message, hashlib.sha256).hexdigest()


def seal(signature: Signature, details: ContactDetails) -> Contact:
    """Store the contact of a signature, sealed together with the signature's id."""
    content = json.dumps({"signature": signature.public_id, **asdict(details)})
    return Contact.objects.create(
        signature=signature,
        sealed=_sealer().encrypt(content.encode()),
        address_key=address_key(details.address),
        domain_key=domain_key(domains.of_mailbox(details.email)),
    )


def unseal(contact: Contact) -> ContactDetails:
    """Return the person behind a contact. Raises WrongSeal when the row was put beside another signature."""
    content = json.loads(_sealer().decrypt(bytes(contact.sealed)))
    if content.pop("signature") != contact.signature.public_id:
        raise WrongSeal
    return ContactDetails(**content)


def move(contact: Contact, to: Signature) -> None:
    """Make a contact the contact of another signature of the same organisation; who would speak still would."""
    details = unseal(contact)
    willing = Spokesperson.objects.filter(contact=contact).values("languages", "since").first()
    contact.delete()
    moved = seal(to, details)
    if willing:
        Spokesperson.objects.create(contact=moved, **willing)


def lock_away(content: bytes) -> bytes:
    """Return content sealed under the contacts' keys: a list that holds contacts waits no more openly than they do."""
    return _sealer().encrypt(content)


def take_out(sealed: bytes) -> bytes:
    """Return what was locked away. Raises cryptography.fernet.InvalidToken where its key is missing."""
    return _sealer().decrypt(sealed)


def _sealer() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CONTACT_KEYS])
