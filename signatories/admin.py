"""The moderator's desk: what waits, oldest first; one case on one screen; acts as buttons, everything else to read."""

import hashlib
from collections.abc import Callable, Iterable
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
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_POST

from letters import countries
from letters.admin import staff_of
from letters.models import Event
from signatories import matching, moderation, names, verification
from signatories.contacts import unseal
from signatories.events import note
from signatories.models import (
    DECIDABLE,
    Channel,
    Contact,
    HoldReason,
    Organisation,
    Proposal,
    RejectReason,
    Signature,
    SignatureQuerySet,
    SignatureStatus,
    Verification,
)
from signatories.visibility import StaffCap, reach

# What an act may answer, in words that say what to do next.
_REFUSALS: dict[type[Exception], Callable[[Any], str]] = {
    moderation.NotAwaitingModeration: lambda refusal: (
        _("A colleague was faster, or it is not confirmed: it is now “%s”.")
        % SignatureStatus(refusal.status).label
    ),
    moderation.OrganisationAlreadySigned: lambda refusal: format_html(
        _("This organisation has signed this letter already: {}. Choose another organisation, or reject it."),
        format_html('<a href="{}">{}</a>', _case_url(refusal.signature.pk), refusal.signature.public_id),
    ),
    moderation.NothingProposed: lambda refusal: _(
        "No correction is waiting; perhaps a colleague decided it."
    ),
    moderation.NotCompletable: lambda refusal: _("Its signatory has claimed it and speaks for itself now."),
    verification.NotByPhone: lambda refusal: _("It is confirmed already, or its mailbox has to confirm it."),
    verification.ConfirmingIsOver: lambda refusal: _("The letter is closed, and so is the time to confirm."),
    verification.SignatureEnded: lambda refusal: _("It was withdrawn or rejected meanwhile."),
}
_REFUSED = tuple(_REFUSALS)


_DECIDED_ABOUT = ("name", "latin", "country", "kind", "website")

_ACTS = {
    "sign": gettext_lazy("Signed"),
    "confirm": gettext_lazy("Confirmed"),
    "confirm_by_hand": gettext_lazy("Confirmed by hand"),
    "correct": gettext_lazy("Corrected by its signatory"),
    "choose_visibility": gettext_lazy("Who may see the name was chosen"),
    "approve": gettext_lazy("Approved"),
    "hold": gettext_lazy("Held"),
    "reject": pgettext_lazy("signature", "Rejected"),
    "lower": gettext_lazy("Visibility lowered"),
    "complete": gettext_lazy("Completed"),
    "propose_correction": gettext_lazy("Correction proposed"),
    "accept_correction": gettext_lazy("Correction accepted"),
    "decline_correction": gettext_lazy("Correction declined"),
    "superseded": gettext_lazy("Superseded"),
    "withdraw": gettext_lazy("Withdrawn"),
    "expire": gettext_lazy("Expired"),
    "erase": gettext_lazy("Erased"),
    "show_contact": gettext_lazy("Contact looked at"),
    "mail_failed": gettext_lazy("A mail could not be sent"),
}
_REASONS: dict[str, Any] = {
    choice: label for choices in (HoldReason, RejectReason, StaffCap) for choice, label in choices.choices
}


def _words(refusal: Exception) -> str:
    return _REFUSALS[type(refusal)](refusal)


class _ReadOnly:
    """Nothing is typed here: acts are buttons, and the database keeps what they do."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _is_offered(lookup: str, filters: Iterable[Any]) -> bool:
    """Whether a list offers this filter itself: a query string could ask for any column, letter by letter."""
    fields = [name for name in filters if isinstance(name, str)]
    offered = {f"{field}__{rest}" for field in fields for rest in ("exact", "id__exact")}
    return lookup in offered | {QueueFilter.parameter_name}


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
class SignatureAdmin(_ReadOnly, admin.ModelAdmin[Signature]):
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
        return _is_offered(lookup, self.list_filter)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return tuple(Signature.objects.oldest_first().query.order_by)

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
        if _by_phone(signature):
            return "; ".join([status, _("by phone")])
        return status

    @admin.display(description=gettext_lazy("named to"), ordering="visibility")
    def shown_visibility(self, signature: Signature) -> str:
        return str(StaffCap(signature.visibility).label)  # the same choice, in fewer words

    @admin.display(description=gettext_lazy("waits"), ordering="confirmed_at")
    def waits(self, signature: Signature) -> str | SafeString:
        return _waits(signature)

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
            except _REFUSED as refusal:
                messages.warning(request, format_html("<bdi>{}</bdi>: {}", signature.name, _words(refusal)))
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
        context = {**(extra_context or {}), **(_case(signature) if signature else {})}
        context["may_decide"] = self.may_decide(request)
        return super().change_view(request, object_id, form_url, context)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Carry out one decision, then show the next case that waits."""
        if not self.may_decide(request):
            raise PermissionDenied
        signature = get_object_or_404(Signature, pk=pk)
        name = request.POST.get("decision", "")
        decision = _DECISIONS.get(name)
        if decision is None:
            messages.error(request, _("Nothing was done: no such decision."))
            return HttpResponseRedirect(_case_url(pk))
        if request.POST.get("seen", _seen(signature)) != _seen(signature):
            messages.warning(request, _("It was corrected while you read it. Please look at it again."))
            return HttpResponseRedirect(_case_url(pk))
        following = _following(pk, _queue())  # asked before the decision takes this case out of the queue
        try:
            decision(request, signature)
        except _REFUSED as refusal:
            messages.warning(request, _words(refusal))
            return HttpResponseRedirect(_case_url(pk))
        except forms.ValidationError as problem:
            messages.error(request, " ".join(problem.messages))
            return HttpResponseRedirect(_case_url(pk))
        messages.success(request, format_html("<bdi>{}</bdi>: {}", signature.name, _("done.")))
        return HttpResponseRedirect(_case_url(pk) if name in _PREPARING else following)

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


