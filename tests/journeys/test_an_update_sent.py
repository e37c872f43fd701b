"""An editor writes news of a letter, looks at it, mails it to herself, sends it, and watches it arrive."""

import re
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from signatories import tasks, unsubscribing
from signatories.models import Update, UpdateMail
from tests.factories import (
    enter,
    make_letter,
    make_member,
    make_signature,
    make_staff,
    make_update,
    schedule_update,
)

pytestmark = pytest.mark.django_db

WRITTEN = {
    "en-subject": "We were heard",
    "en-body": "They *listened*.\n\nMore on Thursday.",
    "ar-subject": "سمعونا",
    "ar-body": "لقد استمعوا.",
    "public_id": "0" * 16,
}


@pytest.fixture
def letter():
    return make_letter(languages=("en", "ar"), time_zone="Africa/Nairobi")


@pytest.fixture
def ed():
    return make_member("ed", "Editor", email="ed@harbour.example")


@pytest.fixture
def desk(ed):
    return enter(Client(), ed)


def page(answer):
    return BeautifulSoup(answer.content, "html.parser")


def said(answer):
    return re.sub(r"\s+", " ", page(answer).get_text())


def write(desk, letter, **fields):
    """Type an update; return the page that shows how it looks."""
    answer = desk.post(f"/admin/letters/letter/{letter.pk}/updates/write/", {**WRITTEN, **fields})
    assert answer.status_code == 302, said(answer)
    return desk.get(answer["Location"])


def act(desk, update, what, **fields):
    return desk.post(f"/admin/updates/{update.public_id}/act/", {"act": what, **fields}, follow=True)


def send(desk, shown, **fields):
    form = shown.request["PATH_INFO"]
    seen = page(shown).find("input", {"name": "seen"})["value"]
    sent = {"act": "send", "when": "now", "has_read": "on", "seen": seen, **fields}
    return desk.post(f"{form}act/", {name: value for name, value in sent.items() if value}, follow=True)


def test_an_update_is_written_looked_at_and_sent(desk, letter, mailbox, work):
    for number, language in enumerate(("en", "ar", "ar", "sw")):
        make_signature(letter, name=f"House {number}", email=f"h{number}@kettle.example", language=language)
    shown = write(desk, letter)
    assert "4 mailboxes" in said(shown)
    assert "2 read it in العربية" in said(shown)
    assert "1 writes with us in a language it is not written in: Kiswahili" in said(shown)
    assert page(shown).select_one("[lang=en].mail-words em").get_text() == "listened"
    assert page(shown).select_one("[lang=ar].mail-words")["dir"] == "rtl"

    update = Update.objects.get()
    assert "It is on its way to you" in said(act(desk, update, "mail"))
    work()
    assert [message["To"] for message in mailbox.messages()] == ["ed@harbour.example"] * 2

    with time_machine.travel(timezone.now()) as clock:
        progress = send(desk, shown)
        assert "It leaves at its time" in said(progress)
        work()
        clock.shift(timedelta(seconds=12))
        work()
    progress = desk.get(f"/admin/updates/{update.public_id}/")
    assert "4 of 4 mails done" in said(progress)
    assert "Handed to the mail server 4" in said(progress)
    arrived = sorted(message["To"] for message in mailbox.messages() if message["To"] != "ed@harbour.example")
    assert arrived == [f"h{number}@kettle.example" for number in range(4)]
    listed = desk.get(f"/admin/letters/letter/{letter.pk}/updates/")
    assert "We were heard" in said(listed)
    assert "4 of 4 mails done" in said(listed)


def test_nobody_at_the_desk_sees_an_address(desk, letter, work):
    make_signature(letter, email="canary@kettle.example")
    shown = write(desk, letter)
    update = Update.objects.get()
    send(desk, shown)
    work()
    UpdateMail.objects.create(update=update, mailbox_key="k" * 64, status="in_doubt")
    for path in (f"updates/{update.public_id}/", f"letters/letter/{letter.pk}/updates/"):
        assert "canary" not in desk.get(f"/admin/{path}").content.decode()


def test_the_mail_leads_to_unsubscribing_and_that_is_kept(desk, letter, mailbox, work):
    signature = make_signature(letter, email="a@kettle.example")
    send(desk, write(desk, letter))
    work()
    link = mailbox.link_to("a@kettle.example", "/u/")
    assert Client().post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert unsubscribing.left(signature.contact.address_key, letter) == "all"
    shown = write(desk, letter, public_id="1" * 16)
    assert "0 mailboxes" in said(shown)


# --- when --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"when": "night"}, "2027-03-01T23:00:00+00:00"),
        ({"when": "at", "at": "2027-03-04T09:30"}, "2027-03-04T06:30:00+00:00"),
    ],
)
def test_it_leaves_at_night_or_at_a_time_where_the_letter_is(letter, form, expected):
    with time_machine.travel("2027-03-01T12:00:00Z", tick=False):
        desk = enter(Client(), make_staff())
        send(desk, write(desk, letter), **form)
        assert Update.objects.get().send_at.isoformat() == expected


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ({"when": ""}, "Please choose when it leaves"),
        ({"has_read": ""}, "Please read it once more"),
        ({"when": "at"}, "Please give a day and a time"),
        ({"when": "at", "at": "2020-01-01T10:00"}, "This time has passed"),
        ({"when": "at", "at": "soon"}, "No such time"),
    ],
)
def test_what_is_not_chosen_is_asked_for(desk, letter, form, complaint):
    answer = send(desk, write(desk, letter), **form)
    assert (answer.status_code, Update.objects.get().status) == (422, "draft")
    assert complaint in said(answer)


