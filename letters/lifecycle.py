"""The acts on a letter's dates: gather, open, close, archive, replace the secret link."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from letters.models import Letter, Staff, new_gathering_key, record
from letters.phases import Phase
from letters.revision import bump_with_neighbours


class LetterHasNoText(Exception):
    """The letter says nothing yet."""


class WrongOrder(Exception):
    """The dates do not follow each other: gather, open, close, archive."""


class WrongPhase(Exception):
    """The act does not fit where the letter is on its way. `phase` says where that is."""

    def __init__(self, phase: Phase) -> None:
        super().__init__(phase)
        self.phase = phase


def gather(letter: Letter, *, by: Staff | None = None, at: datetime | None = None) -> Letter:
    """Collect signatures behind the letter's secret link, from now or from a date.

    Refused where it gathers already: a later date would make a draft of what may be signed.
    """
    return _set_date(letter, "gathers_at", at, act="gather", by=by, when=(Phase.DRAFT,))


def open_letter(letter: Letter, *, by: Staff | None = None, at: datetime | None = None) -> Letter:
    """Publish the letter with all its approved signatures, now or, to the minute, at a date."""
    return _set_date(letter, "opens_at", at, act="open", by=by, when=(Phase.DRAFT, Phase.GATHERING))


def close_letter(letter: Letter, *, by: Staff | None = None, at: datetime | None = None) -> Letter:
    """Take no more signatures, from now or from a date. Confirming stays possible for a grace."""
    return _set_date(
        letter, "closes_at", at, act="close", by=by, when=(Phase.DRAFT, Phase.GATHERING, Phase.OPEN)
    )


def reopen_letter(letter: Letter, *, by: Staff | None = None) -> Letter:
    """Take signatures again, without a date to close."""
    with transaction.atomic():
        letter = Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
        if letter.phase != Phase.CLOSED:
            raise WrongPhase(letter.phase)
        letter.closes_at = letter.archived_at = None
        letter.save(update_fields=["closes_at", "archived_at"])
        record("reopen", kind="letter", subject=letter.slug, letter=letter, by=by)
        bump_with_neighbours(letter)
    return letter


def archive_letter(letter: Letter, *, by: Staff | None = None, at: datetime | None = None) -> Letter:
    """Keep a closed letter for the record."""
    return _set_date(letter, "archived_at", at, act="archive", by=by, when=(Phase.OPEN, Phase.CLOSED))


def replace_gathering_link(letter: Letter, *, by: Staff | None = None) -> Letter:
    """Make the old secret link a dead end and return the letter with its new one."""
    with transaction.atomic():
        letter = Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
        letter.gathering_key = new_gathering_key()
        letter.save(update_fields=["gathering_key"])
        record("replace_link", kind="letter", subject=letter.slug, letter=letter, by=by)
    return letter


def _set_date(
    letter: Letter, field: str, at: datetime | None, *, act: str, by: Staff | None, when: tuple[Phase, ...]
) -> Letter:
    with transaction.atomic():
        letter = Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
        if letter.phase not in when:
            raise WrongPhase(letter.phase)
        if not letter.texts.exists():
            raise LetterHasNoText
        setattr(letter, field, at or timezone.now())
        _save_in_order(letter, field)
        record(act, kind="letter", subject=letter.slug, letter=letter, by=by)
        bump_with_neighbours(letter)
    letter.refresh_from_db(fields=["revision"])
    return letter


def _save_in_order(letter: Letter, field: str) -> None:
    try:
        with transaction.atomic():
            letter.save(update_fields=[field])
    except IntegrityError:  # the constraints know the order
        raise WrongOrder from None
