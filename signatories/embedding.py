"""The list on other sites: a page made to stand in their frames, and the codes their editors paste.

A frame asks nobody but us, and of the page around it we learn nothing that is kept: no address is written down here,
and the code asks the browser not to say it.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from csp.constants import HEADER, SELF
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from letters import pages
from letters.emails import absolute
from letters.models import Letter
from letters.revision import Edition, edition_of
from letters.showing import addresses
from signatories import wall

NAMES = 10  # unless somebody asks for more or fewer
NAMES_AT_MOST = 200
THEMES = {"auto": _("As the reader’s device"), "light": _("Light"), "dark": _("Dark")}


@dataclass(frozen=True, slots=True)
class Look:
    """How the list is to look in somebody's frame: that of the page around it, which the frame cannot see."""

    names: int = NAMES
    theme: str = "auto"

    @property
    def query(self) -> str:
        """The one way to write it: what is usual is left out."""
        usual = asdict(Look())
        query = urlencode({field: value for field, value in asdict(self).items() if value != usual[field]})
        return f"?{query}" if query else ""


def look_of(query: QueryDict) -> Look:
    """Return what an address asks for; what it does not know it passes over, and too much is as much as there is."""
    names, theme = query.get("names", ""), query.get("theme", "")
    is_number = names.isascii() and names.isdigit() and len(names) <= 9
    return Look(
        min(int(names), NAMES_AT_MOST) if is_number else NAMES,
        theme if theme in THEMES else "auto",
    )


@require_safe
@xframe_options_exempt
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """The count and the newest names, to stand in a frame of any page. It alone may; it has no form."""
    edition = edition_of(slug)
    look = look_of(request.GET)
    response = _elsewhere(request, look) or pages.answer(
        request, ("embed", slug, look), str(edition), lambda: _frame(request, edition, look)
    )
    response[HEADER] = _policy_of_frame()
    return response


@require_safe
def code(request: HttpRequest, slug: str) -> HttpResponse:
    """What to paste into another page: a frame that stays current, or a few lines that say how it is today."""
    edition = edition_of(slug)
    look = look_of(request.GET)
    today = datetime.now(UTC).date()
    response = _elsewhere(request, look) or pages.answer(
        request,
        ("embed_code", slug, look),
        f"{edition}-{today}",
        lambda: _code(request, edition, look, today),
    )
    response[HEADER] = _policy_of_code()
    return response


def _elsewhere(request: HttpRequest, look: Look) -> HttpResponse | None:
    """Lead to the one address of a look, so that no page is kept twice."""
    if request.META.get("QUERY_STRING", "") == look.query.removeprefix("?"):
        return None
    return HttpResponsePermanentRedirect(f"{request.path}{look.query}")


def _frame(request: HttpRequest, edition: Edition, look: Look) -> str:
    about = _about(edition)
    context = {
        **about,
        "look": look,
        "names": wall.latest(about["letter"], look.names) if look.names else [],
        "poll_seconds": settings.LIVE_POLL_SECONDS,
    }
    return render_to_string("signatories/embed.html", context, request)


def _code(request: HttpRequest, edition: Edition, look: Look, today: date) -> str:
    about = _about(edition)
    letter = about["letter"]
    frame_url = reverse("embed", args=[letter.slug]) + look.query
    pasted = {
        **about,
        "language": get_language(),
        "today": today,
        "frame_url": absolute(frame_url),
        "letter_url": absolute(letter.get_absolute_url()),
        "card_url": absolute(reverse("card", args=[letter.slug])),
    }
    context = {
        **about,
        "look": look,
        "themes": THEMES.items(),
        "numbers": sorted({0, 5, NAMES, 20, 50, 100, NAMES_AT_MOST, look.names}),
        "frame_url": frame_url,
        "frame": _on_one_line("signatories/_frame.html", pasted),
        "snippet": _on_one_line("signatories/_snippet.html", pasted),
    }
    return render_to_string("signatories/embed_code.html", context, request)


def _about(edition: Edition) -> dict[str, Any]:
    letter = Letter.objects.select_related("host").get(pk=edition.letter_id)
    return {
        "letter": letter,
        "text": letter.text_for(get_language()),
        "counts": wall.counts(letter),
        **addresses(letter),
    }


def _on_one_line(template: str, context: dict[str, Any]) -> str:
    """Return HTML that survives editors which make a paragraph of every line."""
    return " ".join(render_to_string(template, context).split())


@cache
def _policy_of_frame() -> str:
    return build_policy(replace={"frame-ancestors": ["*"]})


@cache
def _policy_of_code() -> str:
    return build_policy(replace={"frame-src": [SELF]})
