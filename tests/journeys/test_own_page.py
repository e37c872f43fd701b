"""The signatory's own page, reached from the mailbox: correct, choose who sees the name, withdraw, erase."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.utils import timezone

from letters.models import Event
from signatories import tokens
from signatories.models import Contact, Organisation, Proposal, Purpose, Signature, Token
from tests.factories import enter, make_letter, make_recipient, make_signature, make_staff, sign_form

pytestmark = pytest.mark.django_db

AMINA = "amina@kettle.example"
FACTS = {"organisation": "Blue Kettle", "organisation_latin": "", "country": "KE", "kind": "refugee_led"}


@pytest.fixture
def visitor(client):
    """Somebody without any session."""
    return client


@pytest.fixture
def desk(client_of_alice):
    def decide(signature, decision, **fields):
        address = f"/admin/signatories/signature/{signature.pk}/decide/"
        assert client_of_alice.post(address, {"decision": decision, **fields}).status_code == 302
        signature.refresh_from_db()
        return signature

    return decide


@pytest.fixture
def client_of_alice(db):
    from django.test import Client

    client = Client()
    enter(client, make_staff())
    return client


def sign_and_confirm(visitor, work, mailbox, prefix="", **fields):
    """Sign and confirm; return the signature and the address of its own page."""
    form = sign_form(organisation="Blue Kettle", **fields)
    assert visitor.post(f"{prefix}/letters/asylum/sign/", form).status_code == 303
    work()
    link = mailbox.link_to(AMINA)
    assert visitor.post(link, {"visibility": "public"}).status_code == 200
    work()
    return Signature.objects.latest("pk"), mailbox.link_to(AMINA)


def wall(visitor):
    """Return what the public sees: names on the letter's page and in live.json, and the count."""
    page = BeautifulSoup(visitor.get("/letters/asylum/").content, "html.parser")
    names = [bdi.text for bdi in page.select("#wall ol bdi")]
    state = visitor.get("/letters/asylum/live.json").json()
    assert names == [one["name"] for one in state["latest"]]
    return names, state["organisations"]


@pytest.mark.parametrize("prefix", ["", "/ar"])
def test_a_signatory_does_everything_it_has_a_right_to(visitor, desk, work, mailbox, prefix):
    make_letter(languages=("en", "ar"))
    signature, own = sign_and_confirm(visitor, work, mailbox, prefix)
    assert own.startswith(f"{prefix}/s/")
    page = visitor.get(own)
    html = BeautifulSoup(page.content, "html.parser").html
    assert (page.status_code, html["lang"], html["dir"]) == (
        200,
        "ar" if prefix else "en",
        "rtl" if prefix else "ltr",
    )
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"

    # Before publication a correction counts at once.
    answer = visitor.post(own, {"act": "correct", **FACTS, "organisation": "Blue Kettle Circle"})
    assert answer.status_code == 200
    signature.refresh_from_db()
    assert (signature.name, Proposal.objects.count()) == ("Blue Kettle Circle", 0)

    desk(signature, "approve")
    assert wall(visitor) == (["Blue Kettle Circle"], 1)

    # After publication the old name stands until a moderator agrees.
    visitor.post(own, {"act": "correct", **FACTS, "organisation": "Green Kettle"})
    assert wall(visitor) == (["Blue Kettle Circle"], 1)
    assert "Green Kettle" in visitor.get(own).content.decode()
    desk(signature, "accept")
    assert wall(visitor) == (["Green Kettle"], 1)

    visitor.post(own, {"act": "visibility", "visibility": "counted_only"})
    assert wall(visitor) == ([], 1)
    visitor.post(own, {"act": "visibility", "visibility": "delivered_only"})
    assert wall(visitor) == ([], 1)
    visitor.post(own, {"act": "visibility", "visibility": "public"})
    assert wall(visitor) == (["Green Kettle"], 1)

    assert visitor.post(own, {"act": "withdraw"}).status_code == 422
    assert wall(visitor) == (["Green Kettle"], 1)
    assert visitor.post(own, {"act": "withdraw", "sure": "on"}).status_code == 200
    assert wall(visitor) == ([], 0)

    assert visitor.post(own, {"act": "erase"}).status_code == 422
    assert visitor.post(own, {"act": "erase", "sure": "on"}).status_code == 200
    signature.refresh_from_db()
    assert (signature.name, signature.latin, signature.country, signature.website) == ("", "", "", "")
    assert not Contact.objects.exists()
    assert not Token.objects.exists()
    assert not Organisation.objects.exists()
    assert visitor.get(own).status_code == 404
    acts = set(Event.objects.filter(subject_id=signature.public_id).values_list("act", flat=True))
    assert {"sign", "confirm", "approve", "withdraw", "erase"} <= acts


