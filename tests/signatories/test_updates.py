"""News of a letter reach everybody who counts under it once, and nobody else, whatever breaks on the way."""

# ruff: noqa: F811 - the mail server is imported from where it is, and asked for by its name

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header

import pytest
import time_machine
from django.conf import settings as site
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters.models import Event
from signatories import bounces, tasks, unsubscribing, updates, withdrawal
from signatories.contacts import address_key, lock_away
from signatories.models import (
    BouncingMailbox,
    Contact,
    Signature,
    Update,
    UpdateMail,
    UpdateText,
)
from signatories.update_mails import message_id
from signatories.updates import Words
from tests.browser.conftest import PROJECT, Site, wait_for
from tests.factories import (
    make_co_contact,
    make_letter,
    make_signature,
    make_staff,
    make_update,
    schedule_update,
)
from tests.racing import at_once, others_connected
from tests.signatories.test_invalidation import _copy
from tests.signatories.test_tasks import mail_server  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
APART = timedelta(seconds=12)  # ten mails, at fifty a minute


@pytest.fixture
def letter():
    return make_letter(languages=("en", "ar"))


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now()) as clock:
        yield clock


@pytest.fixture
def run(work, clock):
    """Lets an update leave, and the time pass, until it is over or waits for somebody."""

    def run(update, *, rounds=60):
        if update.status == "draft":
            schedule_update(update)
        for _ in range(rounds):
            work()
            update.refresh_from_db()
            if update.status not in ("scheduled", "sending"):
                break
            clock.shift(APART)
        return update

    return run


def addresses(mailbox):
    return sorted(message["To"] for message in mailbox.messages())


def received(mail_server):
    return [recipient for recipients, _ in mail_server.received for recipient in recipients]


def rows(update):
    return Counter(update.mails.values_list("status", flat=True))


def subject_of(message):
    return str(make_header(decode_header(message["Subject"]))).strip()


# --- to whom -----------------------------------------------------------------------------------------


def test_everybody_who_counts_is_written_to_once(letter, mailbox, run):
    standing = make_signature(letter, email="a@kettle.example")
    make_co_contact(standing, email="b@kettle.example")
    make_signature(letter, name="Counted", email="c@kettle.example", visibility="counted_only")
    make_signature(letter, name="By phone", phone="+254700000000")
    for status in ("unconfirmed", "awaiting_moderation", "held", "to_agree_again", "rejected", "withdrawn"):
        make_signature(letter, name=status, status=status, email=f"{status}@kettle.example")
    make_signature(make_letter("other"), name="Elsewhere", email="d@kettle.example")
    update = run(make_update(letter))
    assert addresses(mailbox) == ["a@kettle.example", "b@kettle.example", "c@kettle.example"]
    assert (update.status, rows(update)) == ("sent", {"sent": 3})


def test_a_mailbox_that_signed_for_several_is_written_to_once(letter, mailbox, run):
    for name in ("One", "Two", "Three"):
        make_signature(letter, name=name, email="office@kettle.example")
    run(make_update(letter))
    assert addresses(mailbox) == ["office@kettle.example"]


def test_each_reads_it_in_their_language_or_in_the_letters(letter, mailbox, run):
    for language in ("en", "ar", "fr", "my"):
        make_signature(letter, name=language, email=f"{language}@kettle.example", language=language)
    texts = [
        Words(language=language, subject=f"In {language}", body=f"Words in {language}.")
        for language in ("en", "ar")
    ]
    update = updates.write(letter, texts=texts, by=make_staff())
    assert updates.outlook(update) == updates.Outlook(
        mails=4, read={"en": 3, "ar": 1}, missing={"fr": 1, "my": 1}
    )
    run(update)
    (to_arabic,), (to_french,) = mailbox.to("ar@kettle.example"), mailbox.to("fr@kettle.example")
    assert subject_of(to_arabic) == "In ar"
    html = to_arabic.get_body(("html",)).get_content()
    assert '<html lang="ar" dir="rtl">' in html
    assert '<div lang="ar" dir="rtl"><p>Words in ar.</p>' in html
    html = to_french.get_body(("html",)).get_content()
    assert '<html lang="fr" dir="ltr">' in html
    assert '<div lang="en" dir="ltr"><p>Words in en.</p>' in html
    assert "/fr/u/" in to_french["List-Unsubscribe"]


