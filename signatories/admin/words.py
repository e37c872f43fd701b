"""What the desk says: refusals that say what to do next, and the names of acts and reasons."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from letters.models import Event, Staff
from signatories import (
    invitations,
    locking,
    merging,
    moderation,
    on_behalf,
    signing,
    tokens,
    verification,
    vouching,
)
from signatories.models import (
    ConsentChannel,
    HoldReason,
    InvitationStatus,
    Organisation,
    Question,
    QuoteReason,
    RejectReason,
    Signature,
    SignatureStatus,
    Workshop,
)
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
    moderation.NothingAsked: lambda refusal: _("It has no open question; perhaps a colleague settled it."),
    moderation.NothingToUndo: lambda refusal: (
        _(
            "It can no longer be taken back: more than %d minutes have passed, or something else has happened to it "
            "since. Decide about it anew instead."
        )
        % (settings.UNDO_FOR.total_seconds() // 60)
    ),
    moderation.NotCompletable: lambda refusal: _("Its signatory has claimed it and speaks for itself now."),
    verification.NotByPhone: lambda refusal: _("It is confirmed already, or its mailbox has to confirm it."),
    verification.ConfirmingIsOver: lambda refusal: _("The letter is closed, and so is the time to confirm."),
    locking.SignatureEnded: lambda refusal: _("It was withdrawn or rejected meanwhile."),
    verification.SamePerson: lambda refusal: _(
        "You entered it, or sent the code. A colleague has to confirm it."
    ),
    on_behalf.NotOnBehalf: lambda refusal: _("It is confirmed already, or was never entered by staff."),
    tokens.WrongCode: lambda refusal: _(
        "This is not the code that was sent, or it was tried too often. Ask again, or send a new one."
    ),
    vouching.NotConfirmedYet: lambda refusal: _("It is not confirmed yet; nobody is asked about it before."),
    vouching.NotAVoucher: lambda refusal: _(
        "Only another organisation that you have verified, and that can be written to, vouches for it."
    ),
    vouching.AskedTooOften: lambda refusal: _(
        "That organisation was asked as often as one may be in a week. Choose another one, or call it."
    ),
    vouching.AlreadyAnswered: lambda refusal: _("It has said that it knows this one. Take that back first."),
    vouching.NotGiven: lambda refusal: _("There is no word to take back."),
    merging.NotTwo: lambda refusal: _("They are one organisation already, or one of them is gone."),
    merging.ContactsDisagree: lambda refusal: format_html(
        _("Contacts disagree about {}. Please settle that first."),
        format_html('<a href="{}">{}</a>', case_url(refusal.signature.pk), name_of(refusal.signature)),
    ),
    merging.TooLate: lambda refusal: _("It can no longer be undone: a day has passed, or somebody undid it."),
    merging.MergedFurther: lambda refusal: _("Something was merged with them since. Please undo that first."),
    invitations.AlreadyInvited: lambda refusal: (
        _("It is on the list of this letter already: %s.") % invitation_status(refusal.invitation.status)
        if refusal.invitation
        else _("It is on the list of this letter already.")
    ),
    invitations.NotToSend: lambda refusal: (
        _("It is sent or answered already: it is now “%s”.") % invitation_status(refusal.status)
    ),
    invitations.NoAddress: lambda refusal: _(
        "No address is known for it, or it was erased. Write one into its page, or ask by phone."
    ),
    invitations.NothingToRemindOf: lambda refusal: (
        _("There is nothing to remind of yet, or any more: it is now “%s”.")
        % invitation_status(refusal.status)
    ),
    invitations.MailedToday: lambda refusal: _("It was written to less than a day ago. Try it tomorrow."),
    invitations.RemindedEnough: lambda refusal: _(
        "It was reminded as often as one mailbox bears. Call, or ask in a chat."
    ),
    invitations.NotADay: lambda refusal: _("Please choose a day from today until signing ends."),
    invitations.NothingSaid: lambda refusal: _("Please choose what it said, and a day if it will sign."),
    invitations.AnsweredAlready: lambda refusal: (
        _("Nothing was done: it is now “%s”.") % invitation_status(refusal.status)
    ),
    invitations.NotOfThisLetter: lambda refusal: _("That signature is not of this letter any more."),
    signing.LetterNotOpen: lambda refusal: _("The letter takes no signatures now."),
}
REFUSED = tuple(_REFUSALS)


ACTS = {
    "sign": gettext_lazy("Signed"),
    "confirm": gettext_lazy("Confirmed"),
    "confirm_by_hand": gettext_lazy("Confirmed by hand"),
    "correct": gettext_lazy("Corrected by its signatory"),
    "choose_recipients": gettext_lazy("Who is never handed the name was chosen"),
    "name_to_newer": gettext_lazy("Agreed that recipients added later are handed the name"),
    "choose_visibility": gettext_lazy("Who may see the name was chosen"),
    "approve": gettext_lazy("Approved"),
    "hold": gettext_lazy("Held"),
    "reject": pgettext_lazy("signature", "Rejected"),
    "lower": gettext_lazy("Visibility lowered"),
    "complete": gettext_lazy("Completed"),
    "propose_correction": gettext_lazy("Correction proposed"),
    "accept_correction": gettext_lazy("Correction accepted"),
    "decline_correction": gettext_lazy("Correction declined"),
    "settle": gettext_lazy("Question settled"),
    "remark": gettext_lazy("Note written"),
    "undo": gettext_lazy("Taken back"),
    "superseded": gettext_lazy("Superseded"),
    "ask_again": gettext_lazy("Asked for a new yes: the text changed"),
    "agree": gettext_lazy("Agreed to the changed text"),
    "record_yes": gettext_lazy("A new yes was written down"),
    "withdraw": gettext_lazy("Withdrawn"),
    "expire": gettext_lazy("Expired"),
    "erase": gettext_lazy("Erased"),
    "import": gettext_lazy("Imported from a list"),
    "enter": gettext_lazy("Entered on behalf"),
    "second": gettext_lazy("Confirmed by a second person"),
    "drop": gettext_lazy("Dropped"),
    "show_contact": gettext_lazy("Contact looked at"),
    "mail_failed": gettext_lazy("A mail could not be sent"),
    "mailbox_refuses": gettext_lazy("Its mailbox refuses mail"),
    "reach_by_phone": gettext_lazy("Reached by phone with a code"),
    "ask_to_vouch": gettext_lazy("A verified organisation was asked whether it knows it"),
    "vouch": gettext_lazy("A verified organisation vouched for it"),
    "decline_to_vouch": gettext_lazy("A verified organisation does not know it"),
    "revoke_vouch": gettext_lazy("A verified organisation took its word back"),
    "another_contact": gettext_lazy("Another contact speaks for it, too"),
    "ask_to_show": gettext_lazy("One contact wants the name shown, another one does not"),
    "ask_to_withdraw": gettext_lazy("One of its contacts wants to withdraw"),
    "disown": gettext_lazy("One contact does not know another one"),
    "erase_contact": gettext_lazy("One of its contacts erased itself"),
    "merge": gettext_lazy("Its organisation was merged with another one"),
    "unmerge": gettext_lazy("Its organisation was parted from another one again"),
    "restore": gettext_lazy("Given back: the invalidation was undone"),
    "invalidate": gettext_lazy("Invalidation begun"),
    "stop_invalidation": gettext_lazy("Invalidation stopped"),
    "continue_invalidation": gettext_lazy("Invalidation continued"),
    "undo_invalidation": gettext_lazy("Invalidation undone"),
    "invite": gettext_lazy("Put on the list"),
    "change_invitation": gettext_lazy("Corrected"),
    "chase": gettext_lazy("Somebody chases it"),
    "take_off": gettext_lazy("Taken off the list"),
    "send_invitation": gettext_lazy("Invitation sent"),
    "remind": gettext_lazy("Reminded"),
    "bounce": gettext_lazy("A mail came back"),
    "follow_up": gettext_lazy("Signatories of an earlier letter were put on the list"),
    **{f"answer_{status}": label for status, label in InvitationStatus.choices},
    "open_workshop": gettext_lazy("Code for a workshop made"),
    "renew_workshop": gettext_lazy("New code for a workshop made"),
    "stop_workshop": gettext_lazy("Workshop stopped"),
    "comment": gettext_lazy("A partner commented"),
    "answer_comment": gettext_lazy("Comment answered"),
    "hide_comment": gettext_lazy("Comment hidden"),
    "show_comment": gettext_lazy("Comment shown again"),
    "add_press_contact": gettext_lazy("Press contact published"),
    "change_press_contact": gettext_lazy("Press contact changed"),
    "remove_press_contact": gettext_lazy("Press contact removed"),
    "make_press_link": gettext_lazy("Link for journalists made"),
    "replace_press_link": gettext_lazy("New link for journalists made"),
    "end_press_link": gettext_lazy("Link for journalists ended"),
    "offer_quote": gettext_lazy("A quote was offered"),
    "take_quote_back": gettext_lazy("The quote was taken back"),
    "approve_quote": gettext_lazy("The quote was approved"),
    "reject_quote": gettext_lazy("The quote was rejected"),
    "volunteer_to_speak": gettext_lazy("Would speak to journalists"),
    "step_back_from_speaking": gettext_lazy("Would not speak to journalists any more"),
    "write_update": gettext_lazy("Update written"),
    "rewrite_update": gettext_lazy("Update written anew"),
    "discard_update": gettext_lazy("Update thrown away"),
    "publish_update": gettext_lazy("Update put on the letter’s page"),
    "take_update_back": gettext_lazy("Update taken off the letter’s page"),
    "schedule_update": gettext_lazy("Update scheduled"),
    "call_update_back": gettext_lazy("Update called back before it left"),
    "pause_update": gettext_lazy("Update paused"),
    "continue_update": gettext_lazy("Update goes on"),
    "stop_update": gettext_lazy("Update stopped"),
    "settle_update_left": gettext_lazy("Mails in doubt: they left"),
    "settle_update_again": gettext_lazy("Mails in doubt: sent again"),
}
REASONS: dict[str, Any] = {
    choice: label
    for choices in (
        *(HoldReason, RejectReason, StaffCap, ConsentChannel, Question, moderation.Outcome),
        QuoteReason,
    )
    for choice, label in choices.choices
} | {
    "known_contact": gettext_lazy("by a contact that is known, unseen"),
    "co_contact": gettext_lazy("as another contact of the one that has signed"),
}
# What ends a case or moves it: of these, a colleague wants to know who did the last.
_DECIDING = (
    *("approve", "hold", "reject", "accept_correction", "decline_correction", "settle", "undo", "superseded"),
    *("confirm", "confirm_by_hand", "withdraw", "erase", "restore"),
)


def words(refusal: Exception) -> str:
    return _REFUSALS[type(refusal)](refusal)


def invitation_status(status: str) -> str:
    return str(InvitationStatus(status).label)


def case_url(pk: int) -> str:
    return reverse("admin:signatories_signature_change", args=[pk])


def name_of(named: Signature | Organisation) -> SafeString:
    """Return its name as it stands among other words, whatever its script."""
    return format_html('<bdi dir="auto">{}</bdi>', named.name or _("(erased)"))


def room_of(workshop: Workshop) -> SafeString:
    """Say in which room something was signed, and how many signed there: "Kakuma room 3, 12 of 30"."""
    words = _("{label}, {taken} of {places}")
    label = format_html('<bdi dir="auto">{}</bdi>', workshop.label)
    return format_html(words, label=label, taken=workshop.taken, places=workshop.places)


def colleague(staff: Staff) -> str:
    return staff.get_full_name() or staff.username


def done(act: str, signature: Signature) -> SafeString:
    """Say that an act on a signature is done: "Approved: Blue Kettle"."""
    return format_html(_("{}: {}"), ACTS.get(act, act), name_of(signature))


def decided_meanwhile(signature: Signature, *, reader: Staff) -> SafeString:
    """Say what became of a case while somebody read it, and through whom: "Blue Kettle: Approved by Alice, ..."."""
    events = Event.objects.filter(
        subject_kind="signature", subject_id=signature.public_id, act__in=_DECIDING
    ).select_related("by")
    event = events.first()
    if event is None:
        return format_html("{}: {}", name_of(signature), signature.get_status_display())
    who = _("its signatory")
    if event.by is not None:
        who = _("you") if event.by == reader else colleague(event.by)
    words = {"act": ACTS.get(event.act, event.act), "who": who, "time": how_long(event.at)}
    return format_html("{}: {}", name_of(signature), _("%(act)s by %(who)s, %(time)s ago.") % words)


def how_long(since: datetime) -> str:
    """Say how long ago something was, to the second while that matters."""
    age = timezone.now() - since
    if age >= timedelta(minutes=1):
        return timesince(since, depth=1)
    seconds = max(1, round(age.total_seconds()))
    return ngettext("%d second", "%d seconds", seconds) % seconds
