"""live.json: what an open page asks every few seconds."""

import json

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from letters import pages
from letters.revision import Edition, edition_of, letter_of
from signatories import wall


@require_safe
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer with revision, counts and newest names; with 304 and nothing when the asker has them."""
    edition = edition_of(slug)
    response = pages.answer(
        request, ("live", slug), str(edition), lambda: _state(edition), content_type="application/json"
    )
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _state(edition: Edition) -> str:
    letter = letter_of(edition)
    counts = wall.counts(letter)
    return json.dumps(
        {
            "revision": edition.revision,
            "organisations": counts.organisations,
            "countries": counts.countries,
            "latest": [{"name": one.name, "country": one.country_code} for one in wall.latest(letter)],
        },
        ensure_ascii=False,
    )
