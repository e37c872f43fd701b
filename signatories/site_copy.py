"""A whole installation as a folder of files, for a server that knows nothing else.

The application itself is asked, in this process, as a stranger would ask it, page by page, following every link. What
anybody may keep is written down; what nobody may keep, such as a form, becomes a page that says it is off here. So no
rule about what is public stands here: the answers say it.

    FOLDER/current      the copy, a link to one of the folders beside it; it is put there when the copy is whole
    FOLDER/copy-…       the copy
    FOLDER/.undersigned what the copy was made of: by it the folder is known to be ours
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponseBase
from django.template.defaultfilters import date as format_date
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import LocalePrefixPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from letters import revision
from letters.models import Host, Letter
from letters.release import RELEASE
from signatories.copied_pages import Address, CopiedPage, address_of, links_of
from signatories.models import Statement

_MARKER = ".undersigned"
_CURRENT = "current"
_LANGUAGES = [code for code, _name in settings.LANGUAGES]
_BESIDE = ("/sitemap.xml", "/robots.txt")  # what programs ask for unasked


class NotOurFolder(Exception):
    """There is something else in the folder."""


class AtWorkAlready(Exception):
    """Another run is writing into the folder."""


class PageFailed(Exception):
    """The application had no answer. `address` says to what."""

    def __init__(self, address: str, status: int) -> None:
        super().__init__(f"{address} answered {status}")


def write(folder: Path, *, if_changed: bool = False, tell: Callable[[int], None]) -> int:
    """Write the copy and put it in the place of the one before; return how many files it has, 0 if nothing changed.

    `tell` is called with the number of files now and then. Whatever fails, the copy before stays.
    Raises NotOurFolder, AtWorkAlready, PageFailed.
    """
    with _taken(folder), override(settings.LANGUAGE_CODE):  # asking for a page leaves its language behind
        revision.forget()
        what = _what_is_public()
        if if_changed and _known(folder) == what and (folder / _CURRENT).exists():
            return 0
        copy = Path(tempfile.mkdtemp(prefix=f"copy-{timezone.now():%Y%m%dT%H%M%S}-", dir=folder))
        try:
            number = _Copying(copy, tell).everything()
            copy.chmod(0o755)  # mkdtemp's own is for its owner alone, and the web server is another
            _put(folder, copy)
        except BaseException:
            shutil.rmtree(copy)
            raise
        said = {"copied": what, "at": timezone.now().isoformat(timespec="seconds"), "site": settings.SITE_URL}
        (folder / _MARKER).write_text(json.dumps(said) + "\n")
        for old in folder.glob("copy-*"):
            if old != copy:
                shutil.rmtree(old)
    return number


# --- the folder ------------------------------------------------------------------------------------------


@contextmanager
def _taken(folder: Path) -> Iterator[None]:
    """Hold the folder for one run; make it where there is none."""
    marker = folder / _MARKER
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NotOurFolder
    if folder.exists() and not marker.exists() and any(folder.iterdir()):
        raise NotOurFolder
    folder.mkdir(parents=True, exist_ok=True)
    with marker.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AtWorkAlready from None
        yield


def _known(folder: Path) -> str:
    said = (folder / _MARKER).read_text()
    return str(json.loads(said)["copied"]) if said else ""


def _put(folder: Path, copy: Path) -> None:
    """Replace the copy before in one step: no reader finds half of either."""
    new = folder / f"{_CURRENT}.new"
    new.unlink(missing_ok=True)
    new.symlink_to(copy.name)
    os.replace(new, folder / _CURRENT)


def _what_is_public() -> str:
    """Return what changes whenever a public byte does. A statement stands by itself and changes no other page."""
    hosts = {slug: revision.edition_of_host(slug) for slug in _hosts()}
    stated = Statement.objects.count()
    what = (RELEASE, settings.SITE_URL, _LANGUAGES, revision.edition_of_all(), sorted(hosts.items()), stated)
    return hashlib.sha256(repr(what).encode()).hexdigest()


def _hosts() -> list[str]:
    return list(
        Host.objects.filter(letters__in=Letter.objects.public())
        .order_by("slug")
        .distinct()
        .values_list("slug", flat=True)
    )


# --- what is asked ---------------------------------------------------------------------------------------


class _Copying:
    """One run: what was asked for, what is still to be asked for, and where it is written."""

    def __init__(self, folder: Path, tell: Callable[[int], None]) -> None:
        self._folder, self._tell = folder, tell
        self._site = settings.SITE_URL
        self._client = Client(raise_request_exception=False)
        self._to_ask: deque[Address] = deque()
        self._seen: set[Address] = set()
        self._written = 0
        self._copied_at = timezone.now()

    def everything(self) -> int:
        self._add(_beginnings())
        for language in _LANGUAGES:
            missing = Address(f"{_prefix(language)}/404.html")
            self._write(missing, self._said(missing, "404.html"))
        while self._to_ask:
            self._copy(self._to_ask.popleft())
        return self._written

    def _add(self, addresses: Iterable[Address]) -> None:
        for address in addresses:
            if address not in self._seen and not address.path.startswith("/admin/"):
                self._seen.add(address)
                self._to_ask.append(address)

    def _ask(self, address: str) -> HttpResponseBase:
        site = urlsplit(self._site)
        headers = {"Host": site.netloc, "Accept-Encoding": "identity"}
        answer = self._client.get(address, secure=site.scheme == "https", headers=headers)
        if answer.status_code >= 500 or answer.status_code == 400:  # SITE_URL may not be among ALLOWED_HOSTS
            raise PageFailed(address, answer.status_code)
        return answer

    def _copy(self, address: Address) -> None:
        answer = self._ask(address.live)
        if answer.status_code == 200 and "public" in answer.get("Cache-Control", ""):
            self._keep(address, answer)
        elif address.path.endswith("/") and answer.status_code != 404:
            self._write(address, self._said(address, "signatories/off.html"))

    def _keep(self, address: Address, answer: HttpResponseBase) -> None:
        kind = answer.get("Content-Type", "").partition(";")[0]
        if kind == "text/html" and address.path.endswith("/"):
            self._write(address, self._as_copied(address, b"".join(answer).decode()))
            return
        file = self._write(address, b"")
        with file.open("wb") as written:
            written.writelines(self._whole(answer) if kind == "application/json" else answer)
        if kind == "text/css" or kind.endswith(("xml", "javascript")):
            found = (
                address_of(link, on=address, site=self._site) for link in links_of(file.read_text(), kind)
            )
            self._add(one for one in found if one is not None)

    def _whole(self, answer: HttpResponseBase) -> Iterator[bytes]:
        """Return data in one piece: where it goes on elsewhere, there are no other pages of a file to go on to."""
        data = json.loads(b"".join(answer))
        many = next((name for name, value in data.items() if isinstance(value, list)), None)
        if many is None or "next" not in data:
            yield json.dumps(data, ensure_ascii=False).encode()
            return
        separator = f'{{"{many}": ['
        while True:
            for record in data[many]:
                yield (separator + json.dumps(record, ensure_ascii=False)).encode()
                separator = ",\n"
            if not data["next"]:
                break
            data = json.loads(b"".join(self._ask(data["next"].removeprefix(self._site))))
        yield b'], "next": null}' if separator == ",\n" else f'{{"{many}": [], "next": null}}'.encode()

    def _as_copied(self, address: Address, html: str) -> bytes:
        page = CopiedPage(html, at=address, site=self._site)
        self._add(page.links())
        with override(_language_of(address)):
            page.say_off(
                _(
                    "This is a copy to read: searching and forms are off here. Your browser can search this page."
                )
            )
            moment = f"{format_date(self._copied_at, 'DATE_FORMAT')}, {self._copied_at:%H:%M} UTC"
            page.say_copied(_("A copy of this site, as of %(moment)s.") % {"moment": moment})
        return page.html().encode()

    def _said(self, address: Address, template: str) -> bytes:
        """Return a page of ours, in the language of the address."""
        with override(_language_of(address)):
            request = RequestFactory().get(address.live)
            html = render_to_string(template, {"letter_url": _letter_of(address)}, request)
        return self._as_copied(address, html)

    def _write(self, address: Address, content: bytes) -> Path:
        file = self._folder / address.file
        if self._folder.resolve() not in file.resolve().parents:
            raise PageFailed(address.live, 0)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        self._written += 1
        if self._written % 100 == 0:
            self._tell(self._written)
        return file


def _beginnings() -> Iterator[Address]:
    """Return where the copy begins: what stands by itself, and all that hangs on a letter or a host alone."""
    slugs = {
        "letters/<slug:slug>/": list(Letter.objects.public().values_list("slug", flat=True)),
        "hosts/<slug:slug>/": _hosts(),
    }
    yield from (Address(path) for path in _BESIDE)
    for language in _LANGUAGES:
        yield Address(f"{_prefix(language)}/")
    for stated in Statement.objects.filter(letter__in=Letter.objects.public()).select_related("letter"):
        path = reverse(
            "statement", args=[stated.letter.slug, stated.public_id]
        )  # quoted elsewhere, linked nowhere
        yield from (Address(f"{_prefix(code)}{path}") for code in _LANGUAGES)
    for route, has_language in _routes(get_resolver()):
        beginning = next((one for one in slugs if route.startswith(one)), "")
        for slug in slugs.get(beginning, ()) if route.count("<") == 1 else ():
            path = f"/{route.replace('<slug:slug>', slug)}"
            yield Address(path)
            yield from (Address(f"{_prefix(code)}{path}") for code in _LANGUAGES if has_language)


def _routes(resolver: URLResolver, *, has_language: bool = False) -> Iterator[tuple[str, bool]]:
    """Return each public address as it is written in config/urls.py, and whether there is one in each language."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield str(pattern.pattern), has_language
        elif isinstance(pattern.pattern, LocalePrefixPattern):
            yield from _routes(pattern, has_language=True)


def _prefix(language: str) -> str:
    return "" if language == settings.LANGUAGE_CODE else f"/{language}"


def _language_of(address: Address) -> str:
    first = address.path.split("/")[1]
    return first if first in _LANGUAGES else settings.LANGUAGE_CODE


def _letter_of(address: Address) -> str:
    """Return the page of the letter an address belongs to, or "" where it belongs to none."""
    language = _prefix(_language_of(address))
    parts = address.path.removeprefix(language).split("/")
    return f"{language}/letters/{parts[2]}/" if parts[1] == "letters" and len(parts) > 3 else ""
