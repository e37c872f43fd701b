"""Versions of a letter: how one is drafted, and what they say. Publishing one concerns who signed, so that is theirs.

A version has one number for all languages. What is drafted stands apart from the texts until it is published.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from letters import languages
from letters.lifecycle import WrongPhase
from letters.models import FIRST_VERSION, DraftedText, Letter, Staff, Text, TextStanding, Version, record
from letters.phases import Phase

CHANGEABLE = (Phase.DRAFT, Phase.GATHERING, Phase.OPEN)


class NothingChanged(Exception):
    """Every language says what it says already."""


class NotADraft(Exception):
    """It was published meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a letter is to say in one language, and in a sentence or two what is different about it."""

    language: str
    standing: str
    title: str
    subtitle: str
    body: str
    what_changed: str


@dataclass(frozen=True)
class Change:
    """A published version as its readers are told of it."""

    number: int
    at: datetime
    is_material: bool
    sentence: str
    language: str

    @property
    def direction(self) -> str:
        return languages.direction(self.language)


# --- drafting ----------------------------------------------------------------------------------------------


def draft(letter: Letter, *, by: Staff, change: str, texts: Iterable[Words]) -> Version:
    """Keep what a letter's next version is to say; drafting again replaces it. Raises WrongPhase, NothingChanged."""
    if letter.phase not in CHANGEABLE:
        raise WrongPhase(letter.phase)
    changed = [words for words in texts if _is_different(letter, words)]
    if not changed:
        raise NothingChanged
    with transaction.atomic():
        version = _open_draft(letter, by=by, change=change)
        version.change, version.by, version.drafted_at = change, by, timezone.now()
        version.save(update_fields=["change", "by", "drafted_at"])
        version.drafted.all().delete()
        DraftedText.objects.bulk_create(DraftedText(version=version, **vars(words)) for words in changed)
        record("draft_version", kind="letter", subject=letter.slug, letter=letter, by=by, reason=change)
    return version


def discard(version: Version, *, by: Staff) -> None:
    """Throw away what was drafted. Doing so twice is harmless. Raises NotADraft."""
    with transaction.atomic():
        found = Version.objects.select_for_update().filter(pk=version.pk).first()
        if found is None:
            return
        if found.published_at:
            raise NotADraft
        letter = found.letter
        record("discard_version", kind="letter", subject=letter.slug, letter=letter, by=by)
        found.delete()


def _open_draft(letter: Letter, *, by: Staff, change: str) -> Version:
    """Return the letter's draft, locked; where it is published at this very moment, a new one."""
    while True:
        made, _ = letter.versions.drafted().get_or_create(
            letter=letter, defaults={"by": by, "change": change}
        )
        locked = Version.objects.select_for_update().filter(pk=made.pk, published_at=None).first()
        if locked is not None:
            return locked


def _is_different(letter: Letter, words: Words) -> bool:
    now = next((text for text in letter.current_texts() if text.language == words.language), None)
    said = ("standing", "title", "subtitle", "body")
    return now is None or any(getattr(now, field) != getattr(words, field) for field in said)


# --- reading -----------------------------------------------------------------------------------------------


def untranslated(version: Version) -> list[str]:
    """Return the languages whose official text a draft leaves as it is: there a material change would not be said."""
    drafted = {text.language for text in version.drafted.all()}
    official = [text for text in version.letter.current_texts() if text.standing == TextStanding.OFFICIAL]
    return [text.language for text in official if text.language not in drafted]


def changes(letter: Letter, language: str, *, since: int = FIRST_VERSION) -> list[Change]:
    """Return the published versions after a number, the newest first, each as a reader of that language is told."""
    newer = list(letter.versions.in_force().filter(number__gt=since).order_by("-number"))
    texts = list(letter.texts.filter(version__gt=since)) if newer else []
    found = []
    for version in newer:
        told = letter.nearest_text((text for text in texts if text.version == version.number), language)
        sentence, spoken = (told.what_changed, told.language) if told else ("", language)
        found.append(_change(version, sentence, spoken))
    return found


def seen_by_public(letter: Letter, all_changes: list[Change]) -> list[Change]:
    """Return those of a letter's changes that the public saw come: what changed before its launch stays inside."""
    return [one for one in all_changes if letter.opens_at and one.at >= letter.opens_at]


def text_at(letter: Letter, language: str, *, number: int) -> Text | None:
    """Return what a letter said in a language, or in the nearest, when that version stood."""
    return letter.nearest_text(_texts_at(letter, number), language)


def compared(letter: Letter, language: str, *, old: int, new: int) -> tuple[Text, Text] | None:
    """Return a letter's texts of two versions in one language: the reader's, or the nearest that changed between."""
    before = {text.language: text for text in _texts_at(letter, old)}
    after = [text for text in _texts_at(letter, new) if text.language in before]
    changed = [text for text in after if text.pk != before[text.language].pk]
    text = letter.nearest_text(changed, language)
    return (before[text.language], text) if text else None


def _texts_at(letter: Letter, number: int) -> list[Text]:
    then = letter.texts.filter(version__lte=number)
    return list(then.order_by("language", "-version").distinct("language"))


def _change(version: Version, sentence: str, language: str) -> Change:
    if version.number is None or version.published_at is None:
        raise NotADraft
    return Change(version.number, version.published_at, version.is_material, sentence, language)
