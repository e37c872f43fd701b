"""Handing the letter over: a snapshot for each recipient, the documents made of it, and what became of them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from letters import prose
from letters.models import Letter, Recipient, Staff, Text, record
from letters.revision import bump
from signatories import documents, wall
from signatories.documents import Content, Document, Name
from signatories.models import ARRIVED, CoverText, DeliveredName, Delivery, DeliveryStatus, Order


class LetterNotPublic(Exception):
    """A letter is handed over once everybody may read it."""


class LetterHasNoText(Exception):
    """The letter says nothing yet."""


class NotSentYet(Exception):
    """The letter to this recipient has not left the house."""


class AlreadySent(Exception):
    """The letter to this recipient has left the house, and that stays written down."""


class NotMadeYet(Exception):
    """The document has never been made, so nobody can have been handed it."""


class NobodySignedSince(Exception):
    """There is no name to add to what this recipient was handed."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The letter and its list for one recipient, at one moment."""

    recipient: Recipient
    text: Text
    counts: wall.Counts
    handed: list[wall.Handed]
    content: Content


# --- making snapshots --------------------------------------------------------------------------------


def deliver(
    letter: Letter, *, recipients: Iterable[Recipient], by: Staff, order: str = Order.ALPHABET
) -> list[Delivery]:
    """Freeze the letter and its list for each of these recipients; nothing is sent by it.

    A letter that was made before and never left the house gives its place to the new one. Raises LetterNotPublic,
    LetterHasNoText.
    """
    with transaction.atomic():
        addressed = _lock(letter, recipients)
        letter = _public(letter)
        _replace(Delivery.objects.filter(recipient__in=addressed, supplement_to=None))
        snapshots = _snapshots(letter, addressed, standing=True)
        return _frozen(letter, snapshots, order=order, by=by)


def supplement(delivery: Delivery, *, by: Staff) -> Delivery:
    """Freeze, for the recipient of a delivery that has left, the names that came since and nothing else.

    Raises LetterNotPublic, NotSentYet, NobodySignedSince.
    """
    with transaction.atomic():
        addressed = _lock(delivery.letter, [delivery.recipient])
        delivery = Delivery.objects.select_related("letter", "supplement_to").get(pk=delivery.pk)
        if not delivery.has_left:
            raise NotSentYet
        first = delivery.supplement_to or delivery
        letter = _public(delivery.letter)
        _replace(first.supplements.all())
        (snapshot,) = _snapshots(letter, addressed, standing=True, since=first)
        if not snapshot.handed:
            raise NobodySignedSince
        return _frozen(letter, [snapshot], order=first.order, by=by, supplement_to=first)[0]


def preview(letter: Letter, recipient: Recipient, *, by: Staff, order: str = Order.ALPHABET) -> Document:
    """Return the document a recipient would be handed now; that somebody looked is written down first."""
    letter = _with_everything(letter)
    (snapshot,) = _snapshots(letter, [recipient])
    record("preview_delivery", kind="letter", subject=letter.slug, letter=letter, by=by)
    return _rendered(snapshot, order=order)


def discard(delivery: Delivery, *, by: Staff) -> None:
    """Throw a letter away that has not left the house. Raises AlreadySent."""
    with transaction.atomic():
        delivery = _lock_one(delivery)
        if delivery.has_left:
            raise AlreadySent
        _note("discard_delivery", delivery, by=by)
        delivery.delete()


def _lock(letter: Letter, recipients: Iterable[Recipient]) -> list[Recipient]:
    """Let nobody else freeze letters to the same recipients meanwhile; FOR NO KEY UPDATE, so that signing goes on."""
    chosen = letter.recipients.filter(pk__in=[recipient.pk for recipient in recipients])
    return list(chosen.order_by("pk").select_for_update(no_key=True))


def _lock_one(delivery: Delivery) -> Delivery:
    return Delivery.objects.select_for_update().get(pk=delivery.pk)


def _with_everything(letter: Letter) -> Letter:
    letters = Letter.objects.select_related("host").prefetch_related("recipients", "figures")
    return letters.get(pk=letter.pk)


def _public(letter: Letter) -> Letter:
    letter = _with_everything(letter)
    if not letter.is_public:
        raise LetterNotPublic
    return letter