def _case_url(pk: int) -> str:
    return reverse("admin:signatories_signature_change", args=[pk])


def _waits(signature: Signature) -> str | SafeString:
    """Say how long it has waited for staff, in amber after a day and in red after three; "" when it does not."""
    proposal = getattr(signature, "proposal", None)
    if signature.status not in DECIDABLE and not _by_phone(signature) and proposal is None:
        return ""
    age = timezone.now() - (proposal.proposed_at if proposal else signature.waits_since)
    level = (
        "red" if age > settings.MODERATION_RED else "amber" if age > settings.MODERATION_AMBER else "fresh"
    )
    return format_html('<span class="waits {}">{}</span>', level, timesince(timezone.now() - age, depth=1))


def _by_phone(signature: Signature) -> bool:
    return signature.by_phone and signature.status == SignatureStatus.UNCONFIRMED


def _queue() -> list[int]:
    """Return the keys of all that waits, oldest first."""
    return list(Signature.objects.waiting_for_staff().oldest_first().values_list("pk", flat=True))


def _following(pk: int, queue: list[int]) -> str:
    """Return the address of the case behind this one; behind the last stands the first, behind nothing the queue.

    Always the oldest would never lead past two that are held.
    """
    behind = queue.index(pk) + 1 if pk in queue else 0
    others = [other for other in (*queue[behind:], *queue[:behind]) if other != pk]
    return _case_url(others[0]) if others else reverse("admin:signatories_signature_changelist")


def _case(signature: Signature) -> dict[str, Any]:
    """Return everything needed to decide about one signature."""
    queue = _queue()
    holdable = signature.status in (*DECIDABLE, SignatureStatus.PUBLISHED)
    confirmable = _by_phone(signature)
    has_contact = Contact.objects.filter(signature=signature).exists()
    return {
        "title": "",
        "signature": signature,
        "seen": _seen(signature),
        "corrections": _corrections(signature),
        "decidable": signature.status in DECIDABLE,
        "holdable": holdable,
        "rejectable": holdable or confirmable,
        "confirmable": confirmable,
        "has_contact": has_contact,
        "completable": signature.channel == Channel.IMPORT and not has_contact,
        "complete_form": CompleteForm(
            initial={
                "country": signature.country,
                "kind": signature.kind,
                "latin": signature.latin,
                "website": signature.website,
            }
        ),
        "hold_reasons": HoldReason.choices,
        "reject_reasons": RejectReason.choices,
        "caps": _lowering(signature),
        "lints": [names.sentence(code) for code in names.lint(signature.name)] if signature.name else [],
        "organisations": matching.organisations_like(signature) if signature.name else [],
        "resembling": matching.signatures_like(signature) if signature.name else [],
        "history": _history(signature),
        "waiting": len(queue),
        "waits": _waits(signature),
        "following": _following(signature.pk, queue),
    }


def _history(signature: Signature) -> list[tuple[Event, Any, Any]]:
    """Return its events, the newest first, each with act and reason in words."""
    events = Event.objects.filter(subject_kind="signature", subject_id=signature.public_id)
    return [
        (event, _ACTS.get(event.act, event.act), _REASONS.get(event.reason, event.reason))
        for event in events.select_related("by")
    ]


def _seen(signature: Signature) -> str:
    """Return what changes whenever something that is decided about changes."""
    proposal = Proposal.objects.filter(signature=signature).first()
    facts = [getattr(each, field) for each in (signature, proposal) if each for field in _DECIDED_ABOUT]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def _corrections(signature: Signature) -> list[tuple[str, str, str]]:
    """Return (field, as it stands, as proposed) for each fact the proposal changes."""
    proposal = Proposal.objects.filter(signature=signature).first()
    if proposal is None:
        return []
    facts = [
        (_("Name"), signature.name, proposal.name),
        (_("Name in Latin letters"), signature.latin, proposal.latin),
        (_("Country"), signature.country_name, countries.name(proposal.country)),
        (_("Kind"), signature.get_kind_display(), proposal.get_kind_display()),
        (_("Website"), signature.website, proposal.website),
    ]
    return [fact for fact in facts if fact[1] != fact[2]]


