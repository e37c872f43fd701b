"""Nobody reads a hidden value by asking about it: two worlds that differ in hidden values alone give the same answers.

A list that filters by any column is read letter by letter: `?contact__address_key__startswith=a`. Hiding the column
is no protection. So every path from every list to every hidden field, with every comparison Django knows, is asked.
"""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from bs4 import BeautifulSoup
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters.models import Comment, Letter, Staff
from signatories import lists
from signatories.contacts import lock_away, seal
from signatories.models import (
    Contact,
    Evidence,
    ImportFile,
    ImportRow,
    Organisation,
    PlaceKey,
    Pressure,
    Purpose,
    Remark,
    Signature,
    Token,
    Workshop,
)
from signatories.tokens import mint
from tests.desk import make_world, names_of_the_desk
from tests.factories import enter, make_contact_details, make_factor, make_list, make_member

pytestmark = pytest.mark.django_db

# What nobody at the desk reads by asking; a contact is opened, one at a time, and that is written down.
HIDDEN = {
    Contact: ["id", "sealed", "address_key", "domain_key"],
    Token: ["id", "purpose", "digest", "code_digest", "code_tries", "expires_at", "by"],
    Signature: ["dedupe_key", "batch"],
    Staff: ["password", "email", "last_login"],
    Authenticator: ["id", "type", "data", "created_at", "last_used_at"],
    Remark: ["words"],
    ImportFile: ["fingerprint", "sealed", "evidence"],
    ImportRow: ["sealed"],
    Evidence: ["link", "words"],
    Letter: ["gathering_key"],
    PlaceKey: ["day", "key"],
    Pressure: ["place", "since", "seconds", "count"],
    DBTaskResult: ["args_kwargs", "traceback", "return_value"],
}
HOPS = 3


# --- every path and every comparison -------------------------------------------------------------------


def paths_to_hidden(model, hops=HOPS, prefix="", seen=()):
    """Return (path, field) for every hidden field that can be named from a model over so many relations."""
    for name in HIDDEN.get(model, []):
        yield prefix + name, model._meta.get_field(name)
    if not hops:
        return
    for relation in model._meta.get_fields():
        if relation.is_relation and relation.related_model and relation not in seen:
            name = relation.name if relation.concrete else relation.field.related_query_name()
            yield from paths_to_hidden(
                relation.related_model, hops - 1, f"{prefix}{name}__", (*seen, relation)
            )


def comparisons(field, transforms=1):
    """Return every way Django compares a field: startswith, regex, date__gt, …"""
    for name, lookup in field.get_lookups().items():
        yield name
        if transforms and hasattr(lookup, "output_field") and not hasattr(lookup, "get_prep_lookup"):
            inner = getattr(lookup, "output_field", None)
            inner = inner if hasattr(inner, "get_lookups") else field
            yield from (f"{name}__{rest}" for rest in comparisons(inner, transforms - 1))


def questions_of(desk):
    """Return every question about a hidden value that could be put to a list."""
    for path, field in paths_to_hidden(desk.model):
        yield path
        yield from (f"{path}__{comparison}" for comparison in comparisons(field))


def test_the_questions_are_many():
    """So that the tests below do not pass for want of any."""
    signatures = admin.site._registry[Signature]
    questions = set(questions_of(signatures))
    for one in (
        "contact__address_key__startswith",
        "contact__sealed__isnull",
        "tokens__expires_at__date",
        "tokens__expires_at__year__gte",
        "remarks__words__iregex",
        "dedupe_key__gt",
        "letter__gathering_key__contains",
        "organisation__signatures__contact__domain_key__in",
        "remarks__by__password__startswith",
    ):
        assert one in questions
    assert sum(len(set(questions_of(desk))) for desk in admin.site._registry.values()) > 5_000


def test_no_list_offers_a_question_about_a_hidden_value():
    """Asked by somebody with all rights: no right opens a filter."""
    request = RequestFactory().get("/admin/")
    request.user = Staff(is_superuser=True, is_staff=True, is_active=True)
    offered = [
        (type(desk).__name__, question)
        for desk in admin.site._registry.values()
        for question in questions_of(desk)
        if desk.lookup_allowed(question, "x", request)
    ]
    assert offered == []


