"""A form that another site's page sent does nothing and comes back filled; whoever says nothing is taken."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from signatories import tokens
from signatories.models import Proposal, Purpose, Signature
from tests.factories import enter, make_letter, make_signature, make_staff, sign_form

pytestmark = pytest.mark.django_db

FORM = "/letters/asylum/sign/"

OURS = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {
        "Sec-Fetch-Site": "same-origin",
        "Origin": "https://evil.example",
    },  # a browser cannot be made to say this
    {"Origin": "http://testserver"},
    {"Origin": "https://testserver"},  # TLS ends at the proxy
    {"Origin": "http://TESTSERVER"},
    {"Origin": "null"},  # an old browser with a strict referrer policy
]
ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "SAME-ORIGIN "},
    {"Sec-Fetch-Site": "same-origin, cross-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://testserver.evil.example"},
    {"Origin": "http://eviltestserver"},
    {"Origin": "http://testserver@evil.example"},
    {"Origin": "http://testserver:8443"},
    {"Origin": "file://"},
    {"Origin": "testserver"},
    {"Origin": ""},
    {"Origin": "http://[::1"},
    {"Origin": "http://\uff34estserver"},
    {"Origin": "NULL"},
    {"Origin": "http://testserver", "Host": "evil.example"},
]


@pytest.mark.parametrize("headers", OURS, ids=str)
def test_a_form_from_our_own_page_or_from_nowhere_is_taken(client, headers):
    make_letter()
    answer = client.post(FORM, sign_form(), headers=headers)
    assert (answer.status_code, Signature.objects.count()) == (303, 1)


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_a_form_from_elsewhere_does_nothing_and_comes_back_filled(client, headers):
    make_letter()
    answer = client.post(FORM, sign_form(), headers=headers)
    assert not Signature.objects.exists()
    if "Host" in headers:
        assert answer.status_code == 400
        return
    assert answer.status_code == 403
    assert "no-store" in answer["Cache-Control"]
    page = BeautifulSoup(answer.content, "html.parser")
    assert "from another page" in page.select_one("[role=alert]").text
    assert page.find(id="id_organisation")["value"] == "Blue Kettle Women's Circle"
    assert page.find(id="id_contact_email")["value"] == "amina@kettle.example"
    assert page.select_one("#id_country option[selected]")["value"] == "KE"
    assert {box["name"] for box in page.select("form [checked]")} == {"kind", "visibility", "consent"}


def test_a_form_that_came_back_can_be_sent_again(client):
    make_letter()
    page = client.post(FORM, sign_form(), headers={"Sec-Fetch-Site": "cross-site"})
    form = BeautifulSoup(page.content, "html.parser").select_one("main form")
    assert form["method"] == "post"
    assert form.get("action", "") == ""
    assert client.post(FORM, sign_form(), headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_another_site_confirms_nothing(client):
    signature = make_signature(status="unconfirmed")
    address = f"/s/{tokens.mint(signature, Purpose.CONFIRM).value}/confirm/"
    answer = client.post(address, {"visibility": "public"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 422
    assert BeautifulSoup(answer.content, "html.parser").select("input[value=public][checked]")
    assert Signature.objects.get().status == "unconfirmed"


def test_another_site_types_no_code(client, work, mailbox):
    make_letter()
    client.post(FORM, sign_form())
    work()
    typed = {"contact_email": "amina@kettle.example", "code": mailbox.code_to("amina@kettle.example")}
    answer = client.post(f"{FORM}sent/", typed, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 422
    assert client.post(f"{FORM}sent/", typed).status_code == 303


@pytest.mark.parametrize("act", ["correct", "visibility", "withdraw", "erase"])
def test_another_site_changes_nothing_on_an_own_page_and_what_was_typed_stays(client, act):
    signature = make_signature()
    address = f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/"
    typed = {
        "act": act,
        "organisation": "Red Kettle",
        "country": "UG",
        "kind": "ally",
        "visibility": "counted_only",
        "sure": "on",
    }
    answer = client.post(address, typed, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    page = BeautifulSoup(answer.content, "html.parser")
    assert "from another page" in page.text
    if act == "correct":
        assert page.find(id="id_organisation")["value"] == "Red Kettle"
    if act == "visibility":
        assert page.select("input[value=counted_only][checked]")
    signature.refresh_from_db()
    assert (signature.name, signature.status, signature.visibility) == ("Blue Kettle", "published", "public")
    assert not Proposal.objects.exists()


def test_the_desk_asks_for_a_token_of_its_own():
    signature = make_signature(status="awaiting_moderation")
    browser = Client(enforce_csrf_checks=True)
    enter(browser, make_staff())
    answer = browser.post(f"/admin/signatories/signature/{signature.pk}/decide/", {"decision": "approve"})
    assert answer.status_code == 403
    answer = browser.post(f"/admin/letters/letter/{signature.letter_id}/act/", {"act": "close"})
    assert answer.status_code == 403
    signature.refresh_from_db()
    assert signature.status == "awaiting_moderation"


def test_the_public_form_asks_for_none():
    make_letter()
    assert Client(enforce_csrf_checks=True).post(FORM, sign_form()).status_code == 303
