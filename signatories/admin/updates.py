"""Updates of a letter at the desk: written, looked at, sent at a time, watched, settled; and put on its page."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from letters import languages
from letters.admin import staff_of
from letters.models import Letter
from letters.phases import Phase
from letters.texts import markdown
from signatories import updates
from signatories.models import Update, UpdateMailStatus, UpdateStatus, UpdateText, new_public_id
from signatories.updates import Settled, Words

_SHOWN = 200  # of a letter's updates, or of mails in doubt; the newest
_UNDER_WAY = (UpdateStatus.SENDING, UpdateStatus.PAUSED)


class TextForm(forms.Form):
    """An update in one language: both a subject and words, or neither."""

    subject = forms.CharField(
        label=gettext_lazy("Subject"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    body = forms.CharField(
        label=gettext_lazy("Words"),
        max_length=6000,
        required=False,
        help_text=gettext_lazy(
            "Markdown. In a mail the host, the letter and the way to unsubscribe stand below. If it is to stand on the "
            "letter’s page, too, name no signatory in it who is not named there."
        ),
        widget=forms.Textarea(attrs={"rows": 10, "dir": "auto"}),
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": language, **kwargs})
        self.language = language
        self.language_name = languages.own_name(language)
        for name in ("subject", "body"):
            self.fields[name].widget.attrs["lang"] = language

    def clean_body(self) -> str:
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not self.errors and bool(said.get("subject")) != bool(said.get("body")):
            missing = "body" if said.get("subject") else "subject"
            self.add_error(missing, _("Please write both a subject and words in this language, or neither."))
        return said

    @property
    def says_something(self) -> bool:
        return bool(self.cleaned_data.get("body"))

    @property
    def words(self) -> Words:
        return Words(language=self.language, **self.cleaned_data)


class UpdateForm(forms.Form):
    """What holds in all languages of an update."""

    neutral_subject = forms.BooleanField(
        label=gettext_lazy("Let the subject say nothing, in everybody’s mail"),
        required=False,
        help_text=gettext_lazy(
            "For letters that are dangerous to have signed. Whoever is not named publicly gets such a subject anyway."
        ),
    )
    # Made with the form, so that a form sent twice writes one update.
    public_id = forms.CharField(
        required=False, validators=[RegexValidator("^[0-9a-f]{16}$")], widget=forms.HiddenInput
    )


class SendForm(forms.Form):
    """When an update leaves."""

    NOW, NIGHT, AT = "now", "night", "at"
    when = forms.ChoiceField(
        label=gettext_lazy("When does it leave?"),
        choices=[
            (NOW, gettext_lazy("Now")),
            (NIGHT, gettext_lazy("Tonight at two")),
            (AT, gettext_lazy("At a time of my choice")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Please choose when it leaves.")},
    )
    at = forms.DateTimeField(
        label=gettext_lazy("Day and time"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        error_messages={"invalid": gettext_lazy("No such time.")},
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    has_read = forms.BooleanField(
        label=gettext_lazy("I have read it as it stands here, in every language I can read."),
        error_messages={
            "required": gettext_lazy("Please read it once more, and tick this: a mail cannot be called back.")
        },
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, letter: Letter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.letter = letter
        self.fields["at"].help_text = _("In the letter’s time zone, %s.") % letter.time_zone

    def clean_at(self) -> datetime | None:
        """Return the moment that is meant, wherever the server is."""
        at: datetime | None = self.cleaned_data["at"]
        return at.replace(tzinfo=ZoneInfo(self.letter.time_zone)) if at else None

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("when") == self.AT and "at" not in self.errors:
            at = said.get("at")
            if at is None:
                self.add_error("at", _("Please give a day and a time."))
            elif at <= timezone.now():
                self.add_error("at", _("This time has passed."))
        return said

    @property
    def moment(self) -> datetime | None:
        """When it leaves; None for now."""
        match self.cleaned_data["when"]:
            case self.NIGHT:
                return updates.tonight(self.letter)
            case self.AT:
                at: datetime = self.cleaned_data["at"]
                return at
            case _:
                return None


class PageForm(forms.Form):
    """That an update is fit for everybody to read."""

    is_public = forms.BooleanField(
        label=gettext_lazy(
            "Everything in it may be public: it names no signatory who is not named on the letter."
        ),
        help_text=gettext_lazy(
            "Who asked to be counted without a name, or named to recipients alone, must not stand there."
        ),
        error_messages={
            "required": gettext_lazy("Please read it once more with this in mind, and tick this.")
        },
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Its own ids: the form to send an update stands on the same page.
        super().__init__(*args, **{"auto_id": "id_page_%s", **kwargs})


# --- the list and the form -------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD"])
def updates_of_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """List what was written to the signatories of a letter."""
    _refuse_unless(request, "view")
    letter = get_object_or_404(Letter, pk=pk)
    found = Update.objects.filter(letter=letter).select_related("by").prefetch_related("texts")[:_SHOWN]
    shown = [
        (update, _text_to_show(letter, update.texts.all()), updates.progress(update)) for update in found
    ]
    context = {"letter": letter, "updates": shown, "is_draft": letter.phase == Phase.DRAFT}
    return _page(request, "list", _("Updates by mail"), context)


@require_http_methods(["GET", "HEAD", "POST"])
def write_update(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form of a new update; posted, keep it as a draft and show how it looks."""
    _refuse_unless(request, "add")
    letter = get_object_or_404(Letter, pk=pk)
    sent = request.POST if request.method == "POST" else None
    form = UpdateForm(sent, initial={"public_id": new_public_id()})
    text_forms = [TextForm(sent, language=language) for language in _languages(letter)]
    if sent and _are_valid(form, text_forms):
        said = _cleaned(form, "neutral_subject", "public_id")
        try:
            return _to(updates.write(letter, texts=_words(text_forms), by=staff_of(request), **said))
        except updates.AlreadyWritten as written:
            return _to(written.update)
        except updates.NothingWritten:
            form.add_error(None, _nothing_written())
        except updates.LetterIsADraft:
            form.add_error(None, _letter_is_a_draft())
    return _form_page(request, letter, form, text_forms)


