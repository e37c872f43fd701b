"""Where a letter is on its way: pure functions of its dates and now."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Phase(models.TextChoices):
    DRAFT = "draft", _("Draft")
    GATHERING = "gathering", _("Gathering")
    OPEN = "open", pgettext_lazy("phase", "Open")
    CLOSED = "closed", _("Closed")
    ARCHIVED = "archived", _("Archived")


PUBLIC = (Phase.OPEN, Phase.CLOSED, Phase.ARCHIVED)


def phase_at(
    now: datetime,
    *,
    gathers_at: datetime | None,
    opens_at: datetime | None,
    closes_at: datetime | None,
    archived_at: datetime | None,
) -> Phase:
    """Return the last phase whose date has come. A date that is None never comes."""
    for begins, phase in (
        (archived_at, Phase.ARCHIVED),
        (closes_at, Phase.CLOSED),
        (opens_at, Phase.OPEN),
        (gathers_at, Phase.GATHERING),
    ):
        if begins is not None and begins <= now:
            return phase
    return Phase.DRAFT


def grace_ends(closes_at: datetime) -> datetime:
    """Return until when a signature made in time can still be confirmed: mail may be slow."""
    return closes_at + settings.CONFIRM_GRACE
