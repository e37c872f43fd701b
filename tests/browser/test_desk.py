"""The desk by keyboard: two hundred cases cleared, each decision one request, nothing lost when the line breaks."""

import re
import statistics
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from letters.models import Event
from signatories.models import Signature
from tests.browser.conftest import PATIENCE, follow, wait_for
from tests.factories import (
    make_letter,
    make_member,
    make_organisation,
    make_proposal,
    make_signature,
    make_staff,
    make_voucher,
)

pytestmark = pytest.mark.browser

SIGNATURES = "/admin/signatories/signature/"
SETTLED = 300  # ms: from then on a key means the case that is shown
BUDGET = 100  # ms of the server's time for one decision
SAID = "[data-said]"


def fill(letter, how_many, **fields):
    """Signatures that wait, the first one longest."""
    now = timezone.now()
    return [
        make_signature(
            letter,
            name=f"Kettle House {number:03}",
            status="awaiting_moderation",
            confirmed_at=now - timedelta(hours=1, seconds=how_many - number),
            **fields,
        )
        for number in range(how_many)
    ]


@pytest.fixture
def at_desk(log_in):
    """Bring somebody to the first case of the queue, with the second one held ready."""

    def at_desk(staff, part="", **options):
        page = log_in(staff, **options)
        with page.expect_request_finished(lambda request: "/next/" in request.url):
            page.goto(f"{SIGNATURES}begin/{part}")
        page.wait_for_timeout(SETTLED)
        return page

    return at_desk


def name_of(page):
    return page.locator("h1").inner_text()


def press(page, *keys):
    """Press keys as quickly as fingers do, then wait until the desk has answered and the next case is settled."""
    before = name_of(page)
    with page.expect_request_finished(_decides):
        for key in keys:
            page.keyboard.press(key)
    expect(page.locator("h1")).not_to_have_text(before)
    page.wait_for_timeout(SETTLED)


def _decides(request):
    return request.method == "POST" and "/signature/" in request.url


class Requests:
    """Writes down what a page asks of the desk, apart from its files, and how long the desk took."""

    def __init__(self, page):
        self.made = []
        self.took = []
        page.on("requestfinished", self._finished)

    def _finished(self, request):
        if "/admin/" in request.url:
            self.made.append((request.method, request.url.rpartition("/signature/")[2]))
            self.took.append(request.timing["responseStart"] - request.timing["requestStart"])

    def since(self, before):
        return self.made[before:]


# --- two hundred ---------------------------------------------------------------------------------------------


def plan(number):
    """Return the keys for a case, and where it then stands."""
    return {
        3: (["h", "3"], "held"),
        5: (["r", "1"], "rejected"),
        7: (["r", "6"], "rejected"),
        9: (["a"], "taken back"),
    }.get((number + 1) % 10, (["a"], "published"))


def test_two_hundred_cases_are_cleared_by_keyboard_each_decision_in_one_request(at_desk):
    """The clock of the page is turned on by hand, or waiting for cases to settle would take a minute."""
    letter = make_letter("two-hundred")
    cases = fill(letter, 200)
    page = at_desk(make_member("bob", "Moderator"), "?queue=decision")
    page.clock.install()
    with page.expect_request_finished(lambda request: "/next/" in request.url):
        page.reload()
    page.clock.pause_at(timezone.now() + timedelta(seconds=15))  # from here it moves by hand alone
    requests, slowness, begun = Requests(page), [], time.monotonic()
    decided = 0
    for number, signature in enumerate(cases):
        assert name_of(page) == signature.name
        if number % 10 == 0:
            slowness.append(_slowness())
        keys, status = plan(number)
        for turn in (keys, ["u"], ["r", "2"]) if status == "taken back" else (keys,):
            before = len(requests.made)
            page.clock.run_for(SETTLED)
            for key in turn:
                page.keyboard.press(key)
            _wait_for_answers(page, requests, before + 1)
            act = "undo" if turn == ["u"] else "decide"
            assert requests.since(before) == [("POST", f"{signature.pk}/{act}/?queue=decision")]
            decided += 1
    assert decided == 240
    assert "Nothing waits" in name_of(page)
    for number, signature in enumerate(cases):
        signature.refresh_from_db()
        status = plan(number)[1]
        assert signature.status == ("rejected" if status == "taken back" else status), number
    _report(requests.took, slowness, time.monotonic() - begun)


