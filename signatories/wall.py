"""The wall: the only place public names, countries and counts come from.

Pages, data, feeds and documents for the public all ask here. What it does not return, the public never sees. What
staff hand to a recipient comes from here too: `handed_to` alone decides who is named to whom.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import get_language, gettext

from letters import countries, languages
from letters.models import Letter, Recipient
from letters.revision import of_revisions
from signatories import searching
from signatories.listing import Listing
from signatories.models import (
    LISTED,
    NAMEABLE,
    PROVEN,
    Channel,
    DeliveredName,
    Delivery,
    Organisation,
    Quote,
    Signature,
    SignatureQuerySet,
    Spokesperson,
)
from signatories.names import FOLLOWED, beginning, filed_under, in_latin, sort_key, sought
from signatories.names import key as name_key
from signatories.searching import Search
from signatories.visibility import named_to

NEWEST = 5  # names that are marked as new
READ_AT_ONCE = 1_000  # rows of a list that is read to its end
_SOME = 200  # names, to see which words are rare
_GROUPED_FROM = 40  # names; fewer are one look
_ALIKE_AT_MOST = 20


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
    is_verified: bool = False

    @property
    def country_name(self) -> str:
        return countries.name(self.country_code)


@dataclass(frozen=True, slots=True)
class CountryCount:
    """How many signed in a country, as far as that may be told, and how many of them are named, of each kind too."""

    code: str
    organisations: int
    named: int
    kinds: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return countries.name(self.code) or gettext("No country given")

    @property
    def place(self) -> str:
        """Where its names begin on a page that is ordered by country."""
        return self.code or "-"


@dataclass(frozen=True, slots=True)
class Group:
    """Names under one heading; `id` is its place on the page."""

    heading: str
    id: str
    names: list[Signatory]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of names in groups, and how many there are in all; with `is_more`, that many at least.

    `is_close`: none has the words searched for; these are spelled like them.
    """

    groups: list[Group]
    number: int
    is_more: bool = False
    is_close: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What a signatory says for everybody to quote, beside its name and never beside a person's."""

    words: str
    language: str
    name: str
    latin: str
    country_code: str

    @property
    def direction(self) -> str:
        return languages.direction(self.language)

    @property
    def country_name(self) -> str:
        return countries.name(self.country_code)


@dataclass(frozen=True, slots=True)
class Spokespeople:
    """How many signatories would speak to journalists; 0 where they are fewer than settings.SMALL_CELL.

    Languages and countries are named where at least as many speak, or are, of that one. `are_some`: there are any.
    """

    number: int = 0
    are_some: bool = False
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()

    @property
    def language_names(self) -> list[tuple[str, str]]:
        """Return (code, name in itself)."""
        return [(code, languages.own_name(code)) for code in self.languages]

    @property
    def country_names(self) -> list[str]:
        return sorted((countries.name(code) for code in self.countries), key=sort_key)


@dataclass(frozen=True, slots=True)
class Makeup:
    """Of what a letter's number is made: networks and verified ones among the named, and who came on lists."""

    networks: int
    verified: int
    listed: int


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


class _Row(NamedTuple):
    """What the database has of a name that is shown."""

    pk: int
    public_id: str
    name: str
    latin: str
    country: str
    kind: str
    is_network: bool
    published_at: datetime
    sort_key: str
    verification: str | None


_Cell = tuple[str, int, Counter[str]]  # of a country: how many signed, and how many of each kind are named


def counts(letter: Letter) -> Counts:
    """Return a letter's counts, in one query."""
    return counts_of([letter])[letter.pk]


def counts_of(letters: Iterable[Letter]) -> dict[int, Counts]:
    """Return {letter id: counts}, in one query."""
    return {letter_id: _counts_of_cells(cells) for letter_id, cells in _cells(letters).items()}


def by_country(letter: Letter) -> list[CountryCount]:
    """Return how many signed in each country that is shown, by the country's name in the active language."""
    return counts_and_countries(letter)[1]


def counts_and_countries(letter: Letter) -> tuple[Counts, list[CountryCount]]:
    """Return `counts` and `by_country`, in one query for both."""

    def ask(_ids: list[int]) -> dict[int, tuple[Counts, list[CountryCount]]]:
        cells = _cells([letter])[letter.pk]
        in_order = sorted(_shown_cells(cells), key=lambda one: (not one.code, sort_key(one.name)))
        return {letter.pk: (_counts_of_cells(cells), in_order)}

    return of_revisions([letter], f"countries in {get_language()}", ask)[letter.pk]


