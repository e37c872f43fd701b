"""Work without anyone asking: mail survives its server, jobs survive their worker, old data does not stay."""

import smtplib
import socket
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from aiosmtpd.controller import Controller
from cryptography.fernet import Fernet
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from letters.models import Event
from signatories import tasks, tokens
from signatories.contacts import ContactDetails
from signatories.emails import Mail, send_later
from signatories.models import Contact, PlaceKey, Pressure, Proposal, Purpose, Signature, Token
from tests.factories import make_co_contact, make_letter, make_proposal, make_signature

pytestmark = pytest.mark.django_db

MAILBOX = "canary.person@kettle.example"


class MailServer:
    """A real mail server that answers as it is told."""

    def __init__(self):
        self.answer = "250 OK"
        self.answer_to_data = "250 OK"
        self.received = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.answer_to_data.startswith("250"):
            message = message_from_bytes(envelope.content, policy=policy.default)
            self.received.append((list(envelope.rcpt_tos), message))
        return self.answer_to_data


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def mail_server(settings):
    """The server is away until it is started."""
    handler = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", free_port(), 60
    handler.controller = Controller(handler, hostname="127.0.0.1", port=settings.EMAIL_PORT, ready_timeout=60)
    yield handler
    if handler.controller.loop.is_running():
        handler.controller.stop()
    handler.controller.loop.close()


def ask_for(mail=Mail.CONFIRM, **fields):
    contact = ContactDetails(name="Canary Person", email=MAILBOX)
    signature = make_signature(status="unconfirmed", contact=contact, **fields)
    send_later(signature, mail)
    return signature


def jobs():
    return [
        (job.status, *job.args_kwargs["args"][1:], job.return_value)
        for job in DBTaskResult.objects.order_by("enqueued_at")
    ]


def assert_nobody_in_the_queue():
    """No address, no name, no traceback: a queue is a contact list for whoever gets hold of it."""
    for job in DBTaskResult.objects.values():
        row = repr(job).casefold()
        assert "canary" not in row
        assert "blue kettle" not in row
        assert (job["traceback"], job["exception_class_path"]) == ("", "")


# --- sending -----------------------------------------------------------------------------------------


def test_a_mail_reaches_its_one_mailbox_over_a_real_server(mail_server, work):
    mail_server.controller.start()
    ask_for()
    work()

    ((recipients, message),) = mail_server.received
    assert recipients == [MAILBOX]
    assert message["To"] == MAILBOX
    assert jobs() == [("SUCCESSFUL", "confirm", "sent")]
    assert_nobody_in_the_queue()


def test_a_mail_waits_for_its_server_and_is_sent_when_it_is_back(mail_server, work):
    ask_for()
    with time_machine.travel(timezone.now()) as clock:
        work()
        assert jobs() == [("SUCCESSFUL", "confirm", "later"), ("READY", "confirm", 2, None)]
        work()
        assert len(jobs()) == 2  # not before its pause is over
        clock.shift(timedelta(seconds=11))
        work()
        assert mail_server.received == []
        mail_server.controller.start()
        clock.shift(timedelta(hours=1))
        work()

    assert [recipients for recipients, _ in mail_server.received] == [[MAILBOX]]
    assert jobs()[-1] == ("SUCCESSFUL", "confirm", 3, "sent")
    assert_nobody_in_the_queue()


def test_the_link_that_arrives_late_works_for_fourteen_days_from_then(mail_server, work):
    signature = ask_for()
    with time_machine.travel(timezone.now()) as clock:
        work()
        mail_server.controller.start()
        clock.shift(timedelta(days=1))
        work()
    text = mail_server.received[0][1].get_body(("plain",)).get_content()
    link = (
        next(line for line in text.splitlines() if "/confirm/" in line).strip().split("/s/")[1].split("/")[0]
    )
    with time_machine.travel(timezone.now() + timedelta(days=14, hours=23), tick=False):
        assert tokens.find(link, Purpose.CONFIRM) == signature


