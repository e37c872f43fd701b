"""A screen in a meeting room: each organisation is welcomed as it arrives, for hours, whatever the line does."""

from datetime import timedelta

import pytest
from django.utils import timezone

from letters.lifecycle import close_letter
from signatories import moderation
from signatories.withdrawal import hide
from tests.browser.conftest import let_be_seen, wait_for
from tests.factories import make_letter, make_signature, make_staff

pytestmark = pytest.mark.browser

SCREENS = [(1280, 720), (1920, 1080), (360, 740)]
LONGEST = (
    "Federation of Displaced Women’s Savings Circles and Night Schools of the Northern Lake Shore (FDWSCNS)"
)


def open_wall(page, slug, *, prefix=""):
    """Open a wall whose timers run only when told; what it welcomes is written down. Return what it asks for."""
    asked = []
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.goto(f"{prefix}/letters/{slug}/wall/")
    page.evaluate("""() => {
        window.welcomed = [];
        new MutationObserver(() => {
            const name = document.querySelector(".welcome bdi");
            if (name) welcomed.push(name.textContent);
        }).observe(document.querySelector(".welcome"), {childList: true});
        window.unanswered = 0;
        const ask = window.fetch;
        window.fetch = async (...question) => {
            unanswered += 1;
            try {
                return await ask(...question);
            } finally {
                unanswered -= 1;
            }
        };
    }""")
    page.on("request", lambda request: request.url.endswith("/live.json") and asked.append(request.url))
    return asked


def let_pass(page, seconds):
    """Run the clock a second at a time; it stands while the server is asked, however long that takes."""
    for _ in range(seconds):
        page.clock.run_for(1000)
        wait_for(lambda: page.wait_for_timeout(40) or page.evaluate("unanswered === 0"))


def arrive(page, letter, *names, by=None):
    """Publish these, and wait until the site says so."""
    by = by or make_staff(f"mo-{letter.slug}-{names[0]}")
    arrived = [
        moderation.approve(make_signature(letter, name=name, status="awaiting_moderation"), by=by)
        for name in names
    ]
    let_be_seen(page)
    return arrived


def welcomed(page):
    return page.evaluate("welcomed")


def test_each_of_twenty_that_arrive_at_once_is_welcomed_once_and_in_order(visit):
    letter = make_letter("burst")
    make_signature(letter, name="Was here before")
    page = visit(viewport={"width": 1280, "height": 720})
    open_wall(page, "burst")
    names = [f"Night Ferry {number:02}" for number in range(20)]
    arrive(page, letter, *names)
    let_pass(page, 120)
    assert welcomed(page) == names
    assert page.locator(".welcome").inner_text() == ""
    assert page.locator(".count").inner_text().split()[0] == "21"
    assert page.locator(".newest li").first.locator("bdi").first.inner_text() == names[-1]


def test_who_was_removed_while_waiting_is_not_welcomed_and_one_on_stage_goes(visit):
    letter = make_letter("removed")
    page = visit()
    open_wall(page, "removed")
    arrived = arrive(page, letter, "First Light", "Second Light", "Third Light")
    page.clock.run_for(15_000)
    page.locator(".welcome", has_text="First Light").wait_for()
    hide(arrived[1])
    hide(arrived[0])
    let_be_seen(page)
    let_pass(page, 40)
    assert welcomed(page) == ["First Light", "Third Light"]
    assert "Second Light" not in page.content()
    assert "First Light" not in page.content()


def test_a_name_that_moves_up_because_another_left_is_no_news(visit):
    letter = make_letter("moved")
    now = timezone.now()
    signatures = [
        make_signature(letter, name=f"Kettle {number}", published_at=now - timedelta(minutes=number))
        for number in range(103)
    ]
    page = visit()
    open_wall(page, "moved")
    hide(signatures[0])
    let_be_seen(page)
    let_pass(page, 20)
    assert page.locator(".newest bdi").first.inner_text() == "Kettle 1"
    assert welcomed(page) == []


def test_a_screen_that_stands_for_hours_does_not_grow(visit):
    letter = make_letter("hours")
    for number in range(40):
        make_signature(letter, name=f"Kettle {number}")
    page = visit()
    open_wall(page, "hours")
    by, size = make_staff("mo-hours"), "document.querySelectorAll('*').length"
    before = page.evaluate(size)
    for number in range(5):
        hide(letter.signatures.get(name=f"Kettle {number}"))
        arrive(page, letter, f"Another {number}", by=by)
        let_pass(page, 30)
    assert page.evaluate(size) == before
    assert len(welcomed(page)) == 5


