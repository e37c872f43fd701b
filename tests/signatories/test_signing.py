"""Signing writes a claim down and asks for a mail. It touches no organisation and nothing public."""

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
from signatories import signing, verification, withdrawal
from signatories.contacts import unseal
from signatories.emails import Mail
from signatories.models import Contact, Organisation, Signature
from tests.factories import (
    make_claim,
    make_contact_details,
    make_letter,
    make_organisation,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def sign(letter, name="Blue Kettle", email="amina@kettle.example", **fields):
    contact = fields.pop("contact", None) or make_contact_details(email=email)
    text = letter.texts.order_by("pk").first()
    return signing.sign(letter, text=text, claim=make_claim(name), contact=contact, **fields)


def mails_asked_for():
    return [tuple(job.args_kwargs["args"]) for job in DBTaskResult.objects.order_by("enqueued_at")]


def test_a_signature_is_written_down_as_it_was_claimed():
    letter = make_letter()
    text = letter.texts.get()
    signature = signing.sign(
        letter,
        text=text,
        claim=make_claim("بيت اللجوء", latin="Beit", country="LB", kind="ally", website="https://b.example"),
        contact=make_contact_details(role="chairperson"),
        visibility="delivered_only",
        language="ar",
        keep_contact=True,
    )
    signature.refresh_from_db()

    assert (signature.letter, signature.text, signature.organisation) == (letter, text, None)
    assert (signature.name, signature.latin, signature.country) == ("بيت اللجوء", "Beit", "LB")
    assert (signature.kind, signature.website) == ("ally", "https://b.example")
    assert (signature.status, signature.visibility) == ("unconfirmed", "delivered_only")
    assert (signature.language, signature.keep_contact, signature.channel) == ("ar", True, "form")
    assert unseal(signature.contact) == make_contact_details(role="chairperson")
    assert mails_asked_for() == [(signature.pk, "confirm")]
    event = Event.objects.get()
    assert (event.act, event.subject_id, event.by) == ("sign", signature.public_id, None)


def test_nobody_is_named_who_did_not_choose_it():
    assert sign(make_letter()).visibility == "counted_only"


def test_signing_neither_reads_nor_writes_an_organisation():
    letter = make_letter()
    organisation = make_organisation("Blue Kettle")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        sign(letter)
        sign(letter)

    assert [query for query in queries if "signatories_organisation" in query["sql"].replace("_id", "")] == []
    assert Organisation.objects.get() == organisation


def test_signing_changes_no_revision():
    letter = make_letter()
    sign(letter)
    assert Letter.objects.get().revision == letter.revision


@pytest.mark.parametrize("phase", ["draft", "closed", "grace", "archived"])
def test_a_letter_that_is_not_open_takes_no_signature(phase):
    letter = make_letter(phase=phase)
    with pytest.raises(signing.LetterNotOpen):
        sign(letter)
    assert Signature.objects.count() == Contact.objects.count() == DBTaskResult.objects.count() == 0


@pytest.mark.parametrize("phase", ["open", "gathering"])
def test_a_letter_that_gathers_or_is_open_takes_signatures(phase):
    assert sign(make_letter(phase=phase)).status == "unconfirmed"


def test_the_last_moment_counts_and_the_next_does_not():
    letter = make_letter(closes_at=timezone.now() + timedelta(hours=1))
    with time_machine.travel(letter.closes_at - timedelta(seconds=1), tick=False):
        sign(letter)
    with time_machine.travel(letter.closes_at, tick=False), pytest.raises(signing.LetterNotOpen):
        sign(letter, "Somebody else")


# --- again -------------------------------------------------------------------------------------------


def test_the_same_mailbox_signing_again_changes_nothing_and_is_mailed_again():
    letter = make_letter()
    first = sign(letter, visibility="counted_only")
    again = sign(letter, "  BLUE  kettle ", "Amina@KETTLE.example", visibility="public", language="ar")
    first.refresh_from_db()

    assert again.pk == first.pk
    assert (first.name, first.visibility, first.language) == ("Blue Kettle", "counted_only", "en")
    assert mails_asked_for() == [(first.pk, "confirm")] * 2
    assert Event.objects.filter(act="sign").count() == 1


def test_one_mailbox_signs_for_two_organisations_and_two_letters():
    letter, other = make_letter(), make_letter("other")
    signatures = {sign(letter).pk, sign(letter, "Lantern Street").pk, sign(other).pk}
    assert len(signatures) == 3


def test_two_mailboxes_sign_for_the_same_name():
    letter = make_letter()
    assert sign(letter).pk != sign(letter, email="other@kettle.example").pk


def test_a_name_a_stranger_took_first_is_not_blocked_for_its_organisation():
    letter = make_letter()
    sign(letter, email="stranger@elsewhere.example")
    assert sign(letter).status == "unconfirmed"
    assert len(mails_asked_for()) == 2


@pytest.mark.parametrize("end", [withdrawal.withdraw, withdrawal.erase])
def test_who_left_may_sign_again(end):
    letter = make_letter()
    first = sign(letter)
    end(first)
    assert sign(letter).pk != first.pk


def test_at_most_five_mails_ask_to_confirm_one_signature(settings):
    letter = make_letter()
    for _ in range(9):
        signature = sign(letter)
    signature.refresh_from_db()

    assert signature.mails_before_confirmed == settings.MAILS_BEFORE_CONFIRMED == 5
    assert len(mails_asked_for()) == 5


def test_a_mailbox_is_asked_ten_times_a_day_over_all_letters_and_then_left_alone(settings):
    letters = [make_letter(f"letter-{number}") for number in range(12)]
    with time_machine.travel("2026-03-02T10:00:00Z", tick=False):
        Letter.objects.update(opens_at=timezone.now())
        for letter in Letter.objects.all():
            sign(letter)
        assert len(mails_asked_for()) == settings.MAILS_ASKED_FOR[0] == 10
        sign(Letter.objects.first(), email="another@kettle.example")
        assert len(mails_asked_for()) == 11
    with time_machine.travel("2026-03-03T10:00:00Z", tick=False):
        sign(Letter.objects.last(), "Another house")
    assert len(mails_asked_for()) == 12
    assert Signature.objects.count() == len(letters) + 2


def test_who_has_confirmed_is_reminded_of_its_own_page_once_an_hour():
    letter = make_letter()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        signature = sign(letter)
        verification.confirm(signature, visibility="public")
        DBTaskResult.objects.all().delete()
        sign(letter)
        sign(letter)
        assert mails_asked_for() == [(signature.pk, "already_signed")]
        clock.shift(signing.REMIND_OF_PAGE_EVERY + timedelta(seconds=1))
        sign(letter)
    assert mails_asked_for() == [(signature.pk, "already_signed")] * 2


def test_a_phone_is_called_and_never_mailed():
    letter = make_letter()
    contact = make_contact_details(email="", phone="+254700000000")
    first = sign(letter, contact=contact)
    again = sign(letter, contact=contact)

    assert first.pk == again.pk
    assert first.by_phone
    assert mails_asked_for() == []
    assert list(Signature.objects.waiting_for_staff()) == [first]


# --- held after confirming, never refused ------------------------------------------------------------


def test_the_sixth_signature_from_one_place_within_minutes_is_to_be_held():
    letter = make_letter()
    with time_machine.travel("2026-03-02T10:01:00Z", tick=False):
        Letter.objects.update(opens_at=timezone.now())
        letter.refresh_from_db()
        reasons = [
            sign(letter, f"House {number}", f"house{number}@kettle.example", place="camp").hold_reason
            for number in range(7)
        ]
        elsewhere = sign(letter, "Far away", "far@away.example", place="town").hold_reason

    assert reasons == [""] * 5 + ["pressure"] * 2
    assert elsewhere == ""


def test_the_twenty_first_of_a_day_is_to_be_held_however_slowly_they_come():
    letter = make_letter()
    with time_machine.travel("2026-03-02T00:01:00Z", tick=False) as clock:
        Letter.objects.update(opens_at=timezone.now())
        letter.refresh_from_db()
        reasons = []
        for number in range(22):
            address = f"house{number}@kettle.example"
            reasons.append(sign(letter, f"House {number}", address, place="camp").hold_reason)
            clock.shift(timedelta(minutes=30))

    assert reasons == [""] * 20 + ["pressure"] * 2


def test_who_fills_in_what_people_do_not_see_is_held_after_confirming():
    letter = make_letter()
    signature = sign(letter, trapped=True)
    assert (signature.status, signature.hold_reason) == ("unconfirmed", "trap")

    assert verification.confirm(signature, visibility="public").status == "held"
    assert mails_asked_for()[-1] == (signature.pk, str(Mail.HELD))


# --- races -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_twenty_identical_forms_at_once_make_one_signature():
    letter = make_letter()

    outcomes = at_once(*[lambda: sign(letter)] * 20)

    signature = Signature.objects.get()
    assert {getattr(one, "pk", one) for one in outcomes} == {signature.pk}
    assert Contact.objects.count() == Event.objects.filter(act="sign").count() == 1
    assert set(mails_asked_for()) == {(signature.pk, "confirm")}
    assert len(mails_asked_for()) == signature.mails_before_confirmed == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [withdrawal.withdraw, withdrawal.erase])
def test_signing_again_at_the_moment_of_leaving_signs_anew(end):
    letter = make_letter()
    first = sign(letter)

    locked = threading.Event()

    def leave():
        with transaction.atomic():
            Signature.objects.select_for_update().get(pk=first.pk)
            locked.set()
            time.sleep(0.4)
            end(first)

    def sign_meanwhile():
        locked.wait(60)
        return sign(letter)

    _, again = at_once(leave, sign_meanwhile)

    assert not isinstance(again, Exception), repr(again)
    assert (again.status, again.pk != first.pk) == ("unconfirmed", True)
    assert Signature.objects.live().get() == again
