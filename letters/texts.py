"""A text becomes safe HTML: Markdown, cleaned, with the list's own numbers in it."""

import re
from functools import lru_cache

import nh3
from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override
from markdown_it import MarkdownIt

_TAGS = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "h2", "h3", "h4", "hr"}
_SCHEMES = {"https", "mailto"}
_PLACEHOLDER = re.compile(r"\{(organisations|countries)\}")


def render(text: str, *, organisations: int, countries: int, language: str = "en") -> SafeString:
    """Return Markdown as safe HTML in which {organisations} and {countries} are the given numbers.

    It receives the numbers and never asks for them: the wall alone knows who signed.
    """
    # After cleaning: in an address a placeholder is percent-encoded and stays, so no attribute ever changes.
    html = with_numbers(markdown(text), organisations=organisations, countries=countries, language=language)
    return mark_safe(html)  # noqa: S308 - only digits were put into what was cleaned


def with_numbers(words: str, *, organisations: int, countries: int, language: str) -> str:
    """Return words in which {organisations} and {countries} are the given numbers, as that language writes them."""
    numbers = {"organisations": organisations, "countries": countries}
    with override(language):
        shown = {name: number_format(number, force_grouping=True) for name, number in numbers.items()}
    return _PLACEHOLDER.sub(lambda found: shown[found[1]], words)


@lru_cache(maxsize=256)
def markdown(text: str) -> SafeString:
    """Return Markdown as HTML of a few harmless tags; links lead to https or mail addresses alone."""
    html = parser().render(text)
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
        attribute_filter=_without_relative_links,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )
    return mark_safe(clean)  # noqa: S308 - cleaned by nh3 in the line above


def _without_relative_links(tag: str, attribute: str, value: str) -> str | None:
    """Drop addresses without a scheme, which nh3 lets pass: //evil.example is another site, too."""
    return None if attribute == "href" and not has_safe_scheme(value) else value


def has_safe_scheme(address: str) -> bool:
    """Whether a link may lead there: to https and mail addresses."""
    return address.partition(":")[0].lower() in _SCHEMES


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """Return the one reader of Markdown, which knows no HTML."""
    # "zero nesting bombs": maxNesting bounds the recursion that a hostile text could cause.
    return MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