def _shown_cells(cells: Iterable[_Cell]) -> Iterator[CountryCount]:
    for code, organisations, kinds in cells:
        named_ones = kinds.total()
        unnamed = organisations - named_ones
        if unnamed >= settings.SMALL_CELL:
            yield CountryCount(code, organisations, named_ones, kinds)
        elif named_ones:
            yield CountryCount(code, named_ones, named_ones, kinds)


def names(letter: Letter) -> list[Signatory]:
    """Return the first page of names in reading order, settings.NAMES_PER_PAGE at most, the newest marked."""
    newest = _newest(letter)
    return [_signatory(row, newest) for row in _rows_of_page(_of(letter).in_reading_order(), 1)]


def find(letter: Letter, listing: Listing, countries: Iterable[CountryCount]) -> Found:
    """Return the names somebody asks for, a page of them, in reading order.

    `countries` are those of `by_country`. Where nothing is called what is searched for, names that are spelled like
    it are returned, the likest first.
    """
    if listing.q:
        return _found_by_words(letter, listing)
    among = _narrowed(letter, listing)
    if listing.initial:
        number = among.order_by().count()
    else:
        number = sum(_named_of(one, listing.kind) for one in countries if listing.country in ("", one.code))
    is_there = _first_of_page(listing) < number
    rows = _rows_of_page(among.in_reading_order(), listing.page) if is_there else []
    newest = _newest(letter)
    if len(rows) < _GROUPED_FROM:  # few names need no headings
        return Found(_one_group(rows, newest), number)
    return Found(_by_initial(rows, newest), number)


def find_by_country(letter: Letter, listing: Listing, countries: Iterable[CountryCount]) -> Found:
    """Return a page of all names, country by country, as `by_country` orders them."""
    parts, here = [], _first_of_page(listing)
    there, before = here + settings.NAMES_PER_PAGE, 0
    for country in countries:
        first, last = max(here - before, 0), min(there - before, country.named)
        if first < last:
            parts.append((country, first, last))
        before += country.named
    rows = _rows_of_countries(letter, [(country.code, first, last) for country, first, last in parts])
    newest = _newest(letter)
    return Found(
        [
            Group(country.name, country.place, [_signatory(row, newest) for row in rows[country.code]])
            for country, _first, _last in parts
        ],
        before,
    )


def asked_again(letter: Letter) -> int:
    """Return how many count no more until they agree to a text that changed: a number for all, of no country."""
    return Signature.objects.to_agree_again().filter(letter=letter).count()


def makeup(letter: Letter) -> Makeup:
    """Return of what a letter's number is made, in three queries."""
    named_here = _of(letter).order_by()
    listed = Signature.objects.published().filter(letter=letter, channel__in=LISTED)
    return Makeup(
        networks=named_here.filter(is_network=True).count(),
        verified=named_here.filter(organisation__verification__in=PROVEN).count(),
        listed=listed.order_by().count(),
    )


def quotes(letter: Letter) -> list[Said]:
    """Return what signatories say for everybody to quote, while their names are public, the newest first."""
    shown = Quote.objects.approved().filter(signature__in=_of(letter)).select_related("signature")
    return [
        Said(
            words=quote.words,
            language=quote.language,
            name=quote.signature.name,
            latin=quote.signature.latin,
            country_code=quote.signature.country,
        )
        for quote in shown.order_by("-decided_at", "-pk")[: settings.QUOTES_SHOWN]
    ]


def spokespeople(letter: Letter) -> Spokespeople:
    """Return how many of those that count would speak to journalists, as far as small numbers name nobody."""
    counted = Signature.objects.published().filter(letter=letter)
    ready = Spokesperson.objects.filter(contact__signature__in=counted).order_by()
    rows = list(ready.values_list("contact__signature__country", "languages"))
    spoken = Counter(code for _country, codes in rows for code in codes)
    lived_in = Counter(country for country, _codes in rows if country)
    return Spokespeople(
        number=len(rows) if len(rows) >= settings.SMALL_CELL else 0,
        are_some=bool(rows),
        languages=_large(spoken),
        countries=_large(lived_in),
    )


def _large(cells: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(code for code, number in cells.items() if number >= settings.SMALL_CELL))


def initials(letter: Letter) -> list[str]:
    """Return the headings that the names are filed under, in reading order.

    Each is looked up in the index, so that a million names are not read for it.
    """
    keys, parameters = _of(letter).order_by().values("sort_key").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_EACH_INITIAL.format(keys=keys), [*parameters, *parameters, FOLLOWED])
        return list(dict.fromkeys(filed_under(key)[1] for (key,) in cursor if key is not None))


