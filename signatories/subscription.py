"""The page behind the link to unsubscribe, which mail programs press, too, without showing it (RFC 8058)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from letters.models import Letter
from signatories import unsubscribing
from signatories.origin import sent_from_elsewhere
from signatories.private_pages import page, sent_from_elsewhere_said
from signatories.tokens import LinkUnknown

_ONE_CLICK = "One-Click"


@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask from what to unsubscribe. GET shows a button, since scanners follow links; POST acts."""
    try:
        mailbox_key, letter = unsubscribing.find(token)
    except LinkUnknown:
        return render(request, "signatories/unsubscribe_unknown.html", status=404)
    if request.method != "POST":
        return _page(request, mailbox_key, letter)
    if request.POST.get("List-Unsubscribe") == _ONE_CLICK:
        # A mail program: it comes from nowhere, promises its reader that all of it ends, and looks at no page.
        unsubscribing.unsubscribe(mailbox_key)
        return _page(request, mailbox_key, letter)
    if sent_from_elsewhere(request):
        return _page(request, mailbox_key, letter, problem=sent_from_elsewhere_said(), status=403)
    match request.POST.get("what"):
        case "all":
            unsubscribing.unsubscribe(mailbox_key)
        case "letter":
            unsubscribing.unsubscribe(mailbox_key, letter=letter)
        case "again":
            unsubscribing.subscribe_again(mailbox_key, letter=letter)
            done = _("You get updates about this letter again.")
            return _page(request, mailbox_key, letter, done=done)
        case _:
            return _page(request, mailbox_key, letter, problem=_("Please choose one of the two."), status=422)
    return _page(request, mailbox_key, letter)


def _page(
    request: HttpRequest,
    mailbox_key: str,
    letter: Letter,
    *,
    done: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "left": unsubscribing.left(mailbox_key, letter),
        "done": done,
        "problem": problem,
    }
    return page(request, "unsubscribe", letter, context, status=status)
