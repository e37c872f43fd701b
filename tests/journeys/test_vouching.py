"""A signatory names organisations that know it; they are asked by mail, and two of them make it verified by peers."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from signatories import tokens
from signatories.models import Organisation, Purpose, Signature, Vouch
from tests.factories import (
    enter,
    make_letter,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
    sign_form,
)

pytestmark = pytest.mark.django_db

AMINA = "amina@kettle.example"
NAMES = {"red@lantern.example": "Red Lantern", "green@door.example": "Green Door"}
SECRET = {
    "organisation": "Blue Kettle",
    "contact_name": "CANARYPERSON",
    "contact_role": "CANARYROLE",
    "contact_email": AMINA,
    "website": "https://kettle.example",
}


@pytest.fixture
def desk(db):
    client = enter(Client(), make_staff())

    def decide(signature, decision, **fields):
        address = f"/admin/signatories/signature/{signature.pk}/decide/"
        assert client.post(address, {"decision": decision, **fields}).status_code == 302
        signature.refresh_from_db()
        return signature

    decide.client = client
    return decide


@pytest.fixture
def vouchers(db):
    """Two verified signatories of the letter that is open."""
    letter = make_letter(languages=("en", "ar"))
    return [make_voucher(letter, name=name, email=email) for email, name in NAMES.items()]


def sign_and_confirm(client, work, mailbox, prefix=""):
    client.post(f"{prefix}/letters/asylum/sign/", sign_form(**SECRET))
    work()
    client.post(mailbox.link_to(AMINA), {"visibility": "counted_only"})
    work()
    return Signature.objects.latest("pk"), mailbox.link_to(AMINA)


def page_of(answer):
    return BeautifulSoup(answer.content, "html.parser")


def offered(page):
    """Return {name: what is sent for it} of the organisations a page offers."""
    boxes = page.select("input[name=voucher]")
    assert not [box for box in boxes if box.has_attr("checked")]
    return {box.find_next("bdi").text: box["value"] for box in boxes}


def ask(client, own, *searches):
    """Look for organisations and ask the first that each search finds."""
    found = [offered(page_of(client.get(own, {"known": search}))) for search in searches]
    chosen = [next(iter(names.values())) for names in found]
    return client.post(own, {"act": "ask", "voucher": chosen})


def answer(client, link, reply):
    page = page_of(client.get(link))
    assert page.select("[checked]") == []
    about = page.find("input", attrs={"name": "about"})["value"]
    return client.post(link, {"act": "answer", "about": about, "answer": reply})


def verification():
    return Organisation.objects.get(name="Blue Kettle").verification


@pytest.mark.parametrize("prefix", ["", "/ar"])
def test_two_that_know_it_make_it_verified_by_peers_and_one_that_takes_it_back_ends_that(
    client, desk, work, mailbox, vouchers, prefix
):
    signature, own = sign_and_confirm(client, work, mailbox, prefix)
    page = page_of(client.get(own))
    assert offered(page) == {}  # nothing is listed before somebody looks for a name
    assert page.select_one("input[name=known]")
    asked = ask(client, own, "lantern", "green")
    assert asked.status_code == 200
    assert [item.bdi.text for item in page_of(asked).select("#known ul li")] == ["Red Lantern", "Green Door"]
    work()

    links = {email: mailbox.link_to(email) for email in NAMES}
    for email, link in links.items():
        text = mailbox.text_to(email)
        assert "/vouch/" in link
        assert "Blue Kettle" not in text  # that it signs, those learn who open the page
        assert AMINA not in text
        before = Vouch.objects.values_list("status", flat=True)
        shown = page_of(client.get(link))
        assert "Blue Kettle" in shown.text
        assert "https://kettle.example" in shown.text
        assert "CANARY" not in shown.text
        assert AMINA not in shown.text
        assert list(before) == ["asked", "asked"]
    assert answer(client, links["red@lantern.example"], "worked_together").status_code == 200
    assert answer(client, links["green@door.example"], "same_network").status_code == 200

    desk(signature, "approve")
    assert verification() == "peer_verified"
    items = page_of(client.get(own)).select("#known ul li")
    assert len(items) == 2
    assert not [item for item in items if "worked" in item.text]  # what they said is for the staff

    link = links["red@lantern.example"]
    shown = page_of(client.get(link))
    assert [button["value"] for button in shown.select("button[name=act]")] == ["revoke"]
    about = shown.find("input", attrs={"name": "about"})["value"]
    assert client.post(link, {"act": "revoke", "about": about}).status_code == 200
    assert verification() == "unverified"
    signature.refresh_from_db()
    assert (signature.status, signature.question) == ("published", "vouch_revoked")
    queue = desk.client.get("/admin/signatories/signature/").content.decode()
    assert signature.name in queue
    desk(signature, "settle")
    assert signature.question == ""


def test_one_that_does_not_know_it_says_so(client, work, mailbox, vouchers):
    _, own = sign_and_confirm(client, work, mailbox)
    ask(client, own, "lantern")
    work()
    link = mailbox.link_to("red@lantern.example")
    answer(client, link, "unknown")
    assert Vouch.objects.get().status == "declined"
    assert page_of(client.get(link)).select("form") == []
    assert "has answered" in page_of(client.get(own)).text


def test_nothing_is_answered_before_something_is_chosen(client, work, mailbox, vouchers):
    _, own = sign_and_confirm(client, work, mailbox)
    ask(client, own, "lantern")
    work()
    link = mailbox.link_to("red@lantern.example")
    about = page_of(client.get(link)).find("input", attrs={"name": "about"})["value"]
    for form in (
        {"act": "answer", "about": about},
        {"act": "answer", "about": about, "answer": "perhaps"},
        {"act": "", "about": about, "answer": "same_place"},
        {},
    ):
        assert client.post(link, form).status_code == 422
    for form in (
        {"act": "answer", "about": "somebody else", "answer": "same_place"},
        {"act": "answer", "about": "\0", "answer": "\0"},
        {"act": "revoke", "about": about},
    ):
        assert client.post(link, form).status_code == 409
    query = f"?act=answer&about={about}&answer=same_place"
    for fetch in (client.get, client.head):
        assert fetch(link + query).status_code == 200
    assert Vouch.objects.get().status == "asked"


def test_a_link_answers_for_its_own_organisation_alone(client, work, mailbox, vouchers):
    signature, own = sign_and_confirm(client, work, mailbox)
    ask(client, own, "lantern")
    other = f"/s/{tokens.mint(vouchers[1], Purpose.VOUCH).value}/vouch/"
    form = {"act": "answer", "about": signature.public_id, "answer": "same_place"}
    assert client.post(other, form).status_code == 409
    assert Vouch.objects.get().status == "asked"


def test_another_site_answers_for_nobody(client, work, mailbox, vouchers):
    signature, own = sign_and_confirm(client, work, mailbox)
    ask(client, own, "lantern")
    link = f"/s/{tokens.mint(vouchers[0], Purpose.VOUCH).value}/vouch/"
    form = {"act": "answer", "about": signature.public_id, "answer": "same_place"}
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(link, form, headers=headers).status_code == 403
    assert client.post(own, {"act": "ask", "voucher": "x"}, headers=headers).status_code == 403
    assert Vouch.objects.get().status == "asked"


def test_a_signatory_names_three_at_most_and_those_it_may(client, work, mailbox, vouchers):
    letter = vouchers[0].letter
    more = [make_voucher(letter, name=f"House {number}") for number in range(3)]
    hidden = make_voucher(letter, name="Quiet House", visibility="counted_only")
    _, own = sign_and_confirm(client, work, mailbox)
    ids = [one.organisation.public_id for one in (*vouchers, *more)]
    assert client.post(own, {"act": "ask", "voucher": ids}).status_code == 422
    assert client.post(own, {"act": "ask", "voucher": [hidden.organisation.public_id]}).status_code == 422
    for nonsense in ([], ["\0"], ["nobody"], ["😀", "x" * 5000]):
        assert client.post(own, {"act": "ask", "voucher": nonsense}).status_code == 422
    assert Vouch.objects.count() == 0
    assert client.post(own, {"act": "ask", "voucher": ids[:3]}).status_code == 200
    assert client.post(own, {"act": "ask", "voucher": ids[:3]}).status_code == 200  # harmless
    assert client.post(own, {"act": "ask", "voucher": ids[3:4]}).status_code == 422
    assert Vouch.objects.count() == 3
    assert not page_of(client.get(own)).select("input[name=known]")


def test_a_name_that_is_hidden_is_shown_to_nobody_who_looks_for_it(client, work, mailbox, vouchers):
    letter = vouchers[0].letter
    make_voucher(letter, name="CANARY House", visibility="counted_only")
    signature, own = sign_and_confirm(client, work, mailbox)
    page = client.get(own, {"known": "canary"})
    assert "CANARY House" not in page.content.decode()
    staff_asked = make_voucher(letter, name="CANARY Door", visibility="delivered_only")
    make_vouch(signature, staff_asked, status="asked")
    page = page_of(client.get(own))
    assert "CANARY Door" not in page.text
    assert "not named in public" in page.text


@pytest.mark.parametrize("known", ["", " ", "x" * 5000, "%", "<script>", "\0", "😀", "a\u202eb"])
def test_whatever_is_looked_for_is_answered(client, work, mailbox, vouchers, known):
    _, own = sign_and_confirm(client, work, mailbox)
    answer = client.get(own, {"known": known})
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()
    assert Vouch.objects.count() == 0


def test_from_its_own_page_an_organisation_finds_what_it_was_asked(client, work, mailbox, vouchers):
    """Long after the link of the mail has expired."""
    own = f"/s/{tokens.mint(vouchers[0], Purpose.OWN_PAGE).value}/"
    assert "vouches" not in [b.get("value") for b in page_of(client.get(own)).select("button[name=act]")]
    make_vouch(make_signature(vouchers[0].letter, name="Blue Kettle"), vouchers[0])
    assert "vouches" in [b.get("value") for b in page_of(client.get(own)).select("button[name=act]")]
    answer = client.post(own, {"act": "vouches"})
    assert answer.status_code == 303
    assert "Blue Kettle" in page_of(client.get(answer["Location"])).text


def test_a_letter_that_gathers_is_not_named_to_who_is_asked(client, vouchers, work, mailbox):
    secret = make_letter("secret", phase="gathering", title="CANARYTITLE")
    vouchers[0].keep_contact = True
    vouchers[0].save(update_fields=["keep_contact"])
    early = make_signature(secret, name="Early House", status="awaiting_moderation")
    own = f"/s/{tokens.mint(early, Purpose.OWN_PAGE).value}/"
    assert ask(client, own, "lantern").status_code == 200
    work()
    link = mailbox.link_to("red@lantern.example")
    for shown in (mailbox.text_to("red@lantern.example"), client.get(link).content.decode()):
        assert "CANARYTITLE" not in shown
        assert secret.gathering_key not in shown
    assert "Early House" in client.get(link).content.decode()


def test_what_ended_takes_its_question_along(client, work, mailbox, vouchers):
    _, own = sign_and_confirm(client, work, mailbox)
    ask(client, own, "lantern")
    client.post(own, {"act": "withdraw", "sure": "on"})
    work()
    assert mailbox.to("red@lantern.example") == []
    link = f"/s/{tokens.mint(vouchers[0], Purpose.VOUCH).value}/vouch/"
    assert "Blue Kettle" not in client.get(link).content.decode()
