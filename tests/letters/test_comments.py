"""Partners comment on a draft behind its secret link; their words stay with the version, and never become public."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from letters import comments, lifecycle, texts
from letters.comments import NoSuchPassage, NotGathering, TooManyComments
from letters.models import Comment, Event, Letter
from signatories import tasks, versions
from signatories.models import Pressure
from signatories.versions import NothingToTakeBack
from tests.crawling import crawl
from tests.factories import enter, make_comment, make_letter, make_member, make_staff, make_text, make_version
from tests.racing import at_once

pytestmark = pytest.mark.django_db

BODY = """We, {organisations} from {countries}, ask.

## Four *asks*

1. Open the **door**.
2. Keep it open.

> As [promised][1].

---

Thank you.

[1]: https://www.unhcr.org/
"""
SECOND = BODY.replace("Keep it open.", "Keep the door open.").replace("Thank you.", "With thanks, and hope.")


@pytest.fixture
def letter():
    letter = make_letter("asylum", phase="gathering")
    letter.texts.update(body=BODY)
    return letter


@pytest.fixture
def text(letter):
    return letter.texts.get()


def address_of(letter, *, prefix=""):
    return f"{prefix}/g/{letter.gathering_key}/comments/"


def form(**fields):
    return {
        "words": "Say it more gently.",
        "name": "",
        "organisation": "",
        "version": "1",
        "on": "",
        **fields,
    }


def words_of(answer):
    return " ".join(BeautifulSoup(answer.content, "html.parser").get_text(" ").split())


def passage_on(page, number):
    return BeautifulSoup(page.content, "html.parser").select_one(f"#p{number}")


# --- passages ----------------------------------------------------------------------------------------------


def test_a_text_is_cut_where_one_may_speak_of_it():
    assert [str(piece).strip().replace("\n", "") for piece in texts.passages(BODY)] == [
        "<p>We, {organisations} from {countries}, ask.</p>",
        "<h2>Four <em>asks</em></h2>",
        '<ol start="1"><li>Open the <strong>door</strong>.</li></ol>',
        '<ol start="2"><li>Keep it open.</li></ol>',
        '<blockquote><p>As <a href="https://www.unhcr.org/" rel="nofollow noopener noreferrer">promised</a>.'
        "</p></blockquote>",
        "<hr>",
        "<p>Thank you.</p>",
    ]


def test_a_list_that_begins_elsewhere_counts_on():
    pieces = texts.passages("7. seven\n8. eight\n\n* dot\n")
    assert [piece.partition(">")[0] for piece in pieces] == ['<ol start="7"', '<ol start="8"', "<ul"]


def test_what_a_text_may_not_hold_no_passage_holds():
    (piece,) = texts.passages("<script>alert(1)</script> [x](javascript:alert(1)) ![y](//evil.example/y.png)")
    assert "<script" not in piece
    assert "href" not in piece
    assert "<img" not in piece


# --- writing -----------------------------------------------------------------------------------------------


def test_a_comment_is_kept_with_its_version_and_what_its_passage_said(text):
    comment = make_comment(text.letter, passage=4, name="Amina", organisation="Blue Kettle", language="ar")
    assert (comment.text, comment.passage, comment.language) == (text, 4, "ar")
    assert len(comment.passage_digest) == 64
    event = Event.objects.get(act="comment")
    assert (event.subject_id, event.letter, event.by) == (comment.public_id, text.letter, None)
    assert "Amina" not in repr(Event.objects.values())


@pytest.mark.parametrize("passage", [0, 6, 8, 99])
def test_there_is_nothing_to_say_of_a_passage_that_says_nothing(letter, passage):
    with pytest.raises(NoSuchPassage):
        make_comment(letter, passage=passage)
    assert not Comment.objects.exists()


@pytest.mark.parametrize("phase", ["draft", "open", "closed", "archived"])
def test_comments_are_for_letters_that_gather(phase):
    with pytest.raises(NotGathering):
        make_comment(make_letter(phase=phase))


def test_the_same_comment_sent_twice_is_kept_once(letter):
    assert make_comment(letter) == make_comment(letter)
    assert Comment.objects.count() == Event.objects.filter(act="comment").count() == 1
    make_comment(letter, is_private=True)
    make_comment(letter, passage=1)
    assert Comment.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_the_same_comment_sent_at_once_is_kept_once():
    letter = make_letter(phase="gathering")
    outcomes = at_once(*[lambda: make_comment(letter)] * 8)
    assert len({one.pk for one in outcomes}) == Comment.objects.count() == 1


def test_a_version_holds_only_so_many(letter, settings):
    settings.COMMENTS_A_TEXT = 2
    make_comment(letter, words="One")
    make_comment(letter, words="Two")
    with pytest.raises(TooManyComments):
        make_comment(letter, words="Three")


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"words": ""}, "a_comment_says_something"),
        ({"passage": 1, "passage_digest": ""}, "a_comment_knows_what_its_passage_said"),
        ({"passage": None, "passage_digest": "x"}, "a_comment_knows_what_its_passage_said"),
    ],
)
def test_the_database_refuses_what_is_no_comment(text, wrong, rule):
    said = {"text": text, "words": "Hm.", "language": "en", **wrong}
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Comment.objects.create(**said)


# --- later versions ----------------------------------------------------------------------------------------


def test_a_later_version_shows_a_comment_beside_what_still_says_the_same(letter, client):
    make_comment(letter, words="First ask", passage=3)
    make_comment(letter, words="Second ask", passage=4)
    make_comment(letter, words="All of it")
    text = make_text(letter, version=2, change="editorial", body="A new beginning.\n\n" + SECOND)
    shown = comments.discussed(text, comments.until(text))
    assert {p.number: [c.words for c in p.comments] for p in shown.passages if p.comments} == {
        4: ["First ask"]
    }
    assert [c.words for c in shown.of_the_whole] == ["All of it"]
    assert [c.words for c in shown.earlier] == ["Second ask"]
    page = client.get(address_of(letter))
    assert "on version 1" in passage_on(page, 4).get_text()
    assert "On what earlier versions said" in words_of(page)


def test_of_two_passages_that_say_the_same_the_nearer_one_is_meant(letter):
    letter.texts.update(body="Yes.\n\nNo.\n\nYes.")
    comment = make_comment(letter, passage=3)
    text = letter.texts.get()
    shown = comments.discussed(text, comments.until(text))
    assert [passage.number for passage in shown.passages if passage.comments] == [3]
    assert shown.passages[2].comments == [comment]


def test_markup_and_line_breaks_make_no_other_passage(letter):
    make_comment(letter, passage=3)
    text = make_text(letter, version=2, change="editorial", body="1. *Open*\n   the door.")
    assert comments.discussed(text, comments.until(text)).passages[0].comments


def test_an_earlier_version_shows_nothing_that_was_said_later(letter, text):
    later = make_text(letter, version=2, change="editorial", body=SECOND)
    make_comment(letter, text=later)
    assert list(comments.until(text)) == []
    assert comments.until(later).count() == 1


def test_another_language_has_comments_of_its_own(letter):
    arabic = make_text(letter, language="ar", body="نطلب.")
    make_comment(letter, words="On the English")
    make_comment(letter, text=arabic, words="على العربية")
    assert [comment.words for comment in comments.until(arabic)] == ["على العربية"]


def test_a_version_that_was_commented_on_is_not_taken_back(letter, settings):
    settings.UNDO_FOR = timedelta(minutes=5)
    version = make_version(letter, at=timezone.now())
    comment = make_comment(letter, text=letter.texts.get(version=2))
    with pytest.raises(NothingToTakeBack):
        versions.take_back(version, by=version.by)
    assert Comment.objects.get().text == comment.text


# --- the page of the partners ------------------------------------------------------------------------------


def test_a_partner_comments_on_a_passage_and_all_partners_read_it(client, letter):
    page = client.get(f"{address_of(letter)}?on=4")
    assert passage_on(page, 4).select_one("form [name=on]")["value"] == "4"
    answer = client.post(
        address_of(letter),
        form(on="4", name="Amina", organisation="Blue Kettle", words="Too soft.\nBe clear."),
    )
    assert (answer.status_code, answer["Location"]) == (303, f"{address_of(letter)}?done=kept#done")
    page = Client().get(answer["Location"])
    said = passage_on(page, 4)
    assert "Too soft." in said.get_text()
    assert "Amina" in said.get_text()
    assert "Blue Kettle" in said.get_text()
    assert "Thank you. Your comment is kept." in words_of(page)
    assert not client.cookies


def test_a_partner_comments_on_the_whole_letter_without_a_name(client, letter):
    client.post(address_of(letter), form())
    page = client.get(address_of(letter))
    assert "Somebody with the link" in words_of(page)
    assert "Say it more gently." in words_of(page)


def test_a_private_comment_is_shown_to_nobody_behind_the_link(client, letter):
    answer = client.post(
        address_of(letter), form(is_private="on", words="Only for you.", name="Amina", organisation="Kettle")
    )
    page = client.get(answer["Location"])
    assert "only the coalition reads it" in words_of(page)
    for told in ("Only for you.", "Amina", "Kettle"):
        assert told not in page.content.decode()
    assert Comment.objects.get().is_private


def test_the_page_says_plainly_who_reads_it(client, letter):
    page = words_of(client.get(address_of(letter)))
    assert "Everybody who has this secret link, unless you choose that only the coalition does." in page


@pytest.mark.parametrize("prefix", ["", "/ar"])
def test_a_comment_keeps_the_language_of_its_page(client, letter, prefix):
    client.post(address_of(letter, prefix=prefix), form())
    assert Comment.objects.get().language == (prefix[1:] or "en")


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": ""},
        {"words": " \n \u200b\n"},
        {"words": "x" * 2001},
        {"name": "x" * 121},
        {"organisation": "x" * 256},
        {"version": ""},
        {"version": "x"},
        {"on": "-1"},
        {"on": "x"},
        {"words": "nul\0"},
    ],
)
def test_what_is_no_comment_is_shown_again_and_not_kept(client, letter, wrong):
    answer = client.post(address_of(letter), form(**{"name": "Amina", **wrong}))
    assert answer.status_code == 422
    assert "There is a problem" in words_of(answer)
    assert not Comment.objects.exists()


def test_what_hides_in_words_is_taken_out_and_lines_stay(client, letter):
    client.post(address_of(letter), form(words="One\u202e line.\r\n\r\n  Another.  ", name="A\u200bmina"))
    comment = Comment.objects.get()
    assert (comment.words, comment.name) == ("One line.\n\nAnother.", "Amina")


def test_words_are_words_and_no_markup(client, letter):
    client.post(address_of(letter), form(words="<script>alert(1)</script> [x](https://evil.example)"))
    page = client.get(address_of(letter)).content.decode()
    assert "<script>alert" not in page
    assert 'href="https://evil.example' not in page


def test_what_fills_in_the_trap_is_answered_alike_and_hidden(client, letter):
    honest = client.post(address_of(letter), form(words="Honest"))
    trapped = client.post(address_of(letter), form(words="Cheap pills", nickname="bot"))
    assert (trapped.status_code, trapped["Location"]) == (honest.status_code, honest["Location"])
    assert "Cheap pills" not in client.get(address_of(letter)).content.decode()
    assert Comment.objects.get(words="Cheap pills").hidden_at is not None


def test_what_another_site_sends_is_shown_again(client, letter):
    answer = client.post(address_of(letter), form(), headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "Say it more gently." in answer.content.decode()
    assert not Comment.objects.exists()


def test_many_from_one_place_wait_an_hour_and_lose_nothing(client, letter, settings):
    settings.COMMENTS_FROM_ONE_PLACE = (2, timedelta(hours=1))
    with time_machine.travel(timezone.now(), tick=False):  # hours are those of the clock
        statuses = [client.post(address_of(letter), form(words=f"Word {n}")).status_code for n in range(3)]
        answer = client.post(address_of(letter), form(words="Kept in the form"))
    assert statuses == [303, 303, 429]
    assert "Kept in the form" in answer.content.decode()
    elsewhere = Client(REMOTE_ADDR="203.0.113.9").post(address_of(letter), form(words="From elsewhere"))
    assert elsewhere.status_code == 303
    assert "203.0.113" not in repr(list(Pressure.objects.values()))


def test_a_full_version_says_so(client, letter, settings):
    settings.COMMENTS_A_TEXT = 0
    answer = client.post(address_of(letter), form())
    assert answer.status_code == 409
    assert "as many comments as it can hold" in words_of(answer)
    assert "Say it more gently." in answer.content.decode()


def test_a_comment_on_a_version_that_was_replaced_meanwhile_stays_with_it(client, letter, text):
    make_text(letter, version=2, change="editorial", body=SECOND)
    assert client.post(address_of(letter), form(on="4")).status_code == 303
    assert Comment.objects.get().text == text


@pytest.mark.parametrize("moved", [{"version": "7"}, {"on": "6"}, {"on": "99"}])
def test_a_passage_that_is_not_there_is_asked_for_again_and_the_words_stay(client, letter, moved):
    answer = client.post(address_of(letter), form(**moved))
    assert answer.status_code == 409
    assert "The text has changed meanwhile." in words_of(answer)
    page = BeautifulSoup(answer.content, "html.parser")
    assert page.select_one("[name=words]").get_text().strip() == "Say it more gently."
    assert page.select_one("[name=version]")["value"] == "1"
    assert not page.select_one("[name=on]").get("value")


@pytest.mark.parametrize("asked", ["0", "6", "99", "x", "-1", "٤", "1" * 40])
def test_an_odd_question_shows_the_page_as_it_opens(client, letter, asked):
    page = client.get(f"{address_of(letter)}?on={asked}&done=anything")
    assert page.status_code == 200
    assert not BeautifulSoup(page.content, "html.parser").select(".passage form")
    assert not BeautifulSoup(page.content, "html.parser").select_one("[name=on]").get("value")
    assert not BeautifulSoup(page.content, "html.parser").select(".done")


def test_the_letter_behind_its_link_leads_to_the_comments(client, letter):
    page = client.get(f"/g/{letter.gathering_key}/")
    assert BeautifulSoup(page.content, "html.parser").select_one(f'a[href="{address_of(letter)}"]')


# --- not public, ever --------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["draft", "open", "closed", "archived"])
def test_before_gathering_and_after_the_launch_there_is_no_such_page(client, phase):
    letter = make_letter(phase=phase)
    assert client.get(address_of(letter)).status_code == 404
    assert client.post(address_of(letter), form()).status_code == 404


def test_a_replaced_link_leads_nowhere(client, letter):
    old = address_of(letter)
    lifecycle.replace_gathering_link(letter)
    assert client.get(old).status_code == 404


def test_after_the_launch_no_comment_is_public_anywhere(letter):
    make_comment(letter, words="Zebracomment", name="Zebraname", organisation="Zebraorganisation")
    comments.answer(Comment.objects.get(), by=make_staff(), fate="taken_up", words="Zebraanswer")
    lifecycle.open_letter(letter)
    for address, answer in crawl().items():
        assert b"Zebra" not in answer.body, address
    assert "comments" not in Client().get("/letters/asylum/").content.decode()


def test_while_it_gathers_no_comment_is_public_anywhere(letter):
    make_comment(letter, words="Zebracomment")
    for address, answer in crawl().items():
        assert b"Zebra" not in answer.body, address


# --- at the desk -------------------------------------------------------------------------------------------


@pytest.fixture
def desk(client):
    return enter(client, make_member("ed", "Editor"))


def desk_page(letter):
    return f"/admin/letters/letter/{letter.pk}/comments/"


def act(desk, comment, act, **fields):
    return desk.post(f"/admin/comments/{comment.public_id}/act/", {"act": act, **fields}, follow=True)


def test_the_desk_shows_all_of_them_beside_the_version(desk, letter):
    make_comment(letter, words="Openly", passage=3, name="Amina")
    make_comment(letter, words="Privately", is_private=True)
    make_comment(letter, words="Pills", trapped=True)
    page = desk.get(desk_page(letter))
    said = words_of(page)
    for told in ("Openly", "Amina", "Privately", "for us alone", "Pills", "hidden"):
        assert told in said


def test_an_answer_stands_beside_the_comment_for_the_partners(desk, letter):
    comment = make_comment(letter, passage=3)
    act(desk, comment, "answer", fate="taken_up", answer="Now it says “please”.")
    comment.refresh_from_db()
    assert (comment.fate, comment.answered_by.username) == ("taken_up", "ed")
    said = passage_on(Client().get(address_of(letter)), 3).get_text()
    assert "Taken up" in said
    assert "Now it says “please”." in said
    assert "ed" not in said.split()


def test_an_answer_can_be_changed(desk, letter):
    comment = make_comment(letter)
    act(desk, comment, "answer", fate="taken_up", answer="Yes.")
    act(desk, comment, "answer", fate="not_taken_up", answer="After all, no.")
    comment.refresh_from_db()
    assert (comment.fate, comment.answer) == ("not_taken_up", "After all, no.")


@pytest.mark.parametrize("wrong", [{"fate": "maybe"}, {"fate": ""}, {"fate": "open", "answer": "x" * 401}])
def test_an_answer_that_is_none_keeps_nothing(desk, letter, wrong):
    comment = make_comment(letter)
    answer = act(desk, comment, "answer", **wrong)
    assert "Nothing was kept" in words_of(answer)
    comment.refresh_from_db()
    assert (comment.fate, comment.answer) == ("open", "")


def test_what_abuses_is_hidden_from_partners_and_can_be_shown_again(desk, letter):
    comment = make_comment(letter, words="You are fools.")
    act(desk, comment, "hide")
    first = Comment.objects.get().hidden_at
    act(desk, comment, "hide")
    assert Comment.objects.get().hidden_at == first
    assert "fools" not in Client().get(address_of(letter)).content.decode()
    act(desk, comment, "show")
    act(desk, comment, "show")
    assert "fools" in Client().get(address_of(letter)).content.decode()
    acts = Event.objects.filter(subject_kind="comment", by__isnull=False).order_by("pk")
    assert list(acts.values_list("act", flat=True)) == ["hide_comment", "show_comment"]


def test_earlier_versions_can_be_looked_at(desk, letter, text):
    make_comment(letter, passage=4, words="Second ask")
    make_text(letter, version=2, change="editorial", body=SECOND)
    assert "On what earlier versions said" in words_of(desk.get(desk_page(letter)))
    earlier = desk.get(f"{desk_page(letter)}?text={text.pk}")
    assert "On what earlier versions said" not in words_of(earlier)
    assert "Second ask" in words_of(earlier)
    assert desk.get(f"{desk_page(letter)}?text=nonsense").status_code == 200


def test_a_letter_without_a_text_has_a_page(desk, letter):
    empty = Letter.objects.create(host=letter.host, slug="empty")
    assert "no text yet" in words_of(desk.get(desk_page(empty)))


def test_comments_stay_at_the_desk_after_the_launch(desk, letter):
    make_comment(letter, words="Kept for us")
    lifecycle.open_letter(letter)
    assert "Kept for us" in words_of(desk.get(desk_page(letter)))


@pytest.mark.parametrize("role", ["Moderator", "Data officer"])
def test_other_roles_read_and_answer_nothing(client, letter, role):
    comment = make_comment(letter)
    enter(client, make_member("mo", role))
    assert client.get(desk_page(letter)).status_code == 403
    for said in ({"act": "hide"}, {"act": "answer", "fate": "taken_up"}):
        assert client.post(f"/admin/comments/{comment.public_id}/act/", said).status_code == 403
    comment.refresh_from_db()
    assert (comment.fate, comment.hidden_at) == ("open", None)


def test_an_unknown_comment_is_not_there(desk, letter):
    assert desk.post("/admin/comments/nowhere/act/", {"act": "hide"}).status_code == 404
    assert desk.get("/admin/comments/nowhere/act/").status_code == 405
    assert desk.get("/admin/letters/letter/999999/comments/").status_code == 404


# --- how long ----------------------------------------------------------------------------------------------


def test_who_commented_is_forgotten_a_month_after_the_launch(letter):
    make_comment(letter, name="Amina", organisation="Blue Kettle")
    now = timezone.now()
    lifecycle.open_letter(letter)
    with time_machine.travel(now + timedelta(days=29)):
        tasks.do_what_is_due()
        assert Comment.objects.get().name == "Amina"
    with time_machine.travel(now + timedelta(days=31)):
        tasks.do_what_is_due()
        tasks.do_what_is_due()
    comment = Comment.objects.get()
    assert (comment.name, comment.organisation, comment.words) == ("", "", "Say it more gently.")


def test_who_commented_on_a_letter_that_is_never_launched_is_forgotten_in_a_year(letter):
    make_comment(letter, name="Amina")
    now = timezone.now()
    with time_machine.travel(now + timedelta(days=364)):
        comments.forget()
        assert Comment.objects.get().name == "Amina"
    with time_machine.travel(now + timedelta(days=366)):
        comments.forget()
    assert Comment.objects.get().name == ""
