"""What staff take away: the public names of a letter, its signatures with all they are about, or its contacts.

Rows are read from the database as the file goes out, so a hundred thousand need no more memory than ten. That
signatures or contacts leave is written down before their first byte does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models, transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, override, pgettext_lazy
from django.utils.translation import gettext as _

from letters import countries, languages
from letters.models import Event, Letter, Staff, record
from signatories import wall
from signatories.contacts import WrongSeal, unseal
from signatories.formats import Cell, Format, Table
from signatories.models import (
    ENDED,
    Channel,
    Contact,
    HoldReason,
    Kind,
    RejectReason,
    Signature,
    SignatureStatus,
    Verification,
)
from signatories.visibility import StaffCap, Visibility

MAIL = "contacts_exported"  # its folder in templates/emails/


class TooManyExports(Exception):
    """This person has taken contacts away as often as anybody may in a day."""


class What(models.TextChoices):
    """What there is to take away."""

    PUBLIC = "public", gettext_lazy("The public names, as everybody reads them")
    DESK = "desk", gettext_lazy("Signatures as the desk knows them, without contacts")
    CONTACTS = "contacts", gettext_lazy("Contacts: who signed, and how they are reached")


class Reason(models.TextChoices):
    """For what contacts are taken away."""

    DELIVERY = "delivery", gettext_lazy("To hand the letter over together")
    VERIFICATION = "verification", gettext_lazy("To ask whether an organisation is what it says it is")
    FOLLOW_UP = "follow_up", gettext_lazy("To invite them to a follow-up letter: those who agreed to be kept")
    LEGAL = "legal", gettext_lazy("Because the law asks for it")


@dataclass(frozen=True)
class Column:
    """One column of an export: how programs call it, how people do, and which field of a signature it shows."""

    key: str
    heading: str | Promise
    field: str
    labels: Mapping[str, str | Promise] | None = None


_LANGUAGES: Mapping[str, str | Promise] = dict(languages.CHOICES)
PUBLIC_COLUMNS = [
    Column("id", gettext_lazy("Number"), "public_id"),
    Column("name", gettext_lazy("Name"), "name"),
    Column("latin", gettext_lazy("Name in Latin letters"), "latin"),
    Column("country", gettext_lazy("Country"), "country"),
    Column("kind", gettext_lazy("Kind"), "kind", dict(Kind.choices)),
    Column("network", gettext_lazy("Network"), "is_network"),
    Column("since", gettext_lazy("Published"), "published_at"),
]
_SEEN = attrgetter("id", "name", "latin", "country_code", "kind", "is_network")
DESK_COLUMNS = [
    *PUBLIC_COLUMNS,
    Column("status", gettext_lazy("Status"), "status", dict(SignatureStatus.choices)),
    Column("held_because", gettext_lazy("Held because"), "hold_reason", dict(HoldReason.choices)),
    Column("rejected_because", gettext_lazy("Rejected because"), "reject_reason", dict(RejectReason.choices)),
    Column("visibility", gettext_lazy("Who may see the name"), "visibility", dict(Visibility.choices)),
    Column("at_most", gettext_lazy("At most, say staff"), "staff_cap", dict(StaffCap.choices)),
    Column("website", gettext_lazy("Website"), "website"),
    Column("channel", gettext_lazy("Channel"), "channel", dict(Channel.choices)),
    Column("language", gettext_lazy("Language"), "language", _LANGUAGES),
    Column("signed", gettext_lazy("Signed"), "created_at"),
    Column("confirmed", gettext_lazy("Confirmed"), "confirmed_at"),
    Column("ended", gettext_lazy("Ended"), "ended_at"),
    # One that was joined with another of its organisation counts once, with that one.
    Column("stands_in", gettext_lazy("Superseded by"), "superseded_by__public_id"),
    Column("organisation", gettext_lazy("Organisation"), "organisation__public_id"),
    Column(
        "verification",
        gettext_lazy("Verification"),
        "organisation__verification",
        dict(Verification.choices),
    ),
]
CONTACT_COLUMNS = [
    Column("id", gettext_lazy("Number"), "public_id"),
    Column("organisation", gettext_lazy("Organisation"), "name"),
    Column("name", pgettext_lazy("contact", "Name"), "name"),
    Column("role", gettext_lazy("Role"), "role"),
    Column("email", gettext_lazy("E-mail"), "email"),
    Column("phone", gettext_lazy("Phone"), "phone"),
    Column("language", gettext_lazy("Language"), "language", _LANGUAGES),
]


def public_names(letter: Letter, kind: Format) -> Table:
    """Return the names everybody reads, as the wall tells them."""
    rows = ((*_SEEN(one), wall.named_since(letter, one)) for one in wall.every_name(letter))
    return _table(letter, PUBLIC_COLUMNS, rows, kind)


def signatures(
    letter: Letter, kind: Format, *, statuses: Sequence[str], columns: Sequence[str], by: Staff
) -> Table:
    """Return signatures in these statuses as the desk knows them, and write down that they leave."""
    chosen = [column for column in DESK_COLUMNS if column.key in columns]
    found = Signature.objects.filter(letter=letter, status__in=statuses).in_reading_order()
    rows = found.values_list(*(column.field for column in chosen))
    _note("export_signatures", letter, by=by)
    return _table(letter, chosen, rows.iterator(chunk_size=wall.READ_AT_ONCE), kind)


def contacts(letter: Letter, kind: Format, *, statuses: Sequence[str], reason: str, by: Staff) -> Table:
    """Return who speaks for signatures in these statuses; that they leave is written down and told first.

    Where several people speak for one, all of them leave, with the number of the signature that stands. Nobody writes
    to those who left or were refused, and about a follow-up letter only to those who agreed to be kept. Raises
    TooManyExports.
    """
    live = [status for status in statuses if status not in ENDED]
    speaks = Q(signature__status__in=live) | Q(
        signature__status=SignatureStatus.SUPERSEDED, signature__superseded_by__status__in=live
    )
    found = Contact.objects.filter(speaks, signature__letter=letter)
    found = found.select_related("signature__superseded_by")
    if reason == Reason.FOLLOW_UP:
        found = found.filter(signature__keep_contact=True)
    rows = found.order_by("signature__sort_key", "signature").iterator(chunk_size=wall.READ_AT_ONCE)
    _let_contacts_leave(letter, by=by, reason=Reason(reason))
    return _table(letter, CONTACT_COLUMNS, map(_of_contact, rows), kind)


def left_today(by: Staff) -> int:
    """Return how often this person may still take contacts away today."""
    most, _span = settings.CONTACT_EXPORTS
    return max(0, most - _lately(by).count())


def tell(event_id: int, staff_id: int) -> None:
    """Write to one superuser that contacts left: of which letter, when, why and with whom; nobody's name beside."""
    event = Event.objects.select_related("letter", "by").get(pk=event_id)
    superuser = Staff.objects.filter(pk=staff_id, is_active=True, is_superuser=True).exclude(email="").first()
    if superuser is None:
        return
    with override(settings.LANGUAGE_CODE):
        context = {
            "event": event,
            "reason": Reason(event.reason).label,
            "url": f"{settings.SITE_URL}{reverse('admin:letters_event_changelist')}",
        }
        subject = " ".join(render_to_string(f"emails/{MAIL}/subject.txt", context).split())
        body = "".join(render_to_string(f"emails/{MAIL}/body.txt", context))
    EmailMessage(subject, body, to=[superuser.email], headers={"Auto-Submitted": "auto-generated"}).send()


