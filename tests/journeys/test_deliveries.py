"""Handing over at the desk: choose, look first, make, download, mark, answer; and what happens when one may not."""

import io
import zipfile

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from letters.models import Event
from signatories import delivery, withdrawal
from signatories.models import Delivery, Parcel
from tests.factories import (
    enter,
    make_delivery,
    make_letter,
    make_recipient,
    make_signature,
    make_staff,
)
from tests.pdf import text_of

pytestmark = pytest.mark.django_db

DESK = "/admin/signatories/delivery/"


@pytest.fixture
def alice(client):
    return enter(client, make_staff())


@pytest.fixture
def letter():
    letter = make_letter(languages=("en", "ar"))
    make_recipient(letter)
    make_signature(letter, name="Anchor")
    make_signature(letter, name="Bell", visibility="delivered_only")
    return letter


def main_of(answer):
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return BeautifulSoup(answer.content, "html.parser").find(id="content")


def everybody(letter):
    return [recipient.pk for recipient in letter.recipients.all()]


def send(browser, letter, page, **data):
    return browser.post(f"{DESK}letter/{letter.pk}/{page}/", {"recipient": everybody(letter), **data})


def said_by(answer):
    return BeautifulSoup(answer.content, "html.parser").find(class_="messagelist").text


def test_sixty_seconds_from_the_list_of_letters_to_the_file(alice, letter, work):
    board = f"{DESK}letter/{letter.pk}/"
    assert main_of(alice.get(DESK)).find("a", href=board)
    assert len(main_of(alice.get(f"{board}?ticked=none")).find_all("input", checked=True)) == 2

    prepared = main_of(send(alice, letter, "prepare"))
    assert [cell.text for cell in prepared.tbody.find_all("td")][:2] == ["2", "2"]
    assert "Make 2 letters" in prepared.text
    assert not Delivery.objects.exists()

    preview = send(alice, letter, "preview", preview=everybody(letter)[0], order="by_country")
    assert preview["Content-Type"] == "application/pdf"
    assert "no-store" in preview["Cache-Control"]
    assert "Bell" in text_of(preview.content)

    made = send(alice, letter, "make", order="by_country")
    assert "0 of 2 letters are made." in main_of(alice.get(made["Location"])).text
    work()
    assert "2 letters are ready" in main_of(alice.get(made["Location"])).text

    assert not Event.objects.filter(act="release").exists()
    file = alice.post(f"{made['Location']}download/")
    assert file["Content-Disposition"] == 'attachment; filename="asylum-letters.zip"'
    assert "no-store" in file["Cache-Control"]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(file.streaming_content)))
    assert len(archive.namelist()) == 3
    assert Event.objects.filter(act="release").count() == 2

    assert "2 deliveries: Sent." in said_by(
        alice.post(
            f"{board}mark/",
            {"recipient": everybody(letter), "status": "sent", "on": "2026-01-02"},
            follow=True,
        )
    )
    assert {one.sent_at.date().isoformat() for one in Delivery.objects.all()} == {"2026-01-02"}


def test_letters_are_made_in_the_order_that_was_chosen(alice, letter):
    send(alice, letter, "make", order="own_country_first")
    assert set(Delivery.objects.values_list("order", flat=True)) == {"own_country_first"}
    send(alice, letter, "make", order="backwards")
    assert set(Delivery.objects.values_list("order", flat=True)) == {"alphabet"}


@pytest.mark.parametrize("page", ["prepare", "make", "pack", "mark", "supplement"])
@pytest.mark.parametrize("ticked", [[], ["x"], ["-1"], ["9" * 30], ["٣"]])
def test_nobody_ticked_is_said_and_nothing_done(alice, letter, page, ticked):
    make_delivery(letter, status="sent")
    answer = alice.post(
        f"{DESK}letter/{letter.pk}/{page}/", {"recipient": ticked, "status": "met"}, follow=True
    )
    assert "Please tick" in said_by(answer)
    assert Delivery.objects.get().status == "sent"
    assert not Parcel.objects.exists()


def test_recipients_of_another_letter_cannot_be_ticked(alice, letter):
    other = make_letter("other")
    answer = alice.post(f"{DESK}letter/{letter.pk}/make/", {"recipient": everybody(other)}, follow=True)
    assert "Please tick" in said_by(answer)
    preview = alice.post(f"{DESK}letter/{letter.pk}/preview/", {"preview": everybody(other)[0]})
    assert preview.status_code == 404


