"""What all lists of the desk have in common: nothing is typed, nothing is asked that is not offered."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest


class ReadOnly:
    """Nothing is typed here: acts are buttons, and the database keeps what they do."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def is_offered(lookup: str, filters: Iterable[Any]) -> bool:
    """Whether a list offers this filter itself: a query string could ask for any column, letter by letter."""
    fields = [name for name in filters if isinstance(name, str)]
    offered = {f"{field}__{rest}" for field in fields for rest in ("exact", "id__exact")}
    return lookup in offered | {
        filter_.parameter_name for filter_ in filters if hasattr(filter_, "parameter_name")
    }
