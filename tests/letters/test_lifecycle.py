"""A letter is drafted, gathers, opens, closes and is archived, at its dates and in that order."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from letters import lifecycle
from letters.models import Event, Letter
from letters.phases import Phase, phase_at
from tests.factories import make_host, make_letter, make_staff, make_text
from tests.racing import at_once

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
ACTS = {
    "gather": lifecycle.gather,
    "open": lifecycle.open_letter,
    "close": lifecycle.close_letter,
    "reopen": lifecycle.reopen_letter,
    "archive": lifecycle.archive_letter,
}
# (phase, act): the phase it leads to at once; what is not listed is refused.
LEADS_TO = {
    ("draft", "gather"): "gathering",
    ("draft", "open"): "open",
    ("gathering", "open"): "open",
    ("open", "close"): "closed",
    ("closed", "reopen"): "open",
    ("closed", "archive"): "archived",
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("phase", Phase.values)
def test_an_act_fits_some_phases_and_is_refused_in_the_others(phase, act):
    letter = make_letter(phase=phase)
    before = Letter.objects.values().get()
    if (phase, act) in LEADS_TO:
        assert ACTS[act](letter).phase == LEADS_TO[phase, act]
        assert Event.objects.get().act == act
    else:
        with pytest.raises((lifecycle.WrongPhase, lifecycle.WrongOrder)):
            ACTS[act](letter)
        assert Letter.objects.values().get() == before
        assert Event.objects.count() == 0


def test_an_act_is_written_down_with_who_did_it():
    alice, letter = make_staff(), make_letter(phase="draft")
    lifecycle.open_letter(letter, by=alice)
    event = Event.objects.get()
    assert (event.act, event.subject_kind, event.subject_id) == ("open", "letter", "asylum")
    assert (event.letter, event.by) == (letter, alice)


@pytest.mark.parametrize("act", ["gather", "open", "close"])
def test_a_letter_that_says_nothing_is_not_shown(act):
    letter = Letter.objects.create(host=make_host(), slug="silent")
    with pytest.raises(lifecycle.LetterHasNoText):
        ACTS[act](letter)
    assert Letter.objects.get().phase == Phase.DRAFT


def test_a_wrong_phase_says_which_it_is():
    with pytest.raises(lifecycle.WrongPhase) as refusal:
        lifecycle.open_letter(make_letter(phase="archived"))
    assert refusal.value.phase == Phase.ARCHIVED


def test_dates_follow_each_other():
    now = timezone.now()
    letter = make_letter(phase="gathering")
    with pytest.raises(lifecycle.WrongOrder):
        lifecycle.open_letter(letter, at=letter.gathers_at - DAY)
    letter = lifecycle.open_letter(letter, at=now + DAY)
    with pytest.raises(lifecycle.WrongOrder):
        lifecycle.close_letter(letter, at=now)
    letter = lifecycle.close_letter(letter, at=now + 3 * DAY)
    with pytest.raises(lifecycle.WrongOrder):
        lifecycle.open_letter(letter, at=now + 4 * DAY)
    assert Letter.objects.get().opens_at == now + DAY


def test_an_open_letter_is_not_archived_before_it_closes():
    letter = make_letter(closes_at=timezone.now() + 2 * DAY)
    with pytest.raises(lifecycle.WrongOrder):
        lifecycle.archive_letter(letter)
    assert lifecycle.archive_letter(letter, at=timezone.now() + 3 * DAY).phase == Phase.OPEN


def test_a_letter_that_is_to_be_archived_can_be_reopened():
    letter = make_letter(phase="closed", archived_at=timezone.now() + DAY)
    reopened = lifecycle.reopen_letter(letter)
    assert (reopened.phase, reopened.closes_at, reopened.archived_at) == (Phase.OPEN, None, None)


def test_everything_happens_at_its_date_without_anyone_being_awake():
    start = timezone.now()
    letter = lifecycle.gather(make_letter(phase="draft"), at=start + DAY)
    letter = lifecycle.open_letter(letter, at=start + 2 * DAY)
    letter = lifecycle.close_letter(letter, at=start + 3 * DAY)
    phases = []
    for days in (0, 1, 2, 3):
        with time_machine.travel(start + days * DAY, tick=False):
            phases.append(str(Letter.objects.get().phase))
    assert phases == ["draft", "gathering", "open", "closed"]


@pytest.mark.parametrize(
    ("phase", "public", "signs", "confirms"),
    [
        ("draft", False, False, False),
        ("gathering", False, True, True),
        ("open", True, True, True),
        ("grace", True, False, True),
        ("closed", True, False, False),
        ("archived", True, False, False),
    ],
)
def test_a_phase_says_who_may_read_sign_and_confirm(phase, public, signs, confirms):
    letter = make_letter(phase=phase)
    assert (letter.is_public, letter.accepts_signatures, letter.accepts_confirmations) == (
        public,
        signs,
        confirms,
    )
    assert Letter.objects.public().exists() == public
    assert Letter.objects.gathering().exists() == (phase == "gathering")


@pytest.mark.parametrize("field", ["gathers_at", "opens_at", "closes_at", "archived_at"])
def test_a_date_has_come_at_its_very_moment(field):
    now = timezone.now()
    dates = dict.fromkeys(("gathers_at", "opens_at", "closes_at", "archived_at"))
    phase = {"gathers_at": "gathering", "opens_at": "open", "closes_at": "closed", "archived_at": "archived"}
    assert phase_at(now, **{**dates, field: now}) == phase[field]
    assert phase_at(now - timedelta(microseconds=1), **{**dates, field: now}) == Phase.DRAFT


def test_a_replaced_link_is_a_dead_end_and_the_new_one_works(client):
    letter = make_letter(phase="gathering")
    old = letter.gathering_key
    new = lifecycle.replace_gathering_link(letter).gathering_key
    assert len(new) >= 22
    assert client.get(f"/g/{old}/").status_code == 404
    assert client.get(f"/g/{new}/").status_code == 200
    assert Event.objects.get().act == "replace_link"
    assert new not in repr(Event.objects.values().get())


def test_the_newest_version_of_a_text_is_read_in_its_language_or_the_original_one():
    letter = make_letter(languages=("en", "fr"))
    make_text(letter, language="fr", version=2, change="editorial", title="Mieux")
    assert letter.text_for("fr").title == "Mieux"
    assert letter.text_for("sw").language == "en"
    letter.original_language = "fr"
    assert letter.text_for("sw").title == "Mieux"


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_open_a_letter_at_once_and_one_is_told():
    letter, alice, bob = make_letter(phase="gathering"), make_staff(), make_staff("bob")
    outcomes = at_once(
        lambda: lifecycle.open_letter(letter, by=alice), lambda: lifecycle.open_letter(letter, by=bob)
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Letter", "WrongPhase"]
    assert Event.objects.filter(act="open").count() == 1


def test_a_letter_that_gathers_never_becomes_a_draft_again():
    letter = make_letter(phase="gathering")
    begun = letter.gathers_at
    with pytest.raises(lifecycle.WrongPhase):
        lifecycle.gather(letter, at=timezone.now() + DAY)
    letter.refresh_from_db()
    assert letter.gathers_at == begun
