"""Organisations at the desk, and whether they are what they say they are."""

import hashlib
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from letters import countries
from letters.admin import staff_of
from letters.models import Event
from signatories import domains, matching, merging, rehearsal, verification, vouching
from signatories.admin.bulk import ManyAtOnce
from signatories.admin.decisions import number
from signatories.admin.duplicates import WhichAreOne, page_of, tag
from signatories.admin.lists import ReadOnly, Spelled
from signatories.admin.words import REFUSED, name_of, words
from signatories.models import Evidence, Merge, Organisation, Verification, Vouch

# What is done to an organisation. A reason is another organisation, or what was found out.
_DONE = {
    "verify": pgettext_lazy("organisation", "Found to be"),
    "add_evidence": gettext_lazy("Evidence was kept"),
    "merge": gettext_lazy("Another one was merged into it"),
    "merged_into": gettext_lazy("It was merged into another one"),
    "unmerge": gettext_lazy("It was parted again from another one"),
    "tell_apart": gettext_lazy("It was told apart from another one"),
}
# What peers say is theirs to say; see signatories.vouching.
_FOUND_OUT = (
    Verification.UNVERIFIED,
    Verification.VERIFIED,
    Verification.DOUBTFUL,
    Verification.REJECTED,
)
_MOST_EVENTS = 60
_MOST_SIGNED = 100
_MOST_VOUCHES = 50