def _wait_for_answers(page, requests, how_many):
    until = time.monotonic() + PATIENCE
    while len(requests.made) < how_many:
        assert time.monotonic() < until, "the desk did not answer"
        page.evaluate("0")  # lets what was finished be told
    page.locator("[data-case]:not([aria-busy])").wait_for()


def _slowness():
    """How many times longer than alone anything takes here just now, since others are at work, too."""
    begun, worked = time.perf_counter(), time.process_time()
    while time.process_time() - worked < 0.03:
        pass
    return (time.perf_counter() - begun) / (time.process_time() - worked)


def _report(took, slowness, seconds):
    median, late = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    slower = max(1, statistics.median(slowness))
    print(
        f"\n{len(took)} decisions in {seconds:.0f} s; the desk took {median:.0f} ms, 95 in 100 under {late:.0f} ms, "
        f"on a machine {slower:.1f} times slower than alone"
    )
    assert median / slower < 10 * BUDGET  # told above; a busy machine must not fail a test of something else


# --- what a person meets -----------------------------------------------------------------------------------


def test_a_decision_shows_the_next_case_tells_what_was_done_and_moves_the_focus(at_desk):
    letter = make_letter("focus")
    fill(letter, 3)
    page = at_desk(make_member("bob", "Moderator"))
    press(page, "a")
    assert name_of(page) == "Kettle House 001"
    expect(page.locator(f"{SAID}[role=status]")).to_have_text("Approved: Kettle House 000")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    assert page.title().startswith("Kettle House 001")
    second = Signature.objects.get(name="Kettle House 001")
    assert page.url.endswith(f"{SIGNATURES}{second.pk}/change/")
    page.reload()
    assert name_of(page) == "Kettle House 001"
    page.go_back()
    expect(page.locator("h1")).to_have_text("Kettle House 000")
    assert "Published" in page.locator(".case-place").inner_text()


def test_reasons_are_chosen_by_digit_by_arrow_and_left_by_escape(at_desk):
    cases = fill(make_letter("reasons"), 3)
    page = at_desk(make_member("bob", "Moderator"))
    page.keyboard.press("h")
    assert page.evaluate("document.activeElement.value") == "pressure"
    page.keyboard.press("Escape")
    assert page.locator("[data-reasons][open]").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("h")
    page.keyboard.press("r")
    assert page.locator("[data-reasons][open]").count() == 1
    press(page, "ArrowDown", "ArrowDown", "ArrowUp", "Enter")
    press(page, "h", "Tab", "Enter")
    press(page, "h", "4")
    reasons = []
    for signature in cases:
        signature.refresh_from_db()
        reasons.append(signature.reject_reason or signature.hold_reason)
    assert reasons == ["already_signed", "trap", "asked_organisation"]


def test_a_digit_chooses_the_organisation_to_approve_as(at_desk):
    known = make_organisation("Kettle House 000", verification="verified")
    signature, _ = fill(make_letter("digit"), 2)
    page = at_desk(make_member("bob", "Moderator"))
    press(page, "2", "a")
    signature.refresh_from_db()
    assert signature.organisation == known


def test_keys_can_be_turned_off_and_do_nothing_where_one_types(at_desk):
    signature, _ = fill(make_letter("off"), 2)
    page = at_desk(make_member("bob", "Moderator"))
    page.locator("textarea[name=words]").click()
    page.keyboard.type("are they real?")
    page.keyboard.press("Escape")
    page.locator("h1").focus()
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("a")
    page.locator("dialog [data-keys]").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("kbd >> visible=true")).to_have_count(0)
    for key in ("a", "r", "1", "s"):
        page.keyboard.press(key)
    page.wait_for_timeout(SETTLED)
    assert name_of(page) == signature.name
    signature.refresh_from_db()
    assert signature.status == "awaiting_moderation"


