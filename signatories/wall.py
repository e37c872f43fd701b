"""The wall: the only place public names, countries and counts come from.

Pages, data, feeds and documents for the public all ask here. What it does not return, the public never sees.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from letters import countries
from letters.models import Letter
from signatories.models import Channel, Organisation, Signature, SignatureQuerySet
from signatories.names import key as name_key
from signatories.visibility import StaffCap, Visibility

NEWEST = 5  # names that are marked as new


@dataclass(frozen=True, slots=True)
class Counts:
    """How many signed: every published signature counts, named or not.

    `countries` are those of named signatories and those with at least settings.SMALL_CELL unnamed ones; 0 where
    no country is known. `withheld` unnamed organisations are in countries with fewer.
    """

    organisations: int = 0
    countries: int = 0
    unnamed: int = 0
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Signatory:
    """A published signature as the public sees it."""

    id: str
    name: str
    latin: str
    country_code: str
    kind: str
    is_network: bool
    since: datetime | None
    is_new: bool = False

    @property
    def country_name(self) -> str:
        return countries.name(self.country_code)


@dataclass(frozen=True, slots=True)
class KnownOrganisation:
    """An organisation as the public sees it, by a name it signed with."""

    key: int
    id: str
    name: str
    country_code: str

    @property
    def country_name(self) -> str:
        return countries.name(self.country_code)


def counts(letter: Letter) -> Counts:
    """Return a letter's counts, in one query."""
    return counts_of([letter.pk]).get(letter.pk, Counts())


def counts_of(letter_ids: Iterable[int]) -> dict[int, Counts]:
    """Return {letter id: counts} for letters that have any, in one query."""
    named = Q(visibility=Visibility.PUBLIC, staff_cap__in=["", StaffCap.PUBLIC])
    rows = (
        Signature.objects.published()
        .filter(letter__in=letter_ids)
        .order_by()
        .values_list("letter_id", "country")
        .annotate(all=Count("pk"), named=Count("pk", filter=named))
    )
    cells = defaultdict(list)
    for letter_id, country, organisations, named_ones in rows:
        cells[letter_id].append((country, organisations, named_ones))
    return {letter_id: _counts(rows) for letter_id, rows in cells.items()}


def names(letter: Letter, *, page: int = 1) -> list[Signatory]:
    """Return one page of names in reading order, settings.NAMES_PER_PAGE at most, the newest marked."""
    per_page = settings.NAMES_PER_PAGE
    signed_here = _of(letter).exclude(channel=Channel.IMPORT)  # an imported list arrived as a whole, long ago
    newest = set(signed_here.newest_first().values_list("public_id", flat=True)[:NEWEST])
    rows = _of(letter).in_reading_order()[(page - 1) * per_page : page * per_page]
    return [_signatory(row, newest) for row in rows]


def latest(letter: Letter) -> list[Signatory]:
    """Return the names published last, newest first."""
    return [_signatory(row, set()) for row in _of(letter).newest_first()[:NEWEST]]


def organisations(
    among: QuerySet[Organisation], *, search: str = "", at_most: int | None = None
) -> list[KnownOrganisation]:
    """Return which of these organisations the public knows, each by the name it signed with last, in reading order.

    A search finds them by a part of any name they signed with.
    """
    rows = Signature.objects.named().filter(organisation__in=among, letter__in=Letter.objects.public())
    if search:
        rows = rows.filter(Q(name_key__contains=name_key(search)) | Q(latin__icontains=search))
    last = rows.order_by("organisation_id", "-published_at").distinct("organisation_id")
    shown = Signature.objects.filter(pk__in=last.values("pk")).select_related("organisation")
    return [
        KnownOrganisation(organisation.pk, organisation.public_id, row.name, row.country)
        for row in shown.in_reading_order()[:at_most]
        if (organisation := row.organisation) is not None
    ]


def _of(letter: Letter) -> SignatureQuerySet:
    return Signature.objects.named().filter(letter=letter)


def _signatory(row: Signature, newest: set[str]) -> Signatory:
    return Signatory(
        id=row.public_id,
        name=row.name,
        latin=row.latin,
        country_code=row.country,
        kind=row.kind,
        is_network=row.is_network,
        since=row.published_at,
        is_new=row.public_id in newest,
    )


def _counts(cells: list[tuple[str, int, int]]) -> Counts:
    """Add up (country, organisations, named ones). Small cells of unnamed ones give no country away."""
    shown, withheld = set(), 0
    for country, organisations, named_ones in cells:
        unnamed = organisations - named_ones
        if country and (named_ones or unnamed >= settings.SMALL_CELL):
            shown.add(country)
        if country and 0 < unnamed < settings.SMALL_CELL:
            withheld += unnamed
    return Counts(
        organisations=sum(organisations for _, organisations, _ in cells),
        countries=len(shown),
        unnamed=sum(organisations - named_ones for _, organisations, named_ones in cells),
        withheld=withheld,
    )
