"""A text as a tree for documents: the words of the page, its links that lead somewhere safe, and nothing else."""

import re
from html import unescape

import pytest
from django.utils.html import strip_tags
from hypothesis import given
from hypothesis import strategies as st

from letters import texts
from letters.prose import tree

NUMBERS = {"organisations": 1234, "countries": 7}

LETTER = """# We ask

Dear *all*, **{organisations} organisations** from {countries} countries
ask [for this](https://example.org/a).

### Soon

1. Stay
2. open
   - inside

> Quoted

---
"""


def words_of(nodes):
    for node in nodes:
        if isinstance(node, str):
            yield node
        elif isinstance(node, list):
            yield from words_of(node)
        else:
            yield from words_of(node.get("inside", []) + node.get("items", []))


def headings_of(nodes):
    for node in nodes:
        if isinstance(node, dict):
            if node["kind"] == "heading":
                yield node["level"]
            yield from headings_of(node.get("inside", []))
            for item in node.get("items", []):
                yield from headings_of(item)


def test_a_letter_becomes_a_tree_of_plain_data():
    blocks = tree(LETTER, **NUMBERS)
    assert [block["kind"] for block in blocks] == [
        "heading",
        "paragraph",
        "heading",
        "numbers",
        "quote",
        "rule",
    ]
    assert blocks[1]["inside"] == [
        "Dear ",
        {"kind": "emphasis", "inside": ["all"]},
        ", ",
        {"kind": "strong", "inside": ["1,234 organisations"]},
        " from 7 countries",
        " ",
        "ask ",
        {"kind": "link", "to": "https://example.org/a", "inside": ["for this"]},
        ".",
    ]
    assert blocks[3]["start"] == 1
    assert len(blocks[3]["items"]) == 2


def test_headings_go_down_step_by_step_below_the_title():
    assert list(headings_of(tree(LETTER, **NUMBERS))) == [2, 3]
    assert list(headings_of(tree("#### Deep\n\n> ##### Deeper\n\n- ###### Deepest", **NUMBERS))) == [2, 3, 4]


@pytest.mark.parametrize(
    "text",
    [
        "[click](javascript:alert(1))",
        "[click](//evil.example)",
        "[click](data:text/html,x)",
        "[click](/letters/)",
        "[click](http://example.org)",
        "![click](https://example.org/pixel.png)",
        "[](https://example.org)",
        "<https://example.org/%0a",
    ],
)
def test_no_link_leads_where_the_pages_would_not(text):
    assert "link" not in str(tree(text, **NUMBERS))


@pytest.mark.parametrize(
    "text", ["", "#", "> ", "![alone](https://example.org/a.png)", "[](https://example.org)"]
)
def test_what_says_nothing_is_nothing(text):
    assert tree(text, **NUMBERS) == []


@given(st.text(alphabet="ab *_#>-1.\n[](){}!`<&\\~=+ع", max_size=60))
def test_a_document_says_what_the_page_says(text):
    page = strip_tags(texts.render(text, **NUMBERS))
    document = "".join(words_of(tree(text, **NUMBERS)))
    assert _letters(document) == _letters(unescape(page))


def _letters(words):
    return re.sub(r"\s+", "", words)
