"""The public pages of who says it too: signing, confirming, and the signatory's own page."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from crispy_forms.layout import Hidden
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from letters import pages
from letters.models import Letter
from letters.phases import Phase
from letters.revision import Edition, edition_of
from letters.showing import addresses
from signatories import (
    agreement,
    cards,
    consent,
    limits,
    names,
    signing,
    tokens,
    unsubscribing,
    verification,
    versions,
    vouching,
    wall,
    withdrawal,
    workshops,
)
from signatories.forms import AgreeForm, CodeForm, CorrectForm, SignForm, VisibilityForm, VouchForm
from signatories.locking import SignatureEnded
from signatories.models import (
    CONFIRMED,
    Contact,
    Organisation,
    Proposal,
    Purpose,
    Question,
    Signature,
    SignatureStatus,
    Vouch,
    VouchStatus,
    Workshop,
)
from signatories.origin import sent_from_elsewhere
from signatories.prefilling import is_asked, prefilled
from signatories.private_pages import behind_link as _behind_link
from signatories.private_pages import letter_closed as _letter_closed
from signatories.private_pages import page as _page
from signatories.private_pages import sent_from_elsewhere_said as _sent_from_elsewhere
from signatories.private_pages import sign_page, text_changed_meanwhile, version_read

_TokenView = Callable[[HttpRequest, str], HttpResponse]


class Room(NamedTuple):
    """A workshop, and the code somebody came with: the addresses of its pages carry it, so that no cookie must."""

    workshop: Workshop
    code: str

    @property
    def addresses(self) -> dict[str, str]:
        return {
            "letter_url": reverse("workshop", args=[self.code]),
            "sign_url": reverse("workshop_sign", args=[self.code]),
            "sent_url": reverse("workshop_sent", args=[self.code]),
        }


_RoomView = Callable[[HttpRequest, Room], HttpResponse]

# --- signing -----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, slug: str) -> HttpResponse:
    """The form of a public letter."""
    edition = edition_of(slug)
    if request.method == "POST" or edition.phase != Phase.OPEN or is_asked(request.GET):
        return _sign(request, Letter.objects.select_related("host").get(pk=edition.letter_id))
    return pages.answer(
        request,
        ("sign", slug),
        str(edition),
        lambda: _empty_form(request, edition),
        has_etag=False,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def gathering_sign(request: HttpRequest, key: str) -> HttpResponse:
    """The form of a letter that gathers behind its secret link."""
    letter = _gathering_letter(key)
    return _launched(addresses(letter)["sign_url"]) if letter.is_public else _sign(request, letter)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_sent(request: HttpRequest, slug: str) -> HttpResponse:
    """What to do now, the same for everyone; and the place for the code."""
    return _sent(request, get_object_or_404(Letter.objects.public().select_related("host"), slug=slug))


@require_http_methods(["GET", "HEAD", "POST"])
def gathering_sent(request: HttpRequest, key: str) -> HttpResponse:
    """What to do now, while the letter gathers."""
    letter = _gathering_letter(key)
    return _launched(addresses(letter)["sent_url"]) if letter.is_public else _sent(request, letter)


def _gathering_letter(key: str) -> Letter:
    """Return the letter of a secret link; after its launch too, since mails and chats still hold the link."""
    letter = get_object_or_404(Letter.objects.select_related("host"), gathering_key=key)
    if not letter.is_public and not letter.accepts_signatures:
        raise Http404
    return letter


def _launched(url: str) -> HttpResponse:
    """Lead on to the public address, with what was typed: the form may have been opened before the launch."""
    return HttpResponseRedirect(url, preserve_request=True)


def _sign(request: HttpRequest, letter: Letter, room: Room | None = None) -> HttpResponse:
    if not letter.accepts_signatures:
        return _letter_closed(request, letter)
    if request.method != "POST":
        return _sign_page(request, letter, SignForm(initial=prefilled(request.GET)), room=room)
    form = SignForm(request.POST)
    if sent_from_elsewhere(request):
        return _sign_page(request, letter, form, room=room, problem=_sent_from_elsewhere(), status=403)
    if not form.is_valid():
        return _sign_page(request, letter, form, room=room, status=422)
    text = letter.text_for(get_language())
    if text is None:
        raise Http404
    try:
        consent.refuse_another_text(letter, read=version_read(request))
    except consent.TextChangedMeanwhile:
        return _sign_page(request, letter, form, room=room, problem=text_changed_meanwhile(), status=409)
    try:
        signing.sign(
            letter,
            text=text,
            claim=form.claim,
            contact=form.contact,
            visibility=form.cleaned_data["visibility"],
            language=get_language(),
            keep_contact=form.cleaned_data["keep"],
            place=limits.place_of(request),
            trapped=form.is_trapped,
            workshop=room.workshop if room else None,
        )
    except signing.LetterNotOpen:
        return _letter_closed(request, letter)
    here = room.addresses if room else addresses(letter)
    return HttpResponseRedirect(here["sent_url"], status=303)


def _empty_form(request: HttpRequest, edition: Edition) -> str:
    letter = Letter.objects.select_related("host").get(pk=edition.letter_id)
    return _sign_page(request, letter, SignForm()).content.decode()


def _sign_page(
    request: HttpRequest,
    letter: Letter,
    form: SignForm,
    *,
    room: Room | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    around = {"is_prefilled": bool(form.initial), **(room.addresses if room else {})}
    return sign_page(request, letter, form, problem=problem, status=status, around=around)


def _sent(request: HttpRequest, letter: Letter, room: Room | None = None) -> HttpResponse:
    around = {"next_url": room.addresses["sign_url"], **room.addresses} if room else {}
    if request.method != "POST":
        return _page(request, "sent", letter, {"form": CodeForm(), **around})
    form = CodeForm(request.POST)
    if sent_from_elsewhere(request):
        form.add_error(None, _sent_from_elsewhere())
    if not form.is_valid():
        return _page(request, "sent", letter, {"form": form, **around}, status=422)
    try:
        signature = tokens.redeem_code(
            letter, address=form.cleaned_data["contact_email"], code=form.cleaned_data["code"]
        )
    except tokens.WrongCode:
        form.add_error(
            "code", _("Address and code do not belong together. After five tries, use the link in the mail.")
        )
        return _page(request, "sent", letter, {"form": form, **around}, status=422)
    minted = tokens.mint(signature, Purpose.CONFIRM)
    return HttpResponseRedirect(reverse("confirm", args=[minted.value]), status=303)


# --- signing at a workshop -----------------------------------------------------------------------------


def _with_code(*, late: _RoomView) -> Callable[[_RoomView], _TokenView]:
    """Make of a view of a room one of the code on its sheet. Every code that opens nothing is answered alike.

    `late` answers what is sent from a page that was opened before the workshop was over.
    """

    def decorate(view: _RoomView) -> _TokenView:
        @wraps(view)
        def view_of_code(request: HttpRequest, code: str) -> HttpResponse:
            place = limits.place_of(request)
            if not limits.may_try_codes(place):
                return _code_opens_nothing(request, status=429)
            try:
                room = Room(workshops.find(code), code)
            except workshops.CodeUnknown:
                limits.count_wrong_code(place)
                return _code_opens_nothing(request)
            except workshops.WorkshopOver as over:
                is_late = request.method == "POST"
                return late(request, Room(over.workshop, code)) if is_late else _code_opens_nothing(request)
            return view(request, room) if _is_open(room) else _not_open(request, room)

        return view_of_code

    return decorate


def _is_open(room: Room) -> bool:
    return room.workshop.letter.accepts_signatures


def _not_open(request: HttpRequest, room: Room) -> HttpResponse:
    """Say that signing has ended; of a draft say nothing."""
    letter = room.workshop.letter
    return _letter_closed(request, letter) if letter.is_public else _code_opens_nothing(request)


def _sign_late(request: HttpRequest, room: Room) -> HttpResponse:
    """Lead what was typed on to the public form; a secret letter's has another address, which the code never told."""
    letter = room.workshop.letter
    return _launched(addresses(letter)["sign_url"]) if letter.is_public else _code_opens_nothing(request)


