"""A letter to keep: one self-contained page, a Word document or plain text, with all that the public may know of it.

All three say the same and name the same: what a letter's copy says is built here once, each format writes it down. The
names come last and one by one, so that a hundred thousand cost no more memory than ten.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.defaultfilters import date as format_date
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext_lazy, ngettext, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from letters import pages, texts, versions
from letters.models import Letter, Text
from letters.release import RELEASE
from letters.revision import Edition, edition_of
from letters.showing import addresses, moment
from signatories import documents, plain_text, wall, word
from signatories.documents import Content, isolated
from signatories.models import Delivery
from signatories.public_documents import Round, rounds

KEPT_UP_TO = 1_000  # names; longer copies are made for whoever asks, rather than pushing pages out of memory

Lines = Iterable[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file a letter can be kept as; `pieces` writes down what is said, and then the names."""

    label: str | Promise
    meant_for: str | Promise
    content_type: str
    pieces: Callable[[Content, Lines], Iterator[bytes]]
    packed: bool = True


# --- the page, and the files ---------------------------------------------------------------------------


@require_safe
def archive(request: HttpRequest, slug: str) -> HttpResponse:
    """Where a reader takes the letter away, in the format that suits."""
    edition = edition_of(slug)

    def page() -> str:
        letter = Letter.objects.select_related("host").get(pk=edition.letter_id)
        context = {
            "letter": letter,
            "text": letter.text_for(get_language()),
            "counts": wall.counts(letter),
            "formats": FORMATS,
            **addresses(letter),
        }
        return render_to_string("signatories/archive.html", context, request)

    return pages.answer(request, ("archive", slug), str(edition), page)


@require_safe
def letter_file(request: HttpRequest, slug: str, suffix: str) -> HttpResponseBase:
    """The letter in one of the formats, to be saved. Its bytes change with the letter's edition alone."""
    edition, written = edition_of(slug), FORMATS[suffix]
    response: HttpResponseBase
    try:
        response = pages.answer(
            request,
            ("letter_file", slug, suffix),
            str(edition),
            lambda: _whole(edition, written),
            content_type=written.content_type,
            packed=written.packed,
        )
    except _TooLongToKeep as too_long:
        response = StreamingHttpResponse(too_long.pieces, content_type=written.content_type)
        response["ETag"] = f'W/"{RELEASE}.{edition}.{get_language()}"'
    response["Content-Disposition"] = f'attachment; filename="{slug}-{get_language()}.{suffix}"'
    if suffix == "html":
        response[HEADER] = build_policy(replace={"style-src": [hash_of(_style())]})
    return response


