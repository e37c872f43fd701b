"""A letter in own words, signed by invented organisations, so that a volunteer sees the whole at work."""

import json
import secrets
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters import comments, lifecycle, press
from letters.models import Figure, Host, HostLink, HostText, Letter, Recipient, Staff, Text
from signatories import (
    delivery,
    invitations,
    moderation,
    quotes,
    signing,
    updates,
    verification,
    vouching,
    withdrawal,
    workshops,
)
from signatories.contacts import ContactDetails
from signatories.models import (
    DeliveryStatus,
    HoldReason,
    Invitation,
    InvitationStatus,
    Organisation,
    Signature,
    SignatureStatus,
    Update,
    Verification,
)

HERE = Path(__file__).resolve().parent.parent.parent
CONTENT = HERE / "demonstration.json"
PICTURE = HERE / "demonstration.jpg"


class Command(BaseCommand):
    help = "Load the demonstration letter with its invented signatories, once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do nothing but care for its accounts where the demonstration's host exists already."""
        content = json.loads(CONTENT.read_text())
        with transaction.atomic():
            if not Host.objects.filter(slug=content["host"]["slug"]).exists():
                _load(content, _account("demonstration", is_superuser=True))
            if not settings.PRODUCTION:
                _care_for_accounts()


def _load(content: dict[str, Any], staff: Staff) -> None:
    now = timezone.now()
    host = _host(content["host"])
    letters = {one["slug"]: _letter(host, one, staff) for one in content["letters"]}
    known: dict[str, Organisation] = {}
    for entry in sorted(content["signatures"], key=lambda entry: -entry["days_ago"]):
        _signature(letters[entry["letter"]], entry, staff, known, now)
    for one in content["letters"]:
        _date(letters[one["slug"]], one["phase"], now, staff)
    for organisation in list(known.values())[::3]:
        verification.verify(organisation, by=staff, verification=Verification.VERIFIED)
    _discuss(content["desk"], staff, known)
    _gather(letters[content["gathering"]["letter"]], content["gathering"], staff, now)
    _hand_over(letters[content["handed_over"]["letter"]], content["handed_over"], staff, now)
    _speak(letters[content["public"]["letter"]], content["public"], staff, now)
    # Nobody reads the mailboxes of invented organisations.
    DBTaskResult.objects.filter(enqueued_at__gte=now).delete()


def _account(name: str, *, is_superuser: bool = False) -> Staff:
    """Return a new account of the demonstration, whose password stands in a file for its owner alone."""
    password = secrets.token_urlsafe(12)
    path = _password_file(name)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(password + "\n")
    return Staff.objects.create_user(
        name, password=password, is_staff=True, is_superuser=is_superuser, is_demonstration=True
    )


def _password_file(name: str) -> Path:
    path: Path = settings.VAR_DIR / f"{name}-password.txt"
    return path


def _care_for_accounts() -> None:
    """Let an account made before there was a second factor go on without, and give it a colleague.

    Some things need two persons.
    """
    if not _password_file("demonstration").exists():
        return  # whoever is called so has a password of their own
    Staff.objects.filter(username="demonstration").update(is_demonstration=True)
    if not Staff.objects.filter(username="colleague").exists():
        roles = Group.objects.filter(name__in=("Moderator", "Data officer"))
        _account("colleague").groups.set(roles)


def _host(content: dict[str, Any]) -> Host:
    host = Host.objects.create(
        slug=content["slug"],
        name=content["name"],
        website=content["website"],
        picture_credit=content["picture_credit"],
    )
    host.picture.save("harbour.jpg", ContentFile(PICTURE.read_bytes()))
    for language, words in content["texts"].items():
        HostText.objects.create(host=host, language=language, **words)
    for link in content["links"]:
        HostLink.objects.create(host=host, **link)
    return host


def _letter(host: Host, content: dict[str, Any], staff: Staff) -> Letter:
    gathers = timezone.now() - timedelta(days=240)
    letter = Letter.objects.create(
        host=host,
        slug=content["slug"],
        time_zone=content["time_zone"],
        original_language=content["original_language"],
    )
    for language, words in content["texts"].items():
        Text.objects.create(letter=letter, language=language, **words)
    for recipient in content["recipients"]:
        Recipient.objects.create(letter=letter, addressed_since=gathers, **recipient)
    for language, figures in content["figures"].items():
        for figure in figures:
            as_of = date.fromisoformat(figure["as_of"])
            Figure.objects.create(letter=letter, language=language, **{**figure, "as_of": as_of})
    return lifecycle.gather(letter, by=staff, at=gathers)


def _signature(
    letter: Letter, entry: dict[str, Any], staff: Staff, known: dict[str, Organisation], now: datetime
) -> None:
    """Take one signature through the same acts as a real one, to the status it is to have."""
    signature = signing.sign(
        letter,
        text=letter.text_for(entry["language"]) or letter.texts.get(),
        claim=signing.Claim(
            name=entry["name"],
            latin=entry["latin"],
            country=entry["country"],
            kind=entry["kind"],
            website=entry["website"],
            is_network=entry["is_network"],
        ),
        contact=ContactDetails(
            name=entry["contact_name"],
            role=entry["contact_role"],
            email=entry["contact_email"],
            phone=entry["contact_phone"],
        ),
        visibility=entry["visibility"],
        language=entry["language"],
        place=entry.get("place", ""),
    )
    status = entry["status"]
    if status != SignatureStatus.UNCONFIRMED:
        signature = verification.confirm(signature, visibility=entry["visibility"])
    if status == SignatureStatus.PUBLISHED:
        signature = moderation.approve(signature, by=staff, organisation=known.get(entry["name"]))
        known[entry["name"]] = Organisation.objects.get(signatures=signature)
    elif status == SignatureStatus.HELD:
        moderation.hold(signature, by=staff, reason=HoldReason(entry["hold_reason"]))
    elif status == SignatureStatus.REJECTED:
        moderation.reject(signature, by=staff)
    elif status == SignatureStatus.WITHDRAWN:
        withdrawal.withdraw(signature)
    _backdate(signature, now - timedelta(days=entry["days_ago"]))


