"""News of a letter: what happened to it and when, as far as the public sees it today; and the page that tells it.

Nothing of it is written down for this page alone, but what editors write. Everything else is read off what holds today:
dates, published versions, deliveries that arrived, answers that are public, and the signatures that count. So news
disagree with no other page; what is taken back there is gone here, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import linebreaks
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from letters import languages, pages, versions
from letters.models import Letter
from letters.phases import Phase
from letters.revision import Edition, edition_of
from letters.showing import addresses
from letters.texts import markdown
from signatories import wall
from signatories.documents import isolated
from signatories.models import Delivery, Update, UpdateText

# Of organisations; each is told once so many stand under the letter.
MILESTONES = tuple(number * ten for ten in (1, 10, 100, 1_000, 10_000) for number in (10, 25, 50))
_OVER = (Phase.CLOSED, Phase.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Item:
    """Something that happened to a letter. `key` is its own for good: it is how feeds know it again.

    `day` is told, in the letter's time zone; `at` is the moment, as far as that is known; `place` orders one day. The
    words are in `language`, and so is the title, where editors wrote it.
    """

    key: str
    day: date
    at: datetime
    place: int
    title: str
    words: str = ""  # safe HTML
    url: str = ""
    language: str = ""
    is_written: bool = False

    @property
    def direction(self) -> str:
        return languages.direction(self.language) if self.language else ""


@require_safe
def news(request: HttpRequest, slug: str) -> HttpResponse:
    """What happened to a letter, the newest first."""
    edition = edition_of(slug)
    return pages.answer(request, ("news", slug), str(edition), lambda: _news_page(request, edition))


def _news_page(request: HttpRequest, edition: Edition) -> str:
    letter = Letter.objects.select_related("host").get(pk=edition.letter_id)
    context = {
        "letter": letter,
        "text": letter.text_for(get_language()),
        "items": timeline(letter),
        **addresses(letter),
    }
    return render_to_string("signatories/news.html", context, request)


def timeline(letter: Letter) -> list[Item]:
    """Return what happened to a public letter, in the active language, the newest first."""
    items = [
        *_dates(letter),
        *_milestones(letter),
        *_versions(letter),
        *_deliveries(letter),
        *_answers(letter),
        *_written(letter),
    ]
    return sorted(items, key=attrgetter("day", "place", "at"), reverse=True)


def newest(letter: Letter) -> Item | None:
    """Return the last thing that editors wrote for everybody."""
    return next(_written(letter, at_most=1), None)


def _dates(letter: Letter) -> Iterator[Item]:
    if letter.opens_at is not None:
        yield _item(letter, "published", letter.opens_at, 0, _("The letter was published"))
    if letter.phase in _OVER and letter.closes_at is not None:
        yield _item(letter, "closed", letter.closes_at, 6, _("Signing has ended"))


def _milestones(letter: Letter) -> Iterator[Item]:
    """Yield how many organisations stand under the letter; of several numbers on one day the highest.

    Who had signed before the launch is there since the launch.
    """
    organisations = wall.counts(letter).organisations
    moments = wall.reached(letter, [number for number in MILESTONES if number <= organisations])
    found = []
    for number, at in sorted(moments.items()):
        said = ngettext("%(number)s organisation has signed", "%(number)s organisations have signed", number)
        title = said % {"number": number_format(number, force_grouping=True)}
        seen_at = max(at, letter.opens_at) if letter.opens_at else at
        found.append(_item(letter, f"organisations-{number}", seen_at, 1, title))
    for _day, of_one_day in groupby(found, attrgetter("day")):
        *_lower, highest = of_one_day
        yield highest


def _versions(letter: Letter) -> Iterator[Item]:
    for change in versions.seen_by_public(letter, versions.changes(letter, get_language())):
        yield _item(
            letter,
            f"version-{change.number}",
            change.at,
            2,
            _("The letter has changed in what it asks")
            if change.is_material
            else _("The letter has changed in its wording"),
            words=SafeString(linebreaks(change.sentence, autoescape=True)),
            url=reverse("version", args=[letter.slug, change.number]),
            language=change.language,
        )


def _deliveries(letter: Letter) -> Iterator[Item]:
    zone = ZoneInfo(letter.time_zone)

    def what(delivery: Delivery) -> tuple[date, bool]:
        on = delivery.sent_at.astimezone(zone).date() if delivery.sent_at else date.min
        return on, delivery.supplement_to_id is not None

    arrived = sorted(letter.deliveries.arrived(), key=what)
    for (on, is_supplement), group in groupby(arrived, what):
        handed = list(group)
        recipients = len({delivery.recipient_id for delivery in handed})
        at = min(delivery.sent_at for delivery in handed if delivery.sent_at)
        what_was = "supplement" if is_supplement else "handed-over"
        title = _title_of_round(recipients, is_supplement=is_supplement)
        yield _item(letter, f"{what_was}-{on}", at, 3, title, url=reverse("deliveries", args=[letter.slug]))


def _title_of_round(recipients: int, *, is_supplement: bool) -> str:
    said = (
        ngettext(
            "The names that came later were handed to %(number)s recipient",
            "The names that came later were handed to %(number)s recipients",
            recipients,
        )
        if is_supplement
        else ngettext(
            "The letter was handed to %(number)s recipient",
            "The letter was handed to %(number)s recipients",
            recipients,
        )
    )
    return said % {"number": number_format(recipients, force_grouping=True)}


def _answers(letter: Letter) -> Iterator[Item]:
    for delivery in letter.deliveries.answered_publicly().select_related("recipient"):
        if delivery.answered_on is None:
            continue
        recipient = delivery.recipient
        whose = recipient.mission or recipient.country_name  # many are called the same
        who = [isolated(part) for part in (recipient.style_of_address or recipient.office, whose) if part]
        yield _item(
            letter,
            f"answer-{delivery.public_id}",
            datetime.combine(delivery.answered_on, time(), ZoneInfo(letter.time_zone)),
            4,
            _("Answered: %(recipient)s") % {"recipient": _(", ").join(who)},
            url=letter.get_absolute_url(),
        )


def _written(letter: Letter, at_most: int | None = None) -> Iterator[Item]:
    """Yield what editors wrote for everybody, in the reader's language, else in the letter's own, else in any."""
    public = Update.objects.on_the_page().filter(letter=letter).prefetch_related("texts")
    for update in public[:at_most]:
        text = _nearest(list(update.texts.all()), letter)
        if update.published_at is not None:
            yield _item(
                letter,
                f"update-{update.public_id}",
                update.published_at,
                5,
                text.subject,
                words=markdown(text.body),
                language=text.language,
                is_written=True,
            )


def _nearest(texts: list[UpdateText], letter: Letter) -> UpdateText:
    by_language = {text.language: text for text in texts}
    own = by_language.get(get_language()) or by_language.get(letter.original_language)
    return own or texts[0]


def _item(
    letter: Letter,
    key: str,
    at: datetime,
    place: int,
    title: str,
    *,
    words: str = "",
    url: str = "",
    language: str = "",
    is_written: bool = False,
) -> Item:
    day = at.astimezone(ZoneInfo(letter.time_zone)).date()
    return Item(key, day, at, place, title, words, url, language, is_written)
