"""The queue: what waits and for what, who is handed which case, and that nobody is handed a colleague's."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from signatories import moderation, queue
from signatories.models import Reading, Signature
from signatories.queue import Part, WaitsFor
from tests.factories import make_letter, make_proposal, make_signature, make_staff
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_staff("alice")


@pytest.fixture
def bob():
    return make_staff("bob")


def fill(letter, how_many):
    now = timezone.now()
    return [
        make_signature(
            letter,
            name=f"Kettle {number}",
            status="awaiting_moderation",
            confirmed_at=now - timedelta(hours=how_many - number),
        )
        for number in range(how_many)
    ]


def one_of_each(letter):
    """A signature for each thing there is to wait for."""
    question = {"question": "vouch_revoked", "asked_at": timezone.now()}
    return {
        WaitsFor.DECISION: make_signature(letter, name="A", status="awaiting_moderation"),
        WaitsFor.HELD: make_signature(letter, name="B", status="held", hold_reason="asked_organisation"),
        WaitsFor.CALL: make_signature(letter, name="C", status="unconfirmed", phone="+254712345678"),
        WaitsFor.SECOND: make_signature(letter, name="F", status="unconfirmed", channel="on_behalf"),
        WaitsFor.CORRECTION: make_proposal(make_signature(letter, name="D")).signature,
        WaitsFor.QUESTION: make_signature(letter, name="E", **question),
    }


# --- what waits ----------------------------------------------------------------------------------------


def test_each_part_of_the_queue_holds_what_waits_for_it_and_nothing_else():
    letter = make_letter()
    waiting = one_of_each(letter)
    make_signature(letter, name="Published")
    make_signature(letter, name="Unconfirmed", status="unconfirmed")
    assert set(queue.waiting()) == set(waiting.values())
    for need, signature in waiting.items():
        assert list(queue.waiting(Part(waits_for=need))) == [signature]
    assert set(waiting) == set(WaitsFor)


def test_a_letter_is_a_part_of_the_queue_too():
    here, there = make_letter("here"), make_letter("there")
    one_of_each(here)
    elsewhere = one_of_each(there)
    assert set(queue.waiting(Part(letter=there.pk))) == set(elsewhere.values())
    assert list(queue.waiting(Part(waits_for="held", letter=there.pk))) == [elsewhere[WaitsFor.HELD]]


def test_the_summary_counts_what_waits_by_letter_and_says_since_when():
    here, there = make_letter("here"), make_letter("there")
    first = fill(here, 3)[0]
    fill(there, 1)
    one_of_each(there)
    heaps = {(heap.slug, heap.waits_for): heap for heap in queue.summary(at_most=100)}
    assert heaps["here", WaitsFor.DECISION].count == 3
    assert heaps["here", WaitsFor.DECISION].since == first.queued_at
    assert heaps["there", WaitsFor.DECISION].count == 2
    assert heaps["there", WaitsFor.HELD].asked == 1
    assert len(heaps) == 7
    assert sum(heap.count for heap in queue.summary(at_most=4)) == 4


# --- who is handed which case ----------------------------------------------------------------------------


def test_cases_are_handed_out_the_oldest_first_and_behind_the_last_stands_the_first(alice):
    first, second, third = fill(make_letter(), 3)
    assert queue.hand_out(None, by=alice) == first.pk
    assert queue.hand_out(queue.place(first), by=alice) == second.pk
    assert queue.hand_out(queue.place(second), by=alice) == third.pk
    assert queue.hand_out(queue.place(third), by=alice) == first.pk


def test_behind_the_only_case_there_is_none(alice):
    (only,) = fill(make_letter(), 1)
    assert queue.hand_out(queue.place(only), by=alice) is None
    assert queue.hand_out(None, by=alice, apart_from=[only.pk]) is None


def test_the_place_of_a_case_is_kept_when_it_leaves_the_queue(alice):
    first, second, third = fill(make_letter(), 3)
    behind = queue.place(second)
    moderation.approve(second, by=alice)
    assert queue.hand_out(behind, by=alice) == third.pk
    moderation.approve(first, by=alice)
    moderation.approve(third, by=alice)
    assert queue.hand_out(behind, by=alice) is None


def test_of_cases_that_came_in_the_same_moment_none_is_left_out(alice):
    letter, now = make_letter(), timezone.now()
    same = [
        make_signature(letter, name=f"Kettle {number}", status="awaiting_moderation", confirmed_at=now)
        for number in range(4)
    ]
    seen = [queue.hand_out(None, by=alice)]
    for _ in range(3):
        seen.append(queue.hand_out(queue.place(Signature.objects.get(pk=seen[-1])), by=alice))
    assert seen == [one.pk for one in same]


def test_nobody_is_handed_what_a_colleague_has(alice, bob):
    first, second, third = fill(make_letter(), 3)
    assert queue.hand_out(None, by=alice) == first.pk
    assert queue.hand_out(None, by=bob) == second.pk
    assert queue.hand_out(queue.place(first), by=alice) == third.pk
    assert queue.hand_out(queue.place(second), by=bob) is None
    queue.give_back(by=alice, but=[first.pk])
    assert queue.hand_out(queue.place(second), by=bob) == third.pk


def test_a_case_stays_with_whoever_has_it_while_they_ask_again(alice, bob):
    (only,) = fill(make_letter(), 1)
    assert queue.keep(only.pk, by=alice)
    assert queue.keep(only.pk, by=alice)
    assert not queue.keep(only.pk, by=bob)
    assert Reading.objects.get().staff == alice


def test_after_two_minutes_a_colleague_may_have_it(alice, bob):
    (only,) = fill(make_letter(), 1)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        queue.keep(only.pk, by=alice)
        clock.shift(timedelta(seconds=119))
        assert not queue.keep(only.pk, by=bob)
        assert queue.hand_out(None, by=bob) is None
        clock.shift(timedelta(seconds=2))
        assert queue.hand_out(None, by=bob) == only.pk
        assert not queue.keep(only.pk, by=alice)


def test_a_colleague_who_has_a_case_is_named(alice, bob):
    (only,) = fill(make_letter(), 1)
    queue.keep(only.pk, by=alice)
    read = Signature.objects.select_related("reading__staff").get()
    assert queue.reader(read, apart_from=bob) == alice
    assert queue.reader(read, apart_from=alice) is None
    assert [reading.staff for reading in queue.being_read(apart_from=bob)] == [alice]
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert queue.reader(read, apart_from=bob) is None
        assert not queue.being_read(apart_from=bob)


# --- two at one queue --------------------------------------------------------------------------------------


def work_through(staff):
    """Decide case after case as the desk does, each with the next held ready; return what was handed out."""
    handed = []
    now = queue.hand_out(None, by=staff)
    while now is not None:
        handed.append(now)
        signature = Signature.objects.get(pk=now)
        ahead = queue.hand_out(queue.place(signature), by=staff, apart_from=[now])
        queue.give_back(by=staff, but=[one for one in (now, ahead) if one])
        moderation.approve(signature, by=staff)
        now = ahead or queue.hand_out(None, by=staff)
    queue.give_back(by=staff)
    return handed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how_many", [2, 3])
def test_of_several_who_work_through_one_queue_each_case_is_handed_to_one_and_none_is_left(how_many):
    fill(make_letter(), 40)
    staff = [make_staff(f"staff{number}") for number in range(how_many)]
    handed = at_once(*(lambda one=one: work_through(one) for one in staff))
    together = [key for keys in handed for key in keys]
    assert len(together) == len(set(together)) == 40
    assert not queue.waiting().exists()
    assert all(keys for keys in handed)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_begin_in_the_same_moment_each_is_handed_another_case():
    fill(make_letter(), 8)
    staff = [make_staff(f"staff{number}") for number in range(8)]
    handed = at_once(*(lambda one=one: queue.hand_out(None, by=one) for one in staff))
    assert len(set(handed)) == 8
