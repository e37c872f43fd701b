"""What one can decide about a case: each button's name with its act, carried out once and on what was seen."""

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.html import format_html
from django.utils.translation import gettext as _

from letters.admin import staff_of
from signatories import moderation, names, on_behalf, verification, vouching
from signatories.admin.words import REFUSED, decided_meanwhile, done, name_of, words
from signatories.models import (
    DECIDABLE,
    HoldReason,
    HowKnown,
    Organisation,
    Proposal,
    RejectReason,
    Remark,
    Signature,
    SignatureStatus,
    Verification,
    Vouch,
)
from signatories.visibility import StaffCap


class DecidedMeanwhile(Exception):
    """The case is no longer where it was when whoever decides read it."""


class ChangedMeanwhile(Exception):
    """The facts are no longer those that were read."""


@dataclass(frozen=True)
class Choice:
    """One button: its act, the name of what it does, and whether its case is still to be decided afterwards."""

    act: Callable[[HttpRequest, Signature], Any]
    done: str
    stays: bool = False
    right: str = "signatories.change_signature"
    by_itself: bool = False  # what it writes stays, though it refuses: a wrong code counts


@dataclass(frozen=True)
class Outcome:
    """What became of a decision, in words, and whether its case is still to be decided."""

    said: str
    level: int
    stays: bool


class CompleteForm(forms.ModelForm[Signature]):
    """What staff add to an imported name."""

    class Meta:
        model = Signature
        fields = ["country", "kind", "latin", "website"]


class RemarkForm(forms.ModelForm[Remark]):
    """What somebody notes about a case, for colleagues."""

    class Meta:
        model = Remark
        fields = ["words"]


def _chosen_organisation(request: HttpRequest) -> Organisation | None:
    chosen = request.POST.get("organisation", "")
    return get_object_or_404(Organisation, public_id=chosen) if chosen else None


def _as_co_contact(request: HttpRequest, signature: Signature) -> Signature:
    organisation = _chosen_organisation(request)
    return moderation.approve(signature, by=staff_of(request), organisation=organisation, as_co_contact=True)


def _settle(request: HttpRequest, signature: Signature) -> Signature:
    outcome = request.POST.get("outcome", moderation.Outcome.KEEP_HIDDEN)
    if outcome not in moderation.Outcome.values:
        raise forms.ValidationError(_("No such choice."))
    return moderation.settle(signature, by=staff_of(request), outcome=outcome)


def _typed_voucher(request: HttpRequest) -> Organisation:
    """Return the one verified organisation whose name, or no other one's, holds what was typed."""
    key = names.key(request.POST.get("voucher", ""))
    verified = Organisation.objects.standing().filter(verification=Verification.VERIFIED)
    holding = Q(*(Q(spellings__contains=word) for word in key.split()))
    found = list(verified.filter(holding).order_by("name")[:_NAMED]) if key else []
    exact = [one for one in found if key in one.name_keys]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    if not found:
        raise forms.ValidationError(
            _("No verified organisation is called that. Verify it first, or type less of it.")
        )
    called = _("Several verified organisations are called that. Please type more of one: %s")
    raise forms.ValidationError(called % ", ".join(one.name for one in found))


def _how_known(request: HttpRequest) -> str:
    how_known = request.POST.get("how_known", "")
    if how_known not in HowKnown.values:
        raise forms.ValidationError(_("Please say how the organisation knows it."))
    return how_known


def _vouch(request: HttpRequest, signature: Signature) -> Vouch:
    return get_object_or_404(Vouch, signature=signature, pk=number(request.POST.get("vouch")))


def _ask_to_vouch(request: HttpRequest, signature: Signature) -> None:
    vouching.ask(signature, vouchers=[_typed_voucher(request)], by=staff_of(request))


def _record_vouch(request: HttpRequest, signature: Signature) -> None:
    known = "vouch" in request.POST
    voucher = _vouch(request, signature).voucher if known else _typed_voucher(request)
    vouching.record(signature, voucher=voucher, how_known=_how_known(request), by=staff_of(request))


def _reason(request: HttpRequest, reasons: list[str]) -> str:
    reason = request.POST.get("reason", "")
    if reason not in reasons:
        raise forms.ValidationError(_("Please choose a reason; it is mailed to the signatory."))
    return reason


def _complete(request: HttpRequest, signature: Signature) -> Signature:
    form = CompleteForm(request.POST, instance=signature)
    facts = moderation.Facts(**_cleaned(form))
    return moderation.complete(signature, by=staff_of(request), facts=facts)


def _remark(request: HttpRequest, signature: Signature) -> Remark:
    words = _cleaned(RemarkForm(request.POST))["words"]
    return moderation.remark(signature, by=staff_of(request), words=words)


def _cleaned(form: forms.BaseForm) -> dict[str, Any]:
    if not form.is_valid():
        raise forms.ValidationError([message for errors in form.errors.values() for message in errors])
    return form.cleaned_data


def _lower(request: HttpRequest, signature: Signature) -> Signature:
    cap = request.POST.get("cap", "")
    if cap not in ("", *StaffCap.values):
        raise forms.ValidationError(_("No such choice."))
    return moderation.lower(signature, by=staff_of(request), to=cap)


