"""The desk for letters: hosts, letters, texts, staff; and what was done. Acts on a letter's dates are buttons."""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.decorators import reauthentication_required
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AdminFileWidget
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserCreationForm, UsernameField
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_POST, require_safe

from letters import accounts, lifecycle, staffing
from letters.desk import Guarded
from letters.models import Event, Figure, Host, HostLink, HostText, Letter, Recipient, Staff, Text
from letters.phases import Phase
from letters.pictures import written_anew
from letters.revision import bump_host, bump_with_neighbours
from letters.showing import letter_context


def staff_of(request: HttpRequest) -> Staff:
    """Return who is at the desk; behind admin_view nobody else is."""
    if not isinstance(request.user, Staff):
        raise PermissionDenied
    return request.user


class StaffForm(forms.ModelForm[Staff]):
    """An account, whose roles are those that whoever fills it in may give."""

    class Meta:
        model = Staff
        fields = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser"]
        field_classes = {"username": UsernameField}
        labels = {"username": gettext_lazy("User name"), "is_active": gettext_lazy("May come in")}
        help_texts = {
            "username": "",
            "is_active": gettext_lazy("Without it, somebody is out at the next page they ask for."),
            "is_staff": gettext_lazy("Without it, nobody comes to the desk."),
            "is_superuser": gettext_lazy("May do everything, whatever the roles say."),
        }

    def clean(self) -> dict[str, Any] | None:
        rights = ("is_active", "is_staff", "is_superuser")
        taken = any(self.cleaned_data.get(right) is False for right in rights)
        if taken and staffing.is_last_superuser(self.instance):
            raise forms.ValidationError(
                _("Somebody has to be left who may do everything. Make another one a superuser first.")
            )
        return super().clean()


class NewStaffForm(UserCreationForm[Staff]):
    """An account, of which the next page asks what it may do."""

    class Meta(UserCreationForm.Meta):
        model = Staff
        fields = ("username", "email")


class NewPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # django_stubs_ext leaves it as it is
    """Another password. Django would offer to take it away altogether, for ways in that the desk has not got."""

    usable_password = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)
        for field in self.fields.values():
            field.required = True


