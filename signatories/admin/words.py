"""What the desk says: refusals that say what to do next, and the names of acts and reasons."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from signatories import moderation, verification
from signatories.models import ConsentChannel, HoldReason, RejectReason, SignatureStatus
from signatories.visibility import StaffCap

# What an act may answer, in words that say what to do next.
_REFUSALS: dict[type[Exception], Callable[[Any], str]] = {
    moderation.NotAwaitingModeration: lambda refusal: (
        _("A colleague was faster, or it is not confirmed: it is now “%s”.")
        % SignatureStatus(refusal.status).label
    ),
    moderation.OrganisationAlreadySigned: lambda refusal: format_html(
        _("This organisation has signed this letter already: {}. Choose another organisation, or reject it."),
        format_html('<a href="{}">{}</a>', case_url(refusal.signature.pk), refusal.signature.public_id),
    ),
    moderation.NothingProposed: lambda refusal: _(
        "No correction is waiting; perhaps a colleague decided it."
    ),
    moderation.NotCompletable: lambda refusal: _("Its signatory has claimed it and speaks for itself now."),
    verification.NotByPhone: lambda refusal: _("It is confirmed already, or its mailbox has to confirm it."),
    verification.ConfirmingIsOver: lambda refusal: _("The letter is closed, and so is the time to confirm."),
    verification.EnteredByTheSamePerson: lambda refusal: _(
        "You entered it yourself. Please ask a colleague to call the number and confirm it."
    ),
    verification.SignatureEnded: lambda refusal: _("It was withdrawn or rejected meanwhile."),
}
REFUSED = tuple(_REFUSALS)


ACTS = {
    "sign": gettext_lazy("Signed"),
    "confirm": gettext_lazy("Confirmed"),
    "confirm_by_hand": gettext_lazy("Confirmed by hand"),
    "correct": gettext_lazy("Corrected by its signatory"),
    "choose_visibility": gettext_lazy("Who may see the name was chosen"),
    "approve": gettext_lazy("Approved"),
    "hold": gettext_lazy("Held"),
    "reject": pgettext_lazy("signature", "Rejected"),
    "lower": gettext_lazy("Visibility lowered"),
    "complete": gettext_lazy("Completed"),
    "propose_correction": gettext_lazy("Correction proposed"),
    "accept_correction": gettext_lazy("Correction accepted"),
    "decline_correction": gettext_lazy("Correction declined"),
    "superseded": gettext_lazy("Superseded"),
    "withdraw": gettext_lazy("Withdrawn"),
    "expire": gettext_lazy("Expired"),
    "erase": gettext_lazy("Erased"),
    "import": gettext_lazy("Imported from a list"),
    "enter": gettext_lazy("Entered on behalf"),
    "second": gettext_lazy("Confirmed by a second person"),
    "drop": gettext_lazy("Dropped"),
    "show_contact": gettext_lazy("Contact looked at"),
    "mail_failed": gettext_lazy("A mail could not be sent"),
}
REASONS: dict[str, Any] = {
    choice: label
    for choices in (HoldReason, RejectReason, StaffCap, ConsentChannel)
    for choice, label in choices.choices
}


def words(refusal: Exception) -> str:
    return _REFUSALS[type(refusal)](refusal)


def case_url(pk: int) -> str:
    return reverse("admin:signatories_signature_change", args=[pk])
