"""What the lists of signatories have in common: nothing is typed, and names are found however they are written."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from letters.desk import Guarded
from signatories import names


class Spelled(Guarded):
    """A list of what has spellings and a public id, which are what is searched."""

    search_fields = ["spellings", "public_id"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find the public id, or every word in any order, in any script, accent and case: one index answers."""
        words = names.key(search_term).split()
        if not words:
            return queryset, False
        spelled = Q(*(Q(spellings__contains=word) for word in words))
        return queryset.filter(spelled | Q(public_id=search_term.strip())), False


class ReadOnly(Guarded):
    """Nothing is typed here: acts are buttons, and the database keeps what they do."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
