"""In a real browser: another site's page shows the list in a frame, and no other page of ours."""

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from signatories import moderation
from tests.browser.conftest import follow, let_be_seen, wait_for
from tests.factories import make_letter, make_signature, make_staff

pytestmark = pytest.mark.browser

NAME = "Lantern Street"


class _Elsewhere(BaseHTTPRequestHandler):
    """A page of another site that holds whatever frame it is told to."""

    def __init__(self, frames, *args):
        self.frames = frames
        super().__init__(*args)

    def do_GET(self):
        code = self.frames.get(self.path, "").encode()
        page = (
            b'<!doctype html><html lang="en"><title>Elsewhere</title><body><main>'
            + code
            + b"</main></body></html>"
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_said):
        pass


@pytest.fixture
def elsewhere():
    """Another site: {path: what its page holds}, and where it is."""
    frames = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Elsewhere, frames))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield frames, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(elsewhere, visit):  # in this order pages are closed before the other site is
    return visit


def _open(visit, elsewhere, code, *, forgive=(), **options):
    frames, site = elsewhere
    frames["/page"] = code
    page = visit(forgive=(f"asked somebody else: {site}", "favicon.ico", *forgive), **options)
    page.goto(f"{site}/page")
    return page, page.frame_locator("iframe")


def test_another_site_shows_the_list_by_the_code_we_give_it(visit, elsewhere):
    letter = make_letter("embedded")
    make_signature(letter, name="Harbour Kitchen")
    codes = visit()
    codes.goto("/letters/embedded/embed/code/?names=5&theme=dark")
    preview = codes.frame_locator("iframe")
    preview.locator(".names li", has_text="Harbour Kitchen").wait_for()
    code = codes.locator("#frame").input_value()
    page, frame = _open(visit, elsewhere, code, viewport={"width": 360, "height": 640})
    frame.locator(".names li", has_text="Harbour Kitchen").wait_for()
    assert frame.locator(".count").inner_text() == "1 organisation from 1 country"
    assert frame.locator("html").evaluate("html => getComputedStyle(html).colorScheme") == "dark"
    assert frame.locator("html").evaluate("() => document.referrer") == ""
    assert page.context.cookies() == []
    with page.context.expect_page() as opened:
        frame.locator(".button").click()
    opened.value.wait_for_url("**/letters/embedded/sign/")
    assert opened.value.evaluate("() => window.opener") is None


@pytest.mark.parametrize("path", ["", "signatories/", "sign/", "news/", "embed/code/"])
def test_no_other_page_of_ours_stands_in_a_frame(site, visit, elsewhere, path):
    slug = f"framed-{path.replace('/', '-')}".strip("-")
    make_letter(slug)
    code = f'<iframe src="{site.url}/letters/{slug}/{path}"></iframe>'
    refused = ("frame-ancestors", "X-Frame-Options", "chrome-error")
    page, frame = _open(visit, elsewhere, code, forgive=refused)
    wait_for(lambda: page.wait_for_timeout(50) or page.frames[-1].url.startswith("chrome-error:"))
    assert "Keep the door open" not in frame.locator("html").inner_text()


def test_a_name_arrives_in_an_open_frame_and_a_hidden_one_asks_nothing(site, visit, elsewhere):
    letter = make_letter("framed-live")
    make_signature(letter, name="Harbour Kitchen")
    coming = make_signature(letter, name=NAME, status="awaiting_moderation")
    frames, there = elsewhere
    frames["/page"] = f'<iframe src="{site.url}/letters/framed-live/embed/" height="400"></iframe>'
    page = visit(forgive=(f"asked somebody else: {there}", "favicon.ico"))
    asked = []
    page.on("request", lambda request: request.url.endswith("live.json") and asked.append(request.url))
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.goto(f"{there}/page")
    frame = page.frame_locator("iframe")
    frame.locator(".names li").wait_for()
    moderation.approve(coming, by=make_staff())
    let_be_seen(page)
    page.clock.run_for(15_000)
    frame.locator(".names li", has_text=NAME).wait_for()
    assert frame.locator(".count").inner_text().startswith("2 organisations")
    assert len(asked) == 1
    inner = page.frames[1]
    inner.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.clock.run_for(3_600_000)
    assert len(asked) == 1


@pytest.mark.parametrize("width", [280, 360])
def test_a_narrow_frame_is_not_wider_than_it_is(visit, width):
    letter = make_letter(f"narrow-{width}", title="Donaudampfschifffahrtsgesellschaftskapitänsmütze for all")
    make_signature(letter, name="Internationaldisplacementsolidarityassociationofeverywhere")
    page = visit(viewport={"width": width, "height": 480})
    page.goto(f"/letters/{letter.slug}/embed/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"/ar/letters/{letter.slug}/embed/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_frame_works_without_script(visit):
    make_signature(make_letter("no-script"), name="Harbour Kitchen")
    page = visit(java_script_enabled=False)
    page.goto("/letters/no-script/embed/")
    assert page.locator(".names li").inner_text().startswith("Harbour Kitchen")
    page.goto("/letters/no-script/embed/code/")
    page.select_option("#theme", "dark")
    follow(page.locator(".look button"))
    assert page.url.endswith("/letters/no-script/embed/code/?theme=dark")
    assert "?theme=dark" in page.locator("#frame").input_value()
