"""Vouching: verified organisations say whether they know one that signed. Asked for, given, declined, taken back.

Two that staff have verified, from two places, make an organisation verified by its peers. When one of them takes its
word back or is verified no longer, that ends, and what rested on it comes before staff again. What staff have decided
about an organisation is never touched.
"""

from collections.abc import Iterable
from itertools import combinations

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Q, QuerySet, When
from django.utils import timezone

from letters.models import Letter, Staff
from letters.models import record as write_down
from letters.revision import bump
from signatories import organisations, questions, wall
from signatories.emails import Mail, send_later
from signatories.events import note
from signatories.locking import Rows, SignatureEnded, lock, lock_standing, lock_together
from signatories.models import (
    ACCEPTED,
    ENDED,
    Contact,
    HowKnown,
    Organisation,
    Question,
    Signature,
    SignatureStatus,
    Verification,
    Vouch,
    VouchStatus,
)

SHOWN = 10  # names a search answers with; who is looked for stands among them, or more of the name is typed
_LOOKED_THROUGH = 100  # for somebody to write to; asking that of every verified organisation takes a second


class NotConfirmedYet(Exception):
    """Nobody is asked about a signature that its own mailbox has not confirmed."""


class NotAVoucher(Exception):
    """Only verified organisations that can be written to vouch, and none of them for itself."""


class TooManyAsked(Exception):
    """The signature has named as many organisations as it may."""


class AskedTooOften(Exception):
    """The organisation was asked as often as one may be in a week."""


class AlreadyAnswered(Exception):
    """The organisation has said that it knows this one."""


class NotGiven(Exception):
    """There is no word to take back."""


# --- questions ---------------------------------------------------------------------------------------------


def of(signature: Signature) -> list[Vouch]:
    """Return whom a signature has named and what became of it, the first one first."""
    return list(Vouch.objects.filter(signature=signature).select_related("voucher", "recorded_by"))


def possible_vouchers(signature: Signature, search: str = "") -> list[wall.KnownOrganisation]:
    """Return verified organisations a signature may name, as the public knows them; SHOWN and one more at most."""
    among = _vouchers(of_another_than=signature).exclude(vouches_given__signature=signature)
    known = wall.organisations(among, search=search, at_most=_LOOKED_THROUGH)
    contacts = _contacts([one.key for one in known], signature.letter)
    writable = {contact.signature.standing.organisation_id for contact in contacts}
    return [one for one in known if one.key in writable][: SHOWN + 1]


def asked_of(organisation: Organisation) -> list[Vouch]:
    """Return what an organisation is asked and has not answered, the oldest first."""
    waiting = _about_others(organisation).filter(status=VouchStatus.ASKED)
    return list(waiting.exclude(signature__status__in=ENDED))


def given_by(organisation: Organisation) -> list[Vouch]:
    """Return what an organisation has vouched for and can take back."""
    return list(_about_others(organisation).filter(status=VouchStatus.GIVEN))


# --- acts --------------------------------------------------------------------------------------------------


def ask(signature: Signature, *, vouchers: list[Organisation], by: Staff | None = None) -> list[Vouch]:
    """Ask verified organisations whether they know this one; asking one again changes nothing. Return what is new.

    Without `by` the signatory asks, who may name as many as settings.VOUCHES_A_SIGNATURE, of those the public knows.
    Raises SignatureEnded, NotConfirmedYet, NotAVoucher, TooManyAsked or AskedTooOften.
    """
    with transaction.atomic():
        signature = lock_standing(signature)
        _refuse_unless_confirmed(signature)
        asked = set(Vouch.objects.filter(signature=signature).values_list("voucher", flat=True))
        new = {voucher.pk for voucher in vouchers} - asked
        if by is None and len(asked) + len(new) > settings.VOUCHES_A_SIGNATURE:
            raise TooManyAsked
        if by is None and len(wall.organisations(Organisation.objects.filter(pk__in=new))) < len(new):
            raise NotAVoucher
        locked = organisations.lock(new)
        return [_ask_one(signature, locked.get(pk), by=by) for pk in sorted(new)]


def give(vouch: Vouch, *, how_known: str, by: Staff | None = None) -> Vouch:
    """Take a verified organisation's word that it knows the one that signed. Giving it twice is harmless.

    Raises SignatureEnded or NotAVoucher.
    """
    with transaction.atomic():
        rows = lock_together(lambda: _concerned(vouch.signature_id, vouch.voucher_id))
        return _give(_reread(vouch), how_known=how_known, by=by, rows=rows)


