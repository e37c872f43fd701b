"""How a page shows a letter's text and its deadlines."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.defaultfilters import date as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from letters import differences, texts
from letters.models import Letter, Text

register = template.Library()


@register.simple_tag
def letter_body(text: Text, counts: Any) -> SafeString:
    """Return the letter's text as safe HTML with its list's own numbers in it."""
    return texts.render(
        text.body, organisations=counts.organisations, countries=counts.countries, language=text.language
    )


@register.simple_tag
def passage_body(html: SafeString, text: Text, counts: Any) -> SafeString:
    """Return one passage of the letter's text with its list's own numbers in it."""
    return texts.numbered(
        html, organisations=counts.organisations, countries=counts.countries, language=text.language
    )


@register.simple_tag
def difference(old: Text, new: Text, counts: Any) -> SafeString:
    """Return the body of a text with what changed in it since an older one, as safe HTML."""
    numbers = {"organisations": counts.organisations, "countries": counts.countries}
    blocks = differences.compare(old.body, new.body, language=new.language, **numbers)
    return differences.blocks_as_html(blocks)


@register.simple_tag
def difference_of_lines(old: str, new: str) -> SafeString:
    """Return a title or an occasion with what changed in it."""
    return differences.runs_as_html(differences.compare_lines(old, new))


@register.filter
def markdown(text: str) -> SafeString:
    """Return Markdown as safe HTML."""
    return texts.markdown(text)


@register.simple_tag
def deadline(letter: Letter) -> SafeString:
    """Return when signing ends, in the letter's time zone and in UTC, or nothing where it does not."""
    if letter.closes_at is None:
        return SafeString("")
    there = letter.closes_at.astimezone(ZoneInfo(letter.time_zone))
    utc = letter.closes_at.astimezone(UTC)
    shown = _("%(date)s, %(time)s %(place)s time (%(utc)s UTC)") % {
        "date": format_date(there, "DATE_FORMAT"),
        "time": there.strftime("%H:%M"),
        "place": letter.time_zone.rpartition("/")[2].replace("_", " "),
        "utc": utc.strftime("%H:%M" if utc.date() == there.date() else "%Y-%m-%d %H:%M"),
    }
    return format_html('<time datetime="{}">{}</time>', letter.closes_at.isoformat(), shown)
