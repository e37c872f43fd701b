"""Whether a signature is counted and where it is named: the one rule, in pure functions."""

from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _


class Visibility(models.TextChoices):
    """Who may see the name, as the signatory chose."""

    PUBLIC = "public", _("Everyone: the name stands on the public page")
    DELIVERED_ONLY = (
        "delivered_only",
        _("The recipients alone: the name stands in the documents handed to them"),
    )
    COUNTED_ONLY = "counted_only", _("Nobody: the organisation is counted, never named")


class StaffCap(models.TextChoices):
    """How far staff let a name go. It can only lower what the signatory chose."""

    PUBLIC = "public", _("Everyone")
    DELIVERED_ONLY = "delivered_only", _("The recipients alone")
    COUNTED_ONLY = "counted_only", _("Nobody")


_WIDTH = {Visibility.PUBLIC: 2, Visibility.DELIVERED_ONLY: 1, Visibility.COUNTED_ONLY: 0}


def narrower(cap: str, other: str) -> str:
    """Return which of two caps, or choices, lets a name go less far."""
    return min(cap, other, key=lambda one: _WIDTH[Visibility(one or Visibility.PUBLIC)])


def is_wider(visibility: str, other: str) -> bool:
    """Whether one choice lets a name go further than another one."""
    return _WIDTH[Visibility(visibility)] > _WIDTH[Visibility(other)]


class Reach(NamedTuple):
    """Where a signature shows."""

    counted: bool
    named_publicly: bool
    named_in_documents: bool


def reach(status: str, visibility: str, staff_cap: str) -> Reach:
    """Say whether a signature is counted and where it is named. A recipient it excluded is asked for apart."""
    if status != "published":
        return Reach(counted=False, named_publicly=False, named_in_documents=False)
    width = min(_WIDTH[Visibility(visibility)], _WIDTH[Visibility(staff_cap or Visibility.PUBLIC)])
    return Reach(counted=True, named_publicly=width == 2, named_in_documents=width >= 1)


def named_publicly(status: str, visibility: str, staff_cap: str) -> bool:
    """Whether the public sees the name."""
    return reach(status, visibility, staff_cap).named_publicly


def named_to(status: str, visibility: str, staff_cap: str, *, excluded: bool, added_later: bool) -> bool:
    """Whether one recipient is handed the name.

    Never one whom the signatory excluded. A name meant for the recipients alone is meant for those there were when
    its signatory agreed, not for one added later.
    """
    shown = reach(status, visibility, staff_cap)
    return shown.named_in_documents and not excluded and (shown.named_publicly or not added_later)
