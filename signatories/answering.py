"""The page behind the link of an invitation: to sign, to say by when, to say no, or to be the wrong person."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from letters.showing import addresses
from signatories import accepting, consent, invitations, limits
from signatories.forms import AnswerForm, InvitedSignForm
from signatories.models import Invitation, InvitationStatus
from signatories.origin import sent_from_elsewhere
from signatories.private_pages import (
    letter_closed,
    page,
    sent_from_elsewhere_said,
    sign_page,
    text_changed_meanwhile,
    version_read,
)
from signatories.signing import LetterNotOpen
from signatories.tokens import LinkUnknown

_InvitationView = Callable[[HttpRequest, Invitation, str], HttpResponse]
_TokenView = Callable[[HttpRequest, str], HttpResponse]


def _behind_link(view: _InvitationView) -> _TokenView:
    """Make of a view of an invitation one of a link that was mailed; a link that leads nowhere says why."""

    @wraps(view)
    def view_of_link(request: HttpRequest, token: str) -> HttpResponse:
        try:
            invitation = invitations.find(token)
        except LinkUnknown:
            return render(request, "signatories/invitation_unknown.html", status=404)
        if not invitation.letter.accepts_signatures:
            return letter_closed(request, invitation.letter)
        return view(request, invitation, token)

    return view_of_link


@require_http_methods(["GET", "HEAD", "POST"])
@_behind_link
def invitation(request: HttpRequest, invited: Invitation, token: str) -> HttpResponse:
    """Ask for an answer. GET shows buttons, since scanners follow links; POST answers."""
    letter = invited.letter
    if request.method != "POST":
        chosen = request.GET.get("answer", "")
        known = {"answer": chosen or invited.status, "promised_on": invited.promised_on}
        return _answer_page(request, invited, token, AnswerForm(letter=letter, initial=known))
    form = AnswerForm(request.POST, letter=letter)
    if sent_from_elsewhere(request):
        return _answer_page(request, invited, token, form, problem=sent_from_elsewhere_said(), status=403)
    if not form.is_valid():
        return _answer_page(request, invited, token, form, status=422)
    said = form.cleaned_data
    try:
        invitations.answer(invited, said=said["answer"], promised_on=said["promised_on"])
    except LetterNotOpen:
        return letter_closed(request, letter)
    except invitations.AnsweredAlready:
        return _to(token)  # which says what stands
    return _to(token)


@require_http_methods(["GET", "HEAD", "POST"])
@_behind_link
def sign(request: HttpRequest, invited: Invitation, token: str) -> HttpResponse:
    """The form, with what the invitation knows filled in."""
    letter = invited.letter
    if invited.status == InvitationStatus.SIGNED:
        return _to(token)
    if request.method != "POST":
        return sign_page(request, letter, InvitedSignForm(invitation=invited))
    form = InvitedSignForm(request.POST, invitation=invited)
    if sent_from_elsewhere(request):
        return sign_page(request, letter, form, problem=sent_from_elsewhere_said(), status=403)
    if not form.is_valid():
        return sign_page(request, letter, form, status=422)
    text = letter.text_for(get_language())
    if text is None:
        return letter_closed(request, letter)
    try:
        consent.refuse_another_text(letter, read=version_read(request))
    except consent.TextChangedMeanwhile:
        return sign_page(request, letter, form, problem=text_changed_meanwhile(), status=409)
    try:
        accepting.accept(
            invited,
            text=text,
            claim=form.claim,
            contact=form.contact,
            visibility=form.cleaned_data["visibility"],
            language=get_language(),
            keep_contact=form.cleaned_data["keep"],
            place=limits.place_of(request),
            trapped=form.is_trapped,
        )
    except LetterNotOpen:
        return letter_closed(request, letter)
    if invitations.knows(invited, form.cleaned_data["contact_email"]):
        return _to(token)
    return HttpResponseRedirect(addresses(letter)["sent_url"], status=303)


def _to(token: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("invitation", args=[token]), status=303)


def _answer_page(
    request: HttpRequest,
    invited: Invitation,
    token: str,
    form: AnswerForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "invitation": invited,
        "form": form,
        "form_problem": problem,
        "has_signed": invited.status == InvitationStatus.SIGNED,
        "has_answered": invited.status in invitations.ANSWERS,
        "invited_sign_url": reverse("invitation_sign", args=[token]),
    }
    return page(request, "invitation", invited.letter, context, status=status)
