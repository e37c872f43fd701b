"""Whoever wants no updates is done with one click, and nobody else can say so for them."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from letters.models import Letter
from signatories import tokens, unsubscribing
from signatories.contacts import address_key
from signatories.emails import Mail, send_later
from signatories.models import Purpose, Unsubscribed
from tests.factories import make_letter, make_signature

pytestmark = pytest.mark.django_db

MAILBOX = "amina@kettle.example"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def letter():
    return make_letter(languages=("en", "ar"))


@pytest.fixture
def strict():
    """A mail program: no cookie, no page looked at before, and Django's own checks of forms in force."""
    return Client(enforce_csrf_checks=True)


def address(letter, mailbox=MAILBOX):
    return reverse("unsubscribe", args=[unsubscribing.link(address_key(mailbox), letter.pk)])


def left(letter, mailbox=MAILBOX):
    return unsubscribing.left(address_key(mailbox), letter)


# --- one click ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://mail.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_a_mail_program_unsubscribes_from_all_without_a_page(letter, strict, headers):
    answer = strict.post(address(letter), ONE_CLICK, headers=headers)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer
    assert left(letter) == left(make_letter("other")) == "all"
    assert left(letter, "other@kettle.example") == ""


def test_a_second_click_changes_nothing(letter, strict):
    for _ in range(2):
        assert strict.post(address(letter), ONE_CLICK).status_code == 200
    assert Unsubscribed.objects.count() == 1


def test_a_mail_program_may_send_it_in_parts(letter, strict):
    body = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    answer = strict.generic("POST", address(letter), body, content_type="multipart/form-data; boundary=b")
    assert (answer.status_code, left(letter)) == (200, "all")


@pytest.mark.parametrize("method", ["get", "head"])
def test_following_the_link_does_nothing(letter, client, method):
    answer = getattr(client, method)(address(letter))
    assert answer.status_code == 200
    assert left(letter) == ""
    assert answer["Cache-Control"] == "no-store, private"
    assert "Set-Cookie" not in answer


# --- the page ----------------------------------------------------------------------------------------


def test_the_page_has_one_button(letter, client):
    page = BeautifulSoup(client.get(address(letter)).content, "html.parser")
    assert len(page.select("main button")) == 1
    assert page.select_one("input[checked]")["value"] == "all"


@pytest.mark.parametrize("what", ["all", "letter"])
def test_it_is_left_and_taken_up_again(letter, strict, what):
    other = make_letter("other")
    page = strict.post(address(letter), {"what": what}, headers={"Sec-Fetch-Site": "same-origin"})
    assert "You are unsubscribed" in page.content.decode()
    assert (left(letter), left(other)) == (what, "all" if what == "all" else "")
    page = strict.post(address(letter), {"what": "again"})
    assert "You get updates about this letter again" in page.content.decode()
    assert left(letter) == left(other) == ""


def test_who_left_another_letter_by_name_stays_out_of_that_one(letter, client):
    other = make_letter("other")
    client.post(address(other), {"what": "letter"})
    client.post(address(letter), {"what": "all"})
    client.post(address(letter), {"what": "again"})
    assert (left(letter), left(other)) == ("", "letter")


@pytest.mark.parametrize("what", ["all", "letter", "again"])
def test_another_sites_page_sends_nothing(letter, client, what):
    answer = client.post(address(letter), {"what": what}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, Unsubscribed.objects.count()) == (403, 0)


@pytest.mark.parametrize("body", [{}, {"what": "everything"}, {"List-Unsubscribe": "yes"}])
def test_what_says_nothing_changes_nothing(letter, client, body):
    answer = client.post(address(letter), body)
    assert (answer.status_code, Unsubscribed.objects.count()) == (422, 0)
    assert 'role="alert"' in answer.content.decode()


def test_the_page_speaks_the_language_of_the_mail(letter, client):
    answer = client.get(f"/ar{address(letter)}")
    assert 'dir="rtl"' in answer.content.decode()


@pytest.mark.parametrize("phase", ["gathering", "closed", "archived"])
def test_a_letter_in_any_phase_is_left(client, phase):
    letter = make_letter(phase=phase)
    assert client.get(address(letter)).status_code == 200
    client.post(address(letter), {"what": "letter"})
    assert left(letter) == "letter"


# --- links that are none -----------------------------------------------------------------------------


def forged(letter):
    real = unsubscribing.link(address_key(MAILBOX), letter.pk)
    other = unsubscribing.link(address_key("b@kettle.example"), letter.pk)
    return [
        *("guessed", "x" * 70, real[:-1], f"{real}x", real.swapcase()),
        other[:43] + real[43:],  # one's proof under another one's mailbox
        real.replace(real[10], "-" if real[10] != "-" else "_", 1),
        "%00" * 3,
    ]


def test_only_what_we_wrote_unsubscribes(letter, client):
    for link in forged(letter):
        for answer in (client.get(f"/u/{link}/"), client.post(f"/u/{link}/", ONE_CLICK)):
            assert answer.status_code == 404, link
    assert Unsubscribed.objects.count() == 0


def test_a_link_is_about_one_letter(letter):
    other = make_letter("other")
    one, two = (unsubscribing.link(address_key(MAILBOX), each.pk) for each in (letter, other))
    assert unsubscribing.find(one) == (address_key(MAILBOX), letter)
    assert unsubscribing.find(two) == (address_key(MAILBOX), other)


def test_a_stolen_database_makes_no_link(letter, settings):
    link = unsubscribing.link(address_key(MAILBOX), letter.pk)
    settings.ADDRESS_KEY = "another key"
    with pytest.raises(tokens.LinkUnknown):
        unsubscribing.find(link)


def test_of_a_letter_that_is_gone_nothing_is_left(client):
    letter = make_letter()
    path = address(letter)
    letter.texts.all().delete()
    letter.recipients.all().delete()
    Letter.objects.all().delete()
    assert client.get(path).status_code == 404


# --- what is not stopped -----------------------------------------------------------------------------


@pytest.mark.parametrize("mail", [Mail.PUBLISHED, Mail.WITHDRAWN])
def test_what_answers_ones_own_act_still_arrives(letter, mailbox, work, mail):
    status = "withdrawn" if mail == Mail.WITHDRAWN else "published"
    signature = make_signature(letter, email=MAILBOX, status=status)
    unsubscribing.unsubscribe(address_key(MAILBOX))
    send_later(signature, mail)
    work()
    assert [message["To"] for message in mailbox.messages()] == [MAILBOX]


def test_ones_own_page_leads_there(letter, client):
    signature = make_signature(letter, email=MAILBOX)
    page = client.get(f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/").content.decode()
    assert address(letter) in page


def test_who_has_no_mailbox_is_not_led_there(letter, client):
    signature = make_signature(letter, phone="+254700000000")
    page = client.get(f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/").content.decode()
    assert "/u/" not in page
