"""One case on one screen: its evidence, every decision, taking one back, and the case behind it, held ready."""

import re
from datetime import timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from letters.models import Event
from signatories import moderation, queue, tokens
from signatories.admin.decisions import CHOICES
from signatories.models import Organisation, Purpose, Reading, Remark, Signature, Vouch
from tests.factories import (
    enter,
    make_contact_details,
    make_imported,
    make_letter,
    make_member,
    make_organisation,
    make_proposal,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
)

pytestmark = pytest.mark.django_db

QUEUE = "/admin/signatories/signature/"
SCRIPT = {"accept": "application/json"}


@pytest.fixture
def bob():
    """He moderates, and sees no contact."""
    return enter(Client(), make_member("bob", "Moderator"))


@pytest.fixture
def mo():
    """She moderates beside him."""
    return enter(Client(), make_member("mo", "Moderator", first_name="Mo", last_name="Said"))


@pytest.fixture
def dora():
    """She sees contacts, and decides nothing."""
    return enter(Client(), make_member("dora", "Data officer"))


@pytest.fixture
def _five_minutes(settings):
    settings.UNDO_FOR = timedelta(minutes=5)


def address(signature, page="change"):
    return f"{QUEUE}{signature.pk}/{page}/"


def look(client, signature, **query):
    answer = client.get(address(signature), query)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser")


def told(page):
    """What the page says in its live region."""
    return " ".join(page.select_one("[data-said]").get_text(" ").split())


def decide(client, signature, decision, **fields):
    """Press a button of a case that was just opened; return the page that follows."""
    seen = look(client, signature).select_one("[name=seen]")
    fields = {"seen": seen["value"], **fields} if seen and "seen" not in fields else fields
    answer = client.post(address(signature, "decide"), {"decision": decision, **fields}, follow=True)
    signature.refresh_from_db()
    return BeautifulSoup(answer.content, "html.parser")


def ask(client, signature, page, **fields):
    """Ask as the desk's script does."""
    if page == "next":
        return client.get(address(signature, page), fields, headers=SCRIPT).json()
    answer = client.post(address(signature, page), fields, headers=SCRIPT)
    assert answer.status_code == 200
    return answer.json()


def shown(answer):
    """Which case an answer to the script carries."""
    article = BeautifulSoup(answer["case"], "html.parser").article
    return int(article["data-pk"]) if article and article.has_attr("data-pk") else None


def words(answer):
    return BeautifulSoup(answer["said"]["said"], "html.parser").get_text()


def fill(letter, how_many):
    now = timezone.now()
    return [
        make_signature(
            letter,
            name=f"{'ABCDEFGHIJ'[number] * 3} Kettle",
            status="awaiting_moderation",
            confirmed_at=now - timedelta(hours=how_many - number),
        )
        for number in range(how_many)
    ]


def signs(page):
    return {
        re.sub(r"\d+%", "so much", " ".join(sign.get_text(" ").split())): {
            "for",
            "plain",
            "doubt",
        }.intersection(sign["class"]).pop()
        for sign in page.select(".sign")
    }


# --- what it shows -----------------------------------------------------------------------------------------


def test_a_case_shows_everything_on_one_page(bob):
    letter, elsewhere = make_letter(), make_letter("elsewhere", phase="closed")
    known = make_organisation("Blue Kettle Circle", verification="verified")
    make_signature(elsewhere, name="Blue Kettle Circle", organisation=known)
    make_signature(letter, name="Blue Kettle Cirle", country="UG", status="held")
    signature = make_signature(
        letter,
        name="Blue Kettle Circle",
        latin="Blu Ketl",
        status="awaiting_moderation",
        website="https://kettle.example/",
        batch="b" * 16,
        is_network=True,
        confirmed_at=timezone.now() - timedelta(days=4),
    )
    make_signature(letter, name="Red Spoon", status="rejected", batch="b" * 16)
    make_vouch(signature, make_voucher(letter))
    moderation.remark(signature, by=make_staff("carol", first_name="Carol"), words="Met them in Kampala.")
    page = look(bob, signature)
    text = " ".join(page.select_one("article").get_text(" ").split())
    for word in (
        *("Blue Kettle Circle", "Blu Ketl", "Kenya", "Led by refugees", "Network", "https://kettle.example/"),
        *("Waiting for a moderator", "4 days", "Everyone: the name stands on the public page", "Form"),
        *("Blue Kettle Cirle", "Uganda", "% alike", "the name", "elsewhere", "Published", "Verified"),
        *("Red Spoon", "Rejected", "Red Lantern", "We have worked together", "Met them in Kampala", "Carol"),
        *("Note written", "Keep the door open"),
    ):
        assert word in text, word
    assert signs(page) == {
        "Look twice: It resembles Blue Kettle Cirle on this letter: so much alike. See": "doubt",
        "Look twice: 1 more came from the same place that day. See": "doubt",
        "Speaks for it: The mailbox is of the website's domain.": "for",
        "Speaks for it: 1 verified organisation vouches for it. See": "for",
    }


