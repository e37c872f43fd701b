"""What journalists read: the press page, how we count, statements that last, and a letter before its launch."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from letters import languages, pages, press
from letters.models import Letter
from letters.revision import Edition, edition_of
from letters.showing import addresses, moment
from signatories import quotes, spokespeople, statements, wall
from signatories.forms import QuoteForm, SpeakForm
from signatories.locking import SignatureEnded
from signatories.models import CONFIRMED, Contact, Purpose, Quote, Signature, Spokesperson, Statement
from signatories.origin import sent_from_elsewhere
from signatories.private_pages import behind_link, page, sent_from_elsewhere_said

# --- the press page --------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def press_page(request: HttpRequest, slug: str) -> HttpResponse:
    """All a journalist needs of a letter; posted, write down its number and lead to where that stays."""
    edition = edition_of(slug)
    if request.method == "POST":
        return _state(request, edition)
    return pages.answer(request, ("press", slug), str(edition), lambda: _press_page(request, edition))


def _state(request: HttpRequest, edition: Edition) -> HttpResponse:
    if sent_from_elsewhere(request):
        said = {"problem": sent_from_elsewhere_said()}
        return HttpResponse(_press_page(request, edition, **said), status=403)
    letter = _letter(edition)
    try:
        statement = statements.state(letter)
    except statements.NobodyCounts:
        said = {"problem": _("Nobody has signed yet, so there is no number to state.")}
        return HttpResponse(_press_page(request, edition, **said), status=409)
    address = reverse("statement", args=[letter.slug, statement.public_id])
    return HttpResponseRedirect(address, status=303)


def _press_page(request: HttpRequest, edition: Edition, **said: str) -> str:
    letter = _letter(edition)
    context = {
        **_shared(letter),
        "counts": wall.counts(letter),
        "contacts": list(letter.press_contacts.all()),
        "quotes": wall.quotes(letter),
        "spokespeople": wall.spokespeople(letter),
        "figures": letter.figures_for(get_language()),
        **said,
    }
    return render_to_string("signatories/press.html", context, request)


def _shared(letter: Letter) -> dict[str, Any]:
    return {"letter": letter, "text": letter.text_for(get_language()), **addresses(letter)}


def _letter(edition: Edition) -> Letter:
    return Letter.objects.select_related("host").get(pk=edition.letter_id)


# --- how we count ----------------------------------------------------------------------------------------


@require_safe
def counting(request: HttpRequest, slug: str) -> HttpResponse:
    """What the numbers of a letter say and what they do not, with these numbers."""
    edition = edition_of(slug)
    return pages.answer(request, ("counting", slug), str(edition), lambda: _counting_page(request, edition))


def _counting_page(request: HttpRequest, edition: Edition) -> str:
    letter = _letter(edition)
    counts = wall.counts(letter)
    context = {
        **_shared(letter),
        "counts": counts,
        "named": counts.organisations - counts.unnamed,
        "makeup": wall.makeup(letter),
        "asked": wall.asked_again(letter),
        "is_material": letter.binding_number() > 1,
        "small_cell": settings.SMALL_CELL,
    }
    return render_to_string("signatories/counting.html", context, request)


# --- a number that keeps saying what it said -------------------------------------------------------------


@require_safe
def statement(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """How many had signed at one moment, for ever; and how many have today."""
    edition = edition_of(slug)
    return pages.answer(
        request,
        ("statement", slug, public_id),
        str(edition),
        lambda: _statement_page(request, edition, public_id),
    )


def _statement_page(request: HttpRequest, edition: Edition, public_id: str) -> str:
    stated = Statement.objects.filter(letter=edition.letter_id, public_id=public_id).first()
    if stated is None:
        raise Http404
    letter = _letter(edition)
    context = {
        **_shared(letter),
        "stated": stated,
        "sentences": _sentences(letter, stated),
        "address": f"{settings.SITE_URL}{request.path}",
        "counts": wall.counts(letter),
    }
    return render_to_string("signatories/statement.html", context, request)


def _sentences(letter: Letter, stated: Statement) -> list[dict[str, str]]:
    """Return the sentence in each language, that of the page first."""
    here = get_language()
    codes = sorted((code for code, _name in settings.LANGUAGES), key=lambda code: code != here)
    return [
        {
            "language": code,
            "direction": languages.direction(code),
            "name": languages.own_name(code),
            "words": _sentence(letter, stated, code),
        }
        for code in codes
    ]


def _sentence(letter: Letter, stated: Statement, language: str) -> str:
    """Return "As of 8 October 2025, 09:00 Nairobi time (06:00 UTC): 117 organisations from 41 countries"."""
    counts = wall.Counts(organisations=stated.organisations, countries=stated.countries)
    with override(language):
        numbers = strip_tags(render_to_string("signatories/_count.html", {"counts": counts})).strip()
        return _("As of %(moment)s: %(numbers)s") % {
            "moment": moment(stated.at, letter),
            "numbers": numbers,
        }


# --- before the launch -----------------------------------------------------------------------------------


@require_safe
def embargoed(request: HttpRequest, key: str) -> HttpResponse:
    """A letter for journalists before its launch, without a name; then the way to its press page."""
    try:
        letter = press.letter_behind(key)
    except press.LinkGoesNowhere:
        raise Http404 from None
    if letter.is_public:
        return redirect("press", letter.slug)
    context = {
        "letter": letter,
        "text": letter.text_for(get_language()),
        "counts": wall.counts(letter),
        "figures": letter.figures_for(get_language()),
        "contacts": list(letter.press_contacts.all()),
    }
    return render(request, "signatories/embargoed.html", context)


# --- what a signatory offers -----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@behind_link(Purpose.OWN_PAGE)
def own_press(request: HttpRequest, signature: Signature) -> HttpResponse:
    """Where a signatory offers words to be quoted, and says whether it would speak to journalists."""
    if request.method != "POST":
        return _own_press(request, signature)
    act = _OWN_ACTS.get(request.POST.get("act", ""))
    if act is None:
        return _own_press(request, signature, status=422)
    if sent_from_elsewhere(request):
        return _own_press(
            request,
            signature,
            quote_form=QuoteForm(request.POST) if act is _offer else None,
            speak_form=SpeakForm(request.POST) if act is _volunteer else None,
            done=sent_from_elsewhere_said(),
            status=403,
        )
    try:
        return act(request, signature)
    except SignatureEnded:
        return _own_press(request, Signature.objects.get(pk=signature.pk))
    except (quotes.NotConfirmedYet, spokespeople.NobodyToAsk):
        return _own_press(request, signature, done=_("Please confirm the signature first."), status=409)


def _offer(request: HttpRequest, signature: Signature) -> HttpResponse:
    form = QuoteForm(request.POST)
    if not form.is_valid():
        return _own_press(request, signature, quote_form=form, status=422)
    quotes.offer(signature, words=form.cleaned_data["words"], language=form.cleaned_data["language"])
    return _own_press(request, signature, done=_("Thank you. A moderator looks at your words."))


def _take_back(request: HttpRequest, signature: Signature) -> HttpResponse:
    quotes.take_back(signature)
    return _own_press(request, signature, done=_("Your words are erased. Nobody is shown them any more."))


def _volunteer(request: HttpRequest, signature: Signature) -> HttpResponse:
    form = SpeakForm(request.POST)
    if not form.is_valid():
        return _own_press(request, signature, speak_form=form, status=422)
    spokespeople.volunteer(signature, languages=form.cleaned_data["languages"])
    return _own_press(request, signature, done=_("Thank you. We may send journalists to you."))


def _step_back(request: HttpRequest, signature: Signature) -> HttpResponse:
    spokespeople.step_back(signature)
    return _own_press(request, signature, done=_("We send no journalist to you any more."))


_OWN_ACTS = {
    "offer": _offer,
    "take_back": _take_back,
    "volunteer": _volunteer,
    "step_back": _step_back,
}


def _own_press(
    request: HttpRequest,
    speaker: Signature,
    *,
    quote_form: QuoteForm | None = None,
    speak_form: SpeakForm | None = None,
    done: str = "",
    status: int = 200,
) -> HttpResponse:
    signature = speaker.standing
    if signature.has_ended:
        return page(request, "signature_ended", signature.letter, {"signature": signature}, status=410)
    is_confirmed = signature.status in CONFIRMED
    quote = Quote.objects.filter(signature=signature).first()
    ready = Spokesperson.objects.filter(contact__signature=speaker).first()
    may_speak = is_confirmed and Contact.objects.filter(signature=speaker).exists()
    known = {"words": quote.words, "language": quote.language} if quote else {"language": get_language()}
    spoken = ready.languages if ready else [get_language()]
    context = {
        "signature": signature,
        "quote": quote,
        "quote_form": quote_form or QuoteForm(initial=known) if is_confirmed else None,
        "ready": ready,
        "speak_form": speak_form or SpeakForm(initial={"would": bool(ready), "languages": spoken})
        if may_speak
        else None,
        "done": done,
        "own_url": request.path.removesuffix("press/"),
    }
    return page(request, "own_press", signature.letter, context, status=status)
