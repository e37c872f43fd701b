"""Pages hold whatever names are put into them, serve the keyboard and the thumb, and print."""

import pytest
from django.utils import timezone

from signatories import tokens
from signatories.models import Purpose
from tests.browser.conftest import follow
from tests.factories import make_figure, make_host, make_letter, make_proposal, make_signature

pytestmark = pytest.mark.browser

# As long as names may be, in scripts that offer no place to break the line.
LONGEST = ["W" * 255, "ก" * 255, "မြန်မာ" * 40, "م" * 255, "Wandering " * 25]
LANGUAGES = pytest.mark.parametrize(("prefix", "language"), [("", "en"), ("/ar", "ar")])


@LANGUAGES
def test_nothing_is_wider_than_the_narrowest_phone(visit, prefix, language):
    letter, addresses = _pages_with(LONGEST, f"narrow-{language}", prefix)
    page = visit(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    wide = []
    for address in addresses:
        page.goto(address)
        wide += [f"{address}: {one}" for one in page.evaluate(TOO_WIDE)]
    page.goto(f"{prefix}/letters/{letter.slug}/sign/")
    page.fill("[name=organisation]", LONGEST[0])
    page.fill("[name=website]", "https://" + "w" * 280)
    follow(page.locator("main form button"))
    wide += [f"form: {one}" for one in page.evaluate(TOO_WIDE)]
    assert not wide, "\n".join(wide)


@LANGUAGES
def test_a_name_of_the_other_direction_moves_nothing_beside_it(visit, prefix, language):
    mixed = ["مطبخ الميناء (شقو)", "Blue Kettle (BK) 24/7", "תשעה חלונות לדרום", "«Сорока» 7", "7 ፋኑስ!"]
    _, addresses = _pages_with(mixed, f"mixed-{language}", prefix)
    page = visit(viewport={"width": 1280, "height": 800})
    moved = []
    for address in addresses:
        page.goto(address)
        moved += [f"{address}: {one}" for one in page.evaluate(OUT_OF_ORDER)]
    assert not moved, "\n".join(moved)


def test_the_keyboard_skips_to_the_text_and_to_the_names(visit):
    make_signature(make_letter("skips"))
    page = visit()
    for presses, target in ((1, "main"), (2, "wall")):
        page.goto("/letters/skips/")
        for _ in range(presses):
            page.keyboard.press("Tab")
        link = page.locator(":focus")
        assert link.get_attribute("href") == f"#{target}"
        assert link.bounding_box()["y"] >= 0
        page.keyboard.press("Enter")
        page.locator(f"#{target}:focus").wait_for()


@LANGUAGES
def test_the_form_is_filled_in_and_sent_by_keyboard_alone(visit, prefix, language):
    make_letter(f"keys-{language}", languages=("en", "ar"))
    page = visit()
    page.goto(f"{prefix}/letters/keys-{language}/sign/")
    stops = _tab_through(page)
    assert [name for name, _, _ in stops if name] == [
        "organisation",
        "organisation_latin",
        "country",
        "kind",
        "website",
        "contact_name",
        "contact_role",
        "contact_email",
        "contact_phone",
        "visibility",
        "consent",
        "keep",
    ]
    tops = [top for name, top, _ in stops if name]
    assert tops == sorted(tops)
    assert all(outline.startswith("solid") for _, _, outline in stops), stops
    assert page.evaluate("document.activeElement.matches('main form button')")
    page.keyboard.press("Enter")
    page.locator(".problem:focus").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("[name=organisation]:focus").wait_for()
    _fill_in_by_keyboard(page)
    page.wait_for_url("**/sign/sent/*")


@LANGUAGES
def test_everything_to_touch_is_large_enough_for_a_thumb(visit, prefix, language):
    letter, addresses = _pages_with(["Blue Kettle", "مطبخ الميناء"], f"thumb-{language}", prefix)
    page = visit(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    small = []
    for address in [*addresses, f"{prefix}/letters/{letter.slug}/sign/"]:
        page.goto(address)
        small += [f"{address}: {one}" for one in page.evaluate(TOO_SMALL)]
    assert not small, "\n".join(small)


@pytest.mark.parametrize(("motion", "animation"), [("no-preference", "fresh"), ("reduce", "none")])
def test_a_fresh_name_fades_only_where_motion_is_welcome(visit, motion, animation):
    slug = f"motion-{motion}"
    make_signature(make_letter(slug))
    page = visit(reduced_motion=motion)
    page.goto(f"/letters/{slug}/")
    name = page.locator(".names li")
    name.evaluate("item => item.classList.add('fresh')")
    assert name.evaluate("item => getComputedStyle(item).animationName") == animation


def test_paper_shows_text_and_names_in_black_and_nothing_to_press(visit):
    letter = make_letter("paper", closes_at=timezone.now() + timezone.timedelta(days=9))
    for number in range(6):
        letter.recipients.create(office=f"Mission {number}")
    make_signature(letter)
    page = visit(color_scheme="dark")
    page.goto("/letters/paper/")
    page.emulate_media(media="print")
    for shown in ("h1", ".prose", ".recipients li >> nth=6", ".names li", "#wall .count"):
        assert page.locator(shown).first.is_visible(), shown
    for hidden in (".site", ".call", ".sign-off", ".button", ".skip"):
        assert not any(one.is_visible() for one in page.locator(hidden).all()), hidden
    ink = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert ink == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    page.goto("/letters/paper/sign/")
    assert not page.locator("main form").is_visible()


def _pages_with(names, slug, prefix):
    """Put the names wherever a name can stand; return the letter and the addresses of its pages."""
    host = make_host(f"host-{slug}", name=names[0])
    if not host.texts.exists():
        host.texts.create(language="en", stands_for=f"We are {names[3 % len(names)]}.")
        host.links.create(label=names[1][:80], url="https://harbour.example/" + "a" * 150)
    closes_at = timezone.now() + timezone.timedelta(days=9)
    make_letter(f"{slug}-before", phase="closed", host=host, title=names[1])
    letter = make_letter(slug, host=host, languages=("en", "ar"), title=names[0][:200], closes_at=closes_at)
    letter.recipients.create(office=names[1], mission=names[-1], country="JO")
    make_figure(letter, number=names[0][:40], label=names[1][:120], source=names[-1][:120])
    for name in names:
        make_signature(letter, name=name, country="JO", is_network=True)
        make_signature(letter, name=f"{name[:250]} b", latin=names[0], country="CD")
    unconfirmed = make_signature(letter, name=names[0], status="unconfirmed")
    confirmed = make_signature(letter, name=names[1], latin=names[0], status="awaiting_moderation")
    own = make_signature(letter, name=names[2 % len(names)], website="https://www.example/" + "a" * 270)
    make_proposal(own, name=names[0], latin=names[-1])
    return letter, [
        f"{prefix}/",
        f"{prefix}/hosts/{host.slug}/",
        f"{prefix}/letters/{slug}/",
        f"{prefix}/letters/{slug}/signatories/",
        f"{prefix}/letters/{slug}/sign/sent/",
        f"{prefix}/s/{tokens.mint(unconfirmed, Purpose.CONFIRM).value}/confirm/",
        f"{prefix}/s/{tokens.mint(confirmed, Purpose.CONFIRM).value}/confirm/",
        f"{prefix}/s/{tokens.mint(own, Purpose.OWN_PAGE).value}/",
        f"{prefix}/nothing/here/",
    ]


def _tab_through(page):
    """Press Tab until the form's button has the focus; return (field name, top, outline) of each stop."""
    stops = []
    while not page.evaluate("document.activeElement.matches('main form button')"):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
        assert len(stops) < 40
    return [tuple(stop) for stop in stops]


def _fill_in_by_keyboard(page):
    """Start in the first field, go on with Tab, choose with arrows and blanks, send with Enter."""
    tab, kinds = (
        "Tab",
        {"organisation": "Blue Kettle", "contact_name": "Amina", "contact_email": "a@kettle.example"},
    )
    for _ in range(20):
        name = page.evaluate("document.activeElement.name")
        if name in kinds:
            page.keyboard.type(kinds[name])
        elif name == "country":
            page.keyboard.press("ArrowDown")
        elif name in ("kind", "visibility", "consent"):
            page.keyboard.press("Space")
        elif page.evaluate("document.activeElement.matches('main form button')"):
            break
        page.keyboard.press(tab)
    page.keyboard.press("Enter")


TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth;
    const clipped = element => element.closest(".unseen, .trap, .skip, .alone legend");
    const wide = [...document.querySelectorAll("body *")].filter(element => {
        const box = element.getBoundingClientRect();
        return box.width && !clipped(element) && (box.right > width + 1 || box.left < -1);
    });
    const scrolls = document.documentElement.scrollWidth > width || document.body.scrollWidth > width;
    return wide.map(element => element.outerHTML.slice(0, 90)).concat(scrolls ? ["it scrolls"] : []);
}"""

# Neighbouring pieces of text in one line must stand in the order of their block's direction.
OUT_OF_ORDER = """() => {
    const block = node => {
        let element = node.parentElement;
        while (getComputedStyle(element).display.startsWith("inline")) element = element.parentElement;
        return element;
    };
    const boxes = node => {
        const range = document.createRange();
        range.selectNodeContents(node);
        return [...range.getClientRects()].filter(box => box.width > 0);
    };
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const found = [];
    let last;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!node.data.trim() || !boxes(node).length) continue;
        if (last && block(last) === block(node)) {
            const line = boxes(node)[0];
            const same = box => Math.abs(box.top + box.height / 2 - line.top - line.height / 2) < 6;
            const before = boxes(last).filter(same);
            const after = boxes(node).filter(same);
            const isBefore = getComputedStyle(block(node)).direction === "ltr"
                ? (one, other) => one.right <= other.left + 1
                : (one, other) => one.left >= other.right - 1;
            if (!before.every(one => after.every(other => isBefore(one, other)))) {
                found.push(`${last.data.trim()} | ${node.data.trim()}`);
            }
        }
        last = node;
    }
    return found;
}"""

# Links within a sentence are as high as its lines; everything else has room.
TOO_SMALL = """() => {
    const touched = "button, select, summary, .button, nav a, .mark, .cards a, .letterhead a, .tick label,"
        + " .field div label, input:not([type=hidden], [type=radio], [type=checkbox])";
    return [...document.querySelectorAll(touched)].filter(element => {
        const box = element.getBoundingClientRect();
        return box.width && !element.closest(".trap") && (box.width < 24 || box.height < 24);
    }).map(element => {
        const box = element.getBoundingClientRect();
        return `${Math.round(box.width)} x ${Math.round(box.height)}: ${element.outerHTML.slice(0, 90)}`;
    });
}"""

FOCUSED = """() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return [element.name || "", box.top + scrollY, `${style.outlineStyle} ${style.outlineWidth}`];
}"""
