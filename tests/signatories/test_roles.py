"""Who may do what at the desk: every address, both ways of asking, every role; and no button leads to a refusal."""

from functools import cache
from urllib.parse import parse_qs, urljoin

import pytest
from allauth.mfa.models import Authenticator
from bs4 import BeautifulSoup
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve, reverse

from letters.models import Staff
from signatories.models import Invitation, Organisation, Signature
from signatories.roles import ROLES, permissions_of
from tests.desk import make_world, names_of_the_desk
from tests.factories import enter, make_member, make_staff

pytestmark = pytest.mark.django_db

# Who asks, a letter each, in the order of the columns below.
PEOPLE = {
    "A": "a stranger",
    "V": "an account that is no staff",
    "X": "staff who were disabled",
    "F": "a superuser without a second factor",
    "N": "staff in no role",
    "M": "a moderator",
    "E": "an editor",
    "D": "a data officer",
    "G": "a manager",
    "S": "a superuser",
}

# What they are answered:
#   o  the page                >  led to the way in                           -  refused, 403
#   r  led on to another page  f  led to where second factors are looked after  0  no such thing
#   x  not in this way, 405
TABLE = """
#                                                 GET         POST
#                                                 AVXFNMEDGS  AVXFNMEDGS
account_change_password                           >>>foooooo  >>>foooooo
account_login                                     ooofrrrrrr  ooofrrrrrr
account_logout                                    xxxxxxxxxx  >>>>>>>>>>
account_new_password                              000f000000  000f000000
account_nowhere                                   000f000000  000f000000
account_reauthenticate                            >>>orrrrrr  >>>orrrrrr
account_reset_password                            ooofoooooo  ooofoooooo
act_on_comment                                    >>>fxxxxxx  >>>f--r-rr
act_on_workshop                                   >>>fxxxxxx  >>>f-r--rr
app_list                                          >>>f0ooooo  >>>f0ooooo
auth_group_add                                    >>>f------  >>>f------
auth_group_change                                 >>>f-----o  >>>f------
auth_group_changelist                             >>>f-----o  >>>f-----o
auth_group_delete                                 >>>f------  >>>f------
auth_group_history                                >>>f-----o  >>>f-----o
auth_user_password_change                         >>>f----oo  >>>f----oo
autocomplete                                      >>>f------  >>>f------
comments_of_letter                                >>>f--o-oo  >>>fxxxxxx
django_tasks_database_dbtaskresult_add            >>>f------  >>>f------
django_tasks_database_dbtaskresult_change         >>>f-----o  >>>f------
django_tasks_database_dbtaskresult_changelist     >>>f-----o  >>>f-----o
django_tasks_database_dbtaskresult_delete         >>>f------  >>>f------
django_tasks_database_dbtaskresult_history        >>>f-----o  >>>f-----o
enter_on_behalf                                   >>>f-o--oo  >>>f-o--oo
export_letter                                     >>>f-o-ooo  >>>f-o-ooo
import_list                                       >>>f---ooo  >>>f---ooo
imported_list                                     >>>f---ooo  >>>f---rrr
index                                             >>>foooooo  >>>foooooo
jsi18n                                            >>>foooooo  >>>fxxxxxx
letters_event_add                                 >>>f------  >>>f------
letters_event_change                              >>>f--r---  >>>f------
letters_event_changelist                          >>>f-ooooo  >>>f-ooooo
letters_event_delete                              >>>f------  >>>f------
letters_event_history                             >>>fr-r---  >>>fr-r---
letters_host_add                                  >>>f--o-oo  >>>f--o-oo
letters_host_change                               >>>f--o-oo  >>>f--o-oo
letters_host_changelist                           >>>f--o-oo  >>>f--o-oo
letters_host_delete                               >>>f--o-oo  >>>f--o-oo
letters_host_history                              >>>f--o-oo  >>>f--o-oo
letters_letter_act                                >>>fxxxxxx  >>>f--r-rr
letters_letter_add                                >>>f--o-oo  >>>f--o-oo
letters_letter_change                             >>>f--o-oo  >>>f--o-oo
letters_letter_changelist                         >>>f--o-oo  >>>f--o-oo
letters_letter_delete                             >>>f--o-oo  >>>f--o-oo
letters_letter_history                            >>>f--o-oo  >>>f--o-oo
letters_letter_preview                            >>>f--o-oo  >>>fxxxxxx
letters_staff_add                                 >>>f----oo  >>>f----oo
letters_staff_change                              >>>f----oo  >>>f----oo
letters_staff_changelist                          >>>f----oo  >>>f----oo
letters_staff_delete                              >>>f-----o  >>>f-----o
letters_staff_history                             >>>f----rr  >>>f----rr
letters_staff_second_factors                      >>>f-----o  >>>f-----r
letters_text_add                                  >>>f--o-oo  >>>f--o-oo
letters_text_change                               >>>f--o-oo  >>>f--o-oo
letters_text_changelist                           >>>f--o-oo  >>>f--o-oo
letters_text_delete                               >>>f--o-oo  >>>f--o-oo
letters_text_history                              >>>f--o-oo  >>>f--o-oo
login                                             >>>f>>>>>>  >>>f>>>>>>
logout                                            rrrf>>>>>>  rrrf>>>>>>
mfa_activate_totp                                 >>>roooooo  >>>roooooo
mfa_add_webauthn                                  >>>roooooo  >>>roooooo
mfa_authenticate                                  >>>frrrrrr  >>>frrrrrr
mfa_deactivate_totp                               >>>foooooo  >>>foooooo
mfa_generate_recovery_codes                       >>>foooooo  >>>frrrrrr
mfa_index                                         >>>ooooooo  >>>xxxxxxx
mfa_login_webauthn                                >>>frrrrrr  >>>frrrrrr
mfa_reauthenticate                                >>>foooooo  >>>foooooo
mfa_reauthenticate_webauthn                       >>>frrrrrr  >>>frrrrrr
mfa_remove_webauthn                               >>>f000000  >>>f000000
mfa_view_recovery_codes                           >>>f000000  >>>fxxxxxx
password_change                                   >>>frrrrrr  >>>frrrrrr
password_change_done                              >>>fffffff  >>>fffffff
signatories_delivery_add                          >>>f------  >>>f------
signatories_delivery_answer                       >>>fxxxxxx  >>>f--o-oo
signatories_delivery_board                        >>>f--o-oo  >>>fxxxxxx
signatories_delivery_change                       >>>f--o-oo  >>>f--o-oo
signatories_delivery_changelist                   >>>f--o-oo  >>>f--o-oo
signatories_delivery_cover                        >>>f--o-oo  >>>f--r-rr
signatories_delivery_delete                       >>>f------  >>>f------
signatories_delivery_discard                      >>>fxxxxxx  >>>f--r-rr
signatories_delivery_document                     >>>fxxxxxx  >>>f--o-oo
signatories_delivery_download                     >>>fxxxxxx  >>>f--r-rr
signatories_delivery_history                      >>>f--o-oo  >>>f--o-oo
signatories_delivery_make                         >>>fxxxxxx  >>>f--r-rr
signatories_delivery_mark                         >>>fxxxxxx  >>>f--r-rr
signatories_delivery_pack                         >>>fxxxxxx  >>>f--r-rr
signatories_delivery_parcel                       >>>f--o-oo  >>>fxxxxxx
signatories_delivery_prepare                      >>>fxxxxxx  >>>f--r-rr
signatories_delivery_preview                      >>>fxxxxxx  >>>f--0-00
signatories_delivery_supplement                   >>>fxxxxxx  >>>f--r-rr
signatories_delivery_told                         >>>fxxxxxx  >>>f--r-rr
signatories_invalidation_act                      >>>fxxxxxx  >>>f----rr
signatories_invalidation_add                      >>>f----oo  >>>f----oo
signatories_invalidation_change                   >>>f----oo  >>>f------
signatories_invalidation_changelist               >>>f----oo  >>>f----oo
signatories_invalidation_delete                   >>>f------  >>>f------
signatories_invalidation_history                  >>>f----rr  >>>f----rr
signatories_invitation_act                        >>>fxxxxxx  >>>f-r-rrr
signatories_invitation_add                        >>>f------  >>>f------
signatories_invitation_change                     >>>f-o-ooo  >>>f-o-ooo
signatories_invitation_changelist                 >>>f-o-ooo  >>>f-o-ooo
signatories_invitation_contact                    >>>fxxxxxx  >>>f---o-o
signatories_invitation_delete                     >>>f------  >>>f------
signatories_invitation_follow_up                  >>>f-o-ooo  >>>f-o-ooo
signatories_invitation_history                    >>>f-r-rrr  >>>f-r-rrr
signatories_invitation_new                        >>>f-o-ooo  >>>f-o-ooo
signatories_invitation_results                    >>>f-r-rrr  >>>fxxxxxx
signatories_invitation_unanswered                 >>>f-o-ooo  >>>fxxxxxx
signatories_organisation_act                      >>>fxxxxxx  >>>f-r--rr
signatories_organisation_add                      >>>f------  >>>f------
signatories_organisation_change                   >>>f-o-ooo  >>>f-o--oo
signatories_organisation_changelist               >>>f-o-ooo  >>>f-o-ooo
signatories_organisation_compare                  >>>f-r-rrr  >>>fxxxxxx
signatories_organisation_delete                   >>>f------  >>>f------
signatories_organisation_duplicates               >>>f-o-ooo  >>>f-r--rr
signatories_organisation_history                  >>>f-r-rrr  >>>f-r-rrr
signatories_organisation_merge                    >>>f-o-ooo  >>>f-r--rr
signatories_organisation_results                  >>>f-r-rrr  >>>fxxxxxx
signatories_signature_add                         >>>f------  >>>f------
signatories_signature_begin                       >>>f-r-rrr  >>>fxxxxxx
signatories_signature_change                      >>>f-o-ooo  >>>f------
signatories_signature_changelist                  >>>f-o-ooo  >>>f-o-ooo
signatories_signature_contact                     >>>fxxxxxx  >>>f---o-o
signatories_signature_decide                      >>>fxxxxxx  >>>f-r--rr
signatories_signature_delete                      >>>f------  >>>f------
signatories_signature_history                     >>>f-r-rrr  >>>f-r-rrr
signatories_signature_next                        >>>f-r-rrr  >>>fxxxxxx
signatories_signature_phone                       >>>fxxxxxx  >>>f---r-r
signatories_signature_results                     >>>f-r-rrr  >>>fxxxxxx
signatories_signature_take_back                   >>>fxxxxxx  >>>f-r--rr
signatories_signature_undo                        >>>fxxxxxx  >>>f-r--rr
view_on_site                                      >>>f00r0rr  >>>f00r0rr
change_text                                       >>>f--o-oo  >>>f--o-oo
preview_version                                   >>>f--o-oo  >>>fxxxxxx
act_on_version                                    >>>fxxxxxx  >>>f--r-rr
who_has_agreed                                    >>>f-o-ooo  >>>f-o--oo
workshops_of_letter                               >>>f-o--oo  >>>f-o--oo
press_of_letter                                   >>>f--o-oo  >>>f--o-oo
act_on_press_contact                              >>>fxxxxxx  >>>f--o-oo
act_on_press_link                                 >>>fxxxxxx  >>>f--r-rr
spokespeople_of_letter                            >>>f---o-o  >>>fxxxxxx
quotes_to_decide                                  >>>f-o--oo  >>>fxxxxxx
act_on_quote                                      >>>fxxxxxx  >>>f-r--rr
updates_of_letter                                 >>>f--o-oo  >>>fxxxxxx
write_update                                      >>>f--o-oo  >>>f--o-oo
show_update                                       >>>f--o-oo  >>>fxxxxxx
rewrite_update                                    >>>f--o-oo  >>>f--o-oo
act_on_update                                     >>>fxxxxxx  >>>f--r-rr
"""
ANSWERS = {200: "o", 422: "o", 403: "-", 404: "0", 410: "0", 405: "x", 400: "?"}
REFUSED = set("->0xf?")