def test_a_declined_correction_leaves_the_old_name_and_is_told(visitor, desk, work, mailbox):
    make_letter()
    signature, own = sign_and_confirm(visitor, work, mailbox)
    desk(signature, "approve")
    visitor.post(own, {"act": "correct", **FACTS, "organisation": "Green Kettle"})
    desk(signature, "decline")
    work()
    assert wall(visitor) == (["Blue Kettle"], 1)
    assert "not accepted" in mailbox.text_to(AMINA)


def test_erasing_a_published_signature_at_once_empties_the_wall(visitor, desk, work, mailbox):
    make_letter()
    signature, own = sign_and_confirm(visitor, work, mailbox)
    desk(signature, "approve")
    answer = visitor.post(own, {"act": "erase", "sure": "on"})
    assert "Blue Kettle" not in answer.content.decode()
    assert wall(visitor) == ([], 0)
    work()  # mails that were still waiting find nobody to write to
    assert not Contact.objects.exists()


def test_whoever_erased_may_sign_again(visitor, work, mailbox):
    make_letter()
    _, own = sign_and_confirm(visitor, work, mailbox)
    visitor.post(own, {"act": "erase", "sure": "on"})
    signature, _ = sign_and_confirm(visitor, work, mailbox)
    assert signature.status == "awaiting_moderation"


def test_reading_the_page_does_nothing_whatever_its_address_asks_for(visitor, work, mailbox):
    make_letter()
    _, own = sign_and_confirm(visitor, work, mailbox)
    row = Signature.objects.values().get()
    for query in ("?act=withdraw&sure=on", "?act=erase&sure=on", "?act=visibility&visibility=counted_only"):
        assert visitor.get(own + query).status_code == 200
        assert visitor.head(own + query).status_code == 200
        assert visitor.get(own + query, headers={"Sec-Purpose": "prefetch"}).status_code == 200
    assert Signature.objects.values().get() == row


def test_reading_the_link_of_the_mail_confirms_nothing_and_nothing_is_chosen_beforehand(
    visitor, work, mailbox
):
    make_letter()
    visitor.post("/letters/asylum/sign/", sign_form(visibility="public"))
    work()
    link = mailbox.link_to(AMINA)
    for _ in range(3):
        page = BeautifulSoup(visitor.get(link + "?visibility=public").content, "html.parser")
        visitor.head(link)
    assert page.select("[checked]") == []
    assert visitor.post(link).status_code == 422  # a scanner that presses buttons
    assert visitor.post(link, {"visibility": ""}).status_code == 422
    assert Signature.objects.get().status == "unconfirmed"
    assert len(mailbox.messages()) == 1


def test_confirming_twice_keeps_the_first_choice_and_time(visitor, work, mailbox):
    make_letter()
    visitor.post("/letters/asylum/sign/", sign_form())
    work()
    link = mailbox.link_to(AMINA)
    visitor.post(link, {"visibility": "counted_only"})
    first = Signature.objects.get()
    answer = visitor.post(link, {"visibility": "public"})
    again = Signature.objects.get()
    assert answer.status_code == 200
    assert (again.visibility, again.confirmed_at) == ("counted_only", first.confirmed_at)
    work()
    assert len(mailbox.to(AMINA)) == 2


def test_confirming_never_leads_to_the_own_page(visitor, work, mailbox):
    make_letter()
    visitor.post("/letters/asylum/sign/", sign_form())
    work()
    link = mailbox.link_to(AMINA)
    answer = visitor.post(link, {"visibility": "public"})
    own = tokens.mint(Signature.objects.get(), Purpose.OWN_PAGE).value
    assert answer.status_code == 200
    links = [a["href"] for a in BeautifulSoup(answer.content, "html.parser").select("main a")]
    by_chat, *pages = links
    assert by_chat.startswith("https://wa.me/")
    assert pages == ["/letters/asylum/share/", "/letters/asylum/sign/", "/letters/asylum/"]
    assert "/s/" not in by_chat
    assert own not in answer.content.decode()


