"""What a page becomes in a folder of files: its links lead to files, and what needs a server is said to be off.

A file has no query, so one that makes a page of its own becomes a folder: /list/?page=2 is /list/page=2/.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

from bs4 import BeautifulSoup
from bs4.dammit import EntitySubstitution
from bs4.element import Tag
from bs4.formatter import HTMLFormatter

_LINKS = ("href", "src", "data", "poster")
# What a list can be asked by links alone. Names are narrowed one way at a time: all ways at once have no end.
_ALONE = (
    {"page"},
    {"by"},
    {"by", "page"},
    {"country"},
    {"country", "page"},
    {"initial"},
    {"initial", "page"},
)
_NOWHERE = {"q", "kind"}  # what only a server finds
_AS_IT_CAME = HTMLFormatter(EntitySubstitution.substitute_xml, void_element_close_prefix="")
_IN_XML = re.compile(r"""\s(?:href|src)=["']([^"']+)["']|<loc>([^<]+)</loc>""")
_IN_STYLE = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)""")
_IN_SCRIPT = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.{0,2}/[^"']+)["']""")


class Address(NamedTuple):
    """A page of the live site."""

    path: str
    query: str = ""

    @property
    def file(self) -> str:
        """Return where it stands in the folder."""
        inside = f"{self.query}/" if self.query else ""
        return (
            f"{self.path}{inside}index.html".lstrip("/") if self.path.endswith("/") else self.path.lstrip("/")
        )

    @property
    def here(self) -> str:
        """Return the address of that file."""
        return quote(self.path) + (f"{quote(self.query, safe='=&')}/" if self.query else "")

    @property
    def live(self) -> str:
        return quote(self.path) + (f"?{self.query}" if self.query else "")


def address_of(link: str, *, on: Address, site: str) -> Address | None:
    """Return the page of this site that a link leads to, or None where it leads elsewhere or needs a server."""
    parts = urlsplit(urljoin(f"{site}{on.live}", link))
    if f"{parts.scheme}://{parts.netloc}" != site:
        return None
    path, asked = (
        unquote(parts.path) or "/",
        {key for key, _value in parse_qsl(parts.query, keep_blank_values=True)},
    )
    if not path.endswith("/") or not asked:
        return Address(path)
    if asked & _NOWHERE:
        return None
    return Address(path, parts.query if asked in _ALONE else "")


def links_of(body: str, kind: str) -> Iterator[str]:
    """Return what a style sheet, a script, a feed, a picture or a map of the site leads to."""
    if kind == "text/css":
        yield from _IN_STYLE.findall(body)
    elif kind in ("text/javascript", "application/javascript"):
        yield from _IN_SCRIPT.findall(body)
    elif kind.endswith("xml"):
        yield from (unescape(one or other) for one, other in _IN_XML.findall(body))


class CopiedPage:
    """A page on its way into the folder."""

    def __init__(self, html: str, *, at: Address, site: str) -> None:
        self._soup = BeautifulSoup(html, "html.parser")
        self._at, self._site = at, site

    def links(self) -> list[Address]:
        """Return the pages it leads to and the files it needs, and lead to them where they are in the folder."""
        found = []
        for tag in self._soup.find_all(True):
            for name in [name for name in tag.attrs if self._is_link(tag, name)]:
                link = str(tag[name])
                to = address_of(link, on=self._at, site=self._site)
                if to is not None:
                    found.append(to)
                    self._lead(tag, name, link, to)
                elif self._is_ours(link):
                    del tag[name]
        return found

    def say_off(self, sentence: str) -> None:
        """Put a sentence in the place of each form: nobody answers them here."""
        for form in self._soup.find_all("form"):
            said = self._soup.new_tag("p", attrs={"class": "quiet"})
            said.string = sentence
            form.replace_with(said)

    def say_copied(self, sentence: str) -> None:
        """Say at the foot of the page that it is a copy."""
        if (foot := self._soup.select_one("footer.site")) is not None:
            said = self._soup.new_tag("p")
            said.string = sentence
            foot.append(said)

    def html(self) -> str:
        return self._soup.decode(formatter=_AS_IT_CAME)

    def _is_link(self, tag: Tag, name: str) -> bool:
        value = tag[name]
        if not isinstance(value, str) or value.startswith("#") or not value:
            return False
        is_path = name.startswith("data-") and value.startswith("/")
        return name in _LINKS or is_path or value.startswith(f"{self._site}/")

    def _is_ours(self, link: str) -> bool:
        return urljoin(f"{self._site}/", link).startswith(f"{self._site}/")

    def _lead(self, tag: Tag, name: str, link: str, to: Address) -> None:
        """Change what a server of files would misread, and nothing else: an absolute address stays the live one."""
        if link.startswith(self._site):
            return
        if "?" in link or (self._at.query and not link.startswith("/")):
            _before, hash_, part = link.partition("#")
            tag[name] = f"{to.here}{hash_}{part}"
