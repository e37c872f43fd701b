"""A text changes: at the desk, in the mailboxes of who signed, on their own pages, and before everybody's eyes."""

import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from letters import revision
from letters import versions as drafting
from letters.models import Letter, Version
from signatories import tokens, versions
from signatories.models import Purpose, Signature
from tests.factories import (
    enter,
    make_imported,
    make_letter,
    make_member,
    make_signature,
    make_staff,
    make_version,
    sign_form,
)

pytestmark = pytest.mark.django_db

AMINA = "amina@kettle.example"


@pytest.fixture
def visitor():
    return Client()


@pytest.fixture
def letter():
    return make_letter()


@pytest.fixture
def desk():
    return enter(Client(), make_staff())


def page(answer):
    return BeautifulSoup(answer.content, "html.parser")


def put_in(answer):
    """Return what a page shows as new in the text."""
    return " ".join(each.get_text() for each in page(answer).select(".difference ins"))


def said(answer):
    return re.sub(r"\s+", " ", page(answer).get_text())


def change_text(desk, letter, *, change, body="We ask for more.", what_changed="We ask for more.", **fields):
    """Type another text into the form, look at what it does, and publish it; return the page before the button."""
    own = {
        f"{text.language}-{name}": value
        for text in letter.current_texts()
        for name, value in {
            "title": text.title,
            "subtitle": text.subtitle,
            "standing": text.standing,
            "body": body,
            "what_changed": what_changed,
        }.items()
    }
    address = f"/admin/letters/letter/{letter.pk}/text/"
    answer = desk.post(address, {"change": change, **own, **fields})
    assert answer.status_code == 302, said(answer)
    preview = desk.get(answer["Location"])
    seen = page(preview).find("input", {"name": "seen"})["value"]
    assert desk.post(f"{address}act/", {"act": "publish", "seen": seen}).status_code == 302
    return preview


def draft(letter, *, by):
    text = letter.text_for("en")
    words = drafting.Words(
        language="en", standing="official", title=text.title, subtitle="", body="We ask.", what_changed="All."
    )
    return drafting.draft(letter, by=by, change="material", texts=[words])


# --- at the desk -----------------------------------------------------------------------------------------


def test_the_form_shows_the_text_as_it_is_and_the_preview_what_changes_and_whom_it_concerns(desk, letter):
    make_signature(letter)
    make_imported(letter, name="Old Guard")
    form = page(desk.get(f"/admin/letters/letter/{letter.pk}/text/"))
    assert "Stay open." in form.find("textarea", {"name": "en-body"}).get_text()
    preview = change_text(
        desk, letter, change="material", body="We, {organisations} from {countries}, demand."
    )
    words = said(preview)
    assert "2 organisations that are counted now leave the list" in words
    assert "1 mail asks for it" in words
    assert "1 has no mailbox" in words
    shown = page(preview).find(class_="difference")
    assert "demand" in shown.find("ins").get_text()
    assert "ask" in shown.find("del").get_text()


def test_a_change_says_what_changed_and_which_kind_it_is(desk, letter):
    address = f"/admin/letters/letter/{letter.pk}/text/"
    texts = {
        "en-title": "New",
        "en-subtitle": "",
        "en-body": "B",
        "en-standing": "official",
        "en-what_changed": "",
    }
    answer = desk.post(address, texts)
    assert answer.status_code == 422
    assert "Please choose what kind of change it is." in said(answer)
    assert "Please say what changed in this language." in said(answer)
    same = letter.text_for("en")
    texts |= {"en-title": same.title, "en-body": same.body, "change": "editorial"}
    assert "Nothing is different yet." in said(desk.post(address, texts))
    assert not Version.objects.exists()


def test_an_official_translation_that_lags_is_named_before_a_material_change_is_published(desk):
    letter = make_letter(languages=("en", "fr"))
    address = f"/admin/letters/letter/{letter.pk}/text/"
    french = letter.texts.get(language="fr")
    texts = {"en-title": "New", "en-body": "B", "en-standing": "official", "en-what_changed": "All."}
    texts |= {
        "fr-title": french.title,
        "fr-body": french.body,
        "fr-standing": "official",
        "change": "material",
    }
    preview = desk.get(desk.post(address, texts)["Location"])
    assert "Please add it there, too: Français" in said(preview)
    assert not page(preview).find("button", {"value": "publish"})
    answer = desk.post(f"{address}act/", {"act": "publish", "seen": "forced"}, follow=True)
    assert "changed the draft meanwhile" in said(answer)
    assert letter.version_number() == 1


