"""How a page of a letter shows its signatories: the template composes, so letters need not know them."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from letters.emails import absolute
from letters.models import Letter, Text
from signatories import news, sharing, wall

register = template.Library()


@register.simple_tag
def signature_counts(letter: Letter) -> wall.Counts:
    """Return how many organisations from how many countries have signed."""
    return wall.counts(letter)


@register.simple_tag
def asked_for_a_new_yes(letter: Letter) -> int:
    """Return how many organisations have not agreed yet to the text as it is now."""
    return wall.asked_again(letter)


@register.filter
def facts(name: wall.Signatory) -> SafeString:
    """Return what stands below a name, on one line: a page has two hundred of them, and every blank is sent."""
    said = [
        format_html('<bdi dir="auto">{}</bdi>', name.latin) if name.latin else "",
        name.country_name,
        gettext("network") if name.is_network else "",
        format_html('<span role="img" aria-label="{}">✓</span>', gettext("verified"))
        if name.is_verified
        else "",
        gettext("new") if name.is_new else "",
    ]
    return format_html_join(" · ", "{}", ((one,) for one in said if one))


@register.filter
def with_counts(letters: Iterable[Any]) -> list[tuple[Any, wall.Counts]]:
    """Return (letter, counts) pairs, in one query for all."""
    listed = list(letters)
    counts = wall.counts_of(listed)
    return [(letter, counts[letter.pk]) for letter in listed]


@register.inclusion_tag("signatories/_wall.html")
def signature_wall(letter: Letter, counts: wall.Counts) -> dict[str, Any]:
    """Show the names, two hundred at most, and where the rest are. While a letter gathers it shows none."""
    names = wall.names(letter) if letter.is_public else []
    return {
        "letter": letter,
        "counts": counts,
        "names": names,
        "more": counts.organisations - counts.unnamed - len(names) if letter.is_public else 0,
        "signatories_url": reverse("signatories", args=[letter.slug]),
        "live_url": reverse("live", args=[letter.slug]) if letter.is_public else "",
        "poll_seconds": settings.LIVE_POLL_SECONDS,
    }


@register.simple_tag
def public_answers(letter: Letter) -> SafeString:
    """Show what recipients answered for everybody to read; not a byte where nobody has."""
    if not letter.is_public:
        return SafeString("")
    answered = letter.deliveries.answered_publicly().select_related("recipient")
    answers = list(answered.order_by("answered_on", "pk"))
    return render_to_string("signatories/_answers.html", {"answers": answers}) if answers else SafeString("")


@register.simple_tag
def newest_news(letter: Letter) -> SafeString:
    """Show when editors wrote last for everybody, and where that is read; not a byte where nobody has."""
    item = news.newest(letter)
    context = {"letter": letter, "item": item}
    return render_to_string("signatories/_newest_news.html", context) if item else SafeString("")


@register.simple_tag
def facts_for_programs(letter: Letter, text: Text, counts: wall.Counts) -> SafeString:
    """Return what programs read of a letter: whose it is, since when, and how many stand by it."""
    return sharing.facts_for_programs(letter, text, counts)


@register.simple_tag
def card_address(letter: Letter) -> str:
    """Return where a letter's picture is."""
    return sharing.card_address(letter)


@register.simple_tag
def link_by_whatsapp(letter: Letter) -> str:
    """Return the address at which WhatsApp opens with the letter's own in it; its picture says the rest."""
    return sharing.by_whatsapp(absolute(letter.get_absolute_url()))
