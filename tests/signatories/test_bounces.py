"""Mail that comes back tells which mailbox is gone; nobody else can say so, and nothing of the message is kept."""

import io
import sys
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from types import SimpleNamespace

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from letters.models import Event
from signatories import bounces, emails, invitation_mails, invitations
from signatories.contacts import ContactDetails
from signatories.emails import Mail
from signatories.models import BouncingMailbox
from tests.factories import enter, make_invitation, make_letter, make_signature, make_staff
from tests.racing import at_once
from tests.signatories.test_tasks import MAILBOX, ask_for, mail_server  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

FROM = "Harbour <letters@harbour.example>"


@pytest.fixture(autouse=True)
def _address(settings):
    settings.BOUNCE_ADDRESS = "bounces@harbour.example"
    settings.DEFAULT_FROM_EMAIL = FROM


# --- what mail servers send back -------------------------------------------------------------------------

POSTFIX = """\
Return-Path: <>
From: MAILER-DAEMON@mx.harbour.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

This is a MIME-encapsulated message.

--b1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.harbour.example.

<canary.person@kettle.example>: host mail.kettle.example[192.0.2.7] said:
    {code} <canary.person@kettle.example>: Recipient address rejected (in reply to RCPT TO command)

--b1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.harbour.example
X-Postfix-Queue-ID: 4TqX9Z2

Final-Recipient: rfc822; canary.person@kettle.example
Original-Recipient: rfc822;canary.person@kettle.example
Action: {action}
Status: {status}
Remote-MTA: dns; mail.kettle.example
Diagnostic-Code: smtp; {code} <canary.person@kettle.example>: Recipient address rejected

--b1
Content-Type: message/rfc822

From: letters@harbour.example
Subject: News
X-Said-Before: 550 5.1.1

Text
--b1--
"""
EXCHANGE = """\
From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@kettle.example>
To: <{to}>
Subject: Undeliverable: News
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="_b2_"

--_b2_
Content-Type: multipart/alternative; boundary="_b3_"

--_b3_
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64

PGI+WW91ciBtZXNzYWdlIHdhc24ndCBkZWxpdmVyZWQ8L2I+

--_b3_--

--_b2_
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01.prod.outlook.example
Received-From-MTA: dns;mx.harbour.example
Arrival-Date: Sun, 22 Nov 2026 04:00:00 +0000

Final-Recipient: rfc822;canary.person@kettle.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

--_b2_--
"""
GMAIL = """\
From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
To: {to}
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
MIME-Version: 1.0
Content-Type: multipart/report; boundary="0000"; report-type=delivery-status

--0000
Content-Type: text/plain; charset="UTF-8"

** Address not found **

--0000
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.example
Arrival-Date: Sun, 22 Nov 2026 04:00:00 -0800 (PST)

Final-Recipient: rfc822; canary.person@kettle.example
Action: failed
Status: {status}
Diagnostic-Code: smtp; {code}-{status} The email account that you tried to reach {words}
 {code} {status} https://support.example/ 5-2026 - gsmtp
Last-Attempt-Date: Sun, 22 Nov 2026 04:00:01 -0800 (PST)

--0000--
"""
EXIM = """\
X-Failed-Recipients: canary.person@kettle.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@old.example>
To: {to}
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  canary.person@kettle.example
    SMTP error from remote mail server after RCPT TO:<canary.person@kettle.example>:
    host mail.kettle.example [10.5.2.2]: {code}

------ This is a copy of the message, including all the headers. ------

Subject: our own words say 452 4.2.2 and 550 5.1.1
"""
QMAIL = """\
From: MAILER-DAEMON@old.example
To: {to}
Subject: failure notice

Hi. This is the qmail-send program at old.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<canary.person@kettle.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Subject: News
"""
AWAY = """\
From: Canary Person <canary.person@kettle.example>
To: {to}
Auto-Submitted: auto-replied
Subject: Out of office: 550 5.1.1

I am away. Ask extension 550 instead, or see 5.1.1.
"""
GONE = {
    "Postfix": POSTFIX.format(to="{to}", action="failed", status="5.1.1", code="550 5.1.1"),
    "Postfix, no such domain": POSTFIX.format(to="{to}", action="failed", status="5.4.4", code="550"),
    "Postfix, an old server behind it": POSTFIX.format(
        to="{to}", action="failed", status="5.0.0", code="550 No such user"
    ),
    "Exchange": EXCHANGE,
    "Gmail": GMAIL.format(to="{to}", status="5.1.1", code="550", words="does not exist."),
    "Exim": EXIM.format(to="{to}", code="550 5.1.1 No such user"),
    "Exim, an old server behind it": EXIM.format(to="{to}", code="550 unknown user"),
    "qmail": QMAIL,
}
NOT_NOW = {
    "Postfix, given up after days": POSTFIX.format(
        to="{to}", action="failed", status="4.4.1", code="451 4.4.1"
    ),
    "Postfix, we are on a blocklist": POSTFIX.format(
        to="{to}", action="failed", status="5.7.1", code="554 5.7.1"
    ),
    "an old server takes us for spam": POSTFIX.format(
        to="{to}", action="failed", status="5.0.0", code="554 Spam"
    ),
    "Gmail, full": GMAIL.format(to="{to}", status="5.2.2", code="552", words="is over quota."),
    "Exim, full": EXIM.format(to="{to}", code="552 mailbox full"),
}
NOTHING = {
    "Postfix, a delay": POSTFIX.format(to="{to}", action="delayed", status="4.4.1", code="451 4.4.1"),
    "Postfix, a success": POSTFIX.format(to="{to}", action="delivered", status="2.0.0", code="250 2.0.0"),
    "somebody is away": AWAY,
}


