"""The page behind a letter's secret link where partners comment on the draft: gone with the launch."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from letters import comments
from letters.models import Letter, Text
from letters.phases import Phase
from letters.showing import addresses
from signatories import limits
from signatories.forms import CommentForm
from signatories.origin import sent_from_elsewhere
from signatories.private_pages import sent_from_elsewhere_said

_DONE = ("kept", "private")


@require_http_methods(["GET", "HEAD", "POST"])
def gathering_comments(request: HttpRequest, key: str) -> HttpResponse:
    """Show the draft with what partners say of it; posted, keep one comment more."""
    letter = get_object_or_404(Letter.objects.select_related("host"), gathering_key=key)
    text = letter.text_for(get_language())
    if letter.phase != Phase.GATHERING or text is None:
        raise Http404
    if request.method != "POST":
        return _page(request, text, CommentForm(initial={"on": _passage(request), "version": text.version}))
    form = CommentForm(request.POST)
    if sent_from_elsewhere(request):
        problem = sent_from_elsewhere_said()
        return _page(request, text, form, problem=problem, status=403)
    if not form.is_valid():
        return _page(request, text, form, status=422)
    if not limits.may_comment(limits.place_of(request)):
        problem = _("Many comments came from where you are. Please send yours again in an hour.")
        return _page(request, text, form, problem=problem, status=429)
    return _keep(request, text, form)


def _passage(request: HttpRequest) -> int | None:
    asked = request.GET.get("on", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else None


def _keep(request: HttpRequest, text: Text, form: CommentForm) -> HttpResponse:
    said = form.cleaned_data
    read = text.letter.texts.filter(language=text.language, version=said["version"]).first()
    try:
        if read is None:
            raise comments.NoSuchPassage
        comments.write(
            read,
            words=said["words"],
            passage=said["on"],
            name=said["name"],
            organisation=said["organisation"],
            language=get_language(),
            is_private=said["is_private"],
            trapped=form.is_trapped,
        )
    except comments.NoSuchPassage:
        moved = CommentForm(initial={**said, "on": None, "version": text.version})
        problem = _("The text has changed meanwhile. Please look once more where your comment belongs.")
        return _page(request, text, moved, problem=problem, status=409)
    except comments.TooManyComments:
        problem = _("This draft has as many comments as it can hold. Please write to those who invited you.")
        return _page(request, text, form, problem=problem, status=409)
    except comments.NotGathering:
        raise Http404 from None
    done = "private" if said["is_private"] else "kept"
    address = reverse("gathering_comments", args=[text.letter.gathering_key], query={"done": done})
    return HttpResponseRedirect(f"{address}#done", status=303)


def _page(
    request: HttpRequest, text: Text, form: CommentForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    letter = text.letter
    shown = comments.discussed(text, comments.until(text).for_partners())
    asked = str((form.data if form.is_bound else form.initial).get("on"))
    on = next((piece.number for piece in shown.passages if piece.digest and str(piece.number) == asked), None)
    if not form.is_bound:
        form.initial["on"] = on
    done = request.GET.get("done", "")
    context: dict[str, Any] = {
        "letter": letter,
        "text": text,
        "shown": shown,
        "form": form,
        "form_problem": problem,
        "on": on,
        "done": done if done in _DONE and not problem and not form.errors else "",
        **addresses(letter),
    }
    return render(request, "letters/comments.html", context, status=status)