def _confirm_late(request: HttpRequest, room: Room) -> HttpResponse:
    """Take the code of a mail: who signed in time confirms in time."""
    return _sent(request, room.workshop.letter, room)


@require_safe
@_with_code(late=_sign_late)
def workshop(request: HttpRequest, room: Room) -> HttpResponse:
    """The letter that is signed in a room, to be read there, and the way to its form."""
    is_secret = not room.workshop.letter.is_public
    context = {"is_full": not room.workshop.left, "is_secret": is_secret, **room.addresses}
    return _page(request, "workshop", room.workshop.letter, context)


@require_http_methods(["GET", "HEAD", "POST"])
@_with_code(late=_sign_late)
def workshop_sign(request: HttpRequest, room: Room) -> HttpResponse:
    """The form of a room. Where all its places are taken it is the ordinary form."""
    return _sign(request, room.workshop.letter, room)


@require_http_methods(["GET", "HEAD", "POST"])
@_with_code(late=_confirm_late)
def workshop_sent(request: HttpRequest, room: Room) -> HttpResponse:
    """What to do now, and the way to sign for the next organisation on the same phone."""
    return _sent(request, room.workshop.letter, room)


def _code_opens_nothing(request: HttpRequest, *, status: int = 404) -> HttpResponse:
    return render(request, "signatories/workshop_unknown.html", {"status": status}, status=status)


