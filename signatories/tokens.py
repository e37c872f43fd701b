"""Links and codes in mails: random, for one purpose, stored hashed, expiring."""

import hashlib
import hmac
import secrets
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from letters.models import Letter, Staff
from signatories import names
from signatories.contacts import address_key, keyed
from signatories.models import Purpose, Signature, Token

_LIFE = {
    Purpose.CONFIRM: settings.CONFIRM_LINK_LIFE,
    Purpose.OWN_PAGE: settings.OWN_PAGE_LINK_LIFE,
    Purpose.VOUCH: settings.VOUCH_LINK_LIFE,
    Purpose.AGREE: settings.AGREE_LINK_LIFE,
    Purpose.PHONE: settings.PHONE_CODE_LIFE,
}
_WITH_CODE = (Purpose.CONFIRM, Purpose.PHONE)
_DIGITS = 6


class LinkUnknown(Exception):
    """No such link was ever mailed, or it was for something else."""


class LinkExpired(Exception):
    """The link was real and its time is over."""


class WrongCode(Exception):
    """Address and code do not belong together, or were tried too often."""


class Minted(NamedTuple):
    """A new link's secret part and its six-digit code ("" where the purpose has none)."""

    value: str
    code: str


def mint(signature: Signature, purpose: Purpose, *, by: Staff | None = None) -> Minted:
    """Make a link for one purpose. Only its hash is kept, so it must be mailed now; `by` is who hands it on."""
    value = secrets.token_urlsafe(24)
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}" if purpose in _WITH_CODE else ""
    Token.objects.create(
        signature=signature,
        purpose=purpose,
        digest=_digest(value, purpose),
        code_digest=_code_digest(signature, code) if code else "",
        expires_at=timezone.now() + _LIFE[purpose],
        by=by,
    )
    return Minted(value, code)


def find(value: str, purpose: Purpose) -> Signature:
    """Return the signature a link leads to. Raises LinkUnknown or LinkExpired."""
    try:
        token = Token.objects.select_related(
            "signature__letter__host",
            "signature__text",
            "signature__superseded_by__letter__host",
            "signature__superseded_by__text",
        ).get(digest=_digest(value, purpose))
    except Token.DoesNotExist:
        raise LinkUnknown from None
    if token.expires_at <= timezone.now():
        raise LinkExpired
    return token.signature


def redeem_code(letter: Letter, *, address: str, code: str) -> Signature:
    """Return the signature that address and code belong to. Raises WrongCode.

    Every try counts against all open codes of that address, since nothing tells which one was meant.
    """
    of_address = Token.objects.filter(
        signature__letter=letter,
        signature__contact__address_key=address_key(address),
        purpose=Purpose.CONFIRM,
    )
    return _try(of_address, code).signature


def redeem_phone_code(signature: Signature, *, code: str) -> Token:
    """Return what was handed on by phone with that code. Raises WrongCode; a wrong try counts, so never in an act."""
    return _try(Token.objects.filter(signature=signature, purpose=Purpose.PHONE), code)


def normal_code(typed: str) -> str:
    """Return a code as people write it, with spaces or in the digits of their script; "" for what is none."""
    try:
        digits = "".join(str(int(letter)) for letter in names.clean(typed) if letter != " ")
    except ValueError:
        return ""
    return digits if len(digits) == _DIGITS else ""


def _try(tokens: QuerySet[Token], code: str) -> Token:
    """Count one try against all of these that are open, and return the last one the code belongs to."""
    with transaction.atomic(durable=True):  # inside another one, the refusal would take the count back
        open_ones = tokens.filter(expires_at__gt=timezone.now(), code_tries__lt=settings.CODE_TRIES)
        locked = open_ones.select_related("signature").select_for_update(of=("self",)).order_by("pk")
        found = list(locked)
        Token.objects.filter(pk__in=[token.pk for token in found]).update(code_tries=F("code_tries") + 1)
    matching = [token for token in found if _is_code(token, code)]
    if not matching:
        raise WrongCode
    return matching[-1]


def _is_code(token: Token, code: str) -> bool:
    return hmac.compare_digest(token.code_digest, _code_digest(token.signature, code))


def _digest(value: str, purpose: Purpose) -> str:
    return hashlib.sha256(f"{purpose}\0{value}".encode(errors="surrogatepass")).hexdigest()


def _code_digest(signature: Signature, code: str) -> str:
    return keyed("code", signature.public_id, code)  # keyed: a million plain hashes are tried in a second
