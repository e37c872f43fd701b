"""How a letter is passed on: by chat first, by plain links that ask nobody for anything before they are followed."""

import json
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from letters import pages
from letters.emails import absolute
from letters.models import Letter, Text
from letters.revision import Edition, edition_of
from letters.showing import addresses
from signatories import qr, wall
from signatories.documents import count_of
from signatories.prefilling import PrefillForm, is_asked, query_of


class Way(NamedTuple):
    """A place to share at, and the address that opens it with everything written."""

    name: str
    address: str


@require_safe
def share(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything to pass a letter on with: links, words, code, poster, picture, and a form half filled in."""
    edition = edition_of(slug)
    return pages.answer(
        request,
        ("share", slug),
        str(edition),
        lambda: _share_page(request, edition),
        is_kept=not is_asked(request.GET),  # a link for one organisation is asked for once
    )


def _share_page(request: HttpRequest, edition: Edition) -> str:
    letter = Letter.objects.select_related("host").get(pk=edition.letter_id)
    text = letter.text_for(get_language())
    counts = wall.counts(letter)
    address = absolute(letter.get_absolute_url())
    words = words_to_share(text, counts, address) if text else address
    context = {
        "letter": letter,
        "text": text,
        "ways": ways(title=text.title if text else "", words=words, address=address),
        "words": words,
        "address": address,
        "drawing": qr.drawing(address, label=_("QR code of the letter's address"), is_public=True),
        "revision": edition.revision,
        **addresses(letter),
        **(_invitation(request, letter, text) if letter.accepts_signatures else {}),
    }
    return render_to_string("signatories/share.html", context, request)


def _invitation(request: HttpRequest, letter: Letter, text: Text | None) -> dict[str, Any]:
    """Return the form for what is known of an organisation and, once that is said, the link made of it."""
    form = PrefillForm(request.GET if is_asked(request.GET) else None)
    if not form.is_bound or not form.is_valid():
        return {"form": form}
    link = absolute(reverse("sign", args=[letter.slug])) + query_of(form.known)
    words = _(
        "%(title)s\n\nWould your organisation sign this open letter? The form is here:\n%(address)s"
    ) % {
        "title": text.title if text else "",
        "address": link,
    }
    return {"form": form, "link": link, "link_by_whatsapp": by_whatsapp(words)}


def words_to_share(text: Text, counts: wall.Counts, address: str) -> str:
    """Return a message about a letter in the active language, ready to be sent."""
    said = {"title": text.title, "address": address, "count": count_of(counts)}
    if not counts.organisations:
        return (
            _("%(title)s\n\nAn open letter of organisations. Read it, and sign it for yours:\n%(address)s")
            % said
        )
    return _("%(title)s\n\nAn open letter. Signed so far: %(count)s. Read it here:\n%(address)s") % said


def by_whatsapp(words: str) -> str:
    """Return the address at which WhatsApp opens with these words and asks whom to send them to."""
    return f"https://wa.me/?{urlencode({'text': words}, quote_via=quote)}"


def ways(*, title: str, words: str, address: str) -> list[Way]:
    """Return where a letter can be shared, the way most take first. Signal has no such link."""
    briefly = f"{title}\n{address}"

    def link(place: str, **said: str) -> str:
        return f"{place}?{urlencode(said, quote_via=quote)}"

    return [
        Way("WhatsApp", by_whatsapp(words)),
        Way("Telegram", link("https://t.me/share/url", url=address, text=title)),
        Way(_("E-mail"), link("mailto:", subject=title, body=words)),
        Way("Facebook", link("https://www.facebook.com/sharer/sharer.php", u=address)),
        Way("X", link("https://x.com/intent/post", text=title, url=address)),
        Way("Bluesky", link("https://bsky.app/intent/compose", text=briefly)),
        Way(
            "Mastodon", f"https://share.joinmastodon.org/#text={quote(briefly)}"
        ),  # asks for the reader's own server
    ]


# --- what programs read of a letter's page -------------------------------------------------------------


def facts_for_programs(letter: Letter, text: Text, counts: wall.Counts) -> SafeString:
    """Return a letter as JSON-LD: whose it is, since when, and how many stand by it; no name of theirs."""
    facts = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": text.title,
        "inLanguage": text.language,
        "url": absolute(letter.get_absolute_url()),
        "image": card_address(letter),
        "datePublished": letter.opens_at.isoformat(timespec="seconds") if letter.opens_at else None,
        "author": {
            "@type": "Organization",
            "name": letter.host.name,
            "url": absolute(letter.host.get_absolute_url()),
        },
        "interactionStatistic": {
            "@type": "InteractionCounter",
            "interactionType": "https://schema.org/EndorseAction",
            "userInteractionCount": counts.organisations,
        },
    }
    said = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).translate(_UNREAD_AS_HTML)
    return format_html(
        '<script type="application/ld+json">{}</script>', SafeString(said)
    )  # escaped by the table


_UNREAD_AS_HTML = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&"}


def card_address(letter: Letter) -> str:
    """Return where a letter's picture is. It changes with the letter, so that chat apps fetch it anew."""
    return f"{absolute(reverse('card', args=[letter.slug]))}?v={letter.revision}"