# --- confirming --------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@_behind_link(Purpose.CONFIRM)
def confirm(request: HttpRequest, signature: Signature) -> HttpResponse:
    """The page behind the link in the mail. GET shows a button, since scanners follow links; POST confirms."""
    if signature.has_ended:
        return _page(request, "signature_ended", signature.letter, {"signature": signature}, status=410)
    if signature.status != SignatureStatus.UNCONFIRMED:
        return _page(request, "confirmed", signature.letter, {"signature": signature})
    return _confirm(request, signature)


def _confirm(request: HttpRequest, signature: Signature) -> HttpResponse:
    button = _("Yes, we sign")
    if not signature.letter.accepts_confirmations:
        return _letter_closed(request, signature.letter)
    if request.method != "POST":
        return _confirm_page(request, signature, VisibilityForm(letter=signature.letter, button=button))
    form = VisibilityForm(request.POST, letter=signature.letter, button=button)
    if sent_from_elsewhere(request):
        form.add_error(None, _sent_from_elsewhere())
    if not form.is_valid():
        return _confirm_page(request, signature, form, status=422)
    try:
        signature = verification.confirm(
            signature,
            visibility=form.cleaned_data["visibility"],
            never_named_to=form.never_named or (),
            version=version_read(request),
        )
    except consent.TextChangedMeanwhile:
        form.add_error(None, text_changed_meanwhile())
        return _confirm_page(request, signature, form, status=409)
    except verification.ConfirmingIsOver:
        return _letter_closed(request, signature.letter)
    except SignatureEnded:
        return _page(request, "signature_ended", signature.letter, {"signature": signature}, status=410)
    return _page(request, "confirmed", signature.letter, {"signature": signature})


def _confirm_page(
    request: HttpRequest, signature: Signature, form: VisibilityForm, *, status: int = 200
) -> HttpResponse:
    """Show who signs and, where the text has changed since, how; confirming says yes to it as it is now."""
    form.helper.add_input(Hidden("version", signature.letter.version_number()))
    news = consent.news(signature, get_language())
    context = {"signature": signature, "form": form, "news": news}
    return _page(request, "confirm", signature.letter, context, status=status)


# --- a new yes to a changed text ---------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@_behind_link(Purpose.AGREE)
def agree(request: HttpRequest, speaker: Signature) -> HttpResponse:
    """What changed since a signatory agreed. GET shows it, with a box to tick; POST takes the new yes."""
    signature = speaker.standing
    if signature.has_ended:
        return _page(request, "signature_ended", signature.letter, {"signature": signature}, status=410)
    if not consent.is_asked(signature):
        return _agree_page(request, signature, done=_nothing_to_agree_to())
    if not signature.letter.accepts_confirmations:
        return _letter_closed(request, signature.letter)
    form = AgreeForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _agree_page(request, signature, form=form)
    if sent_from_elsewhere(request):
        form.add_error(None, _sent_from_elsewhere())
    if not form.is_valid():
        return _agree_page(request, signature, form=form, status=422)
    try:
        versions.agree(speaker, version=version_read(request) or signature.letter.version_number())
    except consent.TextChangedMeanwhile:
        form.add_error(None, text_changed_meanwhile())
        return _agree_page(request, signature, form=form, status=409)
    except versions.AgreeingIsOver:
        return _letter_closed(request, signature.letter)
    except SignatureEnded:
        return _page(request, "signature_ended", signature.letter, {"signature": signature}, status=410)
    return _agree_page(request, Signature.objects.get(pk=signature.pk), done=_agreed())


