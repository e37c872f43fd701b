"""Questions no page of the desk asks: each is answered or refused, never with an error, and nothing private shows."""

import re
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client
from django.urls import reverse

from letters.desk import Guarded
from letters.models import Host, Letter, Staff, Text
from signatories.models import Organisation, Signature
from tests.desk import make_world, names_of_the_desk
from tests.factories import enter, make_letter, make_member, make_signature, make_staff

pytestmark = pytest.mark.django_db

ANSWERED_OR_REFUSED = {200, 302, 303, 400, 403, 404, 405, 410, 422}

VALUES = [
    *("\0", "x", "-1", "9" * 40, "9" * 5000, "[" * 6000, "", "%", "\u202e", "٣"),
    "'\"<script>alert(1)</script>",
]
EVERYWHERE = [
    {"_popup": "1", "_to_field": "id"},
    {"_popup": "1", "_to_field": "public_id"},
    {"_changelist_filters": "\0=\0&q=%00"},
    {
        "next": "https://evil.example/",
        "id": "x",
        "pk": "x",
        "groups": "x,y",
        "letter": "-1",
        "host": "9" * 40,
    },
]
OF_LISTS = [
    {"e": "1"},
    {"e": "1", "queue": "x"},
    {"_to_field": "name"},
    {"\0": "x"},
    {"all": ""},
    {"_facets": "True"},
    {"q": "\0"},
    {"q": "%_\\"},
    {"q": "a " * 2000},
    {"q": "\ud7ff\uffff"},
    *({"p": page} for page in ("0", "-1", "9" * 40, "9" * 5000, "x", "")),
    *({"o": order} for order in ("99", "-1.x.7", "--1", "1.1.1.1", "name", "9" * 5000)),
    {"at__year": "9999"},
    {"at__year": "x", "at__month": "13"},
    *({f"{field}__{lookup}": "1"} for field in ("id", "letter") for lookup in ("regex", "nonsense")),
    *({name: "1"} for name in ("password", "contact", "__", "__exact", "_", "id__id__id", "tokens__digest")),
]


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def alice(world):
    return enter(Client(), make_staff())


def lists():
    return [reverse(name) for name in names_of_the_desk() if name.endswith("_changelist")]


def check(answer, asked):
    assert answer.status_code in ANSWERED_OR_REFUSED, (asked, answer.status_code)
    assert answer.status_code != 302 or not re.match(r"https?:|//", answer["Location"]), (
        asked,
        answer["Location"],
    )
    assert b"<script>alert" not in answer.content, asked


def ask(browser, address, query):
    """Ask in a transaction of its own: an answer of the database itself would otherwise be the last."""
    with transaction.atomic():
        check(
            browser.get(f"{address}?{query if isinstance(query, str) else urlencode(query)}"),
            (address, query),
        )
        transaction.set_rollback(True)


def test_every_list_answers_or_refuses(alice):
    for address in lists():
        for query in [*EVERYWHERE, *OF_LISTS, "%ff=%fe", "q=%ed%a0%80", "&&==&", "q=1&q=%00", "p=1&p=x"]:
            ask(alice, address, query)


def test_every_filter_answers_or_refuses_whatever_it_is_asked_for(alice):
    for desk in admin.site._registry.values():
        address = reverse(f"admin:{desk.opts.app_label}_{desk.opts.model_name}_changelist")
        for filter_ in desk.list_filter:
            names = [f"{filter_}__exact", f"{filter_}__id__exact", f"{filter_}__isnull", f"{filter_}__in"]
            if not isinstance(filter_, str):
                names = [filter_.parameter_name]
            for name in names:
                for value in ("\0", "x", "9" * 40, "", "1,2"):
                    ask(alice, address, {name: value})


def test_every_other_page_answers_or_refuses(alice, world):
    for name in names_of_the_desk():
        if not name.endswith(("_changelist", "logout")):
            for query in EVERYWHERE:
                ask(alice, world.address(name), query)


ROWS = ["0", "x", "%00", "-1", "9" * 40, "1_0", "_5F", "' OR 1=1", "..%2f..", "1%2F2", "٣"]


def test_rows_that_are_none_are_not_found(alice):
    for name, parameters in names_of_the_desk().items():
        if parameters == ["object_id"] or parameters == ["id"]:
            address = reverse(name, args=["__row__"])
            for row in ROWS:
                ask(alice, address.replace("__row__", row).replace("__row", row), {})


def test_forms_answer_or_refuse_whatever_is_typed(alice, world):
    """Every form of every page, with the same odd thing in every field at once."""
    for name in names_of_the_desk():
        page = alice.get(world.address(name))
        for form in BeautifulSoup(page.content, "html.parser").select("form[method=post]"):
            address = form.get("action") or world.address(name)
            fields = {field["name"] for field in form.select("[name]")} - {"csrfmiddlewaretoken"}
            fixed = {
                field["name"]: field.get("value", "")
                for field in form.select("button[name], input[type=hidden][name]")
                if "_FORMS" in field["name"] or field.name == "button"
            }
            for value in VALUES:
                for kept in ({}, fixed):
                    with transaction.atomic():
                        answer = alice.post(address, {**dict.fromkeys(fields, value), **kept})
                        transaction.set_rollback(True)
                    check(answer, (name, address, value[:20]))


