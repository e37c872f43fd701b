"""Whom journalists ask is what the host publishes; the link before the launch is secret, replaced, ended, over."""

from datetime import time, timedelta

import pytest
import time_machine
from django.utils import timezone

from letters import lifecycle, press
from letters.lifecycle import WrongPhase
from letters.models import Event, Letter, PressContact, PressLink
from tests.factories import make_letter, make_press_contact, make_press_link, make_staff

pytestmark = pytest.mark.django_db


def events():
    return list(Event.objects.order_by("pk").values_list("act", "subject_id"))


# --- whom to ask -----------------------------------------------------------------------------------------


def test_a_contact_is_published_once_however_often_it_is_sent():
    letter = make_letter()
    first, again = (make_press_contact(letter) for _ in range(2))
    assert first == again
    assert events() == [("add_press_contact", "asylum")]
    assert Letter.objects.get().revision == letter.revision + 1


def test_a_contact_changes_with_a_new_revision_and_the_same_facts_change_nothing():
    alice, contact = make_staff(), make_press_contact(make_letter())
    asked = press.Asked(name="Night desk", phone="+254700000000", languages=["sw"])
    press.change_contact(contact, asked=asked, by=alice)
    revision = Letter.objects.get().revision
    press.change_contact(contact, asked=asked, by=alice)
    contact.refresh_from_db()
    assert (contact.name, contact.email, contact.languages) == ("Night desk", "", ["sw"])
    assert Letter.objects.get().revision == revision
    assert [act for act, _ in events()] == ["add_press_contact", "change_press_contact"]


def test_removing_a_contact_twice_is_harmless():
    alice, contact = make_staff(), make_press_contact(make_letter())
    for _ in range(2):
        press.remove_contact(contact, by=alice)
    assert not PressContact.objects.exists()
    assert [act for act, _ in events()] == ["add_press_contact", "remove_press_contact"]


def test_a_letter_has_as_many_contacts_as_a_journalist_reads(settings):
    letter = make_letter()
    for number in range(settings.PRESS_CONTACTS):
        make_press_contact(letter, name=f"Desk {number}")
    with pytest.raises(press.TooManyContacts):
        make_press_contact(letter, name="One more")


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Africa/Nairobi", "09:00–17:00 Nairobi time (06:00–14:00 UTC)"),
        ("Asia/Kathmandu", "09:00–17:00 Kathmandu time (03:15–11:15 UTC)"),
        ("Europe/Zurich", "09:00–17:00 Zurich time (08:00–16:00 UTC in January, 07:00–15:00 UTC in July)"),
        (
            "America/Sao_Paulo",
            "09:00–17:00 Sao Paulo time (12:00–20:00 UTC)",
        ),
    ],
)
def test_hours_are_said_in_their_zone_and_in_utc_of_both_halves_of_the_year(zone, said):
    """A page is kept: it must be true when the clocks have changed."""
    for day in ("2026-01-20", "2026-07-20"):
        with time_machine.travel(f"{day} 12:00Z"):
            assert press.hours(time(9), time(17), zone) == said


def test_hours_are_the_letters_own_where_the_contact_has_no_zone():
    contact = make_press_contact(make_letter(time_zone="Asia/Beirut"))
    elsewhere = make_press_contact(contact.letter, name="Elsewhere", time_zone="Africa/Kampala")
    assert (contact.zone, elsewhere.zone) == ("Asia/Beirut", "Africa/Kampala")


# --- the link before the launch --------------------------------------------------------------------------


def test_a_link_leads_to_a_letter_that_gathers():
    letter = make_letter(phase="gathering")
    link = make_press_link(letter)
    assert press.letter_behind(link.key) == letter
    assert len(link.key) >= 22  # 128 bits
    assert events() == [("make_press_link", "asylum")]


def test_the_key_is_neither_that_of_the_other_secret_link_nor_written_down():
    letter = make_letter(phase="gathering")
    link = make_press_link(letter)
    assert link.key != letter.gathering_key
    assert link.key not in repr(list(Event.objects.values())) + str(link)


def test_a_new_link_makes_the_old_one_nothing():
    letter = make_letter(phase="gathering")
    old, new = (make_press_link(letter).key for _ in range(2))
    assert PressLink.objects.count() == 1
    assert press.letter_behind(new) == letter
    with pytest.raises(press.LinkGoesNowhere):
        press.letter_behind(old)
    assert [act for act, _ in events()] == ["make_press_link", "replace_press_link"]


def test_a_link_that_was_ended_leads_nowhere_and_ending_it_twice_is_harmless():
    letter = make_letter(phase="gathering")
    link = make_press_link(letter)
    for _ in range(2):
        press.end_link(letter, by=link.by)
    with pytest.raises(press.LinkGoesNowhere):
        press.letter_behind(link.key)
    assert [act for act, _ in events()] == ["make_press_link", "end_press_link"]


def test_a_link_leads_nowhere_once_its_time_is_over_until_the_letter_is_launched():
    letter = make_letter(phase="gathering")
    link = make_press_link(letter, life=timedelta(days=2))
    with time_machine.travel(timezone.now() + timedelta(days=2, minutes=1)):
        with pytest.raises(press.LinkGoesNowhere):
            press.letter_behind(link.key)
        lifecycle.open_letter(letter)
        assert press.letter_behind(link.key) == letter


@pytest.mark.parametrize("phase", ["draft", "open", "closed", "archived"])
def test_only_a_letter_that_gathers_gets_a_link(phase):
    with pytest.raises(WrongPhase):
        make_press_link(make_letter(phase=phase))
    assert not PressLink.objects.exists()


def test_a_link_moves_no_public_number():
    letter = make_letter(phase="gathering")
    press.end_link(letter, by=make_press_link(letter).by)
    assert Letter.objects.get().revision == letter.revision