def _agree_page(
    request: HttpRequest,
    signature: Signature,
    *,
    form: AgreeForm | None = None,
    done: str = "",
    status: int = 200,
) -> HttpResponse:
    news = consent.news(signature, get_language()) if form else None
    if form and news:
        form.helper.add_input(Hidden("version", news.number))
    context = {"signature": signature, "form": form, "news": news, "done": done}
    return _page(request, "agree", signature.letter, context, status=status)


def _agreed() -> str:
    return _("Thank you. Your organisation agrees to the new text.")


def _nothing_to_agree_to() -> str:
    return _("Your organisation has agreed to the text as it is now. There is nothing left to do.")


# --- the signatory's own page ------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@_behind_link(Purpose.OWN_PAGE)
def own_page(request: HttpRequest, signature: Signature) -> HttpResponse:
    """Where a signatory corrects, chooses who sees the name, names who knows it, withdraws and erases."""
    if request.method != "POST":
        return _own_page(request, signature, search=_looked_for(request))
    act = _OWN_ACTS.get(request.POST.get("act", ""))
    if sent_from_elsewhere(request):
        return _own_page(
            request,
            signature,
            correct_form=CorrectForm(request.POST, facts=signature.standing) if act is _correct else None,
            visibility_form=_visibility_form(signature.standing, request.POST) if act is _choose else None,
            done=_sent_from_elsewhere(),
            status=403,
        )
    if act is None:
        return _own_page(request, signature, status=422)
    try:
        return act(request, signature)
    except SignatureEnded:
        return _own_page(request, Signature.objects.get(pk=signature.pk), status=410)


def _correct(request: HttpRequest, signature: Signature) -> HttpResponse:
    form = CorrectForm(request.POST, facts=signature.standing)
    if not form.is_valid():
        return _own_page(request, signature, correct_form=form, status=422)
    standing = withdrawal.correct(signature, correction=form.correction)
    waits = Proposal.objects.filter(signature=standing).exists()
    done = (
        _("Thank you. A moderator looks at your correction.") if waits else _("Thank you. It is corrected.")
    )
    return _own_page_again(request, signature, done=done)


def _choose(request: HttpRequest, signature: Signature) -> HttpResponse:
    form = _visibility_form(signature.standing, request.POST)
    if not form.is_valid():
        return _own_page(request, signature, visibility_form=form, status=422)
    chosen = form.cleaned_data["visibility"]
    if form.never_named is not None:
        withdrawal.never_name_to(signature, form.never_named)
    if form.newest is not None:
        withdrawal.name_to_newer(signature, newest=form.newest)
    standing = withdrawal.choose_visibility(signature, visibility=chosen)
    done = (
        _("Done. Within a minute every page follows your choice.")
        if standing.visibility == chosen
        else _hidden_meanwhile()
    )
    return _own_page_again(request, signature, done=done)


def _withdraw(request: HttpRequest, signature: Signature) -> HttpResponse:
    if not request.POST.get("sure"):
        return _own_page(request, signature, done=_not_sure(), status=422)
    standing = withdrawal.withdraw(signature)
    done = _("Your signature is withdrawn. It counts no more.") if standing.has_ended else _hidden_meanwhile()
    return _own_page_again(request, signature, done=done)


def _agree_on_own_page(request: HttpRequest, signature: Signature) -> HttpResponse:
    form = AgreeForm(request.POST, act="agree")
    if not form.is_valid():
        return _own_page(request, signature, agree_form=form, status=422)
    number = version_read(request) or signature.letter.version_number()
    try:
        versions.agree(signature, version=number)
    except consent.TextChangedMeanwhile:
        return _own_page(request, signature, done=text_changed_meanwhile(), status=409)
    except (versions.AgreeingIsOver, versions.NotConfirmedYet):
        return _own_page(request, signature, done=_("There is no more time to agree."), status=410)
    return _own_page_again(request, signature, done=_agreed())


def _disown(request: HttpRequest, signature: Signature) -> HttpResponse:
    if not request.POST.get("sure"):
        return _own_page(request, signature, done=_not_sure(), status=422)
    withdrawal.disown(signature)
    return _own_page_again(request, signature, done=_hidden_meanwhile())


def _erase(request: HttpRequest, signature: Signature) -> HttpResponse:
    if not request.POST.get("sure"):
        return _own_page(request, signature, done=_not_sure(), status=422)
    letter = signature.letter
    standing = withdrawal.erase(signature)
    return _page(request, "erased", letter, {"others_remain": standing.erased_at is None})