# From one name to the first that is filed elsewhere, as signatories.names.filed_under says; always to a later one.
_EACH_INITIAL = """
    WITH RECURSIVE each_initial(sort_key) AS (
        (SELECT sort_key FROM ({keys}) names ORDER BY sort_key LIMIT 1)
        UNION ALL
        SELECT (
            SELECT names.sort_key FROM ({keys}) names
            WHERE names.sort_key > GREATEST(each_initial.sort_key, CASE
                WHEN left(each_initial.sort_key, 2) IN ('00', '60', '61', '62', '63', '70')
                    THEN left(each_initial.sort_key, 3) || U&'\\+10FFFF'
                WHEN substr(each_initial.sort_key, 5, 1) = U&'\\FFEF'
                    THEN left(each_initial.sort_key, 5) || U&'\\+10FFFF'
                WHEN strpos(%s, substr(each_initial.sort_key, 4, 1)) > 0
                    THEN left(each_initial.sort_key, 4) || U&'\\FFEE\\+10FFFF'
                ELSE left(each_initial.sort_key, 4) || U&'\\+10FFFF'
            END)
            ORDER BY names.sort_key LIMIT 1
        )
        FROM each_initial WHERE each_initial.sort_key IS NOT NULL
    )
    SELECT sort_key FROM each_initial
"""


def every_name(letter: Letter) -> Iterator[Signatory]:
    """Return all names in reading order, read from the database as they are asked for.

    Each reading goes on where the last one ended: the database would make a cursor's whole answer at its first row.
    """
    rows = _shown(_of(letter)).in_reading_order()
    read = list(rows[:READ_AT_ONCE])
    while read:
        yield from (_signatory(row, set()) for row in read)
        last = read[-1]
        beyond = rows.filter(sort_key__gte=last.sort_key).exclude(sort_key=last.sort_key, pk__lte=last.pk)
        read = list(beyond[:READ_AT_ONCE]) if len(read) == READ_AT_ONCE else []


def after(letter: Letter, public_id: str, how_many: int) -> list[Signatory]:
    """Return the names whose public ids come after this one, in the order of these, which tells nothing.

    Somebody who goes on from the last one misses nobody who was there all the while, and gets nobody twice.
    """
    rows = _shown(_of(letter).filter(public_id__gt=public_id)).order_by("public_id")[:how_many]
    return [_signatory(row, set()) for row in rows]


def named_since(letter: Letter, one: Signatory) -> datetime | None:
    """Return since when everybody can read a name; when it was approved before the launch stays the host's secret."""
    return max(filter(None, (one.since, letter.opens_at)), default=None)


def latest(letter: Letter, at_most: int = NEWEST) -> list[Signatory]:
    """Return the names published last, newest first."""
    return [_signatory(row, set()) for row in _shown(_newest_first(_of(letter)))[:at_most]]


def newest_since(letter: Letter) -> datetime | None:
    """Return when the newest name was published, or None where there is no name."""
    return _newest_first(_of(letter)).values_list("published_at", flat=True).first()


def reached(letter: Letter, numbers: Iterable[int]) -> dict[int, datetime]:
    """Return {number: since when that many stand under the letter}, for those of these numbers that do.

    It is when the last one of so many was published, of those that count today. Whoever is taken off takes its part in
    a number along, so what is told never disagrees with the list. A number noted down when it was first reached would:
    after a herd that nobody had made is gone, it would stand there still.
    """
    published = Signature.objects.published().filter(letter=letter).order_by("published_at")
    moments, parameters = published.values("published_at").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_EACH_NUMBER.format(moments=moments), [*parameters, list(numbers)])
        return {number: at for number, at in cursor if at is not None}


_EACH_NUMBER = "SELECT number, ({moments} LIMIT 1 OFFSET number - 1) FROM unnest(%s::bigint[]) number"


def still_named(deliveries: Iterable[Delivery]) -> tuple[list[Signatory], int]:
    """Return the names these deliveries handed over that the public sees today, as it sees them, and their number.

    Of many, settings.NAMES_PER_PAGE are returned.
    """
    in_one_of_them = DeliveredName.objects.filter(delivery__in=list(deliveries)).values("signature")
    handed = Signature.objects.named().filter(pk__in=in_one_of_them)
    rows = _shown(handed).in_reading_order()[: settings.NAMES_PER_PAGE]
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
    *("status", "visibility", "staff_cap", "named_to_newer_at", "confirmed_at", "created_at", "sort_key"),
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
            added_later=recipient.addressed_since > row.knew_recipients_until,
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


