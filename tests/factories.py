"""Plain builders with plain defaults. The cast: Alice moderates; Blue Kettle signs; Harbour is the host."""

import time
from datetime import date, timedelta
from itertools import count

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest
from django.utils import timezone

from letters import accounts, comments, press
from letters.models import Figure, Host, Letter, Recipient, Staff, Text, Version
from signatories import delivery, invitations, lists, quotes, spokespeople, updates, workshops
from signatories.contacts import ContactDetails, dedupe_key, seal
from signatories.entrance.adapters import FactorAdapter
from signatories.headings import recognise
from signatories.models import (
    Invalidation,
    Invitation,
    Organisation,
    Proposal,
    Signature,
    SignatureStatus,
    Vouch,
)
from signatories.roles import permissions_of
from signatories.sheets import read_pasted
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


def make_version(letter, *, change="editorial", languages=(), at=None, **fields):
    """A version that was published in its time, with another text in these languages: in all where none is named."""
    number = letter.version_number() + 1
    by = Staff.objects.first() or make_staff()
    at = at or timezone.now() - timedelta(hours=1)
    version = Version.objects.create(letter=letter, number=number, change=change, by=by, published_at=at)
    for text in letter.current_texts():
        if not languages or text.language in languages:
            said = {
                "title": text.title,
                "body": f"{text.body}\n\nMore, said {number} times.",
                "what_changed": "More.",
            }
            make_text(letter, language=text.language, version=number, change=change, **{**said, **fields})
    return version


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
    if status != SignatureStatus.TO_AGREE_AGAIN:
        defaults["agreed_version"] = letter.version_number()
    if status in (SignatureStatus.PUBLISHED, SignatureStatus.TO_AGREE_AGAIN):
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


def make_list(letter, *, by, pasted="Amber Kettle\nBlue Kettle, Kenya\nYes"):
    """A list gathered elsewhere, compared and not yet written."""
    (sheet,) = read_pasted(pasted)
    found = recognise(sheet)
    file = lists.take(letter, sheets=[sheet], by=by)
    layout = lists.Layout(heading_row=found.row, columns=found.columns)
    return lists.check(file, layout=layout, terms=lists.Terms())


def make_invitation(
    letter=None, *, name="Blue Kettle", email="amina@kettle.example", status="invited", **fields
):
    """An organisation on a letter's list, on its way: one that was invited got its mail ten days ago."""
    letter = letter or make_letter()
    guest = {"name": name, "country": "KE", "email": email, "person": "Amina Yusuf" if email else ""}
    guest |= {one: fields.pop(one) for one in ("country", "language", "network", "words") if one in fields}
    by = Staff.objects.first() or make_staff("inga")
    invitation = invitations.invite(letter, guest=invitations.Guest(**guest), by=by)
    told = {} if status in ("to_send", "taken_off") else {"sent_at": timezone.now() - timedelta(days=10)}
    answered = {"answered_at": timezone.now()} if status in ("will_sign", "declined", "wrong_person") else {}
    promised = {"promised_on": timezone.now().date() + timedelta(days=3)} if status == "will_sign" else {}
    Invitation.objects.filter(pk=invitation.pk).update(
        **{"status": status, **told, **answered, **promised, **fields}
    )
    return Invitation.objects.get(pk=invitation.pk)


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


def make_workshop(letter, *, by=None, label="Kakuma room 3", **fields):
    """A room with places under a letter; returns it with its code."""
    by = by or Staff.objects.first() or make_staff()
    return workshops.open_workshop(letter, label=label, by=by, **fields)


def make_comment(letter, *, words="Say it more gently.", text=None, **fields):
    """What a partner says of a draft."""
    return comments.write(text or letter.texts.order_by("pk").first(), words=words, **fields)


def make_press_contact(letter, *, by=None, **fields):
    """Whom journalists ask about a letter."""
    by = by or Staff.objects.first() or make_staff()
    asked = {"name": "Press desk", "email": "press@harbour.example", "languages": ["en", "ar"], **fields}
    return press.add_contact(letter, asked=press.Asked(**asked), by=by)


def make_press_link(letter, *, by=None, **fields):
    """The link for journalists of a letter that gathers."""
    return press.make_link(letter, by=by or Staff.objects.first() or make_staff(), **fields)


def make_quote(
    signature, *, words="We know what a closed door is.", language="en", status="offered", **fields
):
    """What a signatory says for everybody to quote."""
    quote = quotes.offer(signature, words=words, language=language)
    if status == "approved":
        quote = quotes.approve(
            quote, seen=quotes.seen(quote), by=Staff.objects.first() or make_staff(), **fields
        )
    elif status == "rejected":
        by = Staff.objects.first() or make_staff()
        quote = quotes.reject(quote, seen=quotes.seen(quote), by=by, **{"reason": "attacks", **fields})
    return quote


def make_spokesperson(signature, *, languages=("en",)):
    """That the contact of a signature would speak to journalists."""
    return spokespeople.volunteer(signature, languages=languages)


def make_update(letter, *, by=None, languages=("en",), **fields):
    """News of a letter, written and not sent."""
    by = by or Staff.objects.first() or make_staff()
    said = {"subject": "We were heard", "body": "They *listened*. See [the answer](https://answer.example/)."}
    texts = [updates.Words(language=language, **said) for language in languages]
    return updates.write(letter, texts=texts, by=by, **fields)


def schedule_update(update, **fields):
    """Let an update leave as it is written."""
    return updates.schedule(update, by=update.by, seen=updates.what_is_written(update), **fields)
