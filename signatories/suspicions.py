"""What looks wrong: questions for the desk's front page, each of them one query in bounded work. Nothing is decided."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Max, Min, Q
from django.utils import timezone

from letters.models import Event, Letter
from signatories import names
from signatories.models import Signature, SignatureStatus

MANY_FROM_ONE_PLACE = 5
SURGE = 30  # an hour with fewer is no surge, however quiet the day before was
TIMES_THE_MEAN = 10
MAILS_FAILED_WITHIN = timedelta(days=3)
LOOKED_THROUGH = 500  # of the names published last
SHOWN = 20  # of each kind: who has more to look at begins with these
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class FromOnePlace:
    """Signatures of a letter that came from one place on one day."""

    letter: str
    letter_id: int
    batch: str
    how_many: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Surge:
    """A letter that is signed far more often than the day before."""

    letter: str
    letter_id: int
    how_many: int  # within the last hour
    mean: float  # of an hour of the day before


def batches(letter: Letter | None = None) -> list[FromOnePlace]:
    """Return where many live signatures came from one place, the most first. After a week that is forgotten.

    Those of a workshop were expected.
    """
    found = Signature.objects.live().filter(workshop=None).exclude(batch="")
    found = found.filter(created_at__gt=timezone.now() - settings.BATCH_KEPT)
    if letter is not None:
        found = found.filter(letter=letter)
    rows = (
        found.order_by()
        .values_list("letter__slug", "letter_id", "batch")
        .annotate(how_many=Count("pk"), first=Min("created_at"), last=Max("created_at"))
        .filter(how_many__gte=MANY_FROM_ONE_PLACE)
        .order_by("-how_many", "batch")[:SHOWN]
    )
    return [FromOnePlace(*row) for row in rows]


def surges() -> list[Surge]:
    """Return letters whose last hour was far busier than a mean hour of the day before."""
    now = timezone.now()
    lately = Q(created_at__gt=now - _HOUR)
    rows = (
        Signature.objects.filter(created_at__gt=now - _HOUR - _DAY)
        .order_by()
        .values_list("letter__slug", "letter_id")
        .annotate(how_many=Count("pk", filter=lately), before=Count("pk", filter=~lately))
        .filter(how_many__gte=SURGE, how_many__gt=F("before") * TIMES_THE_MEAN / 24)
        .order_by("-how_many")[:SHOWN]
    )
    return [Surge(slug, letter_id, how_many, before / 24) for slug, letter_id, how_many, before in rows]


def failed_mails() -> list[Signature]:
    """Return live signatures whose mail could not be sent in the last days, the newest failure first."""
    since = timezone.now() - MAILS_FAILED_WITHIN
    failed = Event.objects.filter(act="mail_failed", subject_kind="signature", at__gt=since)
    rows = Signature.objects.live().filter(public_id__in=failed.order_by().values("subject_id"))
    return list(rows.select_related("letter").order_by("-pk")[:SHOWN])


def lints() -> list[Signature]:
    """Return those of the newest published names that look like no names of organisations, the newest first."""
    newest = Signature.objects.filter(status=SignatureStatus.PUBLISHED).order_by("-published_at", "-pk")
    return [one for one in newest.select_related("letter")[:LOOKED_THROUGH] if names.lint(one.name)][:SHOWN]
