"""A workshop's code lifts the limit of a place for so many, for so long; it lets nobody past anything else."""

import hashlib
import re
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from letters import lifecycle, revision
from letters.models import Event, Letter
from signatories import moderation, qr, signing, suspicions, tasks, verification, withdrawal, workshops
from signatories.models import Pressure, Signature, Workshop
from signatories.workshops import AlreadyMade, CodeUnknown, WorkshopOver
from tests.crawling import crawl
from tests.factories import (
    enter,
    make_claim,
    make_contact_details,
    make_letter,
    make_member,
    make_signature,
    make_staff,
    make_workshop,
    sign_form,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db

NOON = "2026-03-02T12:00:00Z"
PLACE = "a" * 64


def sign(letter, number=0, *, workshop=None, place=PLACE, **fields):
    """Sign from one place, each time for another organisation."""
    return signing.sign(
        letter,
        text=letter.texts.first(),
        claim=make_claim(f"Kettle {number}"),
        contact=make_contact_details(f"kettle{number}@kettle.example"),
        workshop=workshop,
        place=place,
        **fields,
    )


def post(client, address, number=0):
    who = {"organisation": f"Kettle {number}", "contact_email": f"kettle{number}@kettle.example"}
    return client.post(address, sign_form(**who))


def words_of(answer):
    return " ".join(BeautifulSoup(answer.content, "html.parser").get_text(" ").split())


# --- the code ----------------------------------------------------------------------------------------------


def test_a_code_has_more_than_128_bits_and_none_of_it_is_stored():
    opened = make_workshop(make_letter())
    assert re.fullmatch("[abcdefghjkmnpqrstuvwxyz23456789]{28}", opened.code)
    assert 31**28 > 2**128
    row = repr(Workshop.objects.values().get()) + repr(list(Event.objects.values()))
    assert opened.code not in row
    assert opened.workshop.code_digest == hashlib.sha256(f"workshop\0{opened.code}".encode()).hexdigest()


def test_no_two_codes_are_alike():
    letter = make_letter()
    assert len({make_workshop(letter).code for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "typed", [str, str.upper, workshops.grouped, lambda code: f" {code[:9]} – {code[9:]} "]
)
def test_a_code_opens_its_workshop_however_it_is_typed(typed):
    opened = make_workshop(make_letter())
    assert workshops.find(typed(opened.code)) == opened.workshop


@pytest.mark.parametrize("typed", ["", "guessed", "0" * 28, "\ud800", "x" * 100_000, "é" * 28])
def test_what_is_no_code_opens_nothing(typed):
    make_workshop(make_letter())
    with pytest.raises(CodeUnknown):
        workshops.find(typed)


def test_a_new_code_makes_the_old_one_worthless():
    opened = make_workshop(make_letter())
    renewed = workshops.renew_code(opened.workshop, by=make_staff("bob"))
    assert workshops.find(renewed.code) == opened.workshop
    with pytest.raises(CodeUnknown):
        workshops.find(opened.code)


def test_a_workshop_ends_with_its_days():
    with time_machine.travel(NOON, tick=False) as clock:
        opened = make_workshop(make_letter())
        clock.shift(timedelta(days=14) - timedelta(seconds=1))
        assert workshops.find(opened.code)
        clock.shift(1)
        with pytest.raises(WorkshopOver):
            workshops.find(opened.code)
        with pytest.raises(WorkshopOver):
            workshops.renew_code(opened.workshop, by=make_staff("bob"))


def test_stopping_twice_keeps_the_first_time_and_is_written_down_once():
    opened, alice = make_workshop(make_letter()), make_staff("bob")
    first = workshops.stop(opened.workshop, by=alice).stopped_at
    assert workshops.stop(opened.workshop, by=alice).stopped_at == first
    with pytest.raises(WorkshopOver):
        workshops.find(opened.code)
    events = Event.objects.filter(subject_kind="workshop").order_by("pk").values_list("act", flat=True)
    assert list(events) == ["open_workshop", "stop_workshop"]


def test_one_form_makes_one_workshop():
    letter = make_letter()
    make_workshop(letter, public_id="0" * 16)
    with pytest.raises(AlreadyMade):
        make_workshop(letter, public_id="0" * 16)
    assert Workshop.objects.count() == Event.objects.filter(act="open_workshop").count() == 1


def test_the_database_gives_no_place_that_is_not_there():
    workshop = make_workshop(make_letter(), places=2).workshop
    with (
        pytest.raises(IntegrityError, match="a_workshop_gives_no_place_it_has_not_got"),
        transaction.atomic(),
    ):
        Workshop.objects.filter(pk=workshop.pk).update(taken=3)


# --- places ------------------------------------------------------------------------------------------------


def test_thirty_sign_from_one_place_and_the_next_is_held_as_anybody():
    letter = make_letter()
    workshop = make_workshop(letter).workshop
    with time_machine.travel(timezone.now(), tick=False):
        signed = [sign(letter, number, workshop=workshop) for number in range(36)]
    assert [one.hold_reason for one in signed] == [""] * 35 + ["pressure"]
    assert [one.workshop for one in signed] == [workshop] * 30 + [None] * 6
    assert Workshop.objects.get().taken == 30


def test_without_the_code_the_sixth_is_held():
    with time_machine.travel(NOON, tick=False):
        letter = make_letter()
        make_workshop(letter)
        assert [sign(letter, number).hold_reason for number in range(6)] == [""] * 5 + ["pressure"]


def test_a_workshop_spends_nothing_of_its_places_own_limit():
    letter = make_letter()
    workshop = make_workshop(letter).workshop
    for number in range(10):
        sign(letter, number, workshop=workshop)
    assert not Pressure.objects.filter(place=PLACE).exists()


@pytest.mark.django_db(transaction=True)
def test_of_forty_at_once_thirty_find_a_place():
    letter = make_letter()
    workshop = make_workshop(letter).workshop
    with time_machine.travel(timezone.now(), tick=False):
        outcomes = at_once(
            *[lambda number=number: sign(letter, number, workshop=workshop) for number in range(40)]
        )
    assert all(isinstance(one, Signature) for one in outcomes), outcomes
    assert Signature.objects.filter(workshop=workshop).count() == 30
    assert Signature.objects.count() == 40
    assert Workshop.objects.get().taken == 30
    # Of the ten without a place the ordinary limit lets five pass.
    assert Signature.objects.filter(hold_reason="pressure").count() == 5


def test_signing_twice_takes_one_place():
    letter = make_letter()
    workshop = make_workshop(letter).workshop
    first = sign(letter, workshop=workshop)
    assert sign(letter, workshop=workshop) == first
    assert Workshop.objects.get().taken == 1


def test_signing_again_with_a_code_takes_no_place_for_who_signed_without():
    letter = make_letter()
    first = sign(letter)
    again = sign(letter, workshop=make_workshop(letter).workshop)
    assert (again, again.workshop) == (first, None)
    assert Workshop.objects.get().taken == 0


@pytest.mark.parametrize("why", ["stopped", "over", "another letter's"])
def test_a_code_that_ended_while_the_form_was_filled_in_costs_no_signature(why):
    letter = make_letter()
    workshop = make_workshop(make_letter("other") if why == "another letter's" else letter).workshop
    if why == "stopped":
        workshops.stop(workshop, by=make_staff("bob"))
    if why == "over":
        Workshop.objects.update(good_until=timezone.now())
    assert sign(letter, workshop=workshop).workshop is None
    assert Workshop.objects.get().taken == 0


def test_a_code_lets_nobody_past_confirming_moderating_or_the_trap():
    letter = make_letter()
    workshop = make_workshop(letter).workshop
    one, trapped = sign(letter, 1, workshop=workshop), sign(letter, 2, workshop=workshop, trapped=True)
    assert (one.status, one.by_phone) == ("unconfirmed", False)
    assert verification.confirm(one, visibility="public").status == "awaiting_moderation"
    assert verification.confirm(trapped, visibility="public").status == "held"


def test_who_has_no_mail_signs_by_phone(client):
    letter = make_letter()
    opened = make_workshop(letter)
    answer = client.post(
        f"/w/{opened.code}/sign/", sign_form(contact_email="", contact_phone="+254700000000")
    )
    assert answer.status_code == 303
    assert Signature.objects.get().by_phone
    assert Signature.objects.get().workshop == opened.workshop


# --- the pages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["open", "gathering"])
@pytest.mark.parametrize("language", ["", "/ar"])
def test_the_code_leads_to_the_letter_its_form_and_the_next_organisation(client, phase, language):
    letter = make_letter(phase=phase, languages=("en", "ar"))
    code = make_workshop(letter).code
    page = client.get(f"{language}/w/{code}/")
    assert letter.text_for(language[1:] or "en").title in page.content.decode()
    assert "noindex" in page["X-Robots-Tag"]
    form = f"{language}/w/{code}/sign/"
    assert form in page.content.decode()
    assert client.get(form).status_code == 200
    answer = post(client, form)
    assert (answer.status_code, answer["Location"]) == (303, f"{form}sent/")
    sent = client.get(answer["Location"]).content.decode()
    assert f'href="{form}"' in sent
    assert Signature.objects.get().workshop_id == Workshop.objects.get().pk
    assert not client.cookies


def test_the_code_survives_an_error_and_another_language(client):
    code = make_workshop(make_letter(languages=("en", "ar"))).code
    answer = client.post(f"/w/{code}/sign/", {})
    assert answer.status_code == 422
    soup = BeautifulSoup(answer.content, "html.parser")
    assert soup.select_one("form").get("action") is None  # back to the same address
    links = {link["hreflang"]: link["href"] for link in soup.select("nav a[hreflang]")}
    assert links["ar"] == f"/ar/w/{code}/sign/"
    assert client.get(links["ar"]).status_code == 200


def test_what_another_site_sends_is_shown_again(client):
    code = make_workshop(make_letter()).code
    answer = client.post(f"/w/{code}/sign/", sign_form(), headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "amina@kettle.example" in answer.content.decode()
    assert not Signature.objects.exists()


def test_the_secret_address_of_a_letter_is_not_told_by_a_code(client):
    letter = make_letter(phase="gathering")
    code = make_workshop(letter).code
    for page in (f"/w/{code}/", f"/w/{code}/sign/", f"/w/{code}/sign/sent/"):
        assert letter.gathering_key not in client.get(page).content.decode()


def test_a_launch_between_form_and_signature_changes_nothing(client):
    letter = make_letter(phase="gathering")
    code = make_workshop(letter).code
    assert client.get(f"/w/{code}/sign/").status_code == 200
    lifecycle.open_letter(letter)
    assert post(client, f"/w/{code}/sign/").status_code == 303
    assert Signature.objects.get().workshop_id


def test_the_mailed_code_is_typed_where_one_signed(client, work, mailbox):
    code = make_workshop(make_letter()).code
    post(client, f"/w/{code}/sign/")
    work()
    typed = {"contact_email": "kettle0@kettle.example", "code": mailbox.code_to("kettle0@kettle.example")}
    answer = client.post(f"/w/{code}/sign/sent/", typed)
    assert answer.status_code == 303
    assert "/confirm/" in answer["Location"]


def test_a_full_workshop_says_so_and_lets_sign_in_the_ordinary_way(client):
    code = make_workshop(make_letter(), places=1).code
    post(client, f"/w/{code}/sign/")
    page = client.get(f"/w/{code}/")
    assert page.status_code == 200
    assert "All places of this workshop are taken." in words_of(page)
    assert post(client, f"/w/{code}/sign/", 2).status_code == 303
    assert Signature.objects.get(name="Kettle 2").workshop is None


# --- codes that open nothing -------------------------------------------------------------------------------


def codes_that_open_nothing():
    """A code of each kind, beside one that was never made."""
    letter, secret = make_letter("ended"), make_letter("secret", phase="gathering", title="Nobody knows")
    stopped, over, old = (make_workshop(letter) for _ in range(3))
    hidden = make_workshop(secret)
    draft = make_workshop(make_letter("draft", phase="draft", title="Not even begun"))
    for one in (stopped, hidden):
        workshops.stop(one.workshop, by=make_staff(f"bob{one.workshop.pk}"))
    Workshop.objects.filter(pk=over.workshop.pk).update(good_until=timezone.now())
    workshops.renew_code(old.workshop, by=make_staff("bob"))
    return ["guessed" * 4, *(one.code for one in (stopped, over, old, hidden, draft))]


def test_every_code_that_opens_nothing_is_answered_alike(client):
    codes = codes_that_open_nothing()
    for page in ("", "sign/", "sign/sent/"):
        answers = [client.get(f"/w/{code}/{page}") for code in codes]
        assert {answer.status_code for answer in answers} == {404}
        told = {
            answer.content.decode().replace(code, "") for answer, code in zip(answers, codes, strict=True)
        }
        assert len(told) == 1
        assert "This code opens nothing" in told.pop()


def test_who_is_told_that_a_code_opens_nothing_is_told_how_to_sign_all_the_same(client):
    page = client.get("/w/guessed/")
    assert "You can sign without a code, too." in words_of(page)
    assert BeautifulSoup(page.content, "html.parser").select_one('main a[href="/"]')
    assert "no-store" in page["Cache-Control"]


def test_what_was_typed_before_a_code_ended_goes_on_to_the_public_form(client):
    opened = make_workshop(make_letter())
    workshops.stop(opened.workshop, by=make_staff("bob"))
    answer = post(client, f"/w/{opened.code}/sign/")
    assert (answer.status_code, answer["Location"]) == (307, "/letters/asylum/sign/")
    assert post(client, answer["Location"]).status_code == 303
    assert Signature.objects.get().workshop is None


def test_a_stopped_code_of_a_secret_letter_signs_nothing(client):
    opened = make_workshop(make_letter(phase="gathering"))
    workshops.stop(opened.workshop, by=make_staff("bob"))
    assert post(client, f"/w/{opened.code}/sign/").status_code == 404
    assert not Signature.objects.exists()


def test_who_signed_in_time_confirms_in_time(client, work, mailbox):
    opened = make_workshop(make_letter())
    post(client, f"/w/{opened.code}/sign/")
    work()
    workshops.stop(opened.workshop, by=make_staff("bob"))
    typed = {"contact_email": "kettle0@kettle.example", "code": mailbox.code_to("kettle0@kettle.example")}
    assert client.post(f"/w/{opened.code}/sign/sent/", typed).status_code == 303


def test_a_closed_letter_says_that_signing_has_ended(client):
    letter = make_letter()
    code = make_workshop(letter).code
    lifecycle.close_letter(letter)
    for answer in (
        client.get(f"/w/{code}/"),
        client.get(f"/w/{code}/sign/"),
        post(client, f"/w/{code}/sign/"),
    ):
        assert answer.status_code == 410
        assert "Signing has ended" in words_of(answer)
    assert not Signature.objects.exists()


def test_guessing_is_slowed_for_the_place_it_comes_from_and_for_nobody_else():
    code = make_workshop(make_letter()).code
    guesser, elsewhere = Client(REMOTE_ADDR="203.0.113.7"), Client(REMOTE_ADDR="203.0.113.8")
    with time_machine.travel(NOON, tick=False) as clock:
        Workshop.objects.update(good_until=timezone.now() + timedelta(days=1))
        Letter.objects.update(opens_at=timezone.now() - timedelta(days=1))
        revision.forget()
        answers = [guesser.get(f"/w/guess-{number}/").status_code for number in range(22)]
        assert answers == [404] * 20 + [429] * 2
        assert guesser.get(f"/w/{code}/").status_code == 429
        assert "In a minute you can try again." in words_of(guesser.get(f"/w/{code}/"))
        assert elsewhere.get(f"/w/{code}/").status_code == 200
        clock.shift(timedelta(minutes=1))
        assert guesser.get(f"/w/{code}/").status_code == 200


def test_a_room_that_types_right_is_never_slowed(client):
    code = make_workshop(make_letter()).code
    assert {client.get(f"/w/{code}/").status_code for _ in range(30)} == {200}


# --- at the desk -------------------------------------------------------------------------------------------


@pytest.fixture
def desk(client):
    return enter(client, make_member("mo", "Moderator"))


def address_of(letter):
    return f"/admin/letters/letter/{letter.pk}/workshops/"


def form_of(desk, letter, **fields):
    page = BeautifulSoup(desk.get(address_of(letter)).content, "html.parser")
    hidden = page.select_one("[name=public_id]")["value"]
    return {"label": "Kakuma room 3", "places": "12", "days": "3", "public_id": hidden, **fields}


def code_on(sheet):
    shown = BeautifulSoup(sheet.content, "html.parser").select_one(".sheet-address b").get_text()
    assert re.fullmatch("([a-z2-9]{4}-){6}[a-z2-9]{4}", shown)
    return shown


def test_a_code_is_made_and_its_sheet_shown_once(desk):
    letter = make_letter(languages=("en", "ar"))
    form = form_of(desk, letter)
    sheet = desk.post(address_of(letter), form)
    assert sheet.status_code == 200
    assert "no-store" in sheet["Cache-Control"]
    workshop = Workshop.objects.get()
    assert (workshop.label, workshop.places, workshop.by.username) == ("Kakuma room 3", 12, "mo")
    assert timedelta(days=2, hours=23) < workshop.good_until - timezone.now() <= timedelta(days=3)
    code = code_on(sheet)
    assert workshops.find(code) == workshop
    assert code not in desk.get(address_of(letter)).content.decode()
    plain = code.replace("-", "")
    assert (
        qr.drawing(f"http://127.0.0.1:8000/w/{plain}/", label="").partition("<path")[2]
        in sheet.content.decode()
    )
    assert Client().get(f"/w/{code}/").status_code == 200


def test_the_sheet_speaks_the_letters_languages_and_carries_no_label(desk):
    letter = make_letter(languages=("ar", "en", "am"), original_language="ar")
    sheet = BeautifulSoup(desk.post(address_of(letter), form_of(desk, letter)).content, "html.parser")
    paper = sheet.select_one(".sheet")
    assert "Kakuma" not in paper.get_text()
    assert [(part["lang"], part["dir"], len(part.select("li"))) for part in paper.select("section")] == [
        ("ar", "rtl", 4),
        ("am", "ltr", 0),
        ("en", "ltr", 4),
    ]
    assert paper.select_one("svg.qr")
    assert paper.select_one(".sheet-address span").get_text() == "127.0.0.1:8000/ar/w/"


def test_a_form_sent_twice_makes_one_workshop_and_says_so(desk):
    letter = make_letter()
    form = form_of(desk, letter)
    desk.post(address_of(letter), form)
    answer = desk.post(address_of(letter), form, follow=True)
    assert "That was sent twice, and made once." in words_of(answer)
    assert Workshop.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": ""},
        {"label": "\u200b \u200e"},
        {"label": "x" * 81},
        {"places": "0"},
        {"places": "101"},
        {"places": "many"},
        {"days": "0"},
        {"days": "32"},
        {"public_id": "x"},
        {"public_id": ""},
    ],
)
def test_a_form_that_makes_no_sense_makes_nothing(desk, wrong):
    letter = make_letter()
    answer = desk.post(address_of(letter), form_of(desk, letter, **wrong))
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert not Workshop.objects.exists()


def test_the_list_tells_how_far_each_code_is(desk):
    letter = make_letter()
    opened = make_workshop(letter, places=2)
    sign(letter, 1, workshop=opened.workshop)
    assert "1 of 2 places taken, 1 left" in words_of(desk.get(address_of(letter)))
    sign(letter, 2, workshop=opened.workshop)
    assert "full" in words_of(desk.get(address_of(letter)))
    workshops.stop(opened.workshop, by=make_staff("bob"))
    page = desk.get(address_of(letter))
    assert "stopped" in words_of(page)
    assert "act_on" not in page.content.decode()
    assert not BeautifulSoup(page.content, "html.parser").select("[value=stop]")


def test_a_new_code_and_a_stop_are_buttons(desk):
    letter = make_letter()
    opened = make_workshop(letter)
    act = f"/admin/workshops/{opened.workshop.public_id}/act/"
    code = code_on(desk.post(act, {"act": "renew"}))
    assert workshops.find(code) == opened.workshop
    answer = desk.post(act, {"act": "stop"}, follow=True)
    assert "Nobody signs with its code any more." in words_of(answer)
    assert "This workshop is over." in words_of(desk.post(act, {"act": "renew"}, follow=True))
    desk.post(act, {"act": "something"})
    assert desk.get(act).status_code == 405
    assert desk.post("/admin/workshops/nowhere/act/", {"act": "stop"}).status_code == 404


@pytest.mark.parametrize("role", ["Editor", "Data officer"])
def test_other_roles_make_and_stop_nothing(client, role):
    letter = make_letter()
    opened = make_workshop(letter)
    enter(client, make_member("ed", role))
    form = {"label": "Mine", "places": "3", "days": "3", "public_id": "0" * 16}
    assert client.get(address_of(letter)).status_code == 403
    assert client.post(address_of(letter), form).status_code == 403
    for act in ("stop", "renew"):
        address = f"/admin/workshops/{opened.workshop.public_id}/act/"
        assert client.post(address, {"act": act}).status_code == 403
    assert workshops.find(opened.code)
    assert Workshop.objects.count() == 1


def in_one_room(letter, how_many=7):
    """As many as make a place suspicious, all confirmed, all of one workshop."""
    workshop = make_workshop(letter).workshop
    signed = [sign(letter, number, workshop=workshop) for number in range(how_many)]
    for one in signed:
        verification.confirm(one, visibility="public")
    return workshop, signed


def test_the_queue_and_the_case_name_the_room_and_do_not_warn_of_the_place(desk):
    letter = make_letter()
    workshop, signed = in_one_room(letter)
    assert "Kakuma room 3 , 7 of 30" in words_of(desk.get("/admin/signatories/signature/"))
    case = desk.get(f"/admin/signatories/signature/{signed[0].pk}/change/")
    assert "Signed at a workshop: Kakuma room 3 , 7 of 30" in words_of(case)
    assert "came from the same place" not in words_of(case)
    assert suspicions.batches() == []
    link = f"/admin/signatories/signature/?queue=all&workshop={workshop.public_id}"
    assert link.replace("&", "&amp;") in case.content.decode()
    make_signature(letter, name="Elsewhere", status="awaiting_moderation")
    listed = desk.get(link).context["cl"].result_list
    assert {one.pk for one in listed} == {one.pk for one in signed}


def test_a_stranger_in_the_same_place_is_compared_with_strangers_alone(desk):
    letter = make_letter()
    in_one_room(letter)
    alone = verification.confirm(sign(letter, 99), visibility="public")
    case = desk.get(f"/admin/signatories/signature/{alone.pk}/change/")
    assert "came from the same place" not in words_of(case)
    beside = verification.confirm(sign(letter, 98), visibility="public")
    case = desk.get(f"/admin/signatories/signature/{beside.pk}/change/")
    assert "1 more came from the same place that day." in words_of(case)


def test_an_unknown_room_filters_nothing_out(desk):
    signature = make_signature(status="awaiting_moderation")
    listed = desk.get("/admin/signatories/signature/?workshop=guessed").context["cl"].result_list
    assert [one.pk for one in listed] == [signature.pk]


# --- what is public, and what is kept ----------------------------------------------------------------------


def test_the_label_is_public_nowhere():
    letter = make_letter()
    _workshop, signed = in_one_room(letter, 2)
    bob = make_staff("bob")
    for one in signed:
        moderation.approve(Signature.objects.get(pk=one.pk), by=bob)
    for address, answer in crawl().items():
        assert b"Kakuma" not in answer.body, address


def test_no_mail_names_the_room(work, mailbox):
    letter = make_letter()
    in_one_room(letter, 2)
    work()
    assert mailbox.messages()
    assert not [one for one in mailbox.messages() if "Kakuma" in one.as_string()]


def test_erasing_forgets_the_room():
    letter = make_letter()
    _workshop, (signature,) = in_one_room(letter, 1)
    withdrawal.erase(Signature.objects.get(pk=signature.pk))
    assert Signature.objects.get(pk=signature.pk).workshop is None


def test_who_sat_in_which_room_is_forgotten_and_how_many_stays():
    letter = make_letter()
    workshop, (signature,) = in_one_room(letter, 1)
    with time_machine.travel(workshop.good_until + timedelta(days=89)):
        tasks.do_what_is_due()
        assert Signature.objects.get(pk=signature.pk).workshop == workshop
    with time_machine.travel(workshop.good_until + timedelta(days=91)):
        tasks.do_what_is_due()
        assert Signature.objects.get(pk=signature.pk).workshop is None
    assert Workshop.objects.get().taken == 1