def sent_to(signature):
    return bounces.return_path("contact", signature.public_id)


def came_back(sample, to):
    return sample.replace("{to}", to).encode()


def counted():
    return BouncingMailbox.objects.get()


def refusals():
    return [(event.act, event.subject_id) for event in Event.objects.filter(act="mailbox_refuses")]


@pytest.mark.parametrize("sample", GONE)
def test_a_mailbox_that_is_gone_is_written_to_no_more(sample):
    signature = make_signature()
    assert bounces.take(came_back(GONE[sample], sent_to(signature)))
    assert counted().refuses_since is not None
    assert counted().address_key == signature.contact.address_key
    assert bounces.is_refusing(signature.contact)
    assert refusals() == [("mailbox_refuses", signature.public_id)]


@pytest.mark.parametrize("sample", NOT_NOW)
def test_what_may_pass_is_counted(sample):
    """A blocklist that we are on speaks of us; it must not make every mailbox of a list count as gone."""
    signature = make_signature()
    assert bounces.take(came_back(NOT_NOW[sample], sent_to(signature)))
    assert (counted().times, counted().refuses_since) == (1, None)
    assert not bounces.is_refusing(signature.contact)
    assert refusals() == []


@pytest.mark.parametrize("sample", NOTHING)
def test_delays_successes_and_people_who_are_away_are_left_alone(sample):
    signature = make_signature()
    assert not bounces.take(came_back(NOTHING[sample], sent_to(signature)))
    assert not BouncingMailbox.objects.exists()


def test_the_mail_server_may_say_to_whom_it_delivers():
    signature = make_signature()
    assert bounces.take(came_back(QMAIL, "somebody@elsewhere.example"), recipient=sent_to(signature))


def test_a_mail_server_may_write_the_address_in_capitals():
    signature = make_signature()
    assert bounces.take(came_back(QMAIL, sent_to(signature).upper()))


# --- how often -------------------------------------------------------------------------------------------

FULL = NOT_NOW["Gmail, full"]


def test_three_times_in_a_row_is_for_good():
    signature = make_signature()
    for day in range(3):
        with time_machine.travel(timezone.now() + timedelta(days=7 * day)):
            bounces.take(came_back(FULL, sent_to(signature)))
            assert (counted().refuses_since is not None) == (day == 2)
    assert refusals() == [("mailbox_refuses", signature.public_id)]