def withdraw(signature):
    withdrawal.withdraw(signature)


def erase(signature):
    withdrawal.erase(signature)


def unsubscribe(signature):
    unsubscribing.unsubscribe(signature.contact.address_key)


def leave_the_letter(signature):
    unsubscribing.unsubscribe(signature.contact.address_key, letter=signature.letter)


def refuse(signature):
    BouncingMailbox.objects.create(address_key=signature.contact.address_key, refuses_since=timezone.now())


GOING = [withdraw, erase, unsubscribe, leave_the_letter, refuse]


@pytest.mark.parametrize("go", GOING)
def test_who_is_gone_before_it_begins_gets_none(letter, mailbox, run, go):
    go(make_signature(letter, email="gone@kettle.example"))
    make_signature(letter, name="Stays", email="stays@kettle.example")
    update = run(make_update(letter))
    assert [message["To"] for message in mailbox.messages() if "u/" in str(message["List-Unsubscribe"])] == [
        "stays@kettle.example"
    ]
    assert rows(update) == {"sent": 1}


@pytest.mark.parametrize("go", GOING)
def test_who_goes_while_it_leaves_gets_none(letter, mailbox, work, clock, run, go):
    going = [make_signature(letter, name=f"Going {n}", email=f"go{n}@kettle.example") for n in range(15)]
    schedule_update(update := make_update(letter))
    work()
    first = set(addresses(mailbox))
    assert len(first) == 10
    for signature in going:
        go(Signature.objects.get(pk=signature.pk))
    clock.shift(APART)
    run(Update.objects.get())
    assert {m["To"] for m in mailbox.messages() if m["List-Unsubscribe"]} == first
    assert rows(update) == {"sent": 10, "passed_over": 5}


def test_who_left_another_letter_still_hears_of_this_one(letter, mailbox, run):
    signature = make_signature(letter, email="a@kettle.example")
    unsubscribing.unsubscribe(signature.contact.address_key, letter=make_letter("other"))
    run(make_update(letter))
    assert addresses(mailbox) == ["a@kettle.example"]


# --- what it says ------------------------------------------------------------------------------------


def test_one_mail_says_how_to_unsubscribe_and_fetches_nothing(letter, mailbox, run):
    signature = make_signature(letter, email="a@kettle.example")
    update = run(make_update(letter))
    (message,) = mailbox.messages()
    assert message["To"] == "a@kettle.example"
    assert message["Cc"] is message["Bcc"] is None
    assert subject_of(message) == "We were heard"
    link = unsubscribing.link(signature.contact.address_key, letter.pk)
    assert message["List-Unsubscribe"].strip() == f"<{site.SITE_URL}/u/{link}/>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Message-ID"] == message_id(update.mails.get())
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert f"{site.SITE_URL}/u/{link}/" in text
    assert f"{site.SITE_URL}/letters/asylum/" in text
    assert "<em>listened</em>" in html
    assert 'href="https://answer.example/"' in html
    assert not re.search(r"<img|<link|<script|url\(|src=", html)


def test_no_link_in_it_leads_to_a_signature_since_news_are_passed_on(letter, mailbox, run):
    make_signature(letter, email="a@kettle.example", name="CANARYNAME")
    run(make_update(letter))
    (message,) = mailbox.messages()
    everything = message.as_string() + message.get_body(("plain",)).get_content()
    assert "/s/" not in everything
    assert "canary" not in everything.casefold()


@pytest.mark.parametrize(
    "body", ["<script>alert(1)</script>", "[x](javascript:alert)", "![x](https://e.example/)"]
)
def test_words_that_try_something_stay_words(letter, mailbox, run, body):
    make_signature(letter, email="a@kettle.example")
    text = Words(language="en", subject="One\r\nBcc: victim@elsewhere.example", body=body)
    run(updates.write(letter, texts=[text], by=make_staff()))
    (message,) = mailbox.messages()
    assert message["Bcc"] is None
    assert message["To"] == "a@kettle.example"
    html = message.get_body(("html",)).get_content()
    assert not re.search(r"<script|<img|href=.javascript", html)


