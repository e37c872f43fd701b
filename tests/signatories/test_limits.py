"""Pressure is counted right, for a day, and nothing of it leads back to an address."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone

from signatories import limits
from signatories.models import PlaceKey, Pressure
from tests.factories import make_letter, sign_form
from tests.racing import at_once

pytestmark = pytest.mark.django_db

NOON = "2026-03-02T12:00:00Z"


def request_from(address="203.0.113.7", *, forwarded=None, **headers):
    if forwarded is not None:
        headers["HTTP_X_FORWARDED_FOR"] = forwarded
    return RequestFactory().get("/", REMOTE_ADDR=address, **headers)


# --- where from --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.8", "203.0.113.8"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("203.0.113.7, 10.0.0.1", "unknown"),
    ],
)
def test_a_place_is_an_address_or_a_sixty_four(address, network):
    assert limits.network_of(request_from(address)) == network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (0, "198.51.100.9", "203.0.113.7"),
        (1, "198.51.100.9", "198.51.100.9"),
        (1, "1.1.1.1, 198.51.100.9", "198.51.100.9"),
        (2, "1.1.1.1, 198.51.100.9, 10.0.0.2", "198.51.100.9"),
        (2, "198.51.100.9", "203.0.113.7"),
        (1, "", "203.0.113.7"),
        (1, None, "203.0.113.7"),
        (1, "1.1.1.1, rubbish", "unknown"),
        (1, " , 198.51.100.9 , ", "198.51.100.9"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(settings, proxies, forwarded, network):
    settings.TRUSTED_PROXIES = proxies
    assert limits.network_of(request_from(forwarded=forwarded)) == network


@pytest.mark.parametrize("header", ["HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_CLIENT_IP"])
def test_other_headers_say_nothing(settings, header):
    settings.TRUSTED_PROXIES = 1
    request = request_from(forwarded="198.51.100.9", **{header: "1.1.1.1"})
    assert limits.network_of(request) == "198.51.100.9"


# --- a key of one day --------------------------------------------------------------------------------


def test_a_place_is_the_same_all_day_and_another_the_next():
    with time_machine.travel("2026-03-02T00:00:00Z", tick=False):
        morning = limits.place_of(request_from())
    with time_machine.travel("2026-03-02T23:59:59Z", tick=False):
        assert limits.place_of(request_from()) == morning
        assert limits.place_of(request_from("203.0.113.8")) != morning
    with time_machine.travel("2026-03-03T00:00:00Z", tick=False):
        assert limits.place_of(request_from()) != morning


def test_the_key_of_a_day_is_thrown_away_with_it():
    with time_machine.travel("2026-03-02T23:59:59Z", tick=False):
        yesterdays = limits.place_of(request_from())
        limits.forget()
        assert PlaceKey.objects.count() == 1
    with time_machine.travel("2026-03-03T00:00:00Z", tick=False):
        limits.forget()
        assert PlaceKey.objects.count() == 0
        limits.place_of(request_from())
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False):
        assert limits.place_of(request_from()) != yesterdays  # nobody can compute it any more


def test_counts_are_forgotten_within_two_days():
    with time_machine.travel(NOON, tick=False) as clock:
        limits.is_pressing("place")
        limits.may_mail("somebody")
        clock.shift(timedelta(days=1))
        limits.forget()
        assert {row.since.date() for row in Pressure.objects.all()} <= {date(2026, 3, 2)}
        clock.shift(timedelta(days=1))
        limits.forget()
        assert Pressure.objects.count() == 0


def test_forgetting_keeps_what_still_counts():
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(20):
            limits.is_pressing("place")
            clock.shift(timedelta(minutes=10))
        limits.forget()
        assert limits.is_pressing("place")


def test_no_address_stands_in_the_database_after_signing(client):
    make_letter()
    client.post("/letters/asylum/sign/", sign_form(), REMOTE_ADDR="203.0.113.77")
    rows = [repr(list(table.objects.values())) for table in (Pressure, PlaceKey)]
    assert Pressure.objects.count() == 3
    for row in rows:
        assert "203.0.113" not in row
        assert "kettle.example" not in row


# --- counting ----------------------------------------------------------------------------------------


def test_a_burst_is_over_with_its_window():
    with time_machine.travel(NOON, tick=False) as clock:
        pressing = [limits.is_pressing("place") for _ in range(7)]
        assert pressing == [False] * 5 + [True] * 2
        assert not limits.is_pressing("elsewhere")
        clock.shift(timedelta(minutes=5))
        assert not limits.is_pressing("place")


def test_one_place_does_not_count_for_another():
    with time_machine.travel(NOON, tick=False):
        assert [limits.is_pressing(f"place {number}") for number in range(30)] == [False] * 30


def test_ten_mails_a_day_may_be_asked_for_and_the_next_day_again():
    with time_machine.travel(NOON, tick=False) as clock:
        assert [limits.may_mail("somebody") for _ in range(12)] == [True] * 10 + [False] * 2
        assert limits.may_mail("somebody else")
        clock.shift(timedelta(days=1))
        assert limits.may_mail("somebody")


@pytest.mark.django_db(transaction=True)
def test_forty_at_once_are_counted_as_forty_and_five_pass():
    def press():
        with transaction.atomic():  # as signing does: both windows are counted before the next one's turn
            return limits.is_pressing("place")

    with time_machine.travel(NOON, tick=False):
        outcomes = at_once(*[press] * 40)
    assert sorted(outcomes) == [False] * 5 + [True] * 35
    assert set(Pressure.objects.values_list("count", flat=True)) == {40}


@pytest.mark.django_db(transaction=True)
def test_the_first_visitors_of_a_day_share_one_key():
    outcomes = at_once(*[lambda: limits.place_of(request_from())] * 12)
    assert len(set(outcomes)) == 1
    assert len(outcomes[0]) == 64
    assert PlaceKey.objects.get().day == timezone.now().date()
