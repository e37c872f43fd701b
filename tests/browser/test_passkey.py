"""The way to the desk in a real browser with a virtual authenticator, and without script."""

import pytest

from tests.browser.conftest import PATIENCE, Watch, follow
from tests.factories import code_of, make_staff

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
DESK = "/admin/"


@pytest.fixture
def open_page(chromium, site):
    """Opens the site by a name: for a bare number a passkey is of no use."""
    url = site.url.replace("127.0.0.1", "localhost")
    opened = []

    def open_page(**options):
        context = chromium.new_context(base_url=url, **options)
        context.set_default_timeout(PATIENCE * 1000)
        opened.append((context, Watch(context, url)))
        return context.new_page()

    yield open_page
    for context, _watch in opened:
        context.close()
    complaints = [line for _context, watch in opened for line in watch.complaints()]
    assert not complaints, "\n".join(complaints)


def hold_phone(page, **options):
    """Put a phone beside the browser whose owner always agrees; return how to take its passkeys away."""
    phone = page.context.new_cdp_session(page)
    phone.send("WebAuthn.enable")
    kind = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **options,
    }
    added = phone.send("WebAuthn.addVirtualAuthenticator", {"options": kind})
    return lambda: phone.send("WebAuthn.clearCredentials", added)


def type_password(page, name):
    page.goto("/admin/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    follow(page.locator("[type=submit]").first)


def log_out(page):
    page.locator("#logout-form button").click()
    page.wait_for_url("**/admin/account/login/")


def test_a_passkey_from_the_first_day_to_the_day_it_is_lost(open_page):
    make_staff("keyholder", email="")
    page = open_page()
    lose_passkeys = hold_phone(page)

    type_password(page, "keyholder")
    page.wait_for_url("**/admin/account/")
    page.get_by_role("link", name="Use a passkey").click()
    page.fill("[name=name]", "My phone")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url("**/admin/account/recovery-codes/")
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="To the desk").click()
    page.wait_for_url(f"**{DESK}")
    log_out(page)

    type_password(page, "keyholder")
    page.wait_for_url("**/admin/account/login/code/")
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url(f"**{DESK}")
    log_out(page)

    page.get_by_role("button", name="Come in with a passkey alone").click()
    page.wait_for_url(f"**{DESK}")
    page.goto("/admin/account/")
    assert page.get_by_text("My phone").count() == 1
    page.goto(DESK)
    log_out(page)

    lose_passkeys()
    type_password(page, "keyholder")
    page.get_by_role("button", name="Use your passkey").click()
    page.get_by_text("That did not work").wait_for()
    page.fill("[name=code]", codes[0])
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"**{DESK}")


def test_a_simple_security_key_comes_after_the_password(open_page):
    """It has no PIN and keeps no passkey: it is a second factor, and not more."""
    make_staff("simple", email="")
    page = open_page()
    hold_phone(
        page,
        protocol="u2f",
        transport="usb",
        hasResidentKey=False,
        hasUserVerification=False,
        isUserVerified=False,
    )
    type_password(page, "simple")
    page.get_by_role("link", name="Use a passkey").click()
    page.uncheck("[name=passwordless]")
    page.press("[name=name]", "Enter")
    page.wait_for_url("**/admin/account/recovery-codes/")
    page.goto(DESK)
    log_out(page)
    type_password(page, "simple")
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url(f"**{DESK}")


def test_an_app_needs_no_script_and_no_passkey_is_offered_without(open_page):
    make_staff("plain", email="")
    page = open_page(java_script_enabled=False)
    type_password(page, "plain")
    assert page.get_by_role("button", name="passkey").count() == 0
    follow(page.get_by_role("link", name="Use a passkey"))
    assert page.get_by_text("needs JavaScript").is_visible()
    assert not page.locator("#add_passkey").is_visible()
    page.get_by_role("link", name="Use an app").click()
    assert page.locator("svg.qr").bounding_box()["width"] > 100
    key = page.locator("code.key").inner_text().replace(" ", "")
    page.fill("[name=code]", code_of(key))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="To the desk").click()
    log_out(page)
    type_password(page, "plain")
    page.fill("[name=code]", code_of(key, steps=1))
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"**{DESK}")


def test_at_an_address_of_numbers_the_page_says_why_there_is_no_passkey(site, visit):
    make_staff("numbers", email="")
    page = visit()
    type_password(page, "numbers")
    page.goto("/admin/account/passkeys/add/")
    assert page.get_by_text("http://localhost").is_visible()
    assert not page.locator("#add_passkey").is_visible()
