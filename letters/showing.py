"""What every page of a letter shows of it, and where those pages are."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404
from django.template.defaultfilters import date as format_date
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from letters import versions
from letters.models import FIRST_VERSION, Letter, Text


def letter_context(letter: Letter) -> dict[str, Any]:
    """Return what every page of a letter says about it."""
    language = get_language()
    texts = letter.current_texts()
    text = letter.nearest_text(texts, language)
    changes = versions.changes(letter, language)
    material = [change.number for change in changes if change.is_material]
    return {
        "letter": letter,
        "text": text,
        "written_in": [one.language for one in texts],
        "change": next(iter(versions.seen_by_public(letter, changes) if letter.is_public else changes), None),
        "is_behind": text is not None and text.version < max(material, default=FIRST_VERSION),
        "asked_again": bool(material),
        "is_fallback": text is not None and text.language != language,
        "figures": letter.figures_for(language),
        "recipients": list(letter.recipients.all()),
        "earlier": _neighbour(letter, earlier=True),
        "later": _neighbour(letter, earlier=False),
        "host_url": letter.host.get_absolute_url(),
        "accepts_signatures": letter.accepts_signatures,
        **addresses(letter),
    }


def version_context(letter: Letter, number: int | None) -> dict[str, Any]:
    """Return what a page of a letter's versions shows: all of them, or one beside the one before. Raises Http404."""
    language = get_language()
    every = versions.changes(letter, language)
    public = versions.seen_by_public(letter, every)
    before_launch = [change.number for change in every if change not in public]
    first = max(before_launch, default=FIRST_VERSION)
    numbers = [*(change.number for change in public), first]
    if number is not None and number not in numbers:
        raise Http404
    shown = numbers[0] if number is None else number
    change = next((one for one in public if one.number == shown), None)
    return {
        "letter": letter,
        "text": letter.text_for(language),
        "changes": public,
        "first": first,
        "change": change,
        "is_newest": shown == numbers[0],
        "shown": versions.text_at(letter, language, number=shown),
        "compared": versions.compared(letter, language, old=numbers[numbers.index(shown) + 1], new=shown)
        if change
        else None,
        **addresses(letter),
    }


def addresses(letter: Letter) -> dict[str, str]:
    """Return where a letter and its form are now: the public addresses, or the secret ones while it gathers."""
    if letter.is_public:
        return {
            "letter_url": letter.get_absolute_url(),
            "sign_url": reverse("sign", args=[letter.slug]),
            "sent_url": reverse("sign_sent", args=[letter.slug]),
            "live_url": reverse("live", args=[letter.slug]),
            "signatories_url": reverse("signatories", args=[letter.slug]),
            "comments_url": "",
        }
    return {
        "letter_url": reverse("gathering_letter", args=[letter.gathering_key]),
        "sign_url": reverse("gathering_sign", args=[letter.gathering_key]),
        "sent_url": reverse("gathering_sent", args=[letter.gathering_key]),
        "live_url": "",
        "signatories_url": "",
        "comments_url": reverse("gathering_comments", args=[letter.gathering_key]),
    }


def moment(at: datetime, letter: Letter) -> str:
    """Return a moment in the letter's time zone and in UTC, in the active language."""
    there, utc = at.astimezone(ZoneInfo(letter.time_zone)), at.astimezone(UTC)
    return _("%(date)s, %(time)s %(place)s time (%(utc)s UTC)") % {
        "date": format_date(there, "DATE_FORMAT"),
        "time": there.strftime("%H:%M"),
        "place": letter.time_zone.rpartition("/")[2].replace("_", " "),
        "utc": utc.strftime("%H:%M" if utc.date() == there.date() else "%Y-%m-%d %H:%M"),
    }


def _neighbour(letter: Letter, *, earlier: bool) -> Text | None:
    """Return the text of the host's letter before or after this one."""
    others = letter.host.letters.public().exclude(pk=letter.pk)
    if letter.opens_at is None:
        neighbour = others.newest_first().first() if earlier else None
    elif earlier:
        neighbour = others.filter(opens_at__lte=letter.opens_at).order_by("-opens_at", "-pk").first()
    else:
        neighbour = others.filter(opens_at__gt=letter.opens_at).order_by("opens_at", "pk").first()
    return neighbour.text_for(get_language()) if neighbour else None
