"""Whatever is written as Markdown becomes harmless HTML, with the list's own numbers in it and nowhere else."""

import time
from html.parser import HTMLParser

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from letters import texts

ALLOWED = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "h2", "h3", "h4", "hr"}

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<object data=data:text/html,<script>alert(1)</script>></object>",
    "<embed src=javascript:alert(1)>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>*{display:none}</style>",
    "<form action=https://evil.example><input name=contact_email></form>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<p onclick=alert(1)>x</p>",
    "<a href='javascript:alert(1)'>x</a>",
    '<a href="https://ok.example" onmouseover=alert(1) target=_blank>x</a>',
    "<b id=wall class=new>x</b>",
    "<!-- --><script>alert(1)</script><!-- -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src='x' srcset='https://evil.example/x.png'>",
    "<video src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/png;base64,iVBORw0KGgo=)",
    "[x](intent://evil.example#Intent;end)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](http://evil.example)",
    "[x](ftp://evil.example)",
    '[x](https://ok.example "onmouseover=alert(1)")',
    '[x](https://ok.example" onmouseover="alert(1))',
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "![x](https://evil.example/pixel.png)",
    "![x](javascript:alert(1))",
    "![x][y]\n\n[y]: https://evil.example/pixel.png",
    "```html\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    "`<script>alert(1)</script>`",
    "| a | b |\n|---|---|\n| <script>alert(1)</script> | x |",
    "# <script>alert(1)</script>",
    "> <script>alert(1)</script>",
    "* <script>alert(1)</script>",
    "{organisations}<script>alert({countries})</script>",
    "[{organisations}](javascript:alert({countries}))",
    "\u202e<script>alert(1)</script>",
    "<\u0000script>alert(1)</script>",
]


class Found(HTMLParser):
    """The tags and attributes of a piece of HTML, as a browser would see them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]

    def handle_data(self, data):
        self.text += data


def assert_harmless(html):
    found = Found(html)
    assert set(found.tags) <= ALLOWED
    for tag, name, value in found.attributes:
        assert (tag, name) in {("a", "href"), ("a", "rel"), ("ol", "start")}
        if name == "href":
            assert value.startswith(("https://", "mailto:"))
        if name == "start":
            assert value.isdigit()


def render(text, organisations=1204, countries=41, language="en"):
    return texts.render(text, organisations=organisations, countries=countries, language=language)


@pytest.mark.parametrize("payload", HOSTILE)
def test_what_tries_something_becomes_harmless(payload):
    for html in (render(payload), texts.markdown(payload), render(f"Before.\n\n{payload}\n\nAfter.")):
        assert_harmless(html)


def test_the_corpus_is_worth_its_name():
    assert len(set(HOSTILE)) >= 40


@given(st.text(alphabet="<>\"'&;:#[]()!`*_-\n\t /\\={}javscriptonhefmg123é\u202e", max_size=80))
@settings(max_examples=150, deadline=None)
def test_no_text_at_all_becomes_harmful(text):
    assert_harmless(render(text))


@pytest.mark.parametrize(
    "deep", ["> " * 3000 + "x", "* " * 3000 + "x", "[" * 5000, "*" * 20_000, "<" * 20_000]
)
def test_a_text_that_nests_deeply_is_rendered_soon(deep):
    started = time.monotonic()
    assert_harmless(render(deep))
    assert time.monotonic() - started < 20  # seconds, on any machine; it takes a tenth of one


def test_what_letters_are_made_of_is_kept():
    html = render(
        "## Why\n\nWe *ask* and **ask**.\n\n3. Stay\n4. Open\n\n* one\n\n> A voice\n\n---\n\n"
        "[Read](https://ok.example/a?b=c&d=e) or [write](mailto:us@ok.example)."
    )
    assert set(Found(html).tags) == {"h2", "p", "em", "strong", "ol", "li", "ul", "blockquote", "hr", "a"}
    assert '<ol start="3">' in html
    assert 'href="https://ok.example/a?b=c&amp;d=e"' in html
    assert 'rel="nofollow noopener noreferrer"' in html
    assert "mailto:us@ok.example" in html


@pytest.mark.parametrize("name", ["اللاجئون", "ተስፋ", "Łódź & Gdańsk", "မြန်မာ", 'O\'Neill "the" <third>'])
def test_words_of_every_script_are_kept(name):
    assert Found(render(name)).text.strip() == name


# --- numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "shown"), [("en", "1,204"), ("fr", "1\xa0204")])
def test_numbers_are_written_as_the_texts_language_writes_them(language, shown):
    assert Found(render("{organisations}", language=language)).text.strip() == shown


@pytest.mark.parametrize("language", ["en", "fr", "sw", "ar", "my", "am"])
def test_a_number_is_the_same_number_in_every_language(language):
    written = Found(render("{organisations}", language=language)).text
    assert int("".join(letter for letter in written if letter.isdigit())) == 1204


def test_a_placeholder_becomes_the_number_wherever_words_stand():
    html = render("We, **{organisations}** from {countries}:\n\n* {organisations}\n\n## {countries}")
    assert Found(html).text.split() == ["We,", "1,204", "from", "41:", "1,204", "41"]


def test_a_placeholder_never_changes_an_address():
    html = render('[{organisations}](https://ok.example/{organisations}?n={countries} "{countries}")')
    for _, _, value in Found(html).attributes:
        assert "1,204" not in value
        assert "41" not in value
    assert Found(html).text.strip() == "1,204"


def test_a_number_at_the_start_of_a_line_begins_no_list():
    html = render("{countries}. That many.")
    assert Found(html).tags == ["p"]
    assert Found(html).text.strip() == "41. That many."


@pytest.mark.parametrize(
    "text", ["{names}", "{organisations!r}", "{0}", "{organisations.real}", "{}", "{ countries }"]
)
def test_other_braces_stay_as_they_are(text):
    assert Found(render(text)).text.strip() == text


def test_the_language_of_the_page_is_untouched():
    with translation.override("ar"):
        render("{organisations}", language="fr")
        assert translation.get_language() == "ar"


def test_a_host_page_shows_markdown_without_numbers():
    assert Found(texts.markdown("We *carry* {organisations}.")).text.strip() == "We carry {organisations}."
