"""What happened to a letter is told as it holds today, and no more than everybody may know."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone, translation

from letters.models import Letter
from signatories import delivery, moderation, news, updates, withdrawal
from signatories.delivery import Answer
from signatories.models import Update
from tests.config.test_queries import add_signatures
from tests.factories import (
    enter,
    make_delivery,
    make_letter,
    make_member,
    make_signature,
    make_staff,
    make_update,
    make_version,
    schedule_update,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def titles(letter):
    return [item.title for item in news.timeline(Letter.objects.get(pk=letter.pk))]


def page(slug="asylum", prefix=""):
    return Client().get(f"{prefix}/letters/{slug}/news/").content.decode()


def publish(update, *, by=None):
    return updates.publish(update, by=by or update.by, seen=updates.what_is_written(update))


# --- what is read off the letter -------------------------------------------------------------------------


def test_a_letter_that_was_published_a_moment_ago_has_that_to_tell():
    assert titles(make_letter()) == ["The letter was published"]


def test_it_is_told_in_the_order_in_which_it_happened_the_newest_first():
    opened = timezone.now() - 20 * DAY
    letter = make_letter(opens_at=opened, closes_at=opened + 15 * DAY)
    add_signatures(letter, 10, published_at=opened + 2 * DAY)
    make_version(letter, at=opened + 3 * DAY)
    make_delivery(letter, status="sent")
    assert titles(letter) == [
        "The letter was handed to 1 recipient",
        "Signing has ended",
        "The letter has changed in its wording",
        "10 organisations have signed",
        "The letter was published",
    ]


def test_days_are_those_of_the_letters_own_time_zone():
    late = datetime(2026, 3, 1, 23, 30, tzinfo=ZoneInfo("UTC"))
    letter = make_letter(opens_at=late, time_zone="Africa/Nairobi")
    assert [item.day for item in news.timeline(letter)] == [date(2026, 3, 2)]


@pytest.mark.parametrize(("phase", "is_over"), [("open", False), ("closed", True), ("archived", True)])
def test_that_signing_has_ended_is_told_once_it_has(phase, is_over):
    letter = make_letter(phase=phase)
    assert ("Signing has ended" in titles(letter)) == is_over


def test_a_day_that_is_to_come_is_no_news_and_stands_above_them():
    make_letter(closes_at=timezone.now() + DAY)
    assert "Signing has ended" not in page()
    assert "Signing ends" in page()


# --- how many have signed --------------------------------------------------------------------------------


def test_a_number_is_told_with_the_day_on_which_the_last_of_so_many_was_published():
    opened = timezone.now() - 20 * DAY
    letter = make_letter(opens_at=opened)
    add_signatures(letter, 9, published_at=opened + DAY)
    assert titles(letter) == ["The letter was published"]
    make_signature(letter, name="The tenth", published_at=opened + 5 * DAY)
    add_signatures(letter, 5, published_at=opened + 9 * DAY)
    (ten, _opened) = news.timeline(letter)
    assert (ten.title, ten.at) == ("10 organisations have signed", opened + 5 * DAY)


def test_of_several_numbers_on_one_day_the_highest_is_told():
    opened = datetime(2026, 3, 1, 9, 0, tzinfo=ZoneInfo("UTC"))
    letter = make_letter(opens_at=opened)
    add_signatures(letter, 30, published_at=opened + timedelta(hours=2))
    add_signatures(letter, 30, published_at=opened + DAY)
    assert titles(letter) == [
        "50 organisations have signed",
        "25 organisations have signed",
        "The letter was published",
    ]


def test_who_signed_before_the_launch_counts_since_the_launch():
    opened = timezone.now() - DAY
    letter = make_letter(opens_at=opened)
    add_signatures(letter, 10, published_at=opened - 30 * DAY)
    (ten, _opened) = news.timeline(letter)
    assert ten.at == opened


def test_a_number_that_is_no_longer_reached_is_no_longer_told():
    letter = make_letter()
    add_signatures(letter, 9)
    tenth = make_signature(letter, name="The tenth")
    assert "10 organisations have signed" in titles(letter)
    withdrawal.withdraw(tenth)
    assert titles(letter) == ["The letter was published"]
    assert "10 organisations" not in page()


def test_when_one_of_the_first_leaves_the_number_moves_to_the_day_on_which_it_was_reached_without_it():
    opened = timezone.now() - 20 * DAY
    letter = make_letter(opens_at=opened)
    first = make_signature(letter, name="The first", published_at=opened + DAY)
    add_signatures(letter, 9, published_at=opened + 2 * DAY)
    make_signature(letter, name="The last", published_at=opened + 9 * DAY)
    moderation.reject(first, by=make_staff())
    assert news.timeline(letter)[0].at == opened + 9 * DAY


def test_who_is_not_named_counts_and_who_waits_does_not():
    letter = make_letter()
    add_signatures(letter, 5)
    add_signatures(letter, 5, visibility="counted_only", published_at=timezone.now())
    assert "10 organisations have signed" in titles(letter)
    other = make_letter("other")
    add_signatures(other, 5)
    add_signatures(other, 5, status="awaiting_moderation", published_at=None)
    assert titles(other) == ["The letter was published"]


def test_numbers_are_told_up_to_a_million():
    assert news.MILESTONES[:7] == (10, 25, 50, 100, 250, 500, 1_000)
    assert news.MILESTONES[-1] == 500_000


# --- versions, deliveries, answers -----------------------------------------------------------------------


def test_a_version_that_changed_what_is_asked_is_told_so_with_its_sentence_and_leads_to_it():
    letter = make_letter()
    make_version(letter, change="material", what_changed="A <fifth> ask.")
    (item, _opened) = news.timeline(letter)
    assert item.title == "The letter has changed in what it asks"
    assert "A &lt;fifth&gt; ask." in item.words
    assert item.url == "/letters/asylum/versions/2/"


def test_what_changed_before_the_launch_stays_inside():
    letter = make_letter()
    make_version(letter, at=letter.opens_at - DAY)
    assert titles(letter) == ["The letter was published"]


def test_deliveries_of_one_day_are_one_piece_of_news_and_what_came_back_is_none():
    letter = make_letter()
    first = make_delivery(letter, status="sent")
    recipient = letter.recipients.create(office="The Mission of Uganda", country="UG")
    second = make_delivery(letter, recipient=recipient, status="sent")
    assert titles(letter)[0] == "The letter was handed to 2 recipients"
    delivery.mark(second, status="bounced", by=first.by)
    assert titles(letter)[0] == "The letter was handed to 1 recipient"
    delivery.mark(first, status="to_send", by=first.by)
    assert titles(letter) == ["The letter was published"]


@pytest.mark.parametrize("is_public", [True, False])
def test_an_answer_is_told_when_it_is_for_everybody_to_read(is_public):
    letter = make_letter()
    made = make_delivery(letter, status="sent")
    answer = Answer(on=timezone.now().date(), words="Thank you.", is_public=is_public)
    delivery.record_answer(made, answer=answer, by=made.by)
    told = [title for title in titles(letter) if "Answered" in title]
    assert told == (["Answered: \u2068The Mission of Kenya\u2069, \u2068Kenya\u2069"] if is_public else [])


# --- what editors write ----------------------------------------------------------------------------------


def test_an_update_stands_on_the_page_once_somebody_puts_it_there_and_not_before():
    update = make_update(make_letter())
    assert "We were heard" not in page()
    publish(update)
    assert '<h2 lang="en" dir="ltr">We were heard</h2>' in page()
    assert "<em>listened</em>" in page()
    updates.take_back(update, by=update.by)
    assert "We were heard" not in page()


@pytest.mark.parametrize("status", ["draft", "scheduled", "sent"])
def test_an_update_can_be_published_wherever_it_is_on_its_way(status):
    update = make_update(make_letter())
    if status != "draft":
        update = schedule_update(update)
    if status == "sent":
        Update.objects.filter(pk=update.pk).update(status="sent")
    publish(update)
    assert "We were heard" in page()
    assert Update.objects.get().status == status


def test_publishing_twice_keeps_the_first_time_and_so_does_taking_back():
    update = publish(make_update(make_letter()))
    first, revision = update.published_at, Letter.objects.get().revision
    publish(update)
    assert Update.objects.get().published_at == first
    assert Letter.objects.get().revision == revision
    updates.take_back(update, by=update.by)
    revision = Letter.objects.get().revision
    updates.take_back(update, by=update.by)
    assert Letter.objects.get().revision == revision


@pytest.mark.parametrize("phase", ["gathering"])
def test_before_the_launch_there_is_no_page_to_put_it_on(phase):
    update = make_update(make_letter(phase=phase))
    with pytest.raises(updates.LetterNotPublic):
        publish(update)


def test_what_a_colleague_has_changed_meanwhile_is_not_published():
    update = make_update(make_letter())
    seen = updates.what_is_written(update)
    other = [updates.Words(language="en", subject="Other", body="Other.")]
    updates.rewrite(update, texts=other, by=update.by)
    with pytest.raises(updates.RewrittenMeanwhile):
        updates.publish(update, by=update.by, seen=seen)
    assert Update.objects.get().published_at is None


def test_what_everybody_reads_is_neither_rewritten_nor_thrown_away():
    update = publish(make_update(make_letter()))
    other = [updates.Words(language="en", subject="Other", body="Other.")]
    with pytest.raises(updates.StandsOnThePage):
        updates.rewrite(update, texts=other, by=update.by)
    with pytest.raises(updates.StandsOnThePage):
        updates.discard(update, by=update.by)
    updates.take_back(update, by=update.by)
    updates.rewrite(update, texts=other, by=update.by)
    assert Update.objects.get().texts.get().subject == "Other"


def test_the_database_refuses_other_words_for_what_everybody_reads():
    update = publish(make_update(make_letter()))
    with pytest.raises(IntegrityError), transaction.atomic():
        update.texts.update(body="Other.")
    with pytest.raises(IntegrityError), transaction.atomic():
        update.texts.all().delete()
    updates.take_back(update, by=update.by)
    update.texts.update(body="Other.")


def test_what_is_published_can_still_be_mailed_and_called_back():
    update = publish(make_update(make_letter()))
    scheduled = schedule_update(update, at=timezone.now() + DAY)
    updates.call_back(scheduled, by=update.by)
    assert "We were heard" in page()


def test_news_are_read_in_the_readers_language_else_in_the_letters_own_else_in_any():
    letter = make_letter(original_language="fr", languages=("fr",))
    both = make_update(letter, languages=("en", "fr"))
    one = make_update(letter, languages=("sw",))
    publish(both)
    publish(one)
    spoken = {}
    for language in ("en", "ar", "fr"):
        with translation.override(language):
            spoken[language] = [item.language for item in news.timeline(letter) if item.is_written]
    assert spoken == {"en": ["sw", "en"], "ar": ["sw", "fr"], "fr": ["sw", "fr"]}


def test_nobody_is_told_who_wrote_it_or_to_whom_it_went():
    alice = make_member("alice", "Editor", first_name="Alice", last_name="Marchetti")
    update = publish(make_update(make_letter(), by=alice))
    said = page() + page("asylum", "/ar")
    assert "Alice" not in said
    assert "alice" not in said
    assert "mailbox" not in said
    assert news.newest(update.letter).key == f"update-{update.public_id}"


def test_each_act_is_written_down():
    update = publish(make_update(make_letter()))
    updates.take_back(update, by=update.by)
    from letters.models import Event

    acts = Event.objects.filter(reason=update.public_id).order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["write_update", "publish_update", "take_update_back"]


# --- at the desk -----------------------------------------------------------------------------------------


@pytest.fixture
def desk(client):
    return enter(client, make_member("olga", "Editor"))


def act(desk, update, name, **data):
    return desk.post(f"/admin/updates/{update.public_id}/act/", {"act": name, **data}, follow=True)


def test_an_editor_puts_it_on_the_page_and_takes_it_off(desk):
    update = make_update(make_letter())
    shown = desk.get(f"/admin/updates/{update.public_id}/").content.decode()
    assert "names no signatory who is not named" in shown
    seen = updates.what_is_written(update)
    answer = act(desk, update, "publish", is_public="on", seen=seen).content.decode()
    assert "Everybody can read it now" in answer
    assert "Change the words" not in answer
    assert "We were heard" in page()
    answer = act(desk, update, "take_back").content.decode()
    assert "It stands on the letter’s page no more." in answer
    assert "We were heard" not in page()


def test_who_does_not_say_that_it_may_be_public_is_asked_again(desk):
    update = make_update(make_letter())
    answer = act(desk, update, "publish", seen=updates.what_is_written(update))
    assert answer.status_code == 422
    assert "Please read it once more with this in mind" in answer.content.decode()
    assert Update.objects.get().published_at is None


def test_words_that_were_changed_meanwhile_are_shown_once_more(desk):
    update = make_update(make_letter())
    answer = act(desk, update, "publish", is_public="on", seen="0" * 32)
    assert "A colleague has changed the words meanwhile" in answer.content.decode()
    assert Update.objects.get().published_at is None


def test_what_stands_on_the_page_leads_back_from_its_form(desk):
    update = publish(make_update(make_letter()))
    for answer in (
        desk.get(f"/admin/updates/{update.public_id}/text/", follow=True),
        act(desk, update, "discard"),
    ):
        assert "Take it off there first" in answer.content.decode()
    assert Update.objects.get().texts.get().subject == "We were heard"


def test_before_the_launch_the_desk_offers_no_page(desk):
    update = make_update(make_letter(phase="gathering"))
    shown = desk.get(f"/admin/updates/{update.public_id}/").content.decode()
    assert "The letter is not public yet" in shown
    answer = act(desk, update, "publish", is_public="on", seen=updates.what_is_written(update))
    assert "Nothing was done: the letter is not public yet." in answer.content.decode()


def test_a_moderator_publishes_nothing(client):
    update = make_update(make_letter())
    desk = enter(client, make_member("mona", "Moderator"))
    answer = act(desk, update, "publish", is_public="on", seen=updates.what_is_written(update))
    assert answer.status_code == 403
    assert Update.objects.get().published_at is None


# --- who may see it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["draft", "gathering"])
def test_of_a_letter_that_is_not_public_there_are_no_news(client, phase):
    make_letter(phase=phase)
    for path in ("news/", "feed.atom", "embed/", "embed/code/"):
        assert client.get(f"/letters/asylum/{path}").status_code == 404
