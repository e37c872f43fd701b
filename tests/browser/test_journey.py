"""The main job in a browser that runs no script, in both directions of writing."""

import pytest

from signatories.models import Signature
from tests.browser.conftest import follow, wait_for
from tests.factories import make_letter, make_staff

pytestmark = pytest.mark.browser

NAME = "Blue Kettle Women's Circle"
ADDRESS = "amina@kettle.example"


@pytest.mark.parametrize(("prefix", "direction"), [("", "ltr"), ("/ar", "rtl")])
def test_a_signature_comes_and_goes_without_javascript(
    site, visit, worker, mailbox, log_in, prefix, direction
):
    letter = f"{prefix}/letters/plain-{direction}/"
    make_letter(f"plain-{direction}", languages=("en", "ar"))
    alice = make_staff()
    page = visit(java_script_enabled=False)
    page.goto(letter)
    assert page.locator("html").get_attribute("dir") == direction

    _sign(page, letter)
    link = wait_for(lambda: mailbox.to(ADDRESS) and mailbox.link_to(ADDRESS))
    assert link.startswith(f"{prefix}/s/")
    _confirm(page, link)
    wait_for(lambda: len(mailbox.to(ADDRESS)) == 2)

    _approve(log_in(alice, java_script_enabled=False))
    wait_for(lambda: page.goto(letter) and _names(page) == [NAME])
    assert page.locator("#wall .count b").count() == 2

    own_page = mailbox.link_to(ADDRESS)
    _hide(page, own_page)
    wait_for(lambda: page.goto(letter) and not _names(page))
    assert NAME not in page.content()
    assert page.locator("#wall .count b").count() == 1

    _withdraw(page, own_page)
    wait_for(lambda: page.goto(letter) and not page.locator("#wall .count b").count())
    assert Signature.objects.get().status == "withdrawn"
    assert page.context.cookies() == []


def _names(page):
    return page.locator(".names bdi").all_inner_texts()


def _send(page):
    follow(page.locator("main form button").last)


def _sign(page, letter):
    """Sign with two mistakes first: nothing that was typed is lost."""
    follow(page.locator(".call .button"))
    assert page.url.endswith(f"{letter}sign/")
    page.fill("[name=organisation]", NAME)
    page.select_option("[name=country]", "KE")
    page.fill("[name=contact_name]", "أمينة يوسف")
    page.fill("[name=contact_email]", "amina")
    page.check("[name=visibility][value=public]")
    page.check("[name=consent]")
    _send(page)
    assert page.locator(".problem a").count() == 2
    assert page.locator("[aria-invalid=true]").count() >= 2
    assert page.input_value("[name=organisation]") == NAME
    assert page.input_value("[name=country]") == "KE"
    assert page.input_value("[name=contact_name]") == "أمينة يوسف"
    assert page.input_value("[name=contact_email]") == "amina"
    assert page.is_checked("[name=visibility][value=public]")
    assert page.is_checked("[name=consent]")
    assert not Signature.objects.exists()
    page.check("[name=kind][value=refugee_led]")
    page.fill("[name=contact_email]", ADDRESS)
    _send(page)
    assert page.url.endswith(f"{letter}sign/sent/")


def _confirm(page, link):
    """Confirm, at first without having chosen who may see the name."""
    page.goto(link)
    assert Signature.objects.get().status == "unconfirmed"
    assert not page.locator("[name=visibility]:checked").count()
    _send(page)
    assert page.locator(".problem").is_visible()
    assert Signature.objects.get().status == "unconfirmed"
    page.check("[name=visibility][value=public]")
    _send(page)
    assert Signature.objects.get().status == "awaiting_moderation"


def _approve(desk):
    follow(desk.locator("a.start"))
    assert NAME in desk.locator("h1.case-name").inner_text()
    follow(desk.locator("button.approve"))
    assert NAME in desk.locator("[data-said], .messagelist").first.inner_text()
    assert Signature.objects.get().status == "published"


def _hide(page, own_page):
    page.goto(own_page)
    page.check("[name=visibility][value=counted_only]")
    follow(page.locator("form:has([name=visibility]) button"))
    assert page.locator(".done").is_visible()


def _withdraw(page, own_page):
    page.goto(own_page)
    page.locator(".leaving summary").first.click()
    page.check("#sure-withdraw")
    follow(page.locator("button[value=withdraw]"))
    assert page.locator(".done").is_visible()
