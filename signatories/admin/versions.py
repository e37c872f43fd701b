"""Changing a letter's text at the desk: drafting a version, seeing what it does to whom, and who has agreed since."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from letters import languages
from letters import versions as drafting
from letters.admin import staff_of
from letters.lifecycle import WrongPhase
from letters.models import Letter, Text, TextChange, TextStanding, Version
from letters.versions import Words
from signatories import versions, wall
from signatories.locking import SignatureEnded
from signatories.models import ConsentChannel, Contact, Signature

_SAID = ("standing", "title", "subtitle", "body")


class ChangeForm(forms.Form):
    """What a change is: whether who signed is told of it, or asked again."""

    change = forms.ChoiceField(
        label=gettext_lazy("What kind of change is it?"),
        choices=[
            (
                TextChange.EDITORIAL,
                gettext_lazy(
                    "Editorial: the wording changes, what the letter asks does not. Everybody who signed is told, "
                    "stays counted and may withdraw."
                ),
            ),
            (
                TextChange.MATERIAL,
                gettext_lazy(
                    "Material: what the letter asks or claims changes. Everybody who signed is asked for a new yes, "
                    "and is neither counted nor named until it comes."
                ),
            ),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Please choose what kind of change it is.")},
    )


class WordsForm(forms.Form):
    """A letter in one language, as it is to be."""

    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=255, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    subtitle = forms.CharField(
        label=gettext_lazy("Occasion"),
        max_length=400,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    body = forms.CharField(
        label=gettext_lazy("Body"),
        strip=False,  # else it would differ from a text that ends with an empty line
        help_text=gettext_lazy(
            "Markdown. {organisations} and {countries} become the numbers of the list itself."
        ),
        widget=forms.Textarea(attrs={"rows": 20, "dir": "auto"}),
    )
    standing = forms.ChoiceField(label=gettext_lazy("Standing"), choices=TextStanding.choices)
    what_changed = forms.CharField(
        label=gettext_lazy("What changed, in a sentence or two"),
        max_length=600,
        required=False,
        help_text=gettext_lazy(
            "Everybody reads it: on the letter’s page, and who signed in a mail. In this language."
        ),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def __init__(self, *args: Any, text: Text, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": text.language, **kwargs})
        self.text = text
        self.language_name = languages.own_name(text.language)
        for name in ("title", "subtitle", "body", "what_changed"):
            self.fields[name].widget.attrs["lang"] = text.language

    def clean_body(self) -> str:
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not self.errors and self.is_different and not said.get("what_changed"):
            self.add_error("what_changed", _("Please say what changed in this language."))
        return said

    @property
    def is_different(self) -> bool:
        """Whether it says anything else than the text that stands."""
        return any(self.cleaned_data.get(name, "") != getattr(self.text, name) for name in _SAID)

    @property
    def words(self) -> Words:
        return Words(language=self.text.language, **self.cleaned_data)


class YesForm(forms.Form):
    """How organisations said yes to somebody of the coalition."""

    channel = forms.ChoiceField(
        label=gettext_lazy("How did they say yes?"),
        choices=ConsentChannel.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Please choose how they said yes.")},
    )
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"),
        max_length=2000,
        help_text=gettext_lazy("Who said it to whom, when, and where the paper or message is."),
        error_messages={"required": gettext_lazy("Please write where a colleague finds the evidence.")},
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )


# --- drafting and publishing ---------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def change_text(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the letter in each language to be changed; posted, keep it as a draft and show what it would do."""
    letter = _letter(request, pk)
    draft = letter.versions.drafted().first()
    sent = request.POST if request.method == "POST" else None
    change_form = ChangeForm(sent, initial={"change": draft.change} if draft else None)
    text_forms = list(_text_forms(letter, draft, sent))
    valid = [form.is_valid() for form in (change_form, *text_forms)]  # each, so that each shows what is wrong
    if all(valid):
        texts = [form.words for form in text_forms]
        try:
            drafting.draft(
                letter, by=staff_of(request), change=change_form.cleaned_data["change"], texts=texts
            )
        except drafting.NothingChanged:
            change_form.add_error(None, _("Nothing is different yet. Change a text first."))
        except WrongPhase:
            change_form.add_error(None, _not_changeable())
        else:
            return HttpResponseRedirect(reverse("preview_version", args=[pk]))
    context = {
        "letter": letter,
        "draft": draft,
        "change_form": change_form,
        "text_forms": text_forms,
        "problem": "" if letter.phase in drafting.CHANGEABLE else _not_changeable(),
        "published": _just_published(letter),
    }
    return _page(
        request,
        "change",
        _("Change the text"),
        context,
        status=422 if _has_errors(change_form, text_forms) else 200,
    )