def test_what_was_published_is_taken_back_at_the_desk_while_no_mail_has_left(
    desk, letter, settings, work, mailbox
):
    settings.UNDO_FOR = timedelta(minutes=5)
    make_signature(letter, email=AMINA)
    change_text(desk, letter, change="material")
    address = f"/admin/letters/letter/{letter.pk}/text/"
    assert "The mails about it have not left yet." in said(desk.get(address))
    answer = desk.post(f"{address}act/", {"act": "take_back"}, follow=True)
    assert "Taken back." in said(answer)
    work()
    assert mailbox.messages() == []
    assert Signature.objects.get().status == "published"
    assert "It can no longer be taken back" in said(
        desk.post(f"{address}act/", {"act": "take_back"}, follow=True)
    )


def test_two_editors_the_second_is_told_that_the_draft_is_another_one(desk, letter):
    address = f"/admin/letters/letter/{letter.pk}/text/"
    texts = {"en-title": "New", "en-body": "B", "en-standing": "official", "en-what_changed": "All."}
    preview = desk.get(desk.post(address, {**texts, "change": "editorial"})["Location"])
    seen = page(preview).find("input", {"name": "seen"})["value"]
    other = enter(Client(), make_staff("bob"))
    other.post(address, {**texts, "change": "material"})
    answer = desk.post(f"{address}act/", {"act": "publish", "seen": seen}, follow=True)
    assert "A colleague has changed the draft meanwhile." in said(answer)
    assert letter.version_number() == 1


def test_staff_see_who_has_not_agreed_and_write_down_who_said_yes_elsewhere(desk, letter):
    make_signature(letter)
    imported = make_imported(letter, name="Old Guard")
    phone = make_signature(letter, name="Phone", phone="+254700000000")
    change_text(desk, letter, change="material")
    address = f"/admin/letters/letter/{letter.pk}/agreed/"
    words = said(desk.get(address))
    assert "3 have not said yes to it yet." in words
    for tag in ("asked by mail", "by phone: please call", "no contact: please ask"):
        assert tag in words
    ticked = {"signature": [imported.public_id, phone.public_id], "channel": "phone"}
    assert desk.post(address, ticked).status_code == 422
    desk.post(address, {**ticked, "evidence": "Calls on Monday."})
    assert Signature.objects.published().count() == 2
    case = said(desk.get(f"/admin/signatories/signature/{imported.pk}/change/"))
    assert "Calls on Monday." in case
    assert "A new yes was written down" in case


def test_a_moderator_records_a_yes_and_changes_no_text_and_an_editor_the_other_way_round(letter):
    make_version(letter, change="material")
    make_signature(letter, status="to_agree_again")
    mo = enter(Client(), make_member("mo", "Moderator"))
    ed = enter(Client(), make_member("ed", "Editor"))
    text, agreed = (f"/admin/letters/letter/{letter.pk}/{part}/" for part in ("text", "agreed"))
    assert (mo.get(text).status_code, mo.get(agreed).status_code) == (403, 200)
    assert (ed.get(text).status_code, ed.get(agreed).status_code) == (200, 403)


# --- in the mailbox and on their own page ------------------------------------------------------------------


def test_an_editorial_change_is_told_with_the_way_out(desk, visitor, letter, work, mailbox):
    signature = make_signature(letter, email=AMINA)
    change_text(desk, letter, change="editorial", what_changed="A figure was wrong.")
    work()
    assert len(mailbox.messages()) == 1
    assert "A figure was wrong." in mailbox.text_to(AMINA)
    own = mailbox.link_to(AMINA)
    shown = visitor.get(own)
    assert "Your signature stands." in said(shown)
    assert put_in(shown)
    assert "published" in Signature.objects.get(pk=signature.pk).status
    visitor.post(own, {"act": "withdraw", "sure": "on"})
    assert Signature.objects.get(pk=signature.pk).status == "withdrawn"


