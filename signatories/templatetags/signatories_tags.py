"""How a page of a letter shows its signatories: the template composes, so letters need not know them."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from letters.models import Letter
from signatories import wall

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
def with_counts(letters: Iterable[Any]) -> list[tuple[Any, wall.Counts]]:
    """Return (letter, counts) pairs, in one query for all."""
    listed = list(letters)
    counts = wall.counts_of([letter.pk for letter in listed])
    return [(letter, counts.get(letter.pk, wall.Counts())) for letter in listed]


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