def _lowering(signature: Signature) -> list[tuple[str, Any]]:
    """Return the caps that show less than the signatory chose."""
    if signature.has_ended:
        return []
    chosen = reach(SignatureStatus.PUBLISHED, signature.visibility, "")
    return [
        (cap.value, cap.label)
        for cap in StaffCap
        if reach(SignatureStatus.PUBLISHED, signature.visibility, cap) != chosen
    ]


class CompleteForm(forms.ModelForm[Signature]):
    """What staff add to an imported name."""

    class Meta:
        model = Signature
        fields = ["country", "kind", "latin", "website"]


def _chosen_organisation(request: HttpRequest) -> Organisation | None:
    chosen = request.POST.get("organisation", "")
    return get_object_or_404(Organisation, public_id=chosen) if chosen else None


def _reason(request: HttpRequest, reasons: list[str]) -> str:
    reason = request.POST.get("reason", "")
    if reason not in reasons:
        raise forms.ValidationError(_("Please choose a reason; it is mailed to the signatory."))
    return reason


def _complete(request: HttpRequest, signature: Signature) -> Signature:
    form = CompleteForm(request.POST, instance=signature)
    if not form.is_valid():
        raise forms.ValidationError([message for errors in form.errors.values() for message in errors])
    facts = moderation.Facts(**form.cleaned_data)
    return moderation.complete(signature, by=staff_of(request), facts=facts)


def _lower(request: HttpRequest, signature: Signature) -> Signature:
    cap = request.POST.get("cap", "")
    if cap not in ("", *StaffCap.values):
        raise forms.ValidationError(_("No such choice."))
    return moderation.lower(signature, by=staff_of(request), to=cap)


_PREPARING = ("confirm", "complete", "lower")  # after these the same case is still to be decided
_DECISIONS: dict[str, Callable[[HttpRequest, Signature], Signature]] = {
    "approve": lambda request, signature: moderation.approve(
        signature, by=staff_of(request), organisation=_chosen_organisation(request)
    ),
    "hold": lambda request, signature: moderation.hold(
        signature, by=staff_of(request), reason=_reason(request, HoldReason.values)
    ),
    "reject": lambda request, signature: moderation.reject(
        signature, by=staff_of(request), reason=_reason(request, RejectReason.values)
    ),
    "confirm": lambda request, signature: verification.confirm_by_hand(signature, by=staff_of(request)),
    "accept": lambda request, signature: moderation.accept_correction(signature, by=staff_of(request)),
    "decline": lambda request, signature: moderation.decline_correction(signature, by=staff_of(request)),
    "complete": _complete,
    "lower": _lower,
}


@admin.register(Organisation)
class OrganisationAdmin(_ReadOnly, admin.ModelAdmin[Organisation]):
    """Organisations and whether they are what they say they are."""

    list_display = ["shown_name", "shown_country", "kind", "is_network", "verification"]
    list_filter = ["verification", "kind", "is_network"]
    search_fields = ["name", "aliases", "public_id"]
    list_per_page = settings.BULK_LIMIT
    list_max_show_all = settings.BULK_LIMIT
    readonly_fields = [
        "shown_name",
        "also_known_as",
        "shown_country",
        "kind",
        "is_network",
        "website",
        "letters_signed",
    ]
    fields = ["shown_name", "verification", *readonly_fields[1:]]
    actions = ["verify_many", "doubt_many"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return _is_offered(lookup, self.list_filter)

    @admin.display(description=gettext_lazy("name"), ordering="name")
    def shown_name(self, organisation: Organisation) -> SafeString:
        return format_html('<bdi dir="auto">{}</bdi>', organisation.name)

    @admin.display(description=gettext_lazy("country"), ordering="country")
    def shown_country(self, organisation: Organisation) -> str:
        return countries.name(organisation.country)

    @admin.display(description=gettext_lazy("also known as"))
    def also_known_as(self, organisation: Organisation) -> str:
        aliases = ((alias,) for alias in organisation.aliases)
        return format_html_join(", ", '<bdi dir="auto">{}</bdi>', aliases) or "–"

    @admin.display(description=gettext_lazy("signatures"))
    def letters_signed(self, organisation: Organisation) -> SafeString:
        signed = organisation.signatures.select_related("letter")
        return format_html_join(
            ", ",
            '<a href="{}"><bdi>{}</bdi></a> ({})',
            ((_case_url(one.pk), one.letter.slug, one.get_status_display()) for one in signed),
        )

    def save_model(self, request: HttpRequest, obj: Organisation, form: Any, change: bool) -> None:
        """Its verification is the one thing that is typed here."""
        verification.verify(obj, by=staff_of(request), verification=obj.verification)

    @admin.action(description=gettext_lazy("Verified"), permissions=["change"])
    def verify_many(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> None:
        self._verify(request, queryset, Verification.VERIFIED)

    @admin.action(description=gettext_lazy("Doubtful"), permissions=["change"])
    def doubt_many(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> None:
        self._verify(request, queryset, Verification.DOUBTFUL)

    def _verify(self, request: HttpRequest, queryset: QuerySet[Organisation], to: Verification) -> None:
        for organisation in queryset[: settings.BULK_LIMIT]:
            verification.verify(organisation, by=staff_of(request), verification=to)
        messages.success(request, _("Done."))
