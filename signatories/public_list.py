"""The page of all names: searched, narrowed, by alphabet or by country, two hundred at a time."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from letters import countries, pages
from letters.models import Letter
from letters.revision import Edition, edition_of, letter_of, text_of
from letters.showing import addresses
from signatories import wall
from signatories.listing import Listing, asked_for
from signatories.models import Kind


class _NoSuchPage(Exception):
    """The list is shorter; the page that was asked for may have been there before somebody withdrew."""


@require_safe
def signatories(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the names somebody asks for; a page behind the last one leads to that."""
    edition = edition_of(slug)
    listing = asked_for(request.GET)
    try:
        return pages.answer(
            request,
            ("signatories", slug, listing),
            str(edition),
            lambda: _page(request, edition, listing),
            is_kept=not listing.q,  # what people search for has no end, and is nobody else's business
        )
    except _NoSuchPage as last:
        return HttpResponseRedirect(listing.address(page=last.args[0]))


def _page(request: HttpRequest, edition: Edition, listing: Listing) -> str:
    letter = letter_of(edition)
    counts, shown = wall.counts_and_countries(letter)
    find = wall.find_by_country if listing.is_by_country else wall.find
    found = find(letter, listing, shown)
    last = max(1, -(-found.number // settings.NAMES_PER_PAGE))
    if listing.page > last:
        raise _NoSuchPage(last)
    context = {
        "letter": letter,
        "text": text_of(letter, get_language()),
        "counts": counts,
        "countries": shown,
        "choices": _options(_choices(shown, listing), listing.country),
        "kinds": Kind.choices,
        "listing": listing,
        "found": found,
        "shows_verified": any(name.is_verified for group in found.groups for name in group.names),
        "poll_seconds": settings.LIVE_POLL_SECONDS,
        "jumps": _jumps(letter, listing, found, shown, last),
        "whole_address": listing.address(q="", country="", kind="", initial=""),
        "other_order": listing.address(by="" if listing.by else "country"),
        "page": {
            "number": listing.page,
            "pages": last,
            "previous_url": listing.address(page=listing.page - 1) if listing.page > 1 else "",
            "next_url": listing.address(page=listing.page + 1) if listing.page < last else "",
        },
        **addresses(letter),
    }
    return render_to_string("signatories/signatories.html", context, request)


def _choices(shown: list[wall.CountryCount], listing: Listing) -> list[tuple[str, str, int]]:
    """Return (code, name, how many are named) of countries to choose from.

    The one that was chosen stands there in any case, and says no more than that nobody of it is named.
    """
    choices = [
        (country.code, country.name, country.named) for country in shown if country.code and country.named
    ]
    if listing.country and listing.country not in [code for code, _name, _named in choices]:
        choices.append((listing.country, countries.name(listing.country), 0))
    return choices


def _options(choices: list[tuple[str, str, int]], chosen: str) -> SafeString:
    """Return the countries as they stand in the form: a hundred of them in a template are half a page's work."""
    each = (
        (code, mark_safe(" selected") if code == chosen else "", name, named) for code, name, named in choices
    )
    return format_html_join("\n", '<option value="{}"{}>{} ({})</option>', each)


def _jumps(
    letter: Letter, listing: Listing, found: wall.Found, shown: list[wall.CountryCount], pages: int
) -> list[tuple[str, str]]:
    """Return (heading, where it leads): down the page where all names are on it, else to where they are."""
    if pages == 1 and not listing.initial:
        return [(group.heading, f"#{group.id}") for group in found.groups if group.heading]
    if listing.is_by_country:
        return _jumps_to_countries(listing, shown)
    if listing.q or listing.country or listing.kind:
        return []
    return [(heading, listing.address(initial=heading)) for heading in wall.initials(letter)]


def _jumps_to_countries(listing: Listing, shown: list[wall.CountryCount]) -> list[tuple[str, str]]:
    jumps, before = [], 0
    for country in shown:
        if country.named:
            page = listing.address(page=1 + before // settings.NAMES_PER_PAGE)
            jumps.append((country.name, f"{page}#{country.place}"))
        before += country.named
    return jumps
