"""How a page shows a letter's text and its deadlines."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from letters import differences, press, texts
from letters.models import Letter, PressContact, Text
from letters.showing import moment

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
    shown = moment(letter.closes_at, letter)
    return format_html('<time datetime="{}">{}</time>', letter.closes_at.isoformat(), shown)


@register.simple_tag
def moment_in(letter: Letter, at: datetime) -> SafeString:
    """Return a moment in the letter's time zone and in UTC."""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), moment(at, letter))


@register.filter
def press_hours(contact: PressContact) -> str:
    """Return between which hours a press contact is asked, in its time zone and in UTC; "" where it does not say."""
    if contact.hours_from is None or contact.hours_until is None:
        return ""
    return press.hours(contact.hours_from, contact.hours_until, contact.zone)


@register.simple_tag(takes_context=True)
def page_addresses(
    context: Context, *, text: Text | None = None, written_in: Iterable[str] = ()
) -> SafeString:
    """Return which address a page is to be found by, and where it stands in other languages.

    A letter's page speaks each reader's language around a text that may be of another: it is to be found by the
    languages the text is written in.
    """
    pages: list[dict[str, Any]] = context.get("page_languages") or []  # none at the desk
    own = [page for page in pages if page["code"] in written_in] if text else pages
    own = own or pages[:1]  # a text in a language that our pages do not speak
    here = text.language if text else get_language()
    canonical = [page["address"] for page in own if page["code"] == here or len(own) == 1]
    others = [(page["code"], page["address"]) for page in own if len(own) > 1]
    anybody = [("x-default", page["address"]) for page in own[:1] if others]
    found_by = format_html_join("", '<link rel="canonical" href="{}">', ((address,) for address in canonical))
    return found_by + format_html_join("", '<link rel="alternate" hreflang="{}" href="{}">', others + anybody)