def test_no_action_reaches_what_cannot_be_a_row(alice):
    for address in lists():
        actions = BeautifulSoup(alice.get(address).content, "html.parser").select(
            "select[name=action] option"
        )
        for action in {option["value"] for option in actions} | {"nonsense"}:
            for ticked, more in (
                (["\0"], {}),
                (["x"] * 900, {"index": "x"}),
                (["-1", "9" * 40], {"index": "-7", "select_across": "1"}),
                (["1", "\0"], {"_save": "1"}),
                ([], {"select_across": "1", "index": "0"}),
            ):
                with transaction.atomic():
                    answer = alice.post(address, {"action": action, "_selected_action": ticked, **more})
                    transaction.set_rollback(True)
                check(answer, (address, action, ticked[:2], more))


def test_what_could_not_be_looked_for_is_told(alice):
    for query in ({"letter__id__exact": "x"}, {"letter__id__exact": "x", "e": "1"}):
        answer = alice.get("/admin/letters/event/", query, follow=True)
        assert "This is the list as it opens." in answer.content.decode()
        assert "Database error" not in answer.content.decode()


# --- the way to a public page --------------------------------------------------------------------------


def way_to(row):
    content_type = ContentType.objects.get_for_model(type(row))
    return reverse("admin:view_on_site", args=[content_type.pk, row.pk])


def test_the_way_to_a_public_page_leads_who_may_see_the_row_to_where_there_is_one(world, alice):
    letter = Letter.objects.get(slug="asylum")
    assert alice.get(way_to(letter))["Location"] == "/letters/asylum/"
    assert alice.get(way_to(Host.objects.get()))["Location"] == "/hosts/harbour/"
    moderator = enter(Client(), make_member("mo", "Moderator"))
    assert moderator.get(way_to(letter)).status_code == 404


def test_where_there_is_none_nothing_tells_why(world, alice):
    hidden = [make_letter("secret", phase="gathering"), Letter.objects.get(slug="draft")]
    hidden += [
        Text.objects.first(),
        Signature.objects.first(),
        Organisation.objects.first(),
        Staff.objects.first(),
    ]
    pages = {alice.get(way_to(row)).content for row in hidden}
    for content_type, row in (
        ("x", "1"),
        ("0", "1"),
        ("9" * 40, "1"),
        ("1", "9" * 40),
        ("-1", "x"),
        ("1", "x"),
    ):
        answer = alice.get(f"/admin/r/{content_type}/{row}/")
        assert answer.status_code == 404
        pages.add(answer.content)
    assert len(pages) == 1


# --- suggestions ---------------------------------------------------------------------------------------


def test_suggestions_are_given_for_fields_that_ask_for_them_and_for_no_other(alice):
    for model in apps.get_models():
        for field in model._meta.get_fields(include_hidden=True):
            query = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "term": "a"}
            answer = alice.get("/admin/autocomplete/", {**query, "field_name": field.name})
            assert answer.status_code == 403, field


# --- everything is guarded -----------------------------------------------------------------------------


def test_every_list_of_the_desk_is_guarded():
    stray = [model.__name__ for model, desk in admin.site._registry.items() if not isinstance(desk, Guarded)]
    assert stray == [], "Every list of the desk is a letters.desk.Guarded."
    assert [model.__name__ for model, desk in admin.site._registry.items() if desk.date_hierarchy] == [], (
        "A hierarchy of dates reads the whole table on every page, and fails in the year 9999."
    )


# --- a form that comes too late ------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ar", "fr", "sw"])
def test_a_form_from_before_one_came_in_is_explained(language):
    browser = Client(enforce_csrf_checks=True)
    enter(browser, make_staff())
    answer = browser.post(
        "/admin/letters/host/add/", {"name": "Typed"}, headers={"Accept-Language": language}
    )
    assert answer.status_code == 403
    assert "no-store" in answer["Cache-Control"]
    page = BeautifulSoup(answer.content, "html.parser")
    assert page.html["lang"] == language
    assert page.select_one("a[href='/admin/']")
    assert "CSRF" not in page.text
    if language == "en":
        assert "Use the Back button of your browser: what you typed is still there." in page.text
    assert not Host.objects.exists()


def test_nobody_is_led_elsewhere_by_a_form_of_another_site(settings):
    """A form of another site arrives without our cookies (SameSite=Strict), and with them it is refused."""
    make_signature()
    browser = Client(enforce_csrf_checks=True)
    enter(browser, make_staff())
    answer = browser.post("/admin/logout/", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert browser.get("/admin/").status_code == 200