NEUTRAL = "News about an open letter"


@pytest.mark.parametrize(
    ("signature", "options", "expected"),
    [
        ({}, {}, "We were heard"),
        ({}, {"neutral_subject": True}, NEUTRAL),
        ({"visibility": "counted_only"}, {}, NEUTRAL),
        ({"visibility": "delivered_only"}, {}, NEUTRAL),
        ({"staff_cap": "counted_only"}, {}, NEUTRAL),
    ],
)
def test_the_subject_tells_nothing_to_who_is_not_named(letter, mailbox, run, signature, options, expected):
    make_signature(letter, **signature)
    run(make_update(letter, **options))
    assert [subject_of(message) for message in mailbox.messages()] == [expected]


def test_a_mailbox_with_one_name_that_is_not_public_gets_a_subject_that_tells_nothing(letter, mailbox, run):
    make_signature(letter, name="Named", email="a@kettle.example")
    make_signature(letter, name="Quiet", email="a@kettle.example", visibility="counted_only")
    run(make_update(letter))
    assert [subject_of(message) for message in mailbox.messages()] == [NEUTRAL]


def test_of_a_letter_under_embargo_no_subject_tells(mailbox, run):
    letter = make_letter(phase="gathering")
    make_signature(letter)
    run(make_update(letter))
    (message,) = mailbox.messages()
    assert subject_of(message) == NEUTRAL
    assert f"/g/{letter.gathering_key}/" in message.get_body(("plain",)).get_content()


def test_a_mail_that_comes_back_is_known(letter, mailbox, run, settings):
    settings.BOUNCE_ADDRESS = "bounces@harbour.example"
    signature = make_signature(letter, email="a@kettle.example")
    update = run(make_update(letter))
    mail = update.mails.get()
    report = (
        f"To: {bounces.return_path('update', mail.public_id)}\nFrom: MAILER-DAEMON@x\n\n550 5.1.1 no such"
    )
    assert bounces.take(report.encode())
    mail.refresh_from_db()
    assert mail.status == "bounced"
    assert bounces.is_refusing(signature.contact)
    assert Event.objects.filter(act="mailbox_refuses", subject_id=signature.public_id).exists()
    update = run(make_update(letter))
    assert rows(update) == {}
    assert len(mailbox.messages()) == 1


# --- to oneself --------------------------------------------------------------------------------------


def test_it_is_mailed_to_oneself_in_each_language_and_to_nobody_else(letter, mailbox, work):
    make_signature(letter, email="a@kettle.example")
    alice = make_staff(email="alice@harbour.example")
    update = make_update(letter, by=alice, languages=("en", "ar"))
    updates.mail_to_oneself(update, by=alice)
    work()
    assert addresses(mailbox) == ["alice@harbour.example"] * 2
    assert {subject_of(message) for message in mailbox.messages()} == {"We were heard"}
    update.refresh_from_db()
    assert (update.status, UpdateMail.objects.count()) == ("draft", 0)


def test_who_has_no_address_cannot_mail_it_to_oneself(letter):
    alice = make_staff()
    with pytest.raises(updates.NoMailboxOfOnesOwn):
        updates.mail_to_oneself(make_update(letter, by=alice), by=alice)


def test_it_waits_for_the_mail_server_as_every_mail_does(letter, mail_server, work, clock):
    alice = make_staff(email="alice@harbour.example")
    updates.mail_to_oneself(make_update(letter, by=alice), by=alice)
    work()
    mail_server.controller.start()
    clock.shift(MINUTE)
    work()
    assert received(mail_server) == ["alice@harbour.example"]


# --- when --------------------------------------------------------------------------------------------


