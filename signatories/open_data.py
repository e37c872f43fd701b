"""Open data: who is named under a letter, for programs. docs/open-data.md tells their authors what it means."""

import json
import re
from collections.abc import Iterator
from datetime import UTC

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from letters import pages
from letters.models import Letter
from letters.release import RELEASE
from letters.revision import Edition, edition_of
from signatories import wall
from signatories.formats import FORMATS, Table

FIELDS = ("id", "name", "latin", "country", "kind", "since")
_CURSOR = re.compile("(?:[0-9a-f]{16})?")


@require_safe
def as_json(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer with settings.OPEN_DATA_PER_PAGE signatories and the address of those that come after them."""
    edition = edition_of(slug)
    after = request.GET.get("after", "")
    if not _CURSOR.fullmatch(after):
        return JsonResponse(
            {"error": 'Follow the address in "next" as it is, or begin without "after".'}, status=400
        )
    return pages.answer(
        request,
        ("signatories_json", slug, after),
        str(edition),
        lambda: _page(edition, after),
        content_type="application/json",
        is_kept=not after,  # who reads on is a program, and reads each page once
    )


@require_safe
def as_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Answer with all signatories, in reading order, row by row as they are read."""
    edition = edition_of(slug)
    etag = f'W/"{RELEASE}.{edition}.csv"'
    content_type = FORMATS["csv"].content_type
    response: HttpResponseBase
    if etag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    elif request.method == "HEAD":  # nobody would read what is read from the database
        response = HttpResponse(content_type=content_type)
    else:
        response = StreamingHttpResponse(_table_of(edition), content_type=content_type)
    response["ETag"] = etag
    response["Content-Disposition"] = f'attachment; filename="{slug}-signatories.csv"'
    return response


def _page(edition: Edition, after: str) -> str:
    letter = Letter.objects.get(pk=edition.letter_id)
    found = wall.after(letter, after, settings.OPEN_DATA_PER_PAGE + 1)
    shown = found[: settings.OPEN_DATA_PER_PAGE]
    address = f"{settings.SITE_URL}{reverse('signatories_json', args=[letter.slug])}"
    records = [dict(zip(FIELDS, _row(letter, one), strict=True)) for one in shown]
    following = f"{address}?after={shown[-1].id}" if len(found) > len(shown) else None
    return json.dumps({"signatories": records, "next": following}, ensure_ascii=False)


def _table_of(edition: Edition) -> Iterator[bytes]:
    letter = Letter.objects.get(pk=edition.letter_id)
    rows = (_row(letter, one) for one in wall.every_name(letter))
    return FORMATS["csv"].written(Table(letter.slug, {field: field for field in FIELDS}, rows))


def _row(letter: Letter, one: wall.Signatory) -> tuple[str, ...]:
    since = wall.named_since(letter, one)
    day = since.astimezone(UTC).date().isoformat() if since else ""
    return (one.id, one.name, one.latin, one.country_code, one.kind, day)