def test_what_is_not_offered_is_refused_before_the_database_is_asked():
    request = RequestFactory().get("/admin/", {"contact__address_key__startswith": "a"})
    request.user = Staff(is_superuser=True, is_staff=True, is_active=True)
    with CaptureQueriesContext(connection) as asked, pytest.raises(DisallowedModelAdminLookup):
        admin.site._registry[Signature].get_changelist_instance(request)
    assert len(asked) == 0


def test_no_list_searches_sorts_or_names_its_rows_by_a_hidden_value():
    """Accounts are the exception: whoever looks after them searches their addresses, and sees them."""
    request = RequestFactory().get("/admin/")
    for model, desk in admin.site._registry.items():
        if model is Staff:
            continue
        columns = [str(column) for column in desk.list_display]
        sorted_by = [getattr(getattr(desk, column, None), "admin_order_field", column) for column in columns]
        asked = [*desk.search_fields, *desk.get_ordering(request), *sorted_by]
        assert [one for one in asked if one and is_hidden(model, str(one).strip("-=^@"))] == [], desk
        fields = [
            field.name for field in model._meta.get_fields() if desk.to_field_allowed(request, field.name)
        ]
        assert fields == [model._meta.pk.name], desk


def is_hidden(model, path):
    for part in path.split("__"):
        if part in HIDDEN.get(model, []):
            return True
        try:
            model = model._meta.get_field(part).related_model or model
        except FieldDoesNotExist:
            return False
    return False


# --- two worlds ----------------------------------------------------------------------------------------

SECRETS = {"one": "zaynab", "other": "mbali"}
ANEW_EACH_TIME = {
    "mfa_activate_totp",
    "mfa_add_webauthn",
}  # pages that offer a new secret whenever they are asked for


@pytest.fixture
def world():
    world = make_world()
    zoe = Staff.objects.get(username="zoe")
    Staff.objects.filter(pk=zoe.pk).update(email="zoe@one.example", last_login=timezone.now())
    make_factor(zoe)
    Contact.objects.all().delete()
    for signature in Signature.objects.all():
        seal(signature, make_contact_details(f"zaynab{signature.pk}@kettle.example", name="Zaynab"))
        mint(signature, Purpose.OWN_PAGE)
        Remark.objects.create(signature=signature, words="zaynab called", by=zoe)
    for organisation in Organisation.objects.all():
        Evidence.objects.create(organisation=organisation, words="zaynab is known to us", by=zoe)
    Signature.objects.update(batch="0" * 16)
    zaynab = "Blue Kettle\t=zaynab\tzaynab@kettle.example"
    pasted = f"Organisation\tName of the contact\tE-mail\n{zaynab}"
    world.rows["imported_list public_id"] = make_list(signature.letter, by=zoe, pasted=pasted).public_id
    PlaceKey.objects.create(day=timezone.now().date(), key=b"0" * 32)
    Pressure.objects.create(place="0" * 64, since=timezone.now(), seconds=300, count=1)
    return world


def change_what_is_hidden(*, from_whom):
    """Make the other world: the same rows, with other values wherever this person may not look."""
    Contact.objects.all().delete()
    for signature in Signature.objects.all():
        seal(
            signature, make_contact_details(f"mbali{signature.pk}@kettle.example", name="Mbali", role="chair")
        )
    Token.objects.update(
        digest=Concat(Value("m"), Substr("digest", 2)),
        code_digest="m" * 64,
        code_tries=4,
        expires_at=F("expires_at") + timedelta(days=1),
    )
    Signature.objects.update(dedupe_key=Concat(Value("m"), F("public_id")), batch="m" * 16)
    others = Staff.objects.exclude(pk=from_whom.pk)
    others.update(
        password="mbali", email="mbali@other.example", last_login=timezone.now() + timedelta(days=9)
    )
    Authenticator.objects.filter(user__in=others).update(
        data={"secret": "mbali"}, last_used_at=timezone.now()
    )
    for row in ImportRow.objects.exclude(sealed=b""):
        entry = replace(lists.entry_of(row), person="Mbali", role="Chair", email="mbali@kettle.example")
        row.sealed = lock_away(json.dumps(entry.said()).encode())
        row.save(update_fields=["sealed"])
    ImportFile.objects.update(fingerprint="m" * 64, evidence="mbali keeps it")
    PlaceKey.objects.update(key=b"m" * 32)
    Pressure.objects.update(place="m" * 64, count=9)
    DBTaskResult.objects.update(args_kwargs={"args": [7], "kwargs": {}}, traceback="mbali")
    if not from_whom.has_perm("signatories.view_remark"):
        Remark.objects.update(words="mbali called back")
    if not from_whom.has_perm("signatories.view_evidence"):
        Evidence.objects.update(words="mbali is known to us", link="https://mbali.example/")
    Workshop.objects.update(code_digest=Concat(Value("m"), F("public_id")))
    if not from_whom.has_perm("letters.view_comment"):
        Comment.objects.update(words="mbali wrote it", name="mbali", organisation="mbali's")
    if not from_whom.has_perm("letters.view_letter"):
        Letter.objects.update(gathering_key=Concat(Value("m"), F("slug")))