def _replace(deliveries: QuerySet[Delivery]) -> None:
    """Delete those that nobody can have been handed; a file that holds one of them opens no more."""
    deliveries.filter(status=DeliveryStatus.TO_SEND, released_at=None).delete()


def _snapshots(
    letter: Letter, recipients: list[Recipient], *, standing: bool = False, since: Delivery | None = None
) -> Iterator[_Snapshot]:
    """Return what each is handed now, in the language of the recipient where the letter has a text in it."""
    now = timezone.now()
    texts = letter.current_texts()
    own_words = dict(CoverText.objects.filter(letter=letter).values_list("language", "words"))
    known = _handed_before(since) if since else set()
    handed_to = wall.handed_to(letter, recipients, standing=standing)
    for recipient, (counts, handed) in zip(recipients, handed_to, strict=True):
        text = letter.nearest_text(texts, recipient.language)
        if text is None:
            raise LetterHasNoText
        said = documents.content(letter, text, counts=counts, as_of=now)
        with override(text.language):
            own = prose.tree(
                own_words.get(text.language, ""),
                organisations=counts.organisations,
                countries=counts.countries,
                language=text.language,
            )
            said |= _addressed(letter, recipient, said, now, own_words=own, since=since)
        later = [one for one in handed if one.signature_id not in known]
        yield _Snapshot(recipient, text, counts, later, said)


def _rendered(snapshot: _Snapshot, *, order: str = Order.ALPHABET) -> Document:
    names = [Name(one.name, one.latin, one.country_code, one.is_network) for one in snapshot.handed]
    return documents.rendered(snapshot.content, names, order=order)


def _handed_before(first: Delivery) -> set[int]:
    """Return the signatures this recipient knows of, and those that stand in the place of one of them today.

    One that it was told to take off, and that came back, it knows no more.
    """
    names = DeliveredName.objects.filter(delivery__in=[first, *first.supplements.all()], told_at=None)
    pairs = names.values_list("signature_id", "signature__superseded_by_id")
    return {pk for pair in pairs for pk in pair if pk}


def _frozen(
    letter: Letter,
    snapshots: Iterable[_Snapshot],
    *,
    order: str,
    by: Staff,
    supplement_to: Delivery | None = None,
) -> list[Delivery]:
    public = wall.counts(letter)
    made = []
    for snapshot in snapshots:
        delivery = Delivery.objects.create(
            letter=letter,
            recipient=snapshot.recipient,
            text=snapshot.text,
            order=Order(order),
            supplement_to=supplement_to,
            content=snapshot.content,
            revision=letter.revision,
            organisations=snapshot.counts.organisations,
            countries=snapshot.counts.countries,
            public_countries=public.countries,
            named=len(snapshot.handed),
            by=by,
        )
        _keep_names(delivery, snapshot.handed)
        _note("supplement" if supplement_to else "deliver", delivery, by=by)
        made.append(delivery)
    return made


def _keep_names(delivery: Delivery, handed: list[wall.Handed]) -> None:
    DeliveredName.objects.bulk_create(
        [
            DeliveredName(
                delivery=delivery,
                signature_id=one.signature_id,
                position=position,
                name=one.name,
                latin=one.latin,
                country=one.country_code,
                kind=one.kind,
                is_network=one.is_network,
            )
            for position, one in enumerate(handed)
        ],
        batch_size=1_000,
    )


def _note(act: str, delivery: Delivery, *, by: Staff) -> None:
    record(act, kind="delivery", subject=delivery.public_id, letter=delivery.letter_id, by=by)


# --- the covering letter -----------------------------------------------------------------------------


def _addressed(
    letter: Letter,
    recipient: Recipient,
    said: Content,
    now: datetime,
    *,
    own_words: list[prose.Node],
    since: Delivery | None,
) -> Content:
    """Return what a document says more, and otherwise, when it is addressed to one recipient."""
    today = documents.day(now, letter)
    cover = {
        "sender": letter.host.name,
        "to": [documents.isolated(line) for line in _address(recipient)],
        "date": today,
        "subject": _("Open letter: %(title)s") % {"title": said["title"]},
        "words": _cover(recipient, said, today, own_words=own_words, since=since),
        "closing": _("Yours sincerely,"),
    }
    more: Content = {"cover": cover, "own_country": recipient.country}
    if since is None:
        return more
    heading = _("Signed since %(date)s") % {"date": documents.day(since.sent_at or since.made_at, letter)}
    words = {**said["words"], "undersigned": heading}
    return more | {"body": [], "figures": [], "recipients": [], "words": words}


