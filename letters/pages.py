"""Public pages, kept ready: rendered and packed once an edition, answered with an ETag.

Public bytes are a function of (release, page, edition, language), so a page whose edition stands needs no
rendering, and a reader who has it needs no bytes. Whoever asks the same in the same moment gets the same answer.
"""

import gzip
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

import brotli
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from letters.release import RELEASE

RENDER_AT_MOST_EVERY = 1.0  # seconds; a burst of approvals must not become a burst of rendering


# What browsers take, the shortest first, and how a page that many will fetch is packed.
_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda plain: brotli.compress(plain, quality=11),
    "gzip": lambda plain: gzip.compress(plain, 6, mtime=0),
}
_QUICK_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda plain: brotli.compress(plain, quality=3),
    "gzip": lambda plain: gzip.compress(plain, 1, mtime=0),
}


@dataclass(eq=False, slots=True)
class Page:
    """A rendered page, in each form that browsers asked for; one form is enough where packing would gain nothing."""

    etag: str
    rendered_at: float
    plain: bytes
    is_packed: bool
    _packed: dict[str, bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def size(self) -> int:
        """Return how many bytes it takes at most: in all its packed forms together less than once more."""
        return len(self.plain) * 2 if self.is_packed else len(self.plain)

    def body(self, accepted: str) -> tuple[bytes, str]:
        """Return (bytes, content encoding) for an Accept-Encoding header, packed by the first who asks so."""
        coding = _coding(accepted) if self.is_packed and self.plain else ""
        if not coding:
            return self.plain, ""
        if coding not in self._packed:
            with self._lock:
                if coding not in self._packed:
                    self._packed[coding] = _CODINGS[coding](self.plain)
        return self._packed[coding], coding


@dataclass(slots=True)
class _Rendering:
    """A page being rendered by one request, while others wait for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    requests: int = 0


class KeptPages:
    """Rendered pages of this process, the least recently asked for going first when `limit` bytes are full."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._rendering: dict[Hashable, _Rendering] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, etag: str, render: Callable[[], bytes], *, packed: bool = True) -> Page:
        """Return the page of that edition; one older by less than a second will do."""
        page = self._find(key)
        if page is not None and _will_do(page, etag):
            return page
        with self._lock:
            rendering = self._rendering.setdefault(key, _Rendering())
            rendering.requests += 1
        try:
            with rendering.lock:
                page = self._find(key)
                if page is not None and _will_do(page, etag):
                    return page
                started = time.monotonic()
                page = Page(etag, started, render(), packed)
                self._keep(key, page)
        finally:  # pages that turn out not to exist must not fill the process either
            with self._lock:
                rendering.requests -= 1
                if not rendering.requests:
                    self._rendering.pop(key, None)
        return page

    def forget(self) -> None:
        with self._lock:
            self._pages.clear()
            self._size = 0

    def _find(self, key: Hashable) -> Page | None:
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def _keep(self, key: Hashable, page: Page) -> None:
        with self._lock:
            old = self._pages.pop(key, None)
            self._size += page.size - (old.size if old else 0)
            self._pages[key] = page
            while self._size > self._limit and len(self._pages) > 1:
                _, dropped = self._pages.popitem(last=False)
                self._size -= dropped.size


def _coding(accepted: str) -> str:
    """Return the best coding of an Accept-Encoding header, or "" where it has none of ours."""
    return next((coding for coding in _CODINGS if _is_accepted(coding, accepted)), "")


def _is_accepted(coding: str, accepted: str) -> bool:
    """Whether an Accept-Encoding header names a coding, and not in order to refuse it."""
    for offer in accepted.split(","):
        name, _, weight = offer.partition(";")
        if name.strip().lower() == coding:
            return weight.strip().rstrip("0.") != "q="
    return False


def _will_do(page: Page, etag: str) -> bool:
    return page.etag == etag or time.monotonic() - page.rendered_at < RENDER_AT_MOST_EVERY


def _bytes(page: str | bytes) -> bytes:
    return page.encode() if isinstance(page, str) else page


class Repeatable(HttpResponse):
    """An answer for everybody who asks the same in this moment: its bytes are those of an edition read in it."""


_kept = KeptPages(settings.PAGE_CACHE_BYTES)


def forget() -> None:
    """Render everything anew at the next request: called when an act of this process changed public bytes."""
    _kept.forget()


def answer(
    request: HttpRequest,
    key: tuple[Hashable, ...],
    edition: str,
    render: Callable[[], str | bytes],
    *,
    content_type: str = "text/html; charset=utf-8",
    packed: bool = True,
    is_kept: bool = True,
    has_etag: bool = True,
) -> HttpResponse:
    """Answer with the page `key` in that edition and the active language, rendered when it was not yet.

    What is packed in itself, such as a PDF, is not packed again; what hardly anybody else will ask for is not kept.
    What browsers must not store has no ETag, and is kept here all the same: it is one for everybody.
    """
    language = get_language()
    etag = f'W/"{RELEASE}.{edition}.{language}"'
    kind: type[HttpResponse] = Repeatable if is_kept else HttpResponse
    if has_etag and etag in request.META.get("HTTP_IF_NONE_MATCH", ""):
        response = kind(status=304)
    else:
        accepted = request.META.get("HTTP_ACCEPT_ENCODING", "")
        if is_kept:
            page = _kept.get((*key, language), etag, lambda: _bytes(render()), packed=packed)
            if page.etag != etag:  # an older one that will do
                kind, etag = HttpResponse, page.etag
            body, encoding = page.body(accepted)
        else:
            body, encoding = _bytes(render()), _coding(accepted)
            if encoding:
                body = _QUICK_CODINGS[encoding](body)
        response = kind(body, content_type=content_type)
        if encoding:
            response["Content-Encoding"] = encoding
    if has_etag:
        response["ETag"] = etag
    response["Vary"] = "Accept-Encoding"
    return response