class RoleFilter(admin.SimpleListFilter):
    """Who is in a role."""

    title = gettext_lazy("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(group.pk), _(group.name)) for group in Group.objects.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() in [value for value, _title in self.lookup_choices]
        return queryset.filter(groups=self.value()) if chosen else queryset


class RolesField(forms.ModelMultipleChoiceField[Group]):
    """Roles, in the language of whoever gives them."""

    def label_from_instance(self, obj: Group) -> str:
        return _(obj.name)


@admin.register(Staff)
class StaffAdmin(Guarded, UserAdmin[Staff]):
    """Who works at the desk. Nobody gives a right they have not got, and nobody changes their own."""

    event_kind = "staff"
    form = StaffForm
    add_form = NewStaffForm
    add_form_template = None
    add_fieldsets = (
        (
            None,
            {
                "fields": ("username", "email", "password1", "password2"),
                "description": gettext_lazy(
                    "The next page asks for roles. Without any, they can do nothing yet."
                ),
            },
        ),
    )
    change_password_form = NewPasswordForm
    change_user_password_template = "admin/letters/staff/password.html"  # noqa: S105 - where its page is
    list_display = ["username", "full_name", "roles", "may_come_in", "last_login"]
    list_filter = ["is_active", RoleFilter]
    search_fields = ["username", "first_name", "last_name", "email"]
    filter_horizontal = ["user_permissions"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Staff]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=gettext_lazy("name"), ordering="first_name")
    def full_name(self, staff: Staff) -> str:
        return staff.get_full_name()

    @admin.display(description=gettext_lazy("roles"))
    def roles(self, staff: Staff) -> str:
        names = [_(group.name) for group in staff.groups.all()]
        return ", ".join([_("Superuser"), *names] if staff.is_superuser else names) or "–"

    @admin.display(description=gettext_lazy("may come in"), ordering="is_active", boolean=True)
    def may_come_in(self, staff: Staff) -> bool:
        return staff.is_active and staff.is_staff

    @admin.display(description=gettext_lazy("password"))
    def way_in(self, staff: Staff) -> str:
        link = reverse("admin:auth_user_password_change", args=[staff.pk])
        return format_html('<a href="{}">{}</a>', link, _("Set another password"))

    @admin.display(description=gettext_lazy("second factor"))
    def second_factor(self, staff: Staff) -> str:
        if not accounts.has_factors(staff):
            return _("None yet: asked for at the way in")
        link = reverse("admin:letters_staff_second_factors", args=[staff.pk])
        return format_html('<a href="{}">{}</a>', link, _("Take it away, because it is lost"))

    # --- who may change what -------------------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        """Accounts of superusers are changed by superusers."""
        return super().has_change_permission(request, obj) and (
            obj is None or not obj.is_superuser or staff_of(request).is_superuser
        )

    def has_delete_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        """An account is disabled; only one that never did anything may go. A superuser is no superuser first."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.is_superuser)

    def get_fieldsets(self, request: HttpRequest, obj: Staff | None = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        by = staff_of(request)
        name = ["username", "first_name", "last_name", "email"]
        changes_way_in = self.has_change_permission(request, obj) and staffing.covers(by, obj)
        way_in = ["way_in"] if obj != by and changes_way_in else []
        rights = [
            "is_active" if self._switches(by, obj) else "may_come_in",
            "groups" if self._gives_roles(by, obj) else "roles",
        ]
        if by.is_superuser:
            rights += ["is_staff", "is_superuser", "user_permissions"]
            way_in += ["second_factor"] if obj != by else []
        return [
            (None, {"fields": [*name, *way_in]}),
            (_("What they may do"), {"fields": rights}),
            (_("When"), {"fields": ["date_joined", "last_login"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Staff | None = None) -> list[str]:
        """Names are typed where one may do all that the colleague may: mail goes where they say."""
        if obj is None:
            return []
        fixed = ["way_in", "second_factor", "may_come_in", "roles", "date_joined", "last_login"]
        name = ["username", "first_name", "last_name", "email"]
        return fixed if staffing.covers(staff_of(request), obj) else [*fixed, *name]

    def _switches(self, by: Staff, colleague: Staff) -> bool:
        """Who may do more than oneself can be kept out, and not let in again: in an hour of need anybody may."""
        return by.is_superuser or (
            by != colleague and (colleague.is_active or staffing.covers(by, colleague))
        )

    def _gives_roles(self, by: Staff, colleague: Staff) -> bool:
        return by.is_superuser or (by != colleague and staffing.covers(by, colleague))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            return RolesField(
                staffing.may_give(staff_of(request)),
                required=False,
                label=gettext_lazy("Roles"),
                help_text=gettext_lazy("Those you may give: nobody gives a right they have not got."),
                widget=forms.CheckboxSelectMultiple,
            )
        if db_field.name == "user_permissions":
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    # --- a second factor that was lost ---------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        take = reauthentication_required(app="allauth.mfa")(self.second_factors)
        page = self.admin_site.admin_view(take)
        return [
            path("<int:pk>/second-factors/", page, name="letters_staff_second_factors"),
            *super().get_urls(),
        ]

    def second_factors(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether to take somebody's second factors away, and do it."""
        staff, by = get_object_or_404(Staff, pk=pk), staff_of(request)
        if not accounts.may_take_second_factors(staff, by=by):
            raise PermissionDenied
        if request.method == "POST":
            accounts.remove_second_factors(staff, by=by)
            messages.success(request, _("Taken away. At the next coming in a new one is asked for."))
            return HttpResponseRedirect(reverse("admin:letters_staff_change", args=[pk]))
        title = _("Take the second factor away")
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "staff": staff}
        return render(request, "admin/letters/staff/second_factors.html", context)

    # --- every change is an event --------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        staff = self.get_object(request, unquote(object_id)) if object_id else None
        with (
            staffing.noted(staff, by=staff_of(request))
            if request.method == "POST" and staff
            else nullcontext()
        ):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - as Django calls it
        staff = self.get_object(request, unquote(id))
        by = staff_of(request)
        if staff is None or not self.has_change_permission(request, staff) or not staffing.covers(by, staff):
            raise PermissionDenied
        if staff == by:  # this page would not ask for the old one
            return HttpResponseRedirect(reverse("admin:password_change"))
        with staffing.noted(staff, by=by):
            return super().user_change_password(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: Staff, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            staffing.add(obj, by=staff_of(request))

    def delete_model(self, request: HttpRequest, obj: Staff) -> None:
        staffing.delete(obj, by=staff_of(request))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing: the event says it, and Django's own log would keep the name."""

    log_change = log_addition

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Nothing, as above."""


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(Guarded):
    """The roles and their rights, to read. Migrations make them, so that docs and tests tell the truth about them."""

    list_display = ["name"]
    search_fields = ["name"]
    fields = ["name", "rights"]

    @admin.display(description=gettext_lazy("rights"))
    def rights(self, group: Group) -> str:
        return format_html_join(", ", "{}", group.permissions.values_list("name"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return False


class _Lately(admin.SimpleListFilter):
    """What events were about of late: to list all that there ever was would read every event."""

    column: str
    LATELY = 1_000

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        lately = model_admin.get_queryset(request).order_by("-at", "-pk").values_list(self.column)
        return [(value, value) for value in sorted({value for (value,) in lately[: self.LATELY]})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class ActFilter(_Lately):
    title = gettext_lazy("act")
    parameter_name = column = "act"


class KindFilter(_Lately):
    title = gettext_lazy("kind")
    parameter_name = "about"
    column = "subject_kind"


@admin.register(Event)
class EventAdmin(Guarded):
    """What was done, to read: to those who may see what it was done to."""

    list_display = ["at", "by", "act", "reason", "subject_kind", "subject_id", "letter"]
    list_display_links = None  # there is no more to an event than its line
    list_filter = [KindFilter, ActFilter, "letter"]
    list_select_related = ["letter", "by"]
    search_fields = ["subject_id__exact"]
    search_help_text = gettext_lazy("The id of a signature or organisation, or the address of a letter.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Events of what this person may see, by the kinds of all there is at the desk."""
        desks = self.admin_site._registry.values()
        seen = [str(desk.opts.model_name) for desk in desks if desk.has_view_permission(request)]
        for desk in desks:
            kinds = getattr(desk, "other_event_kinds", {})
            seen += [kind for kind, right in kinds.items() if request.user.has_perm(right)]
        return super().get_queryset(request).filter(subject_kind__in=seen)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return obj is None and super().has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False


@dataclass(frozen=True)
class _PublicPicture:
    """A host's picture at the address where the public sees it; its file has none."""

    host: Host

    @property
    def url(self) -> str:
        return f"{reverse('host_picture', args=[self.host.slug])}?{self.host.revision}"

    def __str__(self) -> str:
        return f"{self.host.picture_width} × {self.host.picture_height}"


class PictureInput(AdminFileWidget):
    """Links the picture where the public finds it."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if context["widget"]["is_initial"]:
            context["widget"]["value"] = _PublicPicture(value.instance)
        return context


class HostForm(forms.ModelForm[Host]):
    """A host, whose picture is written anew before it is stored."""

    class Meta:
        model = Host
        fields = ["name", "slug", "website", "picture", "picture_credit"]
        widgets = {"picture": PictureInput}

    def clean_picture(self) -> Any:
        picture = self.cleaned_data["picture"]
        return written_anew(picture) if isinstance(picture, UploadedFile) else picture


class HostTextInline(admin.StackedInline[HostText, Host]):
    model = HostText
    extra = 0
    min_num = 1


class HostLinkInline(admin.TabularInline[HostLink, Host]):
    model = HostLink
    extra = 0


@admin.register(Host)
class HostAdmin(Guarded):
    """Who publishes letters."""

    form = HostForm
    inlines = [HostTextInline, HostLinkInline]
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]

    def view_on_site(self, host: Host) -> str:
        """Return where the public reads it."""
        return host.get_absolute_url()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        bump_host(form.instance)


class RecipientInline(admin.TabularInline[Recipient, Letter]):
    model = Recipient
    extra = 0


class FigureInline(admin.TabularInline[Figure, Letter]):
    model = Figure
    extra = 0


class ScheduleForm(forms.Form):
    """When a lifecycle act takes place: now, or at a time in the letter's own time zone."""

    act = forms.ChoiceField(
        choices=[(name, name) for name in ("gather", "open", "close", "reopen", "archive", "link")]
    )
    at = forms.DateTimeField(
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        error_messages={"invalid": gettext_lazy("No such time.")},
    )

    def clean_at(self) -> datetime | None:
        """Refuse years of the far past and future: at the ends of the calendar no other time zone can say them."""
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and not 2000 <= at.year < 2200:
            raise forms.ValidationError(self.fields["at"].error_messages["invalid"], code="invalid")
        return at

    def when(self, letter: Letter) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        return at.replace(tzinfo=ZoneInfo(letter.time_zone)) if at else None


_UNDATED_ACTS = {
    "link": lifecycle.replace_gathering_link,
    "reopen": lifecycle.reopen_letter,
}
_DATED_ACTS = {
    "gather": lifecycle.gather,
    "open": lifecycle.open_letter,
    "close": lifecycle.close_letter,
    "archive": lifecycle.archive_letter,
}


@admin.register(Letter)
class LetterAdmin(Guarded):
    """A letter: what belongs to it, and buttons for its lifecycle."""

    change_form_template = "admin/letters/letter/change_form.html"
    other_event_kinds = {"comment": "letters.view_comment"}
    fields = ["host", "slug", "original_language", "time_zone", "goal"]
    inlines = [RecipientInline, FigureInline]
    list_display = ["slug", "host", "phase_now", "opens_at", "closes_at"]
    list_filter = ["host"]
    list_select_related = ["host"]
    search_fields = ["slug", "texts__title"]

    @admin.display(description=gettext_lazy("phase"))
    def phase_now(self, letter: Letter) -> str:
        return str(letter.phase.label)

    def has_delete_permission(self, request: HttpRequest, obj: Letter | None = None) -> bool:
        """A letter that was read by anybody stays; a draft may go."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.phase == Phase.DRAFT)

    def view_on_site(self, letter: Letter) -> str | None:
        """Return where the public reads it, once it does."""
        return letter.get_absolute_url() if letter.is_public else None

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        bump_with_neighbours(form.instance)

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(require_POST(self.act))
        preview = self.admin_site.admin_view(require_safe(self.preview))
        return [
            path("<int:pk>/act/", act, name="letters_letter_act"),
            path("<int:pk>/preview/<str:language>/", preview, name="letters_letter_preview"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, pk: int, language: str) -> HttpResponse:
        """Show a letter as its readers will see it, whatever its phase."""
        letter = get_object_or_404(Letter.objects.select_related("host"), pk=pk)
        if not self.has_view_permission(request, letter) or letter.text_for(language) is None:
            raise PermissionDenied
        with override(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
            return render(request, "letters/letter.html", letter_context(letter) | {"is_secret": True})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        letter = self.get_object(request, object_id)
        context = {"letter": letter, **(extra_context or {})}
        if letter is not None:
            key = letter.gathering_key
            context |= {
                "secret_link": request.build_absolute_uri(reverse("gathering_letter", args=[key])),
                "texts": letter.texts.all(),
                "dates": [
                    (label, moment)
                    for label, moment in (
                        (_("Gathers from"), letter.gathers_at),
                        (_("Opens"), letter.opens_at),
                        (_("Closes"), letter.closes_at),
                        (_("Archived"), letter.archived_at),
                    )
                    if moment
                ],
            }
        return super().change_view(request, object_id, form_url, context)

    def act(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Carry out one lifecycle act and say what became of it."""
        letter = get_object_or_404(Letter, pk=pk)
        if not self.has_change_permission(request, letter):
            raise PermissionDenied
        form = ScheduleForm(request.POST)
        if form.is_valid():
            self._carry_out(request, letter, form)
        else:
            messages.error(request, _("Nothing was done: please give a date and a time, or neither."))
        return HttpResponseRedirect(reverse("admin:letters_letter_change", args=[pk]))

    def _carry_out(self, request: HttpRequest, letter: Letter, form: ScheduleForm) -> None:
        name = form.cleaned_data["act"]
        try:
            if name in _UNDATED_ACTS:
                _UNDATED_ACTS[name](letter, by=staff_of(request))
            else:
                _DATED_ACTS[name](letter, by=staff_of(request), at=form.when(letter))
        except lifecycle.LetterHasNoText:
            messages.error(request, _("The letter has no text yet. Add one, then come back."))
        except lifecycle.WrongPhase as wrong:
            messages.error(
                request, _("That does not fit: the letter is in the phase “%s”.") % wrong.phase.label
            )
        except lifecycle.WrongOrder:
            messages.error(request, _("The dates must follow each other: gather, open, close, archive."))
        else:
            messages.success(request, _("Done."))


class TextForm(forms.ModelForm[Text]):
    """A text of a letter in one more language; where it speaks that language already, a version changes it."""

    class Meta:
        model = Text
        fields = ["letter", "language", "standing", "title", "subtitle", "body"]
        widgets = {
            "title": forms.TextInput(attrs={"size": 80, "dir": "auto"}),
            "subtitle": forms.TextInput(attrs={"size": 80, "dir": "auto"}),
            "body": forms.Textarea(attrs={"rows": 30, "cols": 100, "dir": "auto"}),
        }

    def clean(self) -> dict[str, Any] | None:
        said = super().clean() or self.cleaned_data
        letter, language = said.get("letter"), said.get("language")
        if letter and letter.texts.filter(language=language).exclude(pk=self.instance.pk).exists():
            self.add_error(
                "language",
                _(
                    "The letter speaks this language already. To change its text, use “Change the text” on the "
                    "letter’s page."
                ),
            )
        return said


@admin.register(Text)
class TextAdmin(Guarded):
    """Texts. Once a letter gathers or is open they stand as they are, and change by a version of the letter."""

    form = TextForm
    list_display = ["title", "letter", "language", "version", "standing"]
    list_filter = ["language", "letter"]
    list_select_related = ["letter"]
    search_fields = ["title"]

    def has_change_permission(self, request: HttpRequest, obj: Text | None = None) -> bool:
        return super().has_change_permission(request, obj) and (
            obj is None or obj.letter.phase == Phase.DRAFT
        )

    def has_delete_permission(self, request: HttpRequest, obj: Text | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (
            obj is None or obj.letter.phase == Phase.DRAFT
        )

    def save_model(self, request: HttpRequest, obj: Text, form: Any, change: bool) -> None:
        if not change:
            obj.version = obj.letter.version_number()  # a translation is one of the text as it is now
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        bump_with_neighbours(form.instance.letter)

    def delete_model(self, request: HttpRequest, obj: Text) -> None:
        letter = obj.letter
        super().delete_model(request, obj)
        bump_with_neighbours(letter)
