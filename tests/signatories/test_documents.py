"""Documents: real typst, every script, nothing read as typst, the same bytes for the same content."""

import os
import re
import threading
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letters import languages
from signatories import documents, fonts, importing, wall
from signatories.documents import Name, content, public_document, rendered
from signatories.models import Order
from tests.factories import make_figure, make_letter, make_recipient, make_signature, make_text
from tests.pdf import facts_of, text_of

pytestmark = pytest.mark.django_db

REAL = Path(__file__).parents[3] / "shared" / "letters" / "refugee-led-organizations-2025.txt"


@pytest.fixture
def noto():
    """The fonts that a server has, for tests that look at scripts."""
    if missing := fonts.check():
        reason = "; ".join(str(one.msg) for one in missing)
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


def a_name(name, *, latin="", country="KE", is_network=False):
    return Name(name, latin, country, is_network)


def said_by(letter, *, language="en", counts=None):
    text = letter.text_for(language)
    return content(letter, text, counts=counts or wall.Counts(117, 41), as_of=timezone.now())


# --- what stands in it ---------------------------------------------------------------------------------


def test_a_document_says_what_the_page_says():
    letter = make_letter(title="Keep the door open")
    letter.texts.update(
        subtitle="To the Executive Committee", body="We, {organisations}, ask:\n\n1. Stay *open*."
    )
    make_figure(letter, source_url="https://www.unhcr.org/")
    make_signature(letter, name="Blue Kettle", latin="", country="UG", is_network=True)
    make_signature(letter, name="Quiet", visibility="counted_only")

    words = text_of(public_document(letter, "en"))

    for part in (
        "Harbour Coalition",
        "Keep the door open",
        "To the Executive Committee",
        "We, 2, ask:",
        "Stay open.",
        "42.7 million",
        "UNHCR, 1 June 2025",
        "Addressed to Kenya",
        "2 organisations from 1 country",
        "Counted but not named: 1 organisation.",
        "Country withheld: 1 organisation.",
        "Blue Kettle",
        "Uganda · network",
        "127.0.0.1:8000/letters/asylum/",
        f"revision {letter.revision}",
        "Page 1 of 1",
    ):
        assert part in words, part
    assert "Quiet" not in words


def test_it_is_made_for_screen_readers():
    letter = make_letter(title="Keep the door open")
    facts = facts_of(public_document(letter, "en"))
    assert (facts["Title"], facts["Author"]) == ("Keep the door open", "Harbour Coalition")
    assert facts["Tagged"] == "yes"
    assert b"pdfuaid" in public_document(letter, "en")


def test_the_same_content_gives_the_same_bytes():
    letter = make_letter()
    make_signature(letter)
    first = public_document(letter, "en")
    assert public_document(letter, "en") == first
    make_signature(letter, name="Another")
    assert public_document(letter, "en") != first


def test_a_letter_is_set_in_the_language_that_is_nearest():
    letter = make_letter(languages=("en", "ar"))
    assert "Keep the door open (ar" in text_of(public_document(letter, "ar"))
    assert public_document(letter, "fr") == public_document(letter, "en")


def test_a_courtesy_translation_says_so():
    letter = make_letter()
    make_text(letter, language="fr", title="Gardez la porte ouverte", standing="courtesy")
    assert "Traduction de courtoisie" in text_of(public_document(letter, "fr"))


@pytest.mark.parametrize("language", [code for code, _ in languages.CHOICES])
def test_every_language_a_letter_can_have_can_be_set(language):
    letter = make_letter(languages=(language,), original_language=language)
    made = rendered(said_by(letter, language=language), [a_name("Blue Kettle")], order=Order.BY_COUNTRY)
    assert b"pdfuaid" in made.pdf
    spoken = "" if language == "en" or language not in dict(django_settings.LANGUAGES) else f"/{language}"
    assert said_by(letter, language=language)["address"].endswith(f":8000{spoken}/letters/asylum/")


# --- the names -----------------------------------------------------------------------------------------