@require_http_methods(["GET", "HEAD"])
def preview_version(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a draft changes, to whom it is mailed, and the button that publishes it."""
    letter = _letter(request, pk)
    draft = letter.versions.drafted().first()
    if draft is None:
        return HttpResponseRedirect(reverse("change_text", args=[pk]))
    now = {text.language: text for text in letter.current_texts()}
    drafted = sorted(draft.drafted.all(), key=lambda text: text.language != letter.original_language)
    missing = drafting.untranslated(draft)
    context = {
        "letter": letter,
        "draft": draft,
        "seen": versions.what_is_drafted(draft),
        "compared": [(languages.own_name(text.language), now[text.language], text) for text in drafted],
        "outlook": versions.outlook(draft),
        "left": [
            languages.own_name(language) for language in now if language not in {t.language for t in drafted}
        ],
        "missing": [languages.own_name(language) for language in missing] if draft.is_material else [],
        "minutes": int(settings.UNDO_FOR.total_seconds() // 60),
    }
    return _page(request, "preview", _("What the change does"), context)


@require_POST
def act_on_version(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish a draft, throw it away, or take back what was published a moment ago."""
    letter = _letter(request, pk)
    act = _ACTS.get(request.POST.get("act", ""))
    if act is None:
        messages.error(request, _("Nothing was done."))
        return HttpResponseRedirect(reverse("change_text", args=[pk]))
    return HttpResponseRedirect(reverse(act(request, letter), args=[pk]))


def _publish(request: HttpRequest, letter: Letter) -> str:
    draft = letter.versions.drafted().first()
    if draft is None:
        messages.warning(
            request, _("There is no draft any more: a colleague has published it, or thrown it away.")
        )
        return "change_text"
    try:
        versions.publish(draft, by=staff_of(request), seen=request.POST.get("seen", "-"))
    except versions.DraftedMeanwhile:
        messages.warning(
            request, _("A colleague has changed the draft meanwhile. Please look at it once more.")
        )
        return "preview_version"
    except versions.TranslationsMissing:
        messages.warning(
            request, _("An official text does not have the change yet. Please add it there, too.")
        )
        return "preview_version"
    except WrongPhase:
        messages.warning(request, _not_changeable())
        return "preview_version"
    messages.success(
        request, _("Published. The mails leave in a few minutes; until then it can be taken back here.")
    )
    return "change_text"


def _discard(request: HttpRequest, letter: Letter) -> str:
    draft = letter.versions.drafted().first()
    if draft is not None:
        try:
            drafting.discard(draft, by=staff_of(request))
        except drafting.NotADraft:
            messages.warning(request, _("A colleague has published it meanwhile."))
            return "change_text"
    messages.success(request, _("The draft is gone. The letter stands as it is."))
    return "change_text"


def _take_back(request: HttpRequest, letter: Letter) -> str:
    newest = letter.versions.in_force().order_by("number").last()
    try:
        if newest is None:
            raise versions.NothingToTakeBack
        versions.take_back(newest, by=staff_of(request))
    except versions.NothingToTakeBack:
        messages.warning(
            request,
            _(
                "It can no longer be taken back: too much time has passed, or somebody has signed, agreed to or been "
                "handed the new text. Change the text once more instead."
            ),
        )
        return "change_text"
    messages.success(
        request, _("Taken back. The text before stands again, nobody was mailed, and the draft is kept.")
    )
    return "preview_version"


_ACTS = {"publish": _publish, "discard": _discard, "take_back": _take_back}


def _text_forms(letter: Letter, draft: Version | None, sent: Any) -> Iterator[WordsForm]:
    drafted = {text.language: text for text in draft.drafted.all()} if draft else {}
    for text in sorted(letter.current_texts(), key=lambda one: one.language != letter.original_language):
        words = drafted.get(text.language, text)
        initial = {name: getattr(words, name) for name in _SAID}
        initial["what_changed"] = words.what_changed if words is not text else ""
        yield WordsForm(sent, text=text, initial=initial)


def _has_errors(*found: Any) -> bool:
    change_form, text_forms = found
    return bool(change_form.errors) or any(form.errors for form in text_forms)


def _just_published(letter: Letter) -> Version | None:
    newest = letter.versions.in_force().order_by("number").last()
    return newest if newest and versions.may_be_taken_back(newest) else None


def _not_changeable() -> str:
    return _("A letter that takes no more signatures stands as it is. Reopen it first, if it must change.")


# --- who has agreed ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def who_has_agreed(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who is asked for a new yes, and how they are reached; posted, write down what they said elsewhere."""
    if not request.user.has_perm("signatories.view_signature"):
        raise PermissionDenied
    letter = get_object_or_404(Letter, pk=pk)
    may_record = request.user.has_perm("signatories.change_signature")
    form = YesForm(request.POST if request.method == "POST" else None)
    ticked = request.POST.getlist("signature")[: settings.BULK_LIMIT]
    if request.method == "POST":
        if not may_record:
            raise PermissionDenied
        if not ticked:
            form.add_error(None, _("Please tick who said yes."))
        elif form.is_valid():
            _record(request, letter, ticked, form)
            return HttpResponseRedirect(reverse("who_has_agreed", args=[pk]))
    asked = Signature.objects.to_agree_again().filter(letter=letter).order_by("sort_key", "pk")
    shown = list(asked[: settings.BULK_LIMIT])
    written_to = _written_to(shown)
    context = {
        "letter": letter,
        "agreed": wall.counts(letter).organisations,
        "asked": asked.count(),
        "rows": [(one, one.pk in written_to, one.public_id in ticked) for one in shown],
        "form": form,
        "may_record": may_record,
    }
    return _page(
        request, "agreed", _("Who has agreed to the new text"), context, status=422 if form.errors else 200
    )


def _written_to(signatures: list[Signature]) -> set[int]:
    """Return the keys of those that anybody with a mailbox speaks for."""
    spoken_for = Q(signature__in=signatures) | Q(signature__superseded_by__in=signatures)
    standing = Coalesce("signature__superseded_by", "signature")
    mailboxes = Contact.objects.filter(spoken_for, signature__by_phone=False)
    return set(mailboxes.annotate(standing=standing).values_list("standing", flat=True))


def _record(request: HttpRequest, letter: Letter, ticked: list[str], form: YesForm) -> None:
    done = 0
    for signature in Signature.objects.filter(
        letter=letter, public_id__in=[one for one in ticked if one.isalnum()]
    ):
        try:
            versions.record_yes(signature, by=staff_of(request), **form.cleaned_data)
        except (SignatureEnded, versions.NotConfirmedYet):
            messages.warning(request, _("%s was withdrawn or rejected meanwhile.") % signature.public_id)
        except versions.AgreeingIsOver:
            messages.warning(request, _("The letter is closed, and so is the time to agree."))
            return
        else:
            done += 1
    messages.success(request, ngettext("%d yes is written down.", "%d are written down.", done) % done)


# --- what they share -----------------------------------------------------------------------------------------


def _letter(request: HttpRequest, pk: int) -> Letter:
    if not request.user.has_perm("letters.change_text"):
        raise PermissionDenied
    return get_object_or_404(Letter, pk=pk)


def _page(
    request: HttpRequest, name: str, title: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    shared = {**admin.site.each_context(request), "title": title}
    return render(request, f"admin/signatories/version/{name}.html", shared | context, status=status)