# What an address that acts by a word must hear to do anything.
FORMS = {
    "admin:signatories_invalidation_act": {"act": "stop"},
    "export_letter": {"what": "public", "kind": "csv"},
    "act_on_workshop": {"act": "stop"},
    "act_on_version": {"act": "discard"},
    "act_on_comment": {"act": "hide"},
    "act_on_update": {"act": "discard"},
}

# What may come of it, sent wherever it is refused: whoever is refused must not have been one field short.
EVERYTHING = {
    **{"action": "approve_many", "index": "0", "select_across": "1", "post": "yes", "_save": "1"},
    **{"decision": "approve", "act": "close", "reason": "other", "cap": "counted_only", "words": "Mine."},
    **{"username": "mine", "is_superuser": "on", "is_staff": "on", "is_active": "on", "groups": "1"},
    **{"password1": "five words make it long", "password2": "five words make it long"},
    **{
        "name": "Mine",
        "slug": "mine",
        "title": "Mine",
        "body": "Mine.",
        "language": "en",
        "standing": "official",
    },
    **{"verification": "verified", "host": "1", "letter": "1", "original_language": "en", "time_zone": "UTC"},
}


@cache
def table():
    """Return {name: {"GET": {who: answer}, "POST": {who: answer}}}, as it is written above."""
    lines = [line.split() for line in TABLE.splitlines() if line.strip() and not line.startswith("#")]
    return {
        (f"admin:{name}" if f"admin:{name}" in names_of_the_desk() else name): {
            method: dict(zip(PEOPLE, answers, strict=True))
            for method, answers in (("GET", get), ("POST", post))
        }
        for name, get, post in lines
    }


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def people():
    """A browser for everybody, at the desk as far as they get."""
    disabled = enter(Client(), make_staff("xenia"))
    Staff.objects.filter(username="xenia").update(is_active=False)
    newcomer = enter(Client(), make_staff("frank"))
    Authenticator.objects.filter(user__username="frank").delete()
    session = newcomer.session
    del session["account_authentication_methods"]
    session.save()
    return {
        "A": Client(),
        "V": enter(Client(), make_staff("vera", is_staff=False, is_superuser=False)),
        "X": disabled,
        "F": newcomer,
        "N": enter(Client(), make_member("nils")),
        "M": enter(Client(), make_member("mo", "Moderator")),
        "E": enter(Client(), make_member("ed", "Editor")),
        "D": enter(Client(), make_member("dora", "Data officer")),
        "G": enter(Client(), make_member("gina", "Manager")),
        "S": enter(Client(), make_staff("sue")),
    }


