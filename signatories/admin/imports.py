"""Bringing in a list that was gathered elsewhere: uploaded or pasted, its columns named, compared, then written."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods
from openpyxl.utils import get_column_letter

from letters import countries, languages
from letters.admin import staff_of
from letters.models import Letter
from letters.parsing import UnreadableDocument
from signatories import headings, lists
from signatories.entries import DOUBTS, Entry
from signatories.headings import Headings, Holds
from signatories.models import (
    ConsentChannel,
    ImportFile,
    ImportRow,
    ImportStatus,
    ListConsent,
    RowResult,
    Verdict,
)
from signatories.sheets import Sheet, read, read_pasted
from signatories.signing import LetterNotOpen
from signatories.visibility import StaffCap, Visibility

ROWS_PER_PAGE = 100
_HEADINGS_MAY_BE_IN = 20  # rows
_EXAMPLES = 3

_REFUSALS: dict[type[Exception], Any] = {
    lists.ListIsElsewhere: gettext_lazy("A colleague was faster: this is where the list is now."),
    lists.NoSuchSheet: gettext_lazy("The list has no such sheet."),
    lists.NothingToWrite: gettext_lazy("No row of this list is new. Nothing was written."),
    LetterNotOpen: gettext_lazy("The letter takes no signatures now. Reopen it first, then write the list."),
}
_REFUSED = tuple(_REFUSALS)


class ListForm(forms.Form):
    """A list, as a file or pasted: one of the two."""

    file = forms.FileField(
        label=gettext_lazy("A file"),
        required=False,
        help_text=gettext_lazy("XLSX or CSV, as form services export it. At most 5,000 rows."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.tsv,.txt"}),
    )
    pasted = forms.CharField(
        label=gettext_lazy("Or pasted"),
        required=False,
        help_text=gettext_lazy("Names, one a line, or cells copied from a spreadsheet, with their headings."),
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        file, pasted = cleaned.get("file"), cleaned.get("pasted", "")
        if not file and not pasted:
            raise forms.ValidationError(_("Please choose a file, or paste the names."))
        if file and file.size > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:
            raise forms.ValidationError(_("The file is larger than 10 MB. Please bring the list in parts."))
        try:
            cleaned["sheets"] = read(file.read()) if file else read_pasted(pasted)
        except UnreadableDocument as unreadable:
            raise forms.ValidationError(str(unreadable)) from None
        return cleaned


class ColumnsForm(forms.Form):
    """What each column of a sheet holds."""

    sheet = forms.IntegerField(widget=forms.HiddenInput)
    heading_row = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, columns: list["Shown"], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in columns:
            self.fields[column.field] = forms.ChoiceField(
                label=column.label,
                choices=[("", gettext_lazy("Leave it aside")), *Holds.choices],
                required=False,
                initial=column.holds,
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = list(self.columns.values())
        if Holds.NAME not in chosen:
            raise forms.ValidationError(_("Please say which column holds the names of the organisations."))
        twice = {str(Holds(holds).label) for holds in chosen if chosen.count(holds) > 1}
        if twice:
            raise forms.ValidationError(
                _("Two columns cannot both hold this: %s.") % ", ".join(sorted(twice))
            )
        return cleaned

    @property
    def columns(self) -> dict[int, str]:
        """What was chosen: {place: what it holds}."""
        chosen = ((name, self.cleaned_data.get(name)) for name in self.fields if name.startswith("column_"))
        return {int(name.removeprefix("column_")): holds for name, holds in chosen if holds}


class TermsForm(forms.Form):
    """On whose word the list is written."""

    consent = forms.ChoiceField(
        label=gettext_lazy("Did they agree to be named?"),
        choices=ListConsent.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Please say what is known about it.")},
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("How did they agree?"),
        choices=[("", gettext_lazy("Choose how")), *ConsentChannel.choices],
        required=False,
    )
    evidence = forms.CharField(
        label=gettext_lazy("Where is that kept?"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Who asked, when, and where the papers or answers are. Name no contact here."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    visibility = forms.ChoiceField(
        label=gettext_lazy("Those who agreed: who may see the name?"),
        choices=[choice for choice in Visibility.choices if choice[0] != Visibility.COUNTED_ONLY],
        widget=forms.RadioSelect,
        required=False,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of their mails"),
        choices=languages.CHOICES,
        help_text=gettext_lazy("Where the list does not say it."),
    )
    asks_by_mail = forms.BooleanField(
        label=gettext_lazy("Ask each of them to confirm by mail"),
        required=False,
        help_text=gettext_lazy(
            "Then each chooses for itself who may see its name. Without, they wait for a moderator at once."
        ),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("consent") in (ListConsent.STATED, ListConsent.COLUMN):
            for name, missing in (
                ("channel", _("Please say how they agreed.")),
                ("evidence", _("Please say where that is kept.")),
                ("visibility", _("Please choose what they agreed to.")),
            ):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, missing)
        return cleaned

    @property
    def terms(self) -> lists.Terms:
        said = self.cleaned_data
        if said["consent"] == ListConsent.UNKNOWN:
            return lists.Terms(language=said["language"], asks_by_mail=said["asks_by_mail"])
        return lists.Terms(**said)


@dataclass(frozen=True)
class Shown:
    """A column as it is shown while it is named: its heading, how many cells it has, and what stands in some."""

    place: int
    heading: str
    filled: int
    examples: list[str]
    holds: str

    @property
    def field(self) -> str:
        return f"column_{self.place}"

    @property
    def label(self) -> str:
        return self.heading or _("Column %s") % get_column_letter(self.place + 1)


# --- pages -----------------------------------------------------------------------------------------------------


def _may(request: HttpRequest) -> None:
    if not request.user.has_perm("signatories.add_importfile"):
        raise PermissionDenied


@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a list for a letter; nothing is made of it yet."""
    _may(request)
    letter = get_object_or_404(Letter, pk=pk)
    form = ListForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            file = lists.take(letter, sheets=form.cleaned_data["sheets"], by=staff_of(request))
        except LetterNotOpen as refusal:
            form.add_error(None, _REFUSALS[type(refusal)])
        else:
            return _to(file)
    context = {
        "title": _("Import signatures"),
        "letter": letter,
        "form": form,
        "earlier": ImportFile.objects.filter(letter=letter).select_related("by")[:10],
    }
    return _answer(request, "import.html", context, refused=bool(form.errors))


