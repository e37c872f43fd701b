"""Pictures to share: a letter's card, which stands where its address is posted, and the card of one that signed."""

import hmac
import io
import re
from html import unescape
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from PIL import Image

from letters import pages
from letters.emails import absolute
from letters.models import Letter, Text
from letters.revision import Edition, edition_of
from signatories import wall
from signatories.contacts import keyed
from signatories.documents import DocumentNotMade, isolated, left_to_right, set_picture
from signatories.models import Signature
from signatories.visibility import named_publicly

_TEMPLATES = settings.BASE_DIR / "templates" / "documents"
_COLOURS = 48  # of a picture that is ink on paper; more are not seen, and a phone pays for them
# Of the title, in pixels. Scripts with tall letters are large at a smaller size, as in documents.
_SIZES = (84, 76, 68, 60, 54, 48, 43)
_RUN = re.compile(r"<b>(.*?)</b>")


@require_safe
def card(request: HttpRequest, slug: str) -> HttpResponse:
    """The picture that chat apps and networks show beside a letter's address, 1200 by 630."""
    edition = edition_of(slug)
    return pages.answer(
        request,
        ("card", slug),
        str(edition),
        lambda: _card(edition),
        content_type="image/png",
        packed=False,
    )


def _card(edition: Edition) -> bytes:
    letter = Letter.objects.select_related("host").get(pk=edition.letter_id)
    text = letter.text_for(get_language())
    if text is None:
        raise DocumentNotMade
    counts = wall.counts(letter)
    said = {
        **about(letter, text),
        "above": above(letter),
        "count": runs_of(counts) if counts.organisations else [],
        "sizes": _SIZES,
    }
    return packed(set_picture(said, _TEMPLATES / "card.typ"))


# --- we have signed ----------------------------------------------------------------------------------


def address_of(signature: Signature) -> str:
    """Return where a signatory finds its card, or "" where there is none because its name is not public.

    The address is handed on by accident, and so gives nobody the power its own page gives: it shows the card alone.
    """
    if not _is_named(signature):
        return ""
    return reverse("signed_card", args=[f"{signature.public_id}-{_proof(signature.public_id)}"])


def _is_named(signature: Signature) -> bool:
    is_named = named_publicly(signature.status, signature.visibility, signature.staff_cap)
    return is_named and signature.letter.is_public


def _proof(public_id: str) -> str:
    return keyed("signed-card", public_id)[:32]


@require_safe
def signed_card(request: HttpRequest, key: str) -> HttpResponse:
    """The picture by which an organisation shows that it signed, 1080 by 1080, as long as its name is public."""
    public_id, _dash, proof = key.rpartition("-")
    if not hmac.compare_digest(proof.encode(), _proof(public_id).encode()):
        raise Http404
    signature = get_object_or_404(Signature.objects.select_related("letter__host"), public_id=public_id)
    text = signature.letter.text_for(get_language())
    if text is None or not _is_named(signature):
        raise Http404
    response = HttpResponse(_signed_card(signature, text), content_type="image/png")
    response["Content-Disposition"] = f'inline; filename="{signature.letter.slug}-signed.png"'
    return response


def _signed_card(signature: Signature, text: Text) -> bytes:
    said = {
        **about(signature.letter, text),
        "above": _("We have signed"),
        "what": _("the open letter"),
        "name": signature.name,
    }
    return packed(set_picture(said, _TEMPLATES / "signed.typ"))


# --- what pictures have in common --------------------------------------------------------------------


def above(letter: Letter) -> str:
    """Return what stands above a title: whose letter it is, and that it is one."""
    return f"{isolated(letter.host.name)} · {_('Open letter')}"


def about(letter: Letter, text: Text) -> dict[str, Any]:
    """Return what every picture and sheet says of a letter: its title as it reads, and where it is."""
    address = absolute(letter.get_absolute_url()).partition("://")[2]
    return {
        "language": get_language(),
        "written_in": text.language,  # which may be another one than the words around it
        "direction": text.direction,
        "title": text.title,
        "address": left_to_right(address.removesuffix("/")),
    }


def runs_of(counts: wall.Counts) -> list[dict[str, Any]]:
    """Return "117 organisations from 41 countries" in the active language, its numbers apart: they stand out."""
    said = render_to_string("signatories/_count.html", {"counts": counts}).strip()
    pieces = _RUN.split(said)  # what is strong stands at every other place
    return [{"words": unescape(words), "strong": bool(at % 2)} for at, words in enumerate(pieces) if words]


def packed(png: bytes) -> bytes:
    """Return the picture in few bytes: ink on paper needs few colours."""
    drawn = Image.open(io.BytesIO(png)).convert("RGB")
    # Ten times as quick as the usual way to choose colours, and not to be told from it where there are so few.
    few = drawn.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    small = io.BytesIO()
    few.save(small, "PNG")
    return small.getvalue()
