"""What somebody asks of the list of signatories: words, a country, a kind, an order, a page; and its one address."""

from dataclasses import dataclass, fields
from urllib.parse import urlencode

from django.http import Http404, QueryDict

from letters import countries
from signatories.models import Kind
from signatories.names import beginning

LONGEST_SEARCH = 100  # characters: a name that was pasted, and no book
_LAST_PAGE = 99_999


@dataclass(frozen=True, slots=True)
class Listing:
    """One view of the list. `initial` is a heading that names are filed under; empty fields ask for all."""

    q: str = ""
    country: str = ""
    kind: str = ""
    initial: str = ""
    by: str = ""
    page: int = 1

    @property
    def is_whole(self) -> bool:
        return not (self.q or self.country or self.kind or self.initial)

    @property
    def is_by_country(self) -> bool:
        return self.by == "country" and self.is_whole

    def address(self, **changes: str | int) -> str:
        """Return the query of this view with changes, from its first page on unless told, in one order for all."""
        said = {field.name: getattr(self, field.name) for field in fields(self)} | {"page": 1} | changes
        query = urlencode(
            {field: value for field, value in said.items() if value and (field, value) != ("page", 1)}
        )
        return f"?{query}" if query else "./"


def asked_for(query: QueryDict) -> Listing:
    """Return the view that an address asks for; what nobody could have meant is passed over.

    Raises Http404 for a page that is no number.
    """
    country, kind, initial = (query.get(field, "") for field in ("country", "kind", "initial"))
    return Listing(
        q=" ".join(query.get("q", "").replace("\0", " ").split())[:LONGEST_SEARCH],
        country=country.upper() if country.upper() in countries.names("en") else "",
        kind=kind if kind in Kind.values else "",
        initial=initial if beginning(initial) else "",
        by="country" if query.get("by") == "country" else "",
        page=_page(query.get("page") or "1"),
    )


def _page(asked: str) -> int:
    if not (asked.isascii() and asked.isdigit() and len(asked) <= len(str(_LAST_PAGE)) and int(asked) > 0):
        raise Http404
    return int(asked)
