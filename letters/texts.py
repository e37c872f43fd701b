"""A text becomes safe HTML: Markdown, cleaned, with the list's own numbers in it."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import nh3
from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "h2", "h3", "h4", "hr"}
_SCHEMES = {"https", "mailto"}
_PLACEHOLDER = re.compile(r"\{(organisations|countries)\}")


def render(text: str, *, organisations: int, countries: int, language: str = "en") -> SafeString:
    """Return Markdown as safe HTML in which {organisations} and {countries} are the given numbers.

    It receives the numbers and never asks for them: the wall alone knows who signed.
    """
    return numbered(markdown(text), organisations=organisations, countries=countries, language=language)


def numbered(html: SafeString, *, organisations: int, countries: int, language: str) -> SafeString:
    """Return cleaned HTML with the numbers in it."""
    # After cleaning: in an address a placeholder is percent-encoded and stays, so no attribute ever changes.
    said = with_numbers(html, organisations=organisations, countries=countries, language=language)
    return mark_safe(said)  # noqa: S308 - only digits were put into what was cleaned


def with_numbers(words: str, *, organisations: int, countries: int, language: str) -> str:
    """Return words in which {organisations} and {countries} are the given numbers, as that language writes them."""
    numbers = {"organisations": organisations, "countries": countries}
    with override(language):
        shown = {name: number_format(number, force_grouping=True) for name, number in numbers.items()}
    return _PLACEHOLDER.sub(lambda found: shown[found[1]], words)


@lru_cache(maxsize=256)
def markdown(text: str) -> SafeString:
    """Return Markdown as HTML of a few harmless tags; links lead to https or mail addresses alone."""
    return _clean(parser().render(text))


@lru_cache(maxsize=64)
def passages(text: str) -> list[SafeString]:
    """Return Markdown as `markdown` does, in the pieces one may speak of: paragraphs, headings, items of a list."""
    reader, around = parser(), dict[str, Any]()
    tokens = reader.parse(text, around)
    return [_clean(reader.renderer.render(piece, reader.options, around)) for piece in _pieces(tokens)]


def _pieces(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Cut tokens where a block ends; an item of a list becomes a list of its own, which counts on."""
    for block in _blocks(tokens, level=0):
        if block[0].type not in ("bullet_list_open", "ordered_list_open"):
            yield block
            continue
        first = int(block[0].attrs.get("start", 1))
        for number, item in enumerate(_blocks(block[1:-1], level=1), first):
            start = {"start": number} if block[0].type == "ordered_list_open" else {}
            yield [block[0].copy(attrs=start), *item, block[-1]]


def _blocks(tokens: Sequence[Token], *, level: int) -> Iterator[list[Token]]:
    block: list[Token] = []
    for token in tokens:
        block.append(token)
        if token.level == level and token.nesting <= 0:
            yield block
            block = []


def _clean(html: str) -> SafeString:
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
