"""Lists of signatures gathered elsewhere: read, compared with what is there, shown, and written only when told.

What was uploaded is sealed under the contacts' keys before it is stored, and erased when it is written, given up or a
day old. A row that is refused stops no other, and what was written once is not written again.
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from letters import countries
from letters.models import Letter, Staff, record
from signatories import contacts, headings, likeness, names
from signatories.emails import Mail, send_later
from signatories.entries import PROBLEMS, Entry, entries
from signatories.events import note
from signatories.models import (
    Channel,
    ConsentChannel,
    ImportFile,
    ImportRow,
    ImportStatus,
    Kind,
    ListConsent,
    Remark,
    RowResult,
    Signature,
    SignatureStatus,
    Verdict,
)
from signatories.sheets import Row, Sheet
from signatories.signing import LetterNotOpen
from signatories.visibility import Visibility

TAKEABLE = (Verdict.NEW, Verdict.LIKE, Verdict.JUNK)  # the others are there, have ended, or say nothing
COMPARED_AT_MOST = (
    10_000  # live signatures a list is held against; a moderator sees what resembles each one anyway
)
BATCH = 50
_TAKEN_BACK = (SignatureStatus.WITHDRAWN, SignatureStatus.REJECTED)


class ListIsElsewhere(Exception):
    """The list is not where the act begins: a colleague was faster, or it is written. `status` says where it is."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class NoSuchSheet(Exception):
    """The list has no sheet of that number."""


