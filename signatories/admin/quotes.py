"""Quotes at the desk: approved as they were offered, or rejected with a reason, and never edited."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from letters.admin import staff_of
from signatories import quotes
from signatories.admin.case import age
from signatories.admin.words import done
from signatories.models import Quote, QuoteReason
from signatories.names import clean


class RejectForm(forms.Form):
    """Why a quote is not shown, and what could be said in its place."""

    reason = forms.ChoiceField(label=gettext_lazy("Why"), choices=QuoteReason.choices)
    answer = forms.CharField(label=gettext_lazy("A line to the signatory"), required=False, max_length=200)

    def clean_answer(self) -> str:
        return clean(self.cleaned_data["answer"])

    def clean(self) -> None:
        super().clean()
        says_how = self.cleaned_data.get("answer") or "answer" in self.errors
        if self.cleaned_data.get("reason") == QuoteReason.TO_SAY_OTHERWISE and not says_how:
            self.add_error("answer", _("Please write what should be said otherwise."))


@require_safe
def quotes_to_decide(request: HttpRequest) -> HttpResponse:
    """Show the quotes that wait, the longest waiting first, and below them those that are shown."""
    if not request.user.has_perm("signatories.view_quote"):
        raise PermissionDenied
    around = Quote.objects.select_related("signature__letter")
    waiting = around.to_be_decided().longest_waiting_first()[: settings.BULK_LIMIT]
    shown = around.approved().order_by("-decided_at", "-pk")[: settings.BULK_LIMIT]
    context = {
        **admin.site.each_context(request),
        "title": _("Quotes"),
        "waiting": [(quote, quotes.seen(quote), age(quote.offered_at)) for quote in waiting],
        "shown": [(quote, quotes.seen(quote)) for quote in shown],
        "reasons": QuoteReason.choices,
        "may_decide": request.user.has_perm("signatories.change_quote"),
    }
    return render(request, "admin/signatories/quotes/quotes.html", context)


@require_POST
def act_on_quote(request: HttpRequest, public_id: str) -> HttpResponse:
    """Approve a quote as it was shown, or reject it with a reason."""
    if not request.user.has_perm("signatories.change_quote"):
        raise PermissionDenied
    quote = get_object_or_404(Quote.objects.select_related("signature"), public_id=public_id)
    by, seen = staff_of(request), request.POST.get("seen", "")
    try:
        if request.POST.get("act") == "approve":
            quotes.approve(quote, seen=seen, by=by)
            messages.success(request, done("approve_quote", quote.signature))
        elif request.POST.get("act") == "reject":
            _reject(request, quote, seen)
    except quotes.QuoteChanged:
        messages.warning(
            request, _("Its signatory has changed it meanwhile. Please read it as it stands now.")
        )
    return HttpResponseRedirect(reverse("quotes_to_decide"))


def _reject(request: HttpRequest, quote: Quote, seen: str) -> None:
    form = RejectForm(request.POST)
    if form.is_valid():
        quotes.reject(quote, seen=seen, by=staff_of(request), **form.cleaned_data)
        messages.success(request, done("reject_quote", quote.signature))
    else:
        problems = " ".join(str(error) for errors in form.errors.values() for error in errors)
        messages.error(request, f"{_('Nothing was decided.')} {problems}")
