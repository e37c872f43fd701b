"""What may be one organisation: suggestions for a person, the likest first, never a decision.

The database finds by trigrams and whole marks what is worth comparing (signatories.likeness says what those are);
what is found is then compared word by word.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from signatories import domains, names
from signatories.likeness import Portrait, likeness, lookup, portrait
from signatories.models import Distinction, Organisation, Signature

ALIKE = 0.7  # from here on somebody should look
MOST = 6
LOOKED_THROUGH = 100  # organisations whose likes are looked for on one page of duplicates
_CANDIDATES = 24  # compared word by word
_SAME_WEBSITE = 0.8
_ABROAD = 0.95  # the same name in another country is less often the same organisation

NAME, FORMER_NAME, LATIN, ACRONYM, WEBSITE = (
    _("the name"),
    _("a former name"),
    _("the name in Latin letters"),
    _("the acronym"),
    _("the website"),
)

_Found = TypeVar("_Found", Organisation, Signature)


class _Written(NamedTuple):
    """One way an organisation is written, and what that way is called."""

    portrait: Portrait
    called: Promise


@dataclass(frozen=True)
class Pair:
    """Two organisations that may be one, the one that was known first first."""

    one: Organisation
    other: Organisation
    likeness: float
    why: str


@dataclass(frozen=True)
class Pairs:
    """Pairs, the likest first, and before which organisation to look on; None where all have been looked at."""

    found: list[Pair]
    before: int | None


def organisations_like(signature: Signature) -> list[Organisation]:
    """Return organisations that may be the one that signed, each with `.likeness` and `.why`."""
    others = Organisation.objects.standing()
    if signature.organisation_id is not None:
        others = others.exclude(pk=signature.organisation_id)
    return _likest(signature, others)


def signatures_like(signature: Signature) -> list[Signature]:
    """Return other live signatures of the same letter that may be the same organisation's, with `.likeness`, `.why`."""
    others = Signature.objects.live().filter(letter=signature.letter_id).exclude(pk=signature.pk)
    return _likest(signature, others)


def resembling(organisation: Organisation) -> list[Organisation]:
    """Return organisations that may be this one, each with `.likeness` and `.why`, but for those told apart from it."""
    apart = told_apart_from(organisation) | {organisation.pk}
    return _likest(organisation, Organisation.objects.standing().exclude(pk__in=apart))


def told_apart_from(organisation: Organisation) -> set[int]:
    """Return the keys of organisations that staff know not to be this one."""
    told = Distinction.objects.filter(Q(one=organisation) | Q(other=organisation))
    return set(chain.from_iterable(told.values_list("one", "other"))) - {organisation.pk}


def pairs(*, before: int | None = None) -> Pairs:
    """Return pairs of one of the newest organisations and an older one, but for those staff told apart.

    All of them against all would take minutes where there are many; so LOOKED_THROUGH at a time, newest first.
    """
    standing = Organisation.objects.standing()
    rows = standing.filter(pk__lt=before) if before else standing
    newest = list(rows.order_by("-pk")[:LOOKED_THROUGH])
    apart = set(Distinction.objects.filter(other__in=newest).values_list("one", "other"))
    found = [
        Pair(older, newer, older.likeness, older.why)
        for newer in newest
        for older in _likest(newer, standing.filter(pk__lt=newer.pk))
        if (older.pk, newer.pk) not in apart
    ]
    found.sort(key=lambda pair: (-pair.likeness, -pair.other.pk, -pair.one.pk))
    return Pairs(found, newest[-1].pk if len(newest) == LOOKED_THROUGH else None)


def _likest(one: Organisation | Signature, others: QuerySet[_Found]) -> list[_Found]:
    """Return what is most like this one, at most MOST, each with `.likeness` and `.why`."""
    ours = list(_written(one))
    found = []
    for other in _worth_comparing(one, others):
        other.likeness, other.why = _compare(one, ours, other)
        if other.likeness >= ALIKE:
            found.append(other)
    return sorted(found, key=lambda other: (-other.likeness, other.pk))[:MOST]


def _worth_comparing(one: Organisation | Signature, others: QuerySet[_Found]) -> QuerySet[_Found]:
    """Return candidates, found by one index. %> compares with the default threshold, which planners know as well."""
    sought = lookup(one.name, *getattr(one, "aliases", ()), one.latin, website=one.website)
    strong, weak = _marked(sought.marks), _marked(sought.weak_marks)
    for text in sought.texts:
        weak |= Q(spellings__trigram_word_similar=text)
    if not strong | weak:
        return others.none()
    order: list[Any] = [TrigramSimilarity("name_key", names.key(one.name)).desc(), "pk"]
    if strong:
        order.insert(0, Case(When(strong, then=Value(0)), default=Value(1)))
    return others.filter(strong | weak).order_by(*order)[:_CANDIDATES]


def _marked(marks: list[str]) -> Q:
    return Q(*(Q(spellings__contains=mark) for mark in marks), _connector=Q.OR)


def _compare(
    one: Organisation | Signature, ours: list[_Written], other: Organisation | Signature
) -> tuple[float, str]:
    """Return how likely two are one organisation, and why in words."""
    score, why = max(
        (_compare_names(mine, theirs) for theirs in _written(other) for mine in ours),
        key=lambda found: found[0],
    )
    reasons = [why]
    if domains.of_website(one.website) and domains.of_website(one.website) == domains.of_website(
        other.website
    ):
        reasons = [WEBSITE] if score < ALIKE else [why, WEBSITE]
        score = max(score, _SAME_WEBSITE)
    elif one.country and other.country and one.country != other.country:
        score *= _ABROAD
    return round(score, 3), ", ".join(map(str, reasons))


def _compare_names(mine: _Written, theirs: _Written) -> tuple[float, Promise]:
    found = likeness(mine.portrait, theirs.portrait)
    if found.by_acronym:
        return found.score, ACRONYM
    return found.score, mine.called if theirs.called is NAME else theirs.called


def _written(one: Organisation | Signature) -> Iterator[_Written]:
    """Return every way an organisation is written, the name first."""
    yield _Written(portrait(one.name), NAME)
    for alias in getattr(one, "aliases", ()):
        yield _Written(portrait(alias), FORMER_NAME)
    if one.latin:
        yield _Written(portrait(one.latin), LATIN)
