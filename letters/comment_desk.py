"""Comments at the desk: beside the version they were made on, to be answered, and hidden where they abuse."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from letters import comments
from letters.admin import staff_of
from letters.models import Comment, CommentFate, Letter, Text


class AnswerForm(forms.Form):
    """What became of a comment, in a word and, for whoever may read it, in a line."""

    fate = forms.ChoiceField(label=gettext_lazy("What became of it"), choices=CommentFate.choices)
    answer = forms.CharField(
        label=gettext_lazy("Answer in a line"),
        required=False,
        max_length=400,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


@require_safe
def comments_of_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a version of a letter with all that was said of it and of earlier ones, to be answered."""
    if not request.user.has_perm("letters.view_comment"):
        raise PermissionDenied
    letter = get_object_or_404(Letter.objects.select_related("host"), pk=pk)
    counts = comments.counted_by_text(letter)
    texts = list(letter.texts.all())
    text = _asked_for(request, letter, texts)
    context = {
        **admin.site.each_context(request),
        "title": _("Comments on the draft"),
        "letter": letter,
        "text": text,
        "versions": [(one, counts.get(one.pk, 0)) for one in texts],
        "shown": comments.discussed(text, comments.until(text)) if text else None,
        "fates": CommentFate.choices,
        "may_answer": request.user.has_perm("letters.change_comment"),
    }
    return render(request, "admin/letters/comments/comments.html", context)


@require_POST
def act_on_comment(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer a comment, hide it, or show it again."""
    if not request.user.has_perm("letters.change_comment"):
        raise PermissionDenied
    comment = get_object_or_404(Comment.objects.select_related("text"), public_id=public_id)
    by, act = staff_of(request), request.POST.get("act", "")
    if act == "hide":
        comments.hide(comment, by=by)
        messages.success(request, _("Hidden: only staff see it now."))
    elif act == "show":
        comments.show_again(comment, by=by)
        messages.success(request, _("Shown again to those it was written for."))
    else:
        form = AnswerForm(request.POST)
        if form.is_valid():
            comments.answer(comment, by=by, fate=form.cleaned_data["fate"], words=form.cleaned_data["answer"])
            messages.success(request, _("Kept."))
        else:
            messages.error(request, _("Nothing was kept: an answer has 400 letters at most."))
    shown = {"text": request.POST.get("text") or comment.text_id}
    address = reverse("comments_of_letter", args=[comment.text.letter_id], query=shown)
    return HttpResponseRedirect(f"{address}#c{comment.public_id}")


def _asked_for(request: HttpRequest, letter: Letter, texts: list[Text]) -> Text | None:
    """Return the version that is asked for, else the newest in the original language."""
    asked = next((text for text in texts if str(text.pk) == request.GET.get("text")), None)
    newest = {
        text.language: text for text in reversed(texts)
    }  # they come with the newest of a language first
    return asked or letter.nearest_text(newest.values(), letter.original_language)
