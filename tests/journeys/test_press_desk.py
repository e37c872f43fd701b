"""The press at the desk: contacts that everybody reads, a link before the launch, quotes that nobody edits."""

import pytest
from bs4 import BeautifulSoup

from letters.models import Event, PressContact, PressLink
from signatories import quotes
from signatories.models import Quote
from tests.factories import (
    enter,
    make_letter,
    make_member,
    make_press_contact,
    make_press_link,
    make_quote,
    make_signature,
    make_spokesperson,
)

pytestmark = pytest.mark.django_db

CONTACT = {
    "name": "Press desk",
    "email": "desk@harbour.example",
    "phone": "+254 700 000000",
    "spoken": ["en", "sw"],
    "days": "mon_fri",
    "hours_from": "09:00",
    "hours_until": "17:00",
    "time_zone": "Africa/Nairobi",
}


@pytest.fixture
def ed(client):
    return enter(client, make_member("ed", "Editor"))


@pytest.fixture
def mo(client):
    return enter(client, make_member("mo", "Moderator"))


def main(answer):
    return BeautifulSoup(answer.content, "html.parser").select_one("#content-main")


# --- contacts --------------------------------------------------------------------------------------------


def test_an_editor_publishes_a_contact_is_told_so_and_everybody_reads_it(ed):
    letter = make_letter()
    page = f"/admin/letters/letter/{letter.pk}/press/"
    assert "Everybody will read what stands here." in main(ed.get(page)).get_text()
    assert "Published" in ed.post(page, CONTACT, follow=True).content.decode()
    public = ed.get("/letters/asylum/press/").content.decode()
    for words in ("Press desk", "desk@harbour.example", "+254700000000", "06:00–14:00 UTC"):
        assert words in public


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "\u200b"}, "Please say whom journalists ask for."),
        ({"email": "", "phone": ""}, "Please give an e-mail address, a phone number, or both."),
        ({"phone": "12"}, "country code"),
        ({"spoken": []}, "Please tick at least one language."),
        ({"hours_until": ""}, "Please give both hours, or neither."),
        ({"hours_until": "08:00"}, "Please give an hour after the first one."),
        ({"time_zone": "Mars/Olympus"}, "Use the name of a time zone"),
    ],
)
def test_a_contact_that_helps_no_journalist_is_refused_with_what_was_typed(ed, change, problem):
    letter = make_letter()
    answer = ed.post(f"/admin/letters/letter/{letter.pk}/press/", {**CONTACT, **change})
    assert answer.status_code == 422
    assert problem in main(answer).get_text()
    assert "desk@harbour.example" in answer.content.decode() or "email" in change
    assert not PressContact.objects.exists()


def test_a_contact_is_changed_and_removed(ed):
    contact = make_press_contact(make_letter())
    page = f"/admin/press-contacts/{contact.pk}/act/"
    form = {f"contact-{contact.pk}-{name}": value for name, value in CONTACT.items()}
    wrong = ed.post(page, {**form, "act": "change", f"contact-{contact.pk}-name": ""})
    assert wrong.status_code == 422
    assert main(wrong).select_one("details[open]")
    ed.post(page, {**form, "act": "change"})
    contact.refresh_from_db()
    assert (contact.phone, contact.languages) == ("+254700000000", ["en", "sw"])
    ed.post(page, {"act": "remove"})
    assert not PressContact.objects.exists()
    assert ed.post(page, {"act": "remove"}).status_code == 404


# --- the link --------------------------------------------------------------------------------------------


def test_an_editor_makes_replaces_and_ends_the_link(ed):
    letter = make_letter(phase="gathering")
    page = f"/admin/letters/letter/{letter.pk}/press/"
    ed.post(f"{page}link/", {"act": "make", "days": "3"})
    first = PressLink.objects.get().key
    shown = main(ed.get(page)).select_one("#press-link")["value"]
    assert shown == f"http://testserver/p/{first}/"
    assert ed.get(f"/p/{first}/").status_code == 200
    ed.post(f"{page}link/", {"act": "make", "days": "3"})
    assert ed.get(f"/p/{first}/").status_code == 404
    ed.post(f"{page}link/", {"act": "end"})
    assert not PressLink.objects.exists()
    acts = Event.objects.filter(act__endswith="press_link").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["make_press_link", "replace_press_link", "end_press_link"]


@pytest.mark.parametrize("days", ["", "0", "61", "x"])
def test_a_link_is_good_for_some_days(ed, days):
    letter = make_letter(phase="gathering")
    answer = ed.post(
        f"/admin/letters/letter/{letter.pk}/press/link/", {"act": "make", "days": days}, follow=True
    )
    assert "a number of days from 1 to 60" in answer.content.decode()
    assert not PressLink.objects.exists()


def test_an_open_letter_has_no_link_and_offers_none(ed):
    letter = make_letter()
    page = f"/admin/letters/letter/{letter.pk}/press/"
    assert main(ed.get(page)).select_one("[value=make]") is None
    answer = ed.post(f"{page}link/", {"act": "make", "days": "3"}, follow=True)
    assert "Only a letter that gathers" in answer.content.decode()
    assert not PressLink.objects.exists()


