"""Comments: what partners say of a draft behind its secret link, and what the coalition answers.

A comment stays with the version it was made on. A later version shows it beside the passage that still says the same.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from letters import texts
from letters.models import Comment, CommentFate, CommentQuerySet, Letter, Staff, Text, record
from letters.phases import Phase


class NotGathering(Exception):
    """The letter takes comments only while it gathers."""


class NoSuchPassage(Exception):
    """That version has no passage of that number which says anything."""


class TooManyComments(Exception):
    """So many were made on this version that no more fit on a page."""


@dataclass(frozen=True)
class Passage:
    """A piece of a text one may speak of: its place, its HTML, and what was said of it."""

    number: int
    html: SafeString  # without the list's numbers: the template knows those
    digest: str  # of its words; "" for one without any, such as a line across the page
    comments: list[Comment] = field(default_factory=list)


@dataclass(frozen=True)
class Discussed:
    """A version in passages, with what was said of each, of the whole, and of what earlier versions said."""

    passages: list[Passage]
    of_the_whole: list[Comment]
    earlier: list[Comment]  # on passages that no longer say what they said


# --- acts ----------------------------------------------------------------------------------------------


def write(
    text: Text,
    *,
    words: str,
    passage: int | None = None,
    name: str = "",
    organisation: str = "",
    language: str = "en",
    is_private: bool = False,
    trapped: bool = False,
) -> Comment:
    """Keep what a partner says of a version, or of one passage of it. Sent twice it is kept once.

    What filled in the trap is kept hidden, and the answer is the same. Raises NotGathering, NoSuchPassage or
    TooManyComments.
    """
    digest = "" if passage is None else _digest_of(text, passage)
    said = {
        "text": text,
        "passage": passage,
        "words": words,
        "name": name,
        "organisation": organisation,
        "is_private": is_private,
    }
    with transaction.atomic():
        letter = Letter.objects.select_for_update(no_key=True).get(pk=text.letter_id)
        if letter.phase != Phase.GATHERING:
            raise NotGathering
        same = Comment.objects.filter(**said).first()
        if same is not None:
            return same
        if text.comments.count() >= settings.COMMENTS_A_TEXT:
            raise TooManyComments
        comment = Comment.objects.create(
            **said,
            passage_digest=digest,
            language=language,
            hidden_at=timezone.now() if trapped else None,
        )
        _note("comment", comment)
    return comment


def answer(comment: Comment, *, by: Staff, fate: str, words: str = "") -> Comment:
    """Say what became of a comment, with a line to whoever may read it. Saying it again changes what was said."""
    with transaction.atomic():
        comment = _lock(comment)
        comment.fate, comment.answer, comment.answered_by = CommentFate(fate), words, by
        comment.save(update_fields=["fate", "answer", "answered_by"])
        _note("answer_comment", comment, by=by, reason=comment.fate)
    return comment


def hide(comment: Comment, *, by: Staff) -> Comment:
    """Show a comment to staff alone. Hiding it twice keeps the first time."""
    with transaction.atomic():
        comment = _lock(comment)
        if comment.hidden_at is None:
            comment.hidden_at = timezone.now()
            comment.save(update_fields=["hidden_at"])
            _note("hide_comment", comment, by=by)
    return comment


def show_again(comment: Comment, *, by: Staff) -> Comment:
    """Show a hidden comment to those it was written for."""
    with transaction.atomic():
        comment = _lock(comment)
        if comment.hidden_at is not None:
            comment.hidden_at = None
            comment.save(update_fields=["hidden_at"])
            _note("show_comment", comment, by=by)
    return comment


def forget() -> None:
    """Forget who commented: some time after the launch, or long after the comment where there was none."""
    now = timezone.now()
    launched = Q(text__letter__opens_at__lt=now - settings.COMMENTERS_KEPT)
    old = Q(at__lt=now - settings.DRAFT_COMMENTERS_KEPT)
    named = Comment.objects.exclude(name="", organisation="")
    keys = list(named.filter(launched | old).values_list("pk", flat=True))
    Comment.objects.filter(pk__in=keys).update(name="", organisation="")


# --- reading -------------------------------------------------------------------------------------------


def discussed(text: Text, comments: Iterable[Comment]) -> Discussed:
    """Return a version in passages with comments on it and on earlier versions in its language, each at its place.

    It receives the comments and never asks for them: whoever shows them knows who may read what.
    """
    pieces = enumerate(texts.passages(text.body), 1)
    found = [Passage(number, html, _digest(html)) for number, html in pieces]
    whole: list[Comment] = []
    earlier: list[Comment] = []
    for comment in comments:
        if comment.passage is None:
            whole.append(comment)
        else:
            at = _where(comment, found)
            (earlier if at is None else at.comments).append(comment)
    return Discussed(found, whole, earlier)


def until(text: Text) -> CommentQuerySet:
    """Return all comments on this version and on earlier ones in its language, the oldest first."""
    found = Comment.objects.filter(
        text__letter=text.letter_id, text__language=text.language, text__version__lte=text.version
    )
    return found.select_related("text", "answered_by").oldest_first()


def counted_by_text(letter: Letter) -> dict[int, int]:
    """Return {text: how many comments}, hidden and private ones too: for staff."""
    rows = Comment.objects.filter(text__letter=letter).order_by().values_list("text")
    return dict(rows.annotate(how_many=Count("pk")))


def _where(comment: Comment, passages: list[Passage]) -> Passage | None:
    """Return the passage that says what the comment's said; of several the nearest to where it stood."""
    same = [passage for passage in passages if passage.digest == comment.passage_digest]
    return min(same, key=lambda passage: abs(passage.number - (comment.passage or 0)), default=None)


def _digest_of(text: Text, passage: int) -> str:
    pieces = texts.passages(text.body)
    digest = _digest(pieces[passage - 1]) if 1 <= passage <= len(pieces) else ""
    if not digest:
        raise NoSuchPassage
    return digest


def _digest(html: str) -> str:
    """Return the hash of what a passage says, whatever its markup and its line breaks."""
    words = " ".join(unescape(strip_tags(html)).split())
    return hashlib.sha256(words.encode()).hexdigest() if words else ""


def _lock(comment: Comment) -> Comment:
    return Comment.objects.select_for_update().get(pk=comment.pk)


def _note(act: str, comment: Comment, *, by: Staff | None = None, reason: str = "") -> None:
    letter = comment.text.letter_id
    record(act, kind="comment", subject=comment.public_id, letter=letter, by=by, reason=reason)