def letters_naming(organisation: Organisation) -> set[int]:
    """Return the keys of letters whose pages name an organisation, and say whether it is verified."""
    return set(Signature.objects.named().filter(organisation=organisation).values_list("letter", flat=True))


def _of(letter: Letter) -> SignatureQuerySet:
    return Signature.objects.named().filter(letter=letter)


def _cells(letters: Iterable[Letter]) -> dict[int, list[_Cell]]:
    """Return {letter id: [(country, organisations, named ones of each kind)]}, of what an index alone knows.

    Counting a million takes a third of a second, so a page does not count again what another one counted.
    """
    return of_revisions(letters, "cells", _count)


def _count(letter_ids: list[int]) -> dict[int, list[_Cell]]:
    rows = (
        Signature.objects.published()
        .filter(letter__in=letter_ids)
        .order_by()
        .values_list("letter_id", "country", "kind")
        .annotate(all=Count("*"), named=Count("country", filter=NAMEABLE))
    )
    found: dict[int, dict[str, tuple[int, Counter[str]]]] = defaultdict(dict)
    for letter_id, country, kind, organisations, named_ones in rows:
        before, kinds = found[letter_id].get(country, (0, Counter()))
        kinds[kind] = named_ones
        found[letter_id][country] = (before + organisations, kinds)
    return {
        letter_id: [
            (country, organisations, kinds) for country, (organisations, kinds) in found[letter_id].items()
        ]
        for letter_id in letter_ids
    }


def _found_by_words(letter: Letter, listing: Listing) -> Found:
    search, newest = _search(letter, listing), _newest(letter)
    if search is None:
        return Found([], 0)
    with connection.execute_wrapper(searching.by_index_alone):
        # Not in order: for words that only the last names have, all those before would be read.
        some = search.ask(", ".join(_Row._fields), at_most=settings.NAMES_PER_PAGE + 1)
        if not some:
            alike = _alike(letter, listing)
            return Found(_one_group(alike, newest), len(alike), is_close=bool(alike))
        if len(some) > settings.NAMES_PER_PAGE:
            return _many_found(search, listing, newest)
    rows = sorted(map(_Row._make, some), key=attrgetter("sort_key", "pk"))
    return Found(_one_group(rows if listing.page == 1 else [], newest), len(rows))


def _many_found(search: Search, listing: Listing, newest: set[int]) -> Found:
    most, first = settings.COUNTED_AT_MOST, _first_of_page(listing)
    keys = sorted(search.ask("sort_key, pk", at_most=most + 1))
    if len(keys) <= most:
        rows = _rows([pk for _key, pk in keys[first : first + settings.NAMES_PER_PAGE]])
        return Found(_one_group(rows, newest), len(keys))
    if first >= most:
        return Found([], most, is_more=True)
    # What is not in Latin letters is in names that come late: in their order, all others would be read first.
    order = "ORDER BY sort_key, pk" if listing.q.isascii() else "ORDER BY sort_key || '', pk"
    page = search.ask("pk", order=order, at_most=settings.NAMES_PER_PAGE, after=first)
    return Found(_one_group(_rows([pk for (pk,) in page]), newest), most, is_more=True)


def _search(letter: Letter, listing: Listing) -> Search | None:
    """Return how to ask for the names that have what is searched for; None where that is no word."""
    words = sought(listing.q)
    if len(words) > 1:
        words = searching.rarest_first(words, _some_names(letter))
    return searching.search(*_sql_of(letter.pk, replace(listing, q="", page=1)), words) if words else None


def _some_names(letter: Letter) -> str:
    """Return what a search looks through of a letter's names, or of two hundred of them, which are in no order."""

    def ask(_ids: list[int]) -> dict[int, str]:
        some = _of(letter).order_by("public_id").values_list("search_text", flat=True)[:_SOME]
        return {letter.pk: "".join(some)}

    return of_revisions([letter], "some names", ask)[letter.pk]


@lru_cache(maxsize=1_000)
def _sql_of(letter_id: int, listing: Listing) -> tuple[str, tuple[Any, ...]]:
    """Return (SQL, parameters) of the names of a letter, narrowed, without the words that are searched for."""
    # For the few that a search finds, a question each is less work than joining two tables.
    its_own = Organisation.objects.filter(pk=OuterRef("organisation_id")).values("verification")
    rows = _narrowed(Letter(pk=letter_id), listing).order_by().annotate(verification=Subquery(its_own))
    rows = rows.values(*_Row._fields, "search_text")
    sql, parameters = rows.query.sql_with_params()
    return sql, tuple(parameters)


