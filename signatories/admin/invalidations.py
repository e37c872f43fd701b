"""Rules for many at once: typed, counted, and only then begun; then how far they have come, and the way back."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from letters.admin import staff_of
from letters.models import Letter
from signatories import domains, invalidation
from signatories.admin.lists import ReadOnly
from signatories.admin.words import colleague
from signatories.invalidation import InvalidationIsElsewhere, NothingToGiveBack
from signatories.models import Invalidation, InvalidationStatus

_COUNTED = "signatories.counted"
_PLACE = "signatories.place"
_SHOWN = 50  # of those that stay rejected
_PLACE_FORGOTTEN = gettext_lazy("That place is forgotten by now. Please say something else of what you mean.")
_RETURNABLE = (InvalidationStatus.CANCELLED, InvalidationStatus.DONE)
_ACTS = {"stop": invalidation.stop, "go_on": invalidation.go_on, "undo": invalidation.undo}


def address_for(letter_id: int, *, batch: str = "") -> str:
    """Return where the rule begins that rejects what came from one place; the place itself is readable by nobody."""
    said = {"letter": letter_id, **({"place": signing.dumps(batch, salt=_PLACE)} if batch else {})}
    return f"{reverse('admin:signatories_invalidation_add')}?{urlencode(said)}"


# --- typing a rule ---------------------------------------------------------------------------------------


class LetterChoice(forms.ModelChoiceField[Letter]):
    """A letter, with the time zone in which a rule's times are meant."""

    def label_from_instance(self, letter: Letter) -> str:
        return f"{letter.slug} ({letter.time_zone})"