def test_a_day_counts_once_however_many_reports_it_brings():
    signature = make_signature()
    for _ in range(5):
        bounces.take(came_back(FULL, sent_to(signature)))
    assert counted().times == 1


def test_what_lies_months_apart_is_not_in_a_row():
    signature = make_signature()
    for month in range(5):
        with time_machine.travel(timezone.now() + timedelta(days=40 * month)):
            bounces.take(came_back(FULL, sent_to(signature)))
    assert (counted().times, counted().refuses_since) == (1, None)


def test_one_mailbox_that_speaks_for_several_is_one():
    first = make_signature(email=MAILBOX)
    other = make_signature(first.letter, name="Red Kettle", email=MAILBOX)
    bounces.take(came_back(QMAIL, sent_to(first)))
    bounces.take(came_back(QMAIL, sent_to(other)))
    assert bounces.is_refusing(other.contact)
    assert len(refusals()) == 1


@pytest.mark.django_db(transaction=True)
def test_reports_that_come_at_once_are_counted_once():
    signature = make_signature()
    report = came_back(QMAIL, sent_to(signature))
    assert at_once(*[lambda: bounces.take(report)] * 4) == [True] * 4
    assert len(refusals()) == 1


def test_after_a_year_one_more_mail_is_tried():
    gone, full = make_signature(), make_signature(make_letter("other"))
    bounces.take(came_back(QMAIL, sent_to(gone)))
    bounces.take(came_back(FULL, sent_to(full)))
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        bounces.forget()
    assert counted().address_key == gone.contact.address_key
    with time_machine.travel(timezone.now() + timedelta(days=366)):
        bounces.forget()
    assert not BouncingMailbox.objects.exists()


# --- who may say so --------------------------------------------------------------------------------------


def test_nobody_bounces_another_ones_mailbox():
    """Public ids are public; the proof behind them is not, and is good for one row of one kind."""
    signature, own = make_signature(), make_signature(make_letter("other"))
    proof = sent_to(own).partition("@")[0].rpartition("-")[2]
    for forged in (
        f"bounces+contact-{signature.public_id}@harbour.example",
        f"bounces+contact-{signature.public_id}-{'0' * 16}@harbour.example",
        f"bounces+contact-{signature.public_id}-{proof}@harbour.example",
        f"bounces+invitation-{signature.public_id}-{sent_to(signature).rpartition('-')[2]}",
        sent_to(signature).replace("harbour.example", "evil.example"),
        f"x{sent_to(signature)}",
    ):
        assert not bounces.take(came_back(QMAIL, forged)), forged
    assert not BouncingMailbox.objects.exists()


def test_a_signature_that_is_gone_has_no_mailbox_to_count():
    signature = make_signature(status="unconfirmed")
    to = sent_to(signature)
    signature.delete()
    bounces.take(came_back(QMAIL, to))
    assert not BouncingMailbox.objects.exists()


def test_where_nothing_reads_what_comes_back_the_sender_is_the_usual_one(settings):
    signature = make_signature()
    to = sent_to(signature)
    settings.BOUNCE_ADDRESS = ""
    assert sent_to(signature) == FROM
    assert not bounces.take(came_back(QMAIL, to))


def test_an_envelope_sender_is_no_longer_than_may_be(settings):
    settings.BOUNCE_ADDRESS = f"{'b' * 16}@harbour.example"
    local = bounces.return_path("invitation", "0" * 16).partition("@")[0]
    assert len(local) <= 64


@given(st.binary(max_size=2_000))
def test_whatever_comes_is_read_without_an_error(noise):
    signature = SimpleNamespace(public_id="f00d")
    to = f"To: {sent_to(signature)}\nFrom: mailer-daemon@old.example\n".encode()
    assert bounces.take(to + noise) in (True, False)
    bounces.take(to + b"Content-Type: multipart/report; boundary=b\n\n--b\n" + noise)


# --- on the way out --------------------------------------------------------------------------------------


