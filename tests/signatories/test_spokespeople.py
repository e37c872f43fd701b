"""Who would speak to journalists is a number to the public, as far as it names nobody; the rest is for the host."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from letters.models import Event, Letter
from signatories import moderation, spokespeople, tasks, wall, withdrawal
from signatories.locking import SignatureEnded
from signatories.models import Contact, Signature, Spokesperson
from tests.factories import (
    make_co_contact,
    make_imported,
    make_letter,
    make_signature,
    make_spokesperson,
    make_staff,
)

pytestmark = pytest.mark.django_db


def told():
    return wall.spokespeople(Letter.objects.get())


def speakers(letter, number, *, country="KE", languages=("en",), **fields):
    for each in range(number):
        signature = make_signature(letter, name=f"{country} {each}", country=country, **fields)
        make_spokesperson(signature, languages=languages)


def test_fewer_than_a_cell_are_some():
    letter = make_letter()
    assert told() == wall.Spokespeople()
    speakers(letter, 2)
    assert (told().number, told().are_some, told().languages, told().countries) == (0, True, (), ())


def test_languages_and_countries_are_told_where_a_cell_shares_them():
    letter = make_letter()
    speakers(letter, 3, country="KE", languages=("en", "sw"))
    speakers(letter, 2, country="TV", languages=("en", "my"), visibility="counted_only")
    assert told() == wall.Spokespeople(5, are_some=True, languages=("en", "sw"), countries=("KE",))


@pytest.mark.parametrize("status", ["awaiting_moderation", "held", "rejected", "withdrawn", "to_agree_again"])
def test_only_those_that_count_are_told_of(status):
    letter = make_letter()
    speakers(letter, 3)
    Signature.objects.update(status=status, hold_reason="other", ended_at=timezone.now())
    assert told() == wall.Spokespeople()


def test_saying_so_twice_keeps_the_last_languages_and_the_first_time():
    signature = make_signature()
    first = make_spokesperson(signature, languages=["sw", "en", "en"])
    again = make_spokesperson(signature, languages=["my"])
    assert (first.languages, again.languages, again.since) == (["en", "sw"], ["my"], first.since)
    assert Event.objects.filter(act="volunteer_to_speak").count() == 1


def test_it_is_written_down_apart_from_the_case_and_without_a_name():
    signature = make_signature(name="CANARY")
    make_spokesperson(signature)
    spokespeople.step_back(signature)
    written = Event.objects.filter(subject_id=signature.public_id)
    assert {event.subject_kind for event in written} == {"spokesperson"}
    assert "CANARY" not in repr(list(Event.objects.values())) + str(Spokesperson())


@pytest.mark.parametrize("status", ["rejected", "withdrawn"])
def test_a_signature_that_has_ended_sends_nobody(status):
    with pytest.raises(SignatureEnded):
        make_spokesperson(make_signature(status=status))


def test_nobody_is_sent_who_has_not_confirmed_or_left_no_contact():
    letter = make_letter()
    for signature in (make_signature(letter, status="unconfirmed"), make_imported(letter, name="Old")):
        with pytest.raises(spokespeople.NobodyToAsk):
            make_spokesperson(signature)


def test_the_revision_moves_only_when_what_is_told_does():
    letter = make_letter()
    steps = []
    for number in range(5):
        signature = make_signature(letter, name=f"House {number}")
        make_spokesperson(signature)
        steps.append(Letter.objects.get().revision - letter.revision)
    assert steps == [1, 1, 2, 3, 4]  # some, still some, three, four, five
    withdrawal.hide(signature)  # its name goes; it still would speak
    assert told().number == 5


@pytest.mark.parametrize("leave", [withdrawal.withdraw, withdrawal.erase, spokespeople.step_back])
def test_who_leaves_is_forgotten(leave):
    signature = make_signature()
    make_spokesperson(signature)
    revision = Letter.objects.get().revision
    leave(signature)
    assert not Spokesperson.objects.exists()
    assert not told().are_some
    assert Letter.objects.get().revision > revision


def test_one_of_several_contacts_that_erases_itself_is_forgotten_and_the_number_follows():
    signature = make_signature(visibility="counted_only")
    make_co_contact(signature)
    make_spokesperson(signature)
    revision = Letter.objects.get().revision
    withdrawal.erase(signature)
    assert not Spokesperson.objects.exists()
    assert Letter.objects.get().revision > revision


def test_a_second_contact_is_known_to_the_host_and_not_counted_twice():
    signature = make_signature()
    second = make_co_contact(signature)
    for one in (signature, second):
        make_spokesperson(one)
    assert len(spokespeople.of_letter(signature.letter)) == 2
    speakers(signature.letter, 1)
    assert told().number == 0  # two organisations


def test_who_claims_an_imported_place_would_still_speak():
    letter = make_letter()
    place = make_imported(letter)
    signature = make_signature(letter, status="awaiting_moderation")
    make_spokesperson(signature, languages=["sw"])
    moderation.approve(signature, by=make_staff(), organisation=place.organisation)
    ready = Spokesperson.objects.get()
    assert (ready.contact.signature, ready.languages) == (place, ["sw"])


def test_when_contacts_are_erased_so_is_who_would_speak_and_pages_follow(settings):
    letter = make_letter(phase="closed")
    make_spokesperson(make_signature(letter))
    revision = Letter.objects.get().revision
    with time_machine.travel(letter.closes_at + settings.ERASE_CONTACTS_AFTER_CLOSING + timedelta(hours=1)):
        tasks.erase_old_contacts()
    assert not Contact.objects.exists()
    assert not Spokesperson.objects.exists()
    assert Letter.objects.get().revision == revision + 1


def test_the_host_is_told_who_stands_and_nobody_who_left():
    letter = make_letter()
    speakers(letter, 2)
    gone = make_signature(letter, name="Gone")
    make_spokesperson(gone)
    moderation.reject(gone, by=make_staff())
    assert [one.contact.signature.name for one in spokespeople.of_letter(letter)] == ["KE 0", "KE 1"]