def answer_of(browser, method, address, form=None):
    """Ask in a transaction that is rolled back; return the letter of the table."""
    with transaction.atomic():
        session = browser.cookies.get("sessionid")
        answer = browser.get(address) if method == "GET" else browser.post(address, form or {})
        if session is not None:
            browser.cookies["sessionid"] = session.value
        transaction.set_rollback(True)
    if answer.status_code == 302:
        ways_in = dict.fromkeys((reverse("admin:login"), reverse("account_login")), ">")
        return {**ways_in, reverse("mfa_index"): "f"}.get(answer["Location"].partition("?")[0], "r")
    return ANSWERS[answer.status_code]


# --- the table -----------------------------------------------------------------------------------------


def test_every_address_is_in_the_table():
    missing = names_of_the_desk().keys() - table().keys()
    assert not missing, (
        f"Nobody has decided who may ask for {sorted(missing)}. Add a line each to TABLE: who reads it and who acts "
        "by it, one letter a person. `pytest -k every_role` then says where the desk does otherwise."
    )
    assert not table().keys() - names_of_the_desk().keys(), "These addresses are gone."


def test_every_role_is_answered_as_the_table_says(world, people):
    otherwise = []
    for name in sorted(names_of_the_desk()):
        address = world.address(name)
        found = {
            method: {
                who: answer_of(browser, method, address, FORMS.get(name)) for who, browser in people.items()
            }
            for method in ("GET", "POST")
        }
        if found != table().get(name):
            otherwise.append(line_of(name, found))
    assert not otherwise, "The desk does otherwise:\n" + "\n".join(otherwise)