def decline(vouch: Vouch, *, by: Staff | None = None) -> Vouch:
    """Take an organisation's word that it does not know the one that signed. Raises SignatureEnded, AlreadyAnswered."""
    with transaction.atomic():
        lock(vouch.signature)
        vouch = _reread(vouch)
        if vouch.signature.has_ended:
            raise SignatureEnded
        if vouch.status == VouchStatus.GIVEN:
            raise AlreadyAnswered
        if vouch.status == VouchStatus.ASKED:
            vouch.recorded_by = by
            _answer(vouch, VouchStatus.DECLINED)
            note("decline_to_vouch", vouch.signature, by=by, reason=vouch.voucher.public_id)
    return vouch


def revoke(vouch: Vouch, *, by: Staff | None = None) -> Vouch:
    """Take a word back, by who gave it or by staff; what rested on it comes before staff again.

    Raises SignatureEnded where nothing is left to speak of, or NotGiven.
    """
    with transaction.atomic():
        rows = lock_together(lambda: _concerned(vouch.signature_id, vouch.voucher_id))
        vouch = _reread(vouch)
        if vouch.status == VouchStatus.REVOKED:
            return vouch
        if vouch.status != VouchStatus.GIVEN:
            raise NotGiven
        _answer(vouch, VouchStatus.REVOKED)
        note("revoke_vouch", vouch.signature, by=by, reason=vouch.voucher.public_id)
        bump(weigh_all(rows.organisations - {vouch.voucher_id}, Question.VOUCH_REVOKED))
    return vouch


def record(signature: Signature, *, voucher: Organisation, how_known: str, by: Staff) -> Vouch:
    """Write down what staff heard from a verified organisation by phone or at a meeting.

    Raises SignatureEnded, NotConfirmedYet or NotAVoucher.
    """
    with transaction.atomic():
        key = signature.standing.pk
        rows = lock_together(lambda: _concerned(key, voucher.pk))
        _refuse_unless_confirmed(Signature.objects.get(pk=key))
        vouch, _ = Vouch.objects.get_or_create(signature_id=key, voucher=voucher)
        return _give(_reread(vouch), how_known=how_known, by=by, rows=rows)


# --- what rests on it --------------------------------------------------------------------------------------


def vouchers_of(signature: Signature) -> set[int]:
    """Return the keys of organisations that have vouched for a signature."""
    given = Vouch.objects.filter(signature=signature, status=VouchStatus.GIVEN)
    return set(given.values_list("voucher", flat=True))


def resting_on(organisation: Organisation) -> set[int]:
    """Return the keys of organisations that an organisation has vouched for."""
    given = Vouch.objects.filter(voucher=organisation, status=VouchStatus.GIVEN)
    return set(
        given.filter(signature__organisation__isnull=False).values_list("signature__organisation", flat=True)
    )


def published_of(keys: Iterable[int]) -> set[int]:
    """Return the keys of these organisations' published signatures."""
    published = Signature.objects.filter(organisation__in=set(keys), status__in=ACCEPTED)
    return set(published.values_list("pk", flat=True))


def weigh(organisation: Organisation, question: Question | None) -> set[int]:
    """Let a locked organisation be verified by its peers as long as enough of them vouch for it.

    When that ends, staff are asked this question about its published signatures, which are locked, too. Return the
    letters whose pages mark it otherwise than before, for the act to give them a new revision.
    """
    if organisation.verification == Verification.UNVERIFIED and _is_vouched_for(organisation):
        _set(organisation, Verification.PEER_VERIFIED)
    elif organisation.verification == Verification.PEER_VERIFIED and not _is_vouched_for(organisation):
        _set(organisation, Verification.UNVERIFIED)
        if question is not None:
            for signature in Signature.objects.filter(pk__in=published_of([organisation.pk])):
                questions.ask(signature, question)
    else:
        return set()
    return wall.letters_naming(organisation)


def weigh_all(keys: Iterable[int], question: Question) -> set[int]:
    """Weigh each of these organisations, locked as for `weigh`; return what that returns."""
    weighed = Organisation.objects.filter(pk__in=set(keys)).order_by("pk")
    return {letter for organisation in weighed for letter in weigh(organisation, question)}


def _set(organisation: Organisation, verification: Verification) -> None:
    organisation.verification = verification
    organisation.save(update_fields=["verification"])
    write_down("verify", kind="organisation", subject=organisation.public_id, reason=verification)


def _is_vouched_for(organisation: Organisation) -> bool:
    """Whether two verified organisations know it that share no place with it or with each other.

    What came from one place on one day may be one person.
    """
    given = Vouch.objects.filter(signature__organisation=organisation, status=VouchStatus.GIVEN)
    vouchers = _vouchers().filter(vouches_given__in=given).exclude(pk=organisation.pk).distinct()
    places = _places([organisation.pk, *vouchers.values_list("pk", flat=True)])
    own = places.pop(organisation.pk)
    elsewhere = [place for place in places.values() if place.isdisjoint(own)]
    return any(one.isdisjoint(other) for one, other in combinations(elsewhere, 2))