def _looked_for(request: HttpRequest) -> str:
    """Return the name of an organisation that is looked for; "" for what no name can be."""
    typed = names.clean(request.GET.get("known", ""))
    return "" if names.problem_with(typed) else typed


def _ask(request: HttpRequest, signature: Signature) -> HttpResponse:
    ticked = [one for one in request.POST.getlist("voucher") if one.isalnum()]
    vouchers = list(Organisation.objects.filter(public_id__in=ticked[: settings.VOUCHES_A_SIGNATURE + 1]))
    if not vouchers:
        return _own_page(request, signature, done=_("Please tick an organisation first."), status=422)
    try:
        vouching.ask(signature, vouchers=vouchers)
    except vouching.TooManyAsked:
        most = settings.VOUCHES_A_SIGNATURE
        problem = _("You can name %(most)d organisations in all. Please tick fewer.") % {"most": most}
    except vouching.AskedTooOften:
        problem = _("It was asked by many others this week. Please name another one, or come back next week.")
    except (vouching.NotAVoucher, vouching.NotConfirmedYet):
        problem = _("It cannot be asked any more. Please name another one.")
    else:
        done = _("Thank you. We have written to those you named.")
        return _own_page_again(request, signature, done=done)
    return _own_page(request, signature, done=problem, status=422)


def _answer_vouches(request: HttpRequest, signature: Signature) -> HttpResponse:
    minted = tokens.mint(signature, Purpose.VOUCH)
    return HttpResponseRedirect(reverse("vouch", args=[minted.value]), status=303)


_OWN_ACTS = {
    "correct": _correct,
    "visibility": _choose,
    "withdraw": _withdraw,
    "erase": _erase,
    "disown": _disown,
    "agree": _agree_on_own_page,
    "ask": _ask,
    "vouches": _answer_vouches,
}


def _own_page_again(request: HttpRequest, signature: Signature, *, done: str) -> HttpResponse:
    """Show the page after an act, as everything is now."""
    return _own_page(request, Signature.objects.get(pk=signature.pk), done=done)


def _own_page(
    request: HttpRequest,
    speaker: Signature,
    *,
    correct_form: CorrectForm | None = None,
    visibility_form: VisibilityForm | None = None,
    agree_form: AgreeForm | None = None,
    search: str = "",
    done: str = "",
    status: int = 200,
) -> HttpResponse:
    signature = speaker.standing
    proposal = Proposal.objects.filter(signature=signature).first()
    has_ended = signature.has_ended
    others = not has_ended and agreement.others_than(speaker).exists()
    news = consent.news(signature, get_language())
    if news and news.is_asked and signature.letter.accepts_confirmations:
        agree_form = agree_form or AgreeForm(act="agree")
        agree_form.helper.add_input(Hidden("version", news.number))
    context = {
        "news": news,
        "agree_form": agree_form,
        "signature": signature,
        "has_ended": has_ended,
        "proposal": proposal,
        "correct_form": None if has_ended else correct_form or CorrectForm(facts=proposal or signature),
        "visibility_form": None
        if has_ended
        else visibility_form or _visibility_form(signature, alone=not others),
        "others": others,
        "disagree": signature.question == Question.CONTACTS_DISAGREE,
        "done": done,
        "updates_url": _where_updates_are_chosen(speaker),
        "press_url": f"{request.path}press/" if signature.status in CONFIRMED else "",
        "signed_card_url": cards.address_of(signature),
        **({} if has_ended else _known_to(signature, search)),
    }
    return _page(request, "own_page", signature.letter, context, status=status)


def _where_updates_are_chosen(speaker: Signature) -> str:
    """Return where a contact with a mailbox unsubscribes, or subscribes again; "" for others."""
    contact = Contact.objects.filter(signature=speaker, signature__by_phone=False).first()
    if contact is None:
        return ""
    link = unsubscribing.link(contact.address_key, speaker.letter_id)
    return reverse("unsubscribe", args=[link])


