"""What all of the desk has in common: it answers what its own pages ask, and every list in bounded work."""

from collections.abc import Iterable
from functools import cached_property, wraps
from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _


class DeskSite(admin.AdminSite):
    """The desk. What stands around the lists and forms: odd questions, suggestions, the way to a public page."""

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Refuse the one character the database cannot read, wherever a question might hold it."""

        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if any("\0" in value for _name, values in request.GET.lists() for value in values):
                raise BadRequest
            response: HttpResponse = view(request, *args, **kwargs)
            return response

        return super().admin_view(asked, cacheable)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Suggest rows only where a form of the desk asks for suggestions: any other field is a stranger's question."""
        asked = tuple(request.GET.get(part, "") for part in ("app_label", "model_name", "field_name"))
        if asked not in self._fields_with_suggestions(request):
            raise PermissionDenied
        return super().autocomplete_view(request)

    def _fields_with_suggestions(self, request: HttpRequest) -> set[tuple[str, ...]]:
        desks = list(self._registry.values())
        forms = [*desks, *(inline(desk.model, self) for desk in desks for inline in desk.inlines)]
        return {
            (form.opts.app_label, str(form.opts.model_name), field)
            for form in forms
            for field in form.get_autocomplete_fields(request)
        }

    def get_urls(self) -> list[Any]:
        """Put our own way to a public page before Django's, which shows the address of a letter under embargo."""
        to_page = path(
            "r/<path:content_type_id>/<path:object_id>/",
            self.admin_view(self.view_on_site),
            name="view_on_site",
        )
        return [to_page, *super().get_urls()]

    def view_on_site(self, request: HttpRequest, content_type_id: str, object_id: str) -> HttpResponse:
        """Lead to where the public sees a row this person may see; nothing tells apart the reasons for which not."""
        address = None
        desk = self._desk_of(content_type_id)
        row = desk.get_object(request, object_id) if desk else None
        if desk and row and desk.has_view_permission(request, row):
            address = _public_address(desk, row)
        if address is None:
            raise Http404
        return HttpResponseRedirect(address)

    def _desk_of(self, content_type_id: str) -> "admin.ModelAdmin[Any] | None":
        try:
            content_type = ContentType.objects.get_for_id(int(content_type_id))
            return self.get_model_admin(apps.get_model(content_type.app_label, content_type.model))
        except (ValueError, ContentType.DoesNotExist, LookupError, NotRegistered):
            return None


def _public_address(desk: "admin.ModelAdmin[Any]", row: Model) -> str | None:
    if callable(desk.view_on_site):
        return desk.view_on_site(row)
    return None


class CappedPaginator(Paginator[Any]):
    """Pages of the first so many rows: counting on to the last would read the whole table on every page."""

    @cached_property
    def count(self) -> int:
        return min(self._counted, settings.COUNTED_AT_MOST)

    @property
    def has_more(self) -> bool:
        """Whether rows lie beyond the last page; they are found by filtering and searching."""
        return self._counted > settings.COUNTED_AT_MOST

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return rows.order_by()[: settings.COUNTED_AT_MOST + 1].count()


class Guarded(admin.ModelAdmin[Any]):
    """A list and its forms that answer only what they offer. Everything at the desk is one of these."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count for each choice of each filter is a table read each
    list_per_page = list_max_show_all = settings.BULK_LIMIT
    event_kind = ""  # where events tell the history of a row, their kind
    other_event_kinds: ClassVar[dict[str, str]] = {}  # {kind of what has no list of its own: who may read it}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return is_offered(lookup, self.get_list_filter(request))

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Rows are named by their primary key alone: any other unique column could be guessed letter by letter."""
        return to_field == self.opts.pk.name

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Tell who asked what a list cannot answer that this is the list as it opens."""
        if ERROR_FLAG in request.GET and request.method == "GET":
            if (
                len(request.GET) > 1
            ):  # asked again: with the flag still there, Django would blame the database
                rest = request.GET.copy()
                del rest[ERROR_FLAG]
                return HttpResponseRedirect(f"{request.path}?{rest.urlencode()}")
            messages.warning(request, _("That could not be looked for. This is the list as it opens."))
        return super().changelist_view(request, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the events of a row, where they are its history."""
        row = self.get_object(request, unquote(object_id))
        if not self.event_kind or row is None:
            return super().history_view(request, object_id, extra_context)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        subject = getattr(row, "public_id", row.pk)
        events = reverse("admin:letters_event_changelist", query={"about": self.event_kind, "q": subject})
        return HttpResponseRedirect(events)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without deleting many at once, which would ask no row whether it may go."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    # The stubs know a third argument, which Django 5.2 does not.
    def response_action(  # type: ignore[override]
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Act on rows that were shown: never on all pages at once, and not on what cannot be a row."""
        posted = request.POST.copy()
        posted["select_across"] = "0"
        posted.setlist(ACTION_CHECKBOX_NAME, [key for key in _ticked(request) if self._may_be_a_key(key)])
        request.POST = posted  # type: ignore[assignment]  # as Django's own UserAdmin does it
        return super().response_action(request, queryset)

    def _may_be_a_key(self, ticked: str) -> bool:
        try:
            self.opts.pk.to_python(ticked)
        except ValidationError:
            return False
        return True


def _ticked(request: HttpRequest) -> list[str]:
    return request.POST.getlist(ACTION_CHECKBOX_NAME)[: settings.BULK_LIMIT]


def is_offered(lookup: str, filters: Iterable[Any]) -> bool:
    """Whether a list offers this filter itself: a query string could ask for any column, letter by letter."""
    fields = [name for name in filters if isinstance(name, str)]
    offered = {f"{field}__{rest}" for field in fields for rest in ("exact", "id__exact", "isnull")}
    return lookup in offered | {
        filter_.parameter_name for filter_ in filters if hasattr(filter_, "parameter_name")
    }