@pytest.mark.parametrize(
    ("details", "website", "mark", "verdict"),
    [
        (
            {"email": "amina@mail.kettle.example"},
            "https://www.kettle.example/x",
            "for",
            "of the website's domain",
        ),
        ({"email": "amina@gmail.com"}, "https://kettle.example/", "plain", "free mail service"),
        ({"email": "amina@gmail.com"}, "", "plain", "free mail service"),
        ({"email": "amina@mailinator.com"}, "https://mailinator.com/", "doubt", "throw-away service"),
        (
            {"email": "amina@spoon.example"},
            "https://kettle.example/",
            "plain",
            "another domain than the website",
        ),
        ({"email": "amina@spoon.example"}, "https://facebook.com/kettle", "plain", "another domain"),
        ({"email": "amina@spoon.example"}, "", "plain", "no website was given"),
        ({"email": "", "phone": "+254712345678"}, "https://kettle.example/", "plain", "no mailbox"),
    ],
)
def test_a_mailbox_is_judged_and_neither_it_nor_its_domain_is_shown(bob, details, website, mark, verdict):
    contact = make_contact_details(**{**details, "name": "Zaynab Private"})
    signature = make_signature(
        contact=contact, website=website, status="awaiting_moderation", name="Nine Windows"
    )
    page = look(bob, signature)
    found = {words: mark for words, mark in signs(page).items() if verdict in words}
    assert list(found.values()) == [mark]
    content = str(page).replace(website, "") if website else str(page)
    assert not re.search(r"amina|gmail|mailinator|spoon\.example|254712|Zaynab", content)


def test_a_name_without_a_contact_has_nobody_to_write_to(bob):
    assert "To know: Nobody to write to: no contact is kept." in signs(
        look(bob, make_imported(make_letter()))
    )


def test_all_of_one_place_are_rejected_by_whoever_may_make_rules(bob):
    letter = make_letter()
    signature, *_ = (
        make_signature(letter, name=f"Kettle {name}", status="awaiting_moderation", batch="b" * 16)
        for name in ("one", "two", "three")
    )
    rule = "a[href^='/admin/signatories/invalidation/add/']"
    assert look(bob, signature).select_one(rule) is None
    manager = enter(Client(), make_member("mia", "Manager"))
    link = look(manager, signature).select_one(rule)["href"]
    assert parse_qs(urlsplit(link).query)["letter"] == [str(letter.pk)]
    assert "b" * 16 not in link
    assert manager.get(link).status_code == 200


def test_each_key_means_one_thing_and_says_so(bob):
    letter = make_letter()
    make_organisation("Blue Kettle Circle")
    question = {"question": "contacts_disagree", "asked_at": timezone.now()}
    cases = [
        make_signature(letter, name="Blue Kettle Circle!", status="held"),
        make_signature(letter, name="Night Ferry", status="unconfirmed", phone="+254712345678"),
        make_proposal(make_signature(letter, name="Day Ferry")).signature,
        make_signature(letter, name="Red Spoon", **question),
    ]
    for signature in cases:
        page = look(bob, signature)
        items = page.select("[data-key], details [data-digit]")
        for item in items:
            assert item["aria-keyshortcuts"] == item.get("data-key", item.get("data-digit")), item
        keys = [key for item in page.select("[data-key]") for key in item["data-key"].split()]
        assert len(keys) == len(set(keys)), keys
        for reasons in page.select("[data-reasons]"):
            digits = [item["data-digit"] for item in reasons.select("[data-digit]")]
            assert digits == [str(number + 1) for number in range(len(digits))]