def test_a_mail_server_may_be_away_for_two_days(mail_server, work):
    ask_for()
    started = timezone.now()
    with time_machine.travel(started) as clock:
        while DBTaskResult.objects.filter(status=TaskResultStatus.READY).exists():
            clock.move_to(DBTaskResult.objects.filter(status=TaskResultStatus.READY).get().run_after)
            work()
        away_for = timezone.now() - started

    assert away_for > timedelta(days=2)
    assert {status for status, *_ in jobs()} == {"SUCCESSFUL"}
    assert jobs()[-1][-1] == "given up"
    assert [(e.act, e.reason) for e in Event.objects.all()] == [("mail_failed", "mail_server_away")]
    assert_nobody_in_the_queue()


def test_pauses_grow_to_an_hour_and_no_further(mail_server, work):
    ask_for()
    pauses = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(50):
            job = DBTaskResult.objects.get(status=TaskResultStatus.READY)
            pauses.append((job.run_after - timezone.now()).total_seconds())
            clock.move_to(max(job.run_after, timezone.now()))
            work()
    assert pauses[1:6] == [10, 20, 40, 80, 160]
    assert set(pauses[11:]) == {3600}


def test_a_mailbox_that_refuses_is_given_up_and_written_down_without_its_address(mail_server, work, caplog):
    mail_server.controller.start()
    mail_server.answer = f"550 no such mailbox {MAILBOX}"
    signature = ask_for()
    work()

    assert jobs() == [("SUCCESSFUL", "confirm", "refused")]
    event = Event.objects.get(act="mail_failed")
    assert (event.act, event.subject_id, event.reason) == (
        "mail_failed",
        signature.public_id,
        "mailbox_refused",
    )
    assert MAILBOX not in caplog.text
    assert_nobody_in_the_queue()


@pytest.mark.parametrize("busy", ["450 try later", "451 greylisted", "452 full"])
def test_a_mailbox_that_is_busy_is_tried_again(mail_server, work, busy):
    mail_server.controller.start()
    mail_server.answer = busy
    ask_for()
    work()
    assert jobs()[0][-1] == "later"
    mail_server.answer = "250 OK"
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        work()
    assert len(mail_server.received) == 1


@pytest.mark.parametrize("answer", ["451 not now", "554 not liked"])
def test_a_message_that_is_not_taken_is_tried_again(mail_server, work, answer):
    mail_server.controller.start()
    mail_server.answer_to_data = answer
    ask_for()
    work()
    assert jobs()[0] == ("SUCCESSFUL", "confirm", "later")
    assert_nobody_in_the_queue()


@pytest.mark.parametrize(
    "address",
    ["canary\nBcc: victim@elsewhere.example", "canary@kettle\r\n.example"],
)
def test_an_address_no_mail_can_be_written_to_leaves_no_trace_in_the_queue(mail_server, work, address):
    mail_server.controller.start()
    signature = make_signature(contact=ContactDetails(name="Canary", email=address))
    send_later(signature, Mail.PUBLISHED)
    work()
    assert mail_server.received == []
    assert jobs()[0][0] == "SUCCESSFUL"
    assert_nobody_in_the_queue()


def test_an_address_in_another_script_is_written_to(mail_server, work):
    mail_server.controller.start()
    letter = make_letter()
    for address in ("canary@ökö.example", "canary-قناة@kettle.example"):
        contact = ContactDetails(name="Canary", email=address)
        send_later(make_signature(letter, contact=contact), Mail.PUBLISHED)
    work()
    assert sorted(recipients for recipients, _ in mail_server.received) == [
        ["canary-قناة@kettle.example"],
        ["canary@xn--k-0gab.example"],
    ]
    assert_nobody_in_the_queue()


def test_mails_wait_for_a_key_that_was_forgotten_at_a_deployment(mail_server, work, settings):
    ask_for()
    keys, settings.CONTACT_KEYS = settings.CONTACT_KEYS, [Fernet.generate_key().decode()]
    mail_server.controller.start()
    work()
    assert mail_server.received == []
    assert jobs()[0] == ("SUCCESSFUL", "confirm", "later")
    settings.CONTACT_KEYS = keys
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        work()
    assert len(mail_server.received) == 1
    assert_nobody_in_the_queue()


