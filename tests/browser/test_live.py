"""A page that stays open: names come and go on it while somebody looks, and nobody is asked while nobody does."""

import time

import pytest

from signatories import moderation
from signatories.withdrawal import hide
from tests.browser.conftest import PATIENCE, follow, let_be_seen, wait_for
from tests.factories import make_letter, make_signature, make_staff

pytestmark = pytest.mark.browser

NAME = "Aardvark Reading Circle"  # stands above all others, so that it moves what is being read
ADDRESS = "amina@kettle.example"
POLL = 15.0  # seconds


def test_a_name_comes_and_goes_on_an_open_page(site, visit, worker, mailbox, log_in, capsys):
    letter = make_letter("live")
    for number in range(205):  # enough for a link below the names
        make_signature(letter, name=f"Harbour Kitchen {number:03}")
    alice = make_staff()
    page = visit(viewport={"width": 360, "height": 740})
    page.goto("/letters/live/")
    _note_announcements(page)
    more = page.locator("#wall p a")
    more.focus()
    page.evaluate("scrollBy(0, -3000)")
    read = page.locator(".names li").filter(has_text=_first_in_view(page))
    height = _top(read)

    case = log_in(alice)
    _sign(visit(), mailbox)
    case.reload()
    follow(case.locator("a.start"))
    case.locator("[data-help]").wait_for()
    case.wait_for_timeout(700)  # a second tap must not decide the case that follows
    approved_at = time.monotonic()
    case.keyboard.press("a")
    page.locator(".names", has_text=NAME).wait_for(timeout=2 * PATIENCE * 1000)
    appeared = time.monotonic() - approved_at
    assert NAME in case.locator("[data-said]").inner_text()

    name = page.locator(".names li", has_text=NAME)
    assert "fresh" in name.get_attribute("class").split()
    assert _style(name, "animationName") == "fresh"
    assert _style(name, "color") != _style(page.locator(".names li").nth(50), "color")
    assert [line.inner_text().split()[0] for line in page.locator(".count").all()] == ["206", "206"]
    assert abs(_top(read) - height) <= 2
    assert more.evaluate("link => link === document.activeElement")
    assert [line for line in _announcements(page) if NAME in line] == [
        f"New: {NAME}. 206 organisations from 1 country"
    ]

    wait_for(lambda: len(mailbox.to(ADDRESS)) == 2)  # of the decision it hears when nobody can take it back
    own_page = visit()
    own_page.goto(mailbox.link_to(ADDRESS))
    own_page.check("[name=visibility][value=counted_only]")
    hidden_at = time.monotonic()
    own_page.locator("form:has([name=visibility]) button").click()
    name.wait_for(state="detached", timeout=2 * PATIENCE * 1000)
    vanished = time.monotonic() - hidden_at
    assert NAME not in page.content().replace(_announcements(page)[0], "")
    assert abs(_top(read) - height) <= 2

    with capsys.disabled():
        print(
            f"\nopen page: approved name after {appeared:.1f} s, hidden name gone after {vanished:.1f} s",
            end="",
        )
    assert max(appeared, vanished) <= POLL + PATIENCE  # told above; a busy machine takes its time
    assert page.evaluate("window.isTheSamePage")
    assert page.evaluate("document.querySelectorAll('[role=status]').length") == 1


@pytest.mark.parametrize(("saves_data", "soonest", "latest"), [(False, 10.4, 14.3), (True, 41.9, 57.1)])
def test_an_open_page_asks_now_and_then(visit, saves_data, soonest, latest):
    slug = f"polled-{saves_data}".lower()
    make_letter(slug)
    page = visit()
    if saves_data:
        page.add_init_script(
            "Object.defineProperty(NetworkInformation.prototype, 'saveData', {get: () => true})"
        )
    asked = _open_with_stopped_clock(page, slug)
    page.clock.run_for(soonest * 1000)
    assert not asked
    page.clock.run_for((latest - soonest) * 1000)
    wait_for(lambda: page.wait_for_timeout(50) or len(asked) == 1)


def test_a_hidden_page_asks_nothing_and_one_that_is_looked_at_again_asks_at_once(visit):
    make_letter("hidden")
    page = visit()
    asked = _open_with_stopped_clock(page, "hidden")
    _turn(page, hidden=True)
    page.clock.run_for(3_600_000)
    assert not asked
    _turn(page, hidden=False)
    wait_for(lambda: page.wait_for_timeout(50) or len(asked) == 1)


def test_an_open_page_goes_on_when_the_server_comes_back(site, visit):
    letter = make_letter("away")
    make_signature(letter, name="Harbour Kitchen")
    page = visit(forgive=["ERR_CONNECTION_REFUSED"])
    asked = _open_with_stopped_clock(page, "away")
    site.stop()
    try:
        page.clock.run_for(15_000)
        wait_for(lambda: page.wait_for_timeout(50) or len(asked) == 1)
        assert page.locator(".names").inner_text().startswith("Harbour Kitchen")
        moderation.approve(make_signature(letter, name=NAME, status="awaiting_moderation"), by=make_staff())
    finally:
        site.start()
    page.clock.run_for(15_000)
    assert len(asked) == 1  # it leaves a server that is in trouble twice the time
    page.clock.run_for(15_000)
    page.locator(".names li.fresh", has_text=NAME).wait_for()


def _letter_of_two(slug):
    letter = make_letter(slug)
    for name, country in (("Aardvark School", "KE"), ("Lantern", "UG")):
        make_signature(letter, name=name, country=country)
    return letter


