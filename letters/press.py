"""What journalists get of a letter: whom to ask, published by the host; and, before its launch, a secret link."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from letters.lifecycle import WrongPhase
from letters.models import Letter, PressContact, PressDays, PressLink, Staff, new_gathering_key, record
from letters.phases import Phase
from letters.revision import bump


class LinkGoesNowhere(Exception):
    """No such press link was made, a newer one replaced it, or its time is over."""


class TooManyContacts(Exception):
    """More press contacts than a journalist reads."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Whom journalists ask, and when. Everybody reads it."""

    name: str
    languages: list[str]
    email: str = ""
    phone: str = ""
    days: str = PressDays.MONDAY_TO_FRIDAY
    hours_from: time | None = None
    hours_until: time | None = None
    time_zone: str = ""


# --- whom to ask -----------------------------------------------------------------------------------------


def add_contact(letter: Letter, *, asked: Asked, by: Staff) -> PressContact:
    """Publish whom journalists ask about a letter. Sent twice it is published once. Raises TooManyContacts."""
    with transaction.atomic():
        letter = _lock(letter)
        same = letter.press_contacts.filter(**asdict(asked)).first()
        if same is not None:
            return same
        if letter.press_contacts.count() >= settings.PRESS_CONTACTS:
            raise TooManyContacts
        contact = PressContact.objects.create(letter=letter, **asdict(asked))
        _note("add_press_contact", letter, by=by)
        bump([letter.pk])
    return contact


def change_contact(contact: PressContact, *, asked: Asked, by: Staff) -> PressContact:
    """Publish other facts of a press contact. The same ones change nothing."""
    with transaction.atomic():
        letter = _lock(contact.letter)
        contact = PressContact.objects.get(pk=contact.pk)
        facts = asdict(asked)
        if all(getattr(contact, field) == value for field, value in facts.items()):
            return contact
        for field, value in facts.items():
            setattr(contact, field, value)
        contact.save(update_fields=list(facts))
        _note("change_press_contact", letter, by=by)
        bump([letter.pk])
    return contact


def remove_contact(contact: PressContact, *, by: Staff) -> None:
    """Publish a press contact no more. Removing it twice is harmless."""
    with transaction.atomic():
        letter = _lock(contact.letter)
        gone, _rows = PressContact.objects.filter(pk=contact.pk).delete()
        if gone:
            _note("remove_press_contact", letter, by=by)
            bump([letter.pk])


def hours(begin: time, end: time, zone: str) -> str:
    """Return "09:00–17:00 Nairobi time (06:00–14:00 UTC)"; where clocks are changed, both hours of UTC.

    Never only today's: a page is kept, and the clocks would change under it.
    """
    year = timezone.now().year
    january, july = (
        _between(_utc(begin, day, zone), _utc(end, day, zone))
        for day in (date(year, 1, 15), date(year, 7, 15))
    )
    said = {
        "hours": _between(begin, end),
        "place": zone.rpartition("/")[2].replace("_", " "),
        "utc": january,
        "july": july,
    }
    if january == july:
        return _("%(hours)s %(place)s time (%(utc)s UTC)") % said
    return _("%(hours)s %(place)s time (%(utc)s UTC in January, %(july)s UTC in July)") % said


def _utc(each: time, day: date, zone: str) -> time:
    return datetime.combine(day, each, ZoneInfo(zone)).astimezone(UTC).time()


def _between(begin: time, end: time) -> str:
    return f"{begin:%H:%M}–{end:%H:%M}"


# --- the link before the launch --------------------------------------------------------------------------


def make_link(letter: Letter, *, by: Staff, life: timedelta = settings.PRESS_LINK_LIFE) -> PressLink:
    """Make a gathering letter's secret link for journalists; one that was made before leads nowhere from now on.

    Raises WrongPhase.
    """
    with transaction.atomic():
        letter = _lock(letter)
        if letter.phase != Phase.GATHERING:
            raise WrongPhase(letter.phase)
        now = timezone.now()
        made = {"key": new_gathering_key(), "made_at": now, "good_until": now + life, "by": by}
        link, is_first = PressLink.objects.update_or_create(letter=letter, defaults=made)
        _note("make_press_link" if is_first else "replace_press_link", letter, by=by)
    return link


def end_link(letter: Letter, *, by: Staff) -> None:
    """Let the secret link for journalists lead nowhere. Ending it twice is harmless."""
    with transaction.atomic():
        letter = _lock(letter)
        gone, _rows = PressLink.objects.filter(letter=letter).delete()
        if gone:
            _note("end_press_link", letter, by=by)


def letter_behind(key: str) -> Letter:
    """Return the letter a press link leads to: while it gathers, or since it is public. Raises LinkGoesNowhere."""
    link = PressLink.objects.select_related("letter__host").filter(key=key).first()
    if link is None or not (link.letter.is_public or _is_good(link)):
        raise LinkGoesNowhere
    return link.letter


def _is_good(link: PressLink) -> bool:
    return link.good_until > timezone.now() and link.letter.phase == Phase.GATHERING


def _lock(letter: Letter) -> Letter:
    return Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)


def _note(act: str, letter: Letter, *, by: Staff) -> None:
    record(act, kind="letter", subject=letter.slug, letter=letter, by=by)
