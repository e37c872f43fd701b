"""Rules for many at once, through the pages: typed, counted, looked at, begun, stopped, gone on with, undone."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.core import signing
from django.test import Client
from django.utils import timezone

from letters.models import Event
from signatories import invalidation, tasks, withdrawal
from signatories.admin.invalidations import address_for
from signatories.models import Invalidation, Signature
from tests.config.test_queries import queries
from tests.factories import enter, make_letter, make_organisation, make_rule, make_signature, make_staff

pytestmark = pytest.mark.django_db

LIST = "/admin/signatories/invalidation/"
ADD = f"{LIST}add/"
MANAGING = ("view_signature", "view_invalidation", "add_invalidation", "change_invalidation")
HERE = "0123456789abcdef"


def desk_of(username, *permissions):
    staff = make_staff(username, is_superuser=not permissions)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return enter(Client(), staff)


@pytest.fixture
def alice(db):
    """She may do everything."""
    return desk_of("alice")


@pytest.fixture
def bob(db):
    """He manages, and sees no contact."""
    return desk_of("bob", *MANAGING)


@pytest.fixture
def letter(db):
    return make_letter(time_zone="Asia/Beirut")


@pytest.fixture
def herd(letter):
    """Five of a herd, in four states, and one that is none of it."""
    for number, status in enumerate(("unconfirmed", "awaiting_moderation", "held", "published", "published")):
        make_signature(letter, name=f"Crypto {number}", status=status, email=f"{number}@spam.example")
    return make_signature(letter, name="Lantern Street")


def rule(letter, **fields):
    """What is typed into the form."""
    empty = {"signed_from": "", "signed_until": "", "name_pattern": "", "place": ""}
    return {**empty, "letter": letter.pk, "why": "A herd came", **fields}


def soup(answer):
    return BeautifulSoup(answer.content, "html.parser")


def text_of(answer):
    return " ".join(soup(answer).select_one("#content").get_text(" ").split())


def said(answer):
    return " ".join(str(message) for message in answer.context["messages"])


def counted(client, letter, **fields):
    """Count a rule and return what the button behind it would send."""
    answer = client.post(ADD, rule(letter, **fields))
    return soup(answer).select_one("input[name=counted]")["value"]


def begin(client, letter, **fields):
    return client.post(ADD, {"counted": counted(client, letter, **fields)}, follow=True)


def act(client, name):
    address = f"{LIST}{Invalidation.objects.latest('pk').pk}/act/"
    return client.post(address, {"act": name}, follow=True)


def statuses():
    return dict(Signature.objects.order_by("pk").values_list("name", "status"))


# --- count first -----------------------------------------------------------------------------------------


def test_a_rule_is_counted_and_nothing_is_done_until_that_was_looked_at(bob, letter, herd):
    before, events = statuses(), Event.objects.count()
    answer = bob.post(ADD, rule(letter, name_pattern="crypto*"))
    shown = text_of(answer)
    assert "It finds 5 signatures" in shown
    for status, number in (
        ("Waiting to be confirmed", 1),
        ("Waiting for a moderator", 1),
        ("Held", 1),
        ("Published", 2),
    ):
        assert f"{status} {number}" in shown
    names = [bdi.get_text() for bdi in soup(answer).select(".rows bdi")]
    assert sorted(names) == [f"Crypto {number}" for number in range(5)]
    assert "Reject these 5" in shown
    assert statuses() == before
    assert Event.objects.count() == events
    assert not Invalidation.objects.exists()


def test_of_many_a_sample_is_shown(bob, letter):
    for number in range(25):
        make_signature(letter, name=f"Crypto {number}", status="held")
    answer = bob.post(ADD, rule(letter, name_pattern="crypto*"))
    assert len(soup(answer).select(".rows bdi")) == 20
    assert "It finds 25 signatures" in text_of(answer)


def test_what_belongs_to_verified_organisations_is_told_and_left_alone(bob, letter, herd, work):
    verified = make_organisation("Crypto Verified", verification="verified")
    make_signature(letter, name="Crypto Verified", organisation=verified)
    answer = bob.post(ADD, rule(letter, name_pattern="crypto*"))
    assert "1 more belongs to a verified organisation" in text_of(answer)
    begin(bob, letter, name_pattern="crypto*")
    work()
    assert statuses()["Crypto Verified"] == "published"
    assert Invalidation.objects.get().done == 5


def test_a_rule_that_finds_nothing_offers_no_button(bob, letter, herd):
    answer = bob.post(ADD, rule(letter, name_pattern="nobody*"))
    assert "It finds 0 signatures" in text_of(answer)
    assert soup(answer).select_one("input[name=counted]") is None


def test_begun_it_rejects_what_was_counted(bob, letter, herd, work, client):
    answer = begin(bob, letter, name_pattern="crypto*")
    row = Invalidation.objects.get()
    assert answer.redirect_chain == [(f"{LIST}{row.pk}/change/", 302)]
    assert "0 of 5 rejected" in text_of(answer)
    work()
    answer = bob.get(f"{LIST}{row.pk}/change/")
    assert "5 of 5 rejected" in text_of(answer)
    assert "Done" in text_of(answer)
    assert set(statuses().values()) == {"rejected", "published"}
    assert client.get("/letters/asylum/live.json").json()["organisations"] == 1
    assert (row.by.username, row.why, row.counted) == ("bob", "A herd came", 5)


def test_the_button_pressed_twice_begins_once(bob, letter, herd, work):
    button = counted(bob, letter, name_pattern="crypto*")
    first = bob.post(ADD, {"counted": button})
    work()
    second = bob.post(ADD, {"counted": button})
    assert first["Location"] == second["Location"]
    assert Invalidation.objects.count() == 1


def test_what_was_signed_since_the_count_is_not_meant(bob, letter, herd, work):
    button = counted(bob, letter, name_pattern="crypto*")
    make_signature(letter, name="Crypto late")
    bob.post(ADD, {"counted": button})
    work()
    assert statuses()["Crypto late"] == "published"


def test_another_number_than_was_looked_at_is_shown_again_first(bob, letter, herd):
    button = counted(bob, letter, name_pattern="crypto*")
    withdrawal.withdraw(letter.signatures.get(name="Crypto 4"))
    answer = bob.post(ADD, {"counted": button})
    assert "it finds another number now" in said(answer)
    assert "It finds 4 signatures" in text_of(answer)
    assert not Invalidation.objects.exists()
    again = soup(answer).select_one("input[name=counted]")["value"]
    bob.post(ADD, {"counted": again})
    assert Invalidation.objects.get().counted == 4


def test_of_many_one_more_or_less_is_the_same(bob, letter):
    for number in range(40):
        make_signature(letter, name=f"Crypto {number}", status="held")
    button = counted(bob, letter, name_pattern="crypto*")
    withdrawal.withdraw(letter.signatures.get(name="Crypto 4"))
    bob.post(ADD, {"counted": button})
    assert Invalidation.objects.get().counted == 39


@pytest.mark.parametrize("forge", [lambda token: "", lambda token: "x:y:z", lambda token: token[:-1] + "_"])
def test_a_count_that_is_not_ours_begins_nothing(bob, letter, herd, forge):
    answer = bob.post(ADD, {"counted": forge(counted(bob, letter, name_pattern="crypto*"))}, follow=True)
    assert "Please count again" in said(answer)
    assert not Invalidation.objects.exists()


def test_a_count_of_half_an_hour_ago_or_a_colleagues_begins_nothing(bob, alice, letter, herd):
    button = counted(bob, letter, name_pattern="crypto*")
    assert "Please count again" in said(alice.post(ADD, {"counted": button}, follow=True))
    with time_machine.travel(timezone.now() + timedelta(minutes=29)):
        bob.get(ADD)
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert "Please count again" in said(bob.post(ADD, {"counted": button}, follow=True))
    assert not Invalidation.objects.exists()


# --- what can be typed -----------------------------------------------------------------------------------


def errors(answer):
    return " ".join(one.get_text(" ") for one in soup(answer).select(".errorlist"))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "more than the letter"),
        ({"letter": "", "name_pattern": "a*"}, "required"),
        ({"letter": "0", "name_pattern": "a*"}, "Select a valid choice"),
        ({"why": "", "name_pattern": "a*"}, "required"),
        ({"name_pattern": "*"}, "at least one letter"),
        ({"name_pattern": "**-**"}, "at least one letter"),
        ({"name_pattern": "a" * 256}, "at most 255"),
        ({"name_pattern": "a\x00"}, "Null characters"),
        ({"signed_from": "soon"}, "Enter a valid date"),
        ({"signed_from": "0001-01-01T00:00"}, "No such time"),
        ({"signed_until": "9999-12-31T23:59"}, "No such time"),
        ({"signed_from": "2026-02-02T10:00", "signed_until": "2026-02-02T10:00"}, "a time after"),
        ({"domain": "nonsense"}, "such as spam.example"),
        ({"domain": "https://["}, "such as spam.example"),
        ({"domain": "gmail.com"}, "Anybody can have a mailbox there"),
        ({"place": HERE}, "forgotten"),
        ({"place": signing.dumps(HERE)}, "forgotten"),
    ],
)
def test_what_is_no_rule_is_refused_in_words(alice, letter, herd, fields, problem):
    answer = alice.post(ADD, rule(letter) | fields)
    assert problem in errors(answer)
    assert soup(answer).select_one("input[name=counted]") is None


@pytest.mark.parametrize(
    "typed",
    ["spam.example", "SPAM.example", "@spam.example", "me@spam.example", "https://www.spam.example/x"],
)
def test_a_domain_may_be_typed_in_any_way(alice, letter, herd, typed):
    assert "It finds 5 signatures" in text_of(alice.post(ADD, rule(letter, domain=typed)))


def test_free_mail_may_narrow_a_rule_and_not_be_one(alice, letter):
    make_signature(letter, name="Crypto", email="a@gmail.com")
    make_signature(letter, name="Kettle", email="b@gmail.com")
    found = text_of(alice.post(ADD, rule(letter, domain="gmail.com", name_pattern="crypto")))
    assert "It finds 1 signature" in found


def test_times_are_those_of_clocks_where_the_letter_is(bob, letter, work):
    zone = ZoneInfo("Asia/Beirut")
    start = timezone.now().astimezone(zone).replace(second=0, microsecond=0) - timedelta(hours=5)
    for minutes in (-1, 0, 59, 60):
        make_signature(letter, name=f"At {minutes}", created_at=start + timedelta(minutes=minutes))
    typed = {
        "signed_from": f"{start:%Y-%m-%dT%H:%M}",
        "signed_until": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }
    answer = begin(bob, letter, **typed)
    work()
    assert {name for name, status in statuses().items() if status == "rejected"} == {"At 0", "At 59"}
    assert "(Asia/Beirut)" in text_of(answer)


def test_what_was_typed_stands_in_the_form_again(bob, letter, herd):
    page = soup(bob.post(ADD, rule(letter, name_pattern="crypto*", signed_from="2026-01-02T03:04")))
    assert page.select_one("[name=name_pattern]")["value"] == "crypto*"
    assert page.select_one("[name=signed_from]")["value"] == "2026-01-02T03:04"
    assert page.select_one("[name=why]")["value"] == "A herd came"


# --- from one place --------------------------------------------------------------------------------------


def test_what_came_from_one_place_is_rejected_by_a_link_and_the_place_is_read_by_nobody(bob, letter, work):
    for number in range(3):
        make_signature(letter, name=f"Crypto {number}", status="held", batch=HERE)
    make_signature(letter, name="Lantern Street", batch="f" * 16)
    link = address_for(letter.pk, batch=HERE)
    pages = [bob.get(link)]
    place = soup(pages[0]).select_one("[name=place]")["value"]
    assert soup(pages[0]).select_one("[name=letter] [selected]")["value"] == str(letter.pk)
    pages.append(bob.post(ADD, rule(letter, place=place)))
    assert "It finds 3 signatures" in text_of(pages[1])
    pages.append(begin(bob, letter, place=place))
    pages.append(bob.get(LIST))
    assert HERE not in link
    assert not [page for page in pages if HERE.encode() in page.content]
    work()
    assert {name for name, status in statuses().items() if status == "rejected"} == {
        f"Crypto {number}" for number in range(3)
    }


def test_after_a_week_the_link_says_that_the_place_is_forgotten(bob, letter):
    link = address_for(letter.pk, batch=HERE)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        bob = desk_of("carol", *MANAGING)
        answer = bob.get(link)
        assert "forgotten" in said(answer)
        assert soup(answer).select_one("[name=place]") is None


@pytest.mark.parametrize(
    "query",
    [{"place": HERE}, {"place": "\x00"}, {"letter": "x"}, {"letter": "9" * 40}, {"domain": "spam.example"}],
)
def test_odd_links_fill_nothing_in(bob, letter, query):
    answer = bob.get(ADD, query)
    assert answer.status_code in (200, 400)
    assert HERE.encode() not in answer.content


# --- who has a mailbox where -------------------------------------------------------------------------------


def test_who_sees_no_contacts_is_neither_offered_a_domain_nor_may_send_one(bob, alice, letter, herd):
    assert soup(alice.get(ADD)).select_one("[name=domain]")
    assert soup(bob.get(ADD)).select_one("[name=domain]") is None
    assert bob.post(ADD, rule(letter, domain="spam.example", name_pattern="c*")).status_code == 403
    assert bob.post(ADD, rule(letter, domain="other.example", name_pattern="c*")).status_code == 403


def test_a_right_that_was_taken_meanwhile_does_not_widen_the_rule(letter, herd):
    dora = desk_of("dora", *MANAGING, "view_contact")
    button = counted(dora, letter, domain="spam.example", name_pattern="*0")
    permission = Permission.objects.get(codename="view_contact")
    permission.user_set.clear()
    assert dora.post(ADD, {"counted": button}).status_code == 403
    assert not Invalidation.objects.exists()


def test_a_domain_that_a_colleague_typed_is_shown_to_nobody_else(bob, alice, letter, herd, work):
    begin(alice, letter, domain="spam.example")
    work()
    row = Invalidation.objects.get()
    for address in (LIST, f"{LIST}{row.pk}/change/"):
        assert b"spam.example" in alice.get(address).content
        assert b"spam.example" not in bob.get(address).content
    assert "only shown to who may see contacts" in text_of(bob.get(LIST))


@pytest.mark.parametrize(
    "field", ["domain", "domain__startswith", "batch", "rows__signature__name", "by__password"]
)
def test_no_question_in_an_address_reads_a_rule(bob, alice, letter, herd, field):
    begin(alice, letter, domain="spam.example")
    assert bob.get(LIST, {field: "spam.example"}).status_code == 400


# --- on its way --------------------------------------------------------------------------------------------


@pytest.fixture
def half_way(bob, letter, herd, monkeypatch):
    """One that has done a batch of two, of five."""
    monkeypatch.setattr(invalidation, "BATCH", 2)
    begin(bob, letter, name_pattern="crypto*")
    row = Invalidation.objects.get()
    invalidation.work_on(row.pk)
    return row


def buttons(answer):
    return {button["value"] for button in soup(answer).select("button[name=act]")}


def test_its_page_tells_how_far_it_is_without_script_and_what_can_be_done(bob, half_way, work):
    address = f"{LIST}{half_way.pk}/change/"
    answer = bob.get(address)
    page = soup(answer)
    assert "2 of 5 rejected" in text_of(answer)
    assert "40% rejected" in page.select_one("[role=status]").get_text()
    assert (page.progress["max"], page.progress["value"]) == ("5", "2")
    assert page.select_one("noscript a")["href"] == address
    assert page.select_one("script[src*='js/progress']")["type"] == "module"
    assert buttons(answer) == {"stop"}

    answer = act(bob, "stop")
    assert "Stopped half-way" in text_of(answer)
    assert soup(answer).select_one("script[src*='js/progress']") is None
    assert buttons(answer) == {"go_on", "undo"}
    work()
    assert list(statuses().values()).count("rejected") == 2

    act(bob, "go_on")
    work()
    answer = bob.get(address)
    assert "5 of 5 rejected" in text_of(answer)
    assert buttons(answer) == {"undo"}

    answer = act(bob, "undo")
    assert "0 of 5 given back" in text_of(answer)
    assert buttons(answer) == {"stop"}
    work()
    answer = bob.get(address)
    assert "All of them are as they were before" in text_of(answer)
    assert buttons(answer) == set()
    assert set(statuses().values()) == {"unconfirmed", "awaiting_moderation", "held", "published"}


def test_until_when_it_can_be_undone_stands_there(bob, half_way, work):
    work()
    answer = bob.get(f"{LIST}{half_way.pk}/change/")
    until = invalidation.returnable_until(half_way)
    assert re.search(rf"undone until .*{until.year}", text_of(answer))
    with time_machine.travel(until + timedelta(minutes=1)):
        tasks.do_what_is_due()
        answer = desk_of("carol").get(f"{LIST}{half_way.pk}/change/")
        assert "can no longer be undone" in text_of(answer)
        assert buttons(answer) == set()


def test_what_stays_rejected_is_listed_with_why(bob, half_way, work):
    work()
    gone, replaced = (Signature.objects.get(name=f"Crypto {number}") for number in (0, 3))
    withdrawal.erase(gone)
    make_signature(replaced.letter, name="Crypto 3", organisation=replaced.organisation)
    act(bob, "undo")
    work()
    answer = bob.get(f"{LIST}{half_way.pk}/change/")
    shown = text_of(answer)
    assert "2 stay rejected" in shown
    assert "(erased) erased" in shown
    assert "Crypto 3 signed again since" in shown


def test_who_sees_no_signatures_sees_no_names(bob, half_way, work):
    work()
    withdrawal.erase(Signature.objects.get(name="Crypto 0"))
    act(bob, "undo")
    work()
    eve = desk_of("eve", "view_invalidation")
    assert "These stay rejected" not in text_of(eve.get(f"{LIST}{half_way.pk}/change/"))


@pytest.mark.parametrize("name", ["stop", "undo", "go_on"])
def test_what_does_not_fit_is_told(bob, half_way, work, name):
    work()
    if name == "undo":
        act(bob, "undo")
        work()
    answer = act(bob, name)
    assert "Nothing was done: it is “" in said(answer)


def test_what_can_not_be_given_back_is_told(bob, half_way, work):
    work()
    Signature.objects.filter(status="rejected").update(erased_at=timezone.now())
    assert "erased since" in said(act(bob, "undo"))
    assert Invalidation.objects.get().status == "done"


# --- who may -------------------------------------------------------------------------------------------------


def test_who_may_only_look_looks_and_does_nothing(half_way, letter):
    carol = desk_of("carol", "view_signature", "view_invalidation", "view_contact")
    assert carol.get(LIST).status_code == 200
    assert buttons(carol.get(f"{LIST}{half_way.pk}/change/")) == set()
    assert carol.get(ADD).status_code == 403
    assert carol.post(ADD, rule(letter, name_pattern="c*")).status_code == 403
    assert carol.post(ADD, {"counted": "x"}).status_code == 403
    for name in ("stop", "undo", "go_on"):
        assert carol.post(f"{LIST}{half_way.pk}/act/", {"act": name}).status_code == 403
    half_way.refresh_from_db()
    assert half_way.status == "running"


def test_to_begin_and_to_stop_are_two_rights(half_way, letter):
    begins = desk_of("begins", "view_signature", "view_invalidation", "add_invalidation")
    stops = desk_of("stops", "view_invalidation", "change_invalidation")
    address = f"{LIST}{half_way.pk}/act/"
    assert begins.post(address, {"act": "stop"}).status_code == 403
    assert stops.post(address, {"act": "stop"}).status_code == 302
    assert stops.post(address, {"act": "go_on"}).status_code == 403
    assert begins.post(address, {"act": "undo"}).status_code == 403
    assert begins.post(address, {"act": "go_on"}).status_code == 302
    assert stops.get(ADD).status_code == 403


def test_who_reads_no_names_counts_none(letter, herd):
    eve = desk_of("eve", "add_invalidation", "view_invalidation")
    assert eve.get(ADD).status_code == 403
    assert eve.post(ADD, rule(letter, name_pattern="crypto*")).status_code == 403


def test_a_rule_by_domain_is_gone_on_with_by_who_sees_contacts(bob, alice, letter, herd):
    begin(alice, letter, domain="spam.example")
    act(bob, "stop")
    row = Invalidation.objects.get()
    assert buttons(bob.get(f"{LIST}{row.pk}/change/")) == set()
    assert bob.post(f"{LIST}{row.pk}/act/", {"act": "go_on"}).status_code == 403
    act(alice, "go_on")
    assert Invalidation.objects.get().status == "running"


@pytest.mark.parametrize("name", ["", "begin", "work_on", "\x00", "forget"])
def test_an_act_that_is_none_is_refused(alice, half_way, name):
    assert alice.post(f"{LIST}{half_way.pk}/act/", {"act": name}).status_code == 403


def test_nothing_is_typed_into_one_that_was_begun_and_none_is_deleted(alice, half_way):
    address = f"{LIST}{half_way.pk}/"
    assert alice.post(f"{address}change/", {"why": "Typed", "status": "done"}).status_code == 403
    assert alice.post(f"{address}delete/", {"post": "yes"}).status_code == 403
    assert alice.get(f"{address}act/").status_code == 405
    assert alice.get(f"{LIST}0/change/").status_code == 404
    assert alice.post(f"{LIST}0/act/", {"act": "stop"}).status_code == 404
    half_way.refresh_from_db()
    assert (half_way.why, half_way.status) == ("A herd came", "running")


# --- the list --------------------------------------------------------------------------------------------------


def test_the_list_says_who_when_by_what_rule_and_how_far(bob, half_way):
    row = " ".join(soup(bob.get(LIST)).select_one("#result_list tbody tr").get_text(" ").split())
    for part in ("Asia/Beirut", "asylum", "Name: crypto*", "Running", "5", "2", "bob"):
        assert part in row


def test_names_and_reasons_stand_harmlessly_on_every_page(alice, letter):
    hostile = '"><script>alert(1)</script>{{ 7|add:7 }}'
    make_signature(letter, name=hostile, status="held")
    pages = [alice.post(ADD, rule(letter, name_pattern=hostile, why=hostile))]
    pages.append(begin(alice, letter, name_pattern=hostile, why=hostile))
    pages.append(alice.get(LIST))
    for page in pages:
        assert page.status_code == 200
        assert b"<script>alert" not in page.content


def test_pages_ask_the_same_for_few_and_many(alice, letter, herd):
    for number in range(3):
        begin(alice, letter, name_pattern=f"*{number}")
    page = f"{LIST}{Invalidation.objects.latest('pk').pk}/change/"
    alice.get(LIST)
    few = queries(alice, LIST), queries(alice, page)
    for number in range(20):
        started = invalidation.begin(
            make_rule(letter, name_pattern=f"*{number}"), counted=1, by=make_staff(f"staff{number}")
        )
        invalidation.work_on(started.pk)
    assert (queries(alice, LIST), queries(alice, page)) == few
    assert max(few) <= 12


def test_a_link_for_a_place_carries_the_letter_and_a_signed_place(letter):
    query = parse_qs(urlsplit(address_for(letter.pk, batch=HERE)).query)
    assert query.keys() == {"letter", "place"}
    assert parse_qs(urlsplit(address_for(letter.pk)).query).keys() == {"letter"}
