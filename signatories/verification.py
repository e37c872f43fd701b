"""Confirming that an organisation's own mailbox or phone said yes, and verifying that an organisation is real."""

from collections.abc import Iterable
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from letters.models import Recipient, Staff, record
from letters.revision import bump
from signatories import (
    chat,
    consent,
    invitations,
    moderation,
    names,
    organisations,
    questions,
    tokens,
    vouching,
    wall,
)
from signatories.emails import Mail, send_later
from signatories.events import note, who_did
from signatories.locking import Rows, SignatureEnded, lock, lock_together
from signatories.models import (
    ACCEPTED,
    ENDED,
    PROVEN,
    Contact,
    Evidence,
    Organisation,
    Purpose,
    Question,
    Signature,
    SignatureStatus,
    Verification,
)


class ConfirmingIsOver(Exception):
    """The letter was closed, and the grace for confirming is over."""


class NotByPhone(Exception):
    """Only a signature that gave a phone number is confirmed by hand."""


class SamePerson(Exception):
    """Who entered a signature, or handed its code on, has both before them; a second person confirms."""


class NoEvidence(Exception):
    """Evidence is a link, a note, or both."""


# --- confirming --------------------------------------------------------------------------------------------


def confirm(
    signature: Signature,
    *,
    visibility: str,
    never_named_to: Iterable[Recipient] = (),
    version: int | None = None,
) -> Signature:
    """Take the mailbox's yes, with the choice who may see the name. Confirming twice keeps the first time.

    It is a yes to the letter as it is now; whoever read a `version` that asks for something else reads it first.

    Where the letter trusts verified organisations, what one of them signs from a mailbox we know is published.
    Raises ConfirmingIsOver, SignatureEnded or TextChangedMeanwhile.
    """
    with transaction.atomic():
        signature = lock(signature)
        if signature.has_ended:
            raise SignatureEnded
        if signature.status != SignatureStatus.UNCONFIRMED:
            return signature
        if not signature.letter.accepts_confirmations:
            raise ConfirmingIsOver
        consent.refuse_another_text(signature.letter, read=version)
        consent.take_yes(signature, version=signature.letter.version_number())
        signature.visibility = visibility
        signature.excluded_recipients.add(*never_named_to)
        _move_on(signature)
        _attach_to_organisation_of_mailbox(signature)
        note("confirm", signature)
        invitations.notice(signature)
        if _needs_no_moderator(signature):
            return moderation.approve(signature, by=None)
        held = signature.status == SignatureStatus.HELD
        send_later(signature, Mail.HELD if held else Mail.CONFIRMED)
    return signature


def reach_by_phone(signature: Signature, *, by: Staff) -> chat.PhoneMessage:
    """Return the number a signature gave and a message with a new code, for a member of staff to send or to read out.

    The code is stored nowhere. Raises NotByPhone, or as `confirm` does.
    """
    with transaction.atomic():
        signature = lock(signature)
        _refuse_unless_phone_waits(signature)
        contact = Contact.objects.select_related("signature").filter(signature=signature).first()
        if contact is None:
            raise NotByPhone
        minted = tokens.mint(signature, Purpose.PHONE, by=by)
        note("reach_by_phone", signature, by=by)
    return chat.message(contact, code=minted.code)


def confirm_by_hand(signature: Signature, *, by: Staff, code: str) -> Signature:
    """Take a yes that came back by phone with the code another member of staff handed on.

    Never inside another transaction: a wrong code counts although it is refused. Raises NotByPhone, SamePerson,
    tokens.WrongCode, or as `confirm` does.
    """
    _refuse_unless_phone_waits(signature)
    refuse_who_entered(signature, by=by)
    if tokens.redeem_phone_code(signature, code=tokens.normal_code(code)).by_id == by.pk:
        raise SamePerson
    with transaction.atomic():
        signature = lock(signature)
        _refuse_unless_phone_waits(signature)
        _move_on(signature)
        note("confirm_by_hand", signature, by=by)
        invitations.notice(signature)
    return signature


def refuse_who_entered(signature: Signature, *, by: Staff) -> None:
    """Let nobody confirm what they entered themselves on behalf of an organisation. Raises SamePerson."""
    if who_did("enter", signature) == by.pk:
        raise SamePerson


# --- verifying ---------------------------------------------------------------------------------------------


