"""Codes for workshops: made for a letter, printed once, watched and stopped."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_http_methods, require_POST

from letters.admin import staff_of
from letters.models import Letter
from signatories import qr, workshops
from signatories.models import Workshop, new_public_id
from signatories.names import clean

_SHOWN = 200  # of a letter; the newest


class WorkshopForm(forms.Form):
    """What a room is called, how many sign in it, and for how long."""

    label = forms.CharField(
        label=gettext_lazy("What do you call it?"),
        max_length=80,
        help_text=gettext_lazy("For colleagues alone, for example: Kakuma room 3"),
        error_messages={"required": gettext_lazy("Please give it a name that colleagues understand.")},
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    places = forms.IntegerField(
        label=gettext_lazy("How many organisations may sign with it?"),
        min_value=1,
        max_value=settings.WORKSHOP_PLACES_AT_MOST,
        initial=settings.WORKSHOP_PLACES,
    )
    days = forms.IntegerField(
        label=gettext_lazy("For how many days is it good?"),
        min_value=1,
        max_value=settings.WORKSHOP_LIFE_AT_MOST.days,
        initial=settings.WORKSHOP_LIFE.days,
    )
    # Made with the form, so that a form sent twice makes one workshop.
    public_id = forms.CharField(validators=[RegexValidator("^[0-9a-f]{16}$")], widget=forms.HiddenInput)

    def clean_label(self) -> str:
        label = clean(self.cleaned_data["label"])
        if not label:
            raise forms.ValidationError(self.fields["label"].error_messages["required"], code="required")
        return label


@require_http_methods(["GET", "HEAD", "POST"])
def workshops_of_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """List the workshops of a letter; posted, make one and show its sheet, this once."""
    right = "add" if request.method == "POST" else "view"
    if not request.user.has_perm(f"signatories.{right}_workshop"):
        raise PermissionDenied
    letter = get_object_or_404(Letter.objects.select_related("host"), pk=pk)
    if request.method != "POST":
        return _list(request, letter, WorkshopForm(initial={"public_id": new_public_id()}))
    form = WorkshopForm(request.POST)
    if not form.is_valid():
        return _list(request, letter, form, status=422)
    try:
        opened = workshops.open_workshop(
            letter,
            label=form.cleaned_data["label"],
            places=form.cleaned_data["places"],
            life=timedelta(days=form.cleaned_data["days"]),
            public_id=form.cleaned_data["public_id"],
            by=staff_of(request),
        )
    except workshops.AlreadyMade:
        messages.warning(
            request, _("That was sent twice, and made once. Its sheet is shown once; make a new code for it.")
        )
        return HttpResponseRedirect(reverse("workshops_of_letter", args=[pk]))
    return _sheet(request, letter, opened)


@require_POST
def act_on_workshop(request: HttpRequest, public_id: str) -> HttpResponse:
    """Stop a workshop, or give it a new code and show its sheet."""
    if not request.user.has_perm("signatories.change_workshop"):
        raise PermissionDenied
    workshop = get_object_or_404(Workshop.objects.select_related("letter__host"), public_id=public_id)
    act = request.POST.get("act", "")
    if act == "renew":
        try:
            return _sheet(
                request,
                workshop.letter,
                workshops.renew_code(workshop, by=staff_of(request)),
                is_new_code=True,
            )
        except workshops.WorkshopOver:
            messages.warning(request, _("This workshop is over. Please make another one."))
    elif act == "stop":
        workshops.stop(workshop, by=staff_of(request))
        messages.success(
            request, format_html(_("{}: stopped. Nobody signs with its code any more."), _name_of(workshop))
        )
    return HttpResponseRedirect(reverse("workshops_of_letter", args=[workshop.letter_id]))


def _name_of(workshop: Workshop) -> Any:
    return format_html('<bdi dir="auto">{}</bdi>', workshop.label)


def _list(request: HttpRequest, letter: Letter, form: WorkshopForm, *, status: int = 200) -> HttpResponse:
    found = Workshop.objects.filter(letter=letter).select_related("by").latest_first()[:_SHOWN]
    context = {
        **admin.site.each_context(request),
        "title": _("Workshops"),
        "letter": letter,
        "form": form,
        "workshops": found,
    }
    return render(request, "admin/signatories/workshop/list.html", context, status=status)


def _sheet(
    request: HttpRequest, letter: Letter, opened: workshops.Opened, *, is_new_code: bool = False
) -> HttpResponse:
    """Show the sheet for the wall of the room: the one time that the code is there to be shown."""
    language = letter.original_language
    with override(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        path = reverse("workshop", args=[opened.code])
    address = f"{settings.SITE_URL}{path}"
    context = {
        **admin.site.each_context(request),
        "title": _("Sheet for a workshop"),
        "letter": letter,
        "workshop": opened.workshop,
        "is_new_code": is_new_code,
        "qr": qr.drawing(address, label=_("QR code of the address below")),
        "address": f"{settings.SITE_URL.partition('://')[2]}{path.partition(opened.code)[0]}",
        "code": workshops.grouped(opened.code),
        "parts": _parts(letter),
    }
    return render(request, "admin/signatories/workshop/sheet.html", context)


def _parts(letter: Letter) -> list[dict[str, Any]]:
    """Return what the sheet says in each language of the letter: its title, and what to do where we speak it."""
    spoken = dict(settings.LANGUAGES)
    first = letter.original_language
    texts = sorted(letter.current_texts(), key=lambda text: (text.language != first, text.language))
    return [
        {"text": text, "steps": _steps(text.language) if text.language in spoken else []} for text in texts
    ]


def _steps(language: str) -> list[str]:
    with override(language):
        return [
            _("Point the camera of your phone at the square, or type the address below it."),
            _("Read the letter."),
            _("Fill in the form for your organisation, with an e-mail address or a phone number."),
            _(
                "Confirm: by the link in our mail, or when we call you. Only then has your organisation signed."
            ),
        ]
