"""Signatures at the desk: the queue of what waits, oldest first, and one case at a time."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from signatories import queue
from signatories.admin.bulk import ManySignatures
from signatories.admin.case import by_phone, waits
from signatories.admin.cases import Cases
from signatories.admin.lists import ReadOnly, Spelled
from signatories.admin.words import room_of
from signatories.models import (
    ACCEPTED,
    DECIDABLE,
    Signature,
    SignatureStatus,
    Workshop,
)
from signatories.queue import Part, WaitsFor
from signatories.visibility import StaffCap


class QueueFilter(admin.SimpleListFilter):
    """What waits for staff, unless something else is asked for."""

    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        besides = [choice for choice in SignatureStatus.choices if choice[0] not in DECIDABLE]
        return [*WaitsFor.choices, ("all", gettext_lazy("All signatures")), *besides]

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
        if shows_queue(request):
            return queryset & queue.waiting(Part(waits_for=self.value() or "")).order_by()
        if self.value() in SignatureStatus.values:
            return queryset.filter(status=self.value())
        return queryset


class WorkshopFilter(admin.SimpleListFilter):
    """What was signed in one room, to be looked at together."""

    title = gettext_lazy("workshop")
    parameter_name = "workshop"
    LATELY = 50

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        lately = Workshop.objects.filter(taken__gt=0).latest_first()[: self.LATELY]
        return [(workshop.public_id, workshop.label) for workshop in lately]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() in [value for value, _title in self.lookup_choices]
        return queryset.filter(workshop__public_id=self.value()) if chosen else queryset


def shows_queue(request: HttpRequest) -> bool:
    """Whether the list that is asked for is of what waits, or a part of it."""
    return request.GET.get(QueueFilter.parameter_name) in (None, *WaitsFor.values)


@admin.register(Signature)
class SignatureAdmin(Cases, ManySignatures, ReadOnly, Spelled):
    """Signatures: the queue of what waits, and one case at a time."""

    event_kind = "signature"
    other_event_kinds = {
        "list": "signatories.view_importfile",
        "spokesperson": "signatories.view_contact",
        "workshop": "signatories.view_workshop",
    }
    change_list_template = "admin/signatories/signature/queue.html"
    list_display = [
        "shown_name",
        "waits",
        "shown_status",
        "shown_country",
        "letter",
        "shown_visibility",
    ]
    list_filter = [QueueFilter, "letter", WorkshopFilter, "kind", "visibility", "channel"]
    list_select_related = ["letter", "organisation", "proposal", "workshop"]

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """The queue by how long it waits; of others the newest first. Both are an index."""
        return tuple(queue.waiting().query.order_by) if shows_queue(request) else ("-pk",)

    def has_change_permission(self, request: HttpRequest, obj: Signature | None = None) -> bool:
        """Nobody types into a signature; whoever may change one may use the buttons."""
        return False

    # --- the queue -----------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer the parts of the queue above the list, each with how much waits in it."""
        context = {"parts": _parts(request) if shows_queue(request) else [], **(extra_context or {})}
        context["may_decide"] = self.may_decide(request)
        return super().changelist_view(request, context)

    @admin.display(description=gettext_lazy("name"), ordering="sort_key")
    def shown_name(self, signature: Signature) -> SafeString:
        name = format_html('<bdi dir="auto">{}</bdi>', signature.name or _("(erased)"))
        if signature.workshop is None:
            return name
        return format_html('{} <small class="quiet">{}</small>', name, room_of(signature.workshop))

    @admin.display(description=gettext_lazy("country"), ordering="country")
    def shown_country(self, signature: Signature) -> str:
        return signature.country_name

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def shown_status(self, signature: Signature) -> str:
        status = str(signature.get_status_display())
        if signature.status in ACCEPTED and signature.question:
            return "; ".join([status, str(signature.get_question_display())])
        if signature.status == SignatureStatus.HELD:
            return ": ".join([status, str(signature.get_hold_reason_display())])
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


@dataclass(frozen=True)
class _PartOfQueue:
    """A part of the queue as a link above the list: all of it, or what waits for one thing."""

    label: Any
    count: int
    query: str
    is_shown: bool


def _parts(request: HttpRequest) -> list[_PartOfQueue]:
    """Return the parts of the queue, on the letter the list is of."""
    letter = request.GET.get("letter__id__exact", "")
    heaps = queue.summary(at_most=settings.COUNTED_AT_MOST)
    heaps = [heap for heap in heaps if letter in ("", str(heap.letter))]
    counts = Counter[str]()
    for heap in heaps:
        counts[heap.waits_for] += heap.count
    kinds = [("", gettext_lazy("All that waits"), counts.total())]
    kinds += [(kind.value, kind.label, counts[kind]) for kind in WaitsFor]
    shown = request.GET.get(QueueFilter.parameter_name, "")
    return [
        _PartOfQueue(label, count, _query(QueueFilter.parameter_name, kind, letter), kind == shown)
        for kind, label, count in kinds
    ]


def _query(parameter: str, kind: str, letter: str) -> str:
    said = {name: value for name, value in ((parameter, kind), ("letter__id__exact", letter)) if value}
    return f"?{urlencode(said)}"