def test_a_link_opens_what_it_was_made_for_and_nothing_else(visitor):
    signature = make_signature(status="unconfirmed")
    links = {purpose: tokens.mint(signature, purpose).value for purpose in Purpose}
    pages = {Purpose.CONFIRM: "/s/{}/confirm/", Purpose.OWN_PAGE: "/s/{}/", Purpose.VOUCH: "/s/{}/vouch/"}
    unknown = {
        purpose: visitor.get(page.format("x" * 32)).content.replace(b"x" * 32, b"")
        for purpose, page in pages.items()
    }
    opened = {Purpose.CONFIRM: 200, Purpose.OWN_PAGE: 200, Purpose.VOUCH: 410}  # no organisation yet to vouch
    for purpose, value in links.items():
        for other, page in pages.items():
            answer = visitor.get(page.format(value))
            assert answer.status_code == (opened[other] if other == purpose else 404)
            if other != purpose:
                posted = visitor.post(
                    page.format(value), {"act": "erase", "sure": "on", "visibility": "public"}
                )
                assert posted.status_code == 404
                assert answer.content.replace(value.encode(), b"") == unknown[other]
    assert Signature.objects.get().status == "unconfirmed"


def test_a_link_works_until_it_expires_and_says_so_after(visitor, settings):
    signature = make_signature(status="unconfirmed")
    confirm = f"/s/{tokens.mint(signature, Purpose.CONFIRM).value}/confirm/"
    own = f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/"
    for address, life in ((confirm, settings.CONFIRM_LINK_LIFE), (own, settings.OWN_PAGE_LINK_LIFE)):
        with time_machine.travel(timezone.now() + life - timedelta(minutes=1), tick=False):
            assert visitor.get(address).status_code == 200
        with time_machine.travel(timezone.now() + life + timedelta(minutes=1), tick=False):
            for answer in (visitor.get(address), visitor.post(address, {"act": "erase", "sure": "on"})):
                assert answer.status_code == 410
                assert "Blue Kettle" not in answer.content.decode()
                assert "no-store" in answer["Cache-Control"]
    assert Signature.objects.get().status == "unconfirmed"


@pytest.mark.parametrize("status", ["rejected", "withdrawn", "superseded"])
def test_an_ended_signature_shows_what_became_of_it_and_can_only_be_erased(visitor, work, mailbox, status):
    signature = make_signature(status=status)
    own = f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/"
    confirm = f"/s/{tokens.mint(signature, Purpose.CONFIRM).value}/confirm/"
    page = BeautifulSoup(visitor.get(own).content, "html.parser")
    assert [button["value"] for button in page.select("main button[name=act]")] == ["erase"]
    assert not page.select("input[name=organisation], input[name=visibility]")

    assert visitor.post(own, {"act": "correct", **FACTS, "organisation": "X1"}).status_code == 410
    assert visitor.post(own, {"act": "visibility", "visibility": "public"}).status_code == 410
    assert visitor.post(own, {"act": "withdraw", "sure": "on"}).status_code == 200
    for answer in (visitor.get(confirm), visitor.post(confirm, {"visibility": "public"})):
        assert answer.status_code == 410
    signature.refresh_from_db()
    assert (signature.status, signature.name) == (status, "Blue Kettle")
    work()
    assert mailbox.messages() == []

    assert visitor.post(own, {"act": "erase", "sure": "on"}).status_code == 200
    signature.refresh_from_db()
    assert (signature.status, signature.name) == (status, "")


def test_withdrawing_twice_is_harmless_and_mails_once(visitor, desk, work, mailbox):
    make_letter()
    signature, own = sign_and_confirm(visitor, work, mailbox)
    desk(signature, "approve")
    work()
    before = len(mailbox.to(AMINA))
    for _ in range(3):
        assert visitor.post(own, {"act": "withdraw", "sure": "on"}).status_code == 200
    work()
    assert len(mailbox.to(AMINA)) == before + 1


def test_staff_can_lower_a_name_and_the_signatory_cannot_raise_it_again(visitor, desk, work, mailbox):
    make_letter()
    signature, own = sign_and_confirm(visitor, work, mailbox)
    desk(signature, "approve")
    desk(signature, "lower", cap="counted_only")
    assert wall(visitor) == ([], 1)
    visitor.post(own, {"act": "visibility", "visibility": "public"})
    assert wall(visitor) == ([], 1)