def _address(recipient: Recipient) -> list[str]:
    where = [recipient.mission] if recipient.mission else [recipient.country_name]
    return [line for line in (recipient.office, *where) if line]


def _cover(
    recipient: Recipient, said: Content, today: str, *, own_words: list[prose.Node], since: Delivery | None
) -> list[prose.Node]:
    if since is None:
        facts = {"title": said["title"], "count": said["count"], "date": today}
        news = [
            _("We hand you an open letter, “%(title)s”. On %(date)s it is signed by %(count)s.") % facts,
            _("Its text follows, and after it the list of those who signed."),
        ]
    else:
        then = documents.day(since.sent_at or since.made_at, since.letter)
        facts = {"title": said["title"], "count": said["count"], "date": then}
        news = [
            _(
                "On %(date)s we handed you an open letter, “%(title)s”. It has been signed by others since, and now "
                "by %(count)s."
            )
            % facts,
            _("Those who have signed since are named here."),
        ]
    greeting = [_("%(name)s,") % {"name": recipient.style_of_address}] if recipient.style_of_address else []
    address = {"kind": "link", "to": said["address"], "inside": [said["address_shown"]]}
    return [
        *(_paragraph(line) for line in (*greeting, *news)),
        *own_words,
        _paragraph(
            _("The letter is public, and so is the list of those who may be named to all:"), " ", address
        ),
        _paragraph(_("We look forward to your answer.")),
    ]


def _paragraph(*runs: prose.Run) -> prose.Node:
    return {"kind": "paragraph", "inside": list(runs)}


# --- documents ---------------------------------------------------------------------------------------


def document(delivery: Delivery) -> Document:
    """Return what a delivery hands over, as it was frozen, without names that were taken off since; it says so."""
    rows = list(delivery.names.still_standing())
    names = [Name(row.name, row.latin, row.country, row.is_network) for row in rows]
    removed = delivery.named - len(rows)
    return documents.rendered(delivery.content, names, order=delivery.order, removed=removed)


def sealed(delivery: Delivery) -> tuple[Document, str]:
    """Return a delivery's document with its SHA-256. Once the letter has left, the kept one changes no more."""
    made = document(delivery)
    digest = hashlib.sha256(made.pdf).hexdigest()
    unsent = Delivery.objects.filter(pk=delivery.pk, status=DeliveryStatus.TO_SEND)
    unsent.exclude(sha256=digest).update(sha256=digest)
    return made, digest


def release(delivery: Delivery, *, by: Staff) -> Document:
    """Return a delivery's document for somebody who takes it away; that they did is written down before."""
    with transaction.atomic():
        _note("release", delivery, by=by)
        Delivery.objects.filter(pk=delivery.pk, released_at=None).update(released_at=timezone.now())
    return sealed(delivery)[0]


# --- what became of them -----------------------------------------------------------------------------


