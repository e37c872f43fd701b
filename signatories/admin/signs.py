"""What speaks for a signature and what asks for a second look, a line each: the case at a glance."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from signatories import bounces, mailboxes, names
from signatories.admin.words import name_of, room_of
from signatories.mailboxes import Mailbox
from signatories.models import Organisation, Signature, Verification, Vouch, VouchStatus

_SURE = (Verification.VERIFIED, Verification.PEER_VERIFIED)


class Mark(models.TextChoices):
    """How a sign is to be read; the words are for those who do not see its colour."""

    FOR = "for", gettext_lazy("Speaks for it:")
    PLAIN = "plain", gettext_lazy("To know:")
    DOUBT = "doubt", gettext_lazy("Look twice:")


@dataclass(frozen=True)
class Sign:
    """One line: its mark, its words, and which section of the case says more."""

    mark: Mark
    words: str
    section: str = ""


class Becomes(models.TextChoices):
    """What a signature becomes when it is approved as an organisation's."""

    ITS_SIGNATURE = "its_signature", gettext_lazy("its signature")
    ITS_PLACE = "its_place", gettext_lazy("its imported place, claimed")
    CO_CONTACT = "co_contact", gettext_lazy("a second contact of the one that has signed")
    NOTHING = "nothing", gettext_lazy("nothing: another one of it waits")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An organisation that a signature may be of."""

    organisation: Organisation  # with .likeness
    signed: list[Signature]
    here: Signature | None  # with which it stands on the same letter already
    becomes: Becomes


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What lies around a signature in the database."""

    candidates: list[Candidate]
    resembling: list[Signature]  # on the same letter, each with .likeness
    batch: list[Signature]
    elsewhere: list[Signature]  # of the organisation it is attached to
    vouches: list[Vouch]


_OF_MAILBOX = {
    Mailbox.OF_WEBSITE: Mark.FOR,
    Mailbox.DISPOSABLE: Mark.DOUBT,
}


def signs(signature: Signature, evidence: Evidence) -> list[Sign]:
    """Return the signs of a case, doubts first."""
    found = [
        *_of_name(signature),
        *_of_mailbox(signature),
        *_of_organisations(signature, evidence),
        *_of_workshop(signature),
        *_of_neighbours(evidence),
        *_of_vouches(evidence),
    ]
    return sorted(found, key=lambda sign: [Mark.DOUBT, Mark.FOR, Mark.PLAIN].index(sign.mark))


def _of_name(signature: Signature) -> Iterator[Sign]:
    for code in names.lint(signature.name) if signature.name else []:
        yield Sign(Mark.DOUBT, str(names.sentence(code)))


def _of_mailbox(signature: Signature) -> Iterator[Sign]:
    if hasattr(signature, "contact"):
        verdict = mailboxes.verdict(signature.contact, website=signature.website)
        yield Sign(_OF_MAILBOX.get(verdict, Mark.PLAIN), str(verdict.label))
        if bounces.is_refusing(signature.contact):
            yield Sign(Mark.DOUBT, _("Its mailbox refuses mail: what we sent came back."))
    elif signature.name:
        yield Sign(Mark.PLAIN, _("Nobody to write to: no contact is kept."))


def _of_organisations(signature: Signature, evidence: Evidence) -> Iterator[Sign]:
    own = signature.organisation
    if own is not None:
        mark = Mark.FOR if own.verification in _SURE else Mark.PLAIN
        if own.verification in (Verification.DOUBTFUL, Verification.REJECTED):
            mark = Mark.DOUBT
        words = _("It is attached to {organisation}: {verification}.")
        yield Sign(
            mark, format_html(words, organisation=name_of(own), verification=own.get_verification_display())
        )
    for candidate in evidence.candidates:
        if candidate.here is not None:
            words = _("{organisation}, which it may be, has signed this letter already.")
            yield Sign(Mark.DOUBT, format_html(words, organisation=name_of(candidate.organisation)))


def _of_workshop(signature: Signature) -> Iterator[Sign]:
    if signature.workshop is not None:
        yield Sign(Mark.PLAIN, format_html(_("Signed at a workshop: {}."), room_of(signature.workshop)))


def _of_neighbours(evidence: Evidence) -> Iterator[Sign]:
    if evidence.resembling:
        likest = evidence.resembling[0]
        words = _("It resembles {name} on this letter: {percent}% alike.")
        percent = round(getattr(likest, "likeness", 0) * 100)
        yield Sign(Mark.DOUBT, format_html(words, name=name_of(likest), percent=percent), "resembling")
    if evidence.batch:
        words = ngettext(
            "%d more came from the same place that day.",
            "%d more came from the same place that day.",
            len(evidence.batch),
        )
        yield Sign(Mark.DOUBT, words % len(evidence.batch), "batch")


def _of_vouches(evidence: Evidence) -> Iterator[Sign]:
    given = [vouch for vouch in evidence.vouches if vouch.status == VouchStatus.GIVEN]
    if given:
        words = ngettext(
            "%d verified organisation vouches for it.", "%d verified organisations vouch for it.", len(given)
        )
        yield Sign(Mark.FOR, words % len(given), "vouches")
    if any(vouch.status in (VouchStatus.DECLINED, VouchStatus.REVOKED) for vouch in evidence.vouches):
        yield Sign(Mark.DOUBT, _("A verified organisation said that it does not know it."), "vouches")
