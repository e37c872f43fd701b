"""Many at once: an act reaches what was shown and ticked, each row by itself, and says what became of each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from letters.admin import staff_of
from letters.desk import Guarded
from letters.models import Staff
from signatories import matching, moderation, names
from signatories.admin.words import ACTS, REFUSED, name_of, words
from signatories.models import Decision, HoldReason, RejectReason, Signature, SignatureQuerySet

_SALT = "signatories.shown"
_RESULTS = "many_at_once"  # in the session: what became of the rows that were acted on last
_PATIENCE = "1s"  # for a row that somebody else has open: fifty of those must not take the page's time


class SelectionRefused(Exception):
    """What was sent is no selection from a list that this person was shown a moment ago."""


class NeedsALook(Exception):
    """Nobody approves this one unseen. `words` say why, and what to do."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words


# --- a selection -----------------------------------------------------------------------------------------


def signed(keys: Iterable[int], *, by: Staff, of: str) -> str:
    """Return the rows of a list that somebody is shown, so that nobody else can use them or add one."""
    return signing.dumps({"by": by.pk, "of": of, "rows": list(keys)}, salt=_SALT, compress=True)


def shown(selection: str, *, by: Staff, of: str) -> list[int]:
    """Return the rows that somebody was shown. Raises SelectionRefused."""
    try:
        said = signing.loads(selection, salt=_SALT, max_age=settings.SESSION_COOKIE_AGE)
    except signing.BadSignature:  # or it is too old, which is one of these
        raise SelectionRefused from None
    rows: list[int] = said["rows"]
    if (said["by"], said["of"]) != (by.pk, of) or len(rows) > settings.BULK_LIMIT:
        raise SelectionRefused
    return rows


class ShownForm(ActionForm):
    """Which act, and which rows stood in the list that it was chosen from."""

    shown = forms.Field(label="", required=False, widget=forms.HiddenInput)


# --- a list of which many are acted on at once -------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """What became of one row: done, or why not."""

    key: int
    row: Any  # None where it is gone
    refusal: SafeString
    address: str
    returnable: bool


class ManyAtOnce(Guarded):
    """A list whose acts touch the rows it showed, one after the other, and name each with what became of it."""

    action_form = ShownForm

    def get_urls(self) -> list[URLPattern]:
        results = self.admin_site.admin_view(require_safe(self.results))
        return [path("results/", results, name=self._name("results")), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say, signed, which rows are shown."""
        response = super().changelist_view(request, extra_context)
        context = response.context_data if isinstance(response, TemplateResponse) else None
        if context and context.get("action_form"):
            keys = [row.pk for row in context["cl"].result_list]
            selection = signed(keys, by=staff_of(request), of=self._list)
            context["action_form"].fields["shown"].initial = selection
        return response

    def ticked(self, request: HttpRequest) -> dict[int, Any]:
        """Return {key: row} of what was shown and ticked, in the list's order; None for what is gone since.

        The action's own queryset would drop, unsaid, what left the list meanwhile. Raises SelectionRefused.
        """
        return self._chosen(request, of=self._list, ticked=request.POST.getlist(ACTION_CHECKBOX_NAME))

    def act_on_ticked(self, request: HttpRequest, act: Callable[[Any], object], *, done: Any) -> HttpResponse:
        """Act on what was shown and ticked. `done` is what it then is, such as "Approved"."""
        try:
            return self.on_each(request, self.ticked(request), act, done=done)
        except SelectionRefused:
            return self.choose_anew(request)

    def on_each(
        self, request: HttpRequest, rows: dict[int, Any], act: Callable[[Any], object], *, done: Any
    ) -> HttpResponse:
        """Act on each row by itself and lead to what became of each."""
        request.session[_RESULTS] = {
            "of": self._list,
            "done": str(done),
            "rows": [(key, _refusal(act, row)) for key, row in rows.items()],
            "query": request.META.get("QUERY_STRING", ""),
        }
        return HttpResponseRedirect(reverse(f"admin:{self._name('results')}"))

    def choose_anew(self, request: HttpRequest) -> HttpResponse:
        """Refuse a selection, in words that say what to do."""
        messages.error(
            request,
            _(
                "Nothing was done: what was chosen is not from a list that you opened a short while ago. "
                "Please open the list again and choose anew."
            ),
        )
        return HttpResponseRedirect(self._list_address(request.META.get("QUERY_STRING", "")))

    def results(self, request: HttpRequest) -> HttpResponse:
        """Show what became of the rows that were acted on last."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        last = request.session.get(_RESULTS, {})
        if last.get("of") != self._list:
            return HttpResponseRedirect(self._list_address())
        results = self._results(request, last["rows"])
        returnable = [result.key for result in results if result.returnable]
        done = [result for result in results if not result.refusal]
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(done)s: %(number)d of %(all)d")
            % {"done": last["done"], "number": len(done), "all": len(results)},
            "opts": self.opts,
            "done": done,
            "done_is": last["done"],
            "refused": [result for result in results if result.refusal],
            "returnable": returnable,
            "shown": signed(returnable, by=staff_of(request), of=f"{self._list} done"),
            "minutes": settings.UNDO_FOR // timedelta(minutes=1),
            "list_address": self._list_address(last["query"]),
        }
        return render(request, "admin/signatories/results.html", context)

    def returnable(self, keys: list[int], *, by: Staff) -> set[int]:
        """Return which of these somebody can still take back."""
        return set()

    def _results(self, request: HttpRequest, outcomes: list[tuple[int, str]]) -> list[Result]:
        done = [key for key, refusal in outcomes if not refusal]
        returnable = self.returnable(done, by=staff_of(request)) if done else set()
        rows = self.get_queryset(request).in_bulk([key for key, _refusal in outcomes])
        return [
            Result(
                key=key,
                row=rows.get(key),
                refusal=SafeString(refusal),  # it was escaped when it was kept
                address=reverse(f"admin:{self._name('change')}", args=[key]),
                returnable=key in returnable,
            )
            for key, refusal in outcomes
        ]

    def _chosen(self, request: HttpRequest, *, of: str, ticked: Iterable[str]) -> dict[int, Any]:
        keys = shown(request.POST.get("shown", ""), by=staff_of(request), of=of)
        wanted = set(ticked)
        chosen = [key for key in keys if str(key) in wanted]
        if not chosen:
            raise SelectionRefused
        rows = self.get_queryset(request).in_bulk(chosen)
        return {key: rows.get(key) for key in chosen}

    @property
    def _list(self) -> str:
        return str(self.opts.label_lower)

    def _name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _list_address(self, query: str = "") -> str:
        address = reverse(f"admin:{self._name('changelist')}")
        return f"{address}?{query}" if query else address