def verify(
    organisation: Organisation,
    *,
    by: Staff,
    verification: str,
    recheck_on: date | None = None,
    link: str = "",
    words: str = "",
) -> Organisation:
    """Write down whether an organisation is real and what it says it is, until when, and what shows it.

    Staff are asked again about the published signatures of one that became doubtful or rejected, and about those
    that rested on its word. Saying again what is known changes nothing but the day to look again, which is forgotten
    when it has come and no new one is given.
    """
    verification = Verification(verification)
    with transaction.atomic():
        rows = lock_together(lambda: _concerned_by_verifying(organisation))
        organisation = Organisation.objects.get(pk=organisation.pk)
        was = organisation.verification
        if verification != was:
            organisation.verification, organisation.recheck_on = verification, recheck_on
            record("verify", kind="organisation", subject=organisation.public_id, by=by, reason=verification)
        elif recheck_on or _has_come(organisation.recheck_on):
            organisation.recheck_on = recheck_on
        organisation.save(update_fields=["verification", "recheck_on"])
        if link or words:
            add_evidence(organisation, by=by, link=link, words=words)
        if verification != was:
            _ask_about(organisation)
            marked = vouching.weigh_all(rows.organisations - {organisation.pk}, Question.VOUCHER_DOUBTED)
            if (verification in PROVEN) != (was in PROVEN):
                marked |= wall.letters_naming(organisation)
            bump(marked)
    return organisation


def add_evidence(organisation: Organisation, *, by: Staff, link: str = "", words: str = "") -> Evidence:
    """Keep what somebody found out about an organisation. Adding it twice is harmless. Raises NoEvidence."""
    if not link and not words:
        raise NoEvidence
    with transaction.atomic():
        evidence, is_new = Evidence.objects.get_or_create(
            organisation=organisation, link=link, words=words, by=by
        )
        if is_new:
            record("add_evidence", kind="organisation", subject=organisation.public_id, by=by)
    return evidence


def _move_on(signature: Signature) -> None:
    signature.confirmed_at = timezone.now()
    signature.status = SignatureStatus.HELD if signature.hold_reason else SignatureStatus.AWAITING_MODERATION
    signature.save(update_fields=["visibility", "confirmed_at", "status", "agreed_version", "text"])


def _refuse_unless_phone_waits(signature: Signature) -> None:
    if signature.has_ended:
        raise SignatureEnded
    if not signature.by_phone or signature.status != SignatureStatus.UNCONFIRMED:
        raise NotByPhone
    if not signature.letter.accepts_confirmations:
        raise ConfirmingIsOver


def _attach_to_organisation_of_mailbox(signature: Signature) -> None:
    """Attach the organisation this mailbox speaks for, unless it has signed this letter: a moderator looks at that."""
    organisation = _organisation_of_mailbox(signature)
    if organisation is None:
        return
    if Signature.objects.live().filter(letter=signature.letter_id, organisation=organisation).exists():
        return
    try:
        with transaction.atomic():
            signature.organisation = organisations.keep(organisation)
            signature.save(update_fields=["organisation"])
    except IntegrityError:  # it signs this letter at this very moment
        signature.organisation = None


def _organisation_of_mailbox(signature: Signature) -> Organisation | None:
    """Return the one verified organisation this mailbox stands for elsewhere, if the name is its name too.

    A signature that staff threw out or that was withdrawn speaks for nobody, though its contact is kept for a while.
    """
    key = signature.contact.address_key
    speaks = Q(contact__address_key=key) | Q(co_signatures__contact__address_key=key)
    standing = Signature.objects.filter(speaks, status__in=ACCEPTED)
    known = list(
        Organisation.objects.filter(verification=Verification.VERIFIED, signatures__in=standing).distinct()[
            :2
        ]
    )
    return known[0] if len(known) == 1 and signature.name_key in known[0].name_keys else None


def _needs_no_moderator(signature: Signature) -> bool:
    """Whether a confirmed signature is its verified organisation's beyond doubt, under a letter that trusts these."""
    organisation = signature.organisation
    return (
        signature.letter.trusts_verified
        and signature.status == SignatureStatus.AWAITING_MODERATION
        and organisation is not None
        and organisation.verification == Verification.VERIFIED
        and not names.lint(signature.name)
        and not _is_disputed(organisation)
    )


def _is_disputed(organisation: Organisation) -> bool:
    asked = organisation.signatures.exclude(question__in=("", Question.CORRECTION))
    return asked.exclude(status__in=ENDED).exists()


def _concerned_by_verifying(organisation: Organisation) -> Rows:
    keys = vouching.resting_on(organisation) | {organisation.pk}
    return Rows(frozenset(vouching.published_of(keys)), frozenset(keys))


def _ask_about(organisation: Organisation) -> None:
    """Put the published signatures of an organisation that is in doubt before staff again."""
    if organisation.verification in (Verification.DOUBTFUL, Verification.REJECTED):
        for signature in organisation.signatures.filter(status__in=ACCEPTED):
            questions.ask(signature, Question.ORGANISATION_DOUBTED)


def _has_come(day: date | None) -> bool:
    return day is not None and day <= timezone.now().date()