def test_it_is_called_back_until_it_leaves(desk, letter, settings, mailbox, work):
    settings.UNDO_FOR = timedelta(minutes=5)
    make_signature(letter)
    send(desk, write(desk, letter))
    update = Update.objects.get()
    assert "Call it back" in said(desk.get(f"/admin/updates/{update.public_id}/"))
    assert "Called back" in said(act(desk, update, "call_back"))
    work()
    assert (Update.objects.get().status, mailbox.messages()) == ("draft", [])


def test_what_a_colleague_changed_meanwhile_is_shown_again(desk, letter):
    shown = write(desk, letter)
    update = Update.objects.get()
    changed = desk.post(f"/admin/updates/{update.public_id}/text/", {**WRITTEN, "en-body": "Other."})
    assert changed.status_code == 302
    answer = send(desk, shown)
    assert "A colleague has changed the words meanwhile" in said(answer)
    assert "Other." in said(answer)
    assert Update.objects.get().status == "draft"


# --- writing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"ar-body": ""}, "Please write both a subject and words in this language, or neither"),
        ({"en-subject": ""}, "Please write both a subject and words in this language, or neither"),
        (dict.fromkeys(list(WRITTEN)[:4], ""), "Nothing is written yet"),
        ({"en-subject": "x" * 151}, "at most 150"),
    ],
)
def test_what_is_half_written_is_kept_in_the_form(desk, letter, fields, complaint):
    answer = desk.post(f"/admin/letters/letter/{letter.pk}/updates/write/", {**WRITTEN, **fields})
    assert (answer.status_code, Update.objects.count()) == (422, 0)
    assert complaint in said(answer)


def test_a_form_sent_twice_writes_one_update(desk, letter):
    write(desk, letter)
    write(desk, letter)
    assert Update.objects.count() == 1


def test_a_draft_is_thrown_away(desk, letter):
    write(desk, letter)
    assert "The draft is gone" in said(act(desk, Update.objects.get(), "discard"))
    assert Update.objects.count() == 0


def test_a_letter_nobody_could_sign_has_no_news(desk):
    letter = make_letter("draft", phase="draft")
    assert "Nobody has signed this letter yet" in said(
        desk.get(f"/admin/letters/letter/{letter.pk}/updates/")
    )
    answer = desk.post(f"/admin/letters/letter/{letter.pk}/updates/write/", WRITTEN)
    assert (answer.status_code, Update.objects.count()) == (422, 0)


def test_who_has_no_address_is_told_so(letter):
    desk = enter(Client(), make_member("mona", "Manager"))
    write(desk, letter)
    assert "Your account has no e-mail address" in said(act(desk, Update.objects.get(), "mail"))


# --- while it leaves ---------------------------------------------------------------------------------


def test_it_is_paused_goes_on_and_is_stopped_at_the_desk(desk, letter, ed, work):
    for number in range(25):
        make_signature(letter, name=f"House {number}")
    update = schedule_update(make_update(letter, by=ed))
    work()
    progress = desk.get(f"/admin/updates/{update.public_id}/")
    assert "10 of 25 mails done" in said(progress)
    assert page(progress).find("progress")["value"] == "10"
    assert "Paused" in said(act(desk, update, "pause"))
    assert "It goes on" in said(act(desk, update, "go_on"))
    assert "Stopped" in said(act(desk, update, "stop"))
    assert "Nothing was done" in said(act(desk, update, "go_on"))
    assert Update.objects.get().status == "stopped"


def test_that_the_mail_server_is_away_is_said(desk, letter, ed):
    update = schedule_update(make_update(letter, by=ed))
    now = timezone.now()
    Update.objects.update(status="sending", next_round_at=now, server_away_since=now)
    assert "The mail server is away since" in said(desk.get(f"/admin/updates/{update.public_id}/"))


def test_mails_in_doubt_are_listed_by_what_a_log_knows_and_settled(desk, letter, ed):
    update = schedule_update(make_update(letter, by=ed))
    Update.objects.update(status="sent", next_round_at=timezone.now())
    for key in "ab":
        UpdateMail.objects.create(update=update, mailbox_key=key * 64, status="in_doubt")
    shown = desk.get(f"/admin/updates/{update.public_id}/")
    first, second = (box["value"] for box in page(shown).select("[name=mail]"))
    assert f"<update-{first}@127.0.0.1>" in said(shown)
    assert "Please tick mails" in said(act(desk, update, "settle", outcome="left"))
    assert "1 mail is settled" in said(act(desk, update, "settle", outcome="left", mail=first))
    act(desk, update, "settle", outcome="again", mail=second)
    assert set(update.mails.values_list("public_id", "status")) == {(first, "sent"), (second, "waiting")}
    assert Update.objects.get().status == "sending"


def test_an_unknown_word_does_nothing(desk, letter):
    write(desk, letter)
    assert "Nothing was done" in said(act(desk, Update.objects.get(), "everything"))


def test_the_clock_lets_go_of_mailboxes(letter, work, ed):
    make_signature(letter)
    update = schedule_update(make_update(letter, by=ed))
    with time_machine.travel(timezone.now()) as clock:
        work()
        clock.shift(timedelta(seconds=12))
        work()
        clock.shift(timedelta(days=31))
        tasks.do_what_is_due()
    assert update.mails.count() == 0