@require_http_methods(["GET", "HEAD", "POST"])
def rewrite_update(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show a draft to be changed; posted, keep it so and show how it looks."""
    _refuse_unless(request, "change")
    update = _update(public_id)
    if update.status != UpdateStatus.DRAFT or update.published_at:
        messages.warning(request, _stands_on_the_page() if update.published_at else _no_draft())
        return _to(update)
    letter = update.letter
    sent = request.POST if request.method == "POST" else None
    said = {text.language: {"subject": text.subject, "body": text.body} for text in update.texts.all()}
    form = UpdateForm(sent, initial={"neutral_subject": update.neutral_subject})
    every = [*_languages(letter), *(language for language in said if language not in _languages(letter))]
    text_forms = [TextForm(sent, language=language, initial=said.get(language)) for language in every]
    if sent and _are_valid(form, text_forms):
        try:
            updates.rewrite(
                update, texts=_words(text_forms), by=staff_of(request), **_cleaned(form, "neutral_subject")
            )
        except updates.NothingWritten:
            form.add_error(None, _nothing_written())
        except updates.NotADraft:
            messages.warning(request, _no_draft())
            return HttpResponseRedirect(reverse("updates_of_letter", args=[letter.pk]))
        except updates.StandsOnThePage:
            messages.warning(request, _stands_on_the_page())
            return _to(update)
        else:
            return _to(update)
    return _form_page(request, letter, form, text_forms)


def _form_page(
    request: HttpRequest, letter: Letter, form: UpdateForm, text_forms: list[TextForm]
) -> HttpResponse:
    has_errors = bool(form.errors) or any(each.errors for each in text_forms)
    problem = _letter_is_a_draft() if letter.phase == Phase.DRAFT else ""
    context = {"letter": letter, "form": form, "text_forms": text_forms, "problem": problem}
    return _page(request, "write", _("Write an update"), context, status=422 if has_errors else 200)


def _languages(letter: Letter) -> list[str]:
    """Return the languages an update may be written in: the letter's own first, then those signatories write in."""
    own = [letter.original_language, *(text.language for text in letter.current_texts())]
    return list(dict.fromkeys([*own, *dict(settings.LANGUAGES)]))


def _are_valid(form: UpdateForm, text_forms: list[TextForm]) -> bool:
    valid = [each.is_valid() for each in (form, *text_forms)]  # each, so that each shows what is wrong
    return all(valid)


def _words(text_forms: list[TextForm]) -> list[Words]:
    return [form.words for form in text_forms if form.says_something]


def _cleaned(form: forms.Form, *names: str) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in names}