# --- what is written down first ------------------------------------------------------------------------------


def _let_contacts_leave(letter: Letter, *, by: Staff, reason: str) -> None:
    from signatories.tasks import tell_of_export  # the task imports this module

    with transaction.atomic():
        Staff.objects.select_for_update(no_key=True).get(
            pk=by.pk
        )  # two at once are counted one after the other
        if not left_today(by):
            raise TooManyExports
        _note("export_contacts", letter, by=by, reason=reason)
        event = _lately(by).latest("at", "pk")
        superusers = Staff.objects.filter(is_active=True, is_superuser=True).exclude(email="").order_by("pk")
        for superuser in superusers.values_list("pk", flat=True):
            tell_of_export.enqueue(event.pk, superuser)


def _lately(by: Staff) -> models.QuerySet[Event]:
    _most, span = settings.CONTACT_EXPORTS
    return Event.objects.filter(by=by, act="export_contacts", at__gt=timezone.now() - span)


def _note(act: str, letter: Letter, *, by: Staff, reason: str = "") -> None:
    record(act, kind="letter", subject=letter.slug[:40], letter=letter, by=by, reason=reason)


# --- rows as cells -------------------------------------------------------------------------------------------


def _table(letter: Letter, columns: Sequence[Column], rows: Iterable[Sequence[Any]], kind: Format) -> Table:
    """Return what a file is made of.

    Every word is looked up now: while the file goes out, nobody's language is the active one any more.
    """
    language = get_language() or settings.LANGUAGE_CODE
    tell = [_teller(column, language) if kind.for_people else _for_programs for column in columns]
    text = letter.text_for(language)
    return Table(
        title=text.title if text else letter.slug,
        columns={column.key: str(column.heading) for column in columns},
        rows=_cells(rows, tell),
        rtl=kind.for_people and languages.direction(language) == "rtl",
    )


def _cells(rows: Iterable[Sequence[Any]], tell: Sequence[Callable[[Any], Cell]]) -> Iterator[list[Cell]]:
    for row in rows:
        yield [how(value) for how, value in zip(tell, row, strict=True)]


def _for_programs(value: Any) -> Cell:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _teller(column: Column, language: str) -> Callable[[Any], Cell]:
    """Return how people read a column's values in a language."""
    if column.field == "country":
        return lambda code: countries.name(code, language)
    if column.labels is not None:
        labels = {code: str(label) for code, label in column.labels.items()}
        return lambda code: labels.get(code, "")
    yes = _("yes")
    return lambda value: _for_people(value, yes)


def _for_people(value: Any, yes: str) -> Cell:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, bool):
        return yes if value else ""
    cell: Cell = value
    return cell


def _of_contact(contact: Contact) -> list[Any]:
    signature = contact.signature
    standing = signature.standing
    try:
        person = unseal(contact)
    except (WrongSeal, InvalidToken):  # its key is missing; the others can still be reached
        return [standing.public_id, standing.name, "", "", "", "", signature.language]
    return [
        standing.public_id,
        standing.name,
        person.name,
        person.role,
        person.email,
        person.phone,
        signature.language,
    ]
