"""What one can decide about a case: each button's name with its act."""

from collections.abc import Callable

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from letters.admin import staff_of
from signatories import moderation, verification
from signatories.models import HoldReason, Organisation, RejectReason, Signature
from signatories.visibility import StaffCap


class CompleteForm(forms.ModelForm[Signature]):
    """What staff add to an imported name."""

    class Meta:
        model = Signature
        fields = ["country", "kind", "latin", "website"]


def _chosen_organisation(request: HttpRequest) -> Organisation | None:
    chosen = request.POST.get("organisation", "")
    return get_object_or_404(Organisation, public_id=chosen) if chosen else None


def _reason(request: HttpRequest, reasons: list[str]) -> str:
    reason = request.POST.get("reason", "")
    if reason not in reasons:
        raise forms.ValidationError(_("Please choose a reason; it is mailed to the signatory."))
    return reason


def _complete(request: HttpRequest, signature: Signature) -> Signature:
    form = CompleteForm(request.POST, instance=signature)
    if not form.is_valid():
        raise forms.ValidationError([message for errors in form.errors.values() for message in errors])
    facts = moderation.Facts(**form.cleaned_data)
    return moderation.complete(signature, by=staff_of(request), facts=facts)


def _lower(request: HttpRequest, signature: Signature) -> Signature:
    cap = request.POST.get("cap", "")
    if cap not in ("", *StaffCap.values):
        raise forms.ValidationError(_("No such choice."))
    return moderation.lower(signature, by=staff_of(request), to=cap)


PREPARING = ("confirm", "complete", "lower")  # after these the same case is still to be decided
DECISIONS: dict[str, Callable[[HttpRequest, Signature], Signature]] = {
    "approve": lambda request, signature: moderation.approve(
        signature, by=staff_of(request), organisation=_chosen_organisation(request)
    ),
    "hold": lambda request, signature: moderation.hold(
        signature, by=staff_of(request), reason=_reason(request, HoldReason.values)
    ),
    "reject": lambda request, signature: moderation.reject(
        signature, by=staff_of(request), reason=_reason(request, RejectReason.values)
    ),
    "confirm": lambda request, signature: verification.confirm_by_hand(signature, by=staff_of(request)),
    "accept": lambda request, signature: moderation.accept_correction(signature, by=staff_of(request)),
    "decline": lambda request, signature: moderation.decline_correction(signature, by=staff_of(request)),
    "complete": _complete,
    "lower": _lower,
}