def test_a_hidden_wall_asks_nothing_and_wakes_at_once(visit):
    make_letter("behind")
    page = visit()
    asked = open_wall(page, "behind")
    turn(page, hidden=True)
    page.clock.run_for(3_600_000)
    assert not asked
    turn(page, hidden=False)
    wait_for(lambda: page.wait_for_timeout(50) or len(asked) == 1)


def turn(page, *, hidden):
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_without_a_line_it_shows_what_it_has_says_so_and_goes_on(visit):
    letter = make_letter("dropped")
    make_signature(letter, name="Was here before")
    page = visit(forgive=["ERR_INTERNET_DISCONNECTED"])
    open_wall(page, "dropped")
    page.context.set_offline(True)
    let_pass(page, 20)
    page.locator(".away", has_text="No connection").wait_for()
    assert page.locator(".newest", has_text="Was here before").is_visible()
    arrive(page, letter, "Came meanwhile")
    page.context.set_offline(False)
    let_pass(page, 60)
    assert page.locator(".away").inner_text() == ""
    assert welcomed(page) == ["Came meanwhile"]


def test_when_the_letter_closes_the_wall_says_thank_you(visit):
    letter = make_letter("ends")
    make_signature(letter)
    page = visit()
    open_wall(page, "ends")
    assert page.locator(".qr").is_visible()
    close_letter(letter, by=make_staff(), at=timezone.now() + timedelta(seconds=1))
    page.wait_for_timeout(1_500)
    let_pass(page, 20)
    page.locator(".sign", has_text="Signing has ended").wait_for()
    assert page.locator(".qr").count() == 0
    assert page.locator(".newest li").count() == 1


def test_it_is_kept_awake_hides_the_cursor_and_offers_the_whole_screen(visit):
    make_letter("awake")
    page = visit()
    page.add_init_script("""
        window.asked = [];
        Object.defineProperty(navigator, "wakeLock", {value: {request: async (what) => asked.push(what)}});
    """)
    open_wall(page, "awake")
    assert page.evaluate("asked") == ["screen"]
    assert page.locator("button.full").is_visible()
    page.clock.run_for(5_000)
    assert page.evaluate("getComputedStyle(document.body).cursor") == "none"
    page.mouse.move(10, 10)
    assert page.evaluate("getComputedStyle(document.body).cursor") != "none"


@pytest.mark.parametrize(("motion", "name"), [("reduce", "none"), ("no-preference", "arrive")])
def test_nothing_moves_for_who_wants_no_motion(visit, motion, name):
    letter = make_letter(f"still-{motion}")
    page = visit(reduced_motion=motion)
    open_wall(page, letter.slug)
    arrive(page, letter, "Night Ferry")
    page.clock.run_for(15_000)
    page.locator(".welcome p").wait_for()
    assert page.evaluate("getComputedStyle(document.querySelector('.welcome p')).animationName") == name


@pytest.mark.parametrize("prefix", ["", "/ar"])
@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_everything_fits_on_the_screen_of_a_room_and_of_a_phone(visit, width, height, prefix):
    slug = f"fits-{width}-{prefix.strip('/')}".strip("-")
    letter = make_letter(slug, languages=("en", "ar"), goal=200)
    for number in range(60):
        make_signature(letter, name=f"{LONGEST} {number}")
    page = visit(viewport={"width": width, "height": height}, reduced_motion="reduce")
    open_wall(page, slug, prefix=prefix)
    arrive(page, letter, LONGEST, "مطبخ الميناء", "W" * 255)
    for name in (LONGEST[:20], "مطبخ", "WWW"):
        wait_for(lambda name=name: let_pass(page, 1) or page.locator(".welcome", has_text=name).count())
        box = page.locator(".welcome").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
        inside = page.locator(".welcome bdi").first.bounding_box()
        assert inside["y"] + inside["height"] <= box["y"] + box["height"] + 1
        assert page.locator(".welcome bdi").first.get_attribute("dir") == "auto"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for part in (".count", "progress", ".qr", ".address"):
        box = page.locator(part).first.bounding_box()
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= width, part
        if width > 800:
            assert box["y"] + box["height"] <= height, part


def test_without_script_it_comes_anew_with_new_names(visit):
    letter = make_letter("plain-wall")
    page = visit(java_script_enabled=False)
    page.goto("/letters/plain-wall/wall/")
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "30"
    arrive(page, letter, "Night Ferry")
    page.reload()
    assert page.locator(".newest", has_text="Night Ferry").is_visible()