def test_the_second_tap_of_a_double_tap_decides_nothing(at_desk):
    cases = fill(make_letter("twice"), 4)
    page = at_desk(make_member("bob", "Moderator"))
    page.clock.install()
    with page.expect_request_finished(lambda request: "/next/" in request.url):
        page.reload()
    page.clock.pause_at(timezone.now() + timedelta(seconds=15))  # however slow: no time between the two
    page.clock.run_for(SETTLED)
    press(page, "a", "a")
    assert name_of(page) == cases[1].name
    page.clock.run_for(2 * SETTLED)
    with page.expect_request_finished(_decides):
        page.locator("button.approve").dblclick()
    expect(page.locator("h1")).to_have_text(cases[2].name)
    page.wait_for_timeout(2 * SETTLED)
    assert name_of(page) == cases[2].name
    assert list(Signature.objects.published().order_by("pk")) == cases[:2]


def test_a_note_leaves_the_case_where_it_is(at_desk):
    signature, _ = fill(make_letter("note"), 2)
    page = at_desk(make_member("bob", "Moderator"))
    requests = Requests(page)
    page.fill("textarea[name=words]", "We wait for their network.")
    page.wait_for_timeout(SETTLED)
    page.locator("[value=remark]").click()
    expect(page.locator(".notes .rows")).to_contain_text("We wait for their network.")
    assert name_of(page) == signature.name
    _wait_for_answers(page, requests, 1)
    assert requests.made == [("POST", f"{signature.pk}/decide/")]
    page.wait_for_timeout(SETTLED)
    press(page, "a")
    _wait_for_answers(page, requests, 2)
    assert requests.made[1:] == [("POST", f"{signature.pk}/decide/")]


def test_when_the_line_breaks_nothing_is_lost(at_desk):
    cases = fill(make_letter("broken"), 3)
    page = at_desk(make_member("bob", "Moderator"), forgive=["ERR_INTERNET_DISCONNECTED"])
    page.context.set_offline(True)
    page.keyboard.press("a")
    again = page.locator("[data-again]")
    again.wait_for()
    assert cases[0].name in page.locator(SAID).inner_text()
    assert name_of(page) == cases[1].name
    page.wait_for_timeout(SETTLED)
    page.keyboard.press("a")  # waits until the first is through
    page.context.set_offline(False)
    page.wait_for_timeout(SETTLED)
    again.evaluate_all("buttons => buttons.forEach((button) => button.click())")  # or it went on by itself
    expect(page.locator("h1")).to_have_text(cases[2].name)
    wait_for(lambda: Signature.objects.published().count() == 2)
    assert Event.objects.filter(act="approve").count() == 2


def test_who_was_away_for_long_is_told_and_led_back(at_desk, site):
    from django.contrib.sessions.models import Session

    first, _ = fill(make_letter("away"), 2)
    page = at_desk(make_member("bob", "Moderator"))
    Session.objects.all().delete()
    page.keyboard.press("a")
    link = page.locator(f"{SAID} a")
    link.wait_for()
    assert link.get_attribute("href") == f"{site.url}{SIGNATURES}{first.pk}/change/"
    first.refresh_from_db()
    assert first.status == "awaiting_moderation"


def test_two_at_one_queue_see_what_the_other_did_and_lose_no_case(at_desk):
    cases = fill(make_letter("two"), 6)
    bob = at_desk(make_member("bob", "Moderator", first_name="Bob"))
    mo = at_desk(make_member("mo", "Moderator", first_name="Mo"))
    assert (name_of(bob), name_of(mo)) == (cases[0].name, cases[2].name)
    with mo.expect_request_finished(lambda request: "/next/" in request.url):
        mo.goto(f"{SIGNATURES}{cases[0].pk}/change/")
    assert "Bob is reading this case now" in mo.locator(".reader").inner_text()
    mo.wait_for_timeout(SETTLED)
    press(mo, "r", "1")
    press(bob, "a")
    expect(bob.locator(SAID)).to_have_text(
        re.compile(r"Kettle House 000: Rejected by Mo, \d+ (second|minute)s? ago")
    )
    assert name_of(bob) == cases[1].name
    for page in (bob, mo, bob, mo, bob):
        press(page, "a")
    assert Signature.objects.published().count() == 5
    assert Event.objects.filter(act__in=["approve", "reject"]).count() == 6


