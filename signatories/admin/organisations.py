"""Organisations at the desk, and whether they are what they say they are."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from letters import countries
from letters.admin import staff_of
from signatories import verification
from signatories.admin.lists import ReadOnly, is_offered
from signatories.admin.words import case_url
from signatories.models import Organisation, Verification


@admin.register(Organisation)
class OrganisationAdmin(ReadOnly, admin.ModelAdmin[Organisation]):
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
        return is_offered(lookup, self.list_filter)

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
            ((case_url(one.pk), one.letter.slug, one.get_status_display()) for one in signed),
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
