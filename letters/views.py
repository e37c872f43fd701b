"""The public pages of what is being said: home, host, letter; and a letter behind its secret link."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from letters import pages, showing
from letters.models import Host, Letter, LetterQuerySet, Text
from letters.revision import (
    Edition,
    edition_of,
    edition_of_all,
    edition_of_host,
    letter_of,
)
from letters.showing import letter_context


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The open letters, newest first."""

    def page() -> str:
        letters = _readable(Letter.objects.public().newest_first())
        return render_to_string("letters/home.html", {"letters": letters}, request)

    return pages.answer(request, ("home",), edition_of_all(), page)


@require_safe
def host(request: HttpRequest, slug: str) -> HttpResponse:
    """Who publishes letters: what it stands for, its letters, its links."""
    edition = edition_of_host(slug)

    def page() -> str:
        host = Host.objects.get(slug=slug)
        context = {
            "host": host,
            "text": host.text_for(get_language()),
            "links": host.links.all(),
            "letters": _readable(host.letters.public().newest_first()),
        }
        return render_to_string("letters/host.html", context, request)

    return pages.answer(request, ("host", slug), edition, page)


@require_safe
def host_picture(request: HttpRequest, slug: str) -> FileResponse:
    """A host's picture. Its address changes with the picture, so it may be kept for long."""
    host = get_object_or_404(Host.objects.exclude(picture=""), slug=slug)
    return FileResponse(host.picture.open(), content_type="image/jpeg")


@require_safe
def letter(request: HttpRequest, slug: str) -> HttpResponse:
    """A letter: its text, its figures, its signatories, and the way to sign."""
    edition = edition_of(slug)
    return pages.answer(request, ("letter", slug), str(edition), lambda: _letter_page(request, edition))


@require_safe
def gathering_letter(request: HttpRequest, key: str) -> HttpResponse:
    """A letter behind its secret link, for those who were invited to sign before its launch."""
    letter = get_object_or_404(Letter.objects.select_related("host"), gathering_key=key)
    if letter.is_public:
        return redirect(letter)
    if not letter.accepts_signatures:
        raise Http404
    return render(request, "letters/letter.html", letter_context(letter) | {"is_secret": True})


@require_safe
def versions(request: HttpRequest, slug: str) -> HttpResponse:
    """How a letter has changed since it was launched, version by version."""
    edition = edition_of(slug)
    return pages.answer(
        request, ("versions", slug), str(edition), lambda: _version_page(request, edition, "versions", None)
    )


@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A letter as one version said it, and what that version changed."""
    edition = edition_of(slug)
    return pages.answer(
        request,
        ("version", slug, number),
        str(edition),
        lambda: _version_page(request, edition, "version", number),
    )


def _version_page(request: HttpRequest, edition: Edition, name: str, number: int | None) -> str:
    letter = letter_of(edition)
    return render_to_string(f"letters/{name}.html", showing.version_context(letter, number), request)


def _letter_page(request: HttpRequest, edition: Edition) -> str:
    letter = letter_of(edition)
    return render_to_string("letters/letter.html", letter_context(letter), request)


def _readable(letters: LetterQuerySet) -> list[Letter]:
    """Return letters with `.text` in the reader's language, in two queries."""
    listed = list(letters.select_related("host"))
    texts: dict[int, list[Text]] = {}
    newest = Text.objects.filter(letter__in=listed).order_by("letter_id", "language", "-version")
    for text in newest.distinct("letter_id", "language"):
        texts.setdefault(text.letter_id, []).append(text)
    for letter in listed:
        letter.is_shown = True
        letter.text = letter.nearest_text(texts.get(letter.pk, []), get_language())
    return [letter for letter in listed if letter.text]
