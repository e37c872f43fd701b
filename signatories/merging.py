"""Two organisations that are one become one; for a day they can be parted again, each with all it had."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from letters.models import Staff, record
from letters.revision import bump
from signatories import agreement, consent, ledger, organisations, questions, rehearsal, vouching
from signatories.emails import Mail, call_back, send_later
from signatories.events import note, note_each
from signatories.ledger import Changes, Ledger, give_back, only
from signatories.locking import Rows, lock_together
from signatories.models import (
    ACCEPTED,
    PROVEN,
    Contact,
    Distinction,
    Evidence,
    Merge,
    Organisation,
    Question,
    RejectReason,
    Signature,
    SignatureStatus,
    Vouch,
)
from signatories.rehearsal import ContactsDisagree, NotTwo, OnLetter, Preview, names_of, preview
from signatories.visibility import is_wider, narrower, reach

__all__ = ["ContactsDisagree", "NotTwo", "Preview", "forget", "merge", "preview", "tell_apart", "undo"]

_Row = TypeVar("_Row", bound=models.Model)


class ChangedMeanwhile(Exception):
    """What was previewed is no longer so."""


class TooLate(Exception):
    """A merge is undone within settings.UNDO_MERGE_FOR, and once."""


class MergedFurther(Exception):
    """What was kept has been merged into another one since; that has to be undone first."""


class Left(models.TextChoices):
    """Why a signature is not given back as it was."""

    ERASED = "erased", _("It was erased meanwhile and stays so.")
    ENDED = "ended", _("It ended together with the one that stood for it, and stays so.")
    SIGNED_AGAIN = (
        "signed_again",
        _("Its organisation has signed the letter again meanwhile; that one stands."),
    )
    DECIDED = "decided", _("It was decided about meanwhile, and stays as it is.")


@dataclass(frozen=True)
class Undone:
    """What undoing a merge did: the merge, and each signature that is not as it was before, with the reason."""

    merge: Merge
    left: list[tuple[Signature, Left]]


# --- merging -----------------------------------------------------------------------------------------------


def merge(kept: Organisation, absorbed: Organisation, *, by: Staff, seen: str = "") -> Merge:
    """Make two organisations one: all that the absorbed one has becomes the kept one's, and its name an alias.

    No published name changes but those the preview tells; with what it told as `seen`, nothing else is done. Raises
    NotTwo, ContactsDisagree or ChangedMeanwhile.
    """
    began = timezone.now()
    with transaction.atomic():
        rows = lock_together(lambda: _concerned(kept.pk, absorbed.pk))
        found = preview(kept, absorbed)
        if seen and seen != found.seen:
            raise ChangedMeanwhile
        kept, absorbed = found.kept, found.absorbed
        was, shown = ledger.read(_tables(rows)), _shown(rows)
        moved = list(absorbed.signatures.order_by("pk"))
        before = {
            "signed": [organisation.signatures.exists() for organisation in (kept, absorbed)],
            "aliases": list(found.aliases),
            "filled": list(found.filled),
            "recipients": _stand_together(found.letters, by=by),
            "distinctions": _take_distinctions(kept, absorbed, by=by),
        }
        absorbed.signatures.update(organisation=kept)
        absorbed.evidence.update(organisation=kept)
        _take_vouches(kept, absorbed)
        _take_facts(kept, absorbed, found)
        vouching.weigh(kept, Question.VOUCH_REVOKED)
        vouching.weigh_all(rows.organisations - {kept.pk, absorbed.pk}, Question.VOUCHER_DOUBTED)
        before["rows"] = ledger.changes(was, ledger.read(_tables(rows)))
        done = Merge.objects.create(kept=kept, absorbed=absorbed, by=by, at=began, before=before)
        record("merge", kind="organisation", subject=kept.public_id, by=by, reason=absorbed.public_id)
        record("merged_into", kind="organisation", subject=absorbed.public_id, by=by, reason=kept.public_id)
        note_each("merge", moved, by=by)
        bump(_letters_that_changed(shown, rows))
    return done


def tell_apart(one: Organisation, other: Organisation, *, by: Staff) -> Distinction:
    """Write down that two organisations which look like one are two. Harmless twice. Raises NotTwo."""
    if one.pk == other.pk:
        raise NotTwo
    first, second = sorted((one, other), key=lambda organisation: organisation.pk)
    with transaction.atomic():
        if len(organisations.lock([first.pk, second.pk])) < 2:
            raise NotTwo
        told, is_new = Distinction.objects.get_or_create(one=first, other=second, defaults={"by": by})
        if is_new:
            for organisation, another in ((first, second), (second, first)):
                subject, reason = organisation.public_id, another.public_id
                record("tell_apart", kind="organisation", subject=subject, by=by, reason=reason)
    return told


def _concerned(kept: int, absorbed: int) -> Rows:
    """Return both organisations, all they signed, who else speaks for that, and what rests on their word."""
    both = {kept, absorbed}
    resting = set().union(*(vouching.resting_on(one) for one in Organisation.objects.filter(pk__in=both)))
    theirs = Q(organisation__in=both) | Q(superseded_by__organisation__in=both)
    signatures = set(Signature.objects.filter(theirs).values_list("pk", flat=True))
    return Rows(frozenset(signatures | vouching.published_of(resting)), frozenset(both | resting))


def _tables(rows: Rows) -> list[QuerySet[Any]]:
    """Return what the ledger keeps of these rows."""
    signatures, organisations_ = rows.signatures, rows.organisations
    about_them = Q(signature__in=signatures) | Q(voucher__in=organisations_)
    return [
        Signature.objects.filter(pk__in=signatures),
        Contact.objects.filter(signature__in=signatures),
        Organisation.objects.filter(pk__in=organisations_),
        Evidence.objects.filter(organisation__in=organisations_),
        Vouch.objects.filter(about_them),
    ]


def _stand_together(letters: list[OnLetter], *, by: Staff) -> dict[str, list[int]]:
    """Leave one live signature on each letter; return, for each that stands for two, whom it is not named to now."""
    excluded = {}
    for each in letters:
        if each.waits is not None:
            Signature.objects.filter(pk=each.waits.pk).update(organisation=None)
        if each.goes is not None:
            new = set(each.goes.excluded_recipients.values_list("pk", flat=True))
            new -= set(each.stays.excluded_recipients.values_list("pk", flat=True))
            each.stays.excluded_recipients.add(*new)
            excluded[str(each.stays.pk)] = sorted(new)
            _put_behind(each.goes, each.stays, by=by)
    return excluded


def _put_behind(signature: Signature, standing: Signature, *, by: Staff) -> None:
    """Let another signature of the same organisation stand for this one, whose contact speaks for that from now on."""
    standing.staff_cap = narrower(standing.staff_cap, signature.staff_cap)
    if standing.status in ACCEPTED and signature.status in ACCEPTED:
        standing.published_at = min(
            filter(None, (standing.published_at, signature.published_at)), default=None
        )
    standing.save(update_fields=["staff_cap", "published_at"])
    if signature.question not in ("", Question.CORRECTION):
        questions.ask(standing, Question(signature.question))
    speakers = [signature, *Signature.objects.filter(superseded_by=signature).order_by("pk")]
    for speaker in speakers:
        if Contact.objects.filter(signature=speaker).exists():
            agreement.join(speaker, to=standing)
    signature.status = SignatureStatus.SUPERSEDED
    signature.hold_reason = ""
    signature.ended_at = timezone.now()
    signature.save(update_fields=["status", "hold_reason", "ended_at"])
    Signature.objects.filter(pk__in=[speaker.pk for speaker in speakers]).update(superseded_by=standing)
    note("superseded", signature, by=by, reason="merge")
    if len(speakers) > 1 or hasattr(signature, "contact"):
        note("another_contact", standing, by=by)
        send_later(signature, Mail.CO_CONTACT, after=settings.UNDO_FOR)
        send_later(standing, Mail.ANOTHER_CONTACT, after=settings.UNDO_FOR, apart_from=signature)


def _take_facts(kept: Organisation, absorbed: Organisation, found: Preview) -> None:
    kept.aliases = [*kept.aliases, *found.aliases.values()]
    for name, value in found.filled.items():
        setattr(kept, name, value)
    kept.verification = found.verification
    days = [organisation.recheck_on for organisation in (kept, absorbed) if organisation.recheck_on]
    if found.doubt:
        days.append(timezone.now().date())
    kept.recheck_on = min(days, default=None)
    kept.save()
    absorbed.merged_into = kept
    absorbed.save(update_fields=["merged_into"])


def _take_vouches(kept: Organisation, absorbed: Organisation) -> None:
    """Let what the absorbed one said be the kept one's word; where both answered, the later answer.

    What one said about the other stays, or becomes, the absorbed one's: nobody counts it, and it is not lost.
    """
    for vouch in Vouch.objects.filter(voucher=absorbed).exclude(signature__organisation=kept).order_by("pk"):
        twin = Vouch.objects.filter(voucher=kept, signature=vouch.signature_id).first()
        if twin is None:
            vouch.voucher = kept
            vouch.save(update_fields=["voucher"])
        elif vouch.answered_at and (twin.answered_at is None or vouch.answered_at > twin.answered_at):
            _exchange(vouch, twin)
    said_by_absorbed = Vouch.objects.filter(voucher=absorbed).values("signature")
    to_itself = Vouch.objects.filter(voucher=kept, signature__organisation=kept)
    to_itself.exclude(signature__in=said_by_absorbed).update(voucher=absorbed)


def _exchange(one: Vouch, other: Vouch) -> None:
    said = ("status", "how_known", "recorded_by_id", "asked_at", "answered_at")
    for name in said:
        mine, theirs = getattr(one, name), getattr(other, name)
        setattr(one, name, theirs)
        setattr(other, name, mine)
    for vouch in (one, other):
        vouch.save(update_fields=[name.removesuffix("_id") for name in said])


def _take_distinctions(kept: Organisation, absorbed: Organisation, *, by: Staff) -> list[int]:
    """Tell the kept one apart from all that the absorbed one was told apart from; return what is new."""
    pairs = Distinction.objects.filter(Q(one=absorbed) | Q(other=absorbed)).values_list("one", "other")
    others = set(chain.from_iterable(pairs)) - {kept.pk, absorbed.pk}
    new = []
    for other in sorted(others):
        one, another = sorted((kept.pk, other))
        told, is_new = Distinction.objects.get_or_create(one_id=one, other_id=another, defaults={"by": by})
        new += [told.pk] if is_new else []
    return new


def _shown(rows: Rows) -> dict[int, tuple[Any, ...]]:
    """Return what the public sees of these signatures, with the letter they are on."""
    signatures = Signature.objects.filter(pk__in=rows.signatures).select_related("organisation")
    return {one.pk: (one.letter_id, *_public_facts(one)) for one in signatures}


def _public_facts(signature: Signature) -> tuple[Any, ...]:
    seen = reach(signature.status, signature.visibility, signature.staff_cap)
    is_accepted = signature.status in ACCEPTED
    return (
        seen.counted,
        is_accepted,
        seen.named_publicly,
        (signature.published_at, _is_proven(signature.organisation)) if seen.named_publicly else None,
    )


def _is_proven(organisation: Organisation | None) -> bool:
    return organisation is not None and organisation.verification in PROVEN


def _letters_that_changed(shown: dict[int, tuple[Any, ...]], rows: Rows) -> set[int]:
    now = _shown(rows)
    return {facts[0] for key, facts in shown.items() if now.get(key) != facts}


# --- parting again -----------------------------------------------------------------------------------------


def undo(merge: Merge, *, by: Staff) -> Undone:
    """Part two organisations again, each with all it had, within settings.UNDO_MERGE_FOR.

    What happened since stays: what was erased, withdrawn or decided is not brought back, and what is new stays with
    the kept one. Raises TooLate, MergedFurther or ContactsDisagree.
    """
    with transaction.atomic():
        rows = lock_together(lambda: _concerned_by_undoing(merge))
        merge = _undoable(merge)
        kept, absorbed, before = merge.kept, merge.absorbed, merge.before
        shown = _shown(rows)
        _part_facts(kept, absorbed, before)
        Distinction.objects.filter(pk__in=before["distinctions"]).delete()
        said_since = _part_words(before["rows"])
        left = _part_signatures(merge)
        consent.sort_out(Signature.objects.filter(pk__in=rows.signatures))
        if said_since:
            vouching.weigh_all(rows.organisations, Question.VOUCHER_DOUBTED)
        merge.undone_at, merge.before = timezone.now(), {}
        merge.save(update_fields=["undone_at", "before"])
        record("unmerge", kind="organisation", subject=kept.public_id, by=by, reason=absorbed.public_id)
        record("unmerge", kind="organisation", subject=absorbed.public_id, by=by, reason=kept.public_id)
        parted = [
            signature
            for signature, changes in _rows(Signature.objects.all(), before["rows"])
            if "organisation_id" in changes or "status" in changes
        ]
        note_each("unmerge", parted, by=by)
        for organisation, had_signed in zip((kept, absorbed), before["signed"], strict=True):
            if had_signed:
                organisations.erase_if_alone(organisation)
        bump(_letters_that_changed(shown, rows))
    return Undone(merge, left)


def forget() -> None:
    """Drop what it would take to undo merges that can no longer be undone."""
    old = Merge.objects.filter(at__lt=timezone.now() - settings.UNDO_MERGE_FOR)
    old.exclude(before={}).update(before={})


def _undoable(merge: Merge) -> Merge:
    """Return the merge as it is now, locked. Raises TooLate or MergedFurther."""
    rows = rehearsal.undoable().select_related("kept", "absorbed")
    locked = rows.select_for_update(of=("self",)).filter(pk=merge.pk).first()
    if locked is None:
        raise TooLate
    both = (locked.kept_id, locked.absorbed_id)
    newer = Merge.objects.filter(Q(kept__in=both) | Q(absorbed__in=both), undone_at=None, pk__gt=locked.pk)
    if newer.exists():
        raise MergedFurther
    return locked


def _concerned_by_undoing(merge: Merge) -> Rows:
    """Return what the merge changed, and what has come to both organisations since."""
    before = Merge.objects.filter(pk=merge.pk).values_list("before", flat=True).first() or {}
    changed = before.get("rows", {})
    rows = _concerned(merge.kept_id, merge.absorbed_id)
    return Rows(
        rows.signatures | set(map(int, changed.get("signature", {}))),
        rows.organisations | set(map(int, changed.get("organisation", {}))),
    )


def _part_facts(kept: Organisation, absorbed: Organisation, before: dict[str, Any]) -> None:
    """Take from the kept organisation what it had from the absorbed one, which stands by itself again."""
    theirs = names_of(absorbed)
    for name in (theirs[place] for place in before["aliases"]):
        if name in kept.aliases:
            kept.aliases.remove(name)
    for name in before["filled"]:
        if getattr(kept, name) == getattr(absorbed, name):
            setattr(kept, name, "")
    kept.save(update_fields=["aliases", *before["filled"], "name_key", "spellings"])
    absorbed.merged_into = None
    absorbed.save(update_fields=["merged_into"])


def _part_words(changed: Ledger) -> bool:
    """Give back what was found out and said about organisations, and tell whether a word was given or taken since.

    Such a word stands, and is that of the one whose it was.
    """
    for organisation, changes in _rows(Organisation.objects.all(), changed):
        for name in ("verification", "recheck_on"):
            give_back(organisation, only(changes, name))
    for evidence, changes in _rows(Evidence.objects.all(), changed):
        give_back(evidence, changes)
    since = False
    for vouch, changes in _rows(Vouch.objects.all(), changed):
        give_back(vouch, only(changes, "voucher_id"))
        said = {name: change for name, change in changes.items() if name != "voucher_id"}
        since = since or not give_back(vouch, said)
    return since


def _part_signatures(merge: Merge) -> list[tuple[Signature, Left]]:
    """Give signatures back to the organisation they were of, and to the wall, where nothing stands against it."""
    changed = merge.before["rows"]
    left = list(_send_home(changed))
    for signature, changes in _rows(Signature.objects.select_related("contact"), changed):
        if "status" in changes and signature.erased_at is None:
            reason = _bring_back(signature, changes, since=merge.at)
            left += [(signature, reason)] if reason else []
    for contact, changes in _rows(Contact.objects.all(), changed):
        give_back(contact, changes)
    for signature, changes in _rows(Signature.objects.all(), changed):
        if "status" not in changes and signature.erased_at is None:
            _stand_alone(signature, changes)
    excluded = merge.before["recipients"]
    for signature in Signature.objects.filter(pk__in=excluded):
        signature.excluded_recipients.remove(*excluded[str(signature.pk)])
        if not signature.has_ended:
            agreement.part(signature)
    return left


def _send_home(changed: Ledger) -> Iterator[tuple[Signature, Left]]:
    """Give signatures back to their organisation: first those that moved, then those that were left without one."""
    rows = list(_rows(Signature.objects.all(), changed))
    for signature, changes in sorted(rows, key=lambda row: row[0].organisation_id is None):
        if signature.erased_at is not None:
            yield signature, Left.ERASED
            continue
        try:
            with transaction.atomic():
                is_home = give_back(signature, only(changes, "organisation_id"))
        except IntegrityError:
            yield signature, Left.SIGNED_AGAIN
        else:
            if not is_home:
                yield signature, Left.DECIDED


def _bring_back(signature: Signature, changes: Changes, *, since: datetime) -> Left | None:
    """Let a signature that another one stood for stand by itself again; say why not, where it cannot."""
    if signature.status != SignatureStatus.SUPERSEDED or signature.superseded_by is None:
        return Left.DECIDED
    standing = signature.superseded_by.standing
    if standing.question == Question.CONTACTS_DISAGREE and not standing.has_ended:
        raise ContactsDisagree(standing)
    if timezone.now() < since + settings.UNDO_FOR:  # later the mails are sent, and others may wait instead
        call_back(signature, since=since, mail=Mail.CO_CONTACT)
        call_back(standing, since=since, mail=Mail.ANOTHER_CONTACT)
    signature.superseded_by = None
    if standing.has_ended:
        return _end_like(signature, standing)
    wanted = signature.contact.wants if hasattr(signature, "contact") else ""
    if wanted and is_wider(signature.visibility, wanted):  # chosen for both, it holds for its own too
        signature.visibility = wanted
    signature.save(update_fields=["superseded_by", "visibility"])
    try:
        with transaction.atomic():
            give_back(signature, only(changes, "status", "hold_reason", "ended_at"))
    except IntegrityError:
        signature.status, signature.reject_reason = SignatureStatus.REJECTED, RejectReason.ALREADY_SIGNED
        signature.save(update_fields=["status", "reject_reason"])
        return Left.SIGNED_AGAIN
    return None


def _end_like(signature: Signature, standing: Signature) -> Left:
    """End a signature as the one that stood for it ended: what was taken back for both stays so."""
    for name in ("status", "reject_reason", "ended_at"):
        setattr(signature, name, getattr(standing, name))
    signature.save(update_fields=["status", "reject_reason", "superseded_by", "ended_at"])
    return Left.ENDED


def _stand_alone(signature: Signature, changes: Changes) -> None:
    """Let a signature speak for none but itself again, as it did before."""
    together = (("question", "asked_at"), ("visibility", "agreed_visibility"))
    for unit in (("superseded_by_id",), ("published_at",), ("staff_cap",), *together):
        give_back(signature, only(changes, *unit))


def _rows(rows: QuerySet[_Row], changed: Ledger) -> Iterator[tuple[_Row, Changes]]:
    """Return the rows of a table that the merge changed, with what changed, as they are now."""
    changes = {int(key): each for key, each in changed.get(str(rows.model._meta.model_name), {}).items()}
    for row in rows.filter(pk__in=changes).order_by("pk"):
        yield row, changes[row.pk]
