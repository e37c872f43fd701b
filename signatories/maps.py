"""The map: where the undersigned are, country by country, as one drawing for each language."""

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from csp.constants import HEADER
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.formats import localize
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from letters import pages
from letters.revision import Edition, edition_of, letter_of
from signatories import wall

WIDTH, HEIGHT = 2000, 900  # of the drawing; what the shades mean stands in its emptiest ocean
_HERE = Path(__file__).parent
_ROUND = (1, 2, 5)
_SHADES = 5


@dataclass(frozen=True, slots=True)
class World:
    """The shapes of countries, and the places of those that are too small to be seen, by their ISO codes."""

    shapes: dict[str, str]
    dots: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A country with signatories as it is drawn: a shape, a dot, or both."""

    shade: int
    label: str
    shape: str
    dot: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Shade:
    """What a shade means, and where the drawing says so."""

    number: int
    label: str
    y: int


@require_safe
def world_map(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer with a letter's map. It brings its own style, which its own policy allows by its hash."""
    edition = edition_of(slug)
    response = pages.answer(
        request, ("map", slug), str(edition), lambda: _drawing(edition), content_type="image/svg+xml"
    )
    response[HEADER] = _policy()
    return response


def shades(most: int) -> list[tuple[int, int]]:
    """Return the (least, most) organisations of each shade, five at most, for a letter with `most` in one country."""
    steps = sorted({_rounded(most ** (step / (_SHADES - 1))) for step in range(_SHADES)})
    begins = [step for step in steps if step <= most]
    if not begins:
        return []
    return list(zip(begins, [*(step - 1 for step in begins[1:]), most], strict=True))


@cache
def world() -> World:
    """Return the countries; `world.json` says where they come from."""
    drawn = json.loads((_HERE / "world.json").read_text(encoding="utf-8"))
    return World(drawn["shapes"], {code: (x, y) for code, (x, y) in drawn["dots"].items()})


def _drawing(edition: Edition) -> str:
    letter = letter_of(edition)
    counts, countries = wall.counts_and_countries(letter)
    found = [country for country in countries if country.code]
    ranges = shades(max((country.organisations for country in found), default=0))
    context = {
        "width": WIDTH,
        "height": HEIGHT,
        "language": get_language(),
        "text": letter.text_for(get_language()),
        "counts": counts,
        "style": _style(),
        "land": "".join(_without(country.code for country in found)),
        "countries": [_drawn(country, ranges) for country in found],
        "key": _key(ranges),
        "is_rtl": get_language_bidi(),
    }
    return render_to_string("signatories/map.svg", context)


def _drawn(country: wall.CountryCount, ranges: list[tuple[int, int]]) -> Drawn:
    shade = 1 + next(
        number for number, (least, most) in enumerate(ranges) if least <= country.organisations <= most
    )
    return Drawn(
        shade,
        _("%(country)s: %(number)s") % {"country": country.name, "number": localize(country.organisations)},
        world().shapes.get(country.code, ""),
        world().dots.get(country.code),
    )


def _without(codes: Iterable[str]) -> list[str]:
    shown = set(codes)
    return [shape for code, shape in world().shapes.items() if code not in shown]


def _key(ranges: list[tuple[int, int]]) -> list[Shade]:
    """Return what the shades mean, one above the other."""
    return [
        Shade(
            number,
            localize(least) if least == most else f"{localize(least)}–{localize(most)}",
            90 * (number - len(ranges)) - 70,
        )
        for number, (least, most) in enumerate(ranges, 1)
    ]


def _rounded(number: float) -> int:
    """Return the nearest of 1, 2, 5, 10, 20, 50 ... by ratio."""
    scales: list[int] = [one * 10**zeros for zeros in range(len(str(int(number))) + 1) for one in _ROUND]
    return min(scales, key=lambda scale: max(scale / number, number / scale) if number else 0)


@cache
def _style() -> str:
    return (_HERE / "map.css").read_text(encoding="utf-8")


@cache
def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return build_policy(replace={"style-src": [f"'sha256-{digest}'"]})