def _refusal(act: Callable[[Any], object], row: Any) -> str:
    """Act on one row and return why that was refused, as HTML; "" where it is done. No row stops the others."""
    if row is None:
        return conditional_escape(_("It is gone: nobody confirmed it, and it expired."))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
            act(row)
    except REFUSED as refusal:
        return conditional_escape(words(refusal))
    except NeedsALook as refusal:
        return conditional_escape(refusal.words)
    except IntegrityError:
        return conditional_escape(
            _("Something else happened to it in the same moment. Please open the case and look.")
        )
    except OperationalError:
        if not connection.is_usable():  # the database is away; that is not about this row
            raise
        return conditional_escape(_("Somebody else is deciding it in this very moment. Please try it again."))
    return ""


# --- signatures --------------------------------------------------------------------------------------------


class ReasonForm(forms.Form):
    """Why a signature is held or rejected; the reason is mailed in the signatory's language."""

    def __init__(self, *args: Any, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = forms.ChoiceField(
            label=gettext_lazy("Reason"), choices=[("", gettext_lazy("Choose a reason")), *choices]
        )


class ManySignatures(ManyAtOnce):
    """Many signatures of a list are approved, held or rejected at once, and for some minutes taken back."""

    actions = ["approve_many", "hold_many", "reject_many"]

    def get_urls(self) -> list[URLPattern]:
        take_back = self.admin_site.admin_view(require_POST(self.take_back))
        return [path("take-back/", take_back, name=self._name("take_back")), *super().get_urls()]

    @admin.action(description=gettext_lazy("Approve"))
    def approve_many(self, request: HttpRequest, queryset: SignatureQuerySet) -> HttpResponse:
        def approve(signature: Signature) -> None:
            look_first(signature)
            moderation.approve(signature, by=staff_of(request))

        return self.act_on_ticked(request, approve, done=ACTS["approve"])

    @admin.action(description=gettext_lazy("Hold …"))
    def hold_many(self, request: HttpRequest, queryset: SignatureQuerySet) -> HttpResponse:
        return self._for_a_reason(request, "hold", HoldReason.choices, moderation.hold)

    @admin.action(description=gettext_lazy("Reject …"))
    def reject_many(self, request: HttpRequest, queryset: SignatureQuerySet) -> HttpResponse:
        return self._for_a_reason(request, "reject", RejectReason.choices, moderation.reject)

    def _for_a_reason(
        self, request: HttpRequest, act: str, reasons: list[tuple[str, Any]], decide: Callable[..., Signature]
    ) -> HttpResponse:
        """Ask for the reason first, then act on each."""
        try:
            rows = self.ticked(request)
        except SelectionRefused:
            return self.choose_anew(request)
        form = ReasonForm(request.POST if "reason" in request.POST else None, choices=reasons)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            return self.on_each(
                request,
                rows,
                lambda signature: decide(signature, by=staff_of(request), reason=reason),
                done=ACTS[act],
            )
        context = {
            **self.admin_site.each_context(request),
            "title": _("For what reason?"),
            "opts": self.opts,
            "form": form,
            "action": f"{act}_many",
            "signatures": [row for row in rows.values() if row is not None],
            "shown": request.POST["shown"],
        }
        return render(request, "admin/signatories/signature/reason.html", context)

    def returnable(self, keys: list[int], *, by: Staff) -> set[int]:
        since = timezone.now() - settings.UNDO_FOR
        decisions = Decision.objects.filter(by=by, signature__in=keys, at__gt=since)
        return set(decisions.order_by().values_list("signature", flat=True))

    def take_back(self, request: HttpRequest) -> HttpResponse:
        """Take back what was just decided about one of many, or about all of them."""
        if not request.user.has_perm("signatories.change_signature"):
            raise PermissionDenied
        of, by = f"{self._list} done", staff_of(request)
        try:
            ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
            if "all" in request.POST:
                ticked = [str(key) for key in shown(request.POST.get("shown", ""), by=by, of=of)]
            rows = self._chosen(request, of=of, ticked=ticked)
        except SelectionRefused:
            return self.choose_anew(request)
        return self.on_each(
            request, rows, lambda signature: moderation.undo(signature, by=by), done=ACTS["undo"]
        )


def look_first(signature: Signature) -> None:
    """Refuse to approve unseen what may not be an organisation, or may be one we know. Raises NeedsALook.

    A new organisation would be made beside the one that it is, and counted beside it.
    """
    odd = names.lint(signature.name)
    if odd:
        raise NeedsALook(_("Not approved unseen: %s Please open the case.") % names.sentence(odd[0]))
    resembling = [] if signature.organisation_id else matching.organisations_like(signature)
    if resembling:
        said = _("Not approved unseen: it resembles {}. Please open the case and say whether it is that one.")
        raise NeedsALook(format_html(said, name_of(resembling[0])))
