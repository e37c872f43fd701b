"""What an act changes, row by row, as it was and as it became: enough to take it back, and no name among it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Field, Model, QuerySet

from signatories.models import Contact, Evidence, Organisation, Signature, Vouch

_KEPT: dict[type[Model], tuple[str, ...]] = {
    Signature: (
        "organisation_id",
        "status",
        "superseded_by_id",
        "hold_reason",
        "published_at",
        "ended_at",
        "visibility",
        "agreed_visibility",
        "staff_cap",
        "question",
        "asked_at",
    ),
    Contact: ("wants",),
    Organisation: ("verification", "recheck_on"),
    Evidence: ("organisation_id",),
    Vouch: ("voucher_id", "status", "how_known", "recorded_by_id", "asked_at", "answered_at"),
}

State = dict[tuple[str, int], dict[str, Any]]  # {(model, key): {field: value}}
Changes = dict[str, list[Any]]  # {field: [as it was, as it became]}
Ledger = dict[str, dict[str, Changes]]  # {model: {key: changes}}, as JSON knows it


def read(tables: Iterable[QuerySet[Any]]) -> State:
    """Return what these rows say now, of what the ledger keeps."""
    return {
        (str(rows.model._meta.model_name), row["pk"]): {field: _plain(row[field]) for field in row}
        for rows in tables
        for row in rows.order_by("pk").values("pk", *_KEPT[rows.model])
    }


def changes(was: State, became: State) -> Ledger:
    """Return what differs between two readings of the same rows."""
    found: Ledger = {}
    for (model, key), now in became.items():
        before = was.get((model, key), now)
        differ = {field: [before[field], value] for field, value in now.items() if before[field] != value}
        if differ:
            found.setdefault(model, {})[str(key)] = differ
    return found


def only(changes: Changes, *fields: str) -> Changes:
    return {field: change for field, change in changes.items() if field in fields}


def give_back(row: Model, changes: Changes) -> bool:
    """Set these fields of a locked row back as they were, unless one of them has changed since; tell whether."""
    if any(_plain(getattr(row, field)) != became for field, (_was, became) in changes.items()):
        return False
    for field, (was, _became) in changes.items():
        setattr(row, field, _typed(row, field, was))
    if changes:
        row.save(update_fields=[field.removesuffix("_id") for field in changes])
    return True


def _typed(row: Model, field: str, value: Any) -> Any:
    if field.endswith("_id"):
        return value
    kept = row._meta.get_field(field)
    return kept.to_python(value) if isinstance(kept, Field) else value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
