"""Rejecting many at once by a rule: counted first, batch by batch, stopped half-way, undone, and by many hands."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters.models import Event, Letter
from signatories import invalidation, moderation, signing, tasks, tokens, verification, withdrawal
from signatories.invalidation import InvalidationIsElsewhere, NothingToGiveBack, RuleSaysNothing
from signatories.models import (
    Contact,
    Decision,
    Invalidated,
    Invalidation,
    Organisation,
    Proposal,
    Purpose,
    Signature,
    Token,
)
from tests.browser.conftest import PROJECT, Site, wait_for
from tests.factories import (
    make_claim,
    make_contact_details,
    make_letter,
    make_organisation,
    make_proposal,
    make_rule,
    make_signature,
    make_staff,
)
from tests.racing import at_once, others_connected

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def alice(db):
    return make_staff()


@pytest.fixture
def letter(db):
    return make_letter()


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(invalidation, "BATCH", 2)


def begin(rule, by, counted=None):
    counted = invalidation.count(rule).total if counted is None else counted
    return invalidation.begin(rule, counted=counted, by=by)


def run(started):
    """Do every batch there is, without a worker."""
    for _ in range(100):
        invalidation.work_on(started.pk)
        started.refresh_from_db()
        if started.status not in invalidation.UNDER_WAY:
            return started
    raise AssertionError("it goes on and on")


def names_found(rule):
    return {signature.name for signature in invalidation.count(rule).sample}


def rejected():
    return set(Signature.objects.filter(reject_reason="invalidated").values_list("name", flat=True))


def dump():
    """Every row a rule could touch, but for events, revisions and what an invalidation writes of itself."""
    tables = (Signature, Contact, Token, Proposal, Organisation, Decision)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


# --- what a rule finds -----------------------------------------------------------------------------------


def test_a_rule_finds_what_is_live_on_its_letter_and_nothing_that_has_ended(letter):
    for status in ("unconfirmed", "awaiting_moderation", "held", "published", "rejected", "withdrawn"):
        make_signature(letter, name=f"Kettle {status}", status=status)
    make_signature(make_letter("other"), name="Kettle elsewhere")
    found = invalidation.count(make_rule(letter, name_pattern="kettle*"))
    assert found.by_status == [
        ("unconfirmed", 1),
        ("awaiting_moderation", 1),
        ("held", 1),
        ("published", 1),
    ]
    assert found.total == 4


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*crypto*", {"Crypto Now", "Best CRYPTÓ coins"}),
        ("crypto*", {"Crypto Now"}),
        ("*coins", {"Best CRYPTÓ coins"}),
        ("CRYPTO NOW", {"Crypto Now"}),
        ("crypto", set()),
        ("b*s", {"Best CRYPTÓ coins"}),
        ("*100%*", {"100% Kettle"}),
        ("*_*", set()),
        ("*مطبخ*", {"مطبخ الميناء"}),
        ("night *", {"Night Ferry"}),
        ("*%*", set()),
        (".*", set()),
        ("\\", set()),
    ],
)
def test_a_name_is_found_in_any_case_and_accent_and_a_star_is_the_only_sign_that_means_more(
    letter, pattern, found
):
    for name in (
        "Crypto Now",
        "Best CRYPTÓ coins",
        "100% Kettle",
        "مطبخ الميناء",
        "Night Ferry",
        "Nightshade",
    ):
        make_signature(letter, name=name, status="held")
    rule = make_rule(letter, name_pattern=pattern, signed_from=timezone.now() - HOUR)
    assert names_found(rule) == found


def test_a_span_of_time_has_its_beginning_and_not_its_end(letter):
    start = timezone.now() - timedelta(days=1)
    for minutes in (-1, 0, 59, 60):
        make_signature(letter, name=f"At {minutes}", created_at=start + timedelta(minutes=minutes))
    assert names_found(make_rule(letter, signed_from=start, signed_until=start + HOUR)) == {"At 0", "At 59"}


def test_a_domain_finds_mailboxes_and_websites_and_no_likeness_of_either(letter):
    make_signature(letter, name="Mailbox", email="a@mail.spam.example")
    make_signature(letter, name="Website", website="https://www.spam.example/us")
    make_signature(letter, name="Bare", website="HTTP://SPAM.example")
    make_signature(letter, name="Longer", email="a@spam.example.org", website="https://notspam.example/")
    make_signature(letter, name="Below", website="https://kettle.example/spam.example/")
    make_signature(letter, name="Dots", website="https://spamXexample/", email="a@spam-example.example")
    make_signature(letter, name="Name spam.example")
    assert names_found(make_rule(letter, domain="spam.example")) == {"Mailbox", "Website", "Bare"}


def test_a_page_on_a_host_of_many_is_found_and_its_neighbours_are_not(letter):
    make_signature(letter, name="Page", website="https://www.facebook.com/herd?ref=1")
    make_signature(letter, name="Neighbour", website="https://www.facebook.com/herder/")
    assert names_found(make_rule(letter, domain="facebook.com/herd")) == {"Page"}


def test_a_place_finds_what_came_from_it(letter):
    make_signature(letter, name="Here", batch="a" * 16)
    make_signature(letter, name="There", batch="b" * 16)
    make_signature(letter, name="Nowhere")
    assert names_found(make_rule(letter, batch="a" * 16)) == {"Here"}


def test_all_that_a_rule_says_must_be_so(letter):
    make_signature(letter, name="Crypto A", batch="a" * 16)
    make_signature(letter, name="Crypto B", batch="b" * 16)
    make_signature(letter, name="Kettle A", batch="a" * 16)
    assert names_found(make_rule(letter, name_pattern="crypto*", batch="a" * 16)) == {"Crypto A"}


@pytest.mark.parametrize("pattern", ["", "*", "* *", "***", "%", "--*"])
def test_a_rule_that_says_nothing_is_refused(letter, alice, pattern):
    make_signature(letter)
    rule = make_rule(letter, name_pattern=pattern)
    with pytest.raises(RuleSaysNothing):
        invalidation.count(rule)
    with pytest.raises(RuleSaysNothing):
        invalidation.begin(rule, counted=1, by=alice)
    assert not Invalidation.objects.exists()


def test_what_was_signed_after_the_count_is_not_touched(letter, alice):
    make_signature(letter, name="Kettle before")
    rule = make_rule(letter, name_pattern="kettle*")
    make_signature(letter, name="Kettle after")
    run(begin(rule, alice))
    assert rejected() == {"Kettle before"}


@pytest.mark.parametrize("verified", ["verified", "peer_verified"])
def test_what_belongs_to_a_verified_organisation_is_told_and_never_touched(letter, alice, verified):
    make_signature(letter, name="Kettle A", organisation=make_organisation("A", verification=verified))
    make_signature(letter, name="Kettle B", organisation=make_organisation("B", verification="doubtful"))
    make_signature(letter, name="Kettle C", status="held")
    found = invalidation.count(make_rule(letter, name_pattern="kettle*"))
    assert (found.total, found.untouched) == (2, 1)
    assert {one.name for one in found.sample} == {"Kettle B", "Kettle C"}
    run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    assert rejected() == {"Kettle B", "Kettle C"}


def test_an_organisation_that_is_verified_meanwhile_is_spared(letter, alice, small_batches):
    for number in range(6):
        make_signature(letter, name=f"Kettle {number}")
    started = begin(make_rule(letter, name_pattern="kettle*"), alice)
    invalidation.work_on(started.pk)
    last = Signature.objects.published().latest("pk")
    verification.verify(last.organisation, by=alice, verification="verified")
    assert run(started).done == 5
    assert last.name not in rejected()


def test_counting_asks_two_questions_however_much_it_finds(letter):
    for number in range(30):
        make_signature(letter, name=f"Kettle {number}", status="held")
    with CaptureQueriesContext(connection) as asked:
        found = invalidation.count(make_rule(letter, name_pattern="kettle*", domain="spam.example", batch=""))
    assert len(asked) == 2
    with CaptureQueriesContext(connection) as asked:
        found = invalidation.count(make_rule(letter, name_pattern="kettle*"))
    assert (len(asked), found.total, len(found.sample)) == (2, 30, 20)


# --- rejecting -------------------------------------------------------------------------------------------


def test_everything_found_is_rejected_and_every_history_says_why_and_by_whom(letter, alice):
    statuses = ("unconfirmed", "awaiting_moderation", "held", "published")
    signatures = [make_signature(letter, name=f"Kettle {one}", status=one) for one in statuses]
    started = run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    assert (started.status, started.counted, started.done) == ("done", 4, 4)
    assert started.ended_at is not None
    for signature in signatures:
        signature.refresh_from_db()
        assert (signature.status, signature.reject_reason) == ("rejected", "invalidated")
        assert signature.ended_at is not None
        event = Event.objects.get(subject_id=signature.public_id)
        assert (event.act, event.reason, event.by, event.letter) == ("reject", "invalidated", alice, letter)
    event = Event.objects.get(subject_kind="invalidation")
    assert (event.act, event.subject_id, event.by) == ("invalidate", started.public_id, alice)


def test_nobody_is_mailed(letter, alice, work, mailbox):
    for status in ("unconfirmed", "held", "published"):
        make_signature(letter, name=f"Kettle {status}", status=status)
    begin(make_rule(letter, name_pattern="kettle*"), alice)
    work()
    assert rejected() == {"Kettle unconfirmed", "Kettle held", "Kettle published"}
    assert mailbox.messages() == []


def test_a_mail_that_waited_says_nothing_any_more(letter, alice, work, mailbox):
    signing.sign(letter, text=letter.texts.get(), claim=make_claim("Kettle"), contact=make_contact_details())
    started = begin(make_rule(letter, name_pattern="kettle*"), alice)
    run(started)
    work()
    assert mailbox.messages() == []


def test_a_link_that_was_mailed_confirms_nothing_any_more(letter, alice, client):
    signature = make_signature(letter, status="unconfirmed")
    link = tokens.mint(signature, Purpose.CONFIRM).value
    run(begin(make_rule(letter, name_pattern="blue*"), alice))
    assert client.post(f"/s/{link}/confirm/", {"visibility": "public"}).status_code == 410


def test_names_leave_the_public_page_with_each_batch(letter, alice, client, small_batches):
    for number in range(5):
        make_signature(letter, name=f"Kettle {number}")
    started = begin(make_rule(letter, name_pattern="kettle*"), alice)
    counts, revisions = [], []
    for _ in range(3):
        invalidation.work_on(started.pk)
        counts.append(client.get("/letters/asylum/live.json").json()["organisations"])
        revisions.append(Letter.objects.get().revision)
    assert counts == [3, 1, 0]
    assert revisions == [2, 3, 4]


def test_what_the_public_never_saw_changes_no_revision(letter, alice):
    make_signature(letter, name="Kettle", status="held")
    run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    assert Letter.objects.get().revision == 1


def test_a_rule_that_finds_nothing_is_done_at_once(letter, alice):
    started = run(begin(make_rule(letter, name_pattern="nobody*"), alice))
    assert (started.status, started.done) == ("done", 0)


def test_beginning_twice_is_one(letter, alice, work):
    make_signature(letter, name="Kettle")
    rule = make_rule(letter, name_pattern="kettle*")
    assert begin(rule, alice, 1) == begin(rule, alice, 1)
    work()
    assert Invalidation.objects.get().done == 1
    assert Event.objects.filter(act="invalidate").count() == 1


def test_the_queue_carries_a_number_and_nothing_else(letter, alice):
    begin(make_rule(letter, name_pattern="*canary*", domain="canary.example"), alice)
    job = DBTaskResult.objects.get()
    assert job.args_kwargs == {"args": [Invalidation.objects.get().pk], "kwargs": {}}


def test_the_list_of_a_hundred_batches_goes_before_mails(letter, alice, small_batches, work, mailbox):
    for number in range(5):
        make_signature(letter, name=f"Kettle {number}")
    signing.sign(letter, text=letter.texts.get(), claim=make_claim("Other"), contact=make_contact_details())
    begin(make_rule(letter, name_pattern="kettle*"), alice)
    jobs = []
    while (job := DBTaskResult.objects.ready().first()) is not None:
        jobs.append(job.task_name)
        job.claim("test")
        job.task.call(*job.args_kwargs["args"])
        job.set_successful(None)
    assert jobs == [*["run_invalidation"] * 3, "send_mail"]


def test_a_decision_that_was_swept_away_cannot_be_taken_back(letter, alice, settings):
    settings.UNDO_FOR = timedelta(minutes=5)
    signature = make_signature(letter, name="Kettle", status="awaiting_moderation")
    moderation.approve(signature, by=alice)
    run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    with pytest.raises(moderation.NothingToUndo):
        moderation.undo(signature, by=alice)


# --- stopping and going on -------------------------------------------------------------------------------


def test_a_stop_is_obeyed_after_the_batch_at_hand_and_going_on_does_the_rest(letter, alice, small_batches):
    for number in range(5):
        make_signature(letter, name=f"Kettle {number}")
    started = begin(make_rule(letter, name_pattern="kettle*"), alice)
    invalidation.work_on(started.pk)
    stopped = invalidation.stop(started, by=alice)
    assert (stopped.status, stopped.done) == ("cancelled", 2)
    invalidation.work_on(started.pk)
    assert len(rejected()) == 2
    assert invalidation.go_on(started, by=alice).status == "running"
    started = run(started)
    assert (started.status, started.done, len(rejected())) == ("done", 5, 5)
    acts = Event.objects.filter(subject_kind="invalidation").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["invalidate", "stop_invalidation", "continue_invalidation"]


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        ("running", {"go_on", "undo"}),
        ("cancelled", {"stop"}),
        ("done", {"stop", "go_on"}),
        ("undoing", {"go_on", "undo"}),
        ("undone", {"stop", "go_on", "undo"}),
    ],
)
def test_what_does_not_fit_is_refused_and_says_where_it_is(letter, alice, status, refused):
    make_signature(letter, name="Kettle")
    started = run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    for act in ("stop", "go_on", "undo"):
        Invalidation.objects.update(status=status)
        if act in refused:
            with pytest.raises(InvalidationIsElsewhere) as where:
                getattr(invalidation, act)(started, by=alice)
            assert where.value.status == status
            assert Invalidation.objects.get().status == status
        else:
            getattr(invalidation, act)(started, by=alice)


# --- giving back -----------------------------------------------------------------------------------------


@pytest.fixture
def mixed(letter):
    """Signatures in every live state, with all that may hang on them."""
    signatures = {
        "unconfirmed": make_signature(letter, name="Kettle 1", status="unconfirmed"),
        "pressed": make_signature(letter, name="Kettle 2", status="unconfirmed", hold_reason="pressure"),
        "waits": make_signature(letter, name="Kettle 3", status="awaiting_moderation", batch="a" * 16),
        "held": make_signature(letter, name="Kettle 4", status="held", hold_reason="doubtful_name"),
        "phone": make_signature(letter, name="Kettle 5", status="unconfirmed", phone="+254712345678"),
        "published": make_signature(letter, name="Kettle 6"),
        "corrected": make_signature(letter, name="Kettle 7", visibility="counted_only", staff_cap="public"),
        "other": make_signature(letter, name="Lantern"),
    }
    make_proposal(signatures["corrected"])
    tokens.mint(signatures["unconfirmed"], Purpose.CONFIRM)
    return signatures


def names_page(client):
    """Return the list of names as it is read, but for the number of its revision, which only grows."""
    return re.sub(rb'(data-revision="|[?]r=)\d+', rb"\1", client.get("/letters/asylum/signatories/").content)


def test_undone_everything_is_exactly_as_it_was(letter, alice, mixed, small_batches, client):
    before, page = dump(), names_page(client)
    started = run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    assert dump() != before
    invalidation.undo(started, by=alice)
    started = run(started)
    assert (started.status, started.done, started.rows.filter(restored=False).count()) == ("undone", 0, 0)
    assert dump() == before
    assert names_page(client) == page
    assert [e.by for e in Event.objects.filter(act="restore")] == [alice] * 7


def test_what_was_stopped_half_way_is_undone_as_well(letter, alice, mixed, small_batches):
    before = dump()
    started = begin(make_rule(letter, name_pattern="kettle*"), alice)
    invalidation.work_on(started.pk)
    invalidation.stop(started, by=alice)
    invalidation.undo(started, by=alice)
    run(started)
    assert dump() == before


def test_an_undoing_that_is_stopped_can_go_either_way(letter, alice, mixed, small_batches):
    before = dump()
    started = run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    invalidation.undo(started, by=alice)
    invalidation.work_on(started.pk)
    assert invalidation.stop(started, by=alice).done == 5
    invalidation.go_on(started, by=alice)
    started = run(started)
    assert (started.status, started.done, len(rejected())) == ("done", 7, 7)
    invalidation.undo(started, by=alice)
    assert run(started).done == 0
    assert dump() == before


def test_the_colleague_who_undid_it_stands_in_every_history(letter, alice):
    bob = make_staff("bob")
    signature = make_signature(letter, name="Kettle")
    started = run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    invalidation.undo(started, by=bob)
    run(started)
    events = Event.objects.filter(subject_id=signature.public_id)
    assert [(event.act, event.by.username) for event in events] == [("restore", "bob"), ("reject", "alice")]


def test_who_has_signed_again_meanwhile_keeps_the_new_signature(letter, alice):
    organisation = make_organisation("Kettle")
    old = make_signature(letter, name="Kettle", organisation=organisation)
    make_signature(letter, name="Kettle Two")
    started = run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    new = make_signature(letter, name="Kettle", organisation=organisation)
    invalidation.undo(started, by=alice)
    started = run(started)
    assert (started.status, started.done) == ("undone", 1)
    assert [row.signature for row in invalidation.still_rejected(started)] == [old]
    assert set(letter.signatures.published().values_list("name", flat=True)) == {"Kettle", "Kettle Two"}
    assert letter.signatures.published().filter(pk=new.pk).exists()


def test_a_mailbox_that_has_signed_again_keeps_the_new_signature(letter, alice):
    contact = make_contact_details()
    text = letter.texts.get()
    first = signing.sign(letter, text=text, claim=make_claim("Kettle"), contact=contact)
    started = run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    again = signing.sign(letter, text=text, claim=make_claim("Kettle"), contact=contact)
    assert again.pk != first.pk
    with pytest.raises(NothingToGiveBack):
        invalidation.undo(started, by=alice)
    again.refresh_from_db()
    assert again.status == "unconfirmed"


def test_two_that_stood_in_each_others_place_do_not_both_come_back(letter, alice):
    """One was rejected, its organisation signed again, and the rule went on and took that one, too."""
    organisation = make_organisation("Kettle")
    old = make_signature(letter, name="Kettle", organisation=organisation)
    new = make_signature(letter, name="Kettle again", status="held")
    started = begin(make_rule(letter, name_pattern="kettle*"), alice)
    withdrawn = Signature.objects.filter(pk=new.pk)
    withdrawn.update(status="withdrawn", ended_at=timezone.now())
    invalidation.work_on(started.pk)
    withdrawn.update(
        status="published", published_at=timezone.now(), organisation=organisation, ended_at=None
    )
    Invalidation.objects.update(status="cancelled")
    invalidation.go_on(started, by=alice)
    assert run(started).done == 2
    invalidation.undo(started, by=alice)
    started = run(started)
    assert (started.status, started.done) == ("undone", 1)
    assert {one.pk for one in letter.signatures.published()} < {old.pk, new.pk}


def test_what_its_signatory_erased_stays_empty(letter, alice):
    signature = make_signature(letter, name="Kettle")
    make_signature(letter, name="Kettle Two")
    started = run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    withdrawal.erase(signature)
    invalidation.undo(started, by=alice)
    started = run(started)
    signature.refresh_from_db()
    assert (started.done, signature.status, signature.name) == (1, "rejected", "")


def test_after_thirty_days_nothing_is_given_back_and_nothing_says_which_they_were(letter, alice):
    signature = make_signature(letter, name="Kettle", batch="a" * 16)
    started = run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    until = invalidation.returnable_until(started)
    assert until == Signature.objects.get().ended_at + timedelta(days=30)
    with time_machine.travel(until - timedelta(seconds=1), tick=False):
        tasks.do_what_is_due()
        assert invalidation.returnable_until(started) == until
    with time_machine.travel(until + timedelta(seconds=1), tick=False):
        tasks.do_what_is_due()
        signature.refresh_from_db()
        assert (signature.name, signature.status) == ("", "rejected")
        assert invalidation.returnable_until(started) is None
        with pytest.raises(NothingToGiveBack):
            invalidation.undo(started, by=alice)
        assert not Contact.objects.exists()
    with time_machine.travel(until + timedelta(minutes=1)):
        tasks.do_what_is_due()
    assert not Invalidated.objects.exists()
    assert Invalidation.objects.get().done == 1


def test_what_is_given_back_in_time_is_not_erased(letter, alice):
    make_signature(letter, name="Kettle")
    started = run(begin(make_rule(letter, name_pattern="kettle*"), alice))
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        invalidation.undo(started, by=alice)
        run(started)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        tasks.do_what_is_due()
    assert Signature.objects.get().status == "published"


@pytest.mark.django_db(transaction=True)
def test_what_is_given_back_in_the_moment_it_would_be_erased_stays():
    signature = make_signature(status="rejected", ended_at=timezone.now() - timedelta(days=31))

    given_back = threading.Event()

    def give_back():
        with transaction.atomic():
            Signature.objects.filter(pk=signature.pk).update(
                status="held", hold_reason="other", ended_at=None
            )
            given_back.set()
            time.sleep(0.4)

    def erase():
        given_back.wait(60)
        tasks.erase_rejected()

    assert at_once(give_back, erase) == [None, None]
    signature.refresh_from_db()
    assert (signature.status, signature.name, signature.erased_at) == ("held", "Blue Kettle", None)


# --- how far it has come ---------------------------------------------------------------------------------


def test_progress_tells_how_far_and_how_fast_both_ways(letter, alice, small_batches):
    for number in range(4):
        make_signature(letter, name=f"Kettle {number}")
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        started = begin(make_rule(letter, name_pattern="kettle*"), alice)
        clock.shift(1)
        invalidation.work_on(started.pk)
        started.refresh_from_db()
        shown = invalidation.progress(started)
        assert (shown.done, shown.of, shown.tens) == (2, 4, 50)
        assert (shown.per_second, shown.seconds_left) == (2.0, 1)
        run(started)
        assert invalidation.progress(started).tens == 100
        invalidation.undo(started, by=alice)
        clock.shift(1)
        invalidation.work_on(started.pk)
        started.refresh_from_db()
        shown = invalidation.progress(started)
        assert (shown.done, shown.of, shown.seconds_left) == (2, 4, 1)


# --- by many hands ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_reject_everything_once(small_batches):
    letter, alice = make_letter(), make_staff()
    for number in range(20):
        make_signature(letter, name=f"Kettle {number}", status="held")
    started = begin(make_rule(letter, name_pattern="kettle*"), alice)

    def work_off():
        for _ in range(20):
            invalidation.work_on(started.pk)

    assert at_once(work_off, work_off, work_off) == [None] * 3
    started = run(started)
    assert (started.status, started.done, len(rejected())) == ("done", 20, 20)
    assert Event.objects.filter(act="reject").count() == Invalidated.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_what_a_colleague_has_open_is_left_for_the_next_batch():
    letter, alice = make_letter(), make_staff()
    one, two = (make_signature(letter, name=f"Kettle {number}", status="held") for number in range(2))
    started = begin(make_rule(letter, name_pattern="kettle*"), alice)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM signatories_signature WHERE id = %s FOR UPDATE", [one.pk])
        assert at_once(lambda: invalidation.work_on(started.pk)) == [None]
        cursor.execute("COMMIT")
    started.refresh_from_db()
    assert (started.status, started.done, rejected()) == ("running", 1, {two.name})
    assert run(started).done == 2


@pytest.mark.django_db(transaction=True)
def test_moderators_go_on_deciding_meanwhile_and_nobody_waits_in_a_circle(small_batches):
    letter, alice = make_letter(), make_staff()
    waiting = [
        make_signature(letter, name=f"Kettle {number}", status="awaiting_moderation") for number in range(12)
    ]
    started = begin(make_rule(letter, name_pattern="kettle*"), alice)

    def decide():
        for signature in reversed(waiting):
            try:
                moderation.approve(signature, by=alice)
            except moderation.NotAwaitingModeration:
                continue

    def work_off():
        for _ in range(12):
            invalidation.work_on(started.pk)

    assert at_once(decide, work_off) == [None, None]
    run(started)
    assert set(Signature.objects.values_list("status", flat=True)) == {"rejected"}
    assert Signature.objects.filter(reject_reason="invalidated").count() == 12


# --- with a real worker ----------------------------------------------------------------------------------


def make_many(letter, how_many):
    """Add as many signatures with their organisations and contacts, in a moment."""
    published = make_signature(letter, name="Herd 0")
    held = make_signature(letter, name="Herd 1", status="held", hold_reason="pressure")
    make_signature(letter, name="Lantern Street")
    with connection.cursor() as cursor:
        _copy(cursor, Organisation, published.organisation_id, how_many // 2 - 1)
        organisations = f"SELECT id FROM signatories_organisation ORDER BY id DESC LIMIT {how_many // 2 - 1}"
        _copy(cursor, Signature, published.pk, how_many // 2 - 1, organisation_id=organisations)
        _copy(cursor, Signature, held.pk, how_many - how_many // 2 - 1)
        cursor.execute("ANALYZE signatories_signature")


def _copy(cursor, model, pk, times, *, organisation_id=""):
    """Copy a row that often, each copy with a public id, and where it asks for one an organisation, of its own."""
    table = model._meta.db_table
    columns = [
        field.column
        for field in model._meta.concrete_fields
        if not field.generated and field.column not in ("id", "public_id", "dedupe_key", "organisation_id")
    ]
    own = ", organisation_id" if organisation_id else ""
    theirs = ", given.id" if organisation_id else ""
    source = f"({organisation_id}) AS given" if organisation_id else f"generate_series(1, {times}) AS given"
    cursor.execute(
        f"INSERT INTO {table} (public_id, {', '.join(columns)}{own}) "
        f"SELECT substr(md5(random()::text), 1, 16), {', '.join(f'row.{c}' for c in columns)}{theirs} "
        f"FROM {table} AS row, {source} WHERE row.id = %s",
        [pk],
    )


@pytest.fixture
def worker(transactional_db, tmp_path):
    """Starts workers as in production, and ends them."""
    processes = []
    environment = Site(tmp_path).environment(tmp_path)

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
    assert "Traceback" not in (tmp_path / "worker.log").read_text()


def status_of(started):
    started.refresh_from_db()
    return started.status


@pytest.mark.django_db(transaction=True)
def test_five_thousand_are_counted_rejected_half_way_and_given_back(worker, client):
    letter, alice = make_letter(), make_staff()
    make_many(letter, 5_000)
    before, live = dump(), client.get("/letters/asylum/live.json").json()
    assert live["organisations"] == 2_501
    rule = make_rule(letter, name_pattern="herd*")
    found = invalidation.count(rule)
    assert found.by_status == [("held", 2_500), ("published", 2_500)]

    worker()
    started = begin(rule, alice)
    seen = set()

    def half_way():
        started.refresh_from_db()
        seen.add(started.done)
        return started.done >= 1_000

    wait_for(half_way, patience=90, every=0.02)
    stopped = invalidation.stop(started, by=alice)
    assert 1_000 <= stopped.done < 5_000, sorted(seen)
    assert len(seen) > 1
    time.sleep(0.5)
    started.refresh_from_db()
    assert (started.status, started.done) == ("cancelled", stopped.done)
    assert len(rejected()) > 0
    assert (
        Signature.objects.filter(reject_reason="invalidated").count() == started.rows.count() == started.done
    )

    invalidation.undo(started, by=alice)
    wait_for(lambda: status_of(started) == "undone", patience=90)
    assert started.done == 0
    assert dump() == before
    assert client.get("/letters/asylum/live.json").json()["organisations"] == 2_501
    acts = Event.objects.filter(subject_kind="signature")
    assert acts.filter(act="reject").count() == acts.filter(act="restore").count() == stopped.done


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_loses_one_batch_at_most_and_another_goes_on(worker):
    letter, alice = make_letter(), make_staff()
    make_many(letter, 4_000)
    before = dump()
    started = begin(make_rule(letter, name_pattern="herd*"), alice)
    before_it = others_connected()
    first = worker()
    wait_for(lambda: (started.refresh_from_db(), started.done >= 400)[1], patience=90, every=0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.wait(60)
    wait_for(lambda: not others_connected() - before_it, patience=90)  # until the database has noticed
    started.refresh_from_db()
    assert started.status == "running"
    assert (
        Signature.objects.filter(reject_reason="invalidated").count() == started.rows.count() == started.done
    )
    assert started.done % invalidation.BATCH == 0
    # Its last job may be lost with it; ten minutes later, that is put back.
    DBTaskResult.objects.running().update(started_at=timezone.now() - timedelta(minutes=11))
    worker()
    wait_for(lambda: status_of(started) == "done", patience=90)
    assert (started.done, started.rows.count()) == (4_000, 4_000)
    assert not Signature.objects.live().filter(name__startswith="Herd").exists()
    invalidation.undo(started, by=alice)
    wait_for(lambda: status_of(started) == "undone", patience=90)
    assert dump() == before
