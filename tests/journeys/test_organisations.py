"""Organisations at the desk: found however they are written, verified, and made one or told apart, by HTTP alone."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from letters.models import Event
from signatories import matching, merging, verification
from signatories.models import Distinction, Evidence, Merge, Organisation, Signature
from tests.factories import (
    enter,
    make_letter,
    make_member,
    make_organisation,
    make_proposal,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/signatories/organisation/"
DUPLICATES = f"{LIST}duplicates/"


@pytest.fixture
def alice():
    """She may do everything."""
    return enter(Client(), make_staff("alice"))


@pytest.fixture
def mo():
    """A moderator."""
    return enter(Client(), make_member("mo", "Moderator"))


@pytest.fixture
def dora():
    """A data officer, who may look."""
    return enter(Client(), make_member("dora", "Data officer"))


def page_of(organisation):
    return f"{LIST}{organisation.pk}/change/"


def merge_page(kept, absorbed):
    return f"{LIST}{kept.pk}/merge/{absorbed.pk}/"


def read(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer
    return BeautifulSoup(answer.content, "html.parser").select_one("#content-main, #content")


def text(soup):
    return " ".join(soup.get_text(" ").split())


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def send(client, address, **data):
    answer = client.post(address, data, follow=True)
    assert answer.status_code == 200
    return said(answer)


def press(client, address, label, **more):
    """Press the button of that name on a page, with all its form holds, and return what was said."""
    page = read(client, address)
    button = next(button for button in page.select("button") if text(button).startswith(label))
    form = button.find_parent("form")
    fields = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    return send(client, form.get("action") or address, **fields, **more)


def listed(client, query=""):
    return {row.pk for row in client.get(f"{LIST}{query}").context["cl"].result_list}


# --- the list ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sought", ["ketle house", "кухня", "taa", "circle", "of kettles", "HOUSE", "kettles'"]
)
def test_all_spellings_are_searched(alice, sought):
    found = make_organisation("House of Kettles (HK)", aliases=["Кухня", "Ketle House"], latin="Taa Circle")
    make_organisation("Red Lantern")
    assert listed(alice, f"?q={sought}") == {found.pk}


def test_a_short_word_finds_words_and_no_marks(alice):
    organisations = [make_organisation(f"Lantern {number} Poshe") for number in range(30)]
    make_organisation("Qi")
    for sought in ("xq", "kz", "qj"):
        assert listed(alice, f"?q={sought}") == set()
    assert len(listed(alice, "?q=po")) == len(organisations)


def test_what_is_to_be_looked_at_again_is_one_filter_away(alice):
    today = timezone.now().date()
    due = make_organisation("Due", recheck_on=today)
    make_organisation("Later", recheck_on=today + timedelta(days=1))
    make_organisation("Never")
    assert listed(alice, "?again=due") == {due.pk}


def test_filters_narrow_the_list(alice):
    doubted = make_organisation("Doubted", verification="doubtful", kind="ally")
    make_organisation("Verified", verification="verified")
    assert listed(alice, "?verification__exact=doubtful") == {doubted.pk}
    assert listed(alice, "?kind__exact=ally") == {doubted.pk}


def test_what_was_merged_is_offered_by_no_list_and_no_search(alice):
    kept, absorbed = make_organisation("Blue Kettle"), make_organisation("Kettle Circle")
    merging.merge(kept, absorbed, by=make_staff("olga"))
    assert listed(alice) == listed(alice, "?q=circle") == {kept.pk}


# --- one organisation ----------------------------------------------------------------------------------


def test_the_page_of_an_organisation_says_all_that_is_known(mo):
    letter = make_letter()
    organisation = make_organisation(
        "Blue Kettle",
        aliases=["The Kettle"],
        latin="Birika",
        website="https://www.kettle.example/about",
        verification="verified",
        recheck_on=timezone.now().date(),
    )
    signature = make_signature(letter, organisation=organisation)
    olga = make_staff("olga", first_name="Olga")
    Evidence.objects.create(organisation=organisation, link="https://register.example/1", by=olga)
    other = make_voucher(letter, name="Red Lantern")
    make_vouch(signature, other)
    make_organisation("Blue Kettle Association")
    words = text(read(mo, page_of(organisation)))
    for expected in (
        "Blue Kettle",
        "The Kettle",
        "Birika",
        "Kenya",
        "Led by refugees",
        "https://www.kettle.example/about",
        "kettle.example )",
        "Verified",
        "to look at again on",
        "https://register.example/1",
        "Olga",
        "Red Lantern",
        "Blue Kettle Association",
        "% alike , the name",
        "asylum",
    ):
        assert expected in words, expected


def test_a_moderator_keeps_what_was_found_out(mo):
    organisation = make_organisation()
    day = timezone.now().date() + timedelta(days=90)
    found = {
        "verification": "verified",
        "recheck_on": day,
        "link": "https://register.example/1",
        "words": "Seen.",
    }
    messages = press(mo, page_of(organisation), "Keep it", **found)
    assert messages == ['<bdi dir="auto">Blue Kettle</bdi>: Verified']
    organisation.refresh_from_db()
    assert (organisation.verification, organisation.recheck_on) == ("verified", day)
    evidence = Evidence.objects.get()
    assert (evidence.link, evidence.words, evidence.by.username) == (
        "https://register.example/1",
        "Seen.",
        "mo",
    )
    assert set(Event.objects.filter(subject_id=organisation.public_id).values_list("act", flat=True)) == {
        "verify",
        "add_evidence",
    }
    assert "Found to be: Verified by mo" in text(read(mo, page_of(organisation)))


@pytest.mark.parametrize("link", ["javascript:alert(1)", "no link", "x" * 400])
def test_what_is_no_link_is_refused_with_what_was_typed(mo, link):
    organisation = make_organisation()
    answer = mo.post(page_of(organisation), {"verification": "verified", "link": link, "words": "Seen."})
    assert answer.status_code == 200
    page = BeautifulSoup(answer.content, "html.parser")
    assert page.select_one(".errorlist")
    assert "Seen." in page.select_one("textarea").text
    organisation.refresh_from_db()
    assert organisation.verification == "unverified"


def test_who_read_it_before_somebody_changed_it_looks_again(mo):
    organisation = make_organisation()
    page = read(mo, page_of(organisation))
    seen = page.select_one("input[name=seen]")["value"]
    verification.verify(
        organisation, by=make_staff("olga"), verification="doubtful", words="They are two people."
    )
    answer = mo.post(page_of(organisation), {"verification": "verified", "seen": seen})
    assert answer.status_code == 200
    assert "Somebody changed it while you read it" in answer.content.decode()
    organisation.refresh_from_db()
    assert organisation.verification == "doubtful"
    fresh = BeautifulSoup(answer.content, "html.parser").select_one("input[name=seen]")["value"]
    assert fresh != seen


def test_who_may_look_sees_no_button(dora):
    organisation = make_organisation()
    make_signature(organisation=organisation)
    page = read(dora, page_of(organisation))
    assert [text(button) for button in page.select("button")] == ["Find it"]
    assert dora.post(page_of(organisation), {"verification": "verified"}).status_code == 403


def test_a_word_is_taken_back_from_either_page(mo):
    letter = make_letter()
    voucher, signature = make_voucher(letter), make_signature(letter)
    for organisation in (voucher.organisation, signature.organisation):
        vouch = make_vouch(signature, voucher)
        assert "It took that back" in text(read(mo, page_of(organisation)))
        messages = press(mo, page_of(organisation), "It took that back")
        assert messages == ['The word of <bdi dir="auto">Red Lantern</bdi> is taken back.']
        vouch.refresh_from_db()
        assert vouch.status == "revoked"
        vouch.delete()


def test_only_words_about_it_or_of_it_are_taken_back_there(mo):
    letter = make_letter()
    vouch = make_vouch(make_signature(letter), make_voucher(letter))
    other = make_organisation("Green Pot")
    answer = mo.post(f"{LIST}{other.pk}/act/", {"act": "revoke", "vouch": vouch.pk})
    assert answer.status_code == 404
    vouch.refresh_from_db()
    assert vouch.status == "given"


@pytest.mark.parametrize("data", [{}, {"act": "nonsense"}])
def test_an_act_that_is_none_does_nothing(mo, data):
    organisation = make_organisation()
    assert send(mo, f"{LIST}{organisation.pk}/act/", **data) == ["Nothing was done: no such act."]


@pytest.mark.parametrize(
    "data", [{"act": "revoke"}, {"act": "revoke", "vouch": "x"}, {"act": "unmerge", "merge": "9"}]
)
def test_an_act_on_nothing_is_not_found(mo, data):
    assert mo.post(f"{LIST}{make_organisation().pk}/act/", data).status_code == 404


# --- duplicates ----------------------------------------------------------------------------------------


def test_pairs_are_shown_with_reasons_the_likest_first(mo):
    make_organisation("Red Lantern Women")
    make_organisation("Red Lantern")
    make_organisation("Blue Kettle", website="https://kettle.example")
    make_organisation("Blue Kettle", website="https://kettle.example")
    pairs = [text(pair) for pair in read(mo, DUPLICATES).select(".pairs li")]
    assert "100% alike , the name, the website" in pairs[0]
    assert "Red Lantern Women" in pairs[1]


def test_two_that_are_told_apart_are_not_asked_about_again(mo):
    one, other = make_organisation("Blue Kettle"), make_organisation("Blue Kettle")
    messages = press(mo, DUPLICATES, "They are two")
    assert messages == ['<bdi dir="auto">Blue Kettle</bdi> and <bdi dir="auto">Blue Kettle</bdi> are two.']
    told = Distinction.objects.get()
    assert (told.one, told.other, told.by.username) == (one, other, "mo")
    assert "None of them resembles another one." in text(read(mo, DUPLICATES))
    assert "No other organisation resembles it." in text(read(mo, page_of(one)))


def test_older_ones_are_a_link_away(mo, monkeypatch):
    monkeypatch.setattr(matching, "LOOKED_THROUGH", 2)
    for _ in range(2):
        make_organisation("Blue Kettle")
    for name in ("Green Pot", "Oil Mill"):
        make_organisation(name)
    page = read(mo, DUPLICATES)
    assert not page.select(".pairs .pair")
    older = page.find("a", string="Look through older ones")["href"]
    page = read(mo, DUPLICATES + older)
    assert len(page.select(".pairs .pair")) == 1
    assert page.find("a", string="Back to the newest")


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, ""])
def test_an_odd_page_of_duplicates_is_the_first_one(mo, before):
    make_organisation()
    assert mo.get(f"{DUPLICATES}?before={before}").status_code == 200


@pytest.mark.parametrize("keys", [{}, {"one": "1"}, {"one": "x", "other": "y"}, "same", "gone"])
def test_telling_nothing_apart_says_so(mo, keys):
    organisation = make_organisation()
    if isinstance(keys, str):
        keys = {"one": organisation.pk, "other": organisation.pk if keys == "same" else 999_999}
    assert send(mo, DUPLICATES, **keys) == ["One of them is gone, or merged, meanwhile."]
    assert not Distinction.objects.exists()


# --- two side by side ----------------------------------------------------------------------------------


@pytest.fixture
def two():
    """Two organisations that signed one letter, and one of them another one, too."""
    kept = make_organisation("Blue Kettle", website="")
    absorbed = make_organisation("Kettle Circle", website="https://kettle.example", verification="doubtful")
    letter = make_letter()
    make_signature(letter, name="Blue Kettle", organisation=kept)
    theirs = make_signature(letter, name="Kettle Circle", organisation=absorbed, visibility="counted_only")
    make_proposal(theirs)
    make_signature(make_letter("water"), name="Kettle Circle", organisation=absorbed)
    return kept, absorbed


def test_the_preview_says_what_becomes_of_each_letter(mo, two):
    kept, absorbed = two
    page = read(mo, merge_page(kept, absorbed))
    asylum, water = (text(row) for row in page.select("[aria-labelledby=letters] li"))
    assert "Stays on the wall: Blue Kettle" in asylum
    assert "Leaves the wall: Kettle Circle" in asylum
    assert "Its contact speaks for the other one too" in asylum
    assert "shown less far than before" in asylum
    assert "A correction was proposed" in asylum
    assert "Moves, and stays as it is: Kettle Circle" in water
    afterwards = text(page.select_one("[aria-labelledby=afterwards]"))
    assert "It is also known as Kettle Circle" in afterwards
    assert "where it said nothing: website" in afterwards
    assert "Verification: Doubtful" in afterwards
    assert "2 signatures move to it" in afterwards


def test_merging_and_undoing_it_by_their_buttons(mo, two, client):
    kept, absorbed = two
    pages = {slug: client.get(f"/letters/{slug}/").content for slug in ("asylum", "water")}
    assert press(mo, merge_page(kept, absorbed), "They are one") == [
        '<bdi dir="auto">Kettle Circle</bdi> is merged into <bdi dir="auto">Blue Kettle</bdi>. '
        "For a day that can be undone here."
    ]
    absorbed.refresh_from_db()
    assert absorbed.merged_into == kept
    assert Signature.objects.filter(organisation=kept).count() == 3
    assert client.get("/letters/asylum/").content != pages["asylum"]
    assert client.get("/letters/water/").content == pages["water"]
    page = text(read(mo, page_of(kept)))
    assert "Kettle Circle was merged into Blue Kettle by mo" in page
    assert "Another one was merged into it: Kettle Circle by mo" in page
    assert press(mo, page_of(kept), "Undo that merge") == [
        '<bdi dir="auto">Blue Kettle</bdi> and <bdi dir="auto">Kettle Circle</bdi> are two again.'
    ]
    assert Signature.objects.filter(organisation=absorbed).count() == 2
    assert "It was parted again from another one: Kettle Circle" in text(read(mo, page_of(kept)))
    assert client.get("/letters/water/").content == pages["water"]


def test_a_merge_is_undone_from_the_page_of_the_merged_one_too(mo, two):
    kept, absorbed = two
    press(mo, merge_page(kept, absorbed), "They are one")
    page = text(read(mo, page_of(absorbed)))
    assert "It was merged into Blue Kettle" in page
    assert "Keep it" not in page
    absorbed.refresh_from_db()
    assert mo.post(page_of(absorbed), {"verification": "verified"}).status_code == 403
    press(mo, page_of(absorbed), "Undo that merge")
    assert list(Organisation.objects.standing().order_by("pk")) == [kept, absorbed]


def test_what_could_not_be_given_back_is_named_row_by_row(mo, two):
    kept, absorbed = two
    press(mo, merge_page(kept, absorbed), "They are one")
    moved = Signature.objects.get(letter__slug="asylum", status="superseded")
    Signature.objects.filter(pk=moved.pk).update(status="rejected", superseded_by=None)
    assert (
        '<bdi dir="auto">Kettle Circle</bdi>: It was decided about meanwhile, and stays as it is.'
        in press(mo, page_of(kept), "Undo that merge")
    )


def test_a_preview_that_is_stale_merges_nothing(mo, two):
    kept, absorbed = two
    seen = read(mo, merge_page(kept, absorbed)).select_one("input[name=seen]")["value"]
    make_signature(make_letter("bread"), organisation=absorbed)
    for stale in (seen, "", "x"):
        messages = send(mo, merge_page(kept, absorbed), seen=stale)
        assert messages == [
            "Something has changed since you looked, and nothing was merged. Please look again."
        ]
    assert not Merge.objects.exists()


def test_the_other_one_can_stay_instead(mo, two):
    kept, absorbed = two
    swap = read(mo, merge_page(kept, absorbed)).find("a", string="Let the other one stay instead")["href"]
    assert swap == merge_page(absorbed, kept)
    press(mo, swap, "They are one")
    kept.refresh_from_db()
    assert kept.merged_into == absorbed


def test_two_that_are_one_already_are_not_merged(mo, two):
    kept, absorbed = two
    press(mo, merge_page(kept, absorbed), "They are one")
    for one, other in ((kept, absorbed), (absorbed, kept), (kept, kept)):
        for answer in (
            mo.get(merge_page(one, other), follow=True),
            mo.post(merge_page(one, other), follow=True),
        ):
            assert said(answer) == ["They are one organisation already, or one of them is gone."]
    assert mo.get(f"{LIST}{kept.pk}/merge/999999/").status_code == 404


def test_contacts_who_disagree_are_to_be_heard_first(mo, two):
    kept, absorbed = two
    signature = kept.signatures.get()
    signature.question, signature.asked_at = "contacts_disagree", timezone.now()
    signature.save()
    (message,) = said(mo.get(merge_page(kept, absorbed), follow=True))
    assert "Please settle that first." in message
    assert f"/admin/signatories/signature/{signature.pk}/change/" in message


def test_who_may_look_compares_and_merges_nothing(dora, two):
    page = read(dora, merge_page(*two))
    assert page.select("form") == []
    assert dora.post(merge_page(*two), {"seen": "x"}).status_code == 403
    assert dora.post(DUPLICATES, {"one": two[0].pk, "other": two[1].pk}).status_code == 403
    assert dora.post(f"{LIST}{two[0].pk}/act/", {"act": "unmerge"}).status_code == 403


def test_who_may_not_see_organisations_sees_none(two):
    ed = enter(Client(), make_member("ed", "Editor"))
    for address in (
        LIST,
        DUPLICATES,
        merge_page(*two),
        page_of(two[0]),
        f"{LIST}{two[0].pk}/compare/?with=x",
    ):
        assert ed.get(address).status_code == 403, address


def test_verifying_alone_keeps_no_evidence_where_that_is_not_allowed():
    staff = make_member("vic")
    staff.user_permissions.set(
        Permission.objects.filter(codename__in=["view_organisation", "change_organisation"])
    )
    vic, organisation = enter(Client(), staff), make_organisation()
    page = read(vic, page_of(organisation))
    assert page.select("textarea, input[name=link]") == []
    send(vic, page_of(organisation), verification="verified", words="Mine.")
    organisation.refresh_from_db()
    assert organisation.verification == "verified"
    assert not Evidence.objects.exists()
    assert "They are one" not in text(read(vic, merge_page(organisation, make_organisation("Other"))))


# --- finding another one -------------------------------------------------------------------------------


def test_another_one_is_found_by_its_name_or_its_id(mo):
    one, other = make_organisation("Blue Kettle"), make_organisation("Wholly Renamed")
    for sought in ("wholly", "RENAMED wholly", other.public_id):
        answer = mo.get(f"{LIST}{one.pk}/compare/", {"with": sought})
        assert (answer.status_code, answer["Location"]) == (302, merge_page(one, other))


@pytest.mark.parametrize(
    ("sought", "words"),
    [
        ("nobody", "No other organisation has that in its name."),
        ("", "No other organisation has that in its name."),
        ("…", "No other organisation has that in its name."),
        ("blue", "No other organisation has that in its name."),
        ("pot", "More than one has that in its name. Please write more of it, or its id."),
    ],
)
def test_what_finds_none_or_many_says_so(mo, sought, words):
    one = make_organisation("Blue Kettle")
    make_organisation("Green Pot")
    make_organisation("Red Pot")
    answer = mo.get(f"{LIST}{one.pk}/compare/", {"with": sought}, follow=True)
    assert said(answer) == [words]
