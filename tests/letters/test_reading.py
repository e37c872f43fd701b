"""Reading a document: whatever it was saved as becomes lines, and what is no text is refused kindly."""

import io
import zipfile
from contextlib import suppress
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letters.parsing.reading import UnreadableDocument, read_document

FIXTURES = Path(__file__).parent / "fixtures"


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def texts(lines):
    return [line.text for line in lines if line.text]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Über die Brücke"),
        ("utf-8-sig", "Über die Brücke"),
        ("utf-16", "Über die Brücke"),
        ("utf-16-le", "Plain words in two bytes each"),
        ("cp1252", "L’été où les familles ont attendu – déjà"),
        ("cp1256", "نكتب إليكم من المخيم"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_saved_in(tmp_path, encoding, text):
    assert texts(read_document(written(tmp_path, "letter.txt", text.encode(encoding)))) == [text]


def test_one_damaged_byte_does_not_turn_utf_8_into_gibberish(tmp_path):
    content = ("Wir grüßen Sie von der Brücke über den Fluss. " * 9).encode() + b"\xe9"
    assert "grüßen" in read_document(written(tmp_path, "letter.txt", content))[0].text


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    lines = read_document(written(tmp_path, "letter.txt", "one\r\ntwo\rthree\n\nfive\x0csix"))
    assert [(line.number, line.text) for line in lines if line.text] == [
        (1, "one"),
        (2, "two"),
        (3, "three"),
        (5, "five six"),
    ]


def test_a_web_page_is_read_without_its_furniture():
    found = texts(read_document(FIXTURES / "en_by_country.html"))
    assert found[0] == "Work Permits Before the Harvest"
    for furniture in (
        "Home",
        "We use cookies to make this site better.",
        "Facebook",
        "Nurses win a hearing",
        "Newsletter",
    ):
        assert furniture not in found
    assert not any("var a" in text or "color" in text for text in found)


def test_a_web_page_keeps_what_its_marks_say(tmp_path):
    page = (
        "<html><body><h1>Head</h1><p><b>Bold</b></p><p>Half <b>bold</b></p><ul><li>Item</li></ul>"
        "<ol><li><p>First</p><p>more</p></li></ol><p><a href='/x'>Link</a></p></body></html>"
    )
    lines = {line.text: line for line in read_document(written(tmp_path, "page.html", page))}
    assert lines["Head"].level == 1
    assert lines["Bold"].bold
    assert not lines["Half bold"].bold
    assert (lines["Item"].item, lines["First"].item, lines["more"].item) == ("-", "1.", "")
    assert lines["Link"].link


def test_a_page_is_recognised_by_its_content_whatever_it_is_called(tmp_path):
    assert texts(read_document(written(tmp_path, "page.txt", "<!DOCTYPE html><p>Hello<p>there"))) == [
        "Hello",
        "there",
    ]


def test_a_sites_name_is_furniture_where_the_page_has_its_own_headline(tmp_path):
    page = "<body><header><h1>The Site</h1></header><main><h2>The Letter</h2><p>Hello.</p></main></body>"
    assert texts(read_document(written(tmp_path, "page.html", page))) == ["The Letter", "Hello."]
    page = "<body><header><nav>Menu</nav><h1>The Letter</h1></header><main><p>Hello.</p></main></body>"
    assert texts(read_document(written(tmp_path, "page.html", page))) == ["The Letter", "Hello."]


def test_text_that_mentions_a_tag_stays_text(tmp_path):
    line = "We write <p> for a paragraph."
    assert texts(read_document(written(tmp_path, "letter.txt", line))) == [line]


def test_a_page_that_is_one_form_is_still_read(tmp_path):
    page = "<html><body><form><h1>Head</h1><p>The letter is in here.</p><input></form></body></html>"
    assert texts(read_document(written(tmp_path, "page.html", page))) == ["Head", "The letter is in here."]


def test_names_that_a_page_folds_away_are_read(tmp_path):
    names = "".join(f"<li>Lantern House number {number}</li>" for number in range(40))
    page = f"<html><body><p>{'We write. ' * 200}</p><div style='display:none'><ul>{names}</ul></div></body></html>"
    assert "Lantern House number 39" in texts(read_document(written(tmp_path, "page.html", page)))


def test_a_table_becomes_rows_with_columns(tmp_path):
    page = "<table><tr><th>Name<th>Country<tr><td>Paper Boats<td>Kenya</table>"
    lines = read_document(written(tmp_path, "page.html", page))
    assert [line.cells for line in lines if line.cells] == [("Name", "Country"), ("Paper Boats", "Kenya")]


def test_a_table_that_only_lays_out_a_page_is_read_column_by_column(tmp_path):
    page = "<table><tr><td>A<br>B<br>C<br>D</td><td>E<br>F<br>G<br>H</td></tr></table>"
    assert texts(read_document(written(tmp_path, "page.html", page))) == list("ABCDEFGH")


def test_a_page_nested_deeper_than_the_stack_is_read(tmp_path):
    assert texts(read_document(written(tmp_path, "page.html", "<div>" * 5000 + "deep"))) == ["deep"]


def word_document(build):
    document = docx.Document()
    build(document)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def test_a_word_document_is_read_in_order_with_headings_lists_and_tables(tmp_path):
    def build(document):
        document.add_heading("Head", 0)
        document.add_paragraph("Two\nlines")
        document.add_paragraph("Bullet", style="List Bullet")
        document.add_paragraph("Number", style="List Number")
        table = document.add_table(rows=2, cols=2)
        for row, cells in zip(table.rows, (("Name", "Country"), ("Paper Boats", "Kenya")), strict=True):
            row.cells[0].text, row.cells[1].text = cells
        document.add_paragraph().add_run("Bold").bold = True

    lines = [
        line for line in read_document(written(tmp_path, "letter.docx", word_document(build))) if line.text
    ]
    assert [line.text for line in lines] == [
        *("Head", "Two", "lines", "Bullet", "Number", "Name | Country", "Paper Boats | Kenya", "Bold")
    ]
    assert (lines[0].level, lines[3].item, lines[4].item, lines[6].cells) == (
        1,
        "-",
        "1.",
        ("Paper Boats", "Kenya"),
    )
    assert lines[7].bold


def test_a_word_document_is_recognised_by_its_content(tmp_path):
    content = word_document(lambda document: document.add_paragraph("Hello"))
    assert texts(read_document(written(tmp_path, "letter.txt", content))) == ["Hello"]


def test_what_was_inserted_or_is_in_a_text_control_is_read_and_what_was_deleted_is_not(tmp_path):
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

    def build(document):
        paragraph = document.add_paragraph("One ")
        paragraph._p.append(parse_xml(f"<w:ins {space}><w:r><w:t>two</w:t></w:r></w:ins>"))
        paragraph._p.append(parse_xml(f"<w:del {space}><w:r><w:delText>three</w:delText></w:r></w:del>"))
        control = f"<w:sdt {space}><w:sdtContent><w:p><w:r><w:t>Four</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        document.element.body.insert(0, parse_xml(control))

    assert texts(read_document(written(tmp_path, "letter.docx", word_document(build)))) == ["Four", "One two"]


def zipped(entries):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n\n ", "empty"),
        (b"%PDF-1.7\n...", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Word"),
        (b"{\\rtf1 Hello}", "rich text"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "web archive"),
        (bytes(range(256)) * 8, "does not hold text"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        (zipped({"mimetype": "application/epub"}), "not a Word document"),
        (zipped({"word/document.xml": "<nonsense/>"}), "damaged"),
        (b"<html><body><nav>Menu</nav></body></html>", "no text"),
        (b"word\n" * 40_000, "too long"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(tmp_path, content, words):
    with pytest.raises(UnreadableDocument) as refused:
        read_document(written(tmp_path, "letter.docx", content))
    assert words in str(refused.value)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    bomb = zipped({"word/document.xml": b"<w/>", "word/media/a.bin": b"\0" * (80 * 1024 * 1024)})
    assert len(bomb) < 200_000
    with pytest.raises(UnreadableDocument, match="too large"):
        read_document(written(tmp_path, "letter.docx", bomb))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "nothing.txt", tmp_path, Path("with\0nul")):
        with pytest.raises(UnreadableDocument):
            read_document(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 40_000), junk=st.binary(min_size=1, max_size=40))
def test_a_damaged_word_document_is_read_or_refused(tmp_path, place, junk):
    content = bytearray((FIXTURES / "en_people_table.docx").read_bytes())
    content[place % len(content) : place % len(content) + len(junk)] = junk
    with suppress(UnreadableDocument):
        assert read_document(written(tmp_path, "letter.docx", bytes(content)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_any_bytes_are_read_or_refused(tmp_path, content):
    for name in ("letter.txt", "letter.html", "letter.docx"):
        with suppress(UnreadableDocument):
            assert read_document(written(tmp_path, name, content))