def test_a_moderator_sees_no_link(mo):
    letter = make_letter(phase="gathering")
    key = make_press_link(letter).key
    assert mo.get(f"/admin/letters/letter/{letter.pk}/press/").status_code == 403
    for page in ("/admin/", "/admin/quotes/"):
        assert key not in mo.get(page).content.decode()


# --- quotes ----------------------------------------------------------------------------------------------


def test_quotes_that_wait_are_counted_on_the_front_page(mo):
    quote = make_quote(make_signature())
    front = BeautifulSoup(mo.get("/admin/").content, "html.parser")
    pile = front.select_one('.piles a[href="/admin/quotes/"]')
    assert pile.get_text(" ", strip=True) == "Quotes 1"
    assert front.select_one("#waiting").get_text(strip=True) == "No signature waits"
    quotes.take_back(quote.signature)
    front = BeautifulSoup(mo.get("/admin/").content, "html.parser")
    assert front.select_one('.piles a[href="/admin/quotes/"]') is None
    assert front.select_one("#waiting").get_text(strip=True) == "Nothing waits"


def test_an_editor_is_not_told_of_quotes(ed):
    make_quote(make_signature())
    assert "/admin/quotes/" not in ed.get("/admin/").content.decode()
    assert ed.get("/admin/quotes/").status_code == 403


def test_a_moderator_reads_a_quote_and_can_change_no_word_of_it(mo):
    make_quote(make_signature(), words="بيت مفتوح", language="ar")
    page = main(mo.get("/admin/quotes/"))
    quote = page.select_one("blockquote")
    assert (quote["lang"], quote["dir"], quote.get_text()) == ("ar", "rtl", "بيت مفتوح")
    typed = {field.get("name") for field in page.select("input:not([type=hidden]), textarea, select")}
    assert typed == {"reason", "answer"}


def test_a_moderator_approves_and_takes_off_again(mo):
    quote = make_quote(make_signature(), words="An open door.")
    act = f"/admin/quotes/{quote.public_id}/act/"
    seen = main(mo.get("/admin/quotes/")).select_one("[name=seen]")["value"]
    mo.post(act, {"act": "approve", "seen": seen})
    assert "An open door." in mo.get("/letters/asylum/press/").content.decode()
    mo.post(act, {"act": "reject", "seen": seen, "reason": "endangers"})
    assert "An open door." not in mo.get("/letters/asylum/press/").content.decode()
    assert Quote.objects.get().status == "rejected"


def test_what_was_changed_while_it_was_read_is_not_decided(mo):
    quote = make_quote(make_signature())
    seen = quotes.seen(quote)
    make_quote(quote.signature, words="Something worse.")
    answer = mo.post(f"/admin/quotes/{quote.public_id}/act/", {"act": "approve", "seen": seen}, follow=True)
    assert "has changed it meanwhile" in answer.content.decode()
    assert Quote.objects.get().status == "offered"


@pytest.mark.parametrize(
    "form",
    [{"reason": "to_say_otherwise"}, {"reason": "to_say_otherwise", "answer": "\u200b"}, {"reason": "x"}],
)
def test_a_quote_is_rejected_with_a_reason_the_signatory_understands(mo, form):
    quote = make_quote(make_signature())
    said = {"act": "reject", "seen": quotes.seen(quote), **form}
    answer = mo.post(f"/admin/quotes/{quote.public_id}/act/", said, follow=True)
    assert "Nothing was decided." in answer.content.decode()
    assert Quote.objects.get().status == "offered"


def test_an_act_that_there_is_not_decides_nothing(mo):
    quote = make_quote(make_signature())
    mo.post(
        f"/admin/quotes/{quote.public_id}/act/", {"act": "edit", "seen": quotes.seen(quote), "words": "Mine."}
    )
    assert (Quote.objects.get().status, Quote.objects.get().words) == ("offered", quote.words)


# --- spokespeople ----------------------------------------------------------------------------------------


def test_a_data_officer_sees_who_would_speak_and_nobody_else_does(client):
    signature = make_signature(name="Lantern Street")
    make_spokesperson(signature, languages=["sw"])
    page = f"/admin/letters/letter/{signature.letter_id}/spokespeople/"
    dora = enter(client, make_member("dora", "Data officer"))
    said = main(dora.get(page)).get_text(" ", strip=True)
    assert "Lantern Street" in said
    assert "Kiswahili" in said
    contact = main(dora.post(f"/admin/signatories/signature/{signature.pk}/contact/")).get_text(
        " ", strip=True
    )
    assert "Would speak to journalists in Kiswahili" in contact


def test_a_moderator_is_not_told_who_would_speak(mo):
    signature = make_signature()
    make_spokesperson(signature)
    assert mo.get(f"/admin/letters/letter/{signature.letter_id}/spokespeople/").status_code == 403
    case = mo.get(f"/admin/signatories/signature/{signature.pk}/change/").content.decode()
    assert "journalist" not in case
