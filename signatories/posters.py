"""A poster for the wall of a meeting room: what the letter is, how many have signed, and the code to sign it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from letters import pages
from letters.emails import absolute
from letters.models import Letter
from letters.revision import Edition, edition_of
from signatories import qr, wall
from signatories.cards import about, above
from signatories.documents import DocumentNotMade, missing_said, set_sheet

_TEMPLATE = settings.BASE_DIR / "templates" / "documents" / "poster.typ"


@require_safe
def poster(request: HttpRequest, slug: str) -> HttpResponse:
    """A sheet of A4, as a PDF, to be printed and hung up."""
    edition = edition_of(slug)
    response = pages.answer(
        request,
        ("poster", slug),
        str(edition),
        lambda: _poster(edition),
        content_type="application/pdf",
        packed=False,
    )
    response["Content-Disposition"] = f'inline; filename="{slug}-poster.pdf"'
    return response


def _poster(edition: Edition) -> bytes:
    letter = Letter.objects.select_related("host").get(pk=edition.letter_id)
    text = letter.text_for(get_language())
    if text is None:
        raise DocumentNotMade
    said = {
        **about(letter, text),
        "above": above(letter),
        "host": letter.host.name,
        "occasion": text.subtitle,
        "what": _("An open letter, signed by organisations."),
        "count": count(wall.counts(letter)),
        "link": absolute(letter.get_absolute_url()),
        "missing": missing_said(),
        **_call(letter),
    }
    return set_sheet(said, _TEMPLATE)


def count(counts: wall.Counts) -> str:
    """Return "117 organisations have signed" in the active language."""
    signed = ngettext(
        "%(n)d organisation has signed", "%(n)d organisations have signed", counts.organisations
    )
    return signed % {"n": counts.organisations} if counts.organisations else _("Be the first to sign")


def _call(letter: Letter) -> dict[str, Any]:
    """Return what the poster asks for: to sign while that is possible, then to read."""
    if letter.accepts_signatures:
        address = absolute(reverse("sign", args=[letter.slug]))
        call = _("Sign for your organisation")
        how = _("Point the camera of a phone at the code. Nothing is installed, and it takes three minutes.")
    else:
        address = absolute(letter.get_absolute_url())
        call = _("Read the letter, and who signed it")
        how = _("Point the camera of a phone at the code.")
    return {
        "call": call,
        "how": how,
        "code": qr.image(address),
        "code_in_words": _("QR code of %(address)s") % {"address": address},
    }
