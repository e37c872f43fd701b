"""Many at once in a real browser: its progress is seen without a reload, by keyboard, and axe finds nothing."""

import time

import pytest
from playwright.sync_api import expect

from signatories import invalidation
from signatories.models import Invalidation, Signature
from tests.browser.conftest import PATIENCE, follow
from tests.browser.test_accessibility import _Look
from tests.factories import make_letter, make_organisation, make_rule, make_signature, make_staff

pytestmark = pytest.mark.browser

LIST = "/admin/signatories/invalidation/"


@pytest.fixture
def half_way(transactional_db, monkeypatch):
    monkeypatch.setattr(invalidation, "BATCH", 2)
    alice, letter = make_staff(), make_letter("herded")
    for number in range(6):
        make_signature(letter, name=f"Crypto {number}", status="held")
    rule = make_rule(letter, name_pattern="crypto*")
    begun = invalidation.begin(rule, counted=6, by=alice)
    invalidation.work_on(begun.pk)
    return begun


def test_progress_is_seen_without_a_reload_and_the_keyboard_stays_where_it_is(log_in, half_way):
    page = log_in(half_way.by)
    page.goto(f"{LIST}{half_way.pk}/change/")
    expect(page.get_by_text("2 of 6 rejected")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("30% rejected")
    stop = page.get_by_role("button", name="Stop")
    stop.focus()
    page.evaluate("window.stayed = true")
    invalidation.work_on(half_way.pk)
    expect(page.get_by_text("4 of 6 rejected")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "4")
    expect(page.get_by_role("status")).to_have_text("60% rejected")
    expect(stop).to_be_focused()
    assert page.evaluate("window.stayed")

    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Stopped half-way")).to_be_visible()
    half_way.refresh_from_db()
    assert (half_way.status, half_way.done) == ("cancelled", 4)
    page.get_by_role("button", name="Go on").press("Enter")
    expect(page.get_by_role("heading", name="Running")).to_be_visible()
    for _ in range(2):  # the last batch finds that nothing is left
        invalidation.work_on(half_way.pk)
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def test_a_rule_is_typed_counted_begun_and_undone_without_script(log_in, worker):
    make_letter("herded")
    letter = make_letter("herded-too", time_zone="Asia/Beirut")
    for number in range(3):
        make_signature(letter, name=f"Crypto {number}", status="held")
    page = log_in(make_staff(), java_script_enabled=False)
    page.goto(f"{LIST}add/")
    page.get_by_label("Letter").select_option(label="herded-too (Asia/Beirut)")
    page.get_by_label("Name").fill("crypto*")
    page.get_by_label("Why").fill("A herd came")
    page.get_by_role("button", name="Count what it finds").click()
    expect(page.get_by_role("heading", name="It finds 3 signatures")).to_be_visible()
    for button, words in (("Reject these 3", "Done"), ("Undo", "Undone")):
        follow(page.get_by_role("button", name=button))
        until = time.monotonic() + PATIENCE
        while not page.get_by_role("heading", name=words, exact=True).count():
            assert time.monotonic() < until, "the worker did not do it in time"
            follow(page.get_by_role("link", name="Look again"))
    assert {one.status for one in Signature.objects.all()} == {"held"}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_axe_finds_nothing(log_in, half_way, language):
    letter = half_way.letter
    make_signature(letter, name="مطبخ الميناء", organisation=make_organisation(verification="verified"))
    for name in ("Yes", "Blue Kettle", "Night Ferry School", "مدرسة العبّارة الليلية"):
        make_signature(letter, name=name, status="awaiting_moderation")
    page = log_in(half_way.by, locale=language)
    look = _Look(page, "")
    look.at(LIST)
    look.at(f"{LIST}{half_way.pk}/change/")
    page.goto("about:blank")  # an open page would load itself anew when its work ends
    invalidation.work_on(half_way.pk)
    invalidation.stop(half_way, by=half_way.by)
    look.at(f"{LIST}{half_way.pk}/change/")
    look.at(f"{LIST}add/")
    page.evaluate("document.querySelector('form.fields').noValidate = true")
    follow(page.locator("form.fields button"))
    look("rule, nothing typed")
    page.select_option("[name=letter]", str(letter.pk))
    page.fill("[name=name_pattern]", "*م*")
    page.fill("[name=why]", "A herd came")
    follow(page.locator("form.fields button"))
    look("rule, counted")
    page.goto("/admin/signatories/signature/?queue=decision")
    for box in page.locator("[name=_selected_action]").all():
        box.check()
    page.select_option("[name=action]", "approve_many")
    follow(page.locator(".actions button"))
    assert page.url.endswith("/results/")
    look("results")
    assert page.locator(".doubt li").count() >= 1
    assert Invalidation.objects.count() == 1
    assert not look.found, "\n".join(look.found)
