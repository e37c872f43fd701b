"""Organisations at the desk in a real browser: by keyboard alone, on any screen, and with nothing for axe to find."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from signatories import merging
from signatories.models import Evidence, Merge
from tests.factories import (
    make_letter,
    make_organisation,
    make_proposal,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
)

pytestmark = pytest.mark.browser

LIST = "/admin/signatories/organisation/"
SCREENS = [(1280, 900), (390, 844), (320, 640)]


@pytest.fixture
def desk(log_in):
    """A desk with two organisations that are one, and all there can be about them."""

    def desk(slug, **options):
        alice = make_staff("alice")
        today = timezone.now().date()
        letter, other = make_letter(slug), make_letter(f"{slug}-water")
        kept = make_organisation(
            "Asylum-Seekers & Refugees Blue Kettle Solidarity Association for Peace and Human Rights (ARBK)",
            aliases=["The Kettle"],
            latin="Birika la Samawati",
            website="https://www.kettle.example/about-us/who-we-are",
            verification="verified",
            recheck_on=today + timedelta(days=30),
        )
        absorbed = make_organisation(
            "جمعية الغلاية الزرقاء", aliases=["Blue Kettle"], verification="doubtful"
        )
        absorbed.website = kept.website
        absorbed.save()
        mine = make_signature(letter, name=kept.name, organisation=kept)
        theirs = make_signature(letter, name=absorbed.name, organisation=absorbed, visibility="counted_only")
        make_proposal(theirs)
        make_signature(other, name=absorbed.name, organisation=absorbed)
        voucher = make_voucher(letter, name="Red Lantern")
        make_vouch(mine, voucher)
        make_vouch(voucher, mine)
        make_vouch(theirs, mine)
        Evidence.objects.create(
            organisation=kept,
            link="https://register.example/organisations/2026/0000000000000000000000001",
            words="They are in the register.\nWe met them in Nairobi.",
            by=alice,
        )
        old = make_organisation("Old Kettle")
        merging.merge(kept, old, by=alice)
        page = log_in(alice, **options)
        return page, kept, absorbed

    return desk


def addresses(kept, absorbed):
    return {
        "list": LIST,
        "organisation": f"{LIST}{kept.pk}/change/",
        "merged": f"{LIST}{Merge.objects.get().absorbed_id}/change/",
        "duplicates": f"{LIST}duplicates/",
        "merge": f"{LIST}{kept.pk}/merge/{absorbed.pk}/",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en", "ar"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(desk, locale, scheme):
    page, *two = desk(f"axe-{locale}-{scheme}", locale=locale, color_scheme=scheme)
    for name, address in addresses(*two).items():
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            page.goto(address)
            if name != "list":  # Django's table of a list scrolls by itself
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def test_two_are_merged_and_parted_by_keyboard_alone(desk):
    page, kept, absorbed = desk("keyboard")
    page.goto(f"{LIST}duplicates/")
    to(page, "Compare")
    enter(page)
    page.wait_for_url(f"**/merge/{absorbed.pk}/")
    to(page, "They are one: merge them")
    enter(page)
    page.wait_for_url(f"**{LIST}{kept.pk}/change/")
    assert Merge.objects.count() == 2
    to(page, "Undo that merge")
    enter(page)
    assert page.locator(".messagelist .success").count()
    assert Merge.objects.filter(undone_at=None).count() == 1


def test_an_organisation_is_verified_without_script_and_without_a_mouse(desk):
    page, _kept, absorbed = desk("plain", java_script_enabled=False)
    page.goto(f"{LIST}{absorbed.pk}/change/")
    page.get_by_label("Rejected").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.get_by_label("Note").fill("We called them.")
    page.get_by_role("button", name="Keep it").focus()
    enter(page)
    assert page.locator(".messagelist .success").count()
    absorbed.refresh_from_db()
    assert absorbed.verification == "verified"
    assert absorbed.evidence.get().words == "We called them."


def enter(page):
    """Press what has the focus, and wait for the page this leads to."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def to(page, label):
    """Press Tab until the link or button of that name has the focus, which must be seen."""
    for _ in range(120):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.innerText ?? ''")
        if focused.strip().startswith(label):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", label
            return
    raise AssertionError(f"Tab does not lead to {label}")
