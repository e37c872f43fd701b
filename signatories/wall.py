"""The wall: the only place public names, countries and counts come from.

Pages, data, feeds and documents for the public all ask here. What it does not return, the public never sees. What
staff hand to a recipient comes from here too: `handed_to` alone decides who is named to whom.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from letters import countries
from letters.models import Letter, Recipient
from signatories.models import (
    Channel,
    DeliveredName,
    Delivery,
    Organisation,
    Signature,
    SignatureQuerySet,
)
from signatories.names import key as name_key
from signatories.visibility import StaffCap, Visibility, named_to

NEWEST = 5  # names that are marked as new
READ_AT_ONCE = 1_000  # rows of a list that is read to its end


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
class Handed:
    """A published signature as one recipient is handed it."""

    signature_id: int
    name: str
    latin: str
    country_code: str
    kind: str
    is_network: bool


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


def asked_again(letter: Letter) -> int:
    """Return how many count no more until they agree to a text that changed: a number for all, of no country."""
    return Signature.objects.to_agree_again().filter(letter=letter).count()


def names(letter: Letter, *, page: int = 1) -> list[Signatory]:
    """Return one page of names in reading order, settings.NAMES_PER_PAGE at most, the newest marked."""
    per_page = settings.NAMES_PER_PAGE
    signed_here = _of(letter).exclude(channel=Channel.IMPORT)  # an imported list arrived as a whole, long ago
    newest = set(signed_here.newest_first().values_list("public_id", flat=True)[:NEWEST])
    rows = _of(letter).in_reading_order()[(page - 1) * per_page : page * per_page]
    return [_signatory(row, newest) for row in rows]


def every_name(letter: Letter) -> Iterator[Signatory]:
    """Return all names in reading order, read from the database as they are asked for."""
    for row in _of(letter).in_reading_order().iterator(chunk_size=READ_AT_ONCE):
        yield _signatory(row, set())


def latest(letter: Letter) -> list[Signatory]:
    """Return the names published last, newest first."""
    return [_signatory(row, set()) for row in _of(letter).newest_first()[:NEWEST]]


def newest_since(letter: Letter) -> datetime | None:
    """Return when the newest name was published, or None where there is no name."""
    return _of(letter).newest_first().values_list("published_at", flat=True).first()


def still_named(deliveries: Iterable[Delivery]) -> tuple[list[Signatory], int]:
    """Return the names these deliveries handed over that the public sees today, as it sees them, and their number.

    Of many, settings.NAMES_PER_PAGE are returned.
    """
    in_one_of_them = DeliveredName.objects.filter(delivery__in=list(deliveries)).values("signature")
    handed = Signature.objects.named().filter(pk__in=in_one_of_them)
    rows = handed.in_reading_order()[: settings.NAMES_PER_PAGE]
    return [_signatory(row, set()) for row in rows], handed.count()


def handed_to(
    letter: Letter, recipients: Iterable[Recipient], *, standing: bool = False
) -> list[tuple[Counts, list[Handed]]]:
    """Return, for each recipient, how many signed and whom a document names to it, in reading order.

    Everybody published is counted; who is not named to a recipient is to it like one that is never named. With
    `standing`, inside a transaction, nobody's choice changes until that ends.
    """
    recipients = list(recipients)
    published = _standing(letter) if standing else Signature.objects.published().filter(letter=letter)
    rows = list(published.only(*_HANDED))
    rows.sort(key=lambda row: (row.sort_key.encode(), row.pk))
    # After the rows: an exclusion that comes between the two questions counts.
    excluding = Signature.excluded_recipients.through.objects.filter(recipient__in=recipients)
    excluded = set(excluding.values_list("signature_id", "recipient_id"))
    return [_handed_to(recipient, rows, excluded) for recipient in recipients]


_HANDED = (
    *("status", "visibility", "staff_cap", "confirmed_at", "created_at", "sort_key"),
    *("name", "latin", "country", "kind", "is_network"),
)


def _standing(letter: Letter) -> SignatureQuerySet:
    """Lock in pk order, as acts on several signatures do, so that nobody waits for anybody in a circle."""
    published = Signature.objects.published().filter(letter=letter)
    return published.order_by("pk").select_for_update(no_key=True)


def _handed_to(
    recipient: Recipient, rows: list[Signature], excluded: set[tuple[int, int]]
) -> tuple[Counts, list[Handed]]:
    named = [
        row
        for row in rows
        if named_to(
            row.status,
            row.visibility,
            row.staff_cap,
            excluded=(row.pk, recipient.pk) in excluded,
            added_later=recipient.addressed_since > (row.confirmed_at or row.created_at),
        )
    ]
    everywhere = Counter(row.country for row in rows)
    named_ones = Counter(row.country for row in named)
    counts = _counts([(country, number, named_ones[country]) for country, number in everywhere.items()])
    return counts, [
        Handed(row.pk, row.name, row.latin, row.country, row.kind, row.is_network) for row in named
    ]


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
