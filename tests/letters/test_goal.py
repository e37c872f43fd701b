"""A goal: how many organisations a letter hopes for, set at the desk and shown wherever it is counted."""

import re

import pytest

from letters.models import Letter
from tests.factories import enter, make_letter, make_member, make_signature

pytestmark = pytest.mark.django_db

SHOWN_ON = ["/letters/asylum/", "/letters/asylum/signatories/", "/letters/asylum/wall/"]


def with_goal(goal, *, signed):
    letter = make_letter(goal=goal)
    for number in range(signed):
        make_signature(letter, name=f"Kettle {number}")
    return letter


def bar(client, address):
    page = client.get(address).content.decode()
    found = re.search(r'<progress value="(\d+)" max="(\d+)"></progress> <small>(.*?)</small>', page)
    return found and (int(found[1]), int(found[2]), found[3])


@pytest.mark.parametrize("address", SHOWN_ON)
@pytest.mark.parametrize(
    ("goal", "signed", "shown"),
    [
        (200, 0, (0, 200, "0 of 200 organisations")),
        (4, 3, (3, 4, "3 of 4 organisations")),
        (3, 3, (3, 3, "The goal of 3 organisations is reached.")),
        (1, 3, (1, 1, "The goal of 1 organisation is reached.")),
        (None, 3, None),
    ],
)
def test_a_letter_shows_how_far_it_has_come_and_never_more_than_all_of_it(
    client, address, goal, signed, shown
):
    with_goal(goal, signed=signed)
    assert bar(client, address) == shown


def test_a_goal_is_told_to_those_who_cannot_see_it(client):
    with_goal(4, signed=3)
    page = client.get("/letters/asylum/").content.decode()
    assert re.search(
        r'<label class="goal"><progress [^>]*></progress> <small>3 of 4 organisations</small></label>', page
    )


def test_unnamed_ones_bring_a_letter_nearer_too(client):
    letter = with_goal(4, signed=2)
    make_signature(letter, name="Quiet", visibility="counted_only")
    assert bar(client, "/letters/asylum/")[:2] == (3, 4)


# --- at the desk -------------------------------------------------------------------------------------


def save(client, letter, goal):
    fields = {name: getattr(letter, name) for name in ("slug", "original_language", "time_zone")}
    rows = {
        f"{rows}-{what}_FORMS": 0
        for rows in ("recipients", "figures")
        for what in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")
    }
    return client.post(
        f"/admin/letters/letter/{letter.pk}/change/",
        {**fields, **rows, "host": letter.host_id, "goal": goal},
    )


def test_an_editor_sets_a_goal_and_takes_it_away(client):
    enter(client, make_member("erin", "Editor"))
    letter = make_letter()
    for typed, kept in (("200", 200), ("", None)):
        before = Letter.objects.get().revision
        assert save(client, letter, typed).status_code == 302
        assert Letter.objects.get().goal == kept
        assert Letter.objects.get().revision > before
    assert save(client, letter, "200").status_code == 302


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0", "A goal is one organisation or more. Leave it empty for none."),
        ("-3", "A goal is one organisation or more. Leave it empty for none."),
        ("99999999", "There are not that many organisations. Give a smaller number."),
        ("many", "Enter a whole number."),
    ],
)
def test_what_is_no_goal_is_refused_with_a_word_on_what_to_do(client, typed, said):
    enter(client, make_member("erin", "Editor"))
    letter = make_letter(goal=7)
    answer = save(client, letter, typed)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert Letter.objects.get().goal == 7


def test_a_moderator_sets_no_goal(client):
    enter(client, make_member("bob", "Moderator"))
    letter = make_letter()
    assert save(client, letter, "200").status_code == 403
    assert Letter.objects.get().goal is None