class _TooLongToKeep(Exception):
    """The copy has more names than are kept in memory. `pieces` are what it consists of."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self.pieces = pieces


def _whole(edition: Edition, written: Format) -> bytes:
    letter = Letter.objects.select_related("host").get(pk=edition.letter_id)
    counts = wall.counts(letter)
    said = content(letter, get_language(), counts)
    pieces = written.pieces(said, lines(wall.every_name(letter), said))
    if counts.organisations - counts.unnamed > KEPT_UP_TO:
        raise _TooLongToKeep(pieces)
    return b"".join(pieces)


# --- what a copy says ------------------------------------------------------------------------------------


def content(letter: Letter, language: str, counts: wall.Counts) -> Content:
    """Return all that a copy says apart from the names, in that language or the nearest there is, as plain data.

    To what documents say it adds who is addressed in full, what happened since, and how to read the numbers.
    """
    text = letter.text_for(language)
    if text is None:
        raise documents.DocumentNotMade
    arrived = list(letter.deliveries.arrived().select_related("recipient", "text"))
    answered = list(
        letter.deliveries.answered_publicly().select_related("recipient").order_by("answered_on", "pk")
    )
    changes = versions.seen_by_public(letter, versions.changes(letter, text.language))
    as_of = _as_of(
        letter, [*(change.at for change in changes), *(one.sent_at for one in arrived if one.sent_at)]
    )
    said = documents.content(letter, text, counts=counts, as_of=as_of)
    with override(text.language):
        return {
            **said,
            "body_as_html": _body_as_html(text, counts),
            "recipients": [_addressee(one) for one in letter.recipients.all()],
            "copied": _("A copy as of %(moment)s, revision %(number)s.")
            % {"moment": isolated(moment(as_of, letter)), "number": letter.revision},
            "lives_at": _("The letter lives at"),
            "sections": [
                section
                for section in (
                    {
                        "title": _("What changed"),
                        "entries": [_changed(one, letter) for one in reversed(changes)],
                    },
                    {"title": _("Handed over"), "entries": [_handed(one) for one in rounds(letter, arrived)]},
                    {"title": _("Answers"), "entries": [_answered(one) for one in answered]},
                )
                if section["entries"]
            ],
            "reading_title": _("How to read the numbers"),
            "reading": [*said["remarks"], *_reading(letter, counts)],
            "verified": _("verified"),
        }


def lines(names: Iterable[wall.Signatory], said: Content) -> Iterator[dict[str, str]]:
    """Return each name with what is told beside it: its Latin form, its country, whether it is verified."""
    for one in names:
        name = documents.Name(one.name, one.latin, one.country_code, one.is_network)
        line = documents.line(name, said, with_country=True)
        beside = [line["beside"], said["verified"] if one.is_verified else ""]
        yield {"name": line["name"], "beside": " · ".join(filter(None, beside))}


def _as_of(letter: Letter, happened: list[datetime]) -> datetime:
    """Return when something last happened to the letter: the same until it changes, unlike the time of asking."""
    dates = (letter.opens_at, letter.closes_at, letter.archived_at, wall.newest_since(letter))
    return max(at for at in (*dates, *happened) if at and at <= timezone.now())


def _body_as_html(text: Text, counts: wall.Counts) -> str:
    return texts.render(
        text.body, organisations=counts.organisations, countries=counts.countries, language=text.language
    )


def _addressee(recipient: Any) -> str:
    whose = recipient.mission or recipient.country_name
    said = [isolated(recipient.style_of_address or recipient.office), isolated(whose)]
    return _(", ").join(filter(None, said))


def _changed(change: versions.Change, letter: Letter) -> Content:
    what = _("Changed in what it asks") if change.is_material else _("Changed in its wording")
    return {"head": f"{documents.day(change.at, letter)} · {what}", "words": change.sentence, "link": ""}


def _handed(round_: Round) -> Content:
    to = [_addressee(delivery.recipient) for delivery in round_.deliveries]
    what = [_("A supplement: names that came after the letter.")] if round_.is_supplement else []
    counted = _("Signed by: %(count)s.") % {"count": documents.count_of(round_.counts)}
    return {
        "head": format_date(round_.on, "DATE_FORMAT"),
        "words": " ".join([*what, counted, _("To:"), " · ".join(to)]),
        "link": "",
    }


def _answered(delivery: Delivery) -> Content:
    head = [_addressee(delivery.recipient)]
    if delivery.answered_on:
        head.append(format_date(delivery.answered_on, "DATE_FORMAT"))
    return {"head": " · ".join(head), "words": delivery.answer_words, "link": delivery.answer_link}


def _reading(letter: Letter, counts: wall.Counts) -> list[str]:
    """Return what the page about counting says, as far as one needs it beside the names."""
    unnamed = _(
        "Some would be in danger if their name stood here. They signed, confirmed and were looked at as all others, and"
        " they count; their name is shown to nobody, or to the recipients alone."
    )
    return [
        _(
            "We count organisations, never people. Somebody signs for an organisation, confirms that from a mailbox or"
            " by phone, and a moderator looks at it before it counts. An organisation counts once under this letter,"
            " however often somebody signs for it."
        ),
        *([unnamed] if counts.unnamed else []),
        ngettext(
            "Each organisation says in which country it works. Where fewer than %(n)s unnamed organisation would be"
            " told by its country, we withhold the country, and do not count it either, unless somebody from there is"
            " named.",
            "Each organisation says in which country it works. Where fewer than %(n)s unnamed organisations come from a"
            " country, that could give them away: we withhold it, and do not count the country either, unless somebody"
            " from there is named.",
            settings.SMALL_CELL,
        )
        % {"n": settings.SMALL_CELL},
        _(
            "Verified: %(host)s has looked at what this organisation is and does, or other verified organisations know"
            " it. Without the sign nobody has looked yet; it says nothing else."
        )
        % {"host": isolated(letter.host.name)},
        _(
            "An organisation may take its name off the list at any time. Before you publish this copy again, look at"
            " the letter's own address: what stands there counts."
        ),
    ]


# --- one page that needs nothing else ----------------------------------------------------------------------

_NAMES = "<!--names-->"  # nothing a letter says can be this: it is escaped, or cleaned of comments


def _page(said: Content, names: Lines) -> Iterator[bytes]:
    style = _style()
    context = {"said": said, "style": mark_safe(style), "policy": policy(style), "names": mark_safe(_NAMES)}  # noqa: S308 - our own file
    with override(said["language"]):
        head, _here, tail = render_to_string("documents/letter.html", context).partition(_NAMES)
    yield head.encode()
    for one in names:
        beside = format_html(" <small>{}</small>", one["beside"]) if one["beside"] else ""
        yield format_html('<li><bdi dir="auto">{}</bdi>{}</li>\n', one["name"], beside).encode()
    yield tail.encode()


def _style() -> str:
    return render_to_string("documents/letter.css").strip()


def policy(style: str) -> str:
    """Return what the page itself forbids browsers wherever it is opened: to ask for anything, or to run anything."""
    return f"default-src 'none'; style-src {hash_of(style)}; base-uri 'none'; form-action 'none'"


def hash_of(style: str) -> str:
    """Return by what browsers know a style that may stand in a page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


FORMATS = {
    "html": Format(
        gettext_lazy("Web page"),
        gettext_lazy("One file that opens in any browser, also without the internet."),
        "text/html; charset=utf-8",
        _page,
    ),
    "docx": Format(
        gettext_lazy("Word (DOCX)"),
        gettext_lazy("To print, quote or translate."),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        word.pieces,
        packed=False,
    ),
    "txt": Format(
        gettext_lazy("Plain text"),
        gettext_lazy("The smallest: for a mail, a chat or an old phone."),
        "text/plain; charset=utf-8",
        plain_text.pieces,
    ),
}
