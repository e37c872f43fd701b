"""How staff come to the desk and leave it, through the pages: passwords, second factors, sessions, and who is told."""

import json
import re
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from bs4 import BeautifulSoup
from django.conf import settings as site
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters import accounts, browsers
from letters.models import Event, Staff
from signatories.models import Pressure
from tests.desk import names_of_the_desk
from tests.factories import APP_KEY, code_of, enter, make_factor, make_staff
from tests.passkeys import Passkey, challenge_in
from tests.racing import at_once

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
NEW_PASSWORD = "staple gun and nine kettles"
LOGIN = "/admin/account/login/"
CODE = "/admin/account/login/code/"
PASSKEY = "/admin/account/login/passkey/"
ACCOUNT = "/admin/account/"
APP = "/admin/account/app/"
RECOVERY = "/admin/account/recovery-codes/"
DESK = "/admin/signatories/signature/"


@pytest.fixture
def alice():
    return make_staff(email="alice@harbour.example")


@pytest.fixture
def now():
    """A clock that stands still, so that a code is of one moment, and can be moved."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def type_password(client, name="alice", password=PASSWORD, **options):
    return client.post(LOGIN, {"login": name, "password": password}, **options)


def type_code(client, code=None):
    return client.post(CODE, {"code": code or code_of()})


def come_in(client, name="alice"):
    """Come in through the pages with password and code."""
    type_password(client, name)
    answer = type_code(client)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    return client


def page_of(answer):
    return BeautifulSoup(answer.content, "html.parser")


def text_of(answer):
    return page_of(answer).get_text(" ", strip=True)


def is_in(client):
    return client.get("/admin/").status_code == 200


def leads_to_login(answer):
    return answer.status_code == 302 and answer["Location"].startswith(("/admin/login/", LOGIN))


def enrol(client):
    """Set up an app and return its key and the recovery codes."""
    key = page_of(client.get(APP)).select_one("code.key").get_text().replace(" ", "")
    answer = client.post(APP, {"code": code_of(key)}, follow=True)
    codes = [code.get_text().replace(" ", "") for code in page_of(answer).select(".codes code")]
    return key, codes


# --- nobody without a second factor --------------------------------------------------------------------


def test_the_first_account_of_an_installation_is_led_to_a_second_factor(client, monkeypatch, now):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="first", email="", interactive=False, verbosity=0)
    assert type_password(client, "first")["Location"] == "/admin/"
    assert client.get("/admin/")["Location"] == ACCOUNT
    key, codes = enrol(client)
    assert is_in(client)
    assert len(set(codes)) == 10
    now.shift(60)
    later = Client()
    assert type_password(later, "first")["Location"] == CODE
    assert leads_to_login(later.get("/admin/"))
    assert type_code(later, code_of(key))["Location"] == "/admin/"
    assert is_in(later)


def test_a_password_alone_opens_nothing_but_the_way_to_a_second_factor(client):
    make_staff()
    type_password(client)
    opened = set()
    for name, parameters in names_of_the_desk().items():
        values = {each: "letters" if each == "app_label" else 1 for each in parameters}
        address = _reverse(name, values)
        if address is None:
            continue
        for answer in (client.get(address), client.post(address)):
            if answer.status_code != 302 or answer["Location"] not in (ACCOUNT, LOGIN):
                opened.add(name)
        if name in ("account_logout", "admin:logout"):
            type_password(client)
    assert opened == {
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "account_reauthenticate",
        "account_logout",  # by GET, which it refuses
    }


def _reverse(name, values):
    from django.urls import NoReverseMatch, reverse

    for kind in (int, str):
        try:
            return reverse(
                name, kwargs={key: kind(value) if value == 1 else value for key, value in values.items()}
            )
        except NoReverseMatch:
            continue
    return None


def test_a_session_that_began_before_there_was_a_second_factor_ends(client, alice):
    early, late = Client(), Client()
    for browser in (early, late):
        type_password(browser)
    enrol(late)
    assert is_in(late)
    for address in (DESK, ACCOUNT, APP):
        assert leads_to_login(early.get(address))


def test_a_new_password_by_mail_opens_nothing_by_itself(client, work, mailbox, alice):
    make_factor(alice)
    link = ask_for_link(client, work, mailbox)
    client.post(link, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert leads_to_login(client.get(DESK))
    assert type_password(client, password=NEW_PASSWORD)["Location"] == CODE
    assert leads_to_login(client.get(DESK))
    assert Authenticator.objects.filter(user=alice).count() == 1


def test_a_session_made_by_other_means_is_none(client, alice):
    """Django's own login knows no second factor."""
    make_factor(alice)
    client.force_login(alice)
    assert leads_to_login(client.get(DESK))
    assert not Session.objects.exists()


@pytest.mark.parametrize("fields", [{"is_staff": False}, {"is_active": False}])
def test_whoever_does_not_work_here_is_told_what_a_stranger_is_told(client, fields):
    make_staff("carol", **fields)
    known = text_of(type_password(client, "carol"))
    stranger = text_of(type_password(Client(), "nobody"))
    assert "do not fit together" in known
    assert known == stranger


def test_there_is_no_way_to_make_an_account_and_no_other_page_of_allauth(client):
    for page in ("signup/", "email/", "confirm-email/", "inactive/", "password/set/", "2fa/", "social/", "x"):
        for answer in (client.get(ACCOUNT + page), client.post(ACCOUNT + page)):
            assert answer.status_code == 404, page


# --- codes ---------------------------------------------------------------------------------------------