def _known_to(signature: Signature, search: str) -> dict[str, Any]:
    """Return whom a signature has named, whom it may name still, and whether others have named it."""
    vouches = vouching.of(signature)
    asked = wall.organisations(Organisation.objects.filter(vouches_given__in=vouches)) if vouches else []
    public = {organisation.key: organisation.name for organisation in asked}
    is_confirmed = signature.status != SignatureStatus.UNCONFIRMED
    left = settings.VOUCHES_A_SIGNATURE - len(vouches) if is_confirmed else 0
    found = vouching.possible_vouchers(signature, search) if search and left > 0 else []
    organisation = signature.organisation
    return {
        # The name of one that is not public, which staff have asked, stays with them.
        "vouches": [(public.get(one.voucher_id, ""), one.status != VouchStatus.ASKED) for one in vouches],
        "may_ask": max(left, 0),
        "search": search,
        "found": found[: vouching.SHOWN],
        "found_more": len(found) > vouching.SHOWN,
        "was_asked": organisation is not None and Vouch.objects.filter(voucher=organisation).exists(),
    }


def _visibility_form(signature: Signature, data: Any = None, *, alone: bool = True) -> VisibilityForm:
    """Ask about recipients who are new only where nobody else speaks for it too."""
    chosen = {
        "visibility": signature.visibility,
        "never_named_to": list(signature.excluded_recipients.values_list("pk", flat=True)),
    }
    return VisibilityForm(
        data,
        letter=signature.letter,
        button=_("Save"),
        act="visibility",
        initial=chosen,
        newer_than=signature.knew_recipients_until if alone else None,
    )


# --- vouching ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@_behind_link(Purpose.VOUCH)
def vouch(request: HttpRequest, speaker: Signature) -> HttpResponse:
    """Where a verified organisation says whether it knows others, and takes its word back."""
    signature = speaker.standing
    organisation = signature.organisation
    if organisation is None or signature.has_ended:
        return _page(request, "signature_ended", signature.letter, {"signature": signature}, status=410)
    if request.method != "POST":
        return _vouch_page(request, signature, organisation)
    if sent_from_elsewhere(request):
        return _vouch_page(request, signature, organisation, done=_sent_from_elsewhere(), status=403)
    about = request.POST.get("about", "")
    vouches = vouching.asked_of(organisation) + vouching.given_by(organisation)
    one = next((each for each in vouches if each.signature.public_id == about), None)
    act = _VOUCH_ACTS.get(request.POST.get("act", ""))
    if act is None:
        return _vouch_page(request, signature, organisation, status=422)
    changed = _("This has changed meanwhile. Please look at it once more.")
    if one is None:
        return _vouch_page(request, signature, organisation, done=changed, status=409)
    try:
        wrong = act(request, one)
    except (SignatureEnded, vouching.AlreadyAnswered, vouching.NotAVoucher, vouching.NotGiven):
        return _vouch_page(request, signature, organisation, done=changed, status=409)
    if wrong is not None:
        return _vouch_page(request, signature, organisation, form=wrong, status=422)
    return _vouch_page(request, signature, organisation, done=_("Thank you. Your answer is kept."))


def _answer_about(request: HttpRequest, one: Vouch) -> VouchForm | None:
    """Take what was answered; return the form where nothing was chosen."""
    form = VouchForm(request.POST, about=one.signature.public_id)
    if not form.is_valid():
        return form
    if form.cleaned_data["answer"] == VouchForm.UNKNOWN:
        vouching.decline(one)
    else:
        vouching.give(one, how_known=form.cleaned_data["answer"])
    return None


def _take_back(request: HttpRequest, one: Vouch) -> None:
    vouching.revoke(one)


_VOUCH_ACTS: dict[str, Callable[[HttpRequest, Vouch], VouchForm | None]] = {
    "answer": _answer_about,
    "revoke": _take_back,
}


def _vouch_page(
    request: HttpRequest,
    signature: Signature,
    organisation: Organisation,
    *,
    form: VouchForm | None = None,
    done: str = "",
    status: int = 200,
) -> HttpResponse:
    asked = [one.signature for one in vouching.asked_of(organisation)]
    forms = {one.public_id: VouchForm(about=one.public_id) for one in asked}
    if form is not None and form.about in forms:
        forms[form.about] = form
    context = {
        "signature": signature,
        "asked": [(one, forms[one.public_id]) for one in asked],
        "given": vouching.given_by(organisation),
        "has_problem": form is not None,
        "done": done,
    }
    return _page(request, "vouch", signature.letter, context, status=status)


# --- what they share ---------------------------------------------------------------------------------


def _hidden_meanwhile() -> str:
    return _(
        "Another person speaks for your organisation, too. The name is hidden for now; the staff settle it with you "
        "both."
    )


def _not_sure() -> str:
    return _("Please tick the box, so that nobody does this by mistake.")
