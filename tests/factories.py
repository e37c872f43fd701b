"""Plain builders with plain defaults. The cast: Alice moderates; Blue Kettle signs; Harbour is the host."""

import time
from datetime import date, timedelta
from itertools import count

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest
from django.utils import timezone

from letters import accounts
from letters.models import Figure, Host, Letter, Recipient, Staff, Text
from signatories import delivery
from signatories.contacts import ContactDetails, dedupe_key, seal
from signatories.entrance.adapters import FactorAdapter
from signatories.models import Invalidation, Organisation, Proposal, Signature, SignatureStatus, Vouch
from signatories.roles import permissions_of
from signatories.signing import Claim
from signatories.visibility import Visibility

_numbers = count(1)
APP_KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make_staff(username="alice", **fields):
    fields = {"is_staff": True, "is_superuser": True, **fields}
    return Staff.objects.create_user(username, password="correct horse battery", **fields)


def make_member(username="bob", *roles, **fields):
    """A member of staff in these roles."""
    staff = make_staff(username, is_superuser=False, **fields)
    staff.groups.set([_role(role) for role in roles])
    return staff


def _role(name):
    """The group the migration made; or one like it, where a test with transactions of its own emptied the tables."""
    group, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        codenames = [right.partition(".")[2] for right in permissions_of(name)]
        group.permissions.set(Permission.objects.filter(codename__in=codenames))
    return group


def make_factor(staff, secret=APP_KEY):
    """An authenticator app that shows the codes of this key."""
    data = {"secret": FactorAdapter().encrypt(secret)}
    return Authenticator.objects.get_or_create(user=staff, type="totp", defaults={"data": data})[0]


def code_of(secret=APP_KEY, *, steps=0):
    """What the app shows now, or so many half minutes later."""
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30 + steps))


def enter(client, staff):
    """Bring a member of staff to the desk in this browser, with a second factor shown, as if through the pages."""
    factor = make_factor(staff)
    client.force_login(staff)
    request = HttpRequest()
    request.session, request.user = client.session, staff
    accounts.note_entry(request.session, staff)
    accounts.show_factor(request, factor)
    request.session.save()
    return client


def make_host(slug="harbour", **fields):
    return Host.objects.get_or_create(slug=slug, defaults={"name": "Harbour Coalition", **fields})[0]


def make_letter(slug="asylum", *, phase="open", title="Keep the door open", languages=("en",), **fields):
    """A letter with a text in each language and one government among its recipients."""
    now = timezone.now()
    day = timedelta(days=1)
    dates = {
        "draft": {},
        "gathering": {"gathers_at": now - day},
        "open": {"opens_at": now - day},
        "closed": {"opens_at": now - 9 * day, "closes_at": now - 4 * day},
        "grace": {"opens_at": now - 9 * day, "closes_at": now - day},
        "archived": {"opens_at": now - 9 * day, "closes_at": now - 8 * day, "archived_at": now - 7 * day},
    }[phase]
    letter = Letter.objects.create(**{"host": make_host(), "slug": slug, **dates, **fields})
    for language in languages:
        make_text(letter, language=language, title=title if language == "en" else f"{title} ({language})")
    Recipient.objects.create(letter=letter, office="The Mission of Kenya", country="KE")
    return letter


def make_text(letter, *, language="en", **fields):
    defaults = {
        "title": "Keep the door open",
        "body": "We, {organisations} from {countries}, ask.\n\n* Stay open.",
    }
    return Text.objects.create(letter=letter, language=language, **{**defaults, **fields})


def make_organisation(name="Blue Kettle", **fields):
    return Organisation.objects.create(name=name, **{"country": "KE", "kind": "refugee_led", **fields})


def make_contact_details(email="amina@kettle.example", **fields):
    return ContactDetails(**{"name": "Amina Yusuf", "email": email, **fields})


