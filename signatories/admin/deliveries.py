"""Deliveries at the desk: for each letter a board of its recipients, letters to make, and what became of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from letters import languages
from letters.admin import staff_of
from letters.models import Event, Letter, Recipient
from signatories import delivery as deliveries
from signatories import parcels
from signatories.admin.lists import ReadOnly
from signatories.documents import DocumentNotMade
from signatories.models import CoverText, DeliveredName, Delivery, DeliveryStatus, Order, Parcel, ParcelStatus

_REFUSALS: dict[type[Exception], Any] = {
    deliveries.LetterNotPublic: gettext_lazy(
        "The letter is not public yet. Open it first; then hand it over."
    ),
    deliveries.LetterHasNoText: gettext_lazy("The letter has no text yet. Add one, then come back."),
    deliveries.NotSentYet: gettext_lazy("It is not marked as sent yet. Mark it, then come back."),
    deliveries.AlreadySent: gettext_lazy("It has left the house, so it stays written down."),
    deliveries.NotMadeYet: gettext_lazy("Its document was never made. Make the file first, and send it."),
    deliveries.NobodySignedSince: gettext_lazy("Nobody has signed since whom this recipient may be named."),
    DocumentNotMade: gettext_lazy(
        "The document could not be made. Please tell whoever runs this installation."
    ),
}
_REFUSED = tuple(_REFUSALS)
_ACTS = {
    "deliver": gettext_lazy("Letter made"),
    "supplement": gettext_lazy("Supplement made"),
    "release": gettext_lazy("Taken away"),
    "record_answer": gettext_lazy("Answer written down"),
    "tell_removed": gettext_lazy("Recipient told of names taken off"),
    **{f"mark_{status}": label for status, label in DeliveryStatus.choices},
}


class MarkForm(forms.Form):
    """Where letters are on their way, and since which day."""

    status = forms.ChoiceField(label=gettext_lazy("They are"), choices=DeliveryStatus.choices)
    on = forms.DateField(
        label=gettext_lazy("since"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean_on(self) -> date | None:
        on: date | None = self.cleaned_data["on"]
        if on is not None and not 2000 <= on.year <= timezone.now().year:
            raise forms.ValidationError(_("Please give a day that has come."))
        return on


class AnswerForm(forms.Form):
    """What a recipient answered."""

    on = forms.DateField(label=gettext_lazy("Answered on"), widget=forms.DateInput(attrs={"type": "date"}))
    words = forms.CharField(
        label=gettext_lazy("What it says"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )
    link = forms.URLField(
        label=gettext_lazy("Where it stands, if it is published"), required=False, max_length=300
    )
    is_public = forms.BooleanField(
        label=gettext_lazy("Show it beside the letter, for everybody"), required=False
    )

    def clean(self) -> dict[str, Any] | None:
        if not self.cleaned_data.get("words") and not self.cleaned_data.get("link"):
            raise forms.ValidationError(_("Please write what it says, or where it stands."))
        return super().clean()


@dataclass
class _Row:
    """A recipient on the board, with its newest delivery and what is to be done about it."""

    recipient: Recipient
    ticked: bool
    deliveries: list[Delivery] = field(default_factory=list)
    removed: int = 0

    @property
    def newest(self) -> Delivery | None:
        return self.deliveries[0] if self.deliveries else None


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin[Delivery]):
    """Who was handed what."""

    def has_change_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        """Nobody types into a delivery; whoever may change one may use the buttons."""
        return False

    def get_urls(self) -> list[URLPattern]:
        def page(address: str, name: str, view: Callable[..., Any], method: Callable[..., Any]) -> URLPattern:
            asked = self.admin_site.admin_view(method(view))
            pattern: URLPattern = path(address, asked, name=f"signatories_delivery_{name}")
            return pattern

        letter, one, parcel = "letter/<int:pk>/", "<int:pk>/", "parcel/<slug:public_id>/"
        read_or_write = require_http_methods(["GET", "HEAD", "POST"])
        return [
            page(letter, "board", self.board, require_safe),
            page(f"{letter}prepare/", "prepare", self.prepare, require_POST),
            page(f"{letter}preview/", "preview", self.preview, require_POST),
            page(f"{letter}make/", "make", self.make, require_POST),
            page(f"{letter}mark/", "mark", self.mark, require_POST),
            page(f"{letter}supplement/", "supplement", self.supplement, require_POST),
            page(f"{letter}pack/", "pack", self.pack, require_POST),
            page(f"{letter}cover/", "cover", self.cover, read_or_write),
            page(parcel, "parcel", self.parcel, require_safe),
            page(f"{parcel}download/", "download", self.download, require_POST),
            page(f"{one}answer/", "answer", self.answer, require_POST),
            page(f"{one}told/", "told", self.told, require_POST),
            page(f"{one}discard/", "discard", self.discard, require_POST),
            page(f"{one}document/", "document", self.document, require_POST),
            *super().get_urls(),
        ]

    # --- all letters, and the board of one ------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the letters, each with where its deliveries are on their way."""
        self._see(request)
        letters = list(Letter.objects.public().annotate(addressed=Count("recipients")))
        counted: dict[int, list[tuple[str, int]]] = {}
        rows = Delivery.objects.values_list("letter_id", "status").annotate(Count("pk")).order_by("status")
        for letter_id, status, number in rows:
            counted.setdefault(letter_id, []).append((str(DeliveryStatus(status).label), number))
        shown = [(letter, counted.get(letter.pk, [])) for letter in letters]
        return self._page(request, "letters", _("Deliveries"), {"letters": shown})

    def board(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show each recipient of a letter with what it was handed."""
        self._see(request)
        letter = _letter(pk)
        context = {
            "rows": _rows(letter, ticked=request.GET.get("ticked", "")),
            "mark_form": MarkForm(initial={"status": DeliveryStatus.SENT}),
            "text": letter.text_for(letter.original_language),
            "files": Parcel.objects.filter(letter=letter).exclude(status=ParcelStatus.GONE)[:5],
        }
        return self._page(request, "board", letter.slug, context, letter=letter)

    # --- making letters ------------------------------------------------------------------------------

    def prepare(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what each of the ticked recipients would be handed, before anything is made."""
        self._may(request, "add")
        letter = _letter(pk)
        ticked = _ticked(request, letter)
        if not ticked:
            return self._nobody_ticked(request, letter)
        try:
            outlooks, missing = deliveries.outlook(letter, ticked)
        except _REFUSED as refusal:
            return self._refused(request, refusal, letter)
        context = {
            "outlooks": outlooks,
            "missing": sorted(missing),
            "orders": Order.choices,
            "own_words": set(CoverText.objects.filter(letter=letter).values_list("language", flat=True)),
        }
        return self._page(request, "prepare", _("Letters to make"), context, letter=letter)

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show one recipient's document as it would be made now."""
        self._may(request, "add")
        letter = _letter(pk)
        recipient = get_object_or_404(letter.recipients, pk=_number(request.POST.get("preview", "")))
        try:
            made = deliveries.preview(letter, recipient, by=staff_of(request), order=_order(request))
        except _REFUSED as refusal:
            return self._refused(request, refusal, letter)
        return _pdf(made.pdf, f"preview-{letter.slug}.pdf")

    def make(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Freeze a letter for each ticked recipient and have the file made."""
        self._may(request, "add")
        letter = _letter(pk)
        ticked = _ticked(request, letter)
        if not ticked:
            return self._nobody_ticked(request, letter)
        try:
            made = deliveries.deliver(letter, recipients=ticked, by=staff_of(request), order=_order(request))
        except _REFUSED as refusal:
            return self._refused(request, refusal, letter)
        return _to("parcel", parcels.pack(made, by=staff_of(request)).public_id)

    def supplement(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Freeze, for each ticked recipient, the names that came since, and have the file made."""
        self._may(request, "add")
        letter = _letter(pk)
        made = self._each(request, letter, lambda one: deliveries.supplement(one, by=staff_of(request)))
        return _to("parcel", parcels.pack(made, by=staff_of(request)).public_id) if made else _to("board", pk)

    def pack(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the file made again of the ticked recipients' newest letters."""
        self._may(request, "add")
        letter = _letter(pk)
        newest = [row.newest for row in _ticked_rows(request, letter) if row.newest]
        if not newest:
            return self._nobody_ticked(request, letter)
        return _to("parcel", parcels.pack(newest, by=staff_of(request)).public_id)

    def parcel(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Show how far a file has come, and the way to it."""
        self._may(request, "add")
        parcel = get_object_or_404(Parcel.objects.select_related("letter"), public_id=public_id)
        context = {
            "parcel": parcel,
            "recipients": Recipient.objects.filter(deliveries__in=parcel.deliveries.all()),
        }
        return self._page(request, "parcel", _("File of letters"), context, letter=parcel.letter)

    def download(self, request: HttpRequest, public_id: str) -> HttpResponse | FileResponse:
        """Hand the file out; that it was is written down before its first byte."""
        self._may(request, "add")
        parcel = get_object_or_404(Parcel.objects.select_related("letter"), public_id=public_id)
        try:
            file = parcels.release(parcel, by=staff_of(request))
        except parcels.ParcelGone:
            messages.warning(
                request,
                _(
                    "This file cannot be had any more: its day is over, or a name in it was taken off. Make it again."
                ),
            )
            return _to("board", parcel.letter_id)
        return FileResponse(file.open("rb"), as_attachment=True, filename=f"{parcel.letter.slug}-letters.zip")

    def cover(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show, and take, what the host says of its own in covering letters, in each language of the letter."""
        self._may(request, "add")
        letter = _letter(pk)
        spoken = [text.language for text in letter.current_texts()]
        if request.method == "POST":
            for language in spoken:
                words = request.POST.get(f"words-{language}", "").strip()[:4000]
                deliveries.cover(letter, language=language, words=words, by=staff_of(request))
            messages.success(request, _("Done."))
            return _to("board", pk)
        own = dict(CoverText.objects.filter(letter=letter).values_list("language", "words"))
        fields = [
            (code, languages.own_name(code), languages.direction(code), own.get(code, "")) for code in spoken
        ]
        return self._page(request, "cover", _("Covering letter"), {"fields": fields}, letter=letter)

    # --- what became of them -------------------------------------------------------------------------

    def mark(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write down where the newest letters of the ticked recipients are on their way."""
        self._may(request, "change")
        letter = _letter(pk)
        form = MarkForm(request.POST)
        if not form.is_valid():
            messages.error(
                request, _("Nothing was done: please choose where they are, and a day that has come.")
            )
            return _to("board", pk)
        at = _moment(form.cleaned_data["on"], letter)
        status = form.cleaned_data["status"]
        done = self._each(
            request, letter, lambda one: deliveries.mark(one, status=status, at=at, by=staff_of(request))
        )
        if done:
            said = ngettext(
                "%(number)d delivery: %(status)s.", "%(number)d deliveries: %(status)s.", len(done)
            )
            messages.success(request, said % {"number": len(done), "status": DeliveryStatus(status).label})
        return _to("board", pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one delivery: what was handed over, what became of it, and which names were taken off since."""
        self._see(request)
        delivery = self.get_object(request, unquote(object_id))
        if delivery is None:
            raise Http404
        return self._delivery_page(request, delivery)

    def _delivery_page(
        self, request: HttpRequest, delivery: Delivery, form: AnswerForm | None = None, status: int = 200
    ) -> HttpResponse:
        events = Event.objects.filter(subject_kind="delivery", subject_id=delivery.public_id)
        context = {
            "delivery": delivery,
            "form": form or _answer_form(delivery),
            "removed": delivery.names.removed().select_related("signature"),
            "to_tell": deliveries.sentence_about_removed(delivery) if delivery.has_left else "",
            "history": [(event, _ACTS.get(event.act, event.act)) for event in events.select_related("by")],
        }
        return self._page(request, "delivery", _("Delivery"), context, letter=delivery.letter, status=status)

    def answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write down what a recipient answered."""
        self._may(request, "change")
        delivery = get_object_or_404(Delivery, pk=pk)
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return self._delivery_page(request, delivery, form, status=422)
        try:
            deliveries.record_answer(
                delivery, answer=deliveries.Answer(**form.cleaned_data), by=staff_of(request)
            )
        except _REFUSED as refusal:
            return self._refused(request, refusal, delivery.letter)
        messages.success(request, _("Done."))
        return _to("change", pk)

    def told(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write down that the recipient was told of the names that were taken off."""
        self._may(request, "change")
        deliveries.tell_removed(get_object_or_404(Delivery, pk=pk), by=staff_of(request))
        messages.success(request, _("Done."))
        return _to("change", pk)

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Throw away a letter that has not left the house."""
        self._may(request, "add")
        delivery = get_object_or_404(Delivery, pk=pk)
        try:
            deliveries.discard(delivery, by=staff_of(request))
        except _REFUSED as refusal:
            return self._refused(request, refusal, delivery.letter)
        messages.success(request, _("Done."))
        return _to("board", delivery.letter_id)

    def document(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand out one delivery's document; that it was is written down before."""
        self._may(request, "add")
        delivery = get_object_or_404(Delivery.objects.select_related("letter", "recipient"), pk=pk)
        try:
            made = deliveries.release(delivery, by=staff_of(request))
        except _REFUSED as refusal:
            return self._refused(request, refusal, delivery.letter)
        return _pdf(made.pdf, parcels.file_name(delivery))

    # --- what they share -----------------------------------------------------------------------------

    def _see(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _may(self, request: HttpRequest, act: str) -> None:
        """Let pass who may make and take letters ("add"), or write down what became of them ("change")."""
        if not request.user.has_perm(f"signatories.{act}_delivery"):
            raise PermissionDenied

    def _each(
        self, request: HttpRequest, letter: Letter, act: Callable[[Delivery], Delivery]
    ) -> list[Delivery]:
        """Act on the newest delivery of each ticked recipient and report each that was refused."""
        done = []
        rows = _ticked_rows(request, letter)
        for row in rows:
            try:
                if row.newest is not None:
                    done.append(act(row.newest))
            except _REFUSED as refusal:
                messages.warning(
                    request, format_html("<bdi>{}</bdi>: {}", row.recipient.office, _REFUSALS[type(refusal)])
                )
        if not any(row.newest for row in rows):
            messages.warning(request, _("Please tick recipients whose letters were made."))
        return done

    def _refused(self, request: HttpRequest, refusal: Exception, letter: Letter) -> HttpResponse:
        messages.warning(request, str(_REFUSALS[type(refusal)]))
        return _to("board", letter.pk)

    def _nobody_ticked(self, request: HttpRequest, letter: Letter) -> HttpResponse:
        messages.warning(request, _("Please tick the recipients first."))
        return _to("board", letter.pk)

    def _page(
        self,
        request: HttpRequest,
        name: str,
        title: str,
        context: dict[str, Any],
        *,
        letter: Letter | None = None,
        status: int = 200,
    ) -> HttpResponse:
        shared = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "letter": letter,
            "may_make": request.user.has_perm("signatories.add_delivery"),
            "may_mark": request.user.has_perm("signatories.change_delivery"),
        }
        return render(request, f"admin/signatories/delivery/{name}.html", shared | context, status=status)


def _letter(pk: int) -> Letter:
    return get_object_or_404(Letter.objects.select_related("host"), pk=pk)


def _rows(letter: Letter, *, ticked: str = "") -> list[_Row]:
    """Return the board; `ticked` names whom to begin with: "all", or those with a status or without a letter."""
    made: dict[int, list[Delivery]] = {}
    for delivery in letter.deliveries.all():
        made.setdefault(delivery.recipient_id, []).append(delivery)
    gone = DeliveredName.objects.removed().filter(delivery__letter=letter, told_at=None)
    removed = dict(gone.order_by().values_list("delivery_id").annotate(Count("pk")))
    rows = []
    for recipient in letter.recipients.all():
        own = made.get(recipient.pk, [])
        status = own[0].status if own else "none"
        number = sum(removed.get(delivery.pk, 0) for delivery in own if delivery.has_left)
        rows.append(_Row(recipient, ticked in ("all", status), own, number))
    return rows


def _ticked(request: HttpRequest, letter: Letter) -> list[Recipient]:
    chosen = {_number(one) for one in request.POST.getlist("recipient")}
    return [recipient for recipient in letter.recipients.all() if recipient.pk in chosen]


def _ticked_rows(request: HttpRequest, letter: Letter) -> list[_Row]:
    chosen = {recipient.pk for recipient in _ticked(request, letter)}
    return [row for row in _rows(letter) if row.recipient.pk in chosen]


def _number(posted: str) -> int:
    return int(posted) if posted.isascii() and posted.isdigit() and len(posted) < 19 else 0


def _order(request: HttpRequest) -> str:
    chosen = request.POST.get("order", "")
    return chosen if chosen in Order.values else Order.ALPHABET


def _moment(day: date | None, letter: Letter) -> datetime:
    """Return noon of that day where the letter is at home; now, for today and where no day is given."""
    now = timezone.now()
    zone = ZoneInfo(letter.time_zone)
    if day is None or day >= now.astimezone(zone).date():
        return now
    return datetime.combine(day, time(12), tzinfo=zone)


def _answer_form(delivery: Delivery) -> AnswerForm:
    return AnswerForm(
        initial={
            "on": delivery.answered_on,
            "words": delivery.answer_words,
            "link": delivery.answer_link,
            "is_public": delivery.answer_is_public,
        }
    )


def _to(page: str, *args: object) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(f"admin:signatories_delivery_{page}", args=args))


def _pdf(pdf: bytes, name: str) -> HttpResponse:
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response