def test_now_leaves_time_to_call_it_back(letter, mailbox, work, clock, settings):
    settings.UNDO_FOR = timedelta(minutes=5)
    make_signature(letter)
    update = schedule_update(make_update(letter))
    work()
    updates.call_back(update, by=update.by)
    clock.shift(10 * MINUTE)
    work()
    update.refresh_from_db()
    assert (update.status, update.send_at, mailbox.messages()) == ("draft", None, [])


def test_it_leaves_at_its_time(letter, mailbox, work, clock):
    make_signature(letter)
    schedule_update(make_update(letter), at=timezone.now() + timedelta(hours=3))
    clock.shift(timedelta(hours=2, minutes=59))
    work()
    assert mailbox.messages() == []
    clock.shift(MINUTE)
    work()
    assert len(mailbox.messages()) == 1


@pytest.mark.parametrize(
    ("zone", "now", "night"),
    [
        ("Africa/Nairobi", datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 23, tzinfo=UTC)),
        ("Africa/Nairobi", datetime(2026, 3, 1, 22, 30, tzinfo=UTC), datetime(2026, 3, 1, 23, tzinfo=UTC)),
        ("America/Bogota", datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 3, 2, 7, tzinfo=UTC)),
        ("UTC", datetime(2026, 3, 1, 2, tzinfo=UTC), datetime(2026, 3, 2, 2, tzinfo=UTC)),
    ],
)
def test_the_night_is_the_letters(zone, now, night):
    letter = make_letter(time_zone=zone)
    with time_machine.travel(now, tick=False):
        assert updates.tonight(letter) == night


def test_what_began_is_not_called_back(letter, work):
    for number in range(11):
        make_signature(letter, name=f"House {number}")
    update = schedule_update(make_update(letter))
    work()
    with pytest.raises(updates.UpdateIsElsewhere) as elsewhere:
        updates.call_back(update, by=update.by)
    assert elsewhere.value.status == "sending"


def test_only_what_was_looked_at_leaves(letter):
    update = make_update(letter)
    seen = updates.what_is_written(update)
    words = Words(language="en", subject="Other", body="Other.")
    updates.rewrite(update, texts=[words], by=update.by)
    with pytest.raises(updates.RewrittenMeanwhile):
        updates.schedule(update, by=update.by, seen=seen)
    assert Update.objects.get().status == "draft"


def test_what_is_scheduled_says_what_it_says(letter):
    update = schedule_update(make_update(letter), at=timezone.now() + timedelta(hours=3))
    words = Words(language="en", subject="Other", body="Other.")
    for act in (
        lambda: updates.rewrite(update, texts=[words], by=update.by),
        lambda: updates.discard(update, by=update.by),
        lambda: schedule_update(update),
    ):
        with pytest.raises(updates.NotADraft):
            act()
    for change in (
        lambda: UpdateText.objects.update(subject="Other"),
        lambda: UpdateText.objects.all()._raw_delete("default"),
        lambda: UpdateText.objects.create(update=update, language="fr", subject="S", body="B"),
    ):
        with pytest.raises(IntegrityError, match="no draft any more"), transaction.atomic():
            change()


def test_a_draft_may_be_written_anew_and_thrown_away(letter):
    update = make_update(letter, languages=("en", "ar"))
    words = Words(language="fr", subject="Autre", body="Autre.")
    updates.rewrite(update, texts=[words], by=update.by, neutral_subject=True)
    assert [text.language for text in update.texts.all()] == ["fr"]
    updates.discard(update, by=update.by)
    assert Update.objects.count() == UpdateText.objects.count() == 0


def test_what_says_nothing_and_what_nobody_signed_is_no_news(letter):
    with pytest.raises(updates.NothingWritten):
        updates.write(letter, texts=[], by=make_staff())
    with pytest.raises(updates.LetterIsADraft):
        make_update(make_letter("draft", phase="draft"))
    assert Update.objects.count() == 0


def test_a_form_sent_twice_writes_one(letter):
    update = make_update(letter, public_id="0" * 16)
    with pytest.raises(updates.AlreadyWritten) as written:
        make_update(letter, public_id="0" * 16)
    assert written.value.update == update


# --- at what pace ------------------------------------------------------------------------------------