def mark(delivery: Delivery, *, status: str, by: Staff, at: datetime | None = None) -> Delivery:
    """Write down where a letter is on its way. Raises NotMadeYet."""
    with transaction.atomic():
        delivery = _lock_one(delivery)
        was_public = _as_the_public_sees_it(delivery)
        at = at or timezone.now()
        if status == delivery.status and status != DeliveryStatus.SENT:
            return delivery
        if status == DeliveryStatus.TO_SEND:
            delivery.sent_at = None
        elif not delivery.sha256:
            raise NotMadeYet
        elif status == DeliveryStatus.SENT or delivery.sent_at is None:
            delivery.sent_at = at
        delivery.status = DeliveryStatus(status)
        delivery.status_at = at
        delivery.save(update_fields=["status", "status_at", "sent_at"])
        _note(f"mark_{status}", delivery, by=by)
        if _as_the_public_sees_it(delivery) != was_public:
            bump([delivery.letter_id])
    return delivery


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a recipient answered, and whether everybody may read that."""

    on: date
    words: str = ""
    link: str = ""
    is_public: bool = False


def record_answer(delivery: Delivery, *, answer: Answer, by: Staff) -> Delivery:
    """Write down what a recipient answered, and show it beside the letter if it is public. Raises NotSentYet."""
    with transaction.atomic():
        delivery = _lock_one(delivery)
        if not delivery.has_left:
            raise NotSentYet
        was_public = _as_the_public_sees_it(delivery)
        delivery.answered_on, delivery.answer_words = answer.on, answer.words
        delivery.answer_link, delivery.answer_is_public = answer.link, answer.is_public
        delivery.status, delivery.status_at = DeliveryStatus.ANSWERED, timezone.now()
        delivery.save(update_fields=[*_ANSWER, "status", "status_at"])
        _note("record_answer", delivery, by=by)
        if _as_the_public_sees_it(delivery) != was_public:
            bump([delivery.letter_id])
    return delivery


_ANSWER = ("answered_on", "answer_words", "answer_link", "answer_is_public")


def _as_the_public_sees_it(delivery: Delivery) -> tuple[object, ...]:
    delivered = (delivery.sent_at,) if delivery.status in ARRIVED else ()
    answer = tuple(getattr(delivery, field) for field in _ANSWER) if delivery.answer_is_public else ()
    return delivered, answer


# --- names that were taken off since -----------------------------------------------------------------


def tell_removed(delivery: Delivery, *, by: Staff) -> int:
    """Write down that the recipient was told which names were taken off, and return how many those were."""
    with transaction.atomic():
        told = delivery.names.removed().filter(told_at=None).update(told_at=timezone.now())
        if told:
            _note("tell_removed", delivery, by=by)
    return told


def sentence_about_removed(delivery: Delivery) -> str:
    """Return what to write to the recipient about names that were taken off, in the language of the document."""
    gone = list(delivery.names.removed().filter(told_at=None).values_list("name", flat=True))
    names, erased = [name for name in gone if name], gone.count("")
    if not gone:
        return ""
    with override(delivery.text.language):
        facts = {
            "date": documents.day(delivery.sent_at or delivery.made_at, delivery.letter),
            "title": delivery.text.title,
            "names": _("; ").join(documents.isolated(name) for name in names),
        }
        said = [_("On %(date)s we handed you the open letter “%(title)s”.") % facts]
        if names:
            said.append(
                ngettext(
                    "Please take this name off your copy, and tell those you gave one: %(names)s.",
                    "Please take these names off your copy, and tell those you gave one: %(names)s.",
                    len(names),
                )
                % facts
            )
        if erased:
            said.append(
                ngettext(
                    "%(number)d organisation had its name erased; we hold it no more.",
                    "%(number)d organisations had their names erased; we hold them no more.",
                    erased,
                )
                % {"number": erased}
            )
    return " ".join(said)


# --- before letters are made ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a recipient would be handed now."""

    recipient: Recipient
    text: Text
    counts: wall.Counts
    named: int

    @property
    def is_in_its_language(self) -> bool:
        return self.text.language == self.recipient.language


def outlook(letter: Letter, recipients: list[Recipient]) -> tuple[list[Outlook], frozenset[str]]:
    """Return what each would be handed, and the letters that no font here has. Raises LetterHasNoText."""
    letter = _with_everything(letter)
    snapshots = list(_snapshots(letter, recipients))
    shown = [Outlook(one.recipient, one.text, one.counts, len(one.handed)) for one in snapshots]
    longest = max(snapshots, key=lambda one: len(one.handed), default=None)
    return shown, _rendered(longest).missing if longest else frozenset()


def cover(letter: Letter, *, language: str, words: str, by: Staff) -> None:
    """Say in the covering letters of one language what the host wants to say there; "" says nothing."""
    with transaction.atomic():
        if words:
            CoverText.objects.update_or_create(letter=letter, language=language, defaults={"words": words})
        else:
            CoverText.objects.filter(letter=letter, language=language).delete()
        record("cover", kind="letter", subject=letter.slug, letter=letter, by=by, reason=language)