def test_a_contact_that_was_put_beside_another_signature_is_never_written_to(mail_server, work):
    mail_server.controller.start()
    signature = ask_for()
    other = make_signature(signature.letter, name="Lantern Street")
    Contact.objects.filter(signature=signature).update(sealed=Contact.objects.get(signature=other).sealed)
    work()
    assert mail_server.received == []
    assert jobs() == [("SUCCESSFUL", "confirm", "refused")]


def test_smtp_errors_are_os_errors():
    """What `send_mail` catches rests on it."""
    assert issubclass(smtplib.SMTPException, OSError)


# --- workers -----------------------------------------------------------------------------------------


def test_what_a_killed_worker_left_is_picked_up_and_sent(mail_server, work):
    mail_server.controller.start()
    ask_for()
    DBTaskResult.objects.get().claim("killed")

    with time_machine.travel(timezone.now() + timedelta(minutes=9)):
        assert tasks.revive_stuck_jobs() == 0  # it may only be slow
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert tasks.revive_stuck_jobs() == 1
        assert tasks.revive_stuck_jobs() == 0
        work()

    assert len(mail_server.received) == 1
    assert jobs() == [("SUCCESSFUL", "confirm", "sent")]


def test_finished_jobs_are_forgotten_after_a_day_and_waiting_ones_are_not(work):
    ask_for()
    work()
    send_later(Signature.objects.get(), Mail.CONFIRM)
    with time_machine.travel(timezone.now() + timedelta(hours=23)):
        tasks.do_what_is_due()
        assert DBTaskResult.objects.count() == 2
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        tasks.do_what_is_due()
    assert [job.status for job in DBTaskResult.objects.all()] == ["READY"]


def test_a_mail_to_a_signature_that_is_gone_is_no_error(work):
    signature = ask_for()
    signature.delete()
    work()
    assert jobs() == [("SUCCESSFUL", "confirm", "sent")]


# --- retention ---------------------------------------------------------------------------------------

DAY = timedelta(days=1)


def dump():
    """Every row that could hold a person, without the clock's own columns."""
    tables = (Signature, Contact, Token, Proposal, Event, Pressure, PlaceKey)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


@pytest.fixture
def mixed(db):
    """Signatures of every kind, some older than they may be, by name."""
    now = timezone.now()
    letter = make_letter(opens_at=now - 900 * DAY)
    long_closed = make_letter("long-closed", opens_at=now - 900 * DAY, closes_at=now - 183 * DAY)
    ancient = make_letter("ancient", opens_at=now - 900 * DAY, closes_at=now - 731 * DAY)

    def row(name, letter=letter, **fields):
        return make_signature(letter, name=name, email=f"{name}@canary.example", **fields)

    return {
        "young": row("young", status="unconfirmed", created_at=now - 29 * DAY),
        "old": row("old", status="unconfirmed", created_at=now - 31 * DAY),
        "asked-again": row("asked-again", status="unconfirmed", created_at=now - 31 * DAY),
        "waits": row("waits", status="awaiting_moderation", created_at=now - 31 * DAY),
        "held": row("held", status="held", created_at=now - 31 * DAY),
        "published": row("published", created_at=now - 31 * DAY),
        "rejected": row("rejected", status="rejected", ended_at=now - 29 * DAY),
        "long-rejected": row("long-rejected", status="rejected", ended_at=now - 31 * DAY),
        "long-withdrawn": row("long-withdrawn", status="withdrawn", ended_at=now - 31 * DAY),
        "closed": row("closed", long_closed),
        "closed-kept": row("closed-kept", long_closed, keep_contact=True),
        "ancient-kept": row("ancient-kept", ancient, keep_contact=True),
    }


def test_what_was_kept_long_enough_goes_and_everything_else_stays(mixed):
    tokens.mint(mixed["asked-again"], Purpose.CONFIRM)

    tasks.do_what_is_due()

    names = set(Signature.objects.values_list("name", flat=True))
    assert names == set(mixed) - {"old", "long-rejected", "long-withdrawn"} | {""}
    assert Signature.objects.filter(name="", erased_at__isnull=False).count() == 2
    with_contact = set(Signature.objects.filter(contact__isnull=False).values_list("name", flat=True))
    assert with_contact == names - {"", "closed", "ancient-kept"}
    keyed = set(Signature.objects.filter(dedupe_key__isnull=False).values_list("name", flat=True))
    assert keyed == with_contact
    assert sorted(Event.objects.values_list("act", flat=True)) == ["erase", "erase", "expire"]


