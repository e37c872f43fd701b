"""Who is named, for programs: whole, in pages that stand while the list moves, and nobody who is not named."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from letters import moments, revision
from letters.models import Letter
from signatories import open_data, wall, withdrawal
from signatories.models import Signature
from tests.factories import make_imported, make_letter, make_signature

pytestmark = pytest.mark.django_db

JSON = "/letters/asylum/signatories.json"
CSV = "/letters/asylum/signatories.csv"


def read_on(client, address=JSON):
    """Follow `next` until there is none: all records, a list for each page."""
    fetched = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, address
        fetched.append(answer.json()["signatories"])
        address = answer.json()["next"]
    return fetched


def rows_of(client, address=CSV):
    body = b"".join(client.get(address).streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body, newline="")))


def sign(letter, how_many):
    return [make_signature(letter, name=f"House {number}") for number in range(how_many)]


# --- what is told ------------------------------------------------------------------------------------


def test_a_record_is_this_and_no_more(client):
    letter = make_letter(opens_at=datetime(2025, 10, 1, 9, tzinfo=UTC))
    row = make_signature(
        letter,
        name="بيت",
        latin="Beit",
        country="LB",
        kind="ally",
        is_network=True,
        website="https://beit.example",
        published_at=datetime(2025, 10, 8, 23, 30, tzinfo=UTC),
    )

    expected = {
        "id": row.public_id,
        "name": "بيت",
        "latin": "Beit",
        "country": "LB",
        "kind": "ally",
        "since": "2025-10-08",
    }
    assert client.get(JSON).json() == {"signatories": [expected], "next": None}
    assert rows_of(client) == [expected]


def test_a_letter_nobody_signed_is_an_empty_list(client):
    make_letter()
    assert client.get(JSON).json() == {"signatories": [], "next": None}
    assert rows_of(client) == []
    assert b"".join(client.get(CSV).streaming_content).startswith(
        b"\xef\xbb\xbfid,name,latin,country,kind,since"
    )


def test_since_is_never_before_the_launch(client):
    """What was gathered under embargo appears at one moment: who came first is the host's secret."""
    launch = datetime(2025, 10, 8, 9, tzinfo=UTC)
    letter = make_letter(opens_at=launch)
    make_signature(letter, name="Early", published_at=launch - timedelta(days=30))
    make_signature(letter, name="Late", published_at=launch + timedelta(days=2))

    assert {row["name"]: row["since"] for row in rows_of(client)} == {
        "Early": "2025-10-08",
        "Late": "2025-10-10",
    }
    records = client.get(JSON).json()["signatories"]
    assert {one["name"]: one["since"] for one in records} == {"Early": "2025-10-08", "Late": "2025-10-10"}


@pytest.mark.parametrize(
    "fields",
    [
        {"visibility": "counted_only"},
        {"visibility": "delivered_only"},
        {"staff_cap": "counted_only"},
        {"status": "held"},
        {"status": "to_agree_again"},
        {"status": "withdrawn"},
    ],
)
def test_who_is_not_named_is_in_no_data(client, fields):
    letter = make_letter()
    make_signature(letter, name="Blue Kettle")
    before = client.get(JSON).content, b"".join(client.get(CSV).streaming_content)
    make_signature(letter, name="Quiet", **fields)
    revision.forget()
    assert before == (client.get(JSON).content, b"".join(client.get(CSV).streaming_content))


def test_who_hides_is_gone_at_once(client):
    signature = make_signature(name="Blue Kettle")
    assert len(client.get(JSON).json()["signatories"]) == 1
    withdrawal.hide(signature)
    revision.forget()
    assert client.get(JSON).json()["signatories"] == []
    assert rows_of(client) == []


@pytest.mark.parametrize("phase", ["draft", "gathering"])
def test_a_letter_that_is_not_public_has_no_data(client, phase):
    make_signature(make_letter(phase=phase))
    for address in (JSON, CSV):
        assert client.get(address).status_code == 404


# --- cursors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how_many", [0, 1, 2, 3, 4, 7])
def test_all_names_come_once_in_full_pages(client, settings, how_many):
    settings.OPEN_DATA_PER_PAGE = 2
    sign(make_letter(), how_many)

    fetched = read_on(client)

    assert [len(page) for page in fetched[:-1]] == [2] * (len(fetched) - 1)
    listed = [one["name"] for page in fetched for one in page]
    assert sorted(listed) == [f"House {number}" for number in range(how_many)]


def test_a_name_that_stands_all_the_while_is_neither_missed_nor_repeated(client, settings):
    settings.OPEN_DATA_PER_PAGE = 3
    letter = make_letter()
    stays = sign(letter, 20)
    goes = [make_signature(letter, name=f"Leaves {number}") for number in range(20)]
    fetched, address = [], JSON
    while address:
        answer = client.get(address).json()
        fetched += [one["id"] for one in answer["signatories"]]
        address = answer["next"]
        for signature in (*goes[:2], *(one for one in goes if fetched and one.public_id == fetched[-1])):
            Signature.objects.filter(pk=signature.pk).update(visibility="counted_only")
        goes = goes[2:]
        make_signature(letter, name=f"Comes {len(fetched)}")
    assert len(fetched) == len(set(fetched))
    assert {one.public_id for one in stays} <= set(fetched)


