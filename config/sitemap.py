"""What search engines are told: which pages there are, in which languages, and what is none of theirs."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from letters import pages
from letters.models import Host, Letter
from letters.revision import edition_of_all

# Below these stands what belongs to one person, or to those who were given the address.
_NOBODYS_BUSINESS = ("s", "g", "w", "i", "u", "p")


@dataclass(frozen=True, slots=True)
class _Place:
    """An address of ours, and the languages in which it is to be found."""

    name: str
    slug: str
    languages: list[str]


class _InItsLanguages(Sitemap[_Place]):
    """Addresses in each language, each with those in the others, as the pages themselves say it.

    Without a date: that of a page's last change is not known, since a name that is taken off leaves none, and a date
    that is sometimes wrong is soon believed no more.
    """

    i18n = alternates = True  # x_default would take "/en/" out of a slug, too

    def items(self) -> list[_Place]:
        """Return home, what can be read, and who published it.

        A host that has published nothing is prepared in silence, as its letters are.
        """
        letters = list(Letter.objects.public().newest_first().prefetch_related("texts"))
        hosts = Host.objects.filter(letters__in=letters).distinct().order_by("slug")
        spoken = [code for code, _name in settings.LANGUAGES]
        return [
            _Place("home", "", spoken),
            *(_Place("host", host.slug, spoken) for host in hosts),
            *(_Place("letter", letter.slug, _written_in(letter)) for letter in letters),
        ]

    def get_languages_for_item(self, item: _Place) -> list[str]:
        return item.languages

    def location(self, item: _Place) -> str:
        return reverse(item.name, args=[item.slug] if item.slug else [])

    def get_protocol(self, protocol: str | None = None) -> str:
        """As it is configured, never as a request says."""
        return str(urlsplit(settings.SITE_URL).scheme)

    def get_domain(self, site: Any = None) -> str:
        return str(urlsplit(settings.SITE_URL).netloc)


def _written_in(letter: Letter) -> list[str]:
    """Return the languages of ours that a letter is written in: in others its page is the same letter once more."""
    written = {text.language for text in letter.texts.all()}
    spoken = [code for code, _name in settings.LANGUAGES if code in written]
    return spoken or [settings.LANGUAGE_CODE]


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every page a search engine may show, as sitemaps.org wants it."""
    return pages.answer(
        request, ("sitemap",), edition_of_all(), _sitemap, content_type="application/xml; charset=utf-8"
    )


def _sitemap() -> str:
    return render_to_string("sitemap.xml", {"urlset": _InItsLanguages().get_urls()})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Where search engines need not look, and where the sitemap is. It names no page that is secret."""
    return pages.answer(request, ("robots",), "1", _robots, content_type="text/plain; charset=utf-8")


def _robots() -> str:
    prefixes = ["", *(f"/{code}" for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE)]
    paths = ["/admin/", *(f"{prefix}/{part}/" for prefix in prefixes for part in _NOBODYS_BUSINESS)]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in paths), ""]
    return "\n".join([*lines, f"Sitemap: {settings.SITE_URL}/sitemap.xml", ""])