def test_mails_leave_a_few_at_a_time(letter, mailbox, work, clock):
    for number in range(25):
        make_signature(letter, name=f"House {number}")
    update = schedule_update(make_update(letter))
    counts = []
    for _ in range(5):
        work()
        work()
        counts.append(len(mailbox.messages()))
        clock.shift(APART)
    assert counts == [10, 20, 25, 25, 25]
    update.refresh_from_db()
    assert (update.status, updates.progress(update).done) == ("sent", 25)


def test_a_round_that_is_asked_for_by_many_is_sent_once(letter, mailbox, work):
    for number in range(25):
        make_signature(letter, name=f"House {number}")
    update = schedule_update(make_update(letter))
    for _ in range(5):
        tasks.run_update.enqueue(update.pk)
    work()
    assert len(mailbox.messages()) == 10
    assert DBTaskResult.objects.ready().count() + DBTaskResult.objects.filter(status="READY").count() == 1


def test_it_waits_for_a_mail_to_confirm_and_not_the_other_way_round(letter, work):
    assert tasks.run_update.priority < tasks.send_mail.priority


@pytest.mark.parametrize("lost", ["scheduled", "sending"])
def test_a_lost_task_is_asked_for_anew(letter, mailbox, work, clock, lost):
    for number in range(15):
        make_signature(letter, name=f"House {number}")
    schedule_update(make_update(letter))
    if lost == "sending":
        work()
    DBTaskResult.objects.all().delete()
    clock.shift(2 * MINUTE)
    tasks.do_what_is_due()
    work()
    assert len(mailbox.messages()) == (10 if lost == "scheduled" else 15)


def test_it_is_paused_goes_on_and_stops(letter, mailbox, work, clock):
    for number in range(35):
        make_signature(letter, name=f"House {number}")
    update = schedule_update(make_update(letter))
    work()
    updates.pause(update, by=update.by)
    clock.shift(APART)
    work()
    assert len(mailbox.messages()) == 10
    updates.go_on(update, by=update.by)
    work()
    assert len(mailbox.messages()) == 20
    updates.stop(update, by=update.by)
    clock.shift(APART)
    work()
    update.refresh_from_db()
    assert (len(mailbox.messages()), update.status, rows(update)) == (
        20,
        "stopped",
        {"sent": 20, "waiting": 15},
    )
    for act in (updates.pause, updates.go_on, updates.stop):
        with pytest.raises(updates.UpdateIsElsewhere):
            act(update, by=update.by)
    told = Event.objects.filter(reason=update.public_id).order_by("pk").values_list("act", flat=True)
    assert list(told) == [
        *("write_update", "schedule_update", "pause_update", "continue_update", "stop_update")
    ]


# --- while the mail server is away, or refuses -------------------------------------------------------


def test_no_row_is_touched_while_the_mail_server_is_away(letter, mail_server, run, work, clock):
    make_signature(letter, email="a@kettle.example")
    update = schedule_update(make_update(letter))
    for _ in range(5):
        work()
        clock.shift(MINUTE)
    update.refresh_from_db()
    assert rows(update) == {"waiting": 1}
    assert update.mails.get().tries == 0
    assert update.server_away_since is not None
    mail_server.controller.start()
    run(update)
    assert received(mail_server) == ["a@kettle.example"]
    assert (update.status, update.server_away_since) == ("sent", None)


def test_a_mailbox_that_does_not_exist_is_refused_once_and_counted(letter, mail_server, run):
    mail_server.answer = "550 5.1.1 no such mailbox"
    mail_server.controller.start()
    signature = make_signature(letter, email="a@kettle.example")
    update = run(make_update(letter))
    assert (update.status, rows(update)) == ("sent", {"refused": 1})
    assert bounces.is_refusing(signature.contact)


def test_a_mailbox_that_asks_for_a_pause_gets_its_mail_after_it(letter, mail_server, run, work, clock):
    mail_server.answer = "451 4.7.1 greylisted"
    mail_server.controller.start()
    make_signature(letter, email="a@kettle.example")
    update = schedule_update(make_update(letter))
    work()
    assert rows(update) == {"waiting": 1}
    mail_server.answer = "250 OK"
    work()
    assert mail_server.received == []
    run(update)
    assert received(mail_server) == ["a@kettle.example"]
    assert rows(update) == {"sent": 1}