def test_neither_order_nor_ids_tell_when_somebody_signed(client):
    letter = make_letter()
    signed = [one.public_id for one in sign(letter, 12)]
    listed = [one["id"] for one in client.get(JSON).json()["signatories"]]
    assert listed == sorted(signed)
    assert listed != signed  # one in 479 million
    assert all(len(one) == 16 for one in listed)


def test_a_cursor_tells_no_more_than_the_page_it_came_with(client, settings):
    settings.OPEN_DATA_PER_PAGE = 2
    sign(make_letter(), 5)
    answer = client.get(JSON).json()
    assert answer["next"] == f"{settings.SITE_URL}{JSON}?after={answer['signatories'][-1]['id']}"


@pytest.mark.parametrize(
    "after", ["x", "0", "' OR 1=1", "0" * 17, "0" * 15 + "G", "\0", "%", "é" * 16, "0" * 5000]
)
def test_what_is_no_cursor_is_refused_in_words(client, after):
    sign(make_letter(), 1)
    answer = client.get(JSON, {"after": after})
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


def test_behind_the_last_one_there_is_nothing(client):
    sign(make_letter(), 2)
    assert client.get(JSON, {"after": "f" * 16}).json() == {"signatories": [], "next": None}


# --- a spreadsheet -----------------------------------------------------------------------------------


def test_the_spreadsheet_has_all_names_in_reading_order(client, monkeypatch):
    monkeypatch.setattr(wall, "READ_AT_ONCE", 3)
    letter = make_letter()
    for name in ("Zebra", "apple", "Apple", "بيت", "Ost", "Öst", "apple", "9 lives"):
        make_signature(letter, name=name)
    make_imported(letter, name="Middle")

    listed = [row["name"] for row in rows_of(client)]

    assert listed == [one.name for one in wall.every_name(letter)]
    assert sorted(listed) == sorted(
        ["Zebra", "apple", "Apple", "بيت", "Ost", "Öst", "apple", "9 lives", "Middle"]
    )
    assert listed[0] == "9 lives"
    assert listed[-1] == "بيت"


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "+1 Group", "-Group", "@Group", "＝Group"])
def test_no_cell_of_the_spreadsheet_is_a_formula(client, name):
    make_signature(name=name, latin=name)
    (row,) = rows_of(client)
    assert (row["name"], row["latin"]) == (f"'{name}", f"'{name}")
    assert client.get(JSON).json()["signatories"][0]["name"] == name


def test_the_spreadsheet_goes_out_while_it_is_read(client, monkeypatch):
    """However long the list is, as many rows are in memory as are read at once."""
    monkeypatch.setattr(wall, "READ_AT_ONCE", 5)
    letter = make_letter()
    sign(letter, 40)
    most_read = []
    read = wall._signatory
    monkeypatch.setattr(wall, "_signatory", lambda row, newest: most_read.append(row.pk) or read(row, newest))
    rows = wall.every_name(letter)
    next(rows)
    assert len(most_read) == 1
    assert len(list(rows)) == 39


def test_who_asks_only_for_the_head_has_no_list_read(client, django_assert_num_queries):
    sign(make_letter(), 3)
    revision.forget()
    with django_assert_num_queries(1):
        answer = client.head(CSV)
    assert answer["Content-Type"].startswith("text/csv")


# --- who may read it, and for how long -----------------------------------------------------------------


@pytest.mark.parametrize("address", [JSON, CSV])
def test_other_sites_may_read_it_and_nobody_keeps_a_name_for_long(client, address):
    sign(make_letter(), 1)
    answer = client.get(address)
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "s-maxage=5," in answer["Cache-Control"]
    assert "must-revalidate, proxy-revalidate" in answer["Cache-Control"]
    assert not answer.cookies
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", [JSON, CSV])
def test_who_has_it_gets_nothing_until_something_changed(client, address, django_assert_num_queries):
    letter = make_letter()
    sign(letter, 1)
    etag = client.get(address)["ETag"]
    moments.forget()
    with django_assert_num_queries(1):
        answer = client.get(address, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)

    revision.bump([letter.pk])
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_the_two_forms_are_two_things_to_a_cache(client):
    sign(make_letter(), 1)
    assert client.get(JSON)["ETag"] != client.get(CSV)["ETag"]
    assert client.get(CSV)["Content-Disposition"] == 'attachment; filename="asylum-signatories.csv"'


@pytest.mark.parametrize("address", [JSON, CSV])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_is_read_and_never_written(client, address, method):
    make_letter()
    assert getattr(client, method)(address).status_code == 405


def test_data_has_no_language(client):
    sign(make_letter(languages=("en", "ar")), 1)
    for address in (JSON, CSV):
        assert client.get(f"/ar{address}").status_code == 404


def test_the_fields_are_those_that_are_documented(settings):
    told = (settings.BASE_DIR / "docs" / "open-data.md").read_text()
    for field in open_data.FIELDS:
        assert f"| `{field}` |" in told
    assert f"{settings.OPEN_DATA_PER_PAGE:,}" in told
    for value in ("refugee_led", "displaced_led", "ally"):
        assert f"`{value}`" in told


def test_closed_letters_stay_readable(client):
    make_signature(make_letter(phase="archived"), published_at=timezone.now() - timedelta(days=8))
    assert len(client.get(JSON).json()["signatories"]) == Letter.objects.count() == 1
