"""The desk for letters: hosts, letters, texts, staff; and what was done. Acts on a letter's dates are buttons."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminFileWidget
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_POST, require_safe

from letters import lifecycle
from letters.models import Event, Figure, Host, HostLink, HostText, Letter, Recipient, Staff, Text, TextChange
from letters.phases import Phase
from letters.pictures import written_anew
from letters.revision import bump_host, bump_with_neighbours
from letters.showing import letter_context

admin.site.register(Staff, UserAdmin)


def staff_of(request: HttpRequest) -> Staff:
    """Return who is at the desk; behind admin_view nobody else is."""
    if not isinstance(request.user, Staff):
        raise PermissionDenied
    return request.user


@admin.register(Event)
class EventAdmin(admin.ModelAdmin[Event]):
    """What was done, to read."""

    list_display = ["at", "act", "subject_kind", "subject_id", "letter", "by", "reason"]
    list_filter = ["act", "letter"]
    list_select_related = ["letter", "by"]
    search_fields = ["subject_id"]
    date_hierarchy = "at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

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
class HostAdmin(admin.ModelAdmin[Host]):
    """Who publishes letters."""

    form = HostForm
    inlines = [HostTextInline, HostLinkInline]
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]

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
class LetterAdmin(admin.ModelAdmin[Letter]):
    """A letter: what belongs to it, and buttons for its lifecycle."""

    change_form_template = "admin/letters/letter/change_form.html"
    fields = ["host", "slug", "original_language", "time_zone"]
    inlines = [RecipientInline, FigureInline]
    list_display = ["slug", "host", "phase_now", "opens_at", "closes_at"]
    list_filter = ["host"]
    list_select_related = ["host"]
    search_fields = ["slug", "texts__title"]
    date_hierarchy = "opens_at"

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
            response = render(request, "letters/letter.html", letter_context(letter) | {"is_secret": True})
        response["Cache-Control"] = "no-store, private"
        return response

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
    """A text whose version is counted on by itself."""

    class Meta:
        model = Text
        fields = ["letter", "language", "standing", "title", "subtitle", "body"]
        widgets = {
            "title": forms.TextInput(attrs={"size": 80, "dir": "auto"}),
            "subtitle": forms.TextInput(attrs={"size": 80, "dir": "auto"}),
            "body": forms.Textarea(attrs={"rows": 30, "cols": 100, "dir": "auto"}),
        }


@admin.register(Text)
class TextAdmin(admin.ModelAdmin[Text]):
    """Texts. Once a letter gathers or is open they stand as they are; a change is a new version."""

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

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without deleting many at once, which would ask no letter's phase."""
        return {
            name: action for name, action in super().get_actions(request).items() if name != "delete_selected"
        }

    def save_model(self, request: HttpRequest, obj: Text, form: Any, change: bool) -> None:
        if not change:
            newest = Text.objects.filter(letter=obj.letter, language=obj.language).first()
            obj.version = newest.version + 1 if newest else 1
            obj.change = TextChange.EDITORIAL if newest else TextChange.FIRST
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        bump_with_neighbours(form.instance.letter)

    def delete_model(self, request: HttpRequest, obj: Text) -> None:
        letter = obj.letter
        super().delete_model(request, obj)
        bump_with_neighbours(letter)
