"""Entering a signature for an organisation that cannot fill in the form; a colleague confirms it as a case."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from letters import languages
from letters.admin import staff_of
from letters.models import Letter
from signatories import on_behalf
from signatories.admin.words import case_url
from signatories.contacts import ContactDetails
from signatories.forms import FactsForm, normal_email, normal_phone
from signatories.models import ConsentChannel
from signatories.names import clean
from signatories.signing import Claim, LetterNotOpen
from signatories.visibility import Visibility


class OnBehalfForm(FactsForm):
    """What staff were told on the phone, on paper, in a chat or face to face."""

    contact_name = forms.CharField(label=gettext_lazy("Name of the contact"), required=False, max_length=200)
    contact_role = forms.CharField(label=gettext_lazy("Role"), required=False, max_length=200)
    contact_email = forms.CharField(
        label=gettext_lazy("E-mail"),
        required=False,
        max_length=254,
        help_text=gettext_lazy("If they have one, they are asked to confirm by mail."),
        widget=forms.EmailInput(attrs={"dir": "ltr"}),
    )
    contact_phone = forms.CharField(
        label=gettext_lazy("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr"}),
    )
    keep = forms.BooleanField(
        label=gettext_lazy("They agreed that their contact is kept for follow-up letters"), required=False
    )
    visibility = forms.ChoiceField(
        label=gettext_lazy("Who may see the name, as they chose?"),
        choices=Visibility.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Please choose what they chose.")},
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language they are written to in"), choices=languages.CHOICES
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("How did they say yes?"),
        choices=[choice for choice in ConsentChannel.choices if choice[0] != ConsentChannel.OTHER_FORM],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Please choose how they said yes.")},
    )
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"),
        max_length=2000,
        help_text=gettext_lazy(
            "Who said it to whom, when, and where the paper or message is. A colleague looks at it."
        ),
        error_messages={"required": gettext_lazy("Please write where a colleague finds the evidence.")},
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (
            ("organisation", _("Name of the organisation")),
            ("country", _("Country where it works")),
            ("kind", _("The organisation is")),
        ):
            self.fields[name].label = label
        for name in ("organisation", "country", "website"):
            self.fields[name].help_text = ""
        self.fields["organisation"].error_messages["required"] = _(
            "Please write the name of the organisation."
        )

    def clean_contact_name(self) -> str:
        return clean(self.cleaned_data["contact_name"])

    def clean_contact_role(self) -> str:
        return clean(self.cleaned_data["contact_role"])

    def clean_contact_email(self) -> str:
        typed = self.cleaned_data["contact_email"].strip()
        return normal_email(typed) if typed else ""

    def clean_contact_phone(self) -> str:
        typed = self.cleaned_data["contact_phone"].strip()
        return normal_phone(typed, self.data.get("country", "")) if typed else ""

    @property
    def claim(self) -> Claim:
        said = self.cleaned_data
        return Claim(
            name=said["organisation"],
            latin=said["organisation_latin"],
            country=said["country"],
            kind=said["kind"],
            website=said["website"],
        )

    @property
    def contact(self) -> ContactDetails | None:
        said = self.cleaned_data
        if not (said["contact_email"] or said["contact_phone"]):
            return None
        return ContactDetails(
            name=said["contact_name"],
            role=said["contact_role"],
            email=said["contact_email"],
            phone=said["contact_phone"],
        )


@require_http_methods(["GET", "HEAD", "POST"])
def enter_on_behalf(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form, and what waits for a second person; posted, enter a signature."""
    if not request.user.has_perm("signatories.add_signature"):
        raise PermissionDenied
    letter = get_object_or_404(Letter, pk=pk)
    form = OnBehalfForm(request.POST or None, initial={"language": letter.original_language})
    if request.method == "POST" and form.is_valid() and _enter(request, letter, form):
        return HttpResponseRedirect(reverse("enter_on_behalf", args=[pk]))
    context = {
        **admin.site.each_context(request),
        "title": _("Sign on behalf"),
        "letter": letter,
        "form": form,
        "waiting": on_behalf.waiting(letter),
    }
    status = 422 if form.errors else 200
    return render(request, "admin/signatories/on_behalf/enter.html", context, status=status)


def _enter(request: HttpRequest, letter: Letter, form: OnBehalfForm) -> bool:
    """Enter what the form says, and say what comes next; where it is refused, say why in the form."""
    said = form.cleaned_data
    text = letter.text_for(said["language"])
    try:
        if text is None:
            raise LetterNotOpen
        signature = on_behalf.enter(
            letter,
            text=text,
            claim=form.claim,
            contact=form.contact,
            keep_contact=said["keep"],
            visibility=said["visibility"],
            language=said["language"],
            channel=said["channel"],
            evidence=said["evidence"],
            by=staff_of(request),
        )
    except LetterNotOpen:
        form.add_error(None, _("The letter takes no signatures now."))
        return False
    except on_behalf.MailboxHasSigned as refusal:
        link = format_html('<a href="{}">{}</a>', case_url(refusal.signature.pk), refusal.signature.public_id)
        form.add_error(None, format_html(_("This contact has signed for this name already: {}."), link))
        return False
    entered = _("entered. A colleague has to confirm it, or the organisation itself.")
    messages.success(request, format_html('<bdi dir="auto">{}</bdi>: {}', signature.name, entered))
    return True