class NothingToWrite(Exception):
    """No row of the list is to be written."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where what stands in a list: which sheet, in which row its headings are, and which column holds what."""

    sheet: int = 0
    heading_row: int = 0
    columns: Mapping[int, str]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On whose word the list is written: who agreed to be named, how, and where that is kept."""

    consent: str = ListConsent.UNKNOWN
    channel: str = ""
    evidence: str = ""
    visibility: str = Visibility.COUNTED_ONLY
    language: str = settings.LANGUAGE_CODE
    asks_by_mail: bool = False


def take(letter: Letter, *, sheets: Sequence[Sheet], by: Staff) -> ImportFile:
    """Keep a list, sealed, until it is written; nothing is made of it yet. Raises LetterNotOpen."""
    if not letter.accepts_signatures:
        raise LetterNotOpen
    content = json.dumps([[sheet.title, sheet.rows, sheet.labels] for sheet in sheets])
    with transaction.atomic():
        file = ImportFile.objects.create(
            letter=letter,
            by=by,
            fingerprint=contacts.keyed("list", content),
            sealed=contacts.lock_away(zlib.compress(content.encode())),
            language=letter.original_language,
        )
        _note("take_list", file, by=by)
    return file


def sheets_of(file: ImportFile) -> list[Sheet]:
    """Return what a list holds. Raises ListIsElsewhere once it is gone."""
    if not file.sealed:
        raise ListIsElsewhere(file.status)
    kept = json.loads(zlib.decompress(contacts.take_out(bytes(file.sealed))))
    return [Sheet(title, [Row(*row) for row in rows], labels) for title, rows, labels in kept]


def check(file: ImportFile, *, layout: Layout, terms: Terms) -> ImportFile:
    """Compare each row with what is there and say what it is; nothing is written. May be done again.

    Raises ListIsElsewhere, NoSuchSheet.
    """
    with transaction.atomic():
        file = _lock(file, ImportStatus.READ, ImportStatus.CHECKED)
        sheets = sheets_of(file)
        if not 0 <= layout.sheet < len(sheets):
            raise NoSuchSheet
        sheet = sheets[layout.sheet]
        found = list(
            entries(sheet, headings.recognise(sheet, row=layout.heading_row), columns=layout.columns)
        )
        file.rows.all().delete()
        ImportRow.objects.bulk_create(_compared(file, found), batch_size=1_000)
        file.columns = {
            "sheet": layout.sheet,
            "heading_row": layout.heading_row,
            "columns": {str(place): holds for place, holds in layout.columns.items()},
        }
        for term in ("consent", "channel", "evidence", "visibility", "language", "asks_by_mail"):
            setattr(file, term, getattr(terms, term))
        file.status = ImportStatus.CHECKED
        file.save()
    return file


def write(file: ImportFile, *, by: Staff, also: Iterable[str] = ()) -> ImportFile:
    """Write the new rows, and those of the other verdicts that are named, in the background; go on where it stopped.

    Raises ListIsElsewhere, LetterNotOpen, NothingToWrite.
    """
    with transaction.atomic():
        file = _lock(file, ImportStatus.CHECKED, ImportStatus.STOPPED)
        if not file.letter.accepts_signatures:
            raise LetterNotOpen
        if file.status == ImportStatus.CHECKED:
            file.takes = [verdict for verdict in TAKEABLE if verdict in (Verdict.NEW, *also)]
        if not _to_write(file).exists():
            raise NothingToWrite
        file.status = ImportStatus.WRITING
        file.save(update_fields=["takes", "status"])
        _note("write_list", file, by=by, reason=file.channel or file.consent)
        _work_on_later(file)
    return file


def stop(file: ImportFile, *, by: Staff) -> ImportFile:
    """Let it be where it is; what is written stays. Raises ListIsElsewhere."""
    with transaction.atomic():
        file = _lock(file, ImportStatus.WRITING)
        file.status = ImportStatus.STOPPED
        file.save(update_fields=["status"])
        _note("stop_list", file, by=by)
    return file


def give_up(file: ImportFile, *, by: Staff) -> None:
    """Erase what of a list is not written. Raises ListIsElsewhere."""
    with transaction.atomic():
        file = _lock(file, ImportStatus.READ, ImportStatus.CHECKED, ImportStatus.STOPPED)
        _note("give_up_list", file, by=by)
        _let_go(file)


def work_on(file_id: int) -> None:
    """Write one batch and ask for the next one, both or neither.

    Harmless at any time and by many at once: whoever finds it in other hands leaves it to them.
    """
    with transaction.atomic():
        mine = ImportFile.objects.select_for_update(skip_locked=True, no_key=True)
        file = mine.filter(pk=file_id, status=ImportStatus.WRITING).first()
        if file is None:
            return
        if not file.letter.accepts_signatures:  # it was closed meanwhile; staff may reopen it and go on
            file.status = ImportStatus.STOPPED
            file.save(update_fields=["status"])
            return
        after = _pause(file.rows.filter(result=RowResult.WRITTEN).count())
        for row in _to_write(file)[:BATCH]:
            row.result, row.signature = _write(row, file, after=after)
            row.sealed = b""
            row.save(update_fields=["result", "signature", "sealed"])
        if _to_write(file).exists():
            _work_on_later(file)
        else:
            _empty(file)


def forget() -> None:
    """Erase lists that nobody has written within settings.LIST_KEPT."""
    old = ImportFile.objects.filter(at__lt=timezone.now() - settings.LIST_KEPT)
    for file in old.exclude(status__in=(ImportStatus.WRITING, ImportStatus.WRITTEN)):
        with transaction.atomic():
            _let_go(file)


# --- what is shown -----------------------------------------------------------------------------------------


def counts(file: ImportFile) -> dict[str, int]:
    """Return {verdict: rows} for verdicts of which there are any."""
    return dict(Counter(file.rows.order_by().values_list("verdict", flat=True)))


def results(file: ImportFile) -> dict[str, int]:
    """Return {result: rows} of rows that were to be written, "" for those that still are."""
    rows = file.rows.filter(verdict__in=file.takes).order_by()
    return dict(Counter(rows.values_list("result", flat=True)))


def entry_of(row: ImportRow) -> Entry | None:
    """Return what a row says; None once it is gone, or while its key is missing."""
    try:
        return _entry(row) if row.sealed else None
    except InvalidToken:
        return None


def reason(row: ImportRow) -> str | Promise:
    """Return why a row cannot be read, or is hardly the name of an organisation."""
    if not row.why:
        return ""
    return PROBLEMS.get(row.why) or names.sentence(row.why)


def differences(row: ImportRow, entry: Entry) -> list[tuple[str | Promise, str, str]]:
    """Return (fact, as it stands, as the list says) where a list says something else of a signature that is there."""
    there = row.resembles
    if there is None:
        return []
    facts = [
        (gettext_lazy("Name"), there.name, entry.name),
        (gettext_lazy("Name in Latin letters"), there.latin, entry.latin),
        (gettext_lazy("Country"), there.country_name, countries.name(entry.country)),
        (gettext_lazy("Kind"), str(there.get_kind_display()), str(dict(Kind.choices).get(entry.kind, ""))),
        (gettext_lazy("Website"), there.website, entry.website),
    ]
    return [fact for fact in facts if fact[2] and fact[1] != fact[2]]


def visibility_of(entry: Entry, file: ImportFile) -> str:
    """Return who may see a name: nobody, unless the list, or staff with evidence, says that it was agreed.

    A row that says no is believed against everything else.
    """
    stated = file.consent == ListConsent.STATED and entry.agreed is not False
    agreed = stated or (file.consent == ListConsent.COLUMN and entry.agreed)
    return file.visibility if agreed else Visibility.COUNTED_ONLY


# --- comparing ---------------------------------------------------------------------------------------------


def _compared(file: ImportFile, found: Sequence[Entry]) -> list[ImportRow]:
    """Return a row for each entry, with what it is."""
    rows = [
        ImportRow(file=file, line=entry.line, sealed=contacts.lock_away(json.dumps(entry.said()).encode()))
        for entry in found
    ]
    before = _written_before(file)
    there = _there(file.letter, {entry.name_key for entry in found if not entry.problem})
    first_of: dict[str, int] = {}
    fresh = []
    for entry, row in zip(found, rows, strict=True):
        row.verdict, row.why = Verdict.NEW, ""
        known = before.get(entry.line) or there.get(entry.name_key)
        if entry.problem:
            row.verdict, row.why = Verdict.UNREADABLE, entry.problem
        elif known is not None:
            row.resembles, row.likeness = known, 1.0
            row.verdict = Verdict.ENDED if known.status in _TAKEN_BACK else Verdict.THERE
        elif entry.name_key in first_of:
            row.verdict, row.same_as_line = Verdict.REPEATED, first_of[entry.name_key]
        else:
            lints = names.lint(entry.name)
            row.verdict, row.why = (Verdict.JUNK, lints[0]) if lints else (Verdict.NEW, "")
            fresh.append((entry, row))
            first_of[entry.name_key] = entry.line
    _mark_resembling(file.letter, fresh)
    return rows


def _written_before(file: ImportFile) -> dict[int, Signature]:
    """Return {line: signature} of what was written from this very list before: a second time adds nothing."""
    rows = ImportRow.objects.filter(
        file__letter=file.letter_id, file__fingerprint=file.fingerprint, signature__isnull=False
    )
    return {row.line: row.signature for row in rows.select_related("signature") if row.signature}


def _there(letter: Letter, name_keys: set[str]) -> dict[str, Signature]:
    """Return {name key: signature} of those names on the letter, a live one before one that has ended."""
    known = Signature.objects.filter(letter=letter, name_key__in=name_keys).exclude(name="")
    by_key: dict[str, Signature] = {}
    for signature in known.order_by("pk"):
        if signature.name_key not in by_key or not signature.has_ended:
            by_key[signature.name_key] = signature
    return by_key


def _mark_resembling(letter: Letter, fresh: Sequence[tuple[Entry, ImportRow]]) -> None:
    """Say of new rows which signature, or which row above, they are probably the same as."""
    live = Signature.objects.live().filter(letter=letter).exclude(name="").order_by("-pk")
    there = list(live.only("name")[:COMPARED_AT_MOST])
    pairs = likeness.resembling([*(one.name for one in there), *(entry.name for entry, _row in fresh)])
    for first, second, score in pairs:
        if second < len(there):
            continue
        _entry_of_row, row = fresh[second - len(there)]
        if row.verdict == Verdict.NEW:
            row.verdict, row.likeness = Verdict.LIKE, score
            if first < len(there):
                row.resembles = there[first]
            else:
                row.same_as_line = fresh[first - len(there)][0].line


# --- writing -----------------------------------------------------------------------------------------------


def _to_write(file: ImportFile) -> QuerySet[ImportRow]:
    return file.rows.filter(verdict__in=file.takes, result="").order_by("line")


def _write(row: ImportRow, file: ImportFile, *, after: timedelta) -> tuple[str, Signature | None]:
    """Write one row and return what became of it."""
    try:
        entry = _entry(row)
    except InvalidToken:
        return RowResult.NOT_OPENED, None
    live = Signature.objects.live().filter(letter=file.letter_id, name_key=entry.name_key)
    if live.exists():
        return RowResult.SIGNED_MEANWHILE, None
    try:
        with transaction.atomic():
            return RowResult.WRITTEN, _sign(entry, file, after=after)
    except IntegrityError:
        return RowResult.MAILBOX_SIGNED, None
    except DataError:
        return RowResult.REFUSED, None


def _sign(entry: Entry, file: ImportFile, *, after: timedelta) -> Signature:
    contact = entry.contact
    asked = file.asks_by_mail and contact is not None
    language = entry.language or file.language
    signature = Signature(
        letter=file.letter,
        text=file.letter.text_for(language),
        name=entry.name,
        latin=entry.latin,
        country=entry.country,
        kind=entry.kind,
        website=entry.website,
        agreed_version=file.letter.version_number(),
        channel=Channel.LIST,
        source_line=entry.line,
        language=language,
        by_phone=contact is not None and not contact.email,
        status=SignatureStatus.UNCONFIRMED if asked else SignatureStatus.AWAITING_MODERATION,
        visibility=Visibility.COUNTED_ONLY if asked else visibility_of(entry, file),
        mails_before_confirmed=int(asked and contact is not None and bool(contact.email)),
    )
    if contact is not None:
        signature.dedupe_key = contacts.dedupe_key(file.letter_id, contact.address, entry.name_key)
    signature.save(force_insert=True)
    if contact is not None:
        contacts.seal(signature, contact)
    Remark.objects.create(signature=signature, by=file.by, words=_where_from(entry, file))
    note("import", signature, by=file.by, reason=file.channel or file.consent)
    if asked:
        send_later(signature, Mail.CONFIRM, after=after)
    return signature


def _where_from(entry: Entry, file: ImportFile) -> str:
    """Return what colleagues should know of a row's origin."""
    said = [_("From the list %(list)s, line %(line)d.") % {"list": file.public_id, "line": entry.line}]
    if entry.signed_on:
        said.append(_("Signed there: %s.") % entry.signed_on)
    if file.consent != ListConsent.UNKNOWN:
        said.append(f"{ListConsent(file.consent).label}.")
    if file.channel:
        said.append(f"{ConsentChannel(file.channel).label}. {file.evidence}")
    return " ".join(said)


