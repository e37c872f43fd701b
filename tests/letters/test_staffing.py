"""Who works at the desk: a manager adds, disables and gives roles, and has no way to more than a manager may do."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client

from letters import staffing
from letters.models import Event, Staff
from tests.factories import enter, make_member, make_staff
from tests.racing import at_once

pytestmark = pytest.mark.django_db

STAFF = "/admin/letters/staff/"
PASSWORD = "five words make it long"


@pytest.fixture
def alice():
    """She may do everything."""
    return make_staff("alice")


@pytest.fixture
def mona():
    return make_member("mona", "Manager")


@pytest.fixture
def bob():
    return make_member("bob", "Moderator")


@pytest.fixture
def dora():
    return make_member("dora", "Data officer")


def desk_of(staff):
    return enter(Client(), staff)


def page_of(staff):
    return f"{STAFF}{staff.pk}/change/"


def roles(*names):
    return [group.pk for group in Group.objects.filter(name__in=names)]


def change(by, staff, **fields):
    """Send the form of an account as it is, but for these fields; return the answer."""
    form = {
        "username": staff.username,
        "email": staff.email,
        "first_name": staff.first_name,
        "last_name": staff.last_name,
        "groups": [group.pk for group in staff.groups.all()],
        **{name: "on" for name in ("is_active", "is_staff", "is_superuser") if getattr(staff, name)},
        **fields,
    }
    return desk_of(by).post(
        page_of(staff), {name: value for name, value in form.items() if value is not None}
    )


def standing(staff):
    """Everything about an account that an escalation would change."""
    row = Staff.objects.values().get(pk=staff.pk)
    del row["last_login"]
    return row, set(staff.groups.values_list("name", flat=True)), set(staff.user_permissions.all())


def events():
    return list(
        Event.objects.order_by("pk").values_list(
            "act", "subject_kind", "subject_id", "by__username", "reason"
        )
    )


# --- what a manager does -------------------------------------------------------------------------------


def test_a_manager_adds_a_colleague_and_gives_a_role(mona):
    desk = desk_of(mona)
    form = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    answer = desk.post(f"{STAFF}add/", form)
    eve = Staff.objects.get(username="eve")
    assert (answer.status_code, answer["Location"]) == (302, page_of(eve))
    assert (eve.is_staff, eve.is_superuser, eve.groups.count()) == (True, False, 0)
    assert change(mona, eve, groups=roles("Moderator", "Editor")).status_code == 302
    assert set(eve.groups.values_list("name", flat=True)) == {"Moderator", "Editor"}
    assert change(mona, eve, groups=roles("Editor")).status_code == 302
    assert events() == [
        ("add_staff", "staff", str(eve.pk), "mona", ""),
        ("change_staff_groups", "staff", str(eve.pk), "mona", "+Editor"),
        ("change_staff_groups", "staff", str(eve.pk), "mona", "+Moderator"),
        ("change_staff_groups", "staff", str(eve.pk), "mona", "-Moderator"),
    ]


def test_a_manager_disables_a_colleague_who_is_out_at_the_next_page_and_lets_them_in_again(mona, bob):
    desk = desk_of(bob)
    assert desk.get("/admin/").status_code == 200
    assert change(mona, bob, is_active=None).status_code == 302
    assert desk.get("/admin/").status_code == 302
    bob.refresh_from_db()
    assert change(mona, bob, is_active="on").status_code == 302
    bob.refresh_from_db()
    assert bob.is_active
    assert [event[0] for event in events()] == ["disable_staff", "enable_staff"]


def test_a_manager_sets_a_password_and_the_old_one_and_its_sessions_are_gone(mona, bob):
    desk = desk_of(bob)
    form = {"password1": PASSWORD, "password2": PASSWORD}
    assert desk_of(mona).post(f"{STAFF}{bob.pk}/password/", form).status_code == 302
    bob.refresh_from_db()
    assert bob.check_password(PASSWORD)
    assert desk.get("/admin/").status_code == 302
    assert events() == [("change_staff_password", "staff", str(bob.pk), "mona", "")]


def test_no_password_is_taken_away_or_set_by_half(mona, bob):
    for form in (
        {"usable_password": "false", "unset-password": "1"},
        {"password1": PASSWORD},
        {"password1": PASSWORD, "password2": f"{PASSWORD}er"},
        {"password1": "short", "password2": "short"},
    ):
        assert desk_of(mona).post(f"{STAFF}{bob.pk}/password/", form).status_code == 200
        bob.refresh_from_db()
        assert bob.check_password("correct horse battery")
    assert events() == []


def test_a_name_or_address_that_changes_is_an_event_and_what_does_not_change_is_none(mona, bob):
    assert change(mona, bob).status_code == 302
    assert events() == []
    assert change(mona, bob, first_name="Bob", email="bob@harbour.example").status_code == 302
    assert events() == [("change_staff", "staff", str(bob.pk), "mona", "")]


def test_neither_events_nor_the_admins_own_log_say_who_it_was(mona, bob):
    change(mona, bob, first_name="Zaynab", username="zaynab-private", email="zaynab@private.example")
    change(mona, Staff.objects.get(pk=bob.pk), is_active=None)
    written = [*Event.objects.values(), *LogEntry.objects.values()]
    assert len(written) == 2
    assert "zaynab" not in str(written).casefold()


def test_the_history_of_an_account_is_its_events(mona, bob):
    change(mona, bob, groups=roles("Editor"))
    page = desk_of(mona).get(f"{STAFF}{bob.pk}/history/", follow=True)
    assert [(event.act, event.reason) for event in page.context["cl"].result_list] == [
        ("change_staff_groups", "-Moderator"),
        ("change_staff_groups", "+Editor"),
    ]


# --- what a manager has no way to ----------------------------------------------------------------------

ESCALATIONS = {
    "superuser": {"is_superuser": "on"},
    "no staff": {"is_staff": ""},
    "rights": {"user_permissions": ["1", "2", "3"]},
    "password": {"password": "plain", "password1": PASSWORD, "password2": PASSWORD},
    "demonstration": {"is_demonstration": "on"},
    "dates": {"last_login_0": "2020-01-01", "last_login_1": "10:00", "date_joined_0": "2020-01-01"},
}


@pytest.mark.parametrize("fields", ESCALATIONS.values(), ids=ESCALATIONS)
@pytest.mark.parametrize("whom", ["bob", "mona"])
def test_what_is_not_offered_is_not_taken(mona, bob, whom, fields):
    staff = {"bob": bob, "mona": mona}[whom]
    before = standing(staff)
    change(mona, staff, **fields)
    assert standing(staff) == before


def test_nobody_gives_a_right_they_have_not_got(mona, bob):
    before = standing(bob)
    answer = change(mona, bob, groups=roles("Data officer"))
    assert answer.status_code == 200
    assert "groups" in answer.context["adminform"].form.errors
    assert standing(bob) == before
    page = BeautifulSoup(desk_of(mona).get(page_of(bob)).content, "html.parser")
    offered = {box.find_parent("label").text.strip() for box in page.select("input[name=groups]")}
    assert offered == {"Moderator", "Editor", "Manager"}


def test_who_has_it_gives_it(alice, bob):
    nina = make_member("nina", "Manager", "Data officer")
    assert change(nina, bob, groups=roles("Data officer")).status_code == 302
    assert (
        change(alice, Staff.objects.get(pk=bob.pk), groups=roles("Manager", "Data officer")).status_code
        == 302
    )
    assert set(bob.groups.values_list("name", flat=True)) == {"Manager", "Data officer"}


def test_a_role_that_holds_more_than_one_has_is_not_given_whatever_it_is_called(mona):
    wider = Group.objects.create(name="Wider")
    wider.permissions.set(Permission.objects.filter(codename__in=["view_event", "delete_staff"]))
    empty = Group.objects.create(name="Empty")
    assert wider not in staffing.may_give(mona)
    assert empty in staffing.may_give(mona)


def test_nobody_changes_their_own_rights(mona):
    before = standing(mona)
    for fields in ({"groups": roles("Moderator", "Data officer")}, {"groups": []}, {"is_active": ""}):
        assert change(mona, mona, **fields).status_code == 302
        assert standing(mona) == before
    page = desk_of(mona).get(page_of(mona)).content.decode()
    assert 'name="groups"' not in page
    assert 'name="is_active"' not in page


def test_ones_own_password_is_changed_where_the_old_one_is_asked_for(mona, alice):
    for staff in (mona, alice):
        answer = desk_of(staff).post(
            f"{STAFF}{staff.pk}/password/", {"password1": PASSWORD, "password2": PASSWORD}
        )
        assert (answer.status_code, answer["Location"]) == (302, "/admin/password_change/")
        assert not Staff.objects.get(pk=staff.pk).check_password(PASSWORD)


@pytest.mark.parametrize("page", ["change/", "password/", "delete/"])
def test_the_account_of_a_superuser_is_out_of_reach(mona, alice, page):
    before = standing(alice)
    form = {
        "username": "alice2",
        "is_active": "",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "post": "yes",
    }
    form |= {"set-password": "1", "groups": []}
    assert desk_of(mona).post(f"{STAFF}{alice.pk}/{page}", form).status_code == 403
    assert standing(alice) == before
    shown = desk_of(mona).get(page_of(alice)).content.decode()
    assert "_save" not in shown
    assert f"{alice.pk}/password/" not in shown
    assert f"{alice.pk}/delete/" not in shown


def test_a_colleague_with_more_rights_is_disabled_and_nothing_else(mona, dora):
    """In an hour of need anybody who looks after accounts may shut one; who may let in a data officer sees contacts."""
    before = standing(dora)
    assert change(mona, dora, username="mine", email="mona@harbour.example", groups=[]).status_code == 302
    assert standing(dora) == before
    form = {"password1": PASSWORD, "password2": PASSWORD}
    assert desk_of(mona).post(f"{STAFF}{dora.pk}/password/", form).status_code == 403
    assert f"{dora.pk}/password/" not in desk_of(mona).get(page_of(dora)).content.decode()
    assert change(mona, dora, is_active=None).status_code == 302
    assert not Staff.objects.get(pk=dora.pk).is_active
    dora.refresh_from_db()
    change(mona, dora, is_active="on")
    assert not Staff.objects.get(pk=dora.pk).is_active


def test_a_right_of_ones_own_counts_as_much_as_one_of_a_role(mona, bob):
    bob.user_permissions.add(Permission.objects.get(codename="view_contact"))
    assert not staffing.covers(mona, bob)
    mona.user_permissions.add(Permission.objects.get(codename="view_contact"))
    assert staffing.covers(mona, bob)


def test_a_disabled_colleague_is_measured_by_what_they_could_do_once_let_in_again(mona, dora):
    Staff.objects.filter(pk=dora.pk).update(is_active=False)
    dora.refresh_from_db()
    assert not staffing.covers(mona, dora)


def test_several_at_once_are_neither_deleted_nor_changed(mona, alice, bob):
    for by in (mona, alice):
        for action in ("delete_selected", "disable", "make_superuser"):
            form = {
                "action": action,
                "_selected_action": [bob.pk, alice.pk],
                "post": "yes",
                "select_across": "1",
            }
            desk_of(by).post(STAFF, form)
    assert Staff.objects.count() == 3
    assert events() == []


@pytest.mark.parametrize(
    "query", ["?_popup=1", "?_to_field=username", "?_to_field=password", "?_saveasnew=1"]
)
def test_no_side_door_opens(mona, alice, query):
    before = standing(alice)
    form = {"username": "alice", "is_superuser": "on", "is_active": "on", "_saveasnew": "1", "_popup": "1"}
    answer = desk_of(mona).post(f"{page_of(alice)}{query}", form)
    assert answer.status_code in (200, 400, 403)
    assert standing(alice) == before
    assert Staff.objects.filter(is_superuser=True).count() == 1


def test_roles_are_read_and_not_written(alice):
    moderator = Group.objects.get(name="Moderator")
    desk = desk_of(alice)
    assert "Can change signature" in desk.get(f"/admin/auth/group/{moderator.pk}/change/").content.decode()
    for page in ("add/", f"{moderator.pk}/change/", f"{moderator.pk}/delete/"):
        form = {"name": "Moderator", "permissions": ["1"], "post": "yes"}
        assert desk.post(f"/admin/auth/group/{page}", form).status_code == 403


def test_no_page_shows_what_is_left_of_a_password(mona, bob):
    Staff.objects.filter(pk=bob.pk).update(password="pbkdf2_sha256$1000$saltysalt$hashyhash")
    for page in (STAFF, page_of(bob), f"{STAFF}{bob.pk}/password/"):
        shown = desk_of(mona).get(page).content.decode()
        assert not [part for part in ("pbkdf2", "saltys", "hashyh", "salty*") if part in shown]


# --- superusers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("right", ["is_active", "is_staff", "is_superuser"])
def test_the_last_superuser_stays_one(alice, right):
    before = standing(alice)
    answer = change(alice, alice, **{right: None})
    assert answer.status_code == 200
    assert "Somebody has to be left" in answer.content.decode()
    assert standing(alice) == before
    assert events() == []


@pytest.mark.parametrize("right", ["is_active", "is_staff", "is_superuser"])
def test_of_two_superusers_one_may_stop(alice, right):
    other = make_staff("olga")
    assert change(alice, other, **{right: None}).status_code == 302
    assert not getattr(Staff.objects.get(pk=other.pk), right)
    acts = {"is_superuser": ("change_staff_rights", "-superuser")}
    assert [(event[0], event[4]) for event in events()] == [acts.get(right, ("disable_staff", ""))]


def test_a_superuser_without_the_desk_is_nobody_who_is_left(alice):
    make_staff("olga", is_active=False)
    make_staff("pia", is_staff=False)
    assert change(alice, alice, is_superuser=None).status_code == 200
    assert Staff.objects.get(pk=alice.pk).is_superuser


def test_a_superuser_gives_rights_one_by_one_and_each_is_an_event(alice, bob):
    see_contacts = Permission.objects.get(codename="view_contact")
    assert change(alice, bob, user_permissions=[see_contacts.pk], is_superuser="on").status_code == 302
    assert [(event[0], event[4]) for event in events()] == [
        ("change_staff_rights", "+superuser"),
        ("change_staff_rights", "+view_contact"),
    ]


def test_an_account_that_never_did_anything_may_go_and_another_stays(alice, bob):
    desk = desk_of(alice)
    charlie = make_member("charlie")
    assert desk.post(f"{STAFF}{charlie.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Staff.objects.filter(username="charlie").exists()
    assert events() == [("delete_staff", "staff", str(charlie.pk), "alice", "")]
    Event.objects.create(act="approve", subject_kind="signature", subject_id="0" * 16, by=bob)
    desk.post(f"{STAFF}{bob.pk}/delete/", {"post": "yes"})
    assert Staff.objects.filter(username="bob").exists()


def test_a_superuser_is_no_superuser_before_the_account_goes(alice):
    other = make_staff("olga")
    for staff in (other, alice):
        assert desk_of(alice).post(f"{STAFF}{staff.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Staff.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_superusers_who_take_each_others_rights_away_leave_one():
    for round_ in range(3):
        one, other = make_staff(f"olga{round_}"), make_staff(f"pia{round_}")
        answers = at_once(
            lambda one=one, other=other: change(one, other, is_superuser=None).status_code,
            lambda one=one, other=other: change(other, one, is_superuser=None).status_code,
        )
        assert Staff.objects.filter(is_superuser=True).count() == 1, answers
        Staff.objects.update(is_superuser=False)