def test_who_is_put_off_for_hours_is_given_up(letter, mail_server, work, clock):
    mail_server.answer = "451 4.7.1 greylisted"
    mail_server.controller.start()
    make_signature(letter)
    update = schedule_update(make_update(letter))
    for _ in range(updates._TRIES + 1):
        work()
        clock.shift(timedelta(hours=1))
    update.refresh_from_db()
    assert (update.status, rows(update)) == ("sent", {"given_up": 1})


def test_a_message_that_is_refused_is_not_in_doubt(letter, mail_server, run):
    mail_server.answer_to_data = "554 5.7.1 not wanted"
    mail_server.controller.start()
    make_signature(letter)
    assert rows(run(make_update(letter))) == {"refused": 1}


def test_it_pauses_by_itself_when_half_of_a_round_is_refused(letter, mail_server, run):
    mail_server.answer = "550 5.7.1 we take nothing from you"
    mail_server.controller.start()
    for number in range(30):
        make_signature(letter, name=f"House {number}")
    update = run(make_update(letter))
    assert (update.status, rows(update)) == ("paused", {"refused": 10, "waiting": 20})
    assert Event.objects.get(act="pause_update").by is None
    mail_server.answer = "250 OK"
    updates.go_on(update, by=update.by)
    run(update)
    assert rows(update) == {"refused": 10, "sent": 20}


def test_a_server_that_takes_nothing_from_us_puts_no_mailbox_to_blame(letter, mail_server, work, clock):
    async def refuse_us(server, session, envelope, address, options):
        return "550 5.7.1 sender refused"

    mail_server.handle_MAIL = refuse_us
    mail_server.controller.start()
    make_signature(letter)
    update = schedule_update(make_update(letter))
    work()
    assert rows(update) == {"waiting": 1}
    assert Update.objects.get().server_away_since is not None


def test_an_address_that_cannot_be_written_stops_nobody_else(letter, mail_server, run):
    mail_server.controller.start()
    make_signature(letter, name="Odd", email="أمينة@kettle.example")
    make_signature(letter, name="Plain", email="b@kettle.example")
    update = run(make_update(letter))
    assert received(mail_server)[-1] in ("b@kettle.example", "أمينة@kettle.example")
    assert rows(update)["sent"] >= 1
    assert rows(update)["in_doubt"] == 0


# --- in doubt ----------------------------------------------------------------------------------------


@pytest.fixture
def falls_silent(mail_server):
    """A mail server that takes a message and hangs up before it says so."""
    handle_data = mail_server.handle_DATA

    async def take_and_hang_up(server, session, envelope):
        answer = await handle_data(server, session, envelope)
        if mail_server.silent:
            server.transport.abort()
        return answer

    mail_server.silent, mail_server.handle_DATA = True, take_and_hang_up
    mail_server.controller.start()
    return mail_server


@pytest.fixture
def doubted(letter, falls_silent, run):
    make_signature(letter, email="a@kettle.example")
    update = run(make_update(letter))
    assert (update.status, rows(update)) == ("sent", {"in_doubt": 1})
    falls_silent.silent = False
    return update


def test_a_mail_whose_fate_nobody_knows_is_not_sent_again_by_itself(doubted, falls_silent, run, clock):
    clock.shift(timedelta(days=2))
    tasks.do_what_is_due()
    run(doubted)
    assert received(falls_silent) == ["a@kettle.example"]
    assert rows(doubted) == {"in_doubt": 1}


def test_staff_find_it_in_the_mail_servers_log_and_say_that_it_left(doubted, falls_silent, run):
    ((public_id, said),) = updates.in_doubt(doubted)
    assert falls_silent.received[0][1]["Message-ID"] == said
    settle = {"mails": [public_id], "outcome": "left", "by": doubted.by}
    assert updates.settle(doubted, **settle) == 1
    assert updates.settle(doubted, **settle) == 0
    run(doubted)
    assert rows(doubted) == {"sent": 1}
    assert received(falls_silent) == ["a@kettle.example"]