def test_without_script_the_same_is_done_by_buttons(log_in):
    first, second, third = fill(make_letter("plain"), 3)
    page = log_in(make_member("bob", "Moderator"), java_script_enabled=False)
    follow(page.locator("a.start"))
    follow(page.locator("button.approve"))
    page.locator("summary.reject").click()
    follow(page.locator("[value=not_an_organisation]"))
    assert "Rejected: Kettle House 001" in page.locator(SAID).inner_text()
    follow(page.locator("[data-undo] button"))
    assert page.locator("h1").inner_text() == "Kettle House 001"
    follow(page.locator("a.skip"))
    assert page.locator("h1").inner_text() == "Kettle House 002"
    for signature, status in (
        (first, "published"),
        (second, "awaiting_moderation"),
        (third, "awaiting_moderation"),
    ):
        signature.refresh_from_db()
        assert signature.status == status


# --- how it looks to a screen reader, and on a phone -----------------------------------------------------------


def test_a_screen_reader_is_told_the_case_in_order(at_desk):
    letter = make_letter("spoken")
    make_organisation("Kettle House 000", verification="verified")
    fill(letter, 1, website="https://kettle.example/")
    make_proposal(make_signature(letter, name="Night Ferry"))
    page = at_desk(make_member("bob", "Moderator"), "?queue=decision")
    tree = page.locator("main").aria_snapshot()
    in_order = [
        'navigation "The queue"',
        "status",
        'heading "Kettle House 000" [level=1]',
        'heading "At a glance" [level=2]',
        "Speaks for it: The mailbox is of the website's domain.",
        'heading "Decide" [level=2]',
        'button "Approve"',
        'group "Approve as"',
        'radio "A new organisation" [checked]',
        'radio "Kettle House 000"',
        'heading "As signed" [level=2]',
        'heading "Notes" [level=2]',
        'heading "What was done" [level=2]',
    ]
    places = [tree.find(words) for words in in_order]
    assert -1 not in places, tree
    assert places == sorted(places), tree


@pytest.mark.parametrize("locale", ["en", "ar"])
def test_nothing_is_wider_than_a_phone_and_everything_is_large_enough_for_a_thumb(log_in, locale):
    letter, other = make_letter(f"phone-{locale}"), make_letter(f"phone-2-{locale}")
    longest = ["W" * 255, "ก" * 255, "م" * 255]
    for number, name in enumerate(longest):
        known = make_organisation(name[:250], verification="verified")
        make_signature(other, name=name, organisation=known)
        make_signature(letter, name=name, latin="W" * 255, status="awaiting_moderation", batch="b" * 16)
        make_signature(letter, name=f"{name[:250]} {number}", status="held", batch="b" * 16)
    make_voucher(letter, name="W" * 250)
    make_proposal(
        make_signature(letter, name=longest[0][:200]),
        name=longest[2],
        website="https://w.example/" + "w" * 200,
    )
    make_signature(letter, name="Night Ferry", status="unconfirmed", phone="+254712345678")
    page = log_in(
        make_staff(), viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True, locale=locale
    )
    wrong = []
    addresses = [f"{SIGNATURES}{one.pk}/change/" for one in Signature.objects.filter(letter=letter)]
    for address in ["/admin/", *addresses]:
        page.goto(address)
        wrong += [f"{address}: {one}" for one in page.evaluate(WIDE_OR_SMALL)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("part", ["letters/event", "signatories/signature"])
def test_a_list_is_searched_on_a_phone(log_in, part):
    page = log_in(make_staff(), viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    page.goto(f"/admin/{part}/")
    assert page.locator("#searchbar").bounding_box()["width"] >= 200


WIDE_OR_SMALL = """() => {
    const width = document.documentElement.clientWidth;
    const inside = [...document.querySelectorAll("#content *")].filter(element => {
        const box = element.getBoundingClientRect();
        const isOut = box.right > width + 1 || box.left < -1;
        return box.width && isOut && !element.closest(".scroll, .visually-hidden, .told");
    });
    const touched = "button, select, summary, .button, .act, label.option, nav a, textarea, input:not([type=hidden])";
    const small = [...document.querySelectorAll(touched)].filter(element => {
        const box = element.getBoundingClientRect();
        const isSmall = box.width < 24 || box.height < 24;
        const elsewhere = element.matches("[type=radio], [type=checkbox]") || element.closest("#header, .keys, .apps");
        return box.width && isSmall && !elsewhere;
    });
    const scrolls = document.documentElement.scrollWidth > width ? ["it scrolls"] : [];
    return [...inside, ...small].map(element => element.outerHTML.slice(0, 100)).concat(scrolls);
}"""
