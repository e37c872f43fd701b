"""Invitations at the desk: for each letter who is asked, who chases whom, and who has not answered yet."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from letters import countries, languages
from letters.admin import staff_of
from letters.models import Event, Letter, Staff
from letters.parsing import UnreadableDocument
from signatories import guests, invitations, names
from signatories.admin.bulk import ManyAtOnce
from signatories.admin.decisions import number
from signatories.admin.lists import ReadOnly
from signatories.admin.words import ACTS, REFUSED, colleague, words
from signatories.forms import CountryField, NameField, normal_email
from signatories.guests import Line, Verdict
from signatories.invitations import Guest
from signatories.models import Invitation, InvitationStatus, InvitedContact, Signature

_VERDICTS = {
    Verdict.NEW: gettext_lazy("To be added"),
    Verdict.THERE: gettext_lazy("On the list already"),
    Verdict.SIGNED: gettext_lazy("Has signed, by its name"),
    Verdict.REPEATED: gettext_lazy("Twice among these lines"),
    Verdict.UNREADABLE: gettext_lazy("Not understood"),
}
_UNANSWERED = "unanswered"


# --- what a list is asked for ----------------------------------------------------------------------------


class StatusFilter(admin.SimpleListFilter):
    """Where invitations are on their way; who was taken off the list is shown when asked for."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(_UNANSWERED, gettext_lazy("Not answered yet")), *InvitationStatus.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == _UNANSWERED:
            letter = Letter.objects.filter(pk=number(request.GET.get("letter__id__exact")) or 0).first()
            day = invitations.today(letter) if letter else timezone.now().date()
            return queryset & Invitation.objects.unanswered(day)
        if self.value() in InvitationStatus.values:
            return queryset.filter(status=self.value())
        return queryset & Invitation.objects.standing()


