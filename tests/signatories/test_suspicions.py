"""What looks wrong: many from one place, a surge, mails that fail, names that are none; each in one query."""

from datetime import timedelta

import pytest
from django.utils import timezone

from letters.models import Event, record
from signatories import suspicions, tasks
from signatories.models import Signature
from signatories.withdrawal import erase
from tests.config.test_queries import add_signatures
from tests.factories import make_letter, make_signature

pytestmark = pytest.mark.django_db

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
HERE = "a" * 16


@pytest.fixture
def letter(db):
    return make_letter()


# --- many from one place -----------------------------------------------------------------------------------


def test_five_live_signatures_from_one_place_are_told_with_their_first_and_last(letter):
    now = timezone.now()
    statuses = ("unconfirmed", "awaiting_moderation", "held", "published", "published")
    for number, status in enumerate(statuses):
        created_at = now - number * MINUTE
        make_signature(letter, name=f"K {number}", status=status, batch=HERE, created_at=created_at)
    (found,) = suspicions.batches()
    assert (found.letter, found.letter_id, found.batch) == ("asylum", letter.pk, HERE)
    assert (found.how_many, found.first, found.last) == (5, now - 4 * MINUTE, now)


def test_four_are_no_crowd_and_what_has_ended_is_none_of_it(letter):
    for number in range(4):
        make_signature(letter, name=f"K {number}", status="held", batch=HERE)
    for status in ("rejected", "withdrawn", "superseded"):
        make_signature(letter, name=f"K {status}", status=status, batch=HERE)
    for number in range(9):
        make_signature(letter, name=f"L {number}", status="held")
    assert suspicions.batches() == []


def test_one_place_that_signs_several_letters_is_told_of_each(letter):
    other = make_letter("other")
    for where in (letter, other):
        for number in range(5 + (where == other)):
            make_signature(where, name=f"K {number}", status="held", batch=HERE)
    assert [(found.letter, found.how_many) for found in suspicions.batches()] == [("other", 6), ("asylum", 5)]
    assert [found.letter for found in suspicions.batches(letter)] == ["asylum"]


def test_after_a_week_nobody_knows_any_more_what_came_from_one_place(letter):
    old = make_signature(letter, status="held", batch=HERE, created_at=timezone.now() - 7 * DAY - MINUTE)
    young = make_signature(letter, name="Young", status="held", batch=HERE)
    tasks.do_what_is_due()
    assert {one.pk: one.batch for one in Signature.objects.all()} == {old.pk: "", young.pk: HERE}


def test_erasing_takes_the_place_away_at_once(letter):
    erase(make_signature(letter, batch=HERE))
    assert Signature.objects.get().batch == ""


# --- a surge -----------------------------------------------------------------------------------------------


def sign_at(letter, how_many, age):
    add_signatures(letter, how_many, status="unconfirmed", published_at=None, created_at=timezone.now() - age)


def test_an_hour_far_busier_than_the_day_before_is_a_surge(letter):
    sign_at(letter, 31, 10 * MINUTE)
    sign_at(letter, 24, 5 * 60 * MINUTE)
    (found,) = suspicions.surges()
    assert (found.letter, found.letter_id, found.how_many, found.mean) == ("asylum", letter.pk, 31, 1.0)


@pytest.mark.parametrize(
    ("lately", "before"),
    [(29, 0), (30, 72), (30, 74), (300, 24 * 30)],
)
def test_an_hour_like_those_before_is_none(letter, lately, before):
    sign_at(letter, lately, 10 * MINUTE)
    sign_at(letter, before, 5 * 60 * MINUTE)
    assert suspicions.surges() == []


def test_a_letter_that_was_just_opened_surges_too(letter):
    sign_at(letter, 30, 10 * MINUTE)
    assert [found.how_many for found in suspicions.surges()] == [30]


# --- mails that could not be sent ---------------------------------------------------------------------------


def fail(signature):
    record("mail_failed", kind="signature", subject=signature.public_id, letter=signature.letter)


def test_live_signatures_whose_mail_failed_are_told_once(letter):
    failed = make_signature(letter, status="unconfirmed")
    fail(failed)
    fail(failed)
    fail(make_signature(letter, name="Gone", status="withdrawn"))
    make_signature(letter, name="Reached", status="unconfirmed")
    assert suspicions.failed_mails() == [failed]


def test_a_mail_that_failed_long_ago_is_no_news(letter):
    signature = make_signature(letter, status="unconfirmed")
    Event.objects.create(
        act="mail_failed",
        subject_kind="signature",
        subject_id=signature.public_id,
        at=timezone.now() - 3 * DAY - MINUTE,
    )
    assert suspicions.failed_mails() == []


# --- names that are none -------------------------------------------------------------------------------------


def test_a_published_name_that_looks_like_none_is_told(letter):
    odd = make_signature(letter, name="Yes")
    make_signature(letter, name="Blue Kettle")
    make_signature(letter, name="test", status="awaiting_moderation")
    assert suspicions.lints() == [odd]


def test_only_the_names_published_last_are_looked_through(letter, monkeypatch):
    monkeypatch.setattr(suspicions, "LOOKED_THROUGH", 2)
    make_signature(letter, name="Yes", published_at=timezone.now() - DAY)
    make_signature(letter, name="Blue Kettle")
    make_signature(letter, name="Lantern Street")
    assert suspicions.lints() == []


# --- cost ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how_many", [0, 40])
@pytest.mark.parametrize("asked", ["batches", "surges", "failed_mails", "lints"])
def test_each_is_one_question(letter, django_assert_num_queries, asked, how_many):
    add_signatures(letter, how_many, batch=HERE)
    for signature in Signature.objects.all():
        fail(signature)
    with django_assert_num_queries(1):
        found = getattr(suspicions, asked)()
        [one.letter for one in found]
