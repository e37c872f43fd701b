"""A letter to keep: the same in every format, whole, safe to open anywhere, and current until it is saved."""

import base64
import hashlib
import io
import re
import tracemalloc
import zipfile
from datetime import timedelta

import docx
import pytest
from bs4 import BeautifulSoup
from django.utils import timezone
from docx.oxml.ns import qn

from letters import revision
from signatories import archive, plain_text, wall, withdrawal
from signatories.delivery import Answer, record_answer
from tests.config.test_queries import add_signatures
from tests.factories import (
    make_delivery,
    make_figure,
    make_letter,
    make_organisation,
    make_recipient,
    make_signature,
    make_staff,
    make_text,
    make_version,
)

pytestmark = pytest.mark.django_db

FORMATS = ("html", "docx", "txt")
ISOLATES = dict.fromkeys(range(0x2066, 0x206A))
MARKS = dict.fromkeys([0x200E, 0x200F, 0xFEFF])


def saved(client, suffix, *, prefix="", slug="asylum"):
    answer = client.get(f"{prefix}/letters/{slug}/letter.{suffix}")
    assert answer.status_code == 200
    return b"".join(answer)


def words_of(body, suffix):
    """What a reader reads, in one line."""
    if suffix == "html":
        page = BeautifulSoup(body, "html.parser")
        page.style.decompose()
        words = page.get_text(" ")
    elif suffix == "docx":
        words = " ".join(paragraph.text for paragraph in docx.Document(io.BytesIO(body)).paragraphs)
    else:
        words = body.decode()
    return " ".join(words.translate(ISOLATES | MARKS).split())


def full_letter(**fields):
    letter = make_letter(languages=("en", "ar"), **fields)
    letter.texts.filter(language="en").update(
        subtitle="On a cold day",
        body="We, {organisations} from {countries}, *ask*:\n\n## Asks\n\n3. Open it, [as promised](https://example.org/p)."
        "\n4. Keep it open.\n   * by day\n\n> Somebody said\n> this.\n\n---\n\nThe end.",
    )
    make_figure(letter)
    make_recipient(
        letter, country="CH", style_of_address="Her Excellency", mission="The Mission of Switzerland"
    )
    make_signature(
        letter, name="Blue Kettle", organisation=make_organisation("Kettle", verification="verified")
    )
    make_signature(letter, name="مطبخ <b> اللاجئين", latin="Matbakh", country="JO", is_network=True)
    make_signature(letter, name="Secret Circle", latin="Secret", visibility="counted_only", country="SY")
    handed = make_delivery(letter, status="sent")
    record_answer(
        handed,
        by=make_staff("dora"),
        answer=Answer(
            on=timezone.now().date(),
            words="We have read it.\nWe shall act.",
            link="https://example.org/a",
            is_public=True,
        ),
    )
    make_version(letter, languages=("en",), subtitle="On a cold day")
    letter.refresh_from_db()
    return letter


