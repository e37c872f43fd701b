"""One case on one screen: everything needed to decide about a signature."""

import hashlib
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from letters import countries
from letters.models import Event
from signatories import matching, names, queue
from signatories.admin.decisions import CompleteForm
from signatories.admin.words import ACTS, REASONS
from signatories.models import (
    DECIDABLE,
    Channel,
    Contact,
    HoldReason,
    Proposal,
    RejectReason,
    Signature,
    SignatureStatus,
)
from signatories.visibility import StaffCap, reach

_DECIDED_ABOUT = ("name", "latin", "country", "kind", "website")


def waits(signature: Signature) -> str | SafeString:
    """Say how long it has waited for staff, in amber after a day and in red after three; "" when it does not."""
    if signature.queued_at is None:
        return ""
    age = timezone.now() - signature.queued_at
    level = (
        "red" if age > settings.MODERATION_RED else "amber" if age > settings.MODERATION_AMBER else "fresh"
    )
    return format_html('<span class="waits {}">{}</span>', level, timesince(signature.queued_at, depth=1))


def by_phone(signature: Signature) -> bool:
    return signature.by_phone and signature.status == SignatureStatus.UNCONFIRMED


def case(signature: Signature) -> dict[str, Any]:
    """Return everything needed to decide about one signature."""
    holdable = signature.status in (*DECIDABLE, SignatureStatus.PUBLISHED)
    confirmable = by_phone(signature)
    has_contact = Contact.objects.filter(signature=signature).exists()
    return {
        "title": "",
        "signature": signature,
        "seen": seen(signature),
        "corrections": _corrections(signature),
        "decidable": signature.status in DECIDABLE,
        "holdable": holdable,
        "rejectable": holdable or confirmable,
        "confirmable": confirmable,
        "has_contact": has_contact,
        "completable": signature.channel != Channel.FORM and not has_contact,
        "complete_form": CompleteForm(
            initial={
                "country": signature.country,
                "kind": signature.kind,
                "latin": signature.latin,
                "website": signature.website,
            }
        ),
        "hold_reasons": HoldReason.choices,
        "reject_reasons": RejectReason.choices,
        "caps": _lowering(signature),
        "lints": [names.sentence(code) for code in names.lint(signature.name)] if signature.name else [],
        "organisations": matching.organisations_like(signature) if signature.name else [],
        "resembling": matching.signatures_like(signature) if signature.name else [],
        "history": _history(signature),
        "waiting": queue.waiting().count(),
        "waits": waits(signature),
    }


def _history(signature: Signature) -> list[tuple[Event, Any, Any]]:
    """Return its events, the newest first, each with act and reason in words."""
    events = Event.objects.filter(subject_kind="signature", subject_id=signature.public_id)
    return [
        (event, ACTS.get(event.act, event.act), REASONS.get(event.reason, event.reason))
        for event in events.select_related("by")
    ]


def seen(signature: Signature) -> str:
    """Return what changes whenever something that is decided about changes."""
    proposal = Proposal.objects.filter(signature=signature).first()
    facts = [getattr(each, field) for each in (signature, proposal) if each for field in _DECIDED_ABOUT]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def _corrections(signature: Signature) -> list[tuple[str, str, str]]:
    """Return (field, as it stands, as proposed) for each fact the proposal changes."""
    proposal = Proposal.objects.filter(signature=signature).first()
    if proposal is None:
        return []
    facts = [
        (_("Name"), signature.name, proposal.name),
        (_("Name in Latin letters"), signature.latin, proposal.latin),
        (_("Country"), signature.country_name, countries.name(proposal.country)),
        (_("Kind"), signature.get_kind_display(), proposal.get_kind_display()),
        (_("Website"), signature.website, proposal.website),
    ]
    return [fact for fact in facts if fact[1] != fact[2]]


def _lowering(signature: Signature) -> list[tuple[str, Any]]:
    """Return the caps that show less than the signatory chose."""
    if signature.has_ended:
        return []
    chosen = reach(SignatureStatus.PUBLISHED, signature.visibility, "")
    return [
        (cap.value, cap.label)
        for cap in StaffCap
        if reach(SignatureStatus.PUBLISHED, signature.visibility, cap) != chosen
    ]