def test_or_they_send_it_again_under_the_same_id(doubted, falls_silent, run):
    ((public_id, _said),) = updates.in_doubt(doubted)
    assert updates.settle(doubted, mails=[public_id], outcome="again", by=doubted.by) == 1
    doubted.refresh_from_db()
    assert doubted.status == "sending"
    run(doubted)
    assert (doubted.status, rows(doubted)) == ("sent", {"sent": 1})
    first, second = (message["Message-ID"] for _, message in falls_silent.received)
    assert first == second


def test_nothing_is_sent_again_of_what_was_stopped(doubted):
    Update.objects.update(status="stopped")
    public_ids = [public_id for public_id, _ in updates.in_doubt(doubted)]
    with pytest.raises(updates.UpdateIsElsewhere):
        updates.settle(doubted, mails=public_ids, outcome="again", by=doubted.by)
    assert updates.settle(doubted, mails=public_ids, outcome="left", by=doubted.by) == 1


def test_what_came_back_had_left(doubted):
    with transaction.atomic():
        updates.came_back(updates.in_doubt(doubted)[0][0])
    assert rows(doubted) == {"bounced": 1}


def test_what_a_killed_worker_held_is_in_doubt_after_five_minutes(letter, mailbox, run, work, clock):
    for number in range(11):
        make_signature(letter, name=f"House {number}")
    update = schedule_update(make_update(letter))
    work()
    held = update.mails.get(status="waiting")
    UpdateMail.objects.filter(pk=held.pk).update(status="sending", at=timezone.now())
    clock.shift(4 * MINUTE)
    work()
    assert rows(update) == {"sent": 10, "sending": 1}
    clock.shift(MINUTE + APART)
    run(update)
    assert (update.status, rows(update)) == ("sent", {"sent": 10, "in_doubt": 1})
    assert len(mailbox.messages()) == 10


def test_a_connection_that_the_server_closed_between_two_mails_puts_none_in_doubt(letter, mail_server, run):
    async def hang_up(server, session, envelope, arg):
        server.transport.close()
        return "421 4.4.2 you were silent for too long"

    mail_server.handle_NOOP = hang_up
    mail_server.controller.start()
    for number in range(4):
        make_signature(letter, name=f"House {number}")
    update = run(make_update(letter))
    assert len(mail_server.received) == 4
    assert rows(update) == {"sent": 4}


# --- never twice -------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"status": "waiting"}, {"mailbox_key": "k" * 64}, {"status": "refused"}])
def test_the_database_lets_nothing_that_was_sent_wait_again(letter, run, change):
    make_signature(letter)
    run(make_update(letter))
    with pytest.raises(IntegrityError, match="this mail was sent"), transaction.atomic():
        UpdateMail.objects.update(**change)


def test_what_waits_in_the_queue_is_a_number(letter):
    make_signature(letter, email="canary@kettle.example")
    update = schedule_update(make_update(letter))
    assert [job.args_kwargs for job in DBTaskResult.objects.all()] == [{"args": [update.pk], "kwargs": {}}]


def test_the_mailboxes_are_forgotten_and_the_numbers_stay(letter, run, clock):
    make_signature(letter)
    make_signature(letter, name="Other")
    update = run(make_update(letter))
    clock.shift(timedelta(days=29))
    updates.forget()
    assert update.mails.count() == 2
    clock.shift(timedelta(days=2))
    updates.forget()
    updates.forget()
    update.refresh_from_db()
    assert update.mails.count() == 0
    assert updates.progress(update).counts == {"sent": 2}
    assert update.texts.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_one_round_once_and_no_row_both(mailbox):
    letter = make_letter()
    for number in range(15):
        make_signature(letter, name=f"House {number}")
    update = schedule_update(make_update(letter))
    at_once(*[lambda: updates.work_on(update.pk)] * 4)
    assert len(mailbox.messages()) == len(set(addresses(mailbox))) == 10
    assert rows(update) == {"sent": 10, "waiting": 5}