_NAMED = 5  # of those that what was typed may mean
_DECIDING = 0x51611  # of the advisory locks, those of cases being decided
CHOICES = {
    "approve": Choice(
        lambda request, signature: moderation.approve(
            signature, by=staff_of(request), organisation=_chosen_organisation(request)
        ),
        done="approve",
    ),
    "hold": Choice(
        lambda request, signature: moderation.hold(
            signature, by=staff_of(request), reason=_reason(request, HoldReason.values)
        ),
        done="hold",
    ),
    "reject": Choice(
        lambda request, signature: moderation.reject(
            signature, by=staff_of(request), reason=_reason(request, RejectReason.values)
        ),
        done="reject",
    ),
    "confirm": Choice(
        lambda request, signature: verification.confirm_by_hand(
            signature, by=staff_of(request), code=request.POST.get("code", "")
        ),
        done="confirm_by_hand",
        stays=True,
        by_itself=True,
    ),
    "second": Choice(
        lambda request, signature: on_behalf.second(signature, by=staff_of(request)),
        done="second",
        stays=True,
    ),
    "drop": Choice(
        lambda request, signature: on_behalf.drop(signature, by=staff_of(request)),
        done="drop",
        right="signatories.add_signature",
    ),
    "accept": Choice(
        lambda request, signature: moderation.accept_correction(signature, by=staff_of(request)),
        done="accept_correction",
    ),
    "decline": Choice(
        lambda request, signature: moderation.decline_correction(signature, by=staff_of(request)),
        done="decline_correction",
    ),
    "co_contact": Choice(_as_co_contact, done="approve"),
    "settle": Choice(_settle, done="settle"),
    "ask_to_vouch": Choice(_ask_to_vouch, done="ask_to_vouch", stays=True, right="signatories.add_vouch"),
    "vouch": Choice(_record_vouch, done="vouch", stays=True, right="signatories.add_vouch"),
    "decline_to_vouch": Choice(
        lambda request, signature: vouching.decline(_vouch(request, signature), by=staff_of(request)),
        done="decline_to_vouch",
        stays=True,
        right="signatories.change_vouch",
    ),
    "revoke_vouch": Choice(
        lambda request, signature: vouching.revoke(_vouch(request, signature), by=staff_of(request)),
        done="revoke_vouch",
        stays=True,
        right="signatories.change_vouch",
    ),
    "complete": Choice(_complete, done="complete", stays=True),
    "lower": Choice(_lower, done="lower", stays=True),
    "remark": Choice(_remark, done="remark", stays=True, right="signatories.add_remark"),
}


def carry_out(request: HttpRequest, signature: Signature) -> Outcome:
    """Carry out the decision that was sent, and say what became of it; whatever stands in the way, say what."""
    choice = CHOICES.get(request.POST.get("decision", ""))
    if choice is None:
        return Outcome(_("Nothing was done: no such decision."), messages.ERROR, stays=True)
    if not request.user.has_perm(choice.right):
        raise PermissionDenied
    try:
        with nullcontext() if choice.by_itself else transaction.atomic():
            _wait_for_colleagues(signature)
            now = get_object_or_404(Signature.objects.select_related("proposal"), pk=signature.pk)
            _compare(now, request.POST.get("seen", ""))
            choice.act(request, now)
    except DecidedMeanwhile:
        return _decided(request, signature)
    except moderation.NotAwaitingModeration as refusal:
        return _decided(request, signature) if _has_moved_on(refusal.status) else _refused(signature, refusal)
    except ChangedMeanwhile:
        return Outcome(
            format_html(
                "{}: {}",
                name_of(signature),
                _("it was corrected while you read it. Please look at it again."),
            ),
            messages.WARNING,
            stays=True,
        )
    except REFUSED as refusal:
        return _refused(signature, refusal)
    except forms.ValidationError as problem:
        return Outcome(" ".join(problem.messages), messages.ERROR, stays=True)
    return Outcome(done(choice.done, signature), messages.SUCCESS, stays=choice.stays)


def _wait_for_colleagues(signature: Signature) -> None:
    """Let whoever decides this case in the same moment be done first, so that their decision is seen.

    It is not the row that is locked: acts lock several, in an order of their own.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_DECIDING, signature.pk % 2**31])


def _decided(request: HttpRequest, signature: Signature) -> Outcome:
    now = Signature.objects.get(
        pk=signature.pk
    )  # the one at hand knows its place in the queue, which it has left
    said = decided_meanwhile(now, reader=staff_of(request))
    return Outcome(said, messages.WARNING, stays=False)


def _has_moved_on(status: str) -> bool:
    return status not in (*DECIDABLE, SignatureStatus.UNCONFIRMED)


def _refused(signature: Signature, refusal: Exception) -> Outcome:
    return Outcome(format_html("{}: {}", name_of(signature), words(refusal)), messages.WARNING, stays=True)


def number(written: str | None) -> int | None:
    """Return a primary key as an address or a form writes it, or nothing where that cannot be one."""
    return int(written) if written and written.isdecimal() and len(written) < 19 else None


_READ = ("name", "latin", "country", "kind", "website")


def seen(signature: Signature) -> str:
    """Return where a case stands and its facts in short: what changes with anything that is decided about."""
    proposal: Proposal | None = getattr(signature, "proposal", None)
    facts = [getattr(each, field) for each in (signature, proposal) if each for field in _READ]
    return f"{_place(signature)}:{hashlib.sha256(chr(0).join(facts).encode()).hexdigest()[:32]}"


def _place(signature: Signature) -> str:
    return f"{signature.status}-{signature.hold_reason}-{signature.question}"


def _compare(signature: Signature, was: str) -> None:
    """Raise DecidedMeanwhile or ChangedMeanwhile where a case is not as it was seen, if that was said."""
    if not was or was == seen(signature):
        return
    place = was.rpartition(":")[0]
    raise ChangedMeanwhile if place == _place(signature) else DecidedMeanwhile