def _narrowed(letter: Letter, listing: Listing) -> SignatureQuerySet:
    found = _of(letter)
    if listing.country:
        found = found.filter(country=listing.country)
    if listing.kind:
        found = found.filter(kind=listing.kind)
    if listing.initial:
        first = beginning(listing.initial)
        another_letter = f"{first}\uffef"  # see names.sort_key
        found = found.filter(sort_key__startswith=first).exclude(sort_key__startswith=another_letter)
    return found


def _named_of(country: CountryCount, kind: str) -> int:
    return country.kinds.get(kind, 0) if kind else country.named


def _alike(letter: Letter, listing: Listing) -> list[_Row]:
    """Return names with words that are spelled like those searched for, the likest first."""
    searched = in_latin(listing.q)
    if not searched:
        return []
    rows = (
        _narrowed(letter, listing)
        .annotate(similarity=TrigramWordSimilarity(searched, "search_text"))
        .filter(search_text__trigram_word_similar=searched)
        .order_by("-similarity", "sort_key", "pk")
    )
    return list(_shown(rows)[:_ALIKE_AT_MOST])


def _first_of_page(listing: Listing) -> int:
    return (listing.page - 1) * settings.NAMES_PER_PAGE


def _rows_of_page(ordered: SignatureQuerySet, number: int) -> list[_Row]:
    per_page = settings.NAMES_PER_PAGE
    # Skipped in the index; only the rows of the page itself are read.
    return _rows(ordered.values("pk")[(number - 1) * per_page : number * per_page])


def _rows(keys: Any) -> list[_Row]:
    return list(_shown(Signature.objects.filter(pk__in=keys)).in_reading_order())


def _newest_first(rows: SignatureQuerySet) -> SignatureQuerySet:
    """As an index has them; a name is published at some time, so that none comes last for want of one."""
    return rows.order_by("-published_at", "-pk")


def _newest(letter: Letter) -> set[int]:
    """Return the keys of those marked as new. An imported list arrived as a whole, long ago."""

    def ask(_ids: list[int]) -> dict[int, set[int]]:
        signed_here = _of(letter).exclude(channel=Channel.IMPORT)
        return {letter.pk: set(_newest_first(signed_here).values_list("pk", flat=True)[:NEWEST])}

    return of_revisions([letter], "newest", ask)[letter.pk]


def _rows_of_countries(letter: Letter, parts: list[tuple[str, int, int]]) -> dict[str, list[_Row]]:
    """Return {country: rows} of parts (country, first, last), in three queries at most: a page ends inside two."""
    rows: dict[str, list[_Row]] = {code: [] for code, _first, _last in parts}
    inner = [code for code, _first, _last in parts[1:-1]]
    found = list(_shown(_of(letter).filter(country__in=inner)).in_reading_order()) if inner else []
    for code, first, last in {parts[0], parts[-1]} if parts else ():
        keys = _of(letter).filter(country=code).in_reading_order().values("pk")[first:last]
        found += _shown(Signature.objects.filter(pk__in=keys)).in_reading_order()
    for row in found:
        rows[row.country].append(row)
    return rows


def _one_group(rows: Iterable[_Row], newest: set[int]) -> list[Group]:
    names = [_signatory(row, newest) for row in rows]
    return [Group("", "", names)] if names else []


def _by_initial(rows: list[_Row], newest: set[int]) -> list[Group]:
    groups = groupby(rows, key=lambda row: filed_under(row.sort_key)[1])
    return [
        Group(heading, f"-{heading}", [_signatory(row, newest) for row in group]) for heading, group in groups
    ]


def _shown(rows: SignatureQuerySet) -> Any:
    return rows.annotate(verification=F("organisation__verification")).values_list(*_Row._fields, named=True)


def _signatory(row: _Row, newest: set[int]) -> Signatory:
    return Signatory(
        id=row.public_id,
        name=row.name,
        latin=row.latin,
        country_code=row.country,
        kind=row.kind,
        is_network=row.is_network,
        since=row.published_at,
        is_new=row.pk in newest,
        is_verified=row.verification in PROVEN,
    )


def _counts_of_cells(cells: list[_Cell]) -> Counts:
    return _counts([(country, organisations, kinds.total()) for country, organisations, kinds in cells])


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