@pytest.mark.parametrize("act", ["", "approve", "publish", "Erase", "act"])
def test_an_act_that_is_none_does_nothing(visitor, act):
    signature = make_signature()
    own = f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/"
    row = Signature.objects.values().get()
    assert visitor.post(own, {"act": act, "sure": "on"}).status_code == 422
    assert Signature.objects.values().get() == row


def test_whom_the_name_is_never_handed_to_is_chosen_when_confirming_and_later(visitor, work, mailbox):
    letter = make_letter()
    kenya, uganda = make_recipient(letter, country="KE"), make_recipient(letter, country="UG")
    assert visitor.post("/letters/asylum/sign/", sign_form()).status_code == 303
    work()
    link = mailbox.link_to(AMINA)
    asked = BeautifulSoup(visitor.get(link).content, "html.parser").select("[name=never_named_to]")
    assert {box["value"] for box in asked} >= {str(kenya.pk), str(uganda.pk)}
    assert not any(box.has_attr("checked") for box in asked)
    choice = {"visibility": "delivered_only", "asks": "recipients", "never_named_to": [kenya.pk]}
    visitor.post(link, choice)
    work()
    signature = Signature.objects.get()
    assert list(signature.excluded_recipients.all()) == [kenya]

    own_page = mailbox.link_to(AMINA)
    boxes = BeautifulSoup(visitor.get(own_page).content, "html.parser").select("[name=never_named_to]")
    assert [box["value"] for box in boxes if box.has_attr("checked")] == [str(kenya.pk)]
    visitor.post(own_page, {"act": "visibility", "visibility": "counted_only"})
    assert list(signature.excluded_recipients.all()) == [kenya], "a page that did not ask takes nothing back"
    visitor.post(own_page, {"act": "visibility", **choice, "never_named_to": [uganda.pk]})
    assert list(signature.excluded_recipients.all()) == [uganda]


def test_recipients_added_later_are_asked_about_and_nothing_is_ticked(visitor):
    letter = make_letter()
    signature = make_signature(letter, visibility="delivered_only")
    own = f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/"
    assert "newer_too" not in visitor.get(own).content.decode()
    newcomer = make_recipient(letter, mission="Mission of Chile", addressed_since=timezone.now())

    page = BeautifulSoup(visitor.get(own).content, "html.parser")
    box, newest = page.select_one("[name=newer_too]"), page.select_one("[name=newest]")["value"]
    assert "Mission of Chile" in box.parent.text
    assert not box.has_attr("checked")
    choice = {"act": "visibility", "visibility": "delivered_only", "asks": "recipients", "newest": newest}
    visitor.post(own, choice)
    signature.refresh_from_db()
    assert signature.knew_recipients_until < newcomer.addressed_since
    for nonsense in ("", "0", "x", str(make_recipient(make_letter("other")).pk)):
        visitor.post(own, {**choice, "newest": nonsense, "newer_too": "on"})
        signature.refresh_from_db()
        assert signature.knew_recipients_until < newcomer.addressed_since

    visitor.post(own, {**choice, "newer_too": "on"})
    signature.refresh_from_db()
    assert signature.knew_recipients_until == newcomer.addressed_since
    assert "newer_too" not in visitor.get(own).content.decode()


def test_a_recipient_of_another_letter_is_none_to_choose(visitor):
    other = make_recipient(make_letter("other"))
    signature = make_signature(make_letter(), status="unconfirmed")
    make_recipient(signature.letter)
    link = tokens.mint(signature, Purpose.CONFIRM).value
    choice = {"visibility": "public", "asks": "recipients", "never_named_to": [other.pk]}
    assert visitor.post(f"/s/{link}/confirm/", choice).status_code == 422
    signature.refresh_from_db()
    assert (signature.status, signature.excluded_recipients.count()) == ("unconfirmed", 0)


def test_a_correction_that_is_wrong_is_told_and_kept(visitor):
    signature = make_signature()
    own = f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/"
    answer = visitor.post(own, {"act": "correct", **FACTS, "organisation": "Green Kettle", "country": "ZZ"})
    page = BeautifulSoup(answer.content, "html.parser")
    assert answer.status_code == 422
    assert page.find(id="id_organisation")["value"] == "Green Kettle"
    assert page.find(id="id_country_error")
    assert len({element["id"] for element in page.select("[id]")}) == len(page.select("[id]"))
    assert not Proposal.objects.exists()
