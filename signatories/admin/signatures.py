"""Signatures at the desk: the queue of what waits, oldest first, and one case at a time."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from letters.admin import staff_of
from signatories import moderation, queue
from signatories.admin.case import by_phone, case, seen, waits
from signatories.admin.decisions import DECISIONS, PREPARING
from signatories.admin.lists import ReadOnly, is_offered
from signatories.admin.words import REFUSED, case_url, words
from signatories.contacts import unseal
from signatories.events import note
from signatories.models import (
    Contact,
    HoldReason,
    RejectReason,
    Signature,
    SignatureQuerySet,
    SignatureStatus,
)
from signatories.visibility import StaffCap


class QueueFilter(admin.SimpleListFilter):
    """What waits for staff, unless something else is asked for."""

    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", gettext_lazy("All signatures")), *SignatureStatus.choices]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("What waits"),
        }
        for value, title in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset & Signature.objects.waiting_for_staff()
        if self.value() in SignatureStatus.values:
            return queryset.filter(status=self.value())
        return queryset


class ReasonForm(forms.Form):
    """Why a signature is held or rejected; the reason is mailed in the signatory's language."""

    def __init__(self, *args: Any, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = forms.ChoiceField(
            label=gettext_lazy("Reason"), choices=[("", gettext_lazy("Choose a reason")), *choices]
        )


@admin.register(Signature)
class SignatureAdmin(ReadOnly, admin.ModelAdmin[Signature]):
    """Signatures: the queue of what waits, and one case at a time."""

    change_form_template = "admin/signatories/signature/case.html"
    change_list_template = "admin/signatories/signature/queue.html"
    list_display = [
        "shown_name",
        "waits",
        "shown_status",
        "shown_country",
        "letter",
        "shown_visibility",
    ]
    list_filter = [QueueFilter, "letter", "kind", "visibility", "channel"]
    list_select_related = ["letter", "organisation", "proposal"]
    list_per_page = settings.BULK_LIMIT
    list_max_show_all = settings.BULK_LIMIT
    show_full_result_count = False
    search_fields = ["name", "latin", "public_id"]
    actions = ["approve_many", "hold_many", "reject_many"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return is_offered(lookup, self.list_filter)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return tuple(Signature.objects.longest_waiting_first().query.order_by)

    def has_change_permission(self, request: HttpRequest, obj: Signature | None = None) -> bool:
        """Nobody types into a signature; whoever may change one may use the buttons."""
        return False

    def may_decide(self, request: HttpRequest) -> bool:
        return request.user.has_perm("signatories.change_signature")

    # --- the queue -----------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("name"), ordering="sort_key")
    def shown_name(self, signature: Signature) -> SafeString:
        return format_html('<bdi dir="auto">{}</bdi>', signature.name or _("(erased)"))

    @admin.display(description=gettext_lazy("country"), ordering="country")
    def shown_country(self, signature: Signature) -> str:
        return signature.country_name

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def shown_status(self, signature: Signature) -> str:
        status = str(signature.get_status_display())
        if signature.status == SignatureStatus.PUBLISHED and hasattr(signature, "proposal"):
            return "; ".join([status, _("a correction waits")])
        if by_phone(signature):
            return "; ".join([status, _("by phone")])
        return status

    @admin.display(description=gettext_lazy("named to"), ordering="visibility")
    def shown_visibility(self, signature: Signature) -> str:
        return str(StaffCap(signature.visibility).label)  # the same choice, in fewer words

    @admin.display(description=gettext_lazy("waits"), ordering="confirmed_at")
    def waits(self, signature: Signature) -> str | SafeString:
        return waits(signature)

    # --- many at once --------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return super().get_actions(request) if self.may_decide(request) else {}

    @admin.action(description=gettext_lazy("Approve"))
    def approve_many(self, request: HttpRequest, queryset: SignatureQuerySet) -> None:
        self._each(request, lambda signature: moderation.approve(signature, by=staff_of(request)))

    @admin.action(description=gettext_lazy("Hold …"))
    def hold_many(self, request: HttpRequest, queryset: SignatureQuerySet) -> HttpResponse | None:
        return self._with_reason(request, "hold_many", HoldReason.choices, moderation.hold)

    @admin.action(description=gettext_lazy("Reject …"))
    def reject_many(self, request: HttpRequest, queryset: SignatureQuerySet) -> HttpResponse | None:
        return self._with_reason(request, "reject_many", RejectReason.choices, moderation.reject)

    def _with_reason(
        self,
        request: HttpRequest,
        action: str,
        reasons: list[tuple[str, Any]],
        act: Callable[..., Signature],
    ) -> HttpResponse | None:
        """Ask for the reason first, then act on each."""
        form = ReasonForm(request.POST if "reason" in request.POST else None, choices=reasons)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            self._each(request, lambda signature: act(signature, by=staff_of(request), reason=reason))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("For what reason?"),
            "opts": self.opts,
            "form": form,
            "action": action,
            "signatures": self._ticked(request),
        }
        return render(request, "admin/signatories/signature/reason.html", context)

    def _each(self, request: HttpRequest, act: Callable[[Signature], Signature]) -> None:
        """Act on each row by itself and report each row that was refused: never all or nothing."""
        done = 0
        for signature in self._ticked(request):
            try:
                act(signature)
            except REFUSED as refusal:
                messages.warning(request, format_html("<bdi>{}</bdi>: {}", signature.name, words(refusal)))
            else:
                done += 1
        if done:
            messages.success(request, ngettext("%d signature done.", "%d signatures done.", done) % done)

    def _ticked(self, request: HttpRequest) -> QuerySet[Signature]:
        """Return the rows that were shown and ticked.

        The action's own queryset would drop, unsaid, what left the queue meanwhile, and could hold rows never shown.
        """
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)[: settings.BULK_LIMIT]
        return self.get_queryset(request).filter(pk__in=ticked)

    # --- one case ------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def page(name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            return path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"signatories_signature_{name}",
            )

        return [page("decide", self.decide), page("contact", self.contact), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        signature = self.get_object(request, object_id)
        context = {**(extra_context or {}), **(case(signature) if signature else {})}
        context["may_decide"] = self.may_decide(request)
        context["following"] = _url_of(queue.following(signature, by=staff_of(request)))
        return super().change_view(request, object_id, form_url, context)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Carry out one decision, then show the next case that waits."""
        if not self.may_decide(request):
            raise PermissionDenied
        signature = get_object_or_404(Signature, pk=pk)
        name = request.POST.get("decision", "")
        decision = DECISIONS.get(name)
        if decision is None:
            messages.error(request, _("Nothing was done: no such decision."))
            return HttpResponseRedirect(case_url(pk))
        if request.POST.get("seen", seen(signature)) != seen(signature):
            messages.warning(request, _("It was corrected while you read it. Please look at it again."))
            return HttpResponseRedirect(case_url(pk))
        try:
            decision(request, signature)
        except REFUSED as refusal:
            messages.warning(request, words(refusal))
            return HttpResponseRedirect(case_url(pk))
        except forms.ValidationError as problem:
            messages.error(request, " ".join(problem.messages))
            return HttpResponseRedirect(case_url(pk))
        messages.success(request, format_html("<bdi>{}</bdi>: {}", signature.name, _("done.")))
        following = signature if name in PREPARING else queue.following(signature, by=staff_of(request))
        return HttpResponseRedirect(_url_of(following))

    def contact(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show who signed, to those who may see contacts; that it was shown is written down first."""
        if not request.user.has_perm("signatories.view_contact"):
            raise PermissionDenied
        signature = get_object_or_404(Signature, pk=pk)
        contact = Contact.objects.select_related("signature").filter(signature=signature).first()
        note("show_contact", signature, by=staff_of(request))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Contact"),
            "opts": self.opts,
            "signature": signature,
            "details": unseal(contact) if contact else None,
        }
        response = render(request, "admin/signatories/signature/contact.html", context)
        response["Cache-Control"] = "no-store, private"
        return response


def _url_of(following: Signature | None) -> str:
    return case_url(following.pk) if following else reverse("admin:signatories_signature_changelist")