class LookAgainFilter(admin.SimpleListFilter):
    """Those that somebody wanted to look at again by now."""

    title = gettext_lazy("look again")
    parameter_name = "again"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("due", gettext_lazy("To look at again"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset & Organisation.objects.to_look_at_again() if self.value() == "due" else queryset


class StandingList(ChangeList):
    """The list without organisations that were merged into another one; their pages lead there."""

    def get_queryset(self, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        self.root_queryset = self.root_queryset & Organisation.objects.standing()
        return super().get_queryset(*args, **kwargs)


class VerificationForm(forms.ModelForm[Organisation]):
    """Whether an organisation is what it says it is, and when to look again."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Organisation
        fields = ["verification", "recheck_on"]
        labels = {"recheck_on": gettext_lazy("Look again on")}
        widgets = {
            "verification": forms.RadioSelect,
            "recheck_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = seen(self.instance)
        field = self.fields.get("verification")  # not there for who may only look
        if isinstance(field, forms.ChoiceField):
            sayable = (*_FOUND_OUT, self.instance.verification)
            field.choices = [choice for choice in Verification.choices if choice[0] in sayable]

    def clean_seen(self) -> str:
        told = str(self.cleaned_data["seen"])
        now = seen(Organisation.objects.get(pk=self.instance.pk))
        if told and told != now:
            self.data = {**self.data, "seen": now}
            raise forms.ValidationError(
                _("Somebody changed it while you read it. Here is how it stands; please look again.")
            )
        return told


class FindingForm(VerificationForm):
    """The same, with what shows it."""

    link = forms.URLField(
        required=False,
        max_length=300,
        label=gettext_lazy("Link"),
        help_text=gettext_lazy("To what shows it: a register, a report, a page of a network."),
    )
    words = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("For colleagues. Name no person here."),
    )


def seen(organisation: Organisation) -> str:
    """Return what changes whenever something does that one judges an organisation by."""
    facts = (
        organisation.name,
        organisation.verification,
        organisation.recheck_on,
        organisation.merged_into_id,
    )
    findings = organisation.evidence.values_list("pk", flat=True) if organisation.pk else ()
    return hashlib.sha256(repr((facts, list(findings))).encode()).hexdigest()


@admin.register(Organisation)
class OrganisationAdmin(WhichAreOne, ManyAtOnce, ReadOnly, Spelled):
    """Organisations: the list, and one of them with all that is known."""

    event_kind = "organisation"
    change_form_template = "admin/signatories/organisation/organisation.html"
    change_list_template = "admin/signatories/organisation/list.html"
    list_display = ["shown_name", "shown_country", "kind", "shown_verification", "recheck_on"]
    list_filter = ["verification", LookAgainFilter, "kind", "is_network"]
    ordering = ["-pk"]
    actions = ["verify_many", "doubt_many"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StandingList

    @admin.display(description=gettext_lazy("name"), ordering="name_key")
    def shown_name(self, organisation: Organisation) -> SafeString:
        return name_of(organisation)

    @admin.display(description=gettext_lazy("country"), ordering="country")
    def shown_country(self, organisation: Organisation) -> str:
        return countries.name(organisation.country)

    @admin.display(description=gettext_lazy("verification"), ordering="verification")
    def shown_verification(self, organisation: Organisation) -> SafeString:
        return tag(organisation)

    # --- many at once --------------------------------------------------------------------------------

    @admin.action(description=gettext_lazy("Verified"), permissions=["change"])
    def verify_many(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> HttpResponse:
        return self._verify(request, Verification.VERIFIED)

    @admin.action(description=gettext_lazy("Doubtful"), permissions=["change"])
    def doubt_many(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> HttpResponse:
        return self._verify(request, Verification.DOUBTFUL)

    def _verify(self, request: HttpRequest, to: Verification) -> HttpResponse:
        def verify(organisation: Organisation) -> None:
            verification.verify(organisation, by=staff_of(request), verification=to)

        return self.act_on_ticked(request, verify, done=to.label)

    # --- one organisation ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(require_POST(self.act))
        return [path("<int:pk>/act/", act, name="signatories_organisation_act"), *super().get_urls()]

    def get_form(
        self, request: HttpRequest, obj: Organisation | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        may_add = request.user.has_perm("signatories.add_evidence")
        return super().get_form(
            request, obj, change, **{**kwargs, "form": FindingForm if may_add else VerificationForm}
        )

    def get_fields(self, request: HttpRequest, obj: Organisation | None = None) -> Any:
        """Return what the form has, and nothing that Django would add to it."""
        may_add = request.user.has_perm("signatories.add_evidence")
        return ["verification", "recheck_on", *(["link", "words"] if may_add else []), "seen"]

    def has_change_permission(self, request: HttpRequest, obj: Organisation | None = None) -> bool:
        """One that was merged is looked at, no more."""
        return super().has_change_permission(request, obj) and (obj is None or obj.merged_into_id is None)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        organisation = self.get_object(request, unquote(object_id))
        if organisation is not None and self.has_view_permission(request, organisation):
            extra_context = {**(extra_context or {}), **about(organisation)}
        return super().change_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Organisation, form: Any, change: bool) -> None:
        """Its verification, the day to look again and what was found out are what is typed here."""
        said = form.cleaned_data
        verification.verify(
            obj,
            by=staff_of(request),
            verification=said["verification"],
            recheck_on=said["recheck_on"],
            link=said.get("link", ""),
            words=said.get("words", ""),
        )

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing: the event says it."""

    def response_change(self, request: HttpRequest, obj: Organisation) -> HttpResponse:
        messages.success(request, format_html("{}: {}", name_of(obj), obj.get_verification_display()))
        return HttpResponseRedirect(page_of(obj))

    def act(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take back a word that was given, or part what was merged, and show the organisation again."""
        organisation = get_object_or_404(Organisation, pk=pk)
        act = _ACTS.get(request.POST.get("act", ""))
        if not self.has_change_permission(request) or (act and not request.user.has_perm(act[0])):
            raise PermissionDenied
        if act is None:
            messages.error(request, _("Nothing was done: no such act."))
            return HttpResponseRedirect(page_of(organisation))
        try:
            act[1](request, organisation)
        except REFUSED as refusal:
            messages.warning(request, words(refusal))
        organisation = Organisation.objects.filter(pk=pk).first() or organisation
        return HttpResponseRedirect(page_of(organisation))


# --- what a page shows ---------------------------------------------------------------------------------


def about(organisation: Organisation) -> dict[str, Any]:
    """Return all that is known of an organisation."""
    signed = organisation.signatures.select_related("letter", "superseded_by").order_by("-pk")
    given = Vouch.objects.filter(voucher=organisation).select_related("signature__letter", "recorded_by")
    received = Vouch.objects.filter(signature__organisation=organisation)
    standing = organisation.merged_into_id is None
    merged_here = list(organisation.merged.order_by("pk"))
    shown_as_links = {other.name for other in merged_here}
    return {
        "organisation": organisation,
        "aliases": [alias for alias in organisation.aliases if alias not in shown_as_links],
        "country": countries.name(organisation.country),
        "domain": domains.of_website(organisation.website),
        "findings": Evidence.objects.filter(organisation=organisation).select_related("by"),
        "signed": signed[:_MOST_SIGNED],
        "given": given.order_by("-pk")[:_MOST_VOUCHES],
        "received": received.select_related("voucher", "signature__letter", "recorded_by")[:_MOST_VOUCHES],
        "resembling": matching.resembling(organisation) if standing else [],
        "merges": rehearsal.undoable(organisation).select_related("kept", "absorbed", "by"),
        "merged_here": merged_here,
        "history": _history(organisation),
    }


def _history(organisation: Organisation) -> list[tuple[Event, Any, Any]]:
    """Return its events, the newest first, each with act and reason in words; another organisation as a link."""
    events = Event.objects.filter(subject_kind="organisation", subject_id=organisation.public_id)
    events_ = list(events.select_related("by")[:_MOST_EVENTS])
    others, found_out = _by_public_id(event.reason for event in events_), dict(Verification.choices)
    return [
        (event, _DONE.get(event.act, event.act), others.get(event.reason) or found_out.get(event.reason, ""))
        for event in events_
    ]


def _by_public_id(ids: Iterable[str]) -> dict[str, SafeString]:
    found = Organisation.objects.filter(public_id__in=set(ids))
    return {one.public_id: format_html('<a href="{}">{}</a>', page_of(one), name_of(one)) for one in found}


# --- acts of a page --------------------------------------------------------------------------------------


def _revoke(request: HttpRequest, organisation: Organisation) -> None:
    about_it = Vouch.objects.filter(signature__organisation=organisation)
    vouches = about_it | Vouch.objects.filter(voucher=organisation)
    vouch = get_object_or_404(vouches.distinct(), pk=number(request.POST.get("vouch")))
    vouching.revoke(vouch, by=staff_of(request))
    messages.success(request, format_html(_("The word of {} is taken back."), name_of(vouch.voucher)))


def _unmerge(request: HttpRequest, organisation: Organisation) -> None:
    merges = Merge.objects.filter(kept=organisation) | Merge.objects.filter(absorbed=organisation)
    merge = get_object_or_404(merges, pk=number(request.POST.get("merge")))
    done = merging.undo(merge, by=staff_of(request))
    for signature, reason in done.left:
        messages.warning(request, format_html("{}: {}", name_of(signature), reason.label))
    both = (name_of(merge.kept), name_of(merge.absorbed))
    messages.success(request, format_html(_("{} and {} are two again."), *both))


_ACTS = {
    "revoke": ("signatories.change_vouch", _revoke),
    "unmerge": ("signatories.change_merge", _unmerge),
}