# --- what a copy says ----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_copy_says_all_that_the_public_may_know(client, suffix):
    full_letter()
    words = words_of(saved(client, suffix), suffix)
    for said in (
        "Harbour Coalition",
        "Keep the door open",
        "On a cold day",
        "A copy as of",
        "revision",
        "http://127.0.0.1:8000/letters/asylum/",
        "Her Excellency, The Mission of Switzerland",
        "The Mission of Kenya, Kenya",
        "We, 3 from 2",
        "as promised",
        "Figures and their sources",
        "What changed",
        "Changed in its wording",
        "Handed over",
        "Signed by: 3 organisations from 2 countries.",
        "Answers",
        "We shall act.",
        "https://example.org/a",
        "3 organisations from 2 countries",
        "Counted but not named: 1 organisation.",
        "Country withheld: 1 organisation.",
        "We count organisations, never people.",
        "what stands there counts",
    ):
        assert said in words, said
    assert re.search(r"Blue Kettle (· )?Kenya · verified", words)
    assert re.search(r"مطبخ <b> اللاجئين (· )?Matbakh · Jordan · network", words)
    assert "Secret" not in words
    assert "Syria" not in words


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_public_name_is_in_it_in_reading_order(client, suffix):
    letter = make_letter()
    add_signatures(letter, 230)
    words = words_of(saved(client, suffix), suffix)
    names = [one.name for one in wall.every_name(letter)]
    assert re.findall(r"Kettle \d{4}", words) == names
    assert len(names) == 230


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_letter_that_nobody_signed_and_that_says_little_can_be_kept(client, suffix):
    letter = make_letter()
    letter.recipients.all().delete()
    words = words_of(saved(client, suffix), suffix)
    assert "No organisation yet" in words
    assert "Answers" not in words
    assert "Addressed to" not in words


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_language_has_its_own_and_another_one_where_there_is_none(client, suffix):
    full_letter()
    arabic = words_of(saved(client, suffix, prefix="/ar"), suffix)
    assert "Keep the door open (ar)" in arabic
    assert "/ar/letters/asylum/" in arabic
    assert "كينيا" in arabic
    french = words_of(saved(client, suffix, prefix="/fr"), suffix)
    assert "Keep the door open" in french
    assert "Kenya" in french
    assert "/letters/asylum/" in french


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("prefix", ["", "/ar"])
def test_a_name_that_is_taken_off_is_gone_from_the_next_copy(client, suffix, prefix):
    letter = make_letter(languages=("en", "ar"))
    signature = make_signature(letter, name="Blue Kettle")
    address = f"{prefix}/letters/asylum/letter.{suffix}"
    first = client.get(address)
    assert "Blue Kettle" in words_of(first.content, suffix)
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert client.get(address).content == first.content
    withdrawal.withdraw(signature)
    second = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert "Blue Kettle" not in words_of(second.content, suffix)


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_edition_is_the_same_file_whenever_it_is_made(client, suffix):
    full_letter()
    first = saved(client, suffix)
    revision.forget()
    assert saved(client, suffix) == first


@pytest.mark.parametrize("phase", ["draft", "gathering"])
def test_a_secret_letter_has_none(client, phase):
    make_letter(phase=phase)
    for name in (*(f"letter.{suffix}" for suffix in FORMATS), "archive/"):
        for prefix in ("", "/ar"):
            assert client.get(f"{prefix}/letters/asylum/{name}").status_code == 404


def test_they_are_files_to_save_each_named_for_its_language(client):
    make_letter(languages=("en", "ar"))
    for suffix in FORMATS:
        answer = client.get(f"/ar/letters/asylum/letter.{suffix}")
        assert answer["Content-Disposition"] == f'attachment; filename="asylum-ar.{suffix}"'


# --- long ones -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_copy_too_long_to_be_kept_goes_out_as_it_is_made(client, suffix, monkeypatch):
    monkeypatch.setattr(archive, "KEPT_UP_TO", 4)
    letter = make_letter()
    add_signatures(letter, 4)
    short = client.get(f"/letters/asylum/letter.{suffix}")
    assert not short.streaming
    add_signatures(letter, 1, published_at=timezone.now() - timedelta(hours=1))
    revision.forget()
    long = client.get(f"/letters/asylum/letter.{suffix}")
    assert long.streaming
    assert set(long.headers) == set(short.headers) - {"Content-Length", "Vary"}
    assert long["ETag"] == short["ETag"]
    assert (
        client.get(f"/letters/asylum/letter.{suffix}", headers={"If-None-Match": long["ETag"]}).status_code
        == 304
    )
    assert len(re.findall(r"Kettle \d{4}", words_of(b"".join(long), suffix))) == 5


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_hundred_thousand_names_need_no_more_memory_than_ten(suffix):
    letter = make_letter()
    said = archive.content(letter, "en", wall.counts(letter))

    def most(number):
        one = wall.Signatory("0", "Organisation of the long name", "Latin", "KE", "ally", False, None)
        pieces = archive.FORMATS[suffix].pieces(said, archive.lines((one for _ in range(number)), said))
        tracemalloc.start()
        size = sum(len(piece) for piece in pieces)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size, peak

    most(10)  # fonts, templates and words are loaded once
    (_, few), (size, many) = most(10), most(20_000)
    assert size > 40_000
    assert many < few + 300_000


# --- the page that needs nothing else --------------------------------------------------------------------


def test_the_page_asks_for_nothing_and_runs_nothing(client):
    full_letter()
    answer = client.get("/letters/asylum/letter.html")
    page = BeautifulSoup(answer.content, "html.parser")
    assert not page.find_all(["script", "img", "iframe", "form", "object", "base"])
    assert [link["rel"] for link in page.find_all("link")] == [["canonical"]]
    assert not [
        tag for tag in page.find_all(True) if tag.get("style") or any(n.startswith("on") for n in tag.attrs)
    ]
    assert "url(" not in page.style.string
    assert "@import" not in page.style.string
    assert all(re.match("https?://|mailto:", link["href"]) for link in page.find_all("a"))


