"""A list that was gathered elsewhere, brought in at the desk: looked at, compared, and written when told."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from signatories.models import ImportFile, Signature
from tests import gathered
from tests.factories import enter, make_letter, make_signature, make_staff

pytestmark = pytest.mark.django_db

TERMS = {"consent": "unknown", "channel": "", "evidence": "", "visibility": "", "language": "en"}


@pytest.fixture
def desk(client):
    return enter(client, make_staff())


def upload(desk, letter, data=None, *, name="list.xlsx", pasted=""):
    files = {"file": SimpleUploadedFile(name, data)} if data is not None else {}
    return desk.post(f"/admin/letters/letter/{letter.pk}/import/", {"pasted": pasted, **files})


def filled_in(page):
    """What a browser would send of the form for the columns: its hidden fields and the options that are selected."""
    hidden = dict(re.findall(r'<input type="hidden" name="(sheet|heading_row)" value="(\d+)" id', page))
    chosen = re.findall(r'<select name="(column_\d+)".*?<option value="(\w*)" selected>', page, re.DOTALL)
    return hidden | dict(chosen)


def text_of(answer):
    return re.sub(r"<[^>]+>", " ", answer.content.decode())


def test_a_list_is_uploaded_compared_and_written(desk, work):
    letter = make_letter()
    make_signature(letter, name="Maison de l'Olivier", country="FR")
    answer = upload(desk, letter, gathered.google_forms_in_french())
    place = answer["Location"]
    columns = desk.get(place).content.decode()
    assert "Femmes du Fleuve" in columns
    form = filled_in(columns)
    assert [holds for holds in form.values() if holds] == [
        "0",
        "1",
        "signed_on",
        "name",
        "country",
        "person",
        "role",
        "email",
        "consent",
    ]
    terms = {
        **TERMS,
        "consent": "column",
        "channel": "other_form",
        "evidence": "The form's own answers",
        "visibility": "public",
    }
    assert desk.post(place, {**form, **terms, "act": "check"}).status_code == 302
    rows = desk.get(place)
    said = text_of(rows)
    assert "Already there" in said
    assert "France" in said
    assert "Congo - Kinshasa" in said
    assert "Write 1 row" in said
    assert Signature.objects.count() == 1
    assert desk.post(place, {"act": "write"}).status_code == 302
    assert "Being written" in text_of(desk.get(place))
    work()
    assert "1 of 1" in text_of(desk.get(place))
    signature = Signature.objects.get(channel="list")
    assert (signature.name, signature.country, signature.visibility) == (
        "Femmes du Fleuve",
        "CI",
        "counted_only",
    )


def test_names_are_pasted(desk, work):
    letter = make_letter()
    place = upload(desk, letter, pasted="Blue Kettle\nمطبخ الميناء\nYes\n")["Location"]
    form = filled_in(desk.get(place).content.decode())
    desk.post(place, {**form, **TERMS, "act": "check"})
    assert "placeholder" in text_of(desk.get(place))
    desk.post(place, {"act": "write", "also": ["junk"]})
    work()
    assert Signature.objects.count() == 3


def test_a_sheet_and_the_row_of_headings_are_chosen(desk):
    place = upload(desk, make_letter(), gathered.by_hand())["Location"]
    page = desk.get(place).content.decode()
    assert "April" in page
    assert "Empty" not in page
    other = desk.get(f"{place}?columns=1&sheet=1").content.decode()
    assert "Harbour of Dreams" in other
    without = desk.get(f"{place}?columns=1&heading_row=0").content.decode()
    assert "Column C" in without
    form = filled_in(other)
    desk.post(place, {**form, **TERMS, "act": "check"})
    assert "Harbour of Dreams" in text_of(desk.get(place))
    assert "What does each column hold?" in text_of(desk.get(f"{place}?columns=1"))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "choose a file"),
        (b"", "empty"),
        (b"%PDF-1.7", "This is a PDF"),
        (b"PK\x03\x04 nothing", "cannot be read as a spreadsheet"),
        (b"a\n" * 6_000, "more than 5000 rows"),
        (b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
    ],
)
def test_what_cannot_be_taken_is_refused_kindly(desk, data, says):
    answer = upload(desk, make_letter(), data)
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert ImportFile.objects.count() == 0


def test_a_letter_that_takes_no_signatures_takes_no_list(desk):
    answer = upload(desk, make_letter(phase="closed"), pasted="Blue Kettle")
    assert answer.status_code == 422
    assert "takes no signatures now" in text_of(answer)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"column_0": ""}, "which column holds the names"),
        ({"column_1": "name"}, "cannot both hold"),
        ({"consent": ""}, "what is known about it"),
        ({"consent": "stated"}, "how they agreed"),
        ({"consent": "stated", "channel": "paper"}, "where that is kept"),
        ({"consent": "stated", "channel": "paper", "evidence": "x"}, "what they agreed to"),
        (
            {"consent": "column", "channel": "paper", "evidence": "x", "visibility": "public"},
            "which column tells who agreed",
        ),
    ],
)
def test_columns_and_terms_that_do_not_fit_are_explained(desk, change, says):
    place = upload(desk, make_letter(), b"Organisation,Country\nBlue Kettle,Kenya\n")["Location"]
    form = filled_in(desk.get(place).content.decode())
    answer = desk.post(place, {**form, **TERMS, "act": "check", **change})
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert ImportFile.objects.get().status == "read"


def test_rows_are_shown_a_hundred_a_page_and_by_what_they_are(desk):
    names = "\n".join(f"{one} {other} House" for one in ONES for other in OTHERS)
    place = upload(desk, make_letter(), pasted=f"{names}\nYes\n")["Location"]
    desk.post(place, {**filled_in(desk.get(place).content.decode()), **TERMS, "act": "check"})
    assert "Page 1 of 2" in text_of(desk.get(place))
    assert text_of(desk.get(f"{place}?page=2")).count("House") < 50
    assert "House" not in text_of(desk.get(f"{place}?show=junk"))


ONES = "Amber Silent Northern Golden Broken Quiet Olive Mango Copper River Cedar".split()
OTHERS = "Kettle Ferry Bridge Door Window Garden School Circle Road Loom".split()


def test_a_list_is_stopped_gone_on_with_and_given_up(desk, work):
    letter = make_letter()
    place = upload(desk, letter, pasted="Blue Kettle")["Location"]
    desk.post(place, {**filled_in(desk.get(place).content.decode()), **TERMS, "act": "check"})
    desk.post(place, {"act": "write"})
    desk.post(place, {"act": "stop"})
    assert "Stopped half-way" in text_of(desk.get(place))
    desk.post(place, {"act": "write"})
    assert "Being written" in text_of(desk.get(place))
    desk.post(place, {"act": "stop"})
    answer = desk.post(place, {"act": "give_up"})
    assert answer["Location"] == f"/admin/letters/letter/{letter.pk}/import/"
    assert desk.get(place).status_code == 404
    work()
    assert Signature.objects.count() == 0


def test_an_act_that_comes_too_late_is_answered_kindly(desk, work):
    place = upload(desk, make_letter(), pasted="Blue Kettle")["Location"]
    assert "A colleague was faster" in text_of(desk.post(place, {"act": "write"}, follow=True))
    assert "no such act" in text_of(desk.post(place, {"act": "burn"}, follow=True))
    form = {**filled_in(desk.get(place).content.decode()), **TERMS, "act": "check"}
    desk.post(place, form)
    desk.post(place, {"act": "write"})
    work()
    for act in ("check", "write", "stop", "give_up"):
        answer = desk.post(place, {**form, "act": act}, follow=True)
        assert "A colleague was faster" in text_of(answer), act


@pytest.mark.parametrize(
    "permissions", [(), ("view_signature", "add_signature", "export_contact", "view_letter")]
)
def test_who_may_not_import_sees_no_list(desk, permissions):
    letter = make_letter()
    place = upload(desk, letter, pasted="Blue Kettle")["Location"]
    bob = make_staff("bob", is_superuser=False)
    bob.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    theirs = enter(Client(), bob)
    for address in (place, f"/admin/letters/letter/{letter.pk}/import/"):
        assert theirs.get(address).status_code == 403
        assert theirs.post(address, {"act": "give_up"}).status_code == 403
    bob.user_permissions.add(Permission.objects.get(codename="add_importfile"))
    assert theirs.get(place).status_code == 200
    assert ImportFile.objects.count() == 1


def test_odd_questions_are_answered(desk):
    place = upload(desk, make_letter(), pasted="Blue Kettle")["Location"]
    for query in (
        "?sheet=99",
        "?sheet=x&heading_row=y",
        "?columns=1&heading_row=99999",
        "?page=x&show=<script>",
    ):
        assert desk.get(place + query).status_code == 200
    desk.post(place, {**filled_in(desk.get(place).content.decode()), **TERMS, "act": "check"})
    for query in ("?page=x", "?page=99", "?show=<script>", "?show=junk&page=2", "?columns=1&sheet=99"):
        assert desk.get(place + query).status_code == 200
    for sent in (
        {"act": "check"},
        {"act": "check", "sheet": "-1", "heading_row": "x"},
        {"act": "write", "also": "there"},
    ):
        assert desk.post(place, sent).status_code in (302, 422)