SCRIPTS = {
    "Arabic": "لجنة معلّمي الخيمة التاسعة",
    "Persian": "خانه‌ی قصه و چای",
    "Hebrew": "תשעה חלונות לדרום",
    "Ethiopic": "የወረቀት ድልድይ የወጣቶች ክበብ",
    "Burmese": "စက္ကူလှေငယ် စာဖတ်ဝိုင်း",
    "Cyrillic": "Українська вечірня школа «Снігур»",
    "Chinese": "长凳夜读会",
    "Japanese": "紙の傘をひらく会",
    "Korean": "느린 열차 이웃 모임",
    "Devanagari": "नीलो लालटिन समूह",
    "Bengali": "শালিক উঠান পাঠচক্র",
    "Tamil": "மூன்று படகுகள் வட்டம்",
    "Sinhala": "නිල් පහන් කවය",
    "Thai": "กลุ่มว่าวกระดาษริมคลอง",
    "Lao": "ກຸ່ມຂົວໄມ້ໄຜ່ສີຂຽວ",
    "Khmer": "ក្រុមចង្កៀងក្រដាស",
    "Tibetan": "ཁ་བའི་མེ་ཏོག་ཚོགས་པ།",
    "Georgian": "მწვანე ფარნის ეზო",
    "Armenian": "Կարմիր թեյնիկ",
    "Greek": "Σύλλογος «Τα Επτά Κουπιά»",
    "Gurmukhi": "ਸੱਤ ਦੀਵੇ ਸਾਂਝ",
    "Hanifi Rohingya": "𐴏𐴝𐴊𐴝𐴌𐴠",
    "Dinka": "Akut Dɔ̈ɔ̈r",
    "Vietnamese": "Nhóm Ngọn Đèn Bến Cũ",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_has_its_letters(noto, script):
    made = rendered(said_by(make_letter()), [a_name(SCRIPTS[script], latin="In Latin letters")])
    assert made.missing == frozenset()
    assert "In Latin letters · Kenya" in text_of(made.pdf)


@pytest.mark.parametrize("script", ["Chinese", "Cyrillic", "Ethiopic", "Greek", "Georgian", "Korean"])
def test_a_name_can_be_found_and_copied(noto, script):
    made = rendered(said_by(make_letter()), [a_name(SCRIPTS[script])])
    assert SCRIPTS[script] in text_of(made.pdf)


def test_names_stand_by_country_and_the_recipients_own_first():
    said = said_by(make_letter()) | {"own_country": "KE"}
    names = [a_name("Zebra", country="AF"), a_name("Anchor"), a_name("Nowhere", country=""), a_name("Boat")]

    by_country = text_of(rendered(said, names, order=Order.BY_COUNTRY).pdf)
    own_first = text_of(rendered(said, names, order=Order.OWN_COUNTRY_FIRST).pdf)

    assert _in_order(
        by_country, "Afghanistan", "Zebra", "Kenya", "Anchor", "Boat", "Country not stated", "Nowhere"
    )
    assert _in_order(
        own_first, "Kenya", "Anchor", "Boat", "Afghanistan", "Zebra", "Country not stated", "Nowhere"
    )


def _in_order(words, *parts):
    words = words[words.index("The undersigned") :]
    places = [words.index(part) for part in parts]
    return places == sorted(places)


def test_letters_without_a_font_stand_as_boxes_and_the_document_says_so():
    made = rendered(said_by(make_letter()), [a_name("Kettle \u0378 House"), a_name("Whole")])
    assert made.missing == {"\u0378"}
    words = text_of(made.pdf)
    assert "Kettle □ House" in words
    assert "□ stands for letters" in words
    assert "□" not in text_of(rendered(said_by(make_letter("other")), [a_name("Whole")]).pdf)


def test_too_many_names_for_paper_are_left_to_the_list(settings):
    settings.NAMES_ON_PAPER = 2
    letter = make_letter()
    for number in range(3):
        make_signature(letter, name=f"Kettle {number}")
    words = text_of(public_document(letter, "en"))
    assert "3 organisations" in words
    assert "too many for paper" in words
    assert "Kettle" not in words


# --- what is given to it is data -----------------------------------------------------------------------

HOSTILE = [
    '#import "@preview/cetz:0.3.0"',
    '#read("/etc/hostname")',
    "#panic()",
    "$ x^2 $ *bold* _em_ `raw` <label> @ref // comment /* x */",
    '"] } #{ [',
    "\\u{41} \\ \n",
    "{organisations} {countries}",
    "= Heading",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_is_read_as_typst(words):
    letter = make_letter(title=words)
    make_recipient(letter, country="", office=words)
    make_figure(letter, number=words[:40], label=words, source=words)
    make_signature(letter, name=words, latin=words)
    said = text_of(public_document(letter, "en"))
    assert " ".join(words.split()) in said


@given(
    name=st.text(min_size=1, max_size=40),
    body=st.text(alphabet="ab *_#>-1.\n[](){}!`<&\\~=+$@ع\u0301\t", max_size=80),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_a_document_comes_of_it(asylum, name, body):
    text = asylum.texts.get()
    text.body = body
    said = content(asylum, text, counts=wall.Counts(1, 1), as_of=timezone.now())
    assert rendered(said, [a_name(name)]).pdf.startswith(b"%PDF-")


@pytest.fixture
def asylum():
    return make_letter()


def test_documents_made_at_the_same_time_do_not_mix():
    said = said_by(make_letter())
    made = {}

    def make(number):
        made[number] = rendered(said, [a_name(f"Kettle {number}")]).pdf

    threads = [threading.Thread(target=make, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        assert f"Kettle {number}" in text_of(made[number])


def test_what_typst_complains_of_is_not_repeated(settings, tmp_path, monkeypatch):
    """It quotes names, and the worker keeps tracebacks."""
    broken = tmp_path / "letter.typ"
    broken.write_text("#panic(json(bytes(sys.inputs.paper)).groups)")
    monkeypatch.setattr(documents, "_TEMPLATE", broken)
    documents._compiler.cache_clear()
    try:
        with pytest.raises(documents.DocumentNotMade) as refusal:
            rendered(said_by(make_letter()), [a_name("Secret Circle")])
    finally:
        documents._compiler.cache_clear()
    assert "Secret" not in repr(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


# --- fonts ---------------------------------------------------------------------------------------------


def test_missing_fonts_are_named_with_their_package(monkeypatch):
    import typst

    bare = typst.Fonts(include_system_fonts=False)
    monkeypatch.setattr(fonts, "found", lambda: bare)
    warnings = fonts.check()
    assert [one.id for one in warnings] == ["signatories.W001"] * 2
    assert "Noto Naskh Arabic" in warnings[0].msg
    assert "fonts-noto-core" in warnings[0].hint
    assert "fonts-noto-cjk" in warnings[1].hint


def test_without_any_noto_latin_names_are_set_and_others_are_boxes(monkeypatch):
    import typst

    bare = typst.Fonts(include_system_fonts=False)
    monkeypatch.setattr(fonts, "found", lambda: bare)
    monkeypatch.setattr(documents, "_known_missing", set())
    for kept in (fonts.families, documents._compiler):
        kept.cache_clear()
    try:
        made = rendered(said_by(make_letter()), [a_name("Blue Kettle"), a_name("长凳", latin="Changdeng")])
    finally:
        for kept in (fonts.families, documents._compiler):
            kept.cache_clear()
    assert made.missing == {"长", "凳"}
    words = text_of(made.pdf)
    assert "Blue Kettle" in words
    assert "□□" in words
    assert "Changdeng" in words


# --- the real letter -----------------------------------------------------------------------------------


def test_every_name_of_the_published_letter_stands_in_its_document(noto):
    if not REAL.exists():
        pytest.skip("the published letter is only beside the project where it is developed")
    found = importing.find(REAL)
    written = importing.import_letter(found, slug="real")
    words = text_of(public_document(written.letter, "en"))
    # A reader leaves a hyphen out where a line ends in it, and puts signs elsewhere where a name turns direction.
    said = {*_words_of(words, "-"), *_words_of(words, "")}
    names = [one.name for one in found.letter.signatories]
    assert len(names) == 117
    assert [name for name in names if not set(_words_of(name, "")) <= said] == []


def _words_of(text, hyphen):
    return re.findall(r"[^\W_]+", re.sub(r"(?<=\w)-\s?(?=\w)", hyphen, text))