def test_the_page_allows_its_own_style_and_nothing_else_wherever_it_is_opened(client):
    make_letter()
    answer = client.get("/letters/asylum/letter.html")
    page = BeautifulSoup(answer.content, "html.parser")
    digest = base64.b64encode(hashlib.sha256(page.style.string.encode()).digest()).decode()
    inside = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert inside == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert f"style-src 'sha256-{digest}'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_what_somebody_typed_is_words_in_it(client):
    letter = make_letter(title="<script>alert(1)</script> {{ 7 }}")
    letter.texts.update(body="<!--names--> <b>bold</b>", subtitle='"><img src=x onerror=y>')
    make_signature(letter, name="<!--names--><script>", latin="<i>")
    page = BeautifulSoup(saved(client, "html"), "html.parser")
    assert not page.find_all(["script", "img", "i"])
    assert page.h1.string == "<script>alert(1)</script> {{ 7 }}"
    assert page.select_one(".names li bdi").string == "<!--names--><script>"


# --- Word ------------------------------------------------------------------------------------------------


def document(client, **where):
    return docx.Document(io.BytesIO(saved(client, "docx", **where)))


def test_word_opens_it_with_its_headings_lists_and_links(client):
    full_letter()
    whole = document(client)
    styled = {}
    for paragraph in whole.paragraphs:
        styled.setdefault(paragraph.style.name, []).append(paragraph.text)
    assert styled["Title"] == ["Keep the door open"]
    assert styled["Heading 1"][:2] == ["Asks", "Figures and their sources"]
    assert styled["List Number"] == ["Open it, as promised.", "Keep it open."]
    assert styled["List Bullet 2"] == ["by day"]
    assert styled["Quote"] == ["Somebody said this."]
    assert styled["Name"][0].startswith("1. Blue Kettle")
    targets = [one.target_ref for one in whole.part.rels.values() if one.is_external]
    assert {"https://example.org/p", "http://127.0.0.1:8000/letters/asylum/"} <= set(targets)
    numbered = next(one for one in whole.paragraphs if one.style.name == "List Number")
    number = whole.part.numbering_part.numbering_definitions._numbering.num_having_numId(
        numbered._p.pPr.numPr.numId.val
    )
    assert number.lvlOverride_lst[0].startOverride.val == 3
    assert whole.core_properties.title == "Keep the door open"
    assert whole.core_properties.author == "Harbour Coalition"


def test_word_reads_arabic_from_the_right_and_latin_names_in_it_from_the_left(client):
    letter = make_letter(languages=("en", "ar"))
    letter.texts.filter(language="ar").update(title="أبقوا الباب مفتوحا", body="نحن نطلب")
    make_signature(letter, name="Blue Kettle")
    make_signature(letter, name="مطبخ")
    whole = document(client, prefix="/ar")
    assert all(one._p.pPr.find(qn("w:bidi")) is not None for one in whole.paragraphs if one.text)
    title = next(one for one in whole.paragraphs if one.style.name == "Title")
    assert title._p.r_lst[0].rPr.find(qn("w:rtl")) is not None
    names = {one._p.r_lst[1].text: one._p.r_lst[1] for one in whole.paragraphs if one.style.name == "Name"}
    assert names["مطبخ"].rPr.find(qn("w:rtl")) is not None
    assert names["Blue Kettle"].rPr.find(qn("w:rtl")) is None
    assert whole.sections[0]._sectPr.find(qn("w:bidi")) is not None


def test_word_sets_burmese_in_a_font_that_has_it(client):
    letter = make_letter(languages=(), original_language="my")
    make_text(letter, language="my", title="တံခါးဖွင့်ထားပါ", body="ကျွန်ုပ်တို့ တောင်းဆိုသည်။")
    fonts = document(client).styles["Normal"].element.rPr.rFonts
    assert {fonts.get(qn(f"w:{script}")) for script in ("ascii", "hAnsi", "cs", "eastAsia")} == {
        "Myanmar Text"
    }