class CountryFilter(admin.SimpleListFilter):
    title = gettext_lazy("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        codes = _of_the_letter(request).exclude(country="").order_by().values_list("country", flat=True)
        known = [(code, countries.name(code)) for code in codes.distinct()]
        return sorted(known, key=lambda pair: names.sort_key(pair[1]))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() is None else queryset.filter(country=self.value())


class NetworkFilter(admin.SimpleListFilter):
    """A network that has signed is asked for by its signature, any other one by its name."""

    title = gettext_lazy("network")
    parameter_name = "network"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        rows = _of_the_letter(request)
        signed = rows.exclude(network=None).order_by().values_list("network", "network__name").distinct()
        labels = rows.exclude(network_label="").order_by().values_list("network_label", flat=True).distinct()
        known = [(f"{pk}", name) for pk, name in signed] + [(f"={label}", label) for label in labels]
        return [*sorted(known, key=lambda pair: names.sort_key(pair[1])), ("none", _("In no network"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.value()
        if asked is None:
            return queryset
        if asked == "none":
            return queryset.filter(network=None, network_label="")
        if asked.startswith("="):
            return queryset.filter(network_label=asked[1:])
        return queryset.filter(network=number(asked) or 0)


class ChaserFilter(admin.SimpleListFilter):
    title = gettext_lazy("who chases")
    parameter_name = "chased_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        chasers = Staff.objects.filter(is_active=True, is_staff=True).order_by("username")
        return [*((str(one.pk), colleague(one)) for one in chasers), ("none", _("Nobody"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "none":
            return queryset.filter(chased_by=None)
        chaser = number(self.value())
        return queryset.filter(chased_by=chaser) if chaser else queryset


def _of_the_letter(request: HttpRequest) -> QuerySet[Invitation]:
    """Return the invitations of the chosen letter."""
    letter = number(request.GET.get("letter__id__exact"))
    return Invitation.objects.filter(letter=letter) if letter else Invitation.objects.none()


# --- what is typed ---------------------------------------------------------------------------------------


class StaffField(forms.ModelChoiceField[Staff]):
    """A colleague who works at the desk, or nobody."""

    def __init__(self, **kwargs: Any) -> None:
        at_desk = Staff.objects.filter(is_active=True, is_staff=True).order_by("username")
        super().__init__(at_desk, required=False, empty_label=gettext_lazy("Nobody yet"), **kwargs)

    def label_from_instance(self, staff: Staff) -> str:
        return colleague(staff)


class GuestForm(forms.Form):
    """An organisation to invite, and whom to write to."""

    organisation = NameField(
        label=gettext_lazy("Name of the organisation"), widget=forms.TextInput(attrs={"dir": "auto"})
    )
    email = forms.CharField(
        label=gettext_lazy("E-mail"),
        required=False,
        max_length=254,
        help_text=gettext_lazy("Without one, nothing is mailed: somebody calls, or asks in a chat."),
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    person = forms.CharField(
        label=gettext_lazy("Contact person"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    country = CountryField(label=gettext_lazy("Country"), required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language of its mails"), choices=[*settings.LANGUAGES], required=True
    )
    network = forms.CharField(
        label=gettext_lazy("Network"),
        required=False,
        max_length=names.LONGEST,
        help_text=gettext_lazy(
            "Through which it was found. Each of its members counts by its own yes alone."
        ),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    chased_by = StaffField(label=gettext_lazy("Who chases"))
    words = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("For colleagues. Name no person and no number here."),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def clean_email(self) -> str:
        typed = self.cleaned_data["email"].strip()
        return normal_email(typed) if typed else ""

    def clean_person(self) -> str:
        return names.clean(self.cleaned_data["person"])

    def clean_network(self) -> str:
        return names.clean(self.cleaned_data["network"])

    @property
    def guest(self) -> Guest:
        said = self.cleaned_data
        return Guest(
            name=said["organisation"],
            country=said["country"],
            language=said["language"],
            person=said["person"],
            email=said["email"],
            network=said["network"],
            words=said["words"].strip(),
        )


class PasteForm(forms.Form):
    """Many organisations at once, a line each."""

    pasted = forms.CharField(
        label=gettext_lazy("Organisations, one a line"),
        max_length=200_000,
        help_text=gettext_lazy(
            "Organisation; e-mail; contact person; country; language; network. Or rows copied from a spreadsheet, "
            "with their headings."
        ),
        error_messages={"required": gettext_lazy("Please paste at least one line.")},
        widget=forms.Textarea(attrs={"rows": 10, "dir": "auto"}),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of mails, where a line says none"), choices=[*settings.LANGUAGES]
    )
    network = forms.CharField(
        label=gettext_lazy("Network, where a line says none"),
        required=False,
        max_length=names.LONGEST,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    chased_by = StaffField(label=gettext_lazy("Who chases"))

    def clean_network(self) -> str:
        return names.clean(self.cleaned_data["network"])


class MarkForm(forms.Form):
    """What an organisation said by phone or in a chat."""

    status = forms.ChoiceField(
        label=gettext_lazy("It said, by phone or in a chat"),
        choices=[
            ("", gettext_lazy("Choose what it said")),
            (InvitationStatus.INVITED, gettext_lazy("Nothing yet: it was asked")),
            (InvitationStatus.WILL_SIGN, gettext_lazy("It will sign, by this day:")),
            (InvitationStatus.DECLINED, gettext_lazy("It will not sign")),
            (InvitationStatus.WRONG_PERSON, gettext_lazy("We asked the wrong person")),
        ],
    )
    promised_on = forms.DateField(
        label=gettext_lazy("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


# --- the desk --------------------------------------------------------------------------------------------


@admin.register(Invitation)
class InvitationAdmin(ManyAtOnce, ReadOnly, admin.ModelAdmin[Invitation]):
    """Who is asked to sign, and what they answered."""

    event_kind = "invitation"
    change_list_template = "admin/signatories/invitation/list.html"
    list_display = ["shown_name", "shown_status", "shown_country", "shown_network", "shown_chaser", "mailed"]
    list_filter = ["letter", StatusFilter, NetworkFilter, CountryFilter, ChaserFilter]
    list_select_related = ["letter", "network", "chased_by", "signature"]
    ordering = ["sort_key", "pk"]
    search_fields = ["name_key"]
    actions = ["send_many", "remind_many", "chase_many", "take_off_many"]

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Nobody types into a row; whoever may change one may use the buttons."""
        return False

    def get_urls(self) -> list[URLPattern]:
        def page(address: str, name: str, view: Callable[..., Any], method: Callable[..., Any]) -> URLPattern:
            asked = self.admin_site.admin_view(method(view))
            pattern: URLPattern = path(address, asked, name=f"signatories_invitation_{name}")
            return pattern

        letter, one = "letter/<int:pk>/", "<int:pk>/"
        read_or_write = require_http_methods(["GET", "HEAD", "POST"])
        return [
            page(f"{letter}new/", "new", self.new, read_or_write),
            page(f"{letter}unanswered/", "unanswered", self.unanswered, require_safe),
            page(f"{letter}follow-up/", "follow_up", self.follow_up, read_or_write),
            page(f"{one}act/", "act", self.act, require_POST),
            page(f"{one}contact/", "contact", self.contact, require_POST),
            *super().get_urls(),
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find every word of a name, in any order, script, accent and case."""
        for word in names.key(search_term).split():
            queryset = queryset.filter(name_key__contains=word)
        return queryset, False

    # --- the list ------------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show above the list of a letter how many are where; without a letter, the letters."""
        pk = number(request.GET.get("letter__id__exact"))
        letter = Letter.objects.filter(pk=pk).first() if pk else None
        context = {
            "letter": letter,
            "parts": _parts(request, letter) if letter else [],
            "letters": [] if letter else list(Letter.objects.exclude(archived_at__lte=timezone.now())[:50]),
            "may_add": _may(request, "add"),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    @admin.display(description=gettext_lazy("name"), ordering="sort_key")
    def shown_name(self, invitation: Invitation) -> SafeString:
        return _name(invitation)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def shown_status(self, invitation: Invitation) -> SafeString:
        return _status(invitation)

    @admin.display(description=gettext_lazy("country"), ordering="country")
    def shown_country(self, invitation: Invitation) -> str:
        return invitation.country_name

    @admin.display(description=gettext_lazy("network"))
    def shown_network(self, invitation: Invitation) -> SafeString:
        return format_html('<bdi dir="auto">{}</bdi>', invitation.network_name)

    @admin.display(description=gettext_lazy("who chases"), ordering="chased_by")
    def shown_chaser(self, invitation: Invitation) -> str:
        return colleague(invitation.chased_by) if invitation.chased_by else ""

    @admin.display(description=gettext_lazy("last mail"), ordering="sent_at")
    def mailed(self, invitation: Invitation) -> str:
        last = max(filter(None, (invitation.sent_at, invitation.reminded_at)), default=None)
        return date_format(last, "DATE_FORMAT") if last else ""

    # --- many at once --------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return super().get_actions(request) if _may(request, "change") else {}

    @admin.action(description=gettext_lazy("Send the invitation"))
    def send_many(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> HttpResponse:
        return self._each(request, invitations.send, "send_invitation")

    @admin.action(description=gettext_lazy("Remind now"))
    def remind_many(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> HttpResponse:
        return self._each(request, invitations.remind, "remind")

    @admin.action(description=gettext_lazy("I chase these"))
    def chase_many(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> HttpResponse:
        return self._each(request, invitations.chase, "chase")

    @admin.action(description=gettext_lazy("Take off the list"))
    def take_off_many(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> HttpResponse:
        return self._each(request, invitations.take_off, "take_off")

    def _each(self, request: HttpRequest, act: Callable[..., Invitation], done: str) -> HttpResponse:
        return self.act_on_ticked(request, lambda row: act(row, by=staff_of(request)), done=ACTS[done])

    # --- adding --------------------------------------------------------------------------------------

    def new(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take one organisation, or many that are pasted: these are shown as they are understood first."""
        _require(request, "add")
        letter = _letter(pk)
        first = {"language": _spoken(letter.original_language), "chased_by": staff_of(request).pk}
        act = request.POST.get("act", "")
        one = GuestForm(request.POST if act == "one" else None, initial=first, prefix="one")
        many = PasteForm(request.POST if act in ("read", "write") else None, initial=first, prefix="many")
        lines: list[Line] = []
        if one.is_valid() and self._add_one(request, letter, one):
            return HttpResponseRedirect(reverse("admin:signatories_invitation_new", args=[pk]))
        if many.is_valid():
            lines = _understood(letter, many)
            if act == "write" and lines:
                return self._add(request, letter, many, lines)
        context = {"one": one, "many": many, "lines": lines, "verdicts": _counted(lines)}
        context["new_lines"] = sum(line.verdict == Verdict.NEW for line in lines)
        context["labels"] = _VERDICTS
        refused = bool(one.errors or many.errors)
        return self._page(request, "new", _("Invite"), context, letter=letter, status=422 if refused else 200)

    def _add_one(self, request: HttpRequest, letter: Letter, form: GuestForm) -> bool:
        by, chased_by = staff_of(request), form.cleaned_data["chased_by"]
        try:
            added = invitations.invite(letter, guest=form.guest, by=by, chased_by=chased_by)
        except invitations.AlreadyInvited as refusal:
            form.add_error("organisation", words(refusal))
            return False
        messages.success(request, format_html(_("{}: added. Nothing is sent yet."), _link(added)))
        return True

    def _add(self, request: HttpRequest, letter: Letter, form: PasteForm, lines: list[Line]) -> HttpResponse:
        added = 0
        for line in lines:
            if line.verdict == Verdict.NEW:
                added += self._add_line(request, letter, form, line)
        said = ngettext("%(number)d organisation added.", "%(number)d organisations added.", added)
        messages.success(request, f"{said % {'number': added}} {_('Nothing is sent yet.')}")
        return HttpResponseRedirect(_list_of(letter, status=InvitationStatus.TO_SEND))

    def _add_line(self, request: HttpRequest, letter: Letter, form: PasteForm, line: Line) -> bool:
        by, chased_by = staff_of(request), form.cleaned_data["chased_by"]
        try:
            invitations.invite(letter, guest=line.guest, by=by, chased_by=chased_by)
        except invitations.AlreadyInvited:  # a colleague was faster
            return False
        return True

    def follow_up(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what inviting the signatories of an earlier letter would do, and do it."""
        _require(request, "add")
        letter = _letter(pk)
        asked = request.POST if request.method == "POST" else request.GET
        choices = invitations.earlier_letters(letter)
        earlier = choices.filter(pk=number(asked.get("earlier")) or 0).first()
        if request.method == "POST" and earlier is not None:
            done = invitations.follow_up(letter, earlier=earlier, by=staff_of(request))
            said = ngettext("%(number)d organisation added.", "%(number)d organisations added.", done.invited)
            messages.success(request, f"{said % {'number': done.invited}} {_('Nothing is sent yet.')}")
            return HttpResponseRedirect(_list_of(letter, status=InvitationStatus.TO_SEND))
        context = {
            "choices": choices,
            "earlier": earlier,
            "outlook": invitations.outlook(letter, earlier) if earlier else None,
        }
        return self._page(
            request, "follow_up", _("Invite the signatories of another letter"), context, letter=letter
        )

    # --- who has not answered ------------------------------------------------------------------------

    def unanswered(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show who has not answered, to be copied into a chat."""
        _require(request, "view")
        letter = _letter(pk)
        language = _spoken(request.GET.get("language", letter.original_language))
        by_country = request.GET.get("by") == "country"
        context = {
            "said": invitations.words_for_chat(letter, language=language, by_country=by_country),
            "language": language,
            "direction": languages.direction(language),
            "spoken": [(code, get_language_info(code)["name_local"]) for code, _label in settings.LANGUAGES],
            "by_country": by_country,
        }
        return self._page(request, "unanswered", _("Who has not answered"), context, letter=letter)

    # --- one invitation ------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one invitation with what is known and what can be done."""
        _require(request, "view")
        invitation = self.get_object(request, unquote(object_id))
        if invitation is None:
            raise Http404
        return self._one(request, invitation)

    def _one(
        self, request: HttpRequest, invitation: Invitation, form: GuestForm | None = None, status: int = 200
    ) -> HttpResponse:
        letter = invitation.letter
        has_address = InvitedContact.objects.filter(invitation=invitation).exists()
        open_to_answers = invitation.status not in (InvitationStatus.SIGNED, InvitationStatus.TAKEN_OFF)
        may_change = _may(request, "change")
        proposed = invitations.signed_as(letter, invitation.name) if invitation.name else None
        events = Event.objects.filter(subject_kind="invitation", subject_id=invitation.public_id)
        context = {
            "invitation": invitation,
            "has_address": has_address,
            "form": form or _form_of(invitation),
            "mark_form": MarkForm(),
            "proposed": proposed if open_to_answers else None,
            "may_send": may_change and has_address and invitation.status == InvitationStatus.TO_SEND,
            "may_remind": may_change and has_address and invitations.may_be_reminded(invitation),
            "may_mark": may_change and open_to_answers,
            "may_change": may_change and invitation.status != InvitationStatus.TAKEN_OFF,
            "history": [(event, ACTS.get(event.act, event.act)) for event in events.select_related("by")],
        }
        title = invitation.name or _("(erased)")
        return self._page(request, "invitation", title, context, letter=letter, status=status)

    def act(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Do one of the acts there are for an invitation, and show it again."""
        _require(request, "change")
        invitation = get_object_or_404(Invitation.objects.select_related("letter"), pk=pk)
        act = _ACTS.get(request.POST.get("act", ""))
        if act is None:
            messages.error(request, _("Nothing was done: no such act."))
            return HttpResponseRedirect(_page_of(invitation))
        try:
            wrong = act(request, invitation)
        except REFUSED as refusal:
            messages.warning(request, words(refusal))
            return HttpResponseRedirect(_page_of(invitation))
        if wrong is not None:
            return self._one(request, invitation, wrong, status=422)
        messages.success(request, _("Done."))
        return HttpResponseRedirect(_page_of(invitation))

    def contact(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show whom an invitation is mailed to, to those who may see contacts; that they looked is written down."""
        _require(request, "view")
        if not request.user.has_perm("signatories.view_contact"):
            raise PermissionDenied
        invitation = get_object_or_404(Invitation.objects.select_related("letter"), pk=pk)
        context = {
            "invitation": invitation,
            "details": invitations.show_contact(invitation, by=staff_of(request)),
        }
        return self._page(request, "contact", _("Contact"), context, letter=invitation.letter)

    def _page(
        self,
        request: HttpRequest,
        name: str,
        title: str,
        context: dict[str, Any],
        *,
        letter: Letter,
        status: int = 200,
    ) -> HttpResponse:
        shared = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "letter": letter,
            "list_address": _list_of(letter),
        }
        return render(request, f"admin/signatories/invitation/{name}.html", shared | context, status=status)


# --- acts of one page --------------------------------------------------------------------------------------


def _send(request: HttpRequest, invitation: Invitation) -> None:
    invitations.send(invitation, by=staff_of(request))


def _remind(request: HttpRequest, invitation: Invitation) -> None:
    invitations.remind(invitation, by=staff_of(request))


def _take_off(request: HttpRequest, invitation: Invitation) -> None:
    invitations.take_off(invitation, by=staff_of(request))


def _mark(request: HttpRequest, invitation: Invitation) -> None:
    form = MarkForm(request.POST)
    if not form.is_valid():
        raise invitations.NothingSaid
    said = form.cleaned_data
    invitations.mark(invitation, status=said["status"], promised_on=said["promised_on"], by=staff_of(request))


def _match(request: HttpRequest, invitation: Invitation) -> None:
    signature = Signature.objects.filter(pk=number(request.POST.get("signature")) or 0).first()
    if signature is None:
        raise invitations.NotOfThisLetter
    invitations.match(invitation, signature=signature, by=staff_of(request))


def _change(request: HttpRequest, invitation: Invitation) -> GuestForm | None:
    """Take what was typed; return the form where it cannot be taken."""
    form = GuestForm(request.POST)
    if not form.is_valid():
        return form
    try:
        chased_by = form.cleaned_data["chased_by"]
        invitations.change(invitation, guest=form.guest, chased_by=chased_by, by=staff_of(request))
    except invitations.AlreadyInvited as refusal:
        form.add_error("organisation", words(refusal))
        return form
    return None


_ACTS: dict[str, Callable[[HttpRequest, Invitation], GuestForm | None]] = {
    "send": _send,
    "remind": _remind,
    "mark": _mark,
    "match": _match,
    "change": _change,
    "take_off": _take_off,
}


# --- what they share ---------------------------------------------------------------------------------------


def _may(request: HttpRequest, act: str) -> bool:
    return request.user.has_perm(f"signatories.{act}_invitation")


def _require(request: HttpRequest, act: str) -> None:
    if not _may(request, act):
        raise PermissionDenied


def _letter(pk: int) -> Letter:
    return get_object_or_404(Letter.objects.select_related("host"), pk=pk)


def _spoken(language: str) -> str:
    """Return a language we write mails in: that one, or ours."""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _understood(letter: Letter, form: PasteForm) -> list[Line]:
    said = form.cleaned_data
    try:
        return guests.understood(letter, said["pasted"], language=said["language"], network=said["network"])
    except UnreadableDocument as unreadable:
        form.add_error("pasted", str(unreadable))
    except guests.TooManyLines:
        most = {"most": settings.INVITATION_LINES}
        form.add_error("pasted", _("Please paste at most %(most)d lines at once.") % most)
    return []


def _counted(lines: list[Line]) -> list[tuple[Any, int]]:
    """Return (what lines are, how many), for what there are any of."""
    numbers = [(label, sum(line.verdict == each for line in lines)) for each, label in _VERDICTS.items()]
    return [(label, number) for label, number in numbers if number]


def _form_of(invitation: Invitation) -> GuestForm:
    known = {
        "organisation": invitation.name,
        "country": invitation.country,
        "language": _spoken(invitation.language),
        "network": invitation.network_name,
        "chased_by": invitation.chased_by_id,
        "words": invitation.words,
    }
    return GuestForm(initial=known)


def _parts(request: HttpRequest, letter: Letter) -> list[dict[str, Any]]:
    """Return how many invitations of a letter are where, each as a link to them."""
    rows = Invitation.objects.filter(letter=letter)
    counts = dict(rows.order_by().values_list("status").annotate(Count("pk")))
    standing = sum(count for status, count in counts.items() if status != InvitationStatus.TAKEN_OFF)
    unanswered = Invitation.objects.unanswered(invitations.today(letter)).filter(letter=letter).count()
    parts: list[tuple[str, Any, int]] = [
        ("", gettext_lazy("All"), standing),
        (_UNANSWERED, gettext_lazy("Not answered yet"), unanswered),
    ]
    parts += [(status, label, counts.get(status, 0)) for status, label in InvitationStatus.choices]
    shown = request.GET.get(StatusFilter.parameter_name, "")
    return [
        {
            "label": label,
            "count": count,
            "address": _list_of(letter, status=status),
            "is_shown": status == shown,
        }
        for status, label, count in parts
        if count or status in ("", shown)
    ]


def _list_of(letter: Letter, *, status: str = "") -> str:
    said = {"letter__id__exact": letter.pk, **({StatusFilter.parameter_name: status} if status else {})}
    return f"{reverse('admin:signatories_invitation_changelist')}?{urlencode(said)}"


def _page_of(invitation: Invitation) -> str:
    return reverse("admin:signatories_invitation_change", args=[invitation.pk])


def _name(invitation: Invitation) -> SafeString:
    return format_html('<bdi dir="auto">{}</bdi>', invitation.name or _("(erased)"))


def _link(invitation: Invitation) -> SafeString:
    return format_html('<a href="{}">{}</a>', _page_of(invitation), _name(invitation))


def _status(invitation: Invitation) -> SafeString:
    """Return where it is on its way, with its day, or with what became of its signature."""
    beside = ""
    if invitation.promised_on:
        beside = _("by %s") % date_format(invitation.promised_on, "DATE_FORMAT")
    elif invitation.status == InvitationStatus.SIGNED and invitation.signature:
        beside = str(invitation.signature.get_status_display())
    elif invitation.reminders:
        said = ngettext("reminded %(number)d time", "reminded %(number)d times", invitation.reminders)
        beside = said % {"number": invitation.reminders}
    tag = format_html('<span class="tag {}">{}</span>', invitation.status, invitation.get_status_display())
    return format_html('{} <span class="quiet">{}</span>', tag, beside) if beside else tag