def test_a_mail_leaves_with_an_envelope_of_its_own_and_the_usual_sender(mail_server, work, monkeypatch):  # noqa: F811
    senders = []

    async def handle_MAIL(server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        senders.append(address)
        envelope.mail_from = address
        return "250 OK"

    monkeypatch.setattr(mail_server, "handle_MAIL", handle_MAIL, raising=False)
    mail_server.controller.start()
    signature = ask_for()
    work()
    ((recipients, message),) = mail_server.received
    assert senders == [sent_to(signature)]
    assert recipients == [MAILBOX]
    assert message["From"] == FROM
    assert message["Return-Path"] is message["Sender"] is None


@pytest.mark.parametrize(
    ("answer", "is_gone"),
    [("550 5.1.1 no such user", True), ("550 no", True), ("550 5.7.1 blocked", False), ("552 full", False)],
)
def test_a_mailbox_that_is_refused_at_once_counts_in_the_same_way(mail_server, work, answer, is_gone):  # noqa: F811
    mail_server.controller.start()
    mail_server.answer = answer
    ask_for()
    work()
    assert (counted().refuses_since is not None) == is_gone


def test_a_mail_is_still_written_to_who_asks_for_it(mailbox):
    """A refusal stops what we send of ourselves. Who signs again may have a mailbox again."""
    signature = make_signature(status="unconfirmed", contact=ContactDetails(name="Amina", email=MAILBOX))
    bounces.take(came_back(QMAIL, sent_to(signature)))
    emails.send(signature.pk, Mail.CONFIRM)
    assert len(mailbox.to(MAILBOX)) == 1


def test_an_invitation_that_comes_back_says_so(mailbox):
    invitation = make_invitation(email=MAILBOX)
    invitation_mails.send(invitation.pk, invitations.InvitationMail.INVITATION)
    assert mailbox.to(MAILBOX)
    to = bounces.return_path("invitation", invitation.public_id)
    assert bounces.take(came_back(FULL, to))
    invitation.refresh_from_db()
    assert invitation.status == "invited"
    assert bounces.take(came_back(QMAIL, to))
    invitation.refresh_from_db()
    assert invitation.status == "bounced"


# --- at the desk, and the way in -------------------------------------------------------------------------


def test_the_case_says_that_its_mailbox_refuses_mail(client):
    signature = make_signature()
    enter(client, make_staff())
    page = f"/admin/signatories/signature/{signature.pk}/change/"
    assert b"refuses mail" not in client.get(page).content
    bounces.take(came_back(QMAIL, sent_to(signature)))
    assert b"Its mailbox refuses mail" in client.get(page).content
    assert signature.contact.address_key.encode() not in client.get(page).content


def pipe(monkeypatch, content, **options):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    call_command("take_bounce", **options)


def test_the_mail_server_calls_a_command_that_says_nothing(monkeypatch, capsys, caplog):
    signature = make_signature(email=MAILBOX)
    pipe(monkeypatch, came_back(QMAIL, "nobody@x.example"), recipient=sent_to(signature))
    pipe(monkeypatch, b"\xff\x00 no message at all")
    assert bounces.is_refusing(signature.contact)
    assert capsys.readouterr() == ("", "")
    assert caplog.text == ""


def test_without_a_database_the_message_is_to_come_again(monkeypatch, capsys):
    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(bounces, "take", away)
    with pytest.raises(SystemExit) as ended:
        pipe(monkeypatch, b"From: x\n\n")
    assert ended.value.code == 75
    assert capsys.readouterr() == ("", "")


def test_no_event_and_no_row_holds_the_address():
    signature = make_signature(email=MAILBOX)
    bounces.take(
        came_back(
            POSTFIX.format(to="{to}", action="failed", status="5.1.1", code="550 5.1.1"), sent_to(signature)
        )
    )
    kept = repr([*Event.objects.values(), *BouncingMailbox.objects.values()])
    assert "canary" not in kept
    assert "Blue Kettle" not in kept


def test_a_refusal_with_no_code_at_all_is_counted_and_no_more():
    signature = make_signature()
    refused = SMTPRecipientsRefused({MAILBOX: (552, b"\xff full")})
    bounces.take_refusal("contact", signature.public_id, refused)
    assert counted().refuses_since is None