@pytest.mark.parametrize(
    ("query", "is_named"), [("", True), ("?q=aardvark", True), ("?country=KE", True), ("?country=UG", False)]
)
def test_the_list_follows_as_it_was_asked_for(visit, query, is_named):
    slug = f"followed-{len(query)}-{is_named}".lower()
    letter = _letter_of_two(slug)
    page = visit()
    asked = _open_with_stopped_clock(page, slug, f"signatories/{query}")
    page.fill("[name=q]", "half a w")  # what is being typed stays
    moderation.approve(make_signature(letter, name=NAME, status="awaiting_moderation"), by=make_staff())
    let_be_seen(page)
    page.clock.run_for(15_000)
    page.locator("[data-live-part=count]", has_text="3 organisations").wait_for()
    assert len(asked) == 1
    assert page.locator(".names li", has_text=NAME).count() == is_named
    assert page.input_value("[name=q]") == "half a w"


def test_the_map_and_the_table_of_countries_follow(visit):
    letter = _letter_of_two("mapped")
    page = visit()
    _open_with_stopped_clock(page, "mapped", "signatories/")
    drawn = page.locator("img.map")
    drawn.scroll_into_view_if_needed()
    assert drawn.get_attribute("src") == "/letters/mapped/map.svg"
    page.locator(".countries summary").click()
    moderation.approve(make_signature(letter, name=NAME, status="awaiting_moderation"), by=make_staff())
    let_be_seen(page)
    page.clock.run_for(15_000)
    wait_for(lambda: page.wait_for_timeout(50) or "?r=" in drawn.get_attribute("src"))
    letter.refresh_from_db()
    assert drawn.get_attribute("src").endswith(f"/letters/mapped/map.svg?r={letter.revision}")
    assert page.locator(".countries tr", has_text="Kenya").inner_text().split()[-1] == "2"
    assert page.locator(".countries[open]").count() == 1


def test_a_link_that_has_the_focus_keeps_it_while_names_arrive(visit):
    letter = make_letter("focused")
    for number in range(205):
        make_signature(letter, name=f"Harbour Kitchen {number:03}")
    page = visit()
    _open_with_stopped_clock(page, "focused", "signatories/")
    page.locator(".pages a").focus()
    moderation.approve(make_signature(letter, name=NAME, status="awaiting_moderation"), by=make_staff())
    let_be_seen(page)
    page.clock.run_for(15_000)
    page.locator(".names li.fresh", has_text=NAME).wait_for()
    assert page.evaluate("document.activeElement.getAttribute('href')") == "?page=2"


def test_an_open_page_of_the_list_that_is_no_more_becomes_the_last_one(visit):
    letter = make_letter("shrunk")
    signatures = [make_signature(letter, name=f"Harbour Kitchen {number:03}") for number in range(201)]
    page = visit()
    _open_with_stopped_clock(page, "shrunk", "signatories/?page=2")
    assert page.locator(".names li").count() == 1
    hide(signatures[-1])
    let_be_seen(page)
    page.clock.run_for(15_000)
    wait_for(lambda: page.wait_for_timeout(50) or page.locator(".names li").count() == 200)
    assert signatures[-1].name not in page.content()


def test_the_map_of_a_letter_is_fetched_when_somebody_opens_it(visit):
    make_signature(make_letter("unfolded"))
    page = visit(viewport={"width": 1280, "height": 2000})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/letters/unfolded/", wait_until="networkidle")
    assert not [url for url in asked if "map.svg" in url]
    with page.expect_response("**/map.svg"):
        page.locator("#wall summary").click()
    drawn = page.locator("img.map")
    wait_for(lambda: drawn.evaluate("img => img.complete && img.naturalWidth > 0"))
    box = drawn.bounding_box()
    assert box["width"] <= 1280
    assert box["height"] > 100


def _sign(page, mailbox):
    page.goto("/letters/live/sign/")
    page.fill("[name=organisation]", NAME)
    page.select_option("[name=country]", "KE")
    page.check("[name=kind][value=refugee_led]")
    page.fill("[name=contact_name]", "Amina Yusuf")
    page.fill("[name=contact_email]", ADDRESS)
    page.check("[name=visibility][value=public]")
    page.check("[name=consent]")
    page.locator("main form button").last.click()
    page.goto(wait_for(lambda: mailbox.to(ADDRESS) and mailbox.link_to(ADDRESS)))
    page.check("[name=visibility][value=public]")
    page.locator("main form button").click()
    page.locator("h1", has_text="Thank you").wait_for()


def _note_announcements(page):
    page.evaluate("""() => {
        window.isTheSamePage = true;
        window.said = [];
        const status = document.querySelector("[role=status]");
        new MutationObserver(() => said.push(status.textContent)).observe(status, {childList: true});
    }""")


def _announcements(page):
    return [" ".join(line.split()) for line in page.evaluate("window.said")]


def _first_in_view(page):
    return page.evaluate("""() => [...document.querySelectorAll(".names bdi")]
        .find(name => name.getBoundingClientRect().top > 0).textContent""")


def _top(locator):
    return locator.evaluate("element => element.getBoundingClientRect().top")


def _style(locator, name):
    return locator.evaluate("(element, name) => getComputedStyle(element)[name]", name)


def _open_with_stopped_clock(page, slug, rest=""):
    """Open a letter whose timers run only when told, and return the list of what it asks from then on."""
    asked = []
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.goto(f"/letters/{slug}/{rest}")
    page.on("request", lambda request: request.url.endswith("/live.json") and asked.append(request.url))
    return asked


def _turn(page, *, hidden):
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
