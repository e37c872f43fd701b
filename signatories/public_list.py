"""The page of all names: searched, narrowed, by alphabet or by country, two hundred at a time."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from letters import countries, pages
from letters.models import Letter
from letters.revision import Edition, edition_of, letter_of, of_revisions, text_of
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
    form, names = _form(letter, listing, shown), _names(letter, listing, counts, shown)

    def page(form: str, names: str) -> str:
        context = {
            "letter": letter,
            "text": text_of(letter, get_language()),
            "counts": counts,
            "countries": shown,
            "listing": listing,
            "form": form,
            "names": names,
            "poll_seconds": settings.LIVE_POLL_SECONDS,
            **addresses(letter),
        }
        return render_to_string("signatories/signatories.html", context, request)

    return _around(letter, page, form, names) if listing.q else page(form, names)


def _around(letter: Letter, page: Callable[[str, str], str], form: str, names: str) -> str:
    """Return a page with the answer to a search; what stands around it is made once for all searches of a revision."""

    def make(_ids: list[int]) -> dict[int, list[str]]:
        return {letter.pk: page(_HERE, _HERE).split(_HERE)}

    before, between, after = of_revisions([letter], f"around a search in {get_language()}", make)[letter.pk]
    return "".join((before, form, between, names, after))


_HERE = mark_safe("\0")  # no text has it: PostgreSQL would not take it


def _form(letter: Letter, listing: Listing, shown: list[wall.CountryCount]) -> str:
    """Return the form with what it asks for now; where that is words alone, it is made once a revision but for them."""
    if listing != Listing(q=listing.q, page=listing.page):
        return _rendered_form(letter, listing, shown)

    def make(_ids: list[int]) -> dict[int, list[str]]:
        return {letter.pk: _rendered_form(letter, Listing(q=_HERE), shown).split(_HERE)}

    before, after = of_revisions([letter], f"the form in {get_language()}", make)[letter.pk]
    return mark_safe(f"{before}{escape(listing.q)}{after}")  # noqa: S308 - a template made the rest


def _rendered_form(letter: Letter, listing: Listing, shown: list[wall.CountryCount]) -> SafeString:
    context = {
        "listing": listing,
        "choices": _options(letter, shown, listing.country),
        "kinds": Kind.choices,
    }
    return render_to_string("signatories/_search.html", context)


def _names(
    letter: Letter, listing: Listing, counts: wall.Counts, shown: list[wall.CountryCount]
) -> SafeString:
    find = wall.find_by_country if listing.is_by_country else wall.find
    found = find(letter, listing, shown)
    last = max(1, -(-found.number // settings.NAMES_PER_PAGE))
    if listing.page > last:
        raise _NoSuchPage(last)
    context = {
        "counts": counts,
        "listing": listing,
        "found": found,
        "shows_verified": any(name.is_verified for group in found.groups for name in group.names),
        "jumps": _jumps(letter, listing, found, shown, last),
        "whole_address": listing.address(q="", country="", kind="", initial=""),
        "other_order": listing.address(by="" if listing.by else "country"),
        "page": {
            "number": listing.page,
            "pages": last,
            "previous_url": listing.address(page=listing.page - 1) if listing.page > 1 else "",
            "next_url": listing.address(page=listing.page + 1) if listing.page < last else "",
        },
    }
    return render_to_string("signatories/_listed.html", context)


def _options(letter: Letter, shown: list[wall.CountryCount], chosen: str) -> SafeString:
    """Return the countries to choose from, each with how many are named: made once for all searches of a revision.

    The one that was chosen stands there in any case, and says no more than that nobody of it is named.
    """
    named = {country.code: country.named for country in shown if country.code and country.named}

    def make(_ids: list[int]) -> dict[int, dict[str, SafeString]]:
        return {letter.pk: {code: _option(code, number) for code, number in named.items()}}

    options = of_revisions([letter], f"options in {get_language()}", make)[letter.pk]
    if chosen:
        options = options | {chosen: _option(chosen, named.get(chosen, 0), mark_safe(" selected"))}
    return mark_safe("\n".join(options.values()))  # noqa: S308 - each was escaped


def _option(code: str, named: int, selected: str = "") -> SafeString:
    return format_html('<option value="{}"{}>{} ({})</option>', code, selected, countries.name(code), named)


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