def _discuss(content: dict[str, Any], staff: Staff, known: dict[str, Organisation]) -> None:
    """Leave on the desk what staff find there on a working day: evidence, a note, a vouch, a correction."""

    def signature(entry: dict[str, Any]) -> Signature:
        return Signature.objects.get(letter__slug=entry["letter"], name=entry["signature"])

    for entry in content["verified"]:
        verification.add_evidence(known[entry["name"]], by=staff, link=entry["link"], words=entry["words"])
    for entry in content["vouches"]:
        vouching.record(
            signature(entry), voucher=known[entry["voucher"]], how_known=entry["how_known"], by=staff
        )
    for entry in content["remarks"]:
        moderation.remark(signature(entry), by=staff, words=entry["words"])
    for entry in content["corrections"]:
        one = signature(entry)
        correction = withdrawal.Correction(
            name=entry["name"], latin=one.latin, country=one.country, kind=one.kind, website=one.website
        )
        withdrawal.correct(one, correction=correction)


def _gather(letter: Letter, content: dict[str, Any], staff: Staff, now: datetime) -> None:
    """Invite, as if some days ago; let partners comment on the draft; open a workshop."""
    for entry in content["invitations"]:
        guest = invitations.Guest(
            name=entry["name"],
            country=entry["country"],
            language=entry["language"],
            network=entry["network"],
            person=entry["person"],
            email=f"board{len(entry['name'])}@{entry['country'].lower()}.example",
        )
        invited = invitations.invite(letter, guest=guest, by=staff, chased_by=staff)
        if entry["status"] == InvitationStatus.TO_SEND:
            continue
        came_back = entry["status"] == InvitationStatus.BOUNCED
        said = InvitationStatus.INVITED if came_back else entry["status"]
        promised = now.date() + timedelta(days=entry["promised_in"]) if "promised_in" in entry else None
        invitations.mark(invited, status=said, promised_on=promised, by=staff)
        Invitation.objects.filter(pk=invited.pk).update(sent_at=now - timedelta(days=entry["days_ago"]))
        if came_back:
            invitations.bounced(invited.public_id, permanent=True)
    for entry in content["comments"]:
        comment = comments.write(
            letter.texts.get(language=entry["language"]),
            words=entry["words"],
            passage=entry.get("passage"),
            name=entry["name"],
            organisation=entry["organisation"],
            language=entry["language"],
        )
        if "answer" in entry:
            comments.answer(comment, by=staff, fate=entry["fate"], words=entry["answer"])
    workshops.open_workshop(letter, label=content["workshop"], by=staff)


def _hand_over(letter: Letter, content: dict[str, Any], staff: Staff, now: datetime) -> None:
    """Hand the letter to its recipients, and let some of them answer."""
    made = delivery.deliver(letter, recipients=letter.recipients.all(), by=staff)
    sent = now - timedelta(days=content["days_ago"])
    for one, status in zip(made, content["statuses"], strict=False):
        delivery.sealed(one)
        delivery.mark(one, status="sent", by=staff, at=sent)
        if status == DeliveryStatus.ANSWERED:
            answer = delivery.Answer(on=now.date(), words=content["answer"], is_public=True)
            delivery.record_answer(one, answer=answer, by=staff)
        elif status != DeliveryStatus.SENT:
            delivery.mark(one, status=status, by=staff, at=sent + timedelta(days=2))


def _speak(letter: Letter, content: dict[str, Any], staff: Staff, now: datetime) -> None:
    """Hope for a number, say whom journalists ask, quote some signatories, and tell what is new."""
    letter.goal = content["goal"]
    letter.save(update_fields=["goal"])
    asked: dict[str, Any] = {
        key: time.fromisoformat(said) if "hours" in key else said for key, said in content["press"].items()
    }
    press.add_contact(letter, asked=press.Asked(**asked), by=staff)
    for entry in content["quotes"]:
        signature = letter.signatures.get(name=entry["signature"])
        quote = quotes.offer(signature, words=entry["words"], language=entry["language"])
        if entry["approved"]:
            quotes.approve(quote, by=staff, seen=quotes.seen(quote))
    for entry in content["news"]:
        said = [updates.Words(language=language, **words) for language, words in entry["texts"].items()]
        update = updates.write(letter, texts=said, by=staff)
        updates.publish(update, by=staff, seen=updates.what_is_written(update))
        Update.objects.filter(pk=update.pk).update(published_at=now - timedelta(days=entry["days_ago"]))


def _backdate(signature: Signature, published_at: datetime) -> None:
    row = Signature.objects.get(pk=signature.pk)
    row.created_at = published_at - timedelta(hours=30)
    row.confirmed_at = row.confirmed_at and published_at - timedelta(hours=5)
    row.published_at = row.published_at and published_at
    row.save(update_fields=["created_at", "confirmed_at", "published_at"])


def _date(letter: Letter, phase: str, now: datetime, staff: Staff) -> None:
    if phase == "gathering":
        return
    opened = now - timedelta(days=235 if phase == "closed" else 21)
    lifecycle.open_letter(letter, by=staff, at=opened)
    closes = now - timedelta(days=180) if phase == "closed" else now + timedelta(days=40)
    midnight = closes.astimezone(ZoneInfo(letter.time_zone)).replace(
        hour=23, minute=59, second=0, microsecond=0
    )
    lifecycle.close_letter(letter, by=staff, at=midnight)