def test_headings_and_names_are_in_order(bob):
    signature = make_signature(status="awaiting_moderation", batch="b" * 16)
    make_signature(signature.letter, name="Blue Ketle", status="held", batch="b" * 16)
    page = look(bob, signature)
    levels = [int(heading.name[1]) for heading in page.select_one("main").select("h1, h2, h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= level + 1 for level, later in pairwise(levels))
    ids = [item["id"] for item in page.select("[id]")]
    assert len(ids) == len(set(ids))
    for section in page.select("section[aria-labelledby]"):
        assert page.find(id=section["aria-labelledby"]), section
    for field in page.select_one("main").select("input:not([type=hidden]), select, textarea"):
        assert field.find_parent("label") or page.select(f"label[for='{field['id']}']"), field


def test_who_may_only_look_is_offered_nothing_to_press_and_keeps_no_case(dora, bob):
    first, second = fill(make_letter(), 2)
    page = look(dora, first)
    assert not page.select("[name=decision]")
    assert not page.select("form[action*=decide], form[action*=undo]")
    answer = dora.get(address(first, "next"))
    assert answer["Location"] == address(second)
    assert not Reading.objects.exists()
    for name in CHOICES:
        assert dora.post(address(first, "decide"), {"decision": name}).status_code == 403
    assert dora.post(address(first, "undo")).status_code == 403


# --- deciding ----------------------------------------------------------------------------------------------


def test_one_reason_is_one_button(bob):
    first, second = fill(make_letter(), 2)
    page = look(bob, first)
    form = page.select_one("form:has([value=not_an_organisation])")
    fields = {item["name"]: item["value"] for item in form.select("[type=hidden]")}
    pressed = form.select_one("[value=not_an_organisation]")
    answer = bob.post(form["action"], {**fields, pressed["name"]: pressed["value"]})
    assert answer["Location"] == address(second)
    first.refresh_from_db()
    assert (first.status, first.reject_reason) == ("rejected", "not_an_organisation")
    assert "Rejected: AAA Kettle" in told(look(bob, second))


def test_a_known_organisation_is_chosen(bob):
    known = make_organisation("Blue Kettle Circle", verification="verified")
    signature = make_signature(name="Blue Kettle Circle", status="awaiting_moderation")
    choice = look(bob, signature).select_one(f"[name=organisation][value='{known.public_id}']")
    assert choice["data-digit"] == "2"
    decide(bob, signature, "approve", organisation=known.public_id)
    assert signature.organisation == known


def test_an_imported_place_is_claimed(bob):
    letter = make_letter()
    place = make_imported(letter, name="Blue Kettle")
    signature = make_signature(letter, name="Blue Kettle", status="awaiting_moderation")
    page = look(bob, signature)
    assert "approving claims that place" in page.select_one("#approve").get_text()
    decide(bob, signature, "approve", organisation=place.organisation.public_id)
    place.refresh_from_db()
    assert (signature.status, place.status, place.country) == ("superseded", "published", "KE")


def test_a_second_contact_is_added_where_the_organisation_has_signed(bob):
    letter = make_letter()
    standing = make_signature(letter, name="Blue Kettle")
    signature = make_signature(letter, name="Blue Kettle", status="awaiting_moderation")
    page = look(bob, signature)
    assert not page.select(f"[type=radio][value='{standing.organisation.public_id}']")
    button = page.select_one("[form=co-contact]")
    fields = {item["name"]: item["value"] for item in page.select("#co-contact [type=hidden]")}
    bob.post(address(signature, "decide"), {**fields, button["name"]: button["value"]})
    signature.refresh_from_db()
    assert (signature.status, signature.superseded_by) == ("superseded", standing)


def test_of_two_that_wait_for_one_organisation_the_first_is_decided_first(bob):
    letter, known = make_letter(), make_organisation("Blue Kettle")
    waiting = make_signature(letter, name="Blue Kettle", status="awaiting_moderation", organisation=known)
    signature = make_signature(letter, name="Blue Kettle", status="awaiting_moderation")
    page = look(bob, signature)
    assert not page.select(f"[value='{known.public_id}']")
    assert page.select_one(f"#approve a[href='{address(waiting)}']")


def test_an_open_question_is_settled(bob):
    signature = make_signature(question="vouch_revoked", asked_at=timezone.now())
    assert "An organisation that vouched for it took that back" in look(bob, signature).get_text()
    decide(bob, signature, "settle")
    assert (signature.status, signature.question) == ("published", "")


@pytest.mark.parametrize(
    ("outcome", "status", "visibility"),
    [
        ("keep_hidden", "published", "counted_only"),
        ("show_again", "published", "public"),
        ("withdraw", "withdrawn", "counted_only"),
    ],
)
def test_what_contacts_disagree_about_is_settled_in_one_of_three_ways(bob, outcome, status, visibility):
    signature = make_signature(
        question="contacts_disagree",
        asked_at=timezone.now(),
        visibility="counted_only",
        agreed_visibility="public",
    )
    offered = [item["value"] for item in look(bob, signature).select("[name=outcome]")]
    assert offered == ["keep_hidden", "show_again", "withdraw"]
    decide(bob, signature, "settle", outcome="something else")
    assert signature.question
    decide(bob, signature, "settle", outcome=outcome)
    assert (signature.status, signature.visibility, signature.question) == (status, visibility, "")


def test_colleagues_read_each_others_notes(bob, mo):
    signature = make_signature(status="awaiting_moderation")
    page = decide(bob, signature, "remark", words="We <wait> for their network.\nUntil Thursday.")
    assert "Note written" in told(page)
    assert "We <wait> for their network." in look(mo, signature).select_one(".notes").get_text()
    assert signature.status == "awaiting_moderation"
    for nothing in ("", "   ", "x" * 2001):
        decide(bob, signature, "remark", words=nothing)
    assert Remark.objects.count() == 1


def test_verified_organisations_are_asked_and_their_word_is_written_down_and_taken_back(bob):
    letter = make_letter()
    make_voucher(letter, name="Red Lantern", keep_contact=True)
    make_voucher(letter, name="Red Lantern Street", keep_contact=True)
    make_organisation("Green Lamp")
    signature = make_signature(letter, status="awaiting_moderation")
    assert "Several" in told(decide(bob, signature, "ask_to_vouch", voucher="lantern"))
    for nobody in ("", "Green Lamp", "%"):
        assert "No verified organisation" in told(decide(bob, signature, "ask_to_vouch", voucher=nobody))
    assert "was asked" in told(decide(bob, signature, "ask_to_vouch", voucher="red lantern"))
    vouch = Vouch.objects.get()
    assert (vouch.voucher.name, vouch.status) == ("Red Lantern", "asked")
    assert "Please say how" in told(decide(bob, signature, "vouch", voucher="street", how_known=""))
    decide(bob, signature, "vouch", voucher="street", how_known="same_network")
    assert Vouch.objects.get(status="given").voucher.name == "Red Lantern Street"
    decide(bob, signature, "decline_to_vouch", vouch=vouch.pk)
    given = Vouch.objects.get(status="given")
    decide(bob, signature, "revoke_vouch", vouch=given.pk)
    assert sorted(Vouch.objects.values_list("status", flat=True)) == ["declined", "revoked"]
    assert "It" not in [one.name for one in Organisation.objects.all()]
    other = make_signature(letter, name="Night Ferry", status="awaiting_moderation")
    assert (
        bob.post(address(other, "decide"), {"decision": "revoke_vouch", "vouch": given.pk}).status_code == 404
    )


def test_a_phone_is_called_by_who_sees_contacts_and_confirmed_by_who_decides(bob, dora):
    signature = make_signature(status="unconfirmed", phone="+254712345678", name="Night Ferry")
    assert not look(bob, signature).select(f"[action='{address(signature, 'phone')}']")
    assert bob.post(address(signature, "phone")).status_code == 403
    assert look(dora, signature).select(f"[action='{address(signature, 'phone')}']")
    answer = dora.post(address(signature, "phone"))
    page = BeautifulSoup(answer.content, "html.parser")
    message = page.select_one("textarea[readonly]").get_text()
    chat = page.select_one("a[href^='https://wa.me/254712345678']")
    assert "noreferrer" in chat["rel"]
    assert "no-store" in answer["Cache-Control"]
    assert not page.select("img[src^=http], script[src^=http], link[href^=http]")
    code = re.search(r"\d{6}", message)[0]
    assert look(bob, signature).select("[name=code]")
    decide(bob, signature, "confirm", code=code)
    assert signature.status == "awaiting_moderation"


# --- taking back -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_five_minutes")
@pytest.mark.parametrize(
    ("decision", "reason"), [("approve", ""), ("hold", "other"), ("reject", "no_answer")]
)
def test_the_last_decision_is_taken_back_and_its_case_is_shown_again(bob, decision, reason):
    first, _ = fill(make_letter(), 2)
    page = decide(bob, first, decision, reason=reason)
    undo = page.select_one("[data-undo] form")
    assert "AAA Kettle" in undo.get_text()
    answer = bob.post(undo["action"], follow=True)
    assert answer.redirect_chain == [(address(first), 302)]
    first.refresh_from_db()
    assert first.status == "awaiting_moderation"
    page = look(bob, first)
    assert not page.select("[data-undo] form")
    assert "Taken back" in page.select_one(".history").get_text()


@pytest.mark.usefixtures("_five_minutes")
def test_one_decision_after_the_other_is_taken_back(bob):
    cases = fill(make_letter(), 3)
    for signature in cases:
        decide(bob, signature, "approve")
    for signature in reversed(cases):
        form = look(bob, cases[0]).select_one("[data-undo] form")
        assert form["action"] == address(signature, "undo")
        bob.post(form["action"])
    assert {one.status for one in Signature.objects.all()} == {"awaiting_moderation"}


@pytest.mark.usefixtures("_five_minutes")
def test_what_cannot_be_taken_back_says_what_to_do_instead(bob, mo):
    first, second = fill(make_letter(), 2)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        decide(bob, first, "approve")
        answer = mo.post(address(first, "undo"), follow=True)
        assert "Decide about it anew instead" in told(BeautifulSoup(answer.content, "html.parser"))
        clock.shift(timedelta(minutes=6))
        assert not look(bob, second).select("[data-undo] form")
        answer = bob.post(address(first, "undo"), follow=True)
    assert "more than 5 minutes" in told(BeautifulSoup(answer.content, "html.parser"))
    first.refresh_from_db()
    assert first.status == "published"


# --- the case behind it, held ready for the script ---------------------------------------------------------


def test_a_decision_is_one_request_that_answers_with_the_case_after_the_next(bob):
    first, second, third, fourth = fill(make_letter(), 4)
    look(bob, first)
    assert shown(ask(bob, first, "next")) == second.pk
    answer = ask(bob, first, "decide", decision="approve", shown=second.pk)
    assert (shown(answer), answer["show"]) == (third.pk, False)
    assert words(answer) == "Approved: AAA Kettle"
    assert "3 wait" in answer["waiting"]
    answer = ask(bob, second, "decide", decision="approve", shown=third.pk)
    assert (shown(answer), answer["show"]) == (fourth.pk, False)
    answer = ask(bob, third, "decide", decision="approve", shown=fourth.pk)
    assert (shown(answer), answer["show"]) == (None, False)
    answer = ask(bob, fourth, "decide", decision="approve")
    assert answer["show"]
    assert "Nothing waits" in answer["case"]
    assert not Reading.objects.exists()


def test_without_a_case_held_ready_the_answer_is_shown(bob):
    first, second, _ = fill(make_letter(), 3)
    answer = ask(bob, first, "decide", decision="hold", reason="other")
    assert (shown(answer), answer["show"], answer["kept"]) == (second.pk, True, False)


def test_what_prepares_a_decision_shows_the_same_case_and_keeps_the_next(bob):
    first, second, _ = fill(make_letter(), 3)
    ask(bob, first, "next")
    answer = ask(bob, first, "decide", decision="remark", words="Hm.", ahead=second.pk)
    assert (shown(answer), answer["show"], answer["kept"]) == (first.pk, True, True)
    assert "Hm." in answer["case"]
    assert set(Reading.objects.values_list("signature", flat=True)) == {first.pk, second.pk}


def test_a_refused_decision_leads_back_to_its_case(bob):
    letter = make_letter()
    first, second, third = fill(letter, 3)
    taken = make_signature(letter, name="Taken").organisation
    fields = {"decision": "approve", "organisation": taken.public_id, "shown": second.pk}
    answer = ask(bob, first, "decide", **fields)
    assert (shown(answer), answer["show"]) == (third.pk, False)
    assert answer["said"]["level"] == "warning"
    assert "has signed this letter already" in words(answer)
    assert f'href="{address(first)}"' in answer["said"]["said"]
    answer = ask(bob, second, "decide", decision="reject", reason="because", shown=third.pk)
    assert answer["said"]["level"] == "error"
    assert {one.status for one in (first, second)} == {"awaiting_moderation"}


@pytest.mark.usefixtures("_five_minutes")
def test_taking_back_shows_the_case_again_and_keeps_the_one_that_was_shown(bob):
    first, second, _ = fill(make_letter(), 3)
    ask(bob, first, "decide", decision="approve", shown=second.pk)
    answer = ask(bob, first, "undo", shown=second.pk)
    assert (shown(answer), answer["show"], answer["kept"]) == (first.pk, True, True)
    assert set(Reading.objects.values_list("signature", flat=True)) == {first.pk, second.pk}


def test_the_script_is_never_told_what_a_browser_should_keep(bob):
    first, _ = fill(make_letter(), 2)
    answer = bob.get(address(first, "next"), headers=SCRIPT)
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("odd", ["x", "-1", "9" * 40, "0", "\x00", "1e3"])
def test_odd_numbers_of_a_script_are_no_cases(bob, odd):
    first, _ = fill(make_letter(), 2)
    answer = bob.post(
        address(first, "decide"), {"decision": "approve", "shown": odd, "ahead": odd}, headers=SCRIPT
    )
    assert answer.status_code in (200, 404)
    first.refresh_from_db()
    assert first.status == "published"


def test_a_part_of_the_queue_is_worked_through_by_itself(bob):
    letter, other = make_letter(), make_letter("other")
    decided = fill(letter, 2)
    held = [make_signature(one, name=f"Held on {one.slug}", status="held") for one in (letter, letter, other)]
    part = f"?queue=held&letter__id__exact={letter.pk}"
    answer = bob.get(f"{QUEUE}begin/{part}")
    assert answer["Location"] == f"{address(held[0])}{part}"
    page = look(bob, held[0], queue="held", letter__id__exact=letter.pk)
    action = page.select_one("form[action*=decide]")["action"]
    assert action.endswith(part.replace("&", "&"))
    answer = bob.post(action, {"decision": "approve"})
    assert answer["Location"] == f"{address(held[1])}{part}"
    answer = bob.post(f"{address(held[1], 'decide')}{part}", {"decision": "approve"})
    assert answer["Location"] == f"{QUEUE}{part}"
    assert {one.status for one in decided} == {"awaiting_moderation"}


# --- two at one queue --------------------------------------------------------------------------------------


def test_two_who_begin_are_handed_two_cases_and_each_sees_the_other_reading(bob, mo):
    first, second, third, fourth = fill(make_letter(), 4)
    assert bob.get(f"{QUEUE}begin/")["Location"] == address(first)
    look(bob, first)
    assert shown(ask(bob, first, "next")) == second.pk
    assert mo.get(f"{QUEUE}begin/")["Location"] == address(third)
    look(mo, third)
    assert shown(ask(mo, third, "next")) == fourth.pk
    assert "Mo Said is reading this case now" in look(bob, third).get_text()


def test_of_two_who_decide_one_case_the_second_sees_what_the_first_did_and_goes_on(bob, mo):
    first, second, third = fill(make_letter(), 3)
    seen = look(bob, first).select_one("[name=seen]")["value"]
    decide(mo, first, "approve")
    for decision, reason in (("approve", ""), ("hold", "other"), ("reject", "no_answer")):
        fields = {"decision": decision, "reason": reason, "seen": seen}
        answer = bob.post(address(first, "decide"), fields, follow=True)
        assert answer.redirect_chain[-1][0] in (address(second), address(third))
        said = told(BeautifulSoup(answer.content, "html.parser"))
        assert re.search(r"AAA Kettle\s?: Approved by Mo Said, \d+ seconds? ago\.", said), said
    first.refresh_from_db()
    assert first.status == "published"
    assert Event.objects.filter(subject_id=first.public_id).count() == 1


def test_who_decides_twice_is_told_so_and_nothing_happens_twice(bob):
    first, _ = fill(make_letter(), 2)
    decide(bob, first, "reject", reason="no_answer")
    answer = ask(bob, first, "decide", decision="reject", reason="no_answer")
    assert "Rejected by you" in words(answer)
    assert Event.objects.filter(act="reject").count() == 1


def test_what_its_signatory_did_meanwhile_is_told(bob):
    from signatories import withdrawal

    first, second = fill(make_letter(), 2)
    seen = look(bob, first).select_one("[name=seen]")["value"]
    withdrawal.withdraw(first)
    answer = ask(bob, first, "decide", decision="approve", seen=seen, shown=second.pk)
    assert "Withdrawn by its signatory" in words(answer)
    assert not answer["show"]


def test_a_case_held_ready_that_a_colleague_decided_is_passed_over_without_loss(bob, mo):
    first, second, third = fill(make_letter(), 3)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        look(bob, first)
        ask(bob, first, "next")
        clock.shift(timedelta(minutes=3))
        decide(mo, second, "reject", reason="no_answer")
        Reading.objects.filter(staff__username="mo").delete()  # she goes home
        answer = ask(bob, first, "decide", decision="approve", shown=second.pk)
    assert (shown(answer), answer["show"]) == (third.pk, True)
    assert "Approved: AAA Kettle" in words(answer)
    assert "BBB Kettle: Rejected by Mo Said" in words(answer)


def test_a_case_held_ready_that_a_colleague_reads_by_now_is_left_to_them(bob, mo):
    first, second, third = fill(make_letter(), 3)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        look(bob, first)
        ask(bob, first, "next")
        clock.shift(timedelta(minutes=3))
        queue.keep(first.pk, by=make_staff("somebody"))
        look(mo, second)
        answer = ask(bob, first, "decide", decision="approve", shown=second.pk)
    assert (shown(answer), answer["show"]) == (third.pk, True)
    assert "Mo Said is reading it now" in words(answer)


def test_who_has_the_rest_is_said_when_nothing_else_waits(bob, mo):
    first, second = fill(make_letter(), 2)
    look(mo, second)
    answer = ask(bob, first, "decide", decision="approve")
    assert "Colleagues have the rest" in answer["case"]


def test_two_by_turns_clear_a_queue_and_no_case_is_decided_twice(bob, mo):
    cases = fill(make_letter(), 10)
    at = {}
    for client in (bob, mo):
        begun = client.get(f"{QUEUE}begin/")["Location"]
        client.get(begun)
        now = Signature.objects.get(pk=begun.split("/")[-3])
        at[client] = (now.pk, shown(ask(client, now, "next")))
    decided = []
    while any(now for now, _ahead in at.values()):
        for client, (now, ahead) in at.items():
            if now is None:
                continue
            fields = {"decision": "approve"} | ({"shown": ahead} if ahead else {})
            answer = ask(client, Signature.objects.get(pk=now), "decide", **fields)
            assert words(answer).startswith("Approved")
            decided.append(now)
            at[client] = (ahead, shown(answer)) if not answer["show"] else (shown(answer), None)
    assert sorted(decided) == sorted(one.pk for one in cases)


# --- details -------------------------------------------------------------------------------------------------


def test_a_code_is_typed_without_a_transaction_around_it(bob):
    signature = make_signature(status="unconfirmed", phone="+254712345678")
    code = tokens.mint(signature, Purpose.PHONE, by=make_staff("carol")).code
    wrong = "000000" if code != "000000" else "111111"
    assert "not the code" in told(decide(bob, signature, "confirm", code=wrong))
    decide(bob, signature, "confirm", code=code)
    assert signature.status == "awaiting_moderation"


def test_a_signature_that_is_gone_leads_to_the_queue(bob):
    answer = bob.get(f"{QUEUE}999999/change/", follow=True)
    assert answer.redirect_chain == [(QUEUE, 302)]
    assert "no such signature" in str(next(iter(answer.context["messages"])))
