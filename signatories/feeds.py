"""The feed of a letter (Atom, RFC 4287): its news and newest signatories, for programs that look again and again."""

import re
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from letters import pages
from letters.emails import absolute
from letters.models import Letter
from letters.revision import Edition, edition_of
from signatories import wall
from signatories.news import Item, timeline

NEWS = 30  # items; programs keep what they have read
NAMES = 20
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Feed(Atom1Feed):
    """Says of each entry in what language it was written."""

    def item_attributes(self, item: dict[str, Any]) -> dict[str, str]:
        return {"xml:lang": item["language"]} if item["language"] else {}


@require_safe
def feed(request: HttpRequest, slug: str) -> HttpResponse:
    """The news of a letter and its newest signatories as an Atom feed."""
    edition = edition_of(slug)
    return pages.answer(
        request, ("feed", slug), str(edition), lambda: _feed(edition), content_type=_Feed.content_type
    )


def _feed(edition: Edition) -> str:
    letter = Letter.objects.select_related("host").get(pk=edition.letter_id)
    text = letter.text_for(get_language())
    made = _Feed(
        title=_in_xml(text.title if text else letter.slug),
        link=absolute(letter.get_absolute_url()),
        description="",
        subtitle=_in_xml(text.subtitle) if text and text.subtitle else None,
        language=get_language(),
        author_name=_in_xml(letter.host.name),
        author_link=absolute(letter.host.get_absolute_url()),
        feed_url=absolute(reverse("feed", args=[letter.slug])),
        feed_guid=_id(letter, "feed"),
    )
    _add_names(made, letter)
    for item in timeline(letter)[:NEWS]:
        _add(made, letter, item)
    out = StringIO()
    made.write(out, "utf-8")
    return out.getvalue()


def _add(made: _Feed, letter: Letter, item: Item) -> None:
    words = format_html('<div lang="{}" dir="{}">{}</div>', item.language, item.direction, item.words)
    which = format_html('<bdi dir="auto">{}</bdi>', made.feed["title"])  # for readers of many feeds
    made.add_item(
        title=_in_xml(item.title),
        link=absolute(item.url or reverse("news", args=[letter.slug])),
        description=_in_xml(words) if item.words else which,
        pubdate=item.at,
        updateddate=item.at,
        unique_id=_id(letter, item.key),
        language=item.language if item.is_written else "",
    )


def _add_names(made: _Feed, letter: Letter) -> None:
    """Add the newest names as one entry that changes, not as an entry each.

    Programs keep the entries they have seen; of one that is still there they show what it says now. So a name that
    was taken off is gone there, too, at their next look.
    """
    newest = wall.latest(letter, NAMES)
    since = wall.newest_since(letter)
    if since is None or letter.opens_at is None:
        return
    made.add_item(
        title=_("Newest signatories"),
        link=absolute(reverse("signatories", args=[letter.slug])),
        description=_in_xml(_names(newest)),
        pubdate=letter.opens_at,
        updateddate=max(since, letter.opens_at),
        unique_id=_id(letter, "signatories"),
        language="",
    )


def _names(newest: list[wall.Signatory]) -> SafeString:
    each = ((one.name, f" · {one.country_name}" if one.country_name else "") for one in newest)
    return format_html("<ul>{}</ul>", format_html_join("", '<li><bdi dir="auto">{}</bdi>{}</li>', each))


def _id(letter: Letter, key: str) -> str:
    """Return what a program knows an entry by, for good: a tag URI (RFC 4151), of each language its own."""
    since = letter.opens_at.date() if letter.opens_at else ""
    return f"tag:{urlsplit(settings.SITE_URL).hostname},{since}:letter-{letter.pk}/{get_language()}/{key}"


def _in_xml(words: str) -> str:
    """Return words without the characters that no XML can hold, not even written otherwise."""
    return _NOT_IN_XML.sub("", words)
