"""What changed between two texts is found by the word, said in words, and never more than harmless HTML."""

import re
from itertools import chain

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from letters import differences
from tests.letters.test_texts import HOSTILE

NUMBERS = {"organisations": 117, "countries": 41}


def shown(old, new, **options):
    """The difference as somebody reads it: [-gone-], {+new+}, everything else plain."""
    blocks = differences.compare(old, new, **NUMBERS, **options)
    marks = {"same": "{}", "gone": "[-{}-]", "new": "{{+{}+}}"}
    lines = []
    for block in blocks:
        runs = (marks[run.kind].format("".join(unit.words for unit in run.units)) for run in block.runs)
        lines.append("".join(runs))
    return "\n".join(lines)


def html(old, new):
    with translation.override("en"):
        return differences.blocks_as_html(differences.compare(old, new, **NUMBERS))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Open the door.", "Open the door.", "Open the door."),
        ("Open the door now.", "Open the gate now.", "Open the [-door-]{+gate+} now."),
        ("We ask states to act.", "We ask all states to act.", "We ask{+ all+} states to act."),
        ("We ask states to act.", "We ask states.", "We ask states[- to act-]."),
        # What changed in one place is read in one piece.
        (
            "We ask them to open the big heavy door, and soon.",
            "We ask them to open the old rusty gate, and soon.",
            "We ask them to open the [-big heavy door-]{+old rusty gate+}, and soon.",
        ),
        ("One.\n\nTwo.", "One.\n\nNew here.\n\nTwo.", "One.\n{+New here.+}\nTwo."),
        ("One.\n\nTwo.\n\nThree.", "One.\n\nThree.", "One.\n[-Two.-]\nThree."),
        ("* Stay open.\n* Be kind.", "* Stay open.\n* Be very kind.", "Stay open.\nBe{+ very+} kind."),
        ("## Ask\n\nSo.", "## Ask for\n\nSo.", "Ask{+ for+}\nSo."),
        ("It is {organisations} now.", "It is {organisations} today.", "It is 117 [-now-]{+today+}."),
        ("", "All new.", "{+All new.+}"),
        # Nothing in common: one out, one in.
        (
            "Alpha beta gamma delta.",
            "Wholly other words stand.",
            "[-Alpha beta gamma delta.-]\n{+Wholly other words stand.+}",
        ),
    ],
)
def test_words_that_changed_are_found(old, new, said):
    assert shown(old, new) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("نطلب فتح الباب الآن", "نطلب فتح البوابة الآن", "نطلب فتح [-الباب-]{+البوابة+} الآن"),
        ("نَطلُبُ فَتحَ البابِ", "نَطلُبُ غَلقَ البابِ", "نَطلُبُ [-فَتحَ-]{+غَلقَ+} البابِ"),
        ("በሩን ክፈቱ ዛሬ", "በሩን ዝጉ ዛሬ", "በሩን [-ክፈቱ-]{+ዝጉ+} ዛሬ"),
        ("दरवाज़ा खुला रखें", "दरवाज़ा बंद रखें", "दरवाज़ा [-खुला-]{+बंद+} रखें"),
        ("请保持大门敞开", "请保持边境敞开", "请保持[-大门-]{+边境+}敞开"),
        ("တံခါးဖွင့်ထားပါ", "တံခါးပိတ်ထားပါ", "တံခါး[-ဖွင့်-]{+ပိတ်+}ထားပါ"),
        ("เปิดประตูไว้เสมอ", "เปิดบ้านไว้เสมอ", "เปิด[-ประตู-]{+บ้าน+}ไว้เสมอ"),
    ],
)
def test_the_unit_is_the_word_and_where_words_are_not_set_apart_the_letter_with_its_marks(old, new, said):
    assert shown(old, new) == said


def test_marks_never_stand_without_their_letter():
    for words in ("फ़ख़्र", "တံခါးဖွင့်", "ប្រទេស", "ก็ดี", "نَطلُبُ", "e\u0301te\u0301"):
        assert not [
            unit for unit in differences.units(words) if re.match(r"[\u0300-\u036f\u064b-\u0652]", unit)
        ]


def test_a_link_that_leads_elsewhere_has_changed_and_says_where_it_leads():
    found = html("See [here](https://one.example).", "See [here](https://two.example).")
    assert "<del>" in found
    assert "(https://two.example)" in found
    assert 'href="https://two.example"' not in found
    assert 'href="https://one.example"' in html(
        "See [here](https://one.example).", "See [here](https://one.example)."
    )


def test_emphasis_that_comes_or_goes_has_changed():
    assert "<ins>" in html("We ask now.", "We ask *now*.")


def test_a_heading_and_a_list_stay_what_they_are():
    found = html("## Why\n\nSo.\n\n* One\n* Two", "## Why not\n\nSo.\n\n* One\n* Two\n* Three")
    assert found.count("<ul>") == 1
    assert re.search(r"<h3>Why<ins>.* not.*</ins></h3>", found)


def test_who_hears_the_page_hears_what_was_taken_out_and_put_in():
    found = html("Open the door.", "Open the gate.")
    assert '<del><span class="unseen visually-hidden" lang="en">[taken out: </span>door' in found
    assert '<ins><span class="unseen visually-hidden" lang="en">[put in: </span>gate' in found


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_hostile_becomes_markup(hostile):
    for found in (html("We ask.", hostile), html(hostile, "We ask."), html(hostile, f"{hostile} more")):
        tags = set(re.findall(r"<\s*([a-z0-9]+)", found.lower()))
        assert tags <= {
            "p",
            "del",
            "ins",
            "span",
            "a",
            "bdi",
            "em",
            "strong",
            "ul",
            "li",
            "h3",
            "h4",
            "h5",
            "blockquote",
            "br",
        }
        assert not re.findall(r'href="(?!https:|mailto:)', found)
    assert "<script" not in differences.runs_as_html(differences.compare_lines("A", hostile))


WORDS = st.lists(
    st.sampled_from(["door", "open", "the", "gate", ",", ".", "\n\n", "* ", "*now*", "الباب", "大", "门"])
)


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS)
def test_without_what_is_new_it_is_the_old_text_and_without_what_is_gone_the_new_one(old, new):
    old, new = " ".join(old), " ".join(new)
    blocks = differences.compare(old, new, **NUMBERS)

    def said(*kinds):
        runs = chain.from_iterable(block.runs for block in blocks)
        return "".join(unit.words for run in runs if run.kind in kinds for unit in run.units)

    def plain(text):
        same = differences.compare(text, text, **NUMBERS)
        assert not differences.changes_anything(same)
        return "".join(unit.words for block in same for run in block.runs for unit in run.units)

    assert said("same", "gone") == plain(old)
    assert said("same", "new") == plain(new)


def test_a_long_letter_is_compared_in_a_moment():
    old = "\n\n".join(f"Paragraph {n} says that the door stands open to number {n * 7}." for n in range(300))
    new = old.replace("door", "gate")
    blocks = differences.compare(old, new, **NUMBERS)
    assert len(blocks) == 300
