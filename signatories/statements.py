"""Statements: how many had signed at one moment, at an address that keeps saying what it said."""

from django.db import transaction

from letters.models import Letter
from signatories import wall
from signatories.models import Statement


class NobodyCounts(Exception):
    """No organisation counts under the letter, so there is no number to state."""


def state(letter: Letter) -> Statement:
    """Write down how many have signed a letter by now. What was stated of the same revision is returned again.

    Raises NobodyCounts.
    """
    stated = Statement.objects.filter(letter=letter, revision=letter.revision).first()
    return stated or _write(letter)


def _write(letter: Letter) -> Statement:
    with transaction.atomic():
        # Acts raise the revision last: while it is held, it and the numbers belong together.
        letter = Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
        stated = Statement.objects.filter(letter=letter, revision=letter.revision).first()
        counts = wall.counts(letter)
        if stated is not None:
            return stated
        if not counts.organisations:
            raise NobodyCounts
        return Statement.objects.create(
            letter=letter,
            revision=letter.revision,
            organisations=counts.organisations,
            countries=counts.countries,
        )