def _pause(written: int) -> timedelta:
    """Return how long the next mails wait, so that no more than settings.LIST_MAILS leave at once."""
    most, span = settings.LIST_MAILS
    return span * (written // most)


def _entry(row: ImportRow) -> Entry:
    return Entry(**json.loads(contacts.take_out(bytes(row.sealed))))


# --- from one status to the next ---------------------------------------------------------------------------


def _lock(file: ImportFile, *statuses: str) -> ImportFile:
    try:
        locked = ImportFile.objects.select_for_update(no_key=True).get(pk=file.pk)
    except ImportFile.DoesNotExist:  # a colleague has given it up
        raise ListIsElsewhere(file.status) from None
    if locked.status not in statuses:
        raise ListIsElsewhere(locked.status)
    return locked


def _let_go(file: ImportFile) -> None:
    """Erase a list of which nothing is written; of another one, what is not written."""
    if file.rows.filter(result=RowResult.WRITTEN).exists():
        _empty(file)
    else:
        file.delete()


def _empty(file: ImportFile) -> None:
    """Erase what a list says; what became of its rows stays."""
    file.status, file.sealed, file.evidence = ImportStatus.WRITTEN, b"", ""
    file.save(update_fields=["status", "sealed", "evidence"])
    file.rows.update(sealed=b"")


def _work_on_later(file: ImportFile) -> None:
    from signatories.tasks import write_list  # the task imports this module

    write_list.enqueue(file.pk)


def _note(act: str, file: ImportFile, *, by: Staff, reason: str = "") -> None:
    record(act, kind="list", subject=file.public_id, letter=file.letter_id, by=by, reason=reason)
