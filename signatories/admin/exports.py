"""Taking signatures or contacts away from the desk, as a file."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from letters.admin import staff_of
from letters.models import Letter
from signatories import export
from signatories.entrance import proof
from signatories.export import DESK_COLUMNS, Reason, What
from signatories.formats import FORMATS, Table
from signatories.models import ENDED, SignatureStatus

_CONTACTS_ALONE = "signatories.export_contact"
_LIVE = [status for status in SignatureStatus.values if status not in ENDED]


class _ReasonField(forms.ChoiceField):
    """A reason, which contacts cannot leave without."""

    is_asked_for_sometimes = True


class ExportForm(forms.Form):
    """What is to leave, and as what kind of file."""

    what = forms.ChoiceField(
        label=gettext_lazy("What?"), choices=What.choices, widget=forms.RadioSelect, initial=What.PUBLIC
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("As what kind of file?"),
        choices=[(name, kind.label) for name, kind in FORMATS.items()],
        widget=forms.RadioSelect,
        initial="xlsx",
    )
    statuses = forms.MultipleChoiceField(
        label=gettext_lazy("In which status?"),
        choices=SignatureStatus.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=_LIVE,
    )
    columns = forms.MultipleChoiceField(
        label=gettext_lazy("Which columns?"),
        choices=[(column.key, column.heading) for column in DESK_COLUMNS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=[column.key for column in DESK_COLUMNS],
    )
    reason = _ReasonField(
        label=gettext_lazy("What are the contacts for?"),
        choices=[("", gettext_lazy("Choose a reason")), *Reason.choices],
        required=False,
    )

    def __init__(self, *args: Any, with_contacts: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_contacts:
            del self.fields["reason"]
            what = self.fields["what"]
            assert isinstance(what, forms.ChoiceField)  # noqa: S101 - for the type checker
            what.choices = [choice for choice in What.choices if choice[0] != What.CONTACTS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        what = cleaned.get("what")
        if what == What.DESK and not cleaned.get("columns"):
            self.add_error("columns", _("Please choose at least one column."))
        if what in (What.DESK, What.CONTACTS) and not cleaned.get("statuses"):
            self.add_error("statuses", _("Please choose at least one status."))
        if what == What.CONTACTS and not cleaned.get("reason"):
            self.add_error("reason", _("Please choose what the contacts are for; it is written down."))
        return cleaned


@require_http_methods(["GET", "HEAD", "POST"])
def export_letter(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show what can be taken away of a letter; posted, send it."""
    letter = get_object_or_404(Letter, pk=pk)
    if not request.user.has_perm("signatories.view_signature"):
        raise PermissionDenied
    with_contacts = request.user.has_perm(_CONTACTS_ALONE)
    if request.method != "POST":
        return _page(request, letter, ExportForm(initial=_chosen(request), with_contacts=with_contacts))
    form = ExportForm(request.POST, with_contacts=with_contacts)
    if not form.is_valid():
        return _page(request, letter, form)
    # What the desk knows has names in it that are shown to nobody.
    if form.cleaned_data["what"] != What.PUBLIC and not proof.is_fresh():
        chosen = {name: form.cleaned_data[name] for name in form.fields}
        return proof.ask_again(request, back_to=reverse("export_letter", args=[pk], query=chosen))
    try:
        table = _table(request, letter, form.cleaned_data)
    except export.TooManyExports:
        form.add_error(
            None, _("You have exported contacts as often as one may in a day. Please ask a colleague.")
        )
        return _page(request, letter, form)
    return _download(table, form.cleaned_data, letter)


def _chosen(request: HttpRequest) -> dict[str, Any]:
    """Return what was chosen before they were asked who they are."""
    several = ("statuses", "columns")
    return {
        name: request.GET.getlist(name) if name in several else request.GET[name]
        for name in request.GET
        if name in ExportForm.base_fields
    }


def _table(request: HttpRequest, letter: Letter, chosen: dict[str, Any]) -> Table:
    kind, by = FORMATS[chosen["kind"]], staff_of(request)
    if chosen["what"] == What.CONTACTS:
        return export.contacts(letter, kind, statuses=chosen["statuses"], reason=chosen["reason"], by=by)
    if chosen["what"] == What.DESK:
        return export.signatures(letter, kind, statuses=chosen["statuses"], columns=chosen["columns"], by=by)
    return export.public_names(letter, kind)


def _download(table: Table, chosen: dict[str, Any], letter: Letter) -> StreamingHttpResponse:
    kind = FORMATS[chosen["kind"]]
    response = StreamingHttpResponse(kind.written(table), content_type=kind.content_type)
    name = f"{letter.slug}-{chosen['what']}-{timezone.now().date().isoformat()}.{kind.suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Accel-Buffering"] = "no"  # nginx would keep what is long in a file of its own
    return response


def _page(request: HttpRequest, letter: Letter, form: ExportForm) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Export"),
        "letter": letter,
        "form": form,
        "left_today": export.left_today(staff_of(request)),
        "with_contacts": request.user.has_perm(_CONTACTS_ALONE),
    }
    status = 422 if form.errors else 200
    return render(request, "admin/signatories/export/export.html", context, status=status)
