"""What journalists read: numbers that are true, words that were approved, and before a launch no name at all."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import IntegrityError, transaction
from django.utils import timezone

from letters import lifecycle, press, revision
from letters.models import Letter
from signatories import statements, tokens, withdrawal
from signatories.models import Purpose, Quote, Spokesperson, Statement
from tests.crawling import crawl
from tests.factories import (
    make_figure,
    make_imported,
    make_letter,
    make_press_contact,
    make_press_link,
    make_quote,
    make_signature,
    make_spokesperson,
    make_staff,
    make_version,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2025, 10, 8, 7, 0, tzinfo=UTC)
PRESS = "/letters/asylum/press/"


def words_of(answer):
    return " ".join(BeautifulSoup(answer.content, "html.parser").select_one("main").get_text(" ").split())


def read(client, address):
    revision.forget()
    answer = client.get(address)
    assert answer.status_code == 200, address
    return words_of(answer)


# --- the press page --------------------------------------------------------------------------------------


def test_the_press_page_says_whom_to_ask_when_and_in_which_languages(client):
    letter = make_letter(time_zone="Africa/Nairobi")
    hours = {"hours_from": time(9), "hours_until": time(17)}
    make_press_contact(letter, phone="+254700000000", **hours)
    said = read(client, PRESS)
    for words in (
        "Press desk",
        "press@harbour.example",
        "+254700000000",
        "English , العربية",
        "Monday to Friday, 09:00–17:00 Nairobi time (06:00–14:00 UTC)",
    ):
        assert words in said


def test_without_a_contact_it_leads_to_the_host(client):
    make_letter()
    page = BeautifulSoup(client.get(PRESS).content, "html.parser")
    assert page.select_one('main a[href="/hosts/harbour/"]')


def test_a_contact_that_was_changed_or_removed_is_read_nowhere_any_more(client):
    contact = make_press_contact(make_letter(), name="CANARYDESK", email="canary@canary.example")
    assert "CANARYDESK" in read(client, PRESS)
    press.remove_contact(contact, by=make_staff("bob"))
    assert "canary" not in read(client, PRESS).casefold()


def test_everything_on_it_can_be_fetched(client):
    make_signature(make_letter())
    links = BeautifulSoup(client.get(PRESS).content, "html.parser").select("main a[href^='/']")
    assert len(links) > 5
    for link in links:
        assert client.get(link["href"]).status_code == 200, link


def test_spokespeople_are_a_number_and_the_way_is_the_host(client):
    letter = make_letter()
    for number in range(3):
        make_spokesperson(make_signature(letter, name=f"CANARY{number}", visibility="counted_only"))
    said = read(client, PRESS)
    assert "3 signatories have agreed to speak to journalists. Please ask Harbour Coalition" in said
    assert "Among the languages English" in said
    assert "Among the countries Kenya" in said
    assert "CANARY" not in said


def test_two_spokespeople_are_some(client):
    letter = make_letter()
    for number in range(2):
        make_spokesperson(make_signature(letter, name=f"House {number}"))
    said = read(client, PRESS)
    assert "Some signatories have agreed" in said
    assert "Among the" not in said


def test_a_quote_is_marked_up_as_its_language(client):
    make_quote(make_signature(), words="باب مفتوح", language="ar", status="approved")
    quote = BeautifulSoup(client.get(PRESS).content, "html.parser").select_one("blockquote")
    assert (quote["lang"], quote["dir"], quote.get_text(strip=True)) == ("ar", "rtl", "باب مفتوح")


def test_markup_in_a_quote_is_words(client):
    make_quote(make_signature(), words="<b>Bold</b><script>x</script>", status="approved")
    page = client.get(PRESS).content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt;&lt;script&gt;" in page


# --- how we count ----------------------------------------------------------------------------------------


def test_how_we_count_says_it_with_the_letters_own_numbers(client):
    letter = make_letter()
    make_signature(letter, name="Net", country="UG", is_network=True)
    known = make_signature(letter, name="Known", country="UG")
    known.organisation.verification = "verified"
    known.organisation.save()
    for country in ("KE", "TV"):
        make_signature(letter, name=f"Quiet {country}", country=country, visibility="counted_only")
    make_imported(letter, name="Old Guard", country="UG")
    said = read(client, "/letters/asylum/counting/")
    for words in (
        "5 organisations from 1 country",
        "Of those named here, 1 is a network.",
        "3 organisations are named. 2 count without being named.",
        "fewer than 3 unnamed organisations",
        "1 country is counted. The country of 2 organisations is withheld.",
        "Of those named here, 1 is verified.",
        "1 organisation came with a list.",
    ):
        assert words in said
    assert "Tuvalu" not in said


def test_the_small_cell_that_is_explained_is_the_one_that_is_used(client, settings):
    settings.SMALL_CELL = 7
    make_signature()
    assert "fewer than 7 unnamed organisations" in read(client, "/letters/asylum/counting/")


def test_what_counts_without_a_moderator_is_said(client):
    letter = make_letter()
    assert "counts at once" not in read(client, "/letters/asylum/counting/")
    Letter.objects.filter(pk=letter.pk).update(trusts_verified=True)
    assert "the signature of a verified organisation counts at once" in read(
        client, "/letters/asylum/counting/"
    )


def test_who_has_not_agreed_to_a_changed_text_is_said(client):
    letter = make_letter()
    assert "agreed to the text as it is now" not in read(client, "/letters/asylum/counting/")
    make_signature(letter, status="to_agree_again")
    make_version(letter, change="material")
    assert "1 organisation has not agreed to the text as it is now" in read(
        client, "/letters/asylum/counting/"
    )


# --- a number that keeps saying what it said -------------------------------------------------------------


def state(client, **headers):
    return client.post(PRESS, headers=headers)


def test_a_sentence_keeps_saying_what_it_said(client):
    letter = make_letter(languages=("en", "ar"), time_zone="Europe/Zurich", opens_at=NOON - timedelta(days=1))
    gone = make_signature(letter, name="Gone", country="UG")
    make_signature(letter, name="Stays")
    with time_machine.travel(NOON, tick=False):
        address = state(client)["Location"]
    sentence = "As of 8 October 2025, 09:00 Zurich time (07:00 UTC): 2 organisations from 2 countries"
    assert sentence in read(client, address)
    withdrawal.withdraw(gone)
    said = read(client, address)
    assert sentence in said
    assert "Today 1 organisation from 1 country" in said
    assert f"http://127.0.0.1:8000{address}" in said


def test_the_sentence_stands_in_every_language_with_its_direction(client, settings):
    make_signature(make_letter())
    page = BeautifulSoup(client.get(state(client)["Location"]).content, "html.parser")
    found = {(one["lang"], one["dir"]) for one in page.select("dd.to-copy[lang]")}
    assert found == {(code, "rtl" if code == "ar" else "ltr") for code, _ in settings.LANGUAGES}


def test_it_names_nobody(client):
    make_signature(name="CANARYNAME")
    assert "CANARY" not in client.get(state(client)["Location"]).content.decode()


def test_a_million_clicks_make_one_row(client):
    make_signature(make_letter())
    places = {state(client)["Location"] for _ in range(5)}
    assert (len(places), Statement.objects.count()) == (1, 1)


def test_another_revision_is_another_statement(client):
    letter = make_letter()
    make_signature(letter)
    first = state(client)["Location"]
    revision.bump([letter.pk])
    assert state(client)["Location"] != first
    assert Statement.objects.count() == 2


def test_reading_writes_nothing(client):
    make_signature(make_letter())
    for method in (client.get, client.head):
        method(PRESS)
    assert not Statement.objects.exists()


def test_another_sites_button_states_nothing(client):
    make_signature(make_letter())
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = state(client, **headers)
        assert answer.status_code == 403
        assert "sent from another page" in words_of(answer)
    assert not Statement.objects.exists()
    assert state(client, **{"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_without_anybody_there_is_no_number_to_state(client):
    make_letter()
    assert state(client).status_code == 409
    assert "<button" not in client.get(PRESS).content.decode()
    assert not Statement.objects.exists()


def test_a_statement_belongs_to_its_letter(client):
    make_signature(make_letter())
    make_letter("other")
    public_id = state(client)["Location"].split("/")[-2]
    assert client.get(f"/letters/other/as-of/{public_id}/").status_code == 404
    assert client.get("/letters/asylum/as-of/0000000000000000/").status_code == 404


@pytest.mark.parametrize("change", [lambda rows: rows.update(organisations=99), lambda rows: rows.delete()])
def test_the_database_lets_no_statement_change(change):
    statements.state(make_signature().letter)
    with pytest.raises(IntegrityError, match="keeps saying what it said"), transaction.atomic():
        change(Statement.objects.all())


@pytest.mark.parametrize("phase", ["draft", "gathering"])
def test_a_letter_that_is_not_public_has_none_of_these_pages(client, phase):
    letter = make_letter(phase=phase)
    make_signature(letter)
    for path in ("press/", "counting/", f"as-of/{statements.state(letter).public_id}/"):
        assert client.get(f"/letters/asylum/{path}").status_code == 404
    assert client.post(PRESS).status_code == 404
    assert Statement.objects.count() == 1


# --- before the launch -----------------------------------------------------------------------------------


def gathering(**fields):
    at = timezone.now() + timedelta(days=3)
    letter = make_letter(phase="gathering", title="CANARYTITLE", opens_at=at, **fields)
    make_figure(letter)
    make_press_contact(letter)
    make_signature(letter, name="CANARYNAMED", latin="CANARYLATIN", country="UG")
    make_signature(letter, name="CANARYQUIET", visibility="counted_only", country="TV")
    quoted = make_signature(letter, name="CANARYQUOTED")
    make_quote(quoted, words="CANARYQUOTE", status="approved")
    return letter


def test_journalists_read_the_text_the_figures_the_number_and_whom_to_ask(client):
    letter = gathering()
    said = read(client, f"/p/{make_press_link(letter).key}/")
    for words in ("Under embargo.", "CANARYTITLE", "42.7 million", "3 organisations", "Press desk"):
        assert words in said
    assert re.search(r"before \d+ \w+ \d{4}, \d\d:\d\d Zurich time \(.*UTC\)", said)


def test_journalists_read_no_name_and_no_quote_and_no_way_to_the_other_secret_link(client):
    letter = gathering()
    key = make_press_link(letter).key
    for path in (f"/p/{key}/", f"/ar/p/{key}/"):
        page = client.get(path).content.decode()
        found = set(re.findall(r"CANARY[A-Z]+", page))
        assert found == {"CANARYTITLE"}
        assert letter.gathering_key not in page
        assert "Uganda" not in page
        assert "Tuvalu" not in page


def test_no_preview_of_the_link_tells_what_it_is(client):
    letter = gathering()
    answer = client.get(f"/p/{make_press_link(letter).key}/")
    head = answer.content.decode().partition("<body")[0]
    assert "CANARY" not in head
    assert "og:" not in head
    assert "noindex" in answer["X-Robots-Tag"]
    assert "no-store" in answer["Cache-Control"]


def test_a_launch_without_a_day_says_so(client):
    letter = make_letter(phase="gathering")
    assert "Its day is not set yet" in read(client, f"/p/{make_press_link(letter).key}/")


def test_a_link_that_is_unknown_replaced_ended_or_over_is_answered_alike(client):
    letter = gathering()
    replaced = make_press_link(letter).key
    ended = make_press_link(letter)
    press.end_link(letter, by=ended.by)
    over = make_press_link(letter, life=timedelta(minutes=1)).key
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        keys = (replaced, ended.key, over, "guessed")
        answers = [(client.get(f"/p/{key}/"), key.encode()) for key in keys]
    assert {answer.status_code for answer, _ in answers} == {404}
    assert len({answer.content.replace(key, b"") for answer, key in answers}) == 1
    assert client.get(f"/p/{letter.gathering_key}/").status_code == 404


def test_after_the_launch_it_leads_to_the_press_page(client):
    letter = gathering()
    key = make_press_link(letter).key
    lifecycle.open_letter(letter)
    answer = client.get(f"/p/{key}/")
    assert (answer.status_code, answer["Location"]) == (302, PRESS)
    assert "no-store" in answer["Cache-Control"]


# --- what a signatory offers -----------------------------------------------------------------------------


def own(signature):
    return f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/press/"


OFFER = {"act": "offer", "words": "We stand by it.", "language": "en"}


def test_a_quote_is_offered_and_taken_back_on_ones_own_page(client):
    signature = make_signature()
    address = own(signature)
    assert client.get(address.removesuffix("press/")).content.decode().count(f'href="{address}"') == 1
    assert "A moderator looks at your words." in words_of(client.post(address, OFFER))
    assert (Quote.objects.get().words, Quote.objects.get().language) == ("We stand by it.", "en")
    assert "We stand by it." in read(client, address)
    client.post(address, {"act": "take_back"})
    assert not Quote.objects.exists()


def test_who_is_rejected_reads_the_line_that_was_written(client):
    signature = make_signature()
    make_quote(signature, status="rejected", reason="to_say_otherwise", answer="Without the village.")
    assert "Without the village." in read(client, own(signature))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("", "Please write what you would like to say."),
        ("\u200b \u202e", "Please write what you would like to say."),
        ("x" * 301, "This has 301 characters. Please shorten it to 300."),
        ("Read https://evil.example/", "Please leave out web and mail addresses."),
        ("Read www.evil.example", "Please leave out web and mail addresses."),
        ("Write to me@evil.example", "Please leave out web and mail addresses."),
    ],
)
def test_words_that_cannot_be_quoted_are_refused_and_kept_in_the_form(client, words, problem):
    answer = client.post(own(make_signature()), {**OFFER, "words": words})
    assert answer.status_code == 422
    assert problem in words_of(answer)
    assert not Quote.objects.exists()


def test_three_hundred_characters_of_any_script_fit(client):
    client.post(own(make_signature()), {**OFFER, "words": "ب" * 300, "language": "ar"})
    assert len(Quote.objects.get().words) == 300


def test_one_says_that_one_would_speak_and_not_any_more(client):
    signature = make_signature()
    address = own(signature)
    client.post(address, {"act": "volunteer", "would": "on", "languages": ["sw", "en"]})
    assert Spokesperson.objects.get().languages == ["en", "sw"]
    client.post(address, {"act": "step_back"})
    assert not Spokesperson.objects.exists()


@pytest.mark.parametrize(
    "form", [{"would": "on"}, {"languages": ["en"]}, {"would": "on", "languages": ["xx"]}]
)
def test_nobody_speaks_without_saying_so_and_in_which_language(client, form):
    assert client.post(own(make_signature()), {"act": "volunteer", **form}).status_code == 422
    assert not Spokesperson.objects.exists()


def test_another_sites_form_offers_nothing_and_loses_nothing(client):
    answer = client.post(own(make_signature()), OFFER, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "We stand by it." in answer.content.decode()
    assert not Quote.objects.exists()


def test_a_signature_that_ended_offers_nothing(client):
    signature = make_signature()
    address = own(signature)
    withdrawal.withdraw(signature)
    for answer in (client.get(address), client.post(address, OFFER)):
        assert answer.status_code == 410
    assert not Quote.objects.exists()


def test_an_unconfirmed_signature_and_an_unknown_act_do_nothing(client):
    letter = make_letter()
    unconfirmed = own(make_signature(letter, status="unconfirmed"))
    assert "Once the signature is confirmed" in read(client, unconfirmed)
    assert client.post(unconfirmed, OFFER).status_code == 409
    volunteer = {"act": "volunteer", "would": "on", "languages": ["en"]}
    assert client.post(unconfirmed, volunteer).status_code == 409
    assert client.post(own(make_signature(letter, name="B")), {"act": "shout"}).status_code == 422
    assert not Quote.objects.exists()


def test_a_link_for_something_else_opens_nothing(client):
    value = tokens.mint(make_signature(), Purpose.VOUCH).value
    assert client.get(f"/s/{value}/press/").status_code == 404


# --- found nowhere ---------------------------------------------------------------------------------------


def test_what_was_not_approved_or_was_left_is_found_at_no_address():
    letter = make_letter(languages=("en", "ar"))
    for status in ("offered", "rejected"):
        fields = {"answer": "CANARYANSWER"} if status == "rejected" else {}
        make_quote(
            make_signature(letter, name=f"House {status}"), words="CANARYWAITS", status=status, **fields
        )
    for visibility in ("delivered_only", "counted_only"):
        hidden = make_signature(letter, name=f"CANARY {visibility}", visibility=visibility)
        make_quote(hidden, words="CANARYHIDDEN", status="approved")
        make_spokesperson(hidden, languages=["my"])
    gone = make_signature(letter, name="CANARYGONE")
    make_quote(gone, words="CANARYLEFT", status="approved")
    make_press_link(gathering(slug="early"))
    withdrawal.withdraw(gone)
    for path, answer in crawl().items():
        text = answer.body.decode(errors="replace")
        assert "canary" not in text.casefold().replace("q=canary", "").replace('value="canary"', ""), path
        assert not Letter.objects.filter(press_link__key__in=re.findall(r"/p/([\w-]+)/", text)).exists()