def line_of(name, answers):
    get, post = ("".join(answers[method].values()) for method in ("GET", "POST"))
    return f"{name.removeprefix('admin:'):48}  {get}  {post}"


def test_what_is_refused_changes_no_row(world, people):
    changed = []
    for who, browser in people.items():
        before = rows()
        for name in names_of_the_desk():
            if table()[name]["POST"][who] in REFUSED:
                browser.post(
                    world.address(name), {**EVERYTHING, "_selected_action": list(world.rows.values())}
                )
                browser.post(
                    f"{world.address(name)}?_popup=1&_to_field=id", {**EVERYTHING, "_saveasnew": "1"}
                )
        changed += [
            (PEOPLE[who], table_name) for table_name in before if before[table_name] != rows()[table_name]
        ]
    assert changed == []


def rows():
    """Return {table: what stands in it}, without sessions."""
    stand = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.app_label != "sessions":
                name = model._meta.db_table
                cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{name}\" t")
                stand[name] = cursor.fetchone()[0]
    return stand


# --- what is shown -------------------------------------------------------------------------------------


def pages_of(who, world):
    """Return the addresses a person may open, as the table says."""
    return [world.address(name) for name, said in table().items() if said["GET"][who] == "o"]


def doors_on(page):
    """Return (method, address, fields) for every link and every button on a page that leads to the desk."""
    soup = BeautifulSoup(page.content, "html.parser")
    here = page.request["PATH_INFO"]
    for link in soup.select("a[href]"):
        yield "GET", link["href"].partition("#")[0] or here, {}
    for form in soup.select("form"):
        fields = {
            field["name"]: field.get("value", "")
            for field in form.select("input[type=hidden][name]")
            if field["name"] != "csrfmiddlewaretoken"
        }
        method = form.get("method", "get").upper()
        buttons = form.select("button:not([type=button]), input[type=submit]")
        outside = soup.select(f"button[form={form['id']}]") if form.get("id") else []
        for button in [*buttons, *outside]:
            own = {button["name"]: button.get("value", "")} if button.get("name") else {}
            yield method, button.get("formaction") or form.get("action") or here, {**fields, **own}