def make_signature(
    letter=None, *, name="Blue Kettle", status="published", email=None, phone="", contact=None, **fields
):
    """A signature in any status, with its contact; a published one with an organisation of its own."""
    letter = letter or make_letter()
    number = next(_numbers)
    email = "" if phone else email or f"contact{number}@kettle.example"
    now = timezone.now()
    defaults = {
        "text": letter.texts.order_by("pk").first(),
        "country": "KE",
        "kind": "refugee_led",
        "visibility": Visibility.PUBLIC,
        "language": "en",
        "by_phone": bool(phone),
    }
    if status != SignatureStatus.UNCONFIRMED:
        defaults["confirmed_at"] = now
    if status == SignatureStatus.PUBLISHED:
        defaults["published_at"] = now
        defaults["organisation"] = fields.get("organisation") or make_organisation(name)
    if status == SignatureStatus.HELD:
        defaults["hold_reason"] = "other"
    if status in ("rejected", "withdrawn", "superseded"):
        defaults["ended_at"] = now
    signature = Signature.objects.create(letter=letter, name=name, status=status, **{**defaults, **fields})
    details = contact or make_contact_details(email=email, phone=phone)
    Signature.objects.filter(pk=signature.pk).update(
        dedupe_key=dedupe_key(letter.pk, details.address, signature.name_key)
    )
    signature.refresh_from_db()
    seal(signature, details)
    return signature


def make_imported(letter, *, name="Blue Kettle", line=1, **fields):
    """A name of a list that was public before: published, its organisation known, nobody to write to."""
    signature = make_signature(
        letter, name=name, **{"channel": "import", "source_line": line, "country": "", "kind": "", **fields}
    )
    signature.contact.delete()
    Signature.objects.filter(pk=signature.pk).update(dedupe_key=None, confirmed_at=None)
    return Signature.objects.get(pk=signature.pk)


def make_proposal(signature, **fields):
    facts = {"name": "Blue Kettle Circle", "country": "UG", "kind": "ally", **fields}
    proposal = Proposal.objects.create(signature=signature, **facts)
    signature.question, signature.asked_at = "correction", proposal.proposed_at
    signature.save(update_fields=["question", "asked_at"])
    return proposal


def make_recipient(letter, *, country="UG", **fields):
    """A mission that was among the recipients from the beginning."""
    return Recipient.objects.create(
        letter=letter,
        country=country,
        **{
            "office": "Permanent Representative",
            "mission": f"The Mission of {country}",
            "addressed_since": timezone.now() - timedelta(days=365),
            **fields,
        },
    )


def make_delivery(letter, *, recipient=None, status="to_send", **fields):
    """The letter as one recipient is handed it; one that has left was made before."""
    by = Staff.objects.first() or make_staff()
    recipient = recipient or letter.recipients.first()
    (made,) = delivery.deliver(letter, recipients=[recipient], by=by, **fields)
    if status != "to_send":
        delivery.sealed(made)
        made = delivery.mark(made, status=status, by=by)
    made.refresh_from_db()
    return made


def make_voucher(letter, *, name="Red Lantern", **fields):
    """A signatory that staff have verified, with somebody to write to."""
    organisation = make_organisation(name, verification="verified")
    return make_signature(letter, name=name, organisation=organisation, **fields)


def make_vouch(signature, voucher, *, status="given", **fields):
    """A verified signatory's word about another one."""
    known = {"how_known": "worked_together", "answered_at": timezone.now()} if status == "given" else {}
    return Vouch.objects.create(
        signature=signature, voucher=voucher.organisation, status=status, **{**known, **fields}
    )


def make_co_contact(standing, **fields):
    """A second person who speaks for a signature: the one that came later, joined with it."""
    fields = {"name": standing.name, "organisation": standing.organisation, **fields}
    signature = make_signature(standing.letter, status="superseded", superseded_by=standing, **fields)
    for one in (standing, signature):
        one.contact.wants = one.visibility
        one.contact.save(update_fields=["wants"])
    return signature


def make_rule(letter, **fields):
    """A rule for many at once, counted now and not begun."""
    return Invalidation(letter=letter, **{"why": "A herd came", **fields})


def make_figure(letter, **fields):
    defaults = {"number": "42.7 million", "label": "refugees", "source": "UNHCR", "as_of": date(2025, 6, 1)}
    return Figure.objects.create(letter=letter, **{**defaults, **fields})


def make_claim(name="Blue Kettle", **fields):
    return Claim(**{"name": name, "country": "KE", "kind": "refugee_led", **fields})


def sign_form(**fields):
    """What a person types into the form."""
    return {
        "organisation": "Blue Kettle Women's Circle",
        "organisation_latin": "",
        "country": "KE",
        "kind": "refugee_led",
        "website": "",
        "contact_name": "Amina Yusuf",
        "contact_role": "chairperson",
        "contact_email": "amina@kettle.example",
        "contact_phone": "",
        "visibility": "public",
        "consent": "on",
        **fields,
    }