# --- one update ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD"])
def show_update(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show a draft as it would arrive, with the buttons to send it; later, how far it has come."""
    _refuse_unless(request, "view")
    return _page_of(request, _update(public_id))


def _page_of(
    request: HttpRequest,
    update: Update,
    *,
    form: SendForm | None = None,
    page_form: PageForm | None = None,
) -> HttpResponse:
    """Show an update; with a form that was sent, what is wrong with it."""
    seen = {"seen": updates.what_is_written(update)}
    status = 422 if form or page_form else 200
    page_form = page_form or PageForm(initial=seen)
    if update.status == UpdateStatus.DRAFT:
        form = form or SendForm(letter=update.letter, initial=seen)
        return _draft_page(request, update, form, page_form, status=status)
    return _progress_page(request, update, page_form, status=status)


def _progress_page(request: HttpRequest, update: Update, page_form: PageForm, *, status: int) -> HttpResponse:
    progress = updates.progress(update)
    context = {
        "letter": update.letter,
        "update": update,
        "texts": _shown(update.letter, update.texts.all()),
        "progress": progress,
        "tens": 10 * (10 * progress.done // progress.total) if progress.total else 100,
        "counts": [
            (label, progress.counts[status])
            for status, label in UpdateMailStatus.choices
            if progress.counts.get(status)
        ],
        "in_doubt": updates.in_doubt(update)[:_SHOWN],
        "under_way": update.status in _UNDER_WAY,
        "settled": Settled,
        "a_minute": settings.UPDATE_MAILS_A_MINUTE,
        "page_form": page_form,
    }
    return _page(request, "progress", _("Update"), context, status=status)


def _draft_page(
    request: HttpRequest, update: Update, form: SendForm, page_form: PageForm, *, status: int
) -> HttpResponse:
    outlook = updates.outlook(update)
    long = timedelta(minutes=ceil(outlook.mails / settings.UPDATE_MAILS_A_MINUTE))
    now = timezone.now()
    context = {
        "letter": update.letter,
        "update": update,
        "form": form,
        "page_form": page_form,
        "outlook": outlook,
        "read": [(languages.own_name(language), n) for language, n in outlook.read.items()],
        "missing": [(languages.own_name(language), n) for language, n in outlook.missing.items()],
        "takes": timesince(now - long, now) if outlook.mails else "",
        "night": updates.tonight(update.letter),
        "minutes": int(settings.UNDO_FOR.total_seconds() // 60),
        "own_address": staff_of(request).email,
        "texts": _shown(update.letter, update.texts.all()),
    }
    return _page(request, "draft", _("How the update looks"), context, status=status)


def _shown(letter: Letter, texts: Iterable[UpdateText]) -> list[dict[str, Any]]:
    """Return each text with its language's name and its words as they arrive, the letter's own language first."""
    in_order = sorted(texts, key=lambda text: (text.language != letter.original_language, text.language))
    return [
        {"text": text, "name": languages.own_name(text.language), "said": markdown(text.body)}
        for text in in_order
    ]


def _text_to_show(letter: Letter, texts: Iterable[UpdateText]) -> UpdateText | None:
    return next((each["text"] for each in _shown(letter, texts)), None)


@require_POST
def act_on_update(request: HttpRequest, public_id: str) -> HttpResponse:
    """Mail a draft to oneself, send it or throw it away; pause, go on with or stop what is leaving; settle doubts.

    And put it on the letter's page, or take it off.
    """
    _refuse_unless(request, "change")
    update = _update(public_id)
    act = _ACTS.get(request.POST.get("act", ""))
    if act is None:
        messages.error(request, _("Nothing was done."))
        return _to(update)
    try:
        return act(request, update) or _to(update)
    except updates.NotADraft:
        messages.warning(request, _no_draft())
    except updates.StandsOnThePage:
        messages.warning(request, _stands_on_the_page())
        return _to(update)
    except updates.UpdateIsElsewhere as elsewhere:
        said = _("Nothing was done: a colleague was faster, or it has begun. It is now “%s”.")
        messages.warning(request, said % elsewhere.status.label)
    return HttpResponseRedirect(reverse("updates_of_letter", args=[update.letter_id]))


def _mail_to_oneself(request: HttpRequest, update: Update) -> None:
    try:
        updates.mail_to_oneself(update, by=staff_of(request))
    except updates.NoMailboxOfOnesOwn:
        messages.warning(
            request, _("Your account has no e-mail address. A manager can add one; then try it again.")
        )
    else:
        messages.success(request, _("It is on its way to you, one mail for each language."))


def _send(request: HttpRequest, update: Update) -> HttpResponse | None:
    form = SendForm(request.POST, letter=update.letter)
    if update.status != UpdateStatus.DRAFT:
        raise updates.NotADraft
    if not form.is_valid():
        return _page_of(request, update, form=form)
    try:
        updates.schedule(update, by=staff_of(request), seen=form.cleaned_data["seen"], at=form.moment)
    except updates.RewrittenMeanwhile:
        messages.warning(request, _rewritten_meanwhile())
    else:
        messages.success(request, _("It leaves at its time. Until then you can call it back here."))
    return None


def _publish(request: HttpRequest, update: Update) -> HttpResponse | None:
    form = PageForm(request.POST)
    if not form.is_valid():
        return _page_of(request, update, page_form=form)
    try:
        updates.publish(update, by=staff_of(request), seen=form.cleaned_data["seen"])
    except updates.RewrittenMeanwhile:
        messages.warning(request, _rewritten_meanwhile())
    except updates.LetterNotPublic:
        messages.warning(request, _("Nothing was done: the letter is not public yet."))
    else:
        messages.success(request, _("Everybody can read it now among the letter’s news."))
    return None


def _take_back(request: HttpRequest, update: Update) -> None:
    updates.take_back(update, by=staff_of(request))
    messages.success(request, _("It stands on the letter’s page no more."))


def _discard(request: HttpRequest, update: Update) -> HttpResponse:
    updates.discard(update, by=staff_of(request))
    messages.success(request, _("The draft is gone. Nobody was written to."))
    return HttpResponseRedirect(reverse("updates_of_letter", args=[update.letter_id]))


def _call_back(request: HttpRequest, update: Update) -> None:
    updates.call_back(update, by=staff_of(request))
    messages.success(request, _("Called back. Nobody was written to, and it is a draft again."))


def _pause(request: HttpRequest, update: Update) -> None:
    updates.pause(update, by=staff_of(request))
    messages.success(request, _("Paused. A mail that was just leaving may still arrive."))


def _go_on(request: HttpRequest, update: Update) -> None:
    updates.go_on(update, by=staff_of(request))
    messages.success(request, _("It goes on."))


def _stop(request: HttpRequest, update: Update) -> None:
    updates.stop(update, by=staff_of(request))
    messages.success(request, _("Stopped. Whoever has not been written to will not be."))


def _settle(request: HttpRequest, update: Update) -> None:
    outcome = request.POST.get("outcome", "")
    ticked = [one for one in request.POST.getlist("mail") if one.isalnum()]
    if outcome not in Settled.values or not ticked:
        messages.warning(request, _("Please tick mails, and choose what became of them."))
        return
    done = updates.settle(update, mails=ticked, outcome=outcome, by=staff_of(request))
    messages.success(request, ngettext("%d mail is settled.", "%d mails are settled.", done) % done)


_ACTS: dict[str, Callable[[HttpRequest, Update], HttpResponse | None]] = {
    "mail": _mail_to_oneself,
    "send": _send,
    "discard": _discard,
    "publish": _publish,
    "take_back": _take_back,
    "call_back": _call_back,
    "pause": _pause,
    "go_on": _go_on,
    "stop": _stop,
    "settle": _settle,
}


# --- what they share -------------------------------------------------------------------------------------


def _refuse_unless(request: HttpRequest, right: str) -> None:
    if not request.user.has_perm(f"signatories.{right}_update"):
        raise PermissionDenied


def _update(public_id: str) -> Update:
    return get_object_or_404(Update.objects.select_related("letter__host", "by"), public_id=public_id)


def _to(update: Update) -> HttpResponse:
    return HttpResponseRedirect(reverse("show_update", args=[update.public_id]))


def _no_draft() -> str:
    return _("It is no draft any more: a colleague has sent it, or thrown it away.")


def _stands_on_the_page() -> str:
    return _("It stands on the letter’s page. Take it off there first; then its words can change.")


def _rewritten_meanwhile() -> str:
    return _("A colleague has changed the words meanwhile. Please look at them once more.")


def _nothing_written() -> str:
    return _("Nothing is written yet. Write a subject and words in one language at least.")


def _letter_is_a_draft() -> str:
    return _("Nobody has signed this letter yet. Let it gather or open it first.")


def _page(
    request: HttpRequest, name: str, title: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    shared = {**admin.site.each_context(request), "title": title}
    return render(request, f"admin/signatories/update/{name}.html", shared | context, status=status)