def test_a_secret_letter_is_not_handed_over(alice):
    secret = make_letter("secret", phase="gathering")
    answer = send(alice, secret, "make")
    assert answer.status_code == 302
    assert "not public yet" in said_by(alice.get(answer["Location"]))
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("day", ["tomorrow", "1999-01-01", "2999-01-01", "2026-13-01"])
def test_a_day_that_is_none_marks_nothing(alice, letter, day):
    make_delivery(letter, status="sent")
    answer = alice.post(
        f"{DESK}letter/{letter.pk}/mark/",
        {"recipient": everybody(letter), "status": "met", "on": day},
        follow=True,
    )
    assert "Nothing was done" in said_by(answer)
    assert Delivery.objects.get().status == "sent"


def test_what_was_never_made_is_refused_for_each_and_the_others_are_marked(alice, letter):
    make_delivery(letter)
    second = make_delivery(letter, recipient=letter.recipients.last())
    delivery.sealed(second)
    said = said_by(
        alice.post(
            f"{DESK}letter/{letter.pk}/mark/",
            {"recipient": everybody(letter), "status": "sent"},
            follow=True,
        )
    )
    assert "Its document was never made" in said
    assert "1 delivery: Sent." in said


def test_supplements_are_made_for_those_who_may_be_told_more(alice, letter):
    make_delivery(letter, status="sent")
    make_delivery(letter, recipient=letter.recipients.last(), status="sent")
    late = make_signature(letter, name="Circle", visibility="delivered_only")
    late.excluded_recipients.add(letter.recipients.last())
    answer = send(alice, letter, "supplement")
    assert Parcel.objects.get().total == 1
    assert answer["Location"].startswith(f"{DESK}parcel/")
    assert "Nobody has signed since" in said_by(alice.get(answer["Location"]))


def test_one_delivery_shows_what_became_of_it(alice, letter):
    made = make_delivery(letter, status="sent")
    gone = letter.signatures.get(name="Anchor")
    withdrawal.withdraw(gone)
    board = main_of(alice.get(f"{DESK}letter/{letter.pk}/"))
    assert "1 name taken off since" in board.text
    page = main_of(alice.get(f"{DESK}{made.pk}/change/"))
    assert made.sha256 in page.text
    assert "Anchor" in page.find(id="to-tell").text
    alice.post(f"{DESK}{made.pk}/told/")
    assert main_of(alice.get(f"{DESK}{made.pk}/change/")).find(id="to-tell") is None
    assert "taken off since" not in main_of(alice.get(f"{DESK}letter/{letter.pk}/")).text


def test_an_answer_is_written_down(alice, letter):
    made = make_delivery(letter, status="sent")
    address = f"{DESK}{made.pk}/answer/"
    empty = alice.post(address, {"on": "2026-11-01"})
    assert empty.status_code == 422
    assert b"Please write what it says" in empty.content
    assert Delivery.objects.get().status == "sent"
    alice.post(address, {"on": "2026-11-01", "words": "We read it.", "link": "https://mission.example/"})
    answered = Delivery.objects.get()
    assert (answered.status, answered.answer_words, answered.answer_is_public) == (
        "answered",
        "We read it.",
        False,
    )


def test_own_words_are_kept_for_each_language(alice, letter):
    address = f"{DESK}letter/{letter.pk}/cover/"
    alice.post(address, {"words-en": "We met.", "words-ar": "التقينا.", "words-fr": "Non."})
    page = main_of(alice.get(address))
    assert [area.text.strip() for area in page.find_all("textarea")] == ["التقينا.", "We met."]
    assert page.find(id="words-ar")["dir"] == "rtl"


def test_a_file_that_is_gone_can_be_made_again(alice, letter, work):
    made = send(alice, letter, "make")
    work()
    withdrawal.withdraw(letter.signatures.get(name="Anchor"))
    answer = alice.post(f"{made['Location']}download/", follow=True)
    assert "This file cannot be had any more" in said_by(answer)
    assert not Event.objects.filter(act="release").exists()
    again = send(alice, letter, "pack")
    work()
    archive = zipfile.ZipFile(
        io.BytesIO(b"".join(alice.post(f"{again['Location']}download/").streaming_content))
    )
    assert "Anchor" not in text_of(archive.read(archive.namelist()[0]))


