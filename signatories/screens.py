"""The wall for events: a letter's counts, its newest names and the way to sign, on a screen that a room looks at."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from letters import pages
from letters.emails import absolute
from letters.revision import Edition, edition_of, letter_of
from letters.showing import addresses
from signatories import qr, wall

NEWEST = 100  # names: more than any room signs between two looks, so that nobody goes unwelcomed


@require_safe
def event_wall(request: HttpRequest, slug: str) -> HttpResponse:
    """The screen. What arrives on it, static/js/wall.js welcomes; without script it is loaded anew."""
    edition = edition_of(slug)
    return pages.answer(request, ("event_wall", slug), str(edition), lambda: _screen(request, edition))


def _screen(request: HttpRequest, edition: Edition) -> str:
    letter = letter_of(edition)
    where = addresses(letter)
    address = absolute(where["sign_url"])
    context = {
        "letter": letter,
        "text": letter.text_for(get_language()),
        "counts": wall.counts(letter),
        "newest": wall.latest(letter, at_most=NEWEST),
        "poll_seconds": settings.LIVE_POLL_SECONDS,
        "qr": qr.drawing(address, label=_("QR code that leads to the form"), is_public=True),
        "in_words": address.partition("://")[2],
        "accepts_signatures": letter.accepts_signatures,
        **where,
    }
    return render_to_string("signatories/screen.html", context, request)