def _places(keys: list[int]) -> dict[int, set[str]]:
    """Return {organisation: the places its signatures came from, as far as that is still known}."""
    places: dict[int, set[str]] = {key: set() for key in keys}
    signed = Signature.objects.filter(organisation__in=keys).exclude(batch="")
    for key, batch in signed.values_list("organisation", "batch"):
        if key is not None:
            places[key].add(batch)
    return places


# --- whom one may ask --------------------------------------------------------------------------------------


def _vouchers(*, of_another_than: Signature | None = None) -> QuerySet[Organisation]:
    verified = Organisation.objects.standing().filter(verification=Verification.VERIFIED)
    return verified.exclude(signatures=of_another_than) if of_another_than else verified


def _contacts(keys: Iterable[int], letter: Letter) -> QuerySet[Contact]:
    """Return who can be written to for these organisations, those who signed the same letter first.

    Who signed another letter is asked only if the contact may be kept for letters that follow.
    """
    shown = published_of(keys)  # asked for first, so that what follows is found by two indexes
    speaks = Q(signature__in=shown) | Q(signature__superseded_by__in=shown)
    allowed = Q(signature__letter=letter) | Q(signature__keep_contact=True)
    nearest = Case(When(signature__letter=letter, then=0), default=1)
    reached = Contact.objects.filter(speaks, allowed, signature__by_phone=False)
    return reached.select_related("signature__superseded_by").order_by(
        nearest, "-signature__letter", "signature"
    )


def _ask_one(signature: Signature, voucher: Organisation | None, *, by: Staff | None) -> Vouch:
    if voucher is None:
        raise NotAVoucher
    _refuse_unless_voucher(voucher, signature)
    most, span = settings.VOUCHES_ASKED_OF_ONE
    lately = Vouch.objects.filter(voucher=voucher, recorded_by=None, asked_at__gt=timezone.now() - span)
    if lately.count() >= most:
        raise AskedTooOften
    contacts = list(_contacts([voucher.pk], signature.letter))
    if not contacts:
        raise NotAVoucher
    vouch = Vouch.objects.create(signature=signature, voucher=voucher)
    note("ask_to_vouch", signature, by=by, reason=voucher.public_id)
    for contact in contacts:
        if contact.signature.letter_id == contacts[0].signature.letter_id:
            send_later(contact.signature, Mail.ASKED_TO_VOUCH)
    return vouch


def _refuse_unless_voucher(voucher: Organisation, signature: Signature) -> None:
    if not _vouchers(of_another_than=signature).filter(pk=voucher.pk).exists():
        raise NotAVoucher


def _about_others(organisation: Organisation) -> QuerySet[Vouch]:
    return Vouch.objects.filter(voucher=organisation, signature__erased_at=None).select_related("signature")


# --- what is locked ----------------------------------------------------------------------------------------


def _concerned(signature: int, voucher: int) -> Rows:
    """Return what one organisation's word about a signature changes."""
    spoken_of = Signature.objects.filter(pk=signature, organisation__isnull=False)
    keys = set(spoken_of.values_list("organisation", flat=True))
    return Rows(frozenset({signature} | published_of(keys)), frozenset({voucher} | keys))


def _reread(vouch: Vouch) -> Vouch:
    now = Vouch.objects.select_related("signature", "voucher").filter(pk=vouch.pk).first()
    if now is None:  # it went with the signature, which was erased
        raise SignatureEnded
    return now


# --- what they share ---------------------------------------------------------------------------------------


def _refuse_unless_confirmed(signature: Signature) -> None:
    if signature.has_ended:
        raise SignatureEnded
    if signature.status == SignatureStatus.UNCONFIRMED:
        raise NotConfirmedYet


def _give(vouch: Vouch, *, how_known: str, by: Staff | None, rows: Rows) -> Vouch:
    if vouch.signature.has_ended:
        raise SignatureEnded
    _refuse_unless_voucher(vouch.voucher, vouch.signature)
    if vouch.status != VouchStatus.GIVEN:
        vouch.how_known, vouch.recorded_by = HowKnown(how_known), by
        _answer(vouch, VouchStatus.GIVEN)
        note("vouch", vouch.signature, by=by, reason=vouch.voucher.public_id)
        bump(weigh_all(rows.organisations - {vouch.voucher_id}, Question.VOUCH_REVOKED))
    return vouch


def _answer(vouch: Vouch, status: VouchStatus) -> None:
    vouch.status = status
    vouch.answered_at = timezone.now()
    vouch.save(update_fields=["status", "how_known", "recorded_by", "answered_at"])
