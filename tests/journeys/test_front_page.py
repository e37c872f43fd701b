"""The desk's front page: what waits, what looks wrong, what was decided, who has not answered, for who may see it."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from letters.models import record
from signatories import moderation, queue
from signatories.models import Organisation
from tests.factories import (
    enter,
    make_letter,
    make_member,
    make_organisation,
    make_proposal,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
)

pytestmark = pytest.mark.django_db

FRONT = "/admin/"
BEGIN = "/admin/signatories/signature/begin/"


@pytest.fixture
def bob():
    return enter(Client(), make_member("bob", "Moderator"))


def front(client):
    answer = client.get(FRONT)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser")


def text_of(page, section=""):
    part = page.select_one(f"section.{section}") if section else page.select_one("main")
    return " ".join(part.get_text(" ").split())


def piles(page):
    return {
        pile.select_one(".label").get_text(): (
            int(pile.strong.get_text()),
            pile.a["href"] if pile.a else None,
        )
        for pile in page.select(".piles li")
    }


def test_what_waits_is_counted_by_what_it_waits_for_with_the_way_to_begin(bob):
    letter, now = make_letter(), timezone.now()
    old, young = now - timedelta(days=4), now - timedelta(hours=30)
    make_signature(letter, name="A", status="awaiting_moderation", confirmed_at=young)
    make_signature(letter, name="B", status="awaiting_moderation", confirmed_at=now)
    make_signature(letter, name="C", status="held", confirmed_at=old)
    make_proposal(make_signature(letter, name="D"))
    make_signature(letter, name="E", status="unconfirmed")
    page = front(bob)
    assert page.select_one("#waiting").get_text(strip=True) == "4 wait"
    assert piles(page) == {
        "To decide": (2, f"{BEGIN}?queue=decision"),
        "Held": (1, f"{BEGIN}?queue=held"),
        "To call": (0, None),
        "To confirm": (0, None),
        "Corrections": (1, f"{BEGIN}?queue=correction"),
        "Questions": (0, None),
        "Quotes": (0, None),
    }
    levels = [waits["class"][1] for waits in page.select(".waiting .waits")]
    assert levels == ["red", "amber", "red", "fresh"]
    assert page.select_one("a.begin")["href"] == BEGIN
    assert not page.select(".waiting .letters")


def test_of_several_letters_each_says_what_waits_on_it(bob):
    here, there = make_letter("here"), make_letter("there")
    for number in range(3):
        make_signature(here, name=f"Kettle {number}", status="awaiting_moderation")
    make_signature(there, status="held")
    rows = {row.bdi.get_text(): row for row in front(bob).select(".waiting .letters li")}
    assert "3 wait" in rows["here"].get_text(" ", strip=True)
    assert "1 waits" in rows["there"].get_text(" ", strip=True)
    assert rows["there"].a["href"] == f"{BEGIN}?letter__id__exact={there.pk}"


def test_an_empty_desk_says_so(bob):
    page = front(bob)
    assert page.select_one("#waiting").get_text(strip=True) == "Nothing waits"
    assert not page.select("a.begin")
    assert "Nothing that the desk can see." in text_of(page, "wrong")
    assert "Everybody who was asked." in text_of(page, "unanswered")
    assert "Nothing yet." in text_of(page, "decided")


def test_colleagues_at_work_are_shown_with_their_cases(bob):
    alice = make_staff("alice", first_name="Alice")
    signature = make_signature(status="awaiting_moderation", name="Night Ferry")
    queue.keep(signature.pk, by=alice)
    assert "Alice Night Ferry" in text_of(front(bob), "waiting")
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert "Night Ferry" not in text_of(front(bob), "waiting")


def test_what_looks_wrong_is_named(bob):
    letter, now = make_letter(), timezone.now()
    for number in range(6):
        make_signature(letter, name=f"Kettle {number}", status="held", batch="b" * 16)
    failed = make_signature(letter, name="Night Ferry")
    record("mail_failed", kind="signature", subject=failed.public_id, letter=letter)
    make_signature(letter, name="Yes")
    doubted = make_organisation("Crypto Fund", verification="doubtful")
    make_signature(letter, name="Crypto Fund", organisation=doubted)
    make_organisation("Doubted and nowhere", verification="doubtful")
    make_organisation("Look again", recheck_on=now.date())
    make_organisation("Look later", recheck_on=(now + timedelta(days=2)).date())
    wrong = text_of(front(bob), "wrong")
    for words in (
        "6 signatures from one place asylum",
        "A mail could not be sent: Night Ferry",
        "An odd name is published: Yes",
        "Doubted, and on a letter: Crypto Fund",
        "To look at again: Look again",
    ):
        assert words in wrong, words
    assert "nowhere" not in wrong
    assert "Look later" not in wrong


def test_what_was_decided_today_is_counted_by_colleague_and_act(bob):
    alice, carol = make_staff("alice", first_name="Alice"), make_staff("carol", first_name="Carol")
    letter = make_letter()
    cases = [make_signature(letter, name=f"Kettle {n}", status="awaiting_moderation") for n in range(5)]
    yesterday = timezone.now().replace(hour=0, minute=0) - timedelta(hours=2)
    with time_machine.travel(yesterday, tick=False):
        moderation.approve(cases[0], by=alice)
    for signature in cases[1:3]:
        moderation.approve(signature, by=alice)
    moderation.reject(cases[3], by=alice)
    moderation.hold(cases[4], by=carol)
    page = front(bob)
    tallies = [" ".join(row.get_text(" ").split()) for row in page.select(".tallies li")]
    assert tallies == ["Alice Approved 2 Rejected 1", "Carol Held 1"]
    last = [row.a.get_text() for row in page.select(".last li")]
    assert last == ["Kettle 4", "Kettle 3", "Kettle 2", "Kettle 1", "Kettle 0"]


def test_who_has_not_answered_is_counted(bob):
    letter = make_letter()
    over = make_letter("over", phase="archived")
    for number in range(3):
        make_signature(letter, name=f"Kettle {number}", status="unconfirmed")
    make_signature(over, name="Too late", status="unconfirmed")
    make_signature(letter, name="Asked", status="held", hold_reason="asked_organisation")
    make_signature(letter, name="Held", status="held")
    vouched = make_signature(letter, name="Vouched", status="awaiting_moderation")
    make_vouch(vouched, make_voucher(letter), status="asked", asked_at=timezone.now() - timedelta(days=3))
    silences = [" ".join(row.get_text(" ").split()) for row in front(bob).select(".unanswered li")]
    assert sorted(" ".join(silence.split()[:-5]) for silence in silences) == sorted(
        [
            "3 Not confirmed by their mailbox asylum",
            "1 Asked to vouch",
            "1 Held: the organisation was asked asylum",
        ]
    )


def test_an_editor_sees_letters_and_no_signature():
    letter = make_letter(closes_at=timezone.now() + timedelta(days=3))
    make_letter("secret", phase="gathering")
    make_signature(letter, name="Night Ferry")
    make_signature(letter, name="Red Spoon", status="awaiting_moderation")
    page = front(enter(Client(), make_member("eve", "Editor")))
    text = text_of(page)
    assert "asylum Open 1 organisation Deliveries closes" in text
    assert "secret Gathering 0 organisations" in text
    assert "Night Ferry" not in text
    assert "Red Spoon" not in text
    assert not page.select(".waiting, .wrong, .decided, .unanswered")


def test_who_may_only_look_is_not_asked_to_begin():
    make_signature(status="awaiting_moderation")
    page = front(enter(Client(), make_member("dora", "Data officer")))
    assert page.select_one("#waiting").get_text(strip=True) == "1 waits"
    assert not page.select("a.begin")


@pytest.mark.parametrize(
    ("role", "doors"),
    [("Moderator", {"export", "on-behalf", "workshops"}), ("Data officer", {"export", "import"})],
)
def test_who_looks_after_signatures_finds_what_there_is_to_do_about_a_letters(role, doors):
    letter = make_letter()
    make_letter("draft", phase="draft")
    page = front(enter(Client(), make_member("mo", role)))
    found = {link["href"].split("/")[-2] for link in page.select(".front-letters a")}
    assert found & {"export", "import", "on-behalf", "workshops"} == doors
    assert page.select_one(".front-letters bdi").get_text() == letter.slug


def test_who_may_see_nothing_sees_nothing():
    make_signature(status="awaiting_moderation", name="Night Ferry")
    page = front(enter(Client(), make_member("nina")))
    assert not page.select("main section.waiting, main section.front-letters")
    assert "Night Ferry" not in str(page)


def test_no_contact_stands_on_it():
    letter = make_letter()
    secret = "zaynab-private@kettle.example"
    for status in ("awaiting_moderation", "held", "published", "unconfirmed"):
        make_signature(letter, name=f"Kettle {status}", status=status, email=secret)
    page = str(front(enter(Client(), make_staff())))
    assert "zaynab" not in page
    assert "kettle.example" not in page


def test_a_name_stands_harmlessly_on_it():
    hostile = '"><script>alert(1)</script>{{ 7|add:7 }}'
    letter = make_letter()
    make_signature(letter, name=hostile)
    held = make_signature(letter, name=f"{hostile} 2", status="held")
    moderation.reject(held, by=make_staff("carol", first_name="<b>Carol"))
    page = enter(Client(), make_staff()).get(FRONT).content
    assert b"<script>alert" not in page
    assert b"<b>Carol" not in page


def test_it_asks_the_same_of_a_full_desk_as_of_an_empty_one():
    manager = enter(Client(), make_member("mia", "Manager"))

    def asked():
        with CaptureQueriesContext(connection) as queries:
            front(manager)
        return len(queries)

    letter = make_letter()
    moderation.hold(make_signature(letter, status="awaiting_moderation"), by=make_staff("bob"))
    asked()
    few = asked()
    alice = make_staff()
    for number in range(12):
        where = make_letter(f"letter-{number}")
        decided = make_signature(where, name=f"Kettle {number}", status="awaiting_moderation")
        moderation.approve(decided, by=alice)
        make_signature(where, name=f"Yes {number}", status="unconfirmed")
        make_signature(where, name=f"Held {number}", status="held", hold_reason="asked_organisation")
        queue.keep(decided.pk, by=alice)
    Organisation.objects.update(recheck_on=timezone.now().date())
    # Four of them are what looks wrong; two are the letters, which not every role sees.
    assert asked() == few <= 20