def test_a_material_change_asks_shows_and_counts_again_with_the_yes(desk, visitor, letter, work, mailbox):
    make_signature(letter, email=AMINA)
    make_signature(letter, name="Red Kettle")
    change_text(desk, letter, change="material")
    assert "Blue Kettle" not in said(visitor.get("/letters/asylum/"))
    assert visitor.get("/letters/asylum/live.json").json()["organisations"] == 0
    work()
    assert len(mailbox.to(AMINA)) == 1
    link = mailbox.link_to(AMINA, containing="/agree/")
    before = Letter.objects.get().revision
    shown = visitor.get(link)
    assert put_in(shown)
    assert Letter.objects.get().revision == before  # a scanner that follows links says nothing
    number = page(shown).find("input", {"name": "version"})["value"]
    assert visitor.post(link, {"version": number}).status_code == 422  # nor one that presses buttons
    answer = visitor.post(link, {"agrees": "on", "version": number})
    assert "Your organisation agrees to the new text." in said(answer)
    assert Letter.objects.get().revision == before + 1
    letter_page = said(visitor.get("/letters/asylum/"))
    assert "Blue Kettle" in letter_page
    assert "1 of 2 organisations have agreed to it so far." in letter_page
    assert "nothing left to do" in said(visitor.get(link))
    assert visitor.post(link, {"agrees": "on", "version": number}).status_code == 200


def test_the_yes_can_be_said_on_the_own_page_too(visitor, letter):
    signature = make_signature(letter, status="to_agree_again")
    make_version(letter, change="material")
    own = f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/"
    shown = visitor.get(own)
    assert "neither counted nor named until it agrees" in said(shown)
    assert visitor.post(own, {"act": "agree", "version": "2"}).status_code == 422
    assert visitor.post(own, {"act": "agree", "agrees": "on", "version": "1"}).status_code == 409
    assert "agrees to the new text" in said(
        visitor.post(own, {"act": "agree", "agrees": "on", "version": "2"})
    )
    assert Signature.objects.get().status == "published"


def test_a_page_that_was_opened_before_the_next_change_takes_no_yes(visitor, letter):
    signature = make_signature(letter, status="to_agree_again")
    make_version(letter, change="material")
    link = f"/s/{tokens.mint(signature, Purpose.AGREE).value}/agree/"
    make_version(letter, change="material")
    answer = visitor.post(link, {"agrees": "on", "version": "2"})
    assert answer.status_code == 409
    assert "has changed meanwhile" in said(answer)
    assert page(answer).find("input", {"name": "version"})["value"] == "3"
    assert Signature.objects.get().status == "to_agree_again"


def test_a_link_to_agree_opens_nothing_else_and_no_other_link_agrees(visitor, letter):
    signature = make_signature(letter, status="to_agree_again")
    make_version(letter, change="material")
    agree = tokens.mint(signature, Purpose.AGREE).value
    assert visitor.get(f"/s/{agree}/").status_code == 404
    for purpose in set(Purpose) - {Purpose.AGREE}:
        other = tokens.mint(signature, purpose).value
        assert visitor.post(f"/s/{other}/agree/", {"agrees": "on"}).status_code == 404
    assert Signature.objects.get().status == "to_agree_again"


def test_who_ended_is_told_so_and_a_closed_letter_takes_no_yes(visitor):
    letter = make_letter(phase="archived")
    make_version(letter, change="material")
    late = make_signature(letter, status="to_agree_again")
    gone = make_signature(letter, name="Gone", status="withdrawn")
    for signature in (late, gone):
        link = f"/s/{tokens.mint(signature, Purpose.AGREE).value}/agree/"
        assert visitor.post(link, {"agrees": "on", "version": "2"}).status_code == 410
    assert Signature.objects.published().count() == 0


def test_a_confirm_page_shows_what_changed_since_the_form_and_says_what_confirming_means(visitor, letter):
    signature = make_signature(letter, status="unconfirmed")
    link = f"/s/{tokens.mint(signature, Purpose.CONFIRM).value}/confirm/"
    assert "agrees to the letter as it is now" not in said(visitor.get(link))
    make_version(letter, change="material")
    assert visitor.post(link, {"visibility": "public", "version": "1"}).status_code == 409
    shown = visitor.get(link)
    assert "By confirming, your organisation agrees to the letter as it is now." in said(shown)
    assert put_in(shown)
    assert visitor.post(link, {"visibility": "public", "version": "2"}).status_code == 200
    assert Signature.objects.get().agreed_version == 2