def test_missing_fonts_are_told_before_letters_are_made(alice, letter):
    make_signature(letter, name="Kettle \u0378 House")
    assert "No font on this machine has these letters" in main_of(send(alice, letter, "prepare")).text


def test_the_desk_asks_as_often_for_two_recipients_as_for_twenty(
    alice, letter, django_assert_max_num_queries
):
    for _number in range(18):
        make_delivery(letter, recipient=make_recipient(letter), status="sent")
    alice.get(f"{DESK}letter/{letter.pk}/")
    with django_assert_max_num_queries(12):
        alice.get(f"{DESK}letter/{letter.pk}/")


# --- who may -------------------------------------------------------------------------------------------


def staff_with(*rights):
    bob = make_staff("bob", is_superuser=False)
    bob.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return enter(Client(), bob)


def pages(letter, made, parcel):
    of_letter = f"{DESK}letter/{letter.pk}/"
    looks = {DESK, of_letter, f"{DESK}{made.pk}/change/"}
    makes = {
        *(f"{of_letter}{page}/" for page in ("prepare", "preview", "make", "supplement", "pack", "cover")),
        f"{DESK}parcel/{parcel.public_id}/download/",
        f"{DESK}{made.pk}/discard/",
        f"{DESK}{made.pk}/document/",
    }
    marks = {f"{of_letter}mark/", f"{DESK}{made.pk}/answer/", f"{DESK}{made.pk}/told/"}
    return looks, makes, marks


@pytest.mark.parametrize(
    "rights", [(), ("view_signature", "change_signature", "view_letter", "change_letter")]
)
def test_who_has_no_right_to_deliveries_sees_none(letter, rights, work):
    made = make_delivery(letter)
    parcel = Parcel.objects.create(letter=letter, by=made.by, total=1)
    bob = staff_with(*rights)
    looks, makes, marks = pages(letter, made, parcel)
    for address in looks:
        assert bob.get(address).status_code == 403, address
    for address in makes | marks:
        assert bob.post(address, {"recipient": everybody(letter)}).status_code == 403, address
    assert bob.get(f"{DESK}parcel/{parcel.public_id}/").status_code == 403
    assert Delivery.objects.get() == made


def test_who_may_look_may_do_nothing_else(letter):
    made = make_delivery(letter, status="sent")
    parcel = Parcel.objects.create(letter=letter, by=made.by, total=1)
    bob = staff_with("view_delivery")
    looks, makes, marks = pages(letter, made, parcel)
    for address in looks:
        page = main_of(bob.get(address))
        assert not page.find("button"), address
    for address in makes | marks:
        assert bob.post(address, {"recipient": everybody(letter)}).status_code == 403, address


def test_who_may_mark_may_not_take_letters_away(letter):
    made = make_delivery(letter, status="sent")
    parcel = Parcel.objects.create(letter=letter, by=made.by, total=1)
    bob = staff_with("view_delivery", "change_delivery")
    _, makes, _ = pages(letter, made, parcel)
    for address in makes:
        assert bob.post(address, {"recipient": everybody(letter)}).status_code == 403, address
    bob.post(f"{DESK}letter/{letter.pk}/mark/", {"recipient": everybody(letter), "status": "met"})
    assert Delivery.objects.get().status == "met"


def test_nothing_is_added_or_deleted_as_in_a_table(alice, letter):
    made = make_delivery(letter)
    assert alice.get(f"{DESK}add/").status_code == 403
    assert alice.post(f"{DESK}{made.pk}/delete/", {"post": "yes"}).status_code == 403
    assert alice.post(f"{DESK}{made.pk}/change/", {"status": "met"}).status_code in (200, 403, 405)
    assert Delivery.objects.get().status == "to_send"


def test_a_list_answers_no_questions(alice, letter):
    """What an admin list would let a query string ask, letter by letter."""
    make_delivery(letter)
    before = alice.get(DESK).content
    for query in ("names__name__startswith=B", "recipient__email__contains=a", "q=Bell", "o=1"):
        assert len(alice.get(f"{DESK}?{query}").content) == len(before)


def test_looking_does_nothing(alice, letter):
    made = make_delivery(letter, status="sent")
    looked = timezone.now()
    for address in (DESK, f"{DESK}letter/{letter.pk}/", f"{DESK}{made.pk}/change/"):
        alice.get(address)
    assert not Event.objects.filter(at__gt=looked).exists()
