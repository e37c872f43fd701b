"""Importing a letter that is already public: shown first, written only when told, a second time without effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import slugify

from letters import languages, lifecycle
from letters.models import Host, Letter, Staff, Text, record
from letters.parsing import ParsedLetter, ParsedSignatory, parse_letter, read_document
from letters.phases import Phase
from letters.revision import bump
from signatories import consent, likeness, names
from signatories.models import Channel, Organisation, Signature, SignatureStatus
from signatories.visibility import Visibility


class AnotherLetter(Exception):
    """The address is taken by a letter with another text."""


class NoLetterFound(Exception):
    """The document has no title or no body to import."""


class HostUnknown(Exception):
    """There is no host of that address."""


@dataclass(frozen=True)
class Doubt:
    """A name worth a second look, and why."""

    signatory: ParsedSignatory
    reasons: Sequence[str | Promise]


@dataclass(frozen=True)
class Likeness:
    """Two names that look like one organisation; `score` is 1 for the same."""

    first: ParsedSignatory
    second: ParsedSignatory
    score: float


@dataclass(frozen=True)
class Found:
    """What a document holds, to be looked at before it is written."""

    letter: ParsedLetter
    doubts: list[Doubt]
    likenesses: list[Likeness]

    @property
    def countries(self) -> int:
        return len({one.country for one in self.letter.signatories if one.country})


@dataclass(frozen=True)
class Written:
    """What an import did: the letter and how many signatures it added."""

    letter: Letter
    added: int


def find(path: Path) -> Found:
    """Read a document and say what is in it. Raises letters.parsing.UnreadableDocument."""
    parsed = parse_letter(read_document(path))
    signatories = parsed.signatories
    doubts = [Doubt(one, [names.sentence(code) for code in names.lint(one.name)]) for one in signatories]
    alike = likeness.resembling([one.name for one in signatories])
    return Found(
        letter=parsed,
        doubts=[doubt for doubt in doubts if doubt.reasons],
        likenesses=[Likeness(signatories[one], signatories[other], score) for one, other, score in alike],
    )


def import_letter(
    found: Found,
    *,
    slug: str = "",
    host: str = "",
    open_for_signing: bool = False,
    by: Staff | None = None,
) -> Written:
    """Publish what was found, as it was published before: with its date, closed unless it is to be opened.

    The names are public already, so they are published, without contact, each as an unverified organisation of
    its own. Signatures are keyed on (letter, source line): a second import adds nothing. Raises NoLetterFound,
    AnotherLetter or HostUnknown.
    """
    parsed = found.letter
    if not parsed.title or not parsed.body:
        raise NoLetterFound
    with transaction.atomic():
        letter, text = _letter_and_text(parsed, slug or _slug(parsed), host)
        added = _add_signatures(letter, text, parsed)
        if added:
            record("import", kind="letter", subject=letter.slug, letter=letter, by=by)
            bump([letter.pk])
    if open_for_signing and letter.phase == Phase.CLOSED:
        lifecycle.reopen_letter(letter, by=by)
    letter.refresh_from_db()
    return Written(letter, added)


def _letter_and_text(parsed: ParsedLetter, slug: str, host: str) -> tuple[Letter, Text]:
    """Return the letter at that address with the text that was found, making both where there is none."""
    published = datetime.combine(parsed.date, time(12), tzinfo=UTC) if parsed.date else timezone.now()
    letter = Letter.objects.filter(slug=slug).first()
    language = parsed.language if parsed.language in dict(languages.CHOICES) else "en"
    if letter is None:
        letter = Letter.objects.create(
            slug=slug,
            host=_host(host),
            original_language=language,
            opens_at=min(published, timezone.now()),
            closes_at=min(published, timezone.now()),
        )
        text = Text.objects.create(
            letter=letter,
            language=language,
            title=parsed.title[:255],
            subtitle=parsed.subtitle[:400],
            body=parsed.body,
        )
        return letter, text
    known = letter.texts.filter(language=language, body=parsed.body).order_by("-version").first()
    if known is None:
        raise AnotherLetter
    return letter, known


def _host(slug: str) -> Host:
    if slug:
        host = Host.objects.filter(slug=slug).first()
        if host is None:
            raise HostUnknown
        return host
    host, _ = Host.objects.get_or_create(slug="imported-letters", defaults={"name": "Imported letters"})
    return host


def _slug(parsed: ParsedLetter) -> str:
    """Return an ASCII address made of the title, or of the date where the title has no Latin letters."""
    written_on = parsed.date or timezone.now().date()
    words = (
        slugify(parsed.title)[:50].rpartition("-")[0]
        if len(slugify(parsed.title)) > 50
        else slugify(parsed.title)
    )
    return words or f"letter-{written_on.isoformat()}"


def _add_signatures(letter: Letter, text: Text, parsed: ParsedLetter) -> int:
    there = set(letter.signatures.filter(channel=Channel.IMPORT).values_list("source_line", flat=True))
    new = [one for one in parsed.signatories if one.line not in there and names.clean(one.name)]
    organisations = [_organisation(one) for one in new]
    Organisation.objects.bulk_create(organisations)
    Signature.objects.bulk_create(
        _signature(letter, text, one, organisation)
        for one, organisation in zip(new, organisations, strict=True)
    )
    consent.sort_out(Signature.objects.filter(letter=letter))  # the text on the page may be older than ours
    return len(new)


def _organisation(one: ParsedSignatory) -> Organisation:
    organisation = Organisation(name=names.clean(one.name)[: names.LONGEST], country=one.country)
    organisation.fill_key()
    return organisation


def _signature(letter: Letter, text: Text, one: ParsedSignatory, organisation: Organisation) -> Signature:
    signature = Signature(
        letter=letter,
        text=text,
        agreed_version=text.version,
        organisation=organisation,
        name=organisation.name,
        country=one.country,
        status=SignatureStatus.PUBLISHED,
        visibility=Visibility.PUBLIC,
        channel=Channel.IMPORT,
        source_line=one.line,
        language=text.language,
        published_at=letter.opens_at,
    )
    signature.fill_keys()
    return signature