@require_http_methods(["GET", "HEAD", "POST"])
def imported_list(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show a list where it is on its way: its columns, what each row is, or how far it is written."""
    _may(request)
    file = get_object_or_404(ImportFile.objects.select_related("letter", "by"), public_id=public_id)
    if request.method == "POST":
        try:
            return _ACTS.get(request.POST.get("act", ""), _no_such_act)(request, file)
        except _REFUSED as refusal:
            messages.warning(request, _REFUSALS[type(refusal)])
            return _to(file)
    naming = file.status == ImportStatus.READ or "columns" in request.GET
    if naming and file.status in (ImportStatus.READ, ImportStatus.CHECKED):
        return _columns_page(request, file)
    if file.status == ImportStatus.CHECKED:
        return _rows_page(request, file)
    return _progress_page(request, file)


def _check(request: HttpRequest, file: ImportFile) -> HttpResponse:
    sheet, heading_row = _number(request.POST.get("sheet")), _number(request.POST.get("heading_row"))
    columns, terms = _forms(file, sheet, heading_row, data=request.POST)
    if not columns.is_valid() or not terms.is_valid():
        return _columns_page(request, file, columns=columns, terms=terms)
    if terms.cleaned_data["consent"] == ListConsent.COLUMN and Holds.CONSENT not in columns.columns.values():
        columns.add_error(None, _("Please say which column tells who agreed to be named."))
        return _columns_page(request, file, columns=columns, terms=terms)
    layout = lists.Layout(sheet=sheet, heading_row=heading_row, columns=columns.columns)
    return _to(lists.check(file, layout=layout, terms=terms.terms))


def _write(request: HttpRequest, file: ImportFile) -> HttpResponse:
    also = [verdict for verdict in request.POST.getlist("also") if verdict in lists.TAKEABLE]
    return _to(lists.write(file, by=staff_of(request), also=also))


def _stop(request: HttpRequest, file: ImportFile) -> HttpResponse:
    return _to(lists.stop(file, by=staff_of(request)))


def _give_up(request: HttpRequest, file: ImportFile) -> HttpResponse:
    lists.give_up(file, by=staff_of(request))
    messages.success(request, _("What was not written is erased."))
    return HttpResponseRedirect(reverse("import_list", args=[file.letter_id]))


def _no_such_act(request: HttpRequest, file: ImportFile) -> HttpResponse:
    messages.error(request, _("Nothing was done: no such act."))
    return _to(file)


_ACTS = {"check": _check, "write": _write, "stop": _stop, "give_up": _give_up}


def _to(file: ImportFile) -> HttpResponse:
    return HttpResponseRedirect(reverse("imported_list", args=[file.public_id]))


def _answer(
    request: HttpRequest, template: str, context: dict[str, Any], *, refused: bool = False
) -> HttpResponse:
    context = {**admin.site.each_context(request), **context}
    status = 422 if refused else 200
    return render(request, f"admin/signatories/import/{template}", context, status=status)


# --- naming the columns ----------------------------------------------------------------------------------------


def _columns_page(
    request: HttpRequest,
    file: ImportFile,
    *,
    columns: ColumnsForm | None = None,
    terms: TermsForm | None = None,
) -> HttpResponse:
    refused = columns is not None
    asked = request.POST if refused else request.GET
    chosen = {} if refused else file.columns
    sheets = lists.sheets_of(file)
    is_own = file.by == staff_of(request)  # whoever brought it has it; nobody else reads a contact here
    number = _number(asked.get("sheet", chosen.get("sheet", 0))) % len(sheets)
    row = asked.get("heading_row", chosen.get("heading_row"))
    found = headings.recognise(sheets[number], row=None if row is None else _number(row))
    before = chosen.get("columns", {}) if found.row == chosen.get("heading_row") else {}
    shown = _shown(sheets[number], found, before)
    if columns is None or terms is None:
        columns, terms = _forms(file, number, found.row)
    context = {
        "title": _("What do the columns hold?"),
        "file": file,
        "letter": file.letter,
        "sheets": [(place, sheet.title or _("Sheet %d") % (place + 1)) for place, sheet in enumerate(sheets)],
        "sheet": number,
        "heading_row": found.row,
        "is_own": is_own,
        "rows": _that_may_be_headings(sheets[number], is_own=is_own),
        "columns_form": columns,
        "columns": [(column, columns[column.field]) for column in shown],
        "terms_form": terms,
    }
    return _answer(request, "columns.html", context, refused=refused)


def _that_may_be_headings(sheet: Sheet, *, is_own: bool) -> list[tuple[int, str]]:
    """Return (number, beginning) of the first rows; none where what the columns hold is known without headings."""
    first = [] if sheet.labels else sheet.rows[:_HEADINGS_MAY_BE_IN]
    return [(row.number, " | ".join(row.cells[:4])[:80] if is_own else "") for row in first]


def _forms(
    file: ImportFile, number: int, heading_row: int, data: Any = None
) -> tuple[ColumnsForm, TermsForm]:
    sheets = lists.sheets_of(file)
    sheet = sheets[number % len(sheets)]
    found = headings.recognise(sheet, row=heading_row)
    before = file.columns.get("columns", {}) if found.row == file.columns.get("heading_row") else {}
    columns = ColumnsForm(
        data,
        columns=_shown(sheet, found, before),
        initial={"sheet": number, "heading_row": heading_row},
    )
    known = {name: getattr(file, name) for name in TermsForm.base_fields} if file.columns else {}
    return columns, TermsForm(data, initial={"language": file.language, **known})


def _shown(sheet: Sheet, found: Headings, before: dict[str, str]) -> list[Shown]:
    """Return the columns that hold anything, with what they were said to hold before, or seem to."""
    data = [row for row in sheet.rows if row.number > found.below or not found.row]
    width = max((len(row.cells) for row in [*data, *sheet.rows[:_HEADINGS_MAY_BE_IN]]), default=0)
    columns = []
    for place in range(width):
        heading = found.labels[place] if place < len(found.labels) else ""
        cells = [row.cells[place] for row in data if place < len(row.cells) and row.cells[place]]
        holds = before.get(str(place), "") if before else found.columns.get(place, "")
        if heading or cells:
            columns.append(
                Shown(place, heading, len(cells), [cell[:60] for cell in cells[:_EXAMPLES]], holds)
            )
    return columns


def _number(text: Any) -> int:
    return int(text) if str(text).isdecimal() else 0


# --- what each row is ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownRow:
    """A row of the list as it is shown before it is written."""

    row: ImportRow
    entry: Entry | None
    file: ImportFile

    @property
    def reason(self) -> Any:
        return lists.reason(self.row)

    @property
    def differences(self) -> list[Any]:
        return lists.differences(self.row, self.entry) if self.entry else []

    @property
    def doubts(self) -> list[Any]:
        if self.entry is None:
            return []
        by_column = self.file.consent == ListConsent.COLUMN
        return [DOUBTS[code] for code in self.entry.doubts if by_column or code != "consent"]

    @property
    def named_to(self) -> Any:
        """Who would see the name, in few words."""
        if self.entry is None or self.row.verdict not in lists.TAKEABLE:
            return ""
        if self.file.asks_by_mail and self.entry.contact:
            return _("as it chooses")
        return StaffCap(lists.visibility_of(self.entry, self.file)).label

    @property
    def country(self) -> str:
        return countries.name(self.entry.country) if self.entry else ""

    @property
    def percent(self) -> int:
        return int(self.row.likeness * 100)


def _rows_page(request: HttpRequest, file: ImportFile) -> HttpResponse:
    counts = lists.counts(file)
    verdict = request.GET.get("show", "")
    rows = file.rows.select_related("resembles").order_by("line")
    if verdict in Verdict.values:
        rows = rows.filter(verdict=verdict)
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    new = counts.get(Verdict.NEW, 0)
    context = {
        "title": _("Nothing is written yet"),
        "file": file,
        "letter": file.letter,
        "counts": [(each, Verdict(each).label, counts[each]) for each in Verdict.values if each in counts],
        "all_rows": sum(counts.values()),
        "verdict": verdict,
        "page": page,
        "rows": [ShownRow(row, lists.entry_of(row), file) for row in page],
        "button": ngettext("Write %d row", "Write %d rows", new) % new,
        "also": [
            (each, Verdict(each).label, counts[each])
            for each in lists.TAKEABLE
            if each != Verdict.NEW and each in counts
        ],
    }
    return _answer(request, "rows.html", context)


def _progress_page(request: HttpRequest, file: ImportFile) -> HttpResponse:
    results = lists.results(file)
    of = sum(results.values())
    done = of - results.get("", 0)
    refused = file.rows.exclude(result__in=("", RowResult.WRITTEN)).order_by("line")
    context = {
        "title": _("Imported list"),
        "file": file,
        "letter": file.letter,
        "of": of,
        "done": done,
        "tens": done * 10 // of * 10 if of else 0,  # said aloud as it grows, and not at every row
        "results": [(RowResult(each).label, results[each]) for each in RowResult.values if each in results],
        "left": results.get("", 0),
        "refused": refused[:ROWS_PER_PAGE],
        "others": [
            (Verdict(each).label, number)
            for each, number in lists.counts(file).items()
            if each not in file.takes
        ],
    }
    return _answer(request, "progress.html", context)
