"""Organisations that may be one: pairs to look at, two side by side, and what merging them would do."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from letters import countries
from letters.admin import staff_of
from letters.desk import Guarded
from signatories import matching, merging
from signatories.admin.decisions import number
from signatories.admin.words import REFUSED, name_of, words
from signatories.models import Organisation, Verification

_FILLED = {
    "latin": gettext_lazy("name in Latin letters"),
    "country": gettext_lazy("country"),
    "kind": gettext_lazy("kind"),
    "website": gettext_lazy("website"),
}


class WhichAreOne(Guarded):
    """A list of organisations, of which some are the same."""

    def get_urls(self) -> list[URLPattern]:
        def page(address: str, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            return path(address, self.admin_site.admin_view(view), name=f"signatories_organisation_{name}")

        get_or_post = require_http_methods(["GET", "HEAD", "POST"])
        return [
            page("duplicates/", "duplicates", get_or_post(self.duplicates)),
            page("<int:pk>/compare/", "compare", require_safe(self.compare)),
            page("<int:pk>/merge/<int:other>/", "merge", get_or_post(self.merge)),
            *super().get_urls(),
        ]

    def duplicates(self, request: HttpRequest) -> HttpResponse:
        """Show pairs that may be one, and write down which are two."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        before = number(request.GET.get("before"))
        if request.method == "POST":
            return self._tell_apart(request)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Organisations that may be one"),
            "opts": self.opts,
            "pairs": matching.pairs(before=before),
            "before": before,
            "looked_through": matching.LOOKED_THROUGH,
            "may_tell_apart": self._may_tell_apart(request),
        }
        return render(request, "admin/signatories/organisation/duplicates.html", context)

    def _tell_apart(self, request: HttpRequest) -> HttpResponse:
        if not self._may_tell_apart(request):
            raise PermissionDenied
        keys = [number(request.POST.get(name)) for name in ("one", "other")]
        both = Organisation.objects.in_bulk([key for key in keys if key is not None])
        try:
            one, other = (both[key] for key in keys if key in both)
            merging.tell_apart(one, other, by=staff_of(request))
        except (ValueError, merging.NotTwo):
            messages.warning(request, _("One of them is gone, or merged, meanwhile."))
        else:
            messages.success(request, format_html(_("{} and {} are two."), name_of(one), name_of(other)))
        return HttpResponseRedirect(request.get_full_path())

    def _may_tell_apart(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request) and request.user.has_perm("signatories.add_distinction")

    def compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lead to merging this one with another that is searched for by its name or id."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        organisation = get_object_or_404(Organisation, pk=pk)
        sought = request.GET.get("with", "").strip()
        others = Organisation.objects.standing().exclude(pk=pk)
        found = list(self.get_search_results(request, others, sought)[0].order_by("pk")[:2]) if sought else []
        if len(found) == 1:
            return HttpResponseRedirect(_merge_address(organisation, found[0]))
        messages.warning(
            request,
            _("More than one has that in its name. Please write more of it, or its id.")
            if found
            else _("No other organisation has that in its name."),
        )
        return HttpResponseRedirect(page_of(organisation))

    def merge(self, request: HttpRequest, pk: int, other: int) -> HttpResponse:
        """Show two organisations side by side with what merging them would do, and merge them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        kept, absorbed = get_object_or_404(Organisation, pk=pk), get_object_or_404(Organisation, pk=other)
        may_merge = self.has_change_permission(request) and request.user.has_perm("signatories.add_merge")
        if request.method == "POST" and not may_merge:
            raise PermissionDenied
        try:
            if request.method == "POST":
                return self._merge(request, kept, absorbed)
            preview = merging.preview(kept, absorbed)
        except REFUSED as refusal:
            messages.warning(request, words(refusal))
            return HttpResponseRedirect(page_of(kept))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Are they one?"),
            "opts": self.opts,
            "preview": preview,
            "rows": _side_by_side(preview.kept, preview.absorbed),
            "filled": [_FILLED[name] for name in preview.filled],
            "becomes": Verification(preview.verification).label,
            "told_apart": _told_apart(kept, absorbed),
            "may_merge": may_merge,
            "may_tell_apart": self._may_tell_apart(request),
            "swapped": _merge_address(absorbed, kept),
        }
        return render(request, "admin/signatories/organisation/merge.html", context)

    def _merge(self, request: HttpRequest, kept: Organisation, absorbed: Organisation) -> HttpResponse:
        seen_ = request.POST.get("seen", "") or "nothing"
        try:
            merging.merge(kept, absorbed, by=staff_of(request), seen=seen_)
        except merging.ChangedMeanwhile:
            messages.warning(
                request,
                _("Something has changed since you looked, and nothing was merged. Please look again."),
            )
            return HttpResponseRedirect(_merge_address(kept, absorbed))
        said = _("{} is merged into {}. For a day that can be undone here.")
        messages.success(request, format_html(said, name_of(absorbed), name_of(kept)))
        return HttpResponseRedirect(page_of(kept))


def page_of(organisation: Organisation) -> str:
    return reverse("admin:signatories_organisation_change", args=[organisation.pk])


def tag(organisation: Organisation) -> SafeString:
    """Return its verification as the desk's pages show it."""
    status, label = organisation.verification, organisation.get_verification_display()
    return format_html('<span class="tag {}">{}</span>', status, label)


def _side_by_side(kept: Organisation, absorbed: Organisation) -> list[tuple[Any, list[Any]]]:
    """Return (fact, what each of both says), without facts that neither tells."""
    facts: list[tuple[Any, Callable[[Organisation], Any]]] = [
        (
            _("Also known as"),
            lambda one: [format_html('<bdi dir="auto">{}</bdi>', name) for name in one.aliases],
        ),
        (_("Name in Latin letters"), lambda one: [one.latin]),
        (_("Country"), lambda one: [countries.name(one.country)]),
        (_("Kind"), lambda one: [one.get_kind_display()]),
        (_("Network"), lambda one: [_("yes") if one.is_network else ""]),
        (_("Website"), lambda one: [one.website]),
        (_("Verification"), lambda one: [tag(one)]),
        (_("Evidence"), lambda one: [one.evidence.count() or ""]),
        (_("Signatures"), lambda one: [one.signatures.count() or ""]),
    ]
    rows = [
        (fact, [[said for said in told(one) if said] for one in (kept, absorbed)]) for fact, told in facts
    ]
    return [(fact, said) for fact, said in rows if any(said)]


def _told_apart(kept: Organisation, absorbed: Organisation) -> bool:
    return absorbed.pk in matching.told_apart_from(kept)


def _merge_address(kept: Organisation, absorbed: Organisation) -> str:
    return reverse("admin:signatories_organisation_merge", args=[kept.pk, absorbed.pk])