class RuleForm(forms.ModelForm[Invalidation]):
    """Which signatures of a letter are meant. All that is said must be so."""

    letter = LetterChoice(Letter.objects.all(), label=gettext_lazy("Letter"))
    place = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Invalidation
        fields = ["letter", "signed_from", "signed_until", "name_pattern", "domain", "why"]
        labels = {
            "signed_from": gettext_lazy("Signed from"),
            "signed_until": gettext_lazy("Signed before"),
            "name_pattern": gettext_lazy("Name"),
            "domain": gettext_lazy("Domain of mailbox or website"),
            "why": gettext_lazy("Why"),
        }
        help_texts = {
            "signed_from": gettext_lazy("In the letter's time zone."),
            "signed_until": gettext_lazy("In the letter's time zone; this minute is not meant any more."),
            "name_pattern": gettext_lazy("* stands for anything: *crypto*. Case and accents do not matter."),
            "domain": gettext_lazy("Such as spam.example; what lies below it is meant, too."),
            "why": gettext_lazy("For colleagues. Name no person here."),
        }
        widgets = {
            field: forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
            for field in ("signed_from", "signed_until")
        } | {
            "name_pattern": forms.TextInput(attrs={"dir": "auto"}),
            "why": forms.TextInput(attrs={"dir": "auto"}),
        }

    def __init__(self, *args: Any, by_mailbox: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not by_mailbox:  # the number that is found would tell who has a mailbox where
            del self.fields["domain"]

    def clean_name_pattern(self) -> str:
        pattern = str(self.cleaned_data["name_pattern"]).strip()
        if pattern and not any(letter.isalnum() for letter in pattern):
            raise forms.ValidationError(_("Please write at least one letter or digit beside the *."))
        return pattern

    def clean_domain(self) -> str:
        typed = str(self.cleaned_data["domain"]).strip().casefold()
        if not typed:
            return ""
        domain = domains.of_website(f"https://{typed.rpartition('://')[2].rpartition('@')[2]}")
        if not domain:
            raise forms.ValidationError(_("Please write a domain such as spam.example."))
        return domain

    def clean_place(self) -> str:
        place = str(self.cleaned_data["place"])
        if place:
            self.instance.batch = _batch_of(place)
        if place and not self.instance.batch:
            raise forms.ValidationError(_PLACE_FORGOTTEN)
        return place

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if letter := said.get("letter"):
            for field in ("signed_from", "signed_until"):
                self._put_in_zone_of(letter, said, field)
        begin, end = said.get("signed_from"), said.get("signed_until")
        if begin and end and begin >= end:
            self.add_error("signed_until", _("Please give a time after the first one."))
        if not self.errors:
            self._check_that_it_says_something(said)
        return said

    def _put_in_zone_of(self, letter: Letter, said: dict[str, Any], field: str) -> None:
        """Take a time as it stands on a clock where the letter is. At the ends of the calendar there is none."""
        moment: datetime | None = said.get(field)
        if moment is not None and not 2000 <= moment.year < 2200:
            self.add_error(field, _("No such time."))
        elif moment is not None:
            said[field] = moment.replace(tzinfo=ZoneInfo(letter.time_zone))

    def _check_that_it_says_something(self, said: dict[str, Any]) -> None:
        narrow = [said.get(field) for field in ("signed_from", "signed_until", "name_pattern")]
        narrow.append(self.instance.batch)
        if not any(narrow) and not said.get("domain"):
            raise forms.ValidationError(
                _("Please say more than the letter: a time, a name, a domain or a place.")
            )
        if not any(narrow) and domains.is_free_mail(str(said["domain"])):
            self.add_error(
                "domain", _("Anybody can have a mailbox there. Please say a time, a name or a place as well.")
            )


def _batch_of(place: str) -> str:
    """Return the place that a link of the desk speaks of; "" where that is forgotten, or was never said."""
    try:
        return str(signing.loads(place, salt=_PLACE, max_age=settings.BATCH_KEPT))
    except signing.BadSignature:
        return ""


# --- the desk of rules -----------------------------------------------------------------------------------


@admin.register(Invalidation)
class InvalidationAdmin(ReadOnly):
    """Rules for many at once, and how far each has come."""

    event_kind = "invalidation"
    list_filter = ["status", "letter"]
    list_select_related = ["letter", "by"]
    list_display_links = ["made"]
    ordering = ["-created_at", "-pk"]

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(require_POST(self.act))
        return [path("<int:pk>/act/", act, name="signatories_invalidation_act"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who counts by names may as well read them."""
        return request.user.has_perms(["signatories.add_invalidation", "signatories.view_signature"])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody types into a rule that was begun."""
        return False

    # --- the list ----------------------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> Any:
        rule = "rule_with_domain" if _sees_mailboxes(request) else "rule"
        return ["made", "letter", rule, "status", "counted", "done", "by"]

    @admin.display(description=gettext_lazy("made"), ordering="created_at")
    def made(self, row: Invalidation) -> str:
        return _clock(row.created_at, row.letter)

    @admin.display(description=gettext_lazy("rule"))
    def rule(self, row: Invalidation) -> SafeString:
        return _joined(_rule(row, with_domain=False))

    @admin.display(description=gettext_lazy("rule"))
    def rule_with_domain(self, row: Invalidation) -> SafeString:
        return _joined(_rule(row, with_domain=True))

    # --- making one --------------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Take a rule, show what it finds, and begin only when that was looked at."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if "counted" in request.POST:
            return self._begin(request)
        if request.method == "POST":
            return self._show_count(request, self._form(request, request.POST))
        said = {name: request.GET[name] for name in ("letter", "place") if name in request.GET}
        if "place" in said and not _batch_of(said["place"]):
            messages.warning(request, _PLACE_FORGOTTEN)
            del said["place"]
        return self._show(
            request, RuleForm(initial=said, by_mailbox=_sees_mailboxes(request)), place=said.get("place")
        )

    def _form(self, request: HttpRequest, said: Any) -> RuleForm:
        if said.get("domain") and not _sees_mailboxes(request):  # dropped in silence, it would widen the rule
            raise PermissionDenied
        return RuleForm(said, by_mailbox=_sees_mailboxes(request))

    def _show_count(self, request: HttpRequest, form: RuleForm) -> HttpResponse:
        if not form.is_valid():
            return self._show(request, form, place=form.data.get("place"))
        rule = form.instance
        found = invalidation.count(rule)
        counted = {
            "by": staff_of(request).pk,
            "rule": {name: form.data.get(name, "") for name in form.fields},
            "id": rule.public_id,
            "at": rule.created_at.isoformat(),
            "found": found.total,
        }
        return self._show(
            request,
            form,
            found=found,
            rule=_rule(rule, with_domain=True),
            counted=signing.dumps(counted, salt=_COUNTED, compress=True),
            place=form.cleaned_data["place"],
        )

    def _begin(self, request: HttpRequest) -> HttpResponse:
        """Begin what was counted and looked at, unless it has become something else since."""
        try:
            counted = signing.loads(
                request.POST["counted"], salt=_COUNTED, max_age=settings.SESSION_COOKIE_AGE
            )
        except signing.BadSignature:
            counted = {}
        if counted.get("by") != staff_of(request).pk:
            messages.error(request, _("Nothing was done: that count is too old. Please count again."))
            return HttpResponseRedirect(reverse("admin:signatories_invalidation_add"))
        if begun := Invalidation.objects.filter(public_id=counted["id"]).first():
            return HttpResponseRedirect(_address(begun))
        form = self._form(request, counted["rule"])
        if not form.is_valid():
            return self._show(request, form, place=form.data.get("place"))
        rule = form.instance
        rule.public_id, rule.created_at = counted["id"], datetime.fromisoformat(counted["at"])
        total = invalidation.count(rule).total
        if abs(total - counted["found"]) > counted["found"] // 20:
            messages.warning(
                request, _("Nothing was done: it finds another number now. Please look at it again.")
            )
            return self._show_count(request, self._form(request, counted["rule"]))
        begun = invalidation.begin(rule, counted=total, by=staff_of(request))
        return HttpResponseRedirect(_address(begun))

    def _show(self, request: HttpRequest, form: RuleForm, **context: Any) -> HttpResponse:
        context |= {
            **self.admin_site.each_context(request),
            "title": _("Reject many at once"),
            "opts": self.opts,
            "form": form,
            "days": settings.ERASE_REJECTED_AFTER.days,
        }
        return render(request, "admin/signatories/invalidation/add.html", context)

    # --- one that was begun ------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show how far it has come. There is nothing to be typed."""
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row) or request.method == "POST":
            raise PermissionDenied
        if row is None:
            raise Http404
        undone = row.status == InvalidationStatus.UNDONE
        context = {
            **self.admin_site.each_context(request),
            "title": _("Many rejected at once"),
            "opts": self.opts,
            "invalidation": row,
            "rule": _rule(row, with_domain=_sees_mailboxes(request)),
            "made": _clock(row.created_at, row.letter),
            "by": colleague(row.by),
            "under_way": row.status in invalidation.UNDER_WAY,
            "progress": invalidation.progress(row),
            "until": invalidation.returnable_until(row) if row.status in _RETURNABLE else None,
            "still_rejected": invalidation.still_rejected(row)[:_SHOWN] if undone else [],
            "may_see": request.user.has_perm("signatories.view_signature"),
            "may_stop": request.user.has_perm("signatories.change_invalidation"),
            "may_go_on": self._may_go_on(request, row),
        }
        return render(request, "admin/signatories/invalidation/progress.html", context)

    def act(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop it, go on with it, or undo it."""
        row = get_object_or_404(Invalidation.objects.select_related("letter"), pk=pk)
        name = request.POST.get("act", "")
        may = (
            self._may_go_on(request, row)
            if name == "go_on"
            else request.user.has_perm("signatories.change_invalidation")
        )
        if not may or name not in _ACTS:
            raise PermissionDenied
        try:
            _ACTS[name](row, by=staff_of(request))
        except InvalidationIsElsewhere as elsewhere:
            messages.warning(
                request, _("Nothing was done: it is “%s” now.") % InvalidationStatus(elsewhere.status).label
            )
        except NothingToGiveBack:
            messages.warning(
                request,
                _("Nothing was done: what it rejected was erased since, or has been signed again."),
            )
        return HttpResponseRedirect(_address(row))

    def _may_go_on(self, request: HttpRequest, row: Invalidation) -> bool:
        return self.has_add_permission(request) and (not row.domain or _sees_mailboxes(request))


def _sees_mailboxes(request: HttpRequest) -> bool:
    return request.user.has_perm("signatories.view_contact")


def _address(row: Invalidation) -> str:
    return reverse("admin:signatories_invalidation_change", args=[row.pk])


def _rule(row: Invalidation, *, with_domain: bool) -> list[tuple[str, str]]:
    """Return what a rule says, as (what, how) in words. A place has no name, and a domain is for few."""
    hidden = _("only shown to who may see contacts")
    said = [
        (_("Signed from"), _clock(row.signed_from, row.letter) if row.signed_from else ""),
        (_("Signed before"), _clock(row.signed_until, row.letter) if row.signed_until else ""),
        (_("Name"), row.name_pattern),
        (_("Domain of mailbox or website"), row.domain and (row.domain if with_domain else hidden)),
        (_("Place"), _("one place, on one day") if row.batch else ""),
    ]
    return [(what, how) for what, how in said if how]


def _joined(rule: list[tuple[str, str]]) -> SafeString:
    return format_html_join("; ", '{}: <bdi dir="auto">{}</bdi>', rule)


def _clock(moment: datetime, letter: Letter) -> str:
    """Return a moment as clocks show it where the letter is."""
    return f"{date_format(moment.astimezone(ZoneInfo(letter.time_zone)), 'DATETIME_FORMAT')} ({letter.time_zone})"
