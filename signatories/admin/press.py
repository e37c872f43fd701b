"""What journalists get of a letter, at the desk: whom they ask, the link before the launch, and who would speak."""

from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from letters import languages, press
from letters.admin import staff_of
from letters.lifecycle import WrongPhase
from letters.models import Letter, PressContact, PressDays, PressLink
from letters.phases import Phase
from signatories import spokespeople
from signatories.admin.words import case_url
from signatories.forms import normal_phone
from signatories.names import clean


class ContactForm(forms.Form):
    """Whom journalists ask. All of it is published."""

    name = forms.CharField(
        label=gettext_lazy("Name or desk"),
        max_length=120,
        help_text=gettext_lazy("For example: Press desk"),
        error_messages={"required": gettext_lazy("Please say whom journalists ask for.")},
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False, max_length=254)
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        required=False,
        max_length=32,
        help_text=gettext_lazy("With its country code, such as +254 700 000000"),
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr"}),
    )
    spoken = forms.MultipleChoiceField(
        label=gettext_lazy("Languages spoken"),
        choices=languages.CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Please tick at least one language.")},
    )
    days = forms.ChoiceField(label=gettext_lazy("Days"), choices=PressDays.choices)
    hours_from = forms.TimeField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    hours_until = forms.TimeField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone of these hours"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("Such as Africa/Nairobi. Leave it empty for the letter’s own."),
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )

    def __init__(self, *args: Any, contact: PressContact | None = None, **kwargs: Any) -> None:
        self.contact = contact
        if contact is not None:
            fields = ("name", "email", "phone", "days", "hours_from", "hours_until", "time_zone")
            known = {field: getattr(contact, field) for field in fields} | {"spoken": contact.languages}
            kwargs = {"prefix": f"contact-{contact.pk}", "initial": known, **kwargs}
        super().__init__(*args, **kwargs)

    def clean_name(self) -> str:
        name = clean(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(self.fields["name"].error_messages["required"], code="required")
        return name

    def clean_phone(self) -> str:
        typed = clean(self.cleaned_data["phone"])
        return normal_phone(typed, "") if typed else ""

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone and zone not in available_timezones():
            raise forms.ValidationError(_("Use the name of a time zone, such as Europe/Zurich."))
        return zone

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not self.errors.keys() & {"email", "phone"} and not (said.get("email") or said.get("phone")):
            self.add_error("email", _("Please give an e-mail address, a phone number, or both."))
        if not self.errors.keys() & {"hours_from", "hours_until"}:
            begin, end = said.get("hours_from"), said.get("hours_until")
            if (begin is None) != (end is None):
                self.add_error("hours_until", _("Please give both hours, or neither."))
            elif begin is not None and end is not None and end <= begin:
                self.add_error("hours_until", _("Please give an hour after the first one."))
        return said

    @property
    def asked(self) -> press.Asked:
        said = dict(self.cleaned_data)
        return press.Asked(languages=said.pop("spoken"), **said)


class LinkForm(forms.Form):
    """For how long a link for journalists is good."""

    days = forms.IntegerField(
        label=gettext_lazy("For how many days is it good?"),
        min_value=1,
        max_value=settings.PRESS_LINK_LIFE_AT_MOST.days,
        initial=settings.PRESS_LINK_LIFE.days,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def press_of_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what journalists get of a letter; posted, publish one more contact."""
    right = "add" if request.method == "POST" else "view"
    if not request.user.has_perm(f"letters.{right}_presscontact"):
        raise PermissionDenied
    letter = get_object_or_404(Letter.objects.select_related("host"), pk=pk)
    if request.method != "POST":
        return _page(request, letter)
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _page(request, letter, new=form, status=422)
    try:
        press.add_contact(letter, asked=form.asked, by=staff_of(request))
    except press.TooManyContacts:
        messages.warning(request, _("That is as many as a journalist reads. Please remove one first."))
    else:
        messages.success(request, _("Published: journalists see it on the press page."))
    return _back(letter.pk)


@require_POST
def act_on_press_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a press contact, or publish it no more."""
    act = request.POST.get("act", "")
    right = "delete" if act == "remove" else "change"
    if not request.user.has_perm(f"letters.{right}_presscontact"):
        raise PermissionDenied
    contact = get_object_or_404(PressContact.objects.select_related("letter__host"), pk=pk)
    if act == "remove":
        press.remove_contact(contact, by=staff_of(request))
        messages.success(request, _("Removed: nobody is shown it any more."))
        return _back(contact.letter_id)
    form = ContactForm(request.POST, contact=contact)
    if not form.is_valid():
        return _page(request, contact.letter, changed=form, status=422)
    press.change_contact(contact, asked=form.asked, by=staff_of(request))
    messages.success(request, _("Kept."))
    return _back(contact.letter_id)


@require_POST
def act_on_press_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a letter's link for journalists, in the place of the one before, or end it."""
    if not request.user.has_perm("letters.change_presslink"):
        raise PermissionDenied
    letter = get_object_or_404(Letter, pk=pk)
    if request.POST.get("act") == "end":
        press.end_link(letter, by=staff_of(request))
        messages.success(request, _("Ended: the link leads nowhere."))
        return _back(pk)
    form = LinkForm(request.POST)
    if not form.is_valid():
        most = settings.PRESS_LINK_LIFE_AT_MOST.days
        messages.error(request, _("Nothing was done: please give a number of days from 1 to %d.") % most)
        return _back(pk)
    try:
        life = timedelta(days=form.cleaned_data["days"])
        press.make_link(letter, life=life, by=staff_of(request))
    except WrongPhase:
        messages.warning(request, _("Only a letter that gathers has a link for journalists."))
    else:
        messages.success(request, _("Made. An earlier link leads nowhere from now on."))
    return _back(pk)


@require_safe
def spokespeople_of_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """List who would speak to journalists about a letter, for those who may see contacts."""
    if not request.user.has_perm("signatories.view_contact"):
        raise PermissionDenied
    letter = get_object_or_404(Letter, pk=pk)
    found = spokespeople.of_letter(letter)
    context = {
        **admin.site.each_context(request),
        "title": _("Who speaks to journalists"),
        "letter": letter,
        "spokespeople": [
            (ready, ready.contact.signature, case_url(ready.contact.signature_id)) for ready in found[:_SHOWN]
        ],
    }
    return render(request, "admin/signatories/press/spokespeople.html", context)


_SHOWN = 200  # of a letter's spokespeople; the first


def _back(letter_id: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("press_of_letter", args=[letter_id]))


def _page(
    request: HttpRequest,
    letter: Letter,
    *,
    new: ContactForm | None = None,
    changed: ContactForm | None = None,
    status: int = 200,
) -> HttpResponse:
    contacts = list(letter.press_contacts.all())
    forms_of = {contact.pk: ContactForm(contact=contact) for contact in contacts}
    if changed is not None and changed.contact is not None:
        forms_of[changed.contact.pk] = changed
    link = PressLink.objects.filter(letter=letter).select_related("by").first()
    context = {
        **admin.site.each_context(request),
        "title": _("For the press"),
        "letter": letter,
        "contacts": [(contact, forms_of[contact.pk]) for contact in contacts],
        "new_form": new or ContactForm(),
        "is_full": len(contacts) >= settings.PRESS_CONTACTS,
        "link": link,
        "link_address": request.build_absolute_uri(reverse("embargoed", args=[link.key])) if link else "",
        "link_form": LinkForm(),
        "gathers": letter.phase == Phase.GATHERING,
    }
    return render(request, "admin/signatories/press/press.html", context, status=status)