# --- with real workers -------------------------------------------------------------------------------


def make_many(letter, how_many):
    """Add as many signatories, each with a mailbox; return their addresses."""
    template = make_signature(letter, name="House")
    with connection.cursor() as cursor:
        _copy(cursor, type(template.organisation), template.organisation_id, how_many)
        organisations = f"SELECT id FROM signatories_organisation ORDER BY id DESC LIMIT {how_many}"
        _copy(cursor, Signature, template.pk, how_many, organisation_id=organisations)
    template.contact.delete()
    return give_contacts(Signature.objects.published().filter(letter=letter).exclude(pk=template.pk))


def give_contacts(signatures):
    made = []
    for signature in signatures.only("public_id"):
        email = f"{signature.public_id}@house.example"
        person = {"signature": signature.public_id, "name": "A", "role": "", "email": email, "phone": ""}
        sealed = lock_away(json.dumps(person).encode())
        made.append((email, Contact(signature=signature, sealed=sealed, address_key=address_key(email))))
    Contact.objects.bulk_create((contact for _, contact in made), batch_size=2_000)
    return {email for email, _ in made}


@pytest.fixture
def worker(transactional_db, tmp_path, mail_server):
    """Starts workers as in production, which mail through the real mail server, quickly."""
    mail_server.controller.start()
    processes = []
    environment = Site(tmp_path).environment(tmp_path) | {
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.controller.port}",
        "UPDATE_MAILS_A_MINUTE": "100000",
    }

    def start():
        with (tmp_path / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "work"], cwd=PROJECT, env=environment, stdout=log, stderr=log
            )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    log = (tmp_path / "worker.log").read_text()
    assert "Traceback" not in log
    assert "@house.example" not in log


@pytest.mark.django_db(transaction=True)
def test_three_hundred_are_written_to_once_by_two_workers_that_are_killed_on_the_way(worker, mail_server):
    letter = make_letter()
    everybody = make_many(letter, 300)
    left = set(sorted(everybody)[:20])
    for contact in Contact.objects.filter(signature__letter=letter).select_related("signature"):
        if f"{contact.signature.public_id}@house.example" in left:
            unsubscribing.unsubscribe(contact.address_key)
    before_them = others_connected()
    workers = [worker(), worker()]
    update = schedule_update(make_update(letter))
    seen = set()
    long_ago = timezone.now() - timedelta(minutes=6)

    def so_many(number):
        def arrived():
            seen.add(updates.progress(update).done)
            return len(mail_server.received) >= number

        return arrived

    for number in (60, 140):
        wait_for(so_many(number), patience=60, every=0.02)
        for process in workers:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(60)
        wait_for(lambda: not others_connected() - before_them, patience=60)
        UpdateMail.objects.filter(status="sending").update(at=long_ago)  # what they were about to send, too
        # A round they had taken is lost; by this clock it is long enough ago to be asked for anew.
        Update.objects.update(next_round_at=long_ago)
        workers = [worker(), worker()]

    def over():
        seen.add(updates.progress(update).done)
        update.refresh_from_db()
        return update.status == "sent"

    wait_for(over, patience=60, every=0.05)
    arrived = Counter(received(mail_server))
    assert not left & arrived.keys()
    assert set(arrived.values()) == {1}
    counts = rows(update)
    doubted = counts["in_doubt"]
    assert doubted <= 4  # one of each killed worker at most
    assert counts["sent"] + doubted == counts.total() == 280
    assert 280 - doubted <= len(arrived) <= 280
    assert len(seen) > 5
    # Staff look in the mail server's log, and say which left.
    log = {message["Message-ID"] for _, message in mail_server.received}
    for public_id, said in updates.in_doubt(update):
        outcome = "left" if said in log else "again"
        updates.settle(update, mails=[public_id], outcome=outcome, by=update.by)
    wait_for(lambda: rows(update) == {"sent": 280}, patience=60, every=0.05)
    assert Counter(received(mail_server)) == dict.fromkeys(everybody - left, 1)
