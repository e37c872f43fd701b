"""One case on one screen: everything needed to decide about a signature."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from letters import countries
from letters.models import Event, Staff
from signatories import matching, queue, vouching
from signatories.admin.decisions import CompleteForm, RemarkForm, seen
from signatories.admin.invalidations import address_for
from signatories.admin.signs import Becomes, Candidate, Evidence, signs
from signatories.admin.words import ACTS, REASONS
from signatories.events import who_did
from signatories.models import (
    ACCEPTED,
    CONFIRMED,
    DECIDABLE,
    Channel,
    Contact,
    HoldReason,
    HowKnown,
    Organisation,
    Proposal,
    Question,
    RejectReason,
    Signature,
    SignatureQuerySet,
    SignatureStatus,
)
from signatories.moderation import Outcome
from signatories.visibility import StaffCap, reach

MOST_OF_A_BATCH = 12  # enough to see what kind of names they are
_MOST_EVENTS = 60
_MOST_SIGNED = 100


def cases() -> SignatureQuerySet:
    """Return signatures with what every case shows of its neighbours' tables."""
    return Signature.objects.select_related(
        "letter", "text", "organisation", "proposal", "contact", "workshop", "reading__staff"
    )


def age(since: datetime) -> SafeString:
    """Say how long something has waited: in amber after a day, in red after three."""
    waited = timezone.now() - since
    level = "fresh"
    if waited > settings.MODERATION_AMBER:
        level = "red" if waited > settings.MODERATION_RED else "amber"
    return format_html('<span class="waits {}">{}</span>', level, timesince(since, depth=1))


def waits(signature: Signature) -> str | SafeString:
    """Say how long it has waited for staff; "" when it does not."""
    return age(signature.queued_at) if signature.queued_at else ""


def by_phone(signature: Signature) -> bool:
    return signature.by_phone and signature.status == SignatureStatus.UNCONFIRMED


def case(signature: Signature, *, by: Staff) -> dict[str, Any]:
    """Return everything needed to decide about one of `cases()`."""
    evidence = _evidence(signature)
    return {
        "signature": signature,
        "seen": seen(signature),
        "waits": waits(signature),
        "colleague": queue.reader(signature, apart_from=by),
        "signs": signs(signature, evidence),
        "evidence": evidence,
        "corrections": _corrections(signature),
        "may_be_vouched_for": signature.confirmed_at is not None and not signature.has_ended,
        "invalidation": address_for(signature.letter_id, batch=signature.batch) if evidence.batch else "",
        "remarks": signature.remarks.select_related("by"),
        "remark_form": RemarkForm(auto_id="remark_%s"),
        "history": _history(signature),
        **_what_can_be_done(signature, by=by),
    }


def _what_can_be_done(signature: Signature, *, by: Staff) -> dict[str, Any]:
    decidable = signature.status in DECIDABLE
    holdable = signature.status in CONFIRMED
    confirmable = by_phone(signature)
    has_contact = hasattr(signature, "contact")
    entered = signature.channel == Channel.ON_BEHALF and signature.status == SignatureStatus.UNCONFIRMED
    completable = signature.channel != Channel.FORM and not has_contact and not signature.has_ended
    question = signature.question if signature.status in ACCEPTED else ""
    return {
        "decidable": decidable,
        "holdable": holdable,
        "rejectable": holdable or confirmable,
        "confirmable": confirmable,
        "entered": entered,
        "entered_oneself": entered and who_did("enter", signature) == by.pk,
        "question": question if question != Question.CORRECTION else "",
        "has_contact": has_contact,
        "complete_form": _complete_form(signature) if completable else None,
        "hold_reasons": HoldReason.choices,
        "reject_reasons": RejectReason.choices,
        "caps": _lowering(signature),
        "outcomes": Outcome.choices if question == Question.CONTACTS_DISAGREE else [],
        "how_known": HowKnown.choices,
    }


def _evidence(signature: Signature) -> Evidence:
    if not signature.name:
        return Evidence(candidates=[], resembling=[], batch=[], elsewhere=[], vouches=[])
    organisations = matching.organisations_like(signature)
    own = [signature.organisation] if signature.organisation else []
    signed = _signed_by([*organisations, *own], apart_from=signature)
    return Evidence(
        candidates=[_candidate(signature, one, signed[one.pk]) for one in organisations],
        resembling=matching.signatures_like(signature),
        batch=_batch(signature),
        elsewhere=signed[signature.organisation_id] if signature.organisation_id else [],
        vouches=vouching.of(signature),
    )


def _candidate(signature: Signature, organisation: Organisation, signed: list[Signature]) -> Candidate:
    here = next((one for one in signed if one.letter_id == signature.letter_id and not one.has_ended), None)
    becomes = Becomes.ITS_SIGNATURE
    if here is not None:
        becomes = _beside(here) if hasattr(signature, "contact") else Becomes.NOTHING
    return Candidate(organisation=organisation, signed=signed, here=here, becomes=becomes)


def _beside(standing: Signature) -> Becomes:
    """Return what becomes of a signature beside the one with which its organisation stands on the letter."""
    if standing.channel != Channel.FORM and not getattr(standing, "has_contact", True):
        return Becomes.ITS_PLACE
    return Becomes.CO_CONTACT if standing.status in ACCEPTED else Becomes.NOTHING


def _signed_by(
    organisations: list[Organisation], *, apart_from: Signature
) -> defaultdict[int | None, list[Signature]]:
    """Return what each organisation signed, in one query for all."""
    found: defaultdict[int | None, list[Signature]] = defaultdict(list)
    has_contact = Exists(Contact.objects.filter(signature=OuterRef("pk")))
    signatures = Signature.objects.filter(organisation__in=organisations).exclude(pk=apart_from.pk)
    for one in signatures.select_related("letter").annotate(has_contact=has_contact)[:_MOST_SIGNED]:
        found[one.organisation_id].append(one)
    return found


def _batch(signature: Signature) -> list[Signature]:
    """Return what else came from the same place that day, one more than is shown; those of a workshop were expected."""
    if not signature.batch:
        return []
    others = Signature.objects.filter(batch=signature.batch, workshop=None).exclude(pk=signature.pk)
    return list(others.order_by("-pk")[: MOST_OF_A_BATCH + 1])


def _history(signature: Signature) -> list[tuple[Event, Any, Any]]:
    """Return its events, the newest first, each with act and reason in words."""
    events = Event.objects.filter(subject_kind="signature", subject_id=signature.public_id)
    return [
        (
            event,
            ACTS.get(event.act, event.act),
            REASONS.get(event.reason) or ACTS.get(event.reason, event.reason),
        )
        for event in events.select_related("by")[:_MOST_EVENTS]
    ]


def _corrections(signature: Signature) -> list[tuple[str, str, str]]:
    """Return (field, as it stands, as proposed) for each fact the proposal changes."""
    proposal: Proposal | None = getattr(signature, "proposal", None)
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


def _complete_form(signature: Signature) -> CompleteForm:
    facts = {field: getattr(signature, field) for field in ("country", "kind", "latin", "website")}
    return CompleteForm(initial=facts)


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
