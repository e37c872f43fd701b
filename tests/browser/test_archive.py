"""The letter as one page, saved and opened from a disk without the internet."""

import pytest

from tests.factories import make_figure, make_letter, make_signature

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_saved_letter_opens_offline_and_asks_for_nothing(site, visit, chromium, tmp_path, language, scheme):
    letter = make_letter(f"saved-{language}-{scheme}", languages=("en", "ar"))
    make_figure(letter)
    make_signature(letter, name="مطبخ الميناء", latin="Matbakh al-Mina", country="JO")
    make_signature(letter, name="Blue Kettle")
    prefix = "" if language == "en" else f"/{language}"
    page = visit()
    page.goto(f"{prefix}/letters/{letter.slug}/archive/")
    with page.expect_download() as downloading:
        page.locator("a[href$='letter.html']").click()
    file = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(file)
    assert file.name == f"{letter.slug}-{language}.html"

    context = chromium.new_context(
        offline=True, color_scheme=scheme, viewport={"width": 360, "height": 700}, java_script_enabled=False
    )
    asked, said = [], []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda message: said.append(message.text))
    opened = context.new_page()
    opened.goto(file.as_uri())
    assert asked == [file.as_uri()]
    assert said == []
    assert opened.locator(".names li").count() == 2
    html = opened.locator("html")
    assert html.get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    paper = "rgb(255, 255, 255)" if scheme == "light" else "rgb(18, 21, 27)"
    assert opened.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == paper
    assert html.evaluate("html => html.scrollWidth <= html.clientWidth")
    context.close()