def test_what_xml_forbids_does_not_break_the_document(client):
    letter = make_letter(title="Keep\x0b the\ufffe door")
    letter.texts.update(body="A\x0cB <!--names--> &amp; ]]>")
    make_signature(letter, name="Blue\x1f Kettle <w:p> & <!--names-->")
    whole = document(client)
    assert whole.paragraphs[-1].text.startswith("1. Blue  Kettle <w:p> & <!--names-->")
    assert zipfile.ZipFile(io.BytesIO(saved(client, "docx"))).testzip() is None


# --- plain text ------------------------------------------------------------------------------------------


def lines_of(client, **where):
    return saved(client, "txt", **where).decode().removeprefix("\ufeff").split("\r\n")


def test_text_is_wrapped_and_every_system_finds_its_lines(client):
    full_letter()
    body = saved(client, "txt")
    assert body.startswith("\ufeff".encode())
    assert body.count(b"\n") == body.count(b"\r\n")
    before_names = "\r\n".join(lines_of(client)).partition("1. ")[0]
    assert max(map(len, before_names.split("\r\n"))) <= 72 + 4
    assert "3. Open it, as promised <https://example.org/p>." in lines_of(client)
    assert "> Somebody said this." in lines_of(client)


def test_names_of_another_direction_turn_nothing_around_them(client):
    letter = make_letter(languages=("en", "ar"))
    make_signature(letter, name="مطبخ", country="JO")
    make_signature(letter, name="Blue Kettle", country="KE")
    assert "2. \u2068مطبخ\u2069 · Jordan" in lines_of(client)
    assert "\u200f1. \u2068Blue Kettle\u2069 · كينيا" in "\r\n".join(lines_of(client, prefix="/ar")) or (
        "1. \u2068Blue Kettle\u2069 · كينيا" in lines_of(client, prefix="/ar")
    )


def test_a_line_ends_every_isolate_that_it_begins():
    long_one = "\u2068" + "كلمة طويلة " * 20 + "\u2069 end"
    wrapped = list(plain_text._wrapped(long_one, first="- ", rest="  "))
    assert len(wrapped) > 2
    for line in wrapped:
        assert line.count("\u2068") == line.count("\u2069")
    assert " ".join(" ".join(wrapped).translate(ISOLATES).removeprefix("- ").split()) == " ".join(
        long_one.translate(ISOLATES).split()
    )


@pytest.mark.parametrize(
    ("line", "direction", "led"),
    [
        ("Blue", "rtl", "\u200fBlue"),
        ("Blue", "ltr", "Blue"),
        ("مطبخ", "rtl", "مطبخ"),
        ("مطبخ", "ltr", "\u200eمطبخ"),
        ("\u2068Blue\u2069 مطبخ", "rtl", "\u2068Blue\u2069 مطبخ"),
        ("- 1", "rtl", "\u200f- 1"),
        ("", "rtl", ""),
    ],
)
def test_a_line_is_read_from_the_side_its_letter_is(line, direction, led):
    assert plain_text._led(line, direction) == led


# --- the page that offers them ----------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "/ar"])
def test_the_list_leads_to_a_page_with_every_format(client, prefix):
    make_signature(make_letter(languages=("en", "ar")))
    listed = BeautifulSoup(client.get(f"{prefix}/letters/asylum/signatories/").content, "html.parser")
    assert listed.find("a", href=f"{prefix}/letters/asylum/archive/")
    page = BeautifulSoup(client.get(f"{prefix}/letters/asylum/archive/").content, "html.parser")
    for suffix in ("pdf", *FORMATS):
        link = page.find("a", href=f"{prefix}/letters/asylum/letter.{suffix}")
        assert client.get(link["href"]).status_code == 200


def test_an_archived_letter_is_marked_and_takes_no_signature(client):
    letter = make_letter(phase="archived")
    make_signature(letter, name="Blue Kettle")
    page = BeautifulSoup(client.get("/letters/asylum/").content, "html.parser").main
    assert "Archived." in page.select_one(".notice").text
    assert page.select_one(".notice").find("a", href="/letters/asylum/archive/")
    assert "Blue Kettle" in page.text
    assert "Signing ended" in page.text
    assert not page.find("a", href=re.compile("/sign/"))
    assert not page.find("form")
    assert client.get("/letters/asylum/sign/").status_code == 410


@pytest.mark.parametrize("phase", ["open", "closed"])
def test_no_other_letter_is_called_archived(client, phase):
    make_letter(phase=phase)
    assert b"Archived." not in client.get("/letters/asylum/").content