def test_a_code_works_once_in_whatever_process(client, alice, now):
    make_factor(alice)
    come_in(client)
    other = Client()
    type_password(other)
    with mock.patch("allauth.mfa.totp.internal.auth.cache"):  # another process has another cache
        assert "not the right one" in text_of(type_code(other))
        assert "not the right one" in text_of(type_code(other, f" {code_of()[:3]} {code_of()[3:]} "))
    now.shift(30)
    assert type_code(other)["Location"] == "/admin/"


def test_a_code_that_was_shown_to_set_the_app_up_is_used_up(client, alice, now):
    type_password(client)
    key, _ = enrol(client)
    other = Client()
    type_password(other)
    assert "not the right one" in text_of(type_code(other, code_of(key)))


@pytest.mark.parametrize(("steps", "works"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phone_may_be_half_a_minute_wrong(client, alice, now, steps, works):
    make_factor(alice)
    type_password(client)
    assert (type_code(client, code_of(steps=steps)).status_code == 302) == works


def test_an_older_code_does_not_work_after_a_newer_one(client, alice, now):
    make_factor(alice)
    type_password(client)
    type_code(client, code_of(steps=1))
    other = Client()
    type_password(other)
    assert type_code(other, code_of(steps=0)).status_code == 200


def test_a_recovery_code_works_once(client, alice, now):
    type_password(client)
    _, codes = enrol(client)
    for browser, status in ((Client(), 302), (Client(), 200)):
        type_password(browser)
        assert type_code(browser, codes[3]).status_code == status
        assert is_in(browser) == (status == 302)


def test_recovery_codes_are_shown_once(client, alice):
    type_password(client)
    _, codes = enrol(client)
    assert len(codes) == 10
    again = client.get(RECOVERY)
    assert "shown once" in text_of(again)
    assert not [code for code in codes if code in text_of(again).replace(" ", "")]


def test_new_recovery_codes_replace_the_old_and_the_session_they_are_made_in_goes_on(client, alice, now):
    type_password(client)
    _, old = enrol(client)
    rescued = Client()
    type_password(rescued)
    type_code(rescued, old[0])
    answer = rescued.post(f"{RECOVERY}new/", follow=True)
    assert len(page_of(answer).select(".codes code")) == 10
    assert is_in(rescued)
    late = Client()
    type_password(late)
    assert type_code(late, old[1]).status_code == 200


def test_secrets_are_sealed_wherever_they_are_kept(client, alice):
    type_password(client)
    key = page_of(client.get(APP)).select_one("code.key").get_text().replace(" ", "")
    assert key not in _everything_kept()
    client.post(APP, {"code": code_of(key)})
    kept = _everything_kept()
    app, recovery = Authenticator.objects.order_by("pk")
    assert key not in kept
    assert app.data["secret"].startswith("gAAAA")
    assert recovery.data["seed"].startswith("gAAAA")


def _everything_kept():
    sessions = [str(session.get_decoded()) for session in Session.objects.all()]
    return "\n".join([*sessions, *(str(row.data) for row in Authenticator.objects.all())])


def test_contacts_and_second_factors_are_sealed_apart(alice):
    from cryptography.fernet import Fernet, InvalidToken

    sealed = make_factor(alice).data["secret"]
    with pytest.raises(InvalidToken):
        Fernet(site.CONTACT_KEYS[0]).decrypt(sealed)


def test_an_older_key_opens_what_it_sealed_and_a_missing_one_lets_nobody_in(client, alice, settings, now):
    from cryptography.fernet import Fernet

    make_factor(alice)
    old, new = settings.CONTACT_KEYS[0], Fernet.generate_key().decode()
    settings.CONTACT_KEYS = [new]
    type_password(client)
    assert type_code(client).status_code == 200
    settings.CONTACT_KEYS = [new, old]
    assert type_code(client).status_code == 302


# --- one factor always stays ---------------------------------------------------------------------------


def test_the_only_factor_cannot_be_removed_but_replaced(client, alice, now):
    make_factor(alice)
    come_in(client)
    assert "only second factor" in text_of(client.get(f"{APP}remove/"))
    client.post(f"{APP}remove/")
    assert Authenticator.objects.filter(user=alice, type="totp").exists()
    other = enter(Client(), alice)
    key, _ = enrol(client)
    assert is_in(client)
    assert leads_to_login(other.get(DESK))
    assert key != APP_KEY
    assert Authenticator.objects.filter(user=alice, type="totp").count() == 1


def test_the_app_goes_where_a_passkey_remains_and_only_then(client, alice, now):
    app, key = make_factor(alice), make_passkey(alice)
    come_in(client)
    assert "Blue key" in text_of(client.get(ACCOUNT))
    client.post(f"{APP}remove/")
    assert not Authenticator.objects.filter(pk=app.pk).exists()
    assert leads_to_login(client.get(DESK))  # it came in with the app
    make_factor(alice)
    enter(client, alice)
    make_factor(alice)
    client.post(f"{ACCOUNT}passkeys/{key.pk}/remove/")
    assert not Authenticator.objects.filter(pk=key.pk).exists()


def test_the_last_passkey_stays(client, alice):
    key = make_passkey(alice)
    session(client, alice, key)
    assert "only second factor" in text_of(client.get(f"{ACCOUNT}passkeys/{key.pk}/remove/"))
    answer = client.post(f"{ACCOUNT}passkeys/{key.pk}/remove/", follow=True)
    assert "only second factor" in text_of(answer)
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_nobody_removes_a_passkey_of_somebody_else(client, alice):
    theirs = make_passkey(make_staff("bob"))
    enter(client, alice)
    for answer in (
        client.get(f"{ACCOUNT}passkeys/{theirs.pk}/remove/"),
        client.post(f"{ACCOUNT}passkeys/{theirs.pk}/remove/"),
    ):
        assert answer.status_code == 404
    assert Authenticator.objects.filter(pk=theirs.pk).exists()


def make_passkey(staff):
    return Passkey(staff.pk).belongs_to(staff)


def session(client, staff, factor):
    """Bring somebody in who has shown this very factor."""
    from django.http import HttpRequest

    client.force_login(staff)
    request = HttpRequest()
    request.session, request.user = client.session, staff
    accounts.note_entry(request.session, staff)
    accounts.show_factor(request, factor)
    request.session.save()


@pytest.mark.django_db(transaction=True)
def test_of_the_two_last_factors_removed_at_once_one_stays():
    alice = make_staff()
    make_factor(alice)
    key = make_passkey(alice)
    phone, desk = enter(Client(), alice), enter(Client(), alice)
    at_once(lambda: phone.post(f"{APP}remove/"), lambda: desk.post(f"{ACCOUNT}passkeys/{key.pk}/remove/"))
    assert Authenticator.objects.filter(user=alice).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_two_who_type_one_code_at_once_one_comes_in(kind):
    make_staff()
    first = Client()
    type_password(first)
    key, codes = enrol(first)
    code = code_of(key, steps=1) if kind == "app" else codes[0]
    browsers_at_once = [Client(), Client()]
    for browser in browsers_at_once:
        type_password(browser)
    answers = at_once(*[lambda browser=browser: type_code(browser, code) for browser in browsers_at_once])
    assert sorted(answer.status_code for answer in answers) == [200, 302]


# --- proving it again ----------------------------------------------------------------------------------

GRAVE = [APP, f"{APP}remove/", f"{RECOVERY}new/", f"{ACCOUNT}passkeys/add/", RECOVERY]


@pytest.mark.parametrize("address", GRAVE)
def test_what_changes_a_factor_asks_for_a_factor_first(client, alice, now, address):
    make_factor(alice)
    make_passkey(alice)
    come_in(client)
    client.post(f"{RECOVERY}new/")
    now.shift(6 * 60)
    for ask in (client.get, client.post) if address != RECOVERY else (client.get,):
        answer = ask(address)
        assert answer.status_code == 302
        assert answer["Location"] == f"/admin/account/confirm/code/?next={address.replace('/', '%2F')}"
    assert client.post(answer["Location"], {"code": "000000"}).status_code == 200
    answer = client.post(answer["Location"], {"code": code_of()})
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert client.get(address).status_code == 200


def test_a_password_is_no_proof_for_whoever_has_a_second_factor(client, alice, now):
    make_factor(alice)
    come_in(client)
    now.shift(6 * 60)
    answer = client.post("/admin/account/confirm/password/", {"password": PASSWORD})
    assert answer["Location"].startswith("/admin/account/confirm/code/")
    assert client.get(APP).status_code == 302


def test_whoever_has_none_yet_proves_it_with_the_password(client, alice, now):
    type_password(client)
    now.shift(6 * 60)
    answer = client.get(APP)
    assert answer["Location"].startswith("/admin/account/confirm/password/")
    assert "not your password" in text_of(client.post(answer["Location"], {"password": "wrong"}))
    assert client.post(answer["Location"], {"password": PASSWORD})["Location"] == APP
    assert client.get(APP).status_code == 200


def test_whoever_has_a_passkey_and_no_app_is_asked_for_the_passkey_first(client, alice, now):
    session(client, alice, make_passkey(alice))
    now.shift(6 * 60)
    address = client.get(APP)["Location"]
    assert address.startswith("/admin/account/confirm/passkey/")
    assert f"/admin/account/confirm/code/?next={APP}" in client.get(address).content.decode()


def test_what_was_posted_without_proof_is_not_kept(client, alice, now):
    make_factor(alice)
    come_in(client)
    now.shift(6 * 60)
    client.post(f"{RECOVERY}new/", {"x": "CANARY"}, headers={"User-Agent": "CANARY"})
    assert "CANARY" not in _everything_kept()
    assert "127.0.0.1" not in _everything_kept()


# --- sessions ------------------------------------------------------------------------------------------


def test_a_session_ends_after_eight_hours_however_busy(client, alice):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        enter(client, alice)
        for _ in range(8 * 60 // 25 - 1):
            clock.shift(25 * 60)
            assert is_in(client)
        clock.move_to(start + site.SESSION_LIFE - timedelta(seconds=1))
        assert is_in(client)
        clock.move_to(start + site.SESSION_LIFE)
        assert leads_to_login(client.get(DESK))
        assert not Session.objects.exists()


def close(staff):
    Staff.objects.filter(pk=staff.pk).update(is_active=False)


def no_staff(staff):
    Staff.objects.filter(pk=staff.pk).update(is_staff=False)


def no_superuser(staff):
    Staff.objects.filter(pk=staff.pk).update(is_superuser=False)


def no_group(staff):
    staff.groups.clear()


def another_password(staff):
    accounts.change_password(staff, NEW_PASSWORD)


def no_factor(staff):
    Authenticator.objects.filter(user=staff).delete()


def another_factor(staff):
    no_factor(staff)
    make_factor(staff, "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU")


@pytest.mark.parametrize(
    "take", [close, no_staff, no_superuser, no_group, another_password, no_factor, another_factor]
)
def test_whatever_is_taken_away_however_ends_the_session_at_the_next_request(client, alice, take):
    alice.groups.add(Group.objects.create(name="Harbour pilots"))
    enter(client, alice)
    assert is_in(client)
    take(alice)
    assert leads_to_login(client.get(DESK))
    assert not Session.objects.exists()
    assert client.get(ACCOUNT).status_code == 302


def test_a_group_more_ends_nothing(client, alice):
    enter(client, alice)
    alice.groups.add(Group.objects.create(name="Harbour pilots"))
    assert is_in(client)


def test_a_session_that_is_ended_while_it_is_answered_does_not_come_back(client, alice):
    enter(client, alice)

    def ends_meanwhile(request):
        accounts.end_sessions(alice)
        return {}

    with mock.patch("signatories.entrance.views.frame", ends_meanwhile):
        answer = client.get(ACCOUNT)
    assert leads_to_login(answer)
    assert not Session.objects.exists()
    assert leads_to_login(client.get(DESK))


def test_ending_ones_sessions_leaves_the_others(client, alice):
    bob = enter(Client(), make_staff("bob"))
    phone, desk = enter(Client(), alice), enter(client, alice)
    accounts.end_sessions(alice)
    assert (is_in(phone), is_in(desk), is_in(bob)) == (False, False, True)


def test_a_new_password_ends_the_other_sessions_and_not_this_one(client, alice, now):
    make_factor(alice)
    come_in(client)
    other = enter(Client(), alice)
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post("/admin/account/password/", form)["Location"] == ACCOUNT
    assert is_in(client)
    assert leads_to_login(other.get(DESK))


def test_what_an_account_had_and_gets_back_opens_no_old_session(client, alice):
    bob = make_staff("bob", is_superuser=False)
    his = enter(Client(), bob)
    enter(client, alice)
    page = f"/admin/letters/staff/{bob.pk}/change/"
    form = {"username": "bob", "is_staff": "on"}
    assert client.post(page, form).status_code == 302
    assert client.post(page, {**form, "is_active": "on"}).status_code == 302
    bob.refresh_from_db()
    assert bob.is_active
    assert leads_to_login(his.get("/admin/"))


def test_the_session_begins_under_a_new_key_each_time_it_can_do_more(client, alice):
    client.get(LOGIN)
    type_password(client)
    password_only = client.cookies["sessionid"].value
    enrol(client)
    assert client.cookies["sessionid"].value != password_only
    assert not Session.objects.filter(pk=password_only).exists()


# --- passwords -----------------------------------------------------------------------------------------


def ask_for_link(client, work, mailbox, address="alice@harbour.example"):
    answer = client.post("/admin/account/password/forgotten/", {"email": address})
    assert (answer.status_code, answer["Location"]) == (302, LOGIN)
    work()
    return mailbox.link_to(address, "/password/new/")


def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(client, work, mailbox, alice):
    link = ask_for_link(client, work, mailbox)
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.get(link).status_code == 200
    assert client.get(link).status_code == 200  # a scanner's look uses nothing up
    assert Client().post(link, form)["Location"] == LOGIN
    for answer in (client.get(link), client.post(link, form)):
        assert answer.status_code == 410
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)


def test_a_link_to_a_new_password_works_for_an_hour(client, work, mailbox, alice, now):
    link = ask_for_link(client, work, mailbox)
    now.shift(3600)
    assert client.get(link).status_code == 200
    now.shift(2)
    assert client.get(link).status_code == 410


def test_the_answer_is_the_same_whether_an_account_has_the_address(client, work, mailbox, alice):
    make_staff("bob", email="bob@harbour.example", is_active=False)
    said = set()
    for address in ("alice@harbour.example", "bob@harbour.example", "nobody@harbour.example"):
        answer = Client().post("/admin/account/password/forgotten/", {"email": address}, follow=True)
        said.add(text_of(answer))
    work()
    assert len(said) == 1
    assert [message["To"] for message in mailbox.messages()] == ["alice@harbour.example"]


def test_nobody_is_buried_in_links(client, work, mailbox, alice):
    for _ in range(9):
        client.post("/admin/account/password/forgotten/", {"email": "alice@harbour.example"})
    work()
    assert len(mailbox.to("alice@harbour.example")) == 5


@pytest.mark.parametrize(
    ("password", "status"),
    [("short", 200), ("1qaz2wsx3edc4rfv", 200), ("x" * 129, 200), (NEW_PASSWORD, 302), ("x7 " * 40, 302)],
)
def test_a_new_password_is_long_and_not_too_long(client, alice, password, status):
    enter(client, alice)
    form = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert client.post("/admin/account/password/", form).status_code == status


def test_whoever_has_no_password_gets_one_from_a_superuser(client, alice):
    alice.set_unusable_password()
    alice.save()
    enter(client, alice)
    assert client.get("/admin/account/password/").status_code == 404


def test_a_megabyte_is_not_hashed(client, alice):
    with mock.patch("signatories.entrance.adapters.authenticate") as authenticate:
        answer = type_password(client, password="x" * 500_000)
    assert answer.status_code == 200
    assert not authenticate.called


# --- guessing ------------------------------------------------------------------------------------------


def from_place(address):
    return {"REMOTE_ADDR": address}


def test_after_five_wrong_passwords_even_the_right_one_is_not_read_there(client, alice, now):
    make_factor(alice)
    for _ in range(5):
        assert "do not fit together" in text_of(type_password(client, password="wrong"))
    assert "Too many tries" in text_of(type_password(client))
    assert "Too many tries" in text_of(type_password(client, "ALICE"))
    elsewhere = Client(**from_place("203.0.113.7"))
    assert type_password(elsewhere)["Location"] == CODE


def test_after_a_quarter_of_an_hour_one_may_try_again(client, alice):
    make_factor(alice)
    with time_machine.travel(1_900_000_800, tick=False) as clock:  # the first second of such a quarter
        for _ in range(6):
            type_password(client, password="wrong")
        clock.shift(15 * 60 - 1)
        assert type_password(client).status_code == 200
        clock.shift(1)
        assert type_password(client)["Location"] == CODE


def test_right_passwords_do_not_count(client, alice):
    make_factor(alice)
    for _ in range(30):
        assert type_password(Client())["Location"] == CODE


def test_one_place_guesses_twenty_times_an_hour_and_no_other_place_is_hindered(alice, now):
    make_factor(alice)
    herd = Client(**from_place("203.0.113.7"))
    answers = [text_of(type_password(herd, f"name{number // 4}", "wrong")) for number in range(22)]
    assert ["Too many tries" in answer for answer in answers] == [False] * 20 + [True] * 2
    assert type_password(Client())["Location"] == CODE


def test_a_thousand_failures_elsewhere_do_not_lock_anybody_out(alice):
    make_factor(alice)
    for number in range(250):
        herd = Client(**from_place(f"198.51.{number // 200}.{number % 200}"))
        for _ in range(4):
            herd.post(LOGIN, {"login": "alice", "password": "wrong"})
    home = Client()
    assert type_password(home)["Location"] == CODE
    assert type_code(home).status_code == 302


def test_wrong_codes_are_counted_and_told_once(client, work, mailbox, alice, now):
    make_factor(alice)
    type_password(client)
    answers = [text_of(type_code(client, "000000")) for _ in range(8)]
    assert ["Too many tries" in answer for answer in answers] == [False] * 5 + [True] * 3
    assert "Too many tries" in text_of(type_code(client))
    work()
    (message,) = mailbox.to("alice@harbour.example")
    assert "knows your password" in message.get_body(("plain",)).get_content()


def test_many_places_that_know_the_password_guess_no_code_and_a_known_browser_still_comes_in(
    alice, settings, now
):
    settings.CODE_TRIES_FROM_NEW_BROWSERS = (6, timedelta(days=1))
    make_factor(alice)
    known = come_in(Client())
    known.post("/admin/logout/")
    now.shift(60)
    said = []
    for number in range(8):
        herd = Client(**from_place(f"198.51.100.{number}"))
        type_password(herd)
        said.append(text_of(type_code(herd, "000000")))
    assert ["Too many tries" in one for one in said] == [False] * 5 + [True] * 3
    herd = Client(**from_place("198.51.100.99"))
    type_password(herd)
    assert type_code(herd).status_code == 200  # not even the right one
    come_in(known)


def test_passwords_are_not_guessed_at_an_open_desk(client, alice, now):
    enter(client, alice)
    form = {"oldpassword": "wrong", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    for _ in range(5):
        assert "not your current password" in text_of(client.post("/admin/account/password/", form))
    said = text_of(client.post("/admin/account/password/", {**form, "oldpassword": PASSWORD}))
    assert "Too many tries" in said


def test_no_address_of_a_machine_is_kept(alice):
    client = Client(**from_place("203.0.113.7"))
    type_password(client, password="wrong")
    with connection.cursor() as cursor:
        cursor.execute("SELECT place FROM signatories_pressure")
        kept = [place for (place,) in cursor.fetchall()]
    assert len(kept) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", place) for place in kept)
    assert Pressure.objects.filter(place__contains="203").count() in (0, 1, 2)  # digits of a hash, at most


@pytest.mark.django_db(transaction=True)
def test_ten_tries_at_once_are_ten_tries(now):
    make_staff()
    answers = at_once(*[lambda: text_of(type_password(Client(), password="wrong"))] * 10)
    assert sum("Too many tries" in answer for answer in answers) == 5


# --- who is told ---------------------------------------------------------------------------------------


def subjects(mailbox, address):
    return [str(message["Subject"]) for message in mailbox.to(address)]


def test_a_new_browser_is_told_to_its_owner_and_to_superusers_and_an_old_one_to_nobody(
    work, mailbox, alice, now
):
    bob = make_staff("bob", email="bob@harbour.example", is_superuser=False)
    make_staff("carol", email="carol@harbour.example", is_superuser=False)
    make_staff("dan", email="dan@harbour.example", is_active=False)
    make_factor(bob)
    browser = Client()
    come_in(browser, "bob")
    work()
    assert subjects(mailbox, "bob@harbour.example") == ["A new browser at the desk"]
    assert subjects(mailbox, "alice@harbour.example") == ["A new browser at the desk"]
    assert len(mailbox.messages()) == 2
    browser.post("/admin/logout/")
    now.shift(60)
    come_in(browser, "bob")
    work()
    assert len(mailbox.messages()) == 2


def test_a_browser_one_colleague_uses_is_new_for_another(work, mailbox, alice, now):
    make_factor(alice)
    make_factor(make_staff("bob", email="bob@harbour.example", is_superuser=False))
    browser = come_in(Client())
    browser.post("/admin/logout/")
    come_in(browser, "bob")
    work()
    assert subjects(mailbox, "bob@harbour.example") == ["A new browser at the desk"]


def test_what_the_browser_remembers_names_nobody_and_cannot_be_made_up(client, alice, now):
    make_factor(alice)
    come_in(client)
    cookie = client.cookies[browsers.COOKIE]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/admin/", "Strict", True)
    assert int(cookie["max-age"]) == 365 * 24 * 3600
    assert "alice" not in cookie.value
    assert re.fullmatch(r"[0-9a-f]{24}:[\w-]+:[\w-]+", cookie.value)
    forged = Client()
    forged.cookies[browsers.COOKIE] = cookie.value[:-2] + "xx"
    DBTaskResult.objects.all().delete()
    now.shift(60)
    come_in(forged)
    assert DBTaskResult.objects.count() == 1


def test_mails_and_their_tasks_say_no_more_than_the_user_name(work, mailbox, now):
    bob = make_staff(
        "bob", email="bob@harbour.example", first_name="CANARY", last_name="CANARY", is_superuser=False
    )
    make_staff("alice", email="alice@harbour.example", first_name="CANARY")
    client = Client(**from_place("203.0.113.7"), headers={"User-Agent": "CANARY/1.0"})
    make_factor(bob)
    come_in(client, "bob")
    client.post(f"{RECOVERY}new/")
    accounts.change_password(bob, NEW_PASSWORD)
    tasks = str(list(DBTaskResult.objects.values("args_kwargs")))
    assert "harbour" not in tasks
    assert "CANARY" not in tasks
    work()
    assert len(mailbox.messages()) == 5
    for message in mailbox.messages():
        text = message.get_body(("plain",)).get_content()
        assert message.get_body(("html",)) is None
        assert "CANARY" not in message.as_string()
        assert "203.0.113" not in message.as_string()
        assert set(re.findall(r"\S+@\S+", text)) == set()


def test_what_is_done_to_an_account_is_told_to_its_owner(work, mailbox, alice, now):
    bob = make_staff("bob", email="bob@harbour.example", is_superuser=False)
    client = Client()
    type_password(client, "bob")
    enrol(client)
    key = make_passkey(bob)
    client.post(f"{ACCOUNT}passkeys/{key.pk}/remove/")
    client.post(f"{RECOVERY}new/")
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post("/admin/account/password/", form)
    accounts.remove_second_factors(bob, by=alice)
    work()
    told = [
        "A new browser at the desk",
        "A second factor was added",
        "A second factor was removed",
        "New recovery codes",
        "Your password was changed",
        "Second factors were taken away",
    ]
    assert sorted(subjects(mailbox, "bob@harbour.example")) == sorted(told)
    assert sorted(subjects(mailbox, "alice@harbour.example")) == sorted(
        {*told} - {"Your password was changed"}
    )


def test_a_password_set_by_a_colleague_is_told(client, work, mailbox, alice):
    bob = make_staff("bob", email="bob@harbour.example", is_superuser=False)
    enter(client, alice)
    form = {
        "usable_password": "true",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
        "set-password": "1",
    }
    assert client.post(f"/admin/letters/staff/{bob.pk}/password/", form).status_code == 302
    work()
    assert subjects(mailbox, "bob@harbour.example") == ["Your password was changed"]


def test_a_mail_waits_for_its_server_and_is_given_up_without_a_name(work, settings, alice, caplog):
    from letters.emails import StaffMail, tell
    from letters.tasks import send_staff_mail

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nothing listens there
    tell(alice, StaffMail.CODES_MADE)
    work()
    waiting = DBTaskResult.objects.get(status="READY")
    assert waiting.run_after > timezone.now()
    assert send_staff_mail.call(alice.pk, "staff_codes_made", alice.pk, 60) == "given up"
    event = Event.objects.get(act="mail_failed")
    assert (event.subject_kind, event.subject_id, event.reason) == (
        "staff",
        str(alice.pk),
        "mail_server_away",
    )
    assert "harbour" not in caplog.text


# --- a factor that was lost ----------------------------------------------------------------------------


def take_page(staff):
    return f"/admin/letters/staff/{staff.pk}/second-factors/"


def test_a_superuser_takes_away_what_was_lost_and_its_owner_begins_anew(client, work, mailbox, alice):
    bob = make_staff("bob", email="bob@harbour.example", is_superuser=False)
    his = enter(Client(), bob)
    enter(client, alice)
    assert take_page(bob) in client.get(f"/admin/letters/staff/{bob.pk}/change/").content.decode()
    assert "make sure that it is really them" in text_of(client.get(take_page(bob)))
    assert is_in(his)
    for _ in range(2):  # twice is harmless
        assert client.post(take_page(bob)).status_code == 302
    assert leads_to_login(his.get(DESK))
    event = Event.objects.get(act="remove_second_factor")
    assert (event.subject_kind, event.subject_id, event.by) == ("staff", str(bob.pk), alice)
    work()
    assert subjects(mailbox, "bob@harbour.example") == ["Second factors were taken away"]
    late = Client()
    assert type_password(late, "bob")["Location"] == "/admin/"
    assert late.get("/admin/")["Location"] == ACCOUNT


def test_nobody_takes_away_their_own_and_no_one_but_a_superuser_anybodys(client, alice):
    bob = make_staff("bob", is_superuser=False)
    make_factor(bob)
    for by, whose in ((alice, alice), (bob, alice), (bob, bob)):
        with pytest.raises(accounts.MayNotTakeSecondFactors):
            accounts.remove_second_factors(whose, by=by)
        enter(client, by)
        for answer in (client.get(take_page(whose)), client.post(take_page(whose))):
            assert answer.status_code == 403
    assert not Event.objects.filter(act="remove_second_factor").exists()


def test_taking_one_away_asks_for_ones_own_first(client, alice, now):
    bob = make_staff("bob", is_superuser=False)
    make_factor(bob)
    enter(client, alice)
    now.shift(6 * 60)
    assert client.post(take_page(bob))["Location"].startswith("/admin/account/confirm/code/")
    assert Authenticator.objects.filter(user=bob).exists()


def test_between_password_and_code_an_account_may_be_closed_or_lose_its_factor(client, alice, now):
    bob = make_staff("bob", is_superuser=False)
    make_factor(bob)
    closed, lost = Client(), Client()
    type_password(closed, "bob")
    type_password(lost, "bob")
    close(bob)
    assert type_code(closed)["Location"] == LOGIN
    assert "is closed" in text_of(closed.get(LOGIN))
    assert leads_to_login(closed.get(DESK))
    Staff.objects.filter(pk=bob.pk).update(is_active=True)
    accounts.remove_second_factors(bob, by=alice)
    assert lost.get(CODE)["Location"] == LOGIN
    assert lost.get(LOGIN).status_code == 200
    assert leads_to_login(lost.get(DESK))


# --- the demonstration ---------------------------------------------------------------------------------


def test_an_account_of_the_demonstration_comes_in_with_a_password_and_every_page_says_so(client):
    make_staff("demonstration", is_demonstration=True)
    assert type_password(client, "demonstration")["Location"] == "/admin/"
    for address in ("/admin/", DESK, ACCOUNT):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "comes in without a second factor" in text_of(answer)


def test_it_cannot_come_in_in_production_nor_stay(client, settings):
    make_staff("demonstration", is_demonstration=True)
    type_password(client, "demonstration")
    assert is_in(client)
    settings.PRODUCTION = True
    assert leads_to_login(client.get(DESK))
    late = Client()
    assert "do not fit together" in text_of(type_password(late, "demonstration"))
    assert leads_to_login(late.get(DESK))


def test_nobody_else_is_let_in_without_a_factor(client, alice):
    type_password(client)
    assert "comes in without a second factor" not in text_of(client.get(ACCOUNT))
    assert client.get(DESK)["Location"] == ACCOUNT


def test_an_account_of_the_demonstration_that_gets_a_factor_is_asked_for_it(client, now):
    make_staff("demonstration", is_demonstration=True)
    old = Client()
    for browser in (old, client):
        type_password(browser, "demonstration")
    enrol(client)
    assert is_in(client)
    assert leads_to_login(old.get(DESK))
    assert type_password(old, "demonstration")["Location"] == CODE


@pytest.fixture
def older_demonstration(settings, tmp_path):
    """An account from before there was a second factor."""
    settings.VAR_DIR = tmp_path
    (tmp_path / "demonstration-password.txt").write_text(PASSWORD + "\n")
    with mock.patch("signatories.management.commands.load_demonstration.Host") as host:
        host.objects.filter.return_value.exists.return_value = True
        yield make_staff("demonstration")


def test_an_older_demonstration_goes_on_and_gets_a_colleague(client, older_demonstration, tmp_path):
    for _ in range(2):
        call_command("load_demonstration")
    colleague = Staff.objects.get(username="colleague")
    password = (tmp_path / "colleague-password.txt").read_text().strip()
    assert type_password(client, "demonstration")["Location"] == "/admin/"
    assert is_in(client)
    assert (colleague.is_demonstration, colleague.is_superuser) == (True, False)
    assert {group.name for group in colleague.groups.all()} == {"Moderator", "Data officer"}
    other = Client()
    assert type_password(other, "colleague", password)["Location"] == "/admin/"
    assert other.get("/admin/").status_code == 200
    assert (tmp_path / "colleague-password.txt").stat().st_mode & 0o077 == 0


def test_in_production_no_account_is_made_one_of_the_demonstration(older_demonstration, settings):
    settings.PRODUCTION = True
    call_command("load_demonstration")
    older_demonstration.refresh_from_db()
    assert not older_demonstration.is_demonstration
    assert not Staff.objects.filter(username="colleague").exists()


def test_somebody_who_is_called_so_and_has_a_password_of_their_own_is_left_alone(
    older_demonstration, tmp_path
):
    (tmp_path / "demonstration-password.txt").unlink()
    call_command("load_demonstration")
    older_demonstration.refresh_from_db()
    assert not older_demonstration.is_demonstration


# --- passkeys: where they are good for; test_passkey.py uses real ones ---------------------------------


def creation_options(client, **headers):
    page = page_of(client.get(f"{ACCOUNT}passkeys/add/", headers=headers))
    return json.loads(page.select_one("#js_data").string)["creation_options"]["publicKey"]


def test_in_production_a_passkey_is_good_for_our_own_name_whatever_name_a_visitor_came_by(
    client, alice, settings
):
    settings.SITE_URL, settings.PRODUCTION = "https://letters.example", True
    settings.ALLOWED_HOSTS = ["letters.example", "www.letters.example"]
    enter(client, alice)
    for host in settings.ALLOWED_HOSTS:
        assert creation_options(client, Host=host)["rp"] == {"id": "letters.example", "name": "Undersigned"}


def test_on_a_developers_machine_it_is_good_for_the_name_in_the_address(client, alice):
    enter(client, alice)
    assert creation_options(client, Host="localhost:8123")["rp"]["id"] == "localhost"


def test_a_passkey_names_nobody_but_by_the_user_name(client):
    enter(client, make_staff("bob", email="bob@harbour.example", first_name="CANARY"))
    user = creation_options(client)["user"]
    assert (user["name"], user["displayName"]) == ("bob", "bob")


def options_at_login(client):
    answer = client.get(PASSKEY, headers={"Accept": "application/json"})
    return answer.json()["request_options"]


def test_a_passkey_alone_opens_the_desk(alice):
    client = Client(SERVER_NAME="localhost")
    Passkey().belongs_to(alice)
    answer = client.post(
        PASSKEY, {"credential": Passkey().get(challenge_in(options_at_login(client)), alice)}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert is_in(client)


def test_a_passkey_is_added_and_asked_for_after_the_password(alice):
    client = Client(SERVER_NAME="localhost")
    type_password(client)
    options = json.loads(page_of(client.get(f"{ACCOUNT}passkeys/add/")).select_one("#js_data").string)
    made = {"name": "My phone", "credential": Passkey().create(challenge_in(options["creation_options"]))}
    assert client.post(f"{ACCOUNT}passkeys/add/", made)["Location"] == RECOVERY
    assert is_in(client)
    later = Client(SERVER_NAME="localhost")
    assert type_password(later)["Location"] == CODE
    options = json.loads(page_of(later.get(CODE)).select_one("#js_data").string)["request_options"]
    assert (
        later.post(CODE, {"credential": Passkey().get(challenge_in(options), alice)})["Location"] == "/admin/"
    )
    assert is_in(later)


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 2},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1"},
        {"verifies": False},  # somebody found the key, and knows neither PIN nor finger
    ],
)
def test_another_key_or_place_or_nobody_in_particular_does_not(alice, wrong):
    client = Client(SERVER_NAME="localhost")
    Passkey().belongs_to(alice)
    challenge = challenge_in(options_at_login(client))
    answer = client.post(PASSKEY, {"credential": Passkey(**wrong).get(challenge, alice)}, follow=True)
    assert "not the right one" in text_of(answer)
    assert not is_in(client)


def test_what_a_passkey_signed_works_once_and_in_one_session():
    alice = make_staff()
    Passkey().belongs_to(alice)
    client, other = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
    options_at_login(other)
    signed = {"credential": Passkey().get(challenge_in(options_at_login(client)), alice)}
    assert other.post(PASSKEY, signed)["Location"] == LOGIN
    assert client.post(PASSKEY, signed)["Location"] == "/admin/"
    client.post("/admin/logout/")
    assert client.post(PASSKEY, signed)["Location"] == LOGIN
    assert not is_in(client)


@pytest.mark.parametrize("fields", [{"is_active": False}, {"is_staff": False}])
def test_the_passkey_of_whoever_does_not_work_here_opens_nothing(fields):
    client, carol = Client(SERVER_NAME="localhost"), make_staff("carol", **fields)
    Passkey().belongs_to(carol)
    signed = Passkey().get(challenge_in(options_at_login(client)), carol)
    answer = client.post(PASSKEY, {"credential": signed}, follow=True)
    assert "is closed" in text_of(answer)
    assert not is_in(client)


@pytest.mark.parametrize(
    "credential",
    ["", "x", "1", "[]", "{}", "null", '{"response": 1}', '{"response": {"userHandle": 5}}', "{" * 999],
)
def test_a_passkey_that_is_none_is_refused(client, alice, credential):
    make_passkey(alice)
    options_at_login(client)
    assert client.post(PASSKEY, {"credential": credential})["Location"] == LOGIN
    type_password(client)
    assert client.post(CODE, {"credential": credential}).status_code == 200
    assert not is_in(client)


# --- the pages -----------------------------------------------------------------------------------------


def test_the_code_for_a_camera_is_in_the_page_and_needs_no_other_policy(client, alice):
    type_password(client)
    answer = client.get(APP)
    page = page_of(answer)
    assert page.select_one("svg.qr path")["d"].startswith("M4 4h1v1h-1z")
    assert "data:" not in answer.content.decode()
    assert not page.select("[style], style, script:not([src]):not([type='application/json'])")
    assert page.select_one("svg.qr")["aria-label"]


def test_no_page_of_an_account_is_stored(client, alice, now):
    forgotten = "/admin/account/password/forgotten/"
    for page in (LOGIN, forgotten, f"{ACCOUNT}password/new/1/x/"):
        assert "no-store" in client.get(page)["Cache-Control"], page
    make_factor(alice)
    come_in(client)
    for page in (
        ACCOUNT,
        APP,
        f"{APP}remove/",
        f"{ACCOUNT}passkeys/add/",
        f"{RECOVERY}new/",
        f"{ACCOUNT}password/",
    ):
        answer = client.get(page)
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"], page


def test_where_somebody_wanted_to_go_they_go(client, alice, now):
    make_factor(alice)
    wanted = "/admin/letters/letter/?phase=open"
    address = client.get(wanted)["Location"]
    address = client.get(address)["Location"]
    assert address.startswith(f"{LOGIN}?next=")
    form = page_of(client.get(address)).select_one("form")
    fields = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
    client.post(LOGIN, {**fields, "login": "alice", "password": PASSWORD})
    assert type_code(client)["Location"] == wanted


def test_one_can_begin_again_at_the_code(client, alice):
    make_factor(alice)
    type_password(client)
    assert client.get(LOGIN)["Location"] == CODE
    client.post("/admin/account/logout/")
    assert client.get(LOGIN).status_code == 200


def test_a_login_that_waits_for_its_code_waits_a_quarter_of_an_hour(client, alice, now):
    make_factor(alice)
    type_password(client)
    now.shift(15 * 60 + 1)
    assert type_code(client)["Location"] == LOGIN
