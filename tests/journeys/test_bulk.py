"""Many at once, through the pages: only what was shown, each row by itself, each with what became of it, and back."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.utils import timezone

from letters.models import Event
from signatories import moderation
from signatories.models import Organisation, Signature
from tests.factories import enter, make_letter, make_organisation, make_signature, make_staff
from tests.racing import at_once
from tests.ticking import ORGANISATIONS, SIGNATURES, outcomes, said, selection, send, tick

pytestmark = pytest.mark.django_db

ALL = f"{SIGNATURES}?queue=all"
RESULTS = f"{SIGNATURES}results/"
TAKE_BACK = f"{SIGNATURES}take-back/"
DECIDING = ("view_signature", "change_signature", "view_organisation", "change_organisation")
NAMES = ("Blue Kettle", "Night Ferry School", "Lantern Street", "Harbour Kitchen")


def desk_of(username, *permissions):
    staff = make_staff(username, is_superuser=not permissions)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return enter(Client(), staff)


@pytest.fixture
def bob():
    """He moderates."""
    return desk_of("bob", *DECIDING)


@pytest.fixture
def letter(db):
    return make_letter()


@pytest.fixture
def waiting(letter):
    return [make_signature(letter, name=name, status="awaiting_moderation") for name in NAMES]


@pytest.fixture
def some_minutes(settings):
    """As in production: mails wait, and decisions can be taken back."""
    settings.UNDO_FOR = timedelta(minutes=5)


def statuses(signatures):
    found = dict(Signature.objects.values_list("pk", "status"))
    return [found.get(signature.pk) for signature in signatures]


# --- each row by itself ------------------------------------------------------------------------------------


def test_many_are_approved_each_by_itself_and_each_is_named_with_what_became_of_it(bob, waiting, client):
    withdrawn = make_signature(waiting[0].letter, name="Withdrawn", status="withdrawn")
    answer = tick(bob, "approve_many", [waiting[0], withdrawn, waiting[1]], page=ALL)
    assert answer.redirect_chain == [(RESULTS, 302)]
    told = outcomes(answer)
    assert (told["Blue Kettle"], told["Night Ferry School"]) == ("", "")
    assert "A colleague was faster" in told["Withdrawn"]
    assert "Approved: 2 of 3" in answer.content.decode()
    assert statuses(waiting) == ["published", "published", "awaiting_moderation", "awaiting_moderation"]
    assert client.get("/letters/asylum/live.json").json()["organisations"] == 2


@pytest.mark.parametrize(
    ("action", "reason", "status"), [("hold_many", "other", "held"), ("reject_many", "no_answer", "rejected")]
)
def test_many_are_held_or_rejected_for_a_reason_that_is_mailed(
    bob, waiting, work, mailbox, action, reason, status
):
    asked = tick(bob, action, waiting[:2])
    page = BeautifulSoup(asked.content, "html.parser")
    chosen = [box["value"] for box in page.select("input[name=_selected_action]")]
    assert chosen == [str(one.pk) for one in waiting[:2]]
    shown = page.select_one("input[name=shown]")["value"]
    again = send(bob, action, chosen, shown=shown, reason="")
    assert "This field is required" in again.content.decode()
    assert set(statuses(waiting)) == {"awaiting_moderation"}
    answer = send(bob, action, chosen, shown=shown, reason=reason)
    assert outcomes(answer) == {"Blue Kettle": "", "Night Ferry School": ""}
    assert statuses(waiting) == [status, status, "awaiting_moderation", "awaiting_moderation"]
    work()
    assert len(mailbox.messages()) == 2


def test_what_a_colleague_decides_meanwhile_is_told_and_the_others_go_on(bob, waiting):
    shown = selection(bob)
    moderation.reject(waiting[1], by=make_staff())
    told = outcomes(send(bob, "approve_many", waiting, shown=shown))
    assert "it is now “Rejected”" in told.pop("Night Ferry School")
    assert set(told.values()) == {""}


def test_what_is_gone_meanwhile_is_told_and_the_others_go_on(bob, letter, waiting):
    call = make_signature(letter, name="Called", status="unconfirmed", phone="+254712345678")
    shown = selection(bob)
    Signature.objects.filter(pk=call.pk).delete()
    told = outcomes(send(bob, "approve_many", [call, *waiting], shown=shown))
    assert "It is gone" in told.pop("(gone)")
    assert set(told.values()) == {""}


def test_what_the_database_refuses_is_told_and_the_others_go_on(bob, waiting):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE unique_violation; END $$ LANGUAGE plpgsql;"
            "CREATE TRIGGER refuse BEFORE UPDATE ON signatories_signature FOR EACH ROW"
            f" WHEN (OLD.id = {waiting[1].pk}) EXECUTE FUNCTION refuse()"
        )
    told = outcomes(tick(bob, "hold_many", waiting, reason="other"))
    assert "Something else happened to it in the same moment" in told.pop("Night Ferry School")
    assert set(told.values()) == {""}
    assert statuses(waiting) == ["held", "awaiting_moderation", "held", "held"]


@pytest.mark.django_db(transaction=True)
def test_what_somebody_has_open_in_that_moment_is_told_and_the_others_go_on():
    bob = desk_of("bob", *DECIDING)
    letter = make_letter()
    waiting = [make_signature(letter, name=name, status="awaiting_moderation") for name in NAMES]
    shown = selection(bob)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM signatories_signature WHERE id = %s FOR UPDATE", [waiting[1].pk])
        (answer,) = at_once(lambda: send(bob, "approve_many", waiting, shown=shown, follow=False))
        cursor.execute("COMMIT")
    assert answer.status_code == 302
    told = outcomes(bob.get(RESULTS))
    assert "Please try it again" in told.pop("Night Ferry School")
    assert set(told.values()) == {""}


def test_results_can_be_loaded_again_and_do_nothing(bob, waiting):
    tick(bob, "hold_many", waiting[:1], reason="other")
    events = Event.objects.count()
    for _ in range(2):
        assert outcomes(bob.get(RESULTS)) == {"Blue Kettle": ""}
    assert Event.objects.count() == events


def test_where_there_are_no_results_there_is_the_list(bob, waiting):
    assert bob.get(RESULTS)["Location"] == SIGNATURES
    tick(bob, "approve_many", waiting[:1])
    assert bob.get(f"{ORGANISATIONS}results/")["Location"] == ORGANISATIONS


def test_the_way_back_leads_to_the_list_as_it_was_filtered(bob, waiting):
    answer = tick(bob, "approve_many", waiting[:1], page=f"{SIGNATURES}?queue=awaiting_moderation&q=kettle")
    page = BeautifulSoup(answer.content, "html.parser")
    assert page.select_one("a.back")["href"] == f"{SIGNATURES}?queue=awaiting_moderation&q=kettle"


def test_names_stand_harmlessly_and_by_themselves(bob, letter):
    hostile = '"><script>alert(1)</script>{{ 7|add:7 }}'
    signature = make_signature(letter, name=hostile, status="awaiting_moderation")
    make_organisation(hostile)
    for action in ("approve_many", "hold_many", "reject_many"):
        for fields in ({}, {"reason": "other"}, {"reason": "no_answer"}):
            answer = tick(bob, action, [signature], page=ALL, **fields)
            assert b"<script>alert" not in answer.content
            assert b'<bdi dir="auto">&quot;&gt;&lt;script' in answer.content


# --- only what was shown -------------------------------------------------------------------------------------


def test_what_was_not_shown_is_not_touched_though_it_is_ticked(bob, letter):
    for number in range(53):
        make_signature(letter, name=f"{number} {number * 7919}", status="held")
    beyond = letter.signatures.latest("pk")
    first = letter.signatures.earliest("pk")
    tick(bob, "reject_many", [first, beyond], reason="no_answer", select_across="1")
    assert [one.pk for one in letter.signatures.filter(status="rejected")] == [first.pk]
    rest = letter.signatures.filter(status="held").order_by("pk")
    tick(bob, "reject_many", rest, reason="no_answer", select_across="1")
    assert letter.signatures.filter(status="rejected").count() == 51
    beyond.refresh_from_db()
    assert beyond.status == "held"


def altered(shown):
    return shown[:-2] + ("aa" if shown[-2:] != "aa" else "bb")


@pytest.mark.parametrize("action", ["approve_many", "hold_many", "reject_many"])
@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda shown: "", id="not signed"),
        pytest.param(lambda shown: "1:2:3", id="no signature"),
        pytest.param(altered, id="altered"),
        pytest.param(lambda shown: "\x00é", id="odd"),
    ],
)
def test_a_selection_that_is_not_ours_is_refused_in_words_that_say_what_to_do(bob, waiting, action, forge):
    shown = forge(selection(bob))
    answer = send(bob, action, waiting, shown=shown, reason="other" if action == "hold_many" else "no_answer")
    assert "Nothing was done" in said(answer)
    assert "Please open the list again and choose anew" in said(answer)
    assert set(statuses(waiting)) == {"awaiting_moderation"}


def test_a_selection_that_a_colleague_was_shown_is_refused(bob, waiting):
    shown = selection(desk_of("alice"))
    assert "choose anew" in said(send(bob, "approve_many", waiting, shown=shown))
    assert set(statuses(waiting)) == {"awaiting_moderation"}


def test_a_selection_from_another_list_is_refused(bob, waiting, some_minutes):
    for _ in waiting:
        make_organisation()
    shown = selection(bob, ORGANISATIONS)
    assert "choose anew" in said(send(bob, "approve_many", waiting, shown=shown))
    tick(bob, "hold_many", waiting[:1], reason="other")
    page = BeautifulSoup(bob.get(RESULTS).content, "html.parser")
    of_results = page.select_one("input[name=shown]")["value"]
    assert "choose anew" in said(send(bob, "approve_many", waiting[:1], shown=of_results))
    assert statuses(waiting) == ["held", *["awaiting_moderation"] * 3]


def test_a_selection_that_is_older_than_an_idle_session_is_refused(bob, waiting):
    shown = selection(bob)
    with time_machine.travel(timezone.now()) as clock:
        for _ in range(3):
            clock.shift(timedelta(minutes=11))
            bob.get(SIGNATURES)
        assert "choose anew" in said(send(bob, "approve_many", waiting, shown=shown))
    assert set(statuses(waiting)) == {"awaiting_moderation"}


def test_a_selection_of_too_many_is_refused(bob, waiting, settings):
    shown = selection(bob)
    settings.BULK_LIMIT = 3
    assert "choose anew" in said(send(bob, "approve_many", waiting[:1], shown=shown))
    assert set(statuses(waiting)) == {"awaiting_moderation"}


@pytest.mark.parametrize("ticked", [["0"], ["x"], ["1e3"], ["9" * 40], ["-1"]])
def test_what_is_no_row_is_refused(bob, waiting, ticked):
    answer = tick(bob, "approve_many", ticked)
    assert "othing was done" in said(answer) or "No items have been changed" in said(answer)


# --- nothing unseen ------------------------------------------------------------------------------------------


def test_a_name_that_looks_like_none_is_not_approved_unseen(bob, letter, waiting):
    odd = make_signature(letter, name="Yes", status="awaiting_moderation")
    told = outcomes(tick(bob, "approve_many", [odd, waiting[0]]))
    assert "looks like an answer or a placeholder" in told["Yes"]
    assert "Please open the case" in told["Yes"]
    assert statuses([odd, waiting[0]]) == ["awaiting_moderation", "published"]


def test_what_resembles_an_organisation_we_know_is_not_made_a_second_one(bob, letter, waiting):
    known = make_organisation("Blue Kettle Circle")
    twin = make_signature(letter, name="Blue Kettle Cirkle", status="awaiting_moderation")
    told = outcomes(tick(bob, "approve_many", [twin, waiting[1]]))
    assert f"it resembles {known.name}" in told[twin.name]
    assert statuses([twin, waiting[1]]) == ["awaiting_moderation", "published"]
    assert Organisation.objects.count() == 2


def test_of_two_that_resemble_each_other_one_is_approved(bob, letter):
    twins = [
        make_signature(letter, name=name, status="awaiting_moderation")
        for name in ("Lantern Street Kitchen", "Lantern Street Kitchen e.V.")
    ]
    tick(bob, "approve_many", twins)
    assert statuses(twins) == ["published", "awaiting_moderation"]


def test_what_its_mailbox_has_attached_already_is_approved(bob, letter):
    known = make_organisation("Blue Kettle")
    signature = make_signature(letter, status="awaiting_moderation", organisation=known)
    make_organisation("Blue Kettle Circle")
    assert outcomes(tick(bob, "approve_many", [signature])) == {"Blue Kettle": ""}


# --- and back ------------------------------------------------------------------------------------------------


def take_back(client, **fields):
    page = BeautifulSoup(client.get(RESULTS).content, "html.parser")
    shown = page.select_one("input[name=shown]")["value"]
    return client.post(TAKE_BACK, {"shown": shown, **fields}, follow=True)


def test_one_of_many_is_taken_back(bob, waiting, some_minutes, work, mailbox):
    answer = tick(bob, "approve_many", waiting)
    page = BeautifulSoup(answer.content, "html.parser")
    buttons = [button["value"] for button in page.select("button[name=_selected_action]")]
    assert buttons == [str(one.pk) for one in waiting]
    told = outcomes(take_back(bob, _selected_action=buttons[1]))
    assert told == {"Night Ferry School": ""}
    assert statuses(waiting) == ["published", "awaiting_moderation", "published", "published"]


def test_all_of_many_are_taken_back_and_nobody_is_mailed(bob, waiting, some_minutes, work, mailbox):
    before = list(Signature.objects.order_by("pk").values())
    tick(bob, "reject_many", waiting, reason="no_answer")
    assert set(statuses(waiting)) == {"rejected"}
    answer = take_back(bob, all="1")
    assert "Taken back: 4 of 4" in answer.content.decode()
    assert list(Signature.objects.order_by("pk").values()) == before
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        work()
    assert mailbox.messages() == []


def test_what_was_refused_is_not_among_what_is_taken_back(bob, letter, waiting, some_minutes):
    withdrawn = make_signature(letter, name="Withdrawn", status="withdrawn")
    answer = tick(bob, "reject_many", [withdrawn, *waiting], page=ALL, reason="no_answer")
    page = BeautifulSoup(answer.content, "html.parser")
    assert str(withdrawn.pk) not in [one["value"] for one in page.select("button[name=_selected_action]")]
    take_back(bob, all="1")
    assert statuses([withdrawn]) == ["withdrawn"]


def test_what_has_gone_on_meanwhile_is_told_and_the_others_come_back(bob, waiting, some_minutes):
    tick(bob, "hold_many", waiting, reason="other")
    moderation.approve(waiting[2], by=make_staff())
    told = outcomes(take_back(bob, all="1"))
    assert "can no longer be taken back" in told.pop("Lantern Street")
    assert set(told.values()) == {""}


def test_after_some_minutes_nothing_is_taken_back(bob, waiting, some_minutes):
    answer = tick(bob, "hold_many", waiting, reason="other")
    shown = BeautifulSoup(answer.content, "html.parser").select_one("input[name=shown]")["value"]
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        assert b'name="all"' not in bob.get(RESULTS).content
        told = outcomes(bob.post(TAKE_BACK, {"shown": shown, "all": "1"}, follow=True))
    assert len(told) == 4
    assert all("can no longer be taken back" in words for words in told.values())
    assert set(statuses(waiting)) == {"held"}


def test_only_what_was_done_here_and_by_oneself_is_taken_back(bob, waiting, some_minutes):
    alice = desk_of("alice")
    tick(alice, "hold_many", waiting, reason="other")
    page = BeautifulSoup(alice.get(RESULTS).content, "html.parser")
    of_alice = page.select_one("input[name=shown]")["value"]
    of_the_list = selection(bob)
    for shown in ("", of_alice, of_the_list):
        answer = bob.post(TAKE_BACK, {"shown": shown, "all": "1"}, follow=True)
        assert "choose anew" in said(answer)
    assert set(statuses(waiting)) == {"held"}


# --- who may ---------------------------------------------------------------------------------------------------


def test_who_may_only_look_is_offered_nothing_and_does_nothing(waiting, some_minutes):
    carol = desk_of("carol", "view_signature", "view_organisation")
    make_organisation()
    for page in (SIGNATURES, ORGANISATIONS):
        assert b'name="shown"' not in carol.get(page).content
    for action in ("approve_many", "hold_many", "reject_many"):
        send(carol, action, waiting, shown="", reason="other")
    assert carol.post(TAKE_BACK, {"all": "1"}).status_code == 403
    assert carol.get(TAKE_BACK).status_code == 405
    assert set(statuses(waiting)) == {"awaiting_moderation"}


# --- organisations -----------------------------------------------------------------------------------------------


def test_many_organisations_are_verified_each_named_and_none_that_was_not_shown(bob):
    organisations = [make_organisation(name) for name in NAMES]
    answer = tick(bob, "verify_many", organisations[:2], page=ORGANISATIONS)
    assert outcomes(answer) == {"Blue Kettle": "", "Night Ferry School": ""}
    assert "Verified: 2 of 2" in answer.content.decode()
    assert b"Take back" not in answer.content
    for shown in ("", altered(selection(bob, ORGANISATIONS))):
        answer = send(bob, "doubt_many", organisations, page=ORGANISATIONS, shown=shown)
        assert "choose anew" in said(answer)
    verified = Organisation.objects.order_by("pk").values_list("verification", flat=True)
    assert list(verified) == ["verified", "verified", "unverified", "unverified"]
