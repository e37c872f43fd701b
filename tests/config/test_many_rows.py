"""The lists of the desk over 100,000 rows: few questions, nothing counted to its end, and as little read as shown."""

import json
import re

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from letters.models import Event, record
from tests.factories import enter, make_signature, make_staff

pytestmark = pytest.mark.django_db

ROWS = 100_000
BIG = ("signatories_signature", "signatories_organisation", "letters_event")

# Every list, and questions people ask it.
LISTS = {
    "/admin/signatories/signature/": [
        "",
        "?queue=all",
        "?queue=published",
        "?queue=all&p=100",
        "?queue=all&o=1",
        "?queue=all&kind__exact=ally",
        "?queue=all&q=kettle",
        "?queue=all&q=KETTLE+77",
        "?queue=all&q=zz",
    ],
    "/admin/signatories/organisation/": ["", "?p=7", "?verification__exact=doubtful", "?q=lantern", "?o=1"],
    "/admin/signatories/invalidation/": [""],
    "/admin/letters/event/": ["", "?act=hold", "?act=never", "?about=letter", "?q=abc", "?p=100"],
}
INDEX_OF = {
    "/admin/signatories/signature/": "the_queue",
    "/admin/signatories/organisation/": "signatories_organisation_pkey",
    "/admin/letters/event/": "events_newest_first",
}

FIRST = 1_000_000  # far from what the database counts by itself
NAME = "substr(md5(n::text), 1, 6) || (array[' Kettle ', ' Harbour ', ' Lantern '])[1 + n % 3] || n"
NAMES = {"name": NAME, "name_key": f"lower({NAME})", "spellings": f"lower({NAME})"}


def multiply(row, **columns):
    """Insert as many rows like this one, but for these columns, which SQL makes of the number n."""
    fields = [field for field in row._meta.local_concrete_fields if not field.generated]
    columns = {"id": f"{FIRST} + n", "public_id": "substr(md5(n::text), 1, 16)", **columns}
    names = [field.column for field in fields]
    values = [columns.get(name, f'"{name}"') for name in names]
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} "
            f"FROM (SELECT * FROM {table} WHERE id = {row.pk}) one, generate_series(1, {ROWS}) n"
        )
        cursor.execute(f"ANALYZE {table}")


@pytest.fixture(scope="module")
def alice(django_db_setup, django_db_blocker):
    """Somebody at a desk with so many rows, which all tests here read and nobody keeps."""
    with django_db_blocker.unblock(), transaction.atomic():
        signature = make_signature()
        multiply(signature.organisation, **NAMES)
        multiply(
            signature,
            **NAMES,
            sort_key=f"lower({NAME})",
            organisation_id=f"{FIRST} + n",
            status="CASE WHEN n % 10 = 0 THEN 'awaiting_moderation' ELSE 'published' END",
            created_at="created_at - n * interval '1 second'",
            confirmed_at="created_at - n * interval '1 second'",
            dedupe_key="md5(n::text)",
        )
        record("sign", kind="signature", subject=signature.public_id, letter=signature.letter)
        multiply(
            Event.objects.get(),
            at="at - n * interval '1 second'",
            act="(array['sign', 'confirm', 'approve', 'hold'])[1 + n % 4]",
            subject_id="substr(md5(n::text), 1, 16)",
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # once, and not again after every test
        yield enter(Client(), make_staff())
        transaction.set_rollback(True)


@pytest.mark.parametrize("address", [page + query for page, queries in LISTS.items() for query in queries])
def test_a_list_asks_little_and_counts_nothing_to_its_end(alice, address):
    alice.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert alice.get(address).status_code == 200
    assert len(asked) <= 12
    counts = [one["sql"] for one in asked if re.search(r"\bCOUNT\(", one["sql"]) and reads(one["sql"])]
    assert [sql for sql in counts if "LIMIT" not in sql] == []
    assert [one["sql"] for one in asked if "DISTINCT" in one["sql"] and reads(one["sql"])] == []


def reads(sql):
    return any(f'FROM "{table}"' in sql for table in BIG)


@pytest.mark.parametrize("page", INDEX_OF)
def test_a_list_as_it_opens_reads_no_more_rows_than_it_shows(alice, page):
    rows = alice.get(page).context["cl"].result_list
    plan = rows.explain(format="json", analyze=True)
    assert INDEX_OF[page] in plan
    for table in BIG:
        assert rows_read(plan, table) <= 50


def rows_read(plan, table):
    """Sum up what the scans of a table went through, whether it was of use or not."""
    nodes, total = [json.loads(plan)[0]["Plan"]], 0
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node.get("Relation Name") == table:
            total += (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return total


@pytest.mark.parametrize("page", ["/admin/signatories/signature/", "/admin/signatories/organisation/"])
def test_a_name_is_searched_for_in_an_index(alice, page):
    everywhere = {"queue": "all"} if "signature" in page else {}
    rows = alice.get(page, {**everywhere, "q": "99998 LÁNTERN"}).context["cl"].queryset
    assert [row.name.split()[1:] for row in rows] == [["Lantern", "99998"]]
    assert "_by_spelling" in rows.explain()


def test_a_list_that_is_not_counted_to_its_end_says_so_and_its_last_page_is_there(alice):
    page = alice.get("/admin/letters/event/")
    assert "The first 5000 events; there are more." in page.content.decode()
    last = alice.get("/admin/letters/event/", {"p": page.context["cl"].paginator.num_pages})
    assert len(last.context["cl"].result_list) == 50
    beyond = alice.get(
        "/admin/letters/event/", {"p": page.context["cl"].paginator.num_pages + 1}, follow=True
    )
    assert "This is the list as it opens." in beyond.content.decode()
    few = alice.get("/admin/signatories/organisation/", {"q": "Lantern 99998"})
    assert "there are more" not in few.content.decode()
