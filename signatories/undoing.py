"""Decisions can be taken back for some minutes; until then, nobody is mailed about them."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from letters.models import Event, Staff
from signatories import consent, organisations
from signatories.models import ACCEPTED, Decision, Organisation, Proposal, Signature

_FACTS = ("name", "latin", "country", "kind", "website")
_MOMENTS = ("published_at", "ended_at", "asked_at")
_CHANGED = (
    "status",
    "hold_reason",
    "reject_reason",
    "organisation_id",
    "staff_cap",
    "visibility",
    "agreed_visibility",
    "question",
    "superseded_by_id",
    *_MOMENTS,
    *_FACTS,
)
_IN_BETWEEN = (
    "show_contact",
    "mail_failed",
    "remark",
)  # what may have happened since without being in the way

Before = dict[str, Any]


def before(signature: Signature) -> Before:
    """Return what a decision may change, as it is now; to be asked for as soon as the signature is locked."""
    facts = {field: _plain(getattr(signature, field)) for field in _CHANGED}
    proposal = Proposal.objects.filter(signature=signature).first()
    if proposal is not None:
        proposed = {field: getattr(proposal, field) for field in _FACTS}
        facts["proposal"] = {**proposed, "proposed_at": _plain(proposal.proposed_at)}
    return facts


def remember(act: str, signature: Signature, was: Before, *, by: Staff) -> None:
    """Keep what a decision changed until it can no longer be taken back; to be called when all is done."""
    Decision.objects.create(signature=signature, act=act, by=by, before=was)


def last_decision(signature: Signature, *, by: Staff) -> Decision | None:
    """Return the decision this person can still take back: nothing has happened to the signature since."""
    since = timezone.now() - settings.UNDO_FOR
    decision = Decision.objects.filter(signature=signature, at__gt=since).first()
    if decision is None or decision.by_id != by.pk:
        return None
    events = Event.objects.filter(subject_kind="signature", subject_id=signature.public_id)
    return None if events.filter(at__gt=decision.at).exclude(act__in=_IN_BETWEEN).exists() else decision


def latest(*, by: Staff) -> Decision | None:
    """Return what somebody decided last, if that was a moment ago."""
    since = timezone.now() - settings.UNDO_FOR
    return Decision.objects.filter(by=by, at__gt=since).select_related("signature").first()


def restore(signature: Signature, decision: Decision) -> None:
    """Give a locked signature back what a decision changed. Raises IntegrityError where that cannot stand any more."""
    was = dict(decision.before)
    proposed = was.pop("proposal", None)
    for field, value in was.items():
        setattr(signature, field, _moment(value) if field in _MOMENTS else value)
    if signature.status in ACCEPTED:  # the text may have changed meanwhile
        consent.stand(signature)
    if signature.organisation_id is not None:  # it may have been merged, or erased, meanwhile
        signature.organisation = organisations.keep(Organisation(pk=signature.organisation_id))
    changed = (field.removesuffix("_id") for field in _CHANGED)
    signature.save(update_fields=[*changed, *Signature.DERIVED])
    if proposed is not None:
        proposed["proposed_at"] = _moment(proposed["proposed_at"])
        Proposal.objects.update_or_create(signature=signature, defaults=proposed)
    decision.delete()


def forget() -> None:
    """Drop what can no longer be taken back."""
    Decision.objects.filter(at__lt=timezone.now() - settings.UNDO_FOR).delete()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _moment(value: str | None) -> datetime | None:
    return parse_datetime(value) if value else None