def questions(world):
    """Return what is asked in both worlds: every page, and every list in every way lists are asked."""
    contact, token = Contact.objects.first(), Token.objects.first()
    values = [contact.address_key[:6], token.digest, "zaynab", "mbali", "@kettle.example"]
    for name in names_of_the_desk():
        if name not in ANEW_EACH_TIME and not name.endswith("logout"):
            yield world.address(name), {}
    for model, desk in admin.site._registry.items():
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        everything = {"queue": "all"} if model is Signature else {}
        columns = range(1, len(desk.list_display) + 1)
        yield from ((page, {**everything, "q": value}) for value in values)
        yield from (
            (page, {**everything, "o": f"{sign}{column}"}) for sign in ("", "-") for column in columns
        )
        yield from ((page, {"_to_field": field}) for field in ("dedupe_key", "password", "contact"))
        asked = sorted(set(questions_of(desk)))
        for number, question in enumerate(asked[:: max(1, len(asked) // 10)]):
            yield page, {**everything, question: values[number % len(values)]}
        yield page, {**everything, asked[0]: "1", "e": "1"}
        asked_for = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
        for field in ("contact", "letter", "organisation", "by"):
            yield "/admin/autocomplete/", {**asked_for, "field_name": field, "term": "zaynab"}


def what_is_answered(browser, asked):
    """Return every answer, without what is new in each; nothing that asking writes is kept."""
    answers = {}
    with transaction.atomic():
        for address, query in asked:
            answer = browser.get(address, query)
            anew = rb'name="(csrfmiddlewaretoken|public_id)" value="\w+"'
            shown = re.sub(anew, b"", answer.content)
            answers[address, str(query)] = (answer.status_code, answer.get("Location"), shown)
        transaction.set_rollback(True)
    return answers


@pytest.mark.parametrize("role", ["Moderator", "Editor", "Data officer"])
def test_the_answers_are_the_same_whatever_the_hidden_values_are(world, role):
    reader = make_member("rita", role)
    browser = enter(Client(), reader)
    with time_machine.travel(timezone.now(), tick=False):
        asked = list(questions(world))
        one = what_is_answered(browser, asked)
        with transaction.atomic():
            change_what_is_hidden(from_whom=reader)
            other = what_is_answered(browser, asked)
            transaction.set_rollback(True)
    differing = [question for question in one if one[question] != other[question]]
    assert differing == []
    for secret in SECRETS.values():
        shown = [question for question, (_s, _l, page) in one.items() if secret.encode() in words_of(page)]
        assert role == "Moderator" or shown == []  # notes of colleagues are a moderator's to read


def words_of(page):
    """Return what a page says, without what was typed into its search."""
    soup = BeautifulSoup(page, "html.parser")
    for field in soup.select("#toolbar, #changelist-filter, .paginator, th a"):
        field.decompose()
    return soup.get_text().casefold().encode()


def test_the_worlds_differ_where_they_may(world):
    """Else the test above would compare a world with itself."""
    manager = enter(Client(), make_member("mona", "Manager"))
    address = f"/admin/letters/staff/{Staff.objects.get(username='zoe').pk}/change/"
    one = manager.get(address).content
    before = Contact.objects.values_list("address_key", flat=True)[0]
    with transaction.atomic():
        change_what_is_hidden(from_whom=Staff.objects.get(username="mona"))
        assert b"mbali@other.example" in manager.get(address).content
        assert Contact.objects.values_list("address_key", flat=True)[0] != before
        transaction.set_rollback(True)
    assert b"zoe@one.example" in one
