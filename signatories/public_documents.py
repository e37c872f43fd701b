"""What everybody may read of paper: the letter as a document, and to whom it was handed over."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from letters import pages
from letters.models import Letter
from letters.revision import Edition, edition_of
from letters.showing import addresses
from signatories import wall
from signatories.documents import public_document
from signatories.models import Delivery


@require_safe
def letter_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """The letter as a PDF: its text, its figures and the names everybody sees."""
    edition = edition_of(slug)
    response = pages.answer(
        request,
        ("letter_pdf", slug),
        str(edition),
        lambda: public_document(_letter(edition), get_language()),
        content_type="application/pdf",
        packed=False,
    )
    response["Content-Disposition"] = f'inline; filename="{slug}.pdf"'
    return response


@require_safe
def deliveries(request: HttpRequest, slug: str) -> HttpResponse:
    """To whom the letter was handed over, when, and what each document can be known by."""
    edition = edition_of(slug)
    return pages.answer(
        request, ("deliveries", slug), str(edition), lambda: _deliveries_page(request, edition)
    )


def _letter(edition: Edition) -> Letter:
    return Letter.objects.select_related("host").get(pk=edition.letter_id)


@dataclass(frozen=True, slots=True)
class Round:
    """Deliveries of one day that handed over the same numbers."""

    on: date
    counts: wall.Counts
    is_supplement: bool
    deliveries: list[Delivery]

    @property
    def recipients(self) -> int:
        return len({delivery.recipient_id for delivery in self.deliveries})


def _deliveries_page(request: HttpRequest, edition: Edition) -> str:
    letter = _letter(edition)
    arrived = list(letter.deliveries.arrived().select_related("recipient", "text"))
    names, number = wall.still_named(arrived)
    context = {
        "letter": letter,
        "text": letter.text_for(get_language()),
        "rounds": rounds(letter, arrived),
        "names": names,
        "number": number,
        "more": number - len(names),
        **addresses(letter),
    }
    return render_to_string("signatories/deliveries.html", context, request)


def rounds(letter: Letter, arrived: list[Delivery]) -> list[Round]:
    """Return deliveries by the day they were sent and what they handed over, the newest first."""
    zone = ZoneInfo(letter.time_zone)

    def what(delivery: Delivery) -> tuple[date, bool, int, int]:
        day = delivery.sent_at.astimezone(zone).date() if delivery.sent_at else date.min
        is_supplement = delivery.supplement_to_id is not None
        return (day, is_supplement, delivery.organisations, delivery.public_countries)

    ordered = sorted(arrived, key=lambda delivery: (what(delivery), -delivery.pk), reverse=True)
    return [
        Round(day, wall.Counts(organisations=organisations, countries=known), is_supplement, list(group))
        for (day, is_supplement, organisations, known), group in groupby(ordered, what)
    ]