def shown_to(who, browser, world):
    """Return {(method, address, fields): where it is} of all that a person is offered, one of each kind."""
    offered = {}
    for address in pages_of(who, world):
        with transaction.atomic():
            page = browser.get(address)
            transaction.set_rollback(True)
        for method, door, fields in doors_on(page):
            absolute = urljoin(address, door)
            if absolute.startswith("/admin/") and method != "DIALOG" and absolute != "/admin/logout/":
                path, _mark, query = absolute.partition("?")
                kind = method, path, tuple(sorted(parse_qs(query))), tuple(sorted(fields.items()))
                offered[kind] = method, absolute, fields, address
    return list(offered.values())


# Buttons that are there at their time, which is not the time of this world's rows.
AT_THEIR_TIME = {
    "admin:signatories_delivery_make": "once recipients were ticked",
    "admin:signatories_delivery_discard": "for a letter that has not left",
    "admin:signatories_signature_phone": "for a signature by phone",
    "act_on_press_link": "while a letter gathers",
    "admin:signatories_signature_undo": "for minutes after a decision of one's own",
    "admin:signatories_signature_take_back": "for minutes after deciding many at once",
}


@pytest.mark.parametrize("who", "NMEDGS")
def test_what_is_shown_to_somebody_is_what_they_may_do(world, people, who):
    """No link and no button leads to a refusal, and whatever one may do by a button has one."""
    wrong, buttons = [], set()
    for method, door, fields, seen_on in shown_to(who, people[who], world):
        answer = answer_of(people[who], method, door, fields)
        if answer in REFUSED:
            wrong.append(f"{method} {door} {fields} is shown on {seen_on} and answered {answer}")
        if method == "POST":
            buttons.add(resolve(door.partition("?")[0]).view_name)
    for name, said in table().items():
        only_acts = said["GET"]["S"] == "x" and name not in AT_THEIR_TIME
        if only_acts and said["POST"][who] not in REFUSED and name not in buttons:
            wrong.append(f"There is no button for {name}")
    assert not wrong, "\n".join(wrong)


# --- lists ---------------------------------------------------------------------------------------------


def test_an_action_is_offered_to_whom_it_obeys_and_nobody_else_changes_a_row_by_it(world, people):
    """Signatures and organisations are decided by those who may change them."""
    deciders = {Signature: set("MGS"), Organisation: set("MGS"), Invitation: set("MDGS")}
    for model, desk in admin.site._registry.items():
        names = [entry for entry in desk.actions if isinstance(entry, str)]
        assert not names or model in deciders, (
            f"Say here who acts on several {model.__name__} at once: {names}"
        )
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for who in "AVXNMEDGS":
            page = people[who].get(address)
            offered = BeautifulSoup(page.content, "html.parser").select("select[name=action] option[value]")
            actions = {option["value"] for option in offered} - {""}
            assert actions == (set(names) if who in deciders.get(model, ()) else set()), (who, model)
            if names and not actions:
                before = rows()
                for name in [*names, "delete_selected"]:
                    ticked = [row.pk for row in model.objects.all()]
                    form = {**EVERYTHING, "action": name, "_selected_action": ticked}
                    people[who].post(f"{address}?queue=all", form)
                assert rows() == before, (who, model)


# --- the groups ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_the_migrations_made_the_roles_that_the_table_tells(role):
    rights = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    held = {f"{app}.{codename}" for app, codename in rights}
    assert held == permissions_of(role), "A role changes in signatories/roles.py and by a migration, both."


def test_there_are_no_other_groups():
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)


def test_only_a_data_officer_sees_contacts():
    holders = {role for role in ROLES if "signatories.view_contact" in permissions_of(role)}
    assert holders == {"Data officer"}


def test_only_a_manager_looks_after_accounts_and_makes_rules():
    for right in ("letters.add_staff", "letters.change_staff", "signatories.add_invalidation"):
        assert {role for role in ROLES if right in permissions_of(role)} == {"Manager"}, right


def test_the_guide_tells_the_roles_there_are(settings):
    guide = (settings.BASE_DIR / "docs" / "moderating.md").read_text()
    heads = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in guide.splitlines() if "|" in line
    ]
    assert ["", *ROLES] in heads
