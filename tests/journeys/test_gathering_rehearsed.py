"""A gathering as a coalition lives it: sixty are invited, forty sign over two weeks, and then the letter appears."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from aiosmtpd.controller import Controller
from django.db.models import Count
from django.test import Client

from letters import lifecycle
from letters.models import Letter
from signatories import invitations, moderation, tasks
from signatories.models import Invitation, Signature
from tests.factories import enter, make_letter, make_staff, sign_form
from tests.signatories.test_tasks import MailServer, free_port

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NAMES = [f"Ember Guild {number:02}" for number in range(1, 61)]
COUNTRIES = ("KE", "UG", "JO")
# Who does what, by number: three mailboxes refuse; five promise a day; forty sign, one of them late on its promise.
BOUNCING = (58, 59, 60)
PROMISES = {41: 6, 42: 6, 43: 9, 44: 9, 45: 12}  # {who: the day it promises, all of them said on day 1}
SIGNS = {number: (number - 1) * 14 // 40 for number in range(1, 40)} | {41: 8}  # {who: on which day}


class PickyServer(MailServer):
    """A real mail server that knows all mailboxes but three."""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if int(address.partition("@")[0].removeprefix("guild")) in BOUNCING:
            return "550 no such mailbox"
        return await super().handle_RCPT(server, session, envelope, address, options)

    def to(self, number, subject=None):
        found = [message for recipients, message in self.received if recipients == [address(number)]]
        return [message for message in found if subject is None or subject in str(message["Subject"])]


@pytest.fixture
def mail_server(settings):
    handler = PickyServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", free_port(), 60
    controller = Controller(handler, hostname="127.0.0.1", port=settings.EMAIL_PORT, ready_timeout=60)
    controller.start()
    yield handler
    controller.stop()


def address(number):
    return f"guild{number}@ember.example"


def link_in(message, containing):
    lines = [line.strip() for line in message.get_body(("plain",)).get_content().splitlines()]
    return "/" + next(line for line in lines if "/i/" in line and containing in line).split("/", 3)[3]


def pasted():
    head = "Organisation;E-mail;Contact;Country;Language;Network"
    rows = [
        f"{name};{address(number)};Person {number};{COUNTRIES[number % 3]};en;{'Lake Network' if number % 2 else ''}"
        for number, name in enumerate(NAMES, 1)
    ]
    return "\n".join([head, *rows])


def rows_of(desk, letter):
    page = desk.get(f"/admin/signatories/invitation/?letter__id__exact={letter.pk}&status=to_send")
    return [row.pk for row in page.context["cl"].result_list], page.context["action_form"].fields[
        "shown"
    ].initial


def send_all(desk, letter):
    """Tick everything that is shown, and send; a list shows fifty."""
    rounds = []
    while True:
        rows, shown = rows_of(desk, letter)
        if not rows:
            return rounds
        query = f"?letter__id__exact={letter.pk}&status=to_send"
        answer = desk.post(
            f"/admin/signatories/invitation/{query}",
            {"action": "send_many", "_selected_action": rows, "shown": shown},
        )
        assert answer.status_code == 302
        rounds.append(len(rows))


def silent_on(day):
    """Who has not answered when a day ends, worked out by hand."""
    signed = {number for number, on in SIGNS.items() if on <= day}
    still_promised = {number for number, until in PROMISES.items() if 1 <= day <= until}
    return set(range(1, 61)) - signed - still_promised


def reminded_on(day):
    """Who is reminded in the night before a day: the silent on the 5th and 10th, and late ones after their day."""
    asked = set(range(1, 61)) - set(BOUNCING) - set(PROMISES)
    signed = {number for number, on in SIGNS.items() if on < day}
    silent = asked - signed if day in (5, 10) else set()
    late = {number for number, until in PROMISES.items() if day in (until + 1, until + 6)} - signed
    return silent | late


def test_sixty_are_invited_forty_sign_and_the_letter_appears_with_those_who_were_approved(mail_server, work):
    alice = make_staff()
    with time_machine.travel(START, tick=False) as clock:
        desk = enter(Client(), alice)
        letter = make_letter("quiet", phase="gathering", time_zone="Africa/Nairobi")
        new = f"/admin/signatories/invitation/letter/{letter.pk}/new/"
        read = {"many-pasted": pasted(), "many-language": "en", "many-chased_by": alice.pk}
        preview = desk.post(new, {**read, "act": "read"})
        assert [line.verdict for line in preview.context["lines"]] == ["new"] * 60
        assert Invitation.objects.count() == 0
        desk.post(new, {**read, "act": "write"})
        assert Invitation.objects.count() == 60
        assert send_all(desk, letter) == [50, 10]
        work()
        by_number = {name: number for number, name in enumerate(NAMES, 1)}
        bounced = Invitation.objects.filter(status="bounced")
        assert {by_number[one.name] for one in bounced} == set(BOUNCING)
        assert all(len(mail_server.to(number)) == 1 for number in range(1, 58))

        reminders, approved = {}, 0
        for day in range(15):
            clock.move_to(START + day * DAY)
            before = len(mail_server.received)
            tasks.do_what_is_due()
            tasks.do_what_is_due()  # another worker, at the same time
            work()
            reminders[day] = {
                int(recipients[0].partition("@")[0].removeprefix("guild"))
                for recipients, message in mail_server.received[before:]
                if "still like to hear" in str(message["Subject"])
            }
            assert len(reminders[day]) == len(mail_server.received) - before
            clock.shift(timedelta(hours=6))
            if day == 1:
                for number, until in PROMISES.items():
                    promise(mail_server, number, START.date() + until * DAY)
            for number in [one for one, on in SIGNS.items() if on == day]:
                sign(mail_server, number)
            work()
            assert silent_in_chat(letter) == {NAMES[number - 1] for number in silent_on(day)}, day
            for signature in Signature.objects.filter(status="awaiting_moderation")[:2]:
                moderation.approve(signature, by=alice)
                approved += 1
            work()

        assert reminders == {day: reminded_on(day) for day in range(15)}
        assert (len(reminders[5]), reminders[7], reminders[10] - reminders[5]) == (37, {41, 42}, {43, 44})
        counts = dict(Invitation.objects.order_by().values_list("status").annotate(Count("pk")))
        assert counts == {"signed": 40, "bounced": 3, "will_sign": 4, "invited": 13}
        assert all(len(mail_server.to(number, "still like to hear")) <= 2 for number in range(1, 61))

        launch(letter, alice, approved, clock)


def promise(mail_server, number, day):
    """Open the second button of the mail, as a scanner does, then answer as a person."""
    browser, page = Client(), link_in(mail_server.to(number)[0], "answer=will_sign")
    asked = browser.get(page)
    assert asked.status_code == 200
    assert Invitation.objects.get(name=NAMES[number - 1]).status == "invited"
    answer = browser.post(page.partition("?")[0], {"answer": "will_sign", "promised_on": day.isoformat()})
    assert answer.status_code == 303


def sign(mail_server, number):
    """Follow the first button of the last mail and sign from the invited mailbox."""
    browser = Client(REMOTE_ADDR=f"10.0.0.{number}")
    form = link_in(mail_server.to(number)[-1], "/sign/")
    known = browser.get(form).context["form"].initial
    assert known["organisation"] == NAMES[number - 1]
    typed = sign_form(**known, contact_email=address(number), contact_name=f"Person {number}")
    answer = browser.post(form, typed)
    assert answer.status_code == 303
    assert Signature.objects.get(name=NAMES[number - 1]).status == "awaiting_moderation"


def silent_in_chat(letter):
    said = invitations.words_for_chat(letter, language="en")
    lines = [line for line in said.splitlines() if line.startswith("– ")]
    assert "@" not in said
    return {line[3 : line.index("\u2069")] for line in lines}


def launch(letter, alice, approved, clock):
    """All approved ones appear at once, in one revision; the others wait for a moderator still."""
    visitor = Client()
    assert visitor.get("/letters/quiet/").status_code == 404
    letter = Letter.objects.get(pk=letter.pk)
    waiting = Signature.objects.filter(status="awaiting_moderation").count()
    assert (approved, waiting) == (approved, 40 - approved)
    before = letter.revision
    lifecycle.open_letter(letter, by=alice)
    letter.refresh_from_db()
    assert letter.revision == before + 1
    clock.shift(timedelta(seconds=5))
    page = visitor.get("/letters/quiet/").content.decode()
    assert sum(name in page for name in NAMES) == approved
    assert visitor.get("/letters/quiet/live.json").json()["organisations"] == approved