def test_a_form_that_was_opened_before_a_material_change_is_shown_again_and_nothing_is_lost(visitor, letter):
    number = page(visitor.get("/letters/asylum/sign/")).find("input", {"name": "version"})["value"]
    make_version(letter, change="editorial")
    assert visitor.post("/letters/asylum/sign/", sign_form(version=number)).status_code == 303
    make_version(letter, change="material")
    answer = visitor.post("/letters/asylum/sign/", sign_form(version=number, organisation="Red Kettle"))
    assert answer.status_code == 409
    assert page(answer).find("input", {"name": "organisation"})["value"] == "Red Kettle"
    assert page(answer).find("input", {"name": "version"})["value"] == "3"
    assert visitor.post("/letters/asylum/sign/", sign_form(organisation="Red Kettle")).status_code == 303
    assert [one.agreed_version for one in Signature.objects.order_by("pk")] == [2, 3]


# --- before everybody's eyes -------------------------------------------------------------------------------


def test_the_letter_says_when_it_changed_and_where_the_difference_stands(visitor, letter):
    assert "Changed on" not in said(visitor.get("/letters/asylum/"))
    make_version(letter, what_changed="A word was wrong.", body="We ask.\n\n* Stay wide open.")
    revision.forget()
    shown = visitor.get("/letters/asylum/")
    assert "Changed on" in said(shown)
    assert "A word was wrong." in said(shown)
    versions_page = visitor.get("/letters/asylum/versions/")
    assert "Changed in its wording" in said(versions_page)
    newest = visitor.get("/letters/asylum/versions/2/")
    assert "wide" in put_in(newest)
    first = visitor.get("/letters/asylum/versions/1/")
    assert "This is not the letter as it is now." in said(first)
    assert "Stay open." in said(first)
    for number in ("3", "0", "99999999999999999999"):
        assert visitor.get(f"/letters/asylum/versions/{number}/").status_code == 404


def test_what_changed_before_the_launch_stays_among_those_who_gathered(visitor):
    letter = make_letter(opens_at=timezone.now() - timedelta(days=1))
    make_version(letter, at=timezone.now() - timedelta(days=2), what_changed="We had been too harsh.")
    make_version(letter, what_changed="A comma.")
    listed = said(visitor.get("/letters/asylum/versions/"))
    assert "A comma." in listed
    assert "too harsh" not in listed
    assert visitor.get("/letters/asylum/versions/1/").status_code == 404
    assert "too harsh" not in said(visitor.get("/letters/asylum/versions/2/"))


def test_a_letter_that_gathers_tells_what_changed_behind_its_link_alone(visitor):
    letter = make_letter(phase="gathering")
    make_version(letter, change="material", what_changed="One ask more.")
    shown = visitor.get(f"/g/{letter.gathering_key}/")
    assert "One ask more." in said(shown)
    assert "/versions/" not in shown.content.decode()
    assert visitor.get("/letters/asylum/versions/").status_code == 404


def test_a_translation_that_lags_behind_a_material_change_says_so(visitor):
    letter = make_letter(languages=("en", "ar"))
    letter.texts.filter(language="ar").update(standing="courtesy")
    make_version(letter, change="material", languages=("en",))
    assert page(visitor.get("/ar/letters/asylum/")).find_all(class_="notice")
    assert not page(visitor.get("/letters/asylum/")).find_all(class_="notice")


def test_a_difference_is_shown_in_the_readers_language_or_in_one_that_changed(visitor):
    letter = make_letter(languages=("en", "ar", "fr"))
    make_version(letter, languages=("en", "ar"))
    for prefix, language in (("", "en"), ("/ar", "ar"), ("/fr", "en")):
        shown = page(visitor.get(f"{prefix}/letters/asylum/versions/2/")).find(class_="difference")
        assert shown["lang"] == language
        assert shown["dir"] == ("rtl" if language == "ar" else "ltr")


def test_nobody_is_named_where_an_organisation_has_not_agreed(visitor, letter):
    make_signature(letter, name="Canary Kettle")
    version = draft(letter, by=make_staff())
    versions.publish(version, by=version.by)
    for address in ("", "signatories/", "live.json", "letter.pdf", "versions/", "versions/2/"):
        assert b"Canary" not in visitor.get(f"/letters/asylum/{address}").content, address
