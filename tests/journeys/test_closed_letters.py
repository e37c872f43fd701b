"""Signing in every phase of a letter, the grace for confirming, and deadlines people can read."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup

from letters import revision
from letters.models import Letter
from signatories import tokens
from signatories.models import Purpose, Signature
from tests.factories import make_letter, make_signature, sign_form

pytestmark = pytest.mark.django_db

FORM = "/letters/asylum/sign/"


@pytest.mark.parametrize("prefix", ["", "/ar"])
@pytest.mark.parametrize(
    ("phase", "status"),
    [("draft", 404), ("gathering", 404), ("open", 200), ("closed", 410), ("grace", 410), ("archived", 410)],
)
def test_only_an_open_letter_shows_its_form_and_takes_signatures(client, phase, status, prefix):
    make_letter(phase=phase)
    answer = client.get(prefix + FORM)
    assert answer.status_code == status
    assert "no-store" in answer["Cache-Control"]
    assert client.head(prefix + FORM).status_code == status
    posted = client.post(prefix + FORM, sign_form())
    assert posted.status_code == {200: 303}.get(status, status)
    assert Signature.objects.count() == (status == 200)


def test_a_letter_that_does_not_exist_takes_no_signature(client):
    make_letter()
    for slug in ("nowhere", "Asylum", "asylum-", "0"):
        assert client.get(f"/letters/{slug}/sign/").status_code == 404
        assert client.post(f"/letters/{slug}/sign/", sign_form()).status_code == 404
    assert not Signature.objects.exists()


def test_what_was_typed_while_the_letter_closed_is_told_kindly_and_signs_nothing(client):
    letter = make_letter()
    assert client.get(FORM).status_code == 200
    Letter.objects.filter(pk=letter.pk).update(closes_at=datetime.now(UTC))
    answer = client.post(FORM, sign_form())
    assert answer.status_code == 410
    assert "takes no more signatures" in answer.content.decode()
    assert not Signature.objects.exists()


@pytest.mark.parametrize(
    ("after_closing", "status"),
    [
        (timedelta(seconds=-1), "awaiting_moderation"),
        (timedelta(0), "awaiting_moderation"),
        (timedelta(hours=71, minutes=59), "awaiting_moderation"),
        (timedelta(hours=72), "unconfirmed"),
        (timedelta(days=5), "unconfirmed"),
    ],
)
def test_a_signature_made_in_time_is_confirmed_inside_the_grace_alone(
    client, work, mailbox, after_closing, status
):
    closes = datetime(2031, 6, 1, 12, 0, tzinfo=UTC)
    make_letter(closes_at=closes)
    with time_machine.travel(closes - timedelta(minutes=5), tick=True):
        client.post(FORM, sign_form())
        work()
    link = mailbox.link_to("amina@kettle.example")
    with time_machine.travel(closes + after_closing, tick=False):
        seen, done = client.get(link), client.post(link, {"visibility": "public"})
    assert Signature.objects.get().status == status
    expected = 410 if status == "unconfirmed" else 200
    assert (seen.status_code, done.status_code) == (expected, expected)


def test_the_page_of_a_closed_letter_offers_no_way_to_sign(client):
    make_letter(phase="closed")
    page = BeautifulSoup(client.get("/letters/asylum/").content, "html.parser")
    assert not page.select(f'a[href="{FORM}"]')


def test_a_letter_closes_on_its_page_at_its_date_without_anybody_acting(client):
    closes = datetime(2031, 6, 1, 12, 0, tzinfo=UTC)
    make_letter(closes_at=closes)
    etags = []
    for moment, link in ((closes - timedelta(seconds=1), 1), (closes, 0)):
        with time_machine.travel(moment, tick=False):
            revision.forget()
            answer = client.get("/letters/asylum/")
        etags.append(answer["ETag"])
        assert (f'href="{FORM}"' in answer.content.decode()) == link
    assert etags[0] != etags[1]


@pytest.mark.parametrize("phase", ["closed", "archived"])
def test_a_signatory_can_leave_a_letter_at_any_time_after(client, phase):
    signature = make_signature(make_letter(phase=phase))
    own = f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/"
    assert client.get(own).status_code == 200
    assert "Blue Kettle" in client.get("/letters/asylum/").content.decode()
    assert client.post(own, {"act": "withdraw", "sure": "on"}).status_code == 200
    assert "Blue Kettle" not in client.get("/letters/asylum/").content.decode()


@pytest.mark.parametrize(
    ("zone", "closes", "shown"),
    [
        ("Africa/Nairobi", datetime(2031, 5, 1, 20, 59, tzinfo=UTC), ["23:59 Nairobi", "20:59 UTC"]),
        (
            "Asia/Kathmandu",
            datetime(2031, 5, 1, 22, 30, tzinfo=UTC),
            ["2 May 2031", "04:15 Kathmandu", "2031-05-01 22:30 UTC"],
        ),
        ("Europe/Zurich", datetime(2031, 10, 26, 0, 30, tzinfo=UTC), ["02:30 Zurich", "00:30 UTC"]),
        (
            "America/Port-au-Prince",
            datetime(2031, 1, 1, 4, 0, tzinfo=UTC),
            ["23:00 Port-au-Prince", "04:00 UTC"],
        ),
        ("UTC", datetime(2031, 1, 1, 4, 0, tzinfo=UTC), ["04:00"]),
    ],
)
def test_a_deadline_is_shown_in_the_letters_time_zone_and_in_utc(client, zone, closes, shown):
    make_letter(time_zone=zone, closes_at=closes)
    for address in ("/letters/asylum/", FORM):
        page = BeautifulSoup(client.get(address).content, "html.parser")
        deadline = page.select_one(f'time[datetime="{closes.isoformat()}"]').text
        for words in shown:
            assert words in deadline
    with time_machine.travel(closes + timedelta(days=1), tick=False):
        revision.forget()
        answer = client.get(FORM)
    assert answer.status_code == 410
    assert shown[0] in answer.content.decode()