def test_retention_twice_changes_nothing_more(mixed):
    tasks.do_what_is_due()
    once = dump()
    tasks.do_what_is_due()
    assert dump() == once


def test_a_promise_of_fourteen_days_holds_for_who_asked_again_at_the_end(mixed):
    link = tokens.mint(mixed["asked-again"], Purpose.CONFIRM).value
    tasks.do_what_is_due()
    assert tokens.find(link, Purpose.CONFIRM) == mixed["asked-again"]
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        tasks.do_what_is_due()
    assert not Signature.objects.filter(pk=mixed["asked-again"].pk).exists()


def test_what_is_published_keeps_its_name_when_its_contact_goes(mixed):
    tasks.do_what_is_due()
    closed = Signature.objects.get(name="closed")
    assert (closed.status, closed.organisation.name) == ("published", "closed")


def test_a_letter_that_never_closes_keeps_its_contacts():
    make_signature(make_letter(opens_at=timezone.now() - 2000 * DAY))
    tasks.do_what_is_due()
    assert Contact.objects.count() == 1


def spoken_for_by_two(letter=None, name="canary one", **fields):
    """A signature that a second person speaks for, who signed long ago, too."""
    long_ago = timezone.now() - 40 * DAY
    standing = make_signature(letter or make_letter(), name=name, created_at=long_ago, **fields)
    second = make_co_contact(
        standing,
        name=f"{name}, too",
        created_at=long_ago,
        ended_at=long_ago,
        website="https://canary.example",
    )
    return standing, second


def rows_of(*signatures):
    return repr(list(Signature.objects.filter(pk__in=[one.pk for one in signatures]).values()))


def test_who_speaks_beside_another_one_is_kept_as_long_as_what_stands():
    standing, second = spoken_for_by_two()
    tasks.do_what_is_due()
    second.refresh_from_db()
    assert (second.name, second.superseded_by) == ("canary one, too", standing)
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("status", ["withdrawn", "rejected"])
def test_who_speaks_beside_another_one_is_erased_with_what_stood(status):
    standing, second = spoken_for_by_two()
    Signature.objects.filter(pk=standing.pk).update(
        status=status, ended_at=timezone.now() - 31 * DAY, question="", asked_at=None
    )
    tasks.do_what_is_due()
    assert "canary" not in rows_of(standing, second)
    assert Contact.objects.count() == Token.objects.count() == 0


def test_what_was_joined_with_one_that_is_gone_is_erased():
    letter = make_letter()
    long_ago = timezone.now() - 31 * DAY
    left = make_signature(letter, name="canary left", status="superseded", ended_at=long_ago)
    young = make_signature(letter, name="young", status="superseded")
    tasks.do_what_is_due()
    assert "canary" not in rows_of(left)
    young.refresh_from_db()
    assert young.name == "young"


def test_the_contact_beside_another_one_goes_when_its_letter_closed_long_ago_unless_it_may_be_kept():
    letter = make_letter(opens_at=timezone.now() - 900 * DAY, closes_at=timezone.now() - 183 * DAY)
    standing, second = spoken_for_by_two(letter, keep_contact=True)
    tasks.do_what_is_due()
    assert [contact.signature for contact in Contact.objects.all()] == [standing]
    second.refresh_from_db()
    assert (second.dedupe_key, second.superseded_by) == (None, standing)


def test_a_proposal_goes_with_its_signature():
    signature = make_signature(status="rejected", ended_at=timezone.now() - 31 * DAY)
    make_proposal(signature)
    tasks.do_what_is_due()
    assert Proposal.objects.count() == 0


def test_links_that_expired_long_ago_are_forgotten_and_others_are_not():
    signature = make_signature()
    tokens.mint(signature, Purpose.CONFIRM)
    tokens.mint(signature, Purpose.OWN_PAGE)
    with time_machine.travel(timezone.now() + timedelta(days=27)):
        tasks.do_what_is_due()
        assert Token.objects.count() == 2  # expired a while ago, and still answered as such
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        tasks.do_what_is_due()
    assert [token.purpose for token in Token.objects.all()] == ["own_page"]
