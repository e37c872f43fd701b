"""What public pages ask of a long list is found in an index: no table is read to its end, at any address."""

import pytest
from django.db import connection, transaction

from letters.models import Host
from tests.bench.plans import A_PAGE, addresses, plans_of
from tests.config.test_many_rows import FIRST, NAMES, multiply
from tests.factories import make_letter, make_signature

pytestmark = pytest.mark.django_db

ADDRESSES = addresses("asylum")


@pytest.fixture(scope="module")
def many(django_db_setup, django_db_blocker):
    """A letter with a hundred thousand signatories, beside one with three."""
    with django_db_blocker.unblock(), transaction.atomic():
        letter = make_letter()
        Host.objects.update(slug="bench")
        signature = make_signature(letter)
        multiply(signature.organisation, **NAMES)
        multiply(
            signature,
            **NAMES,
            sort_key=f"'01 ' || lower({NAMES['name']})",
            search_text=f"' ' || lower({NAMES['name']}) || ' '",
            organisation_id=f"{FIRST} + n",
            country="(array['KE', 'UG', 'DE', 'CO'])[1 + n % 4]",
            kind="(array['refugee_led', 'displaced_led', 'ally'])[1 + n % 3]",
            visibility="CASE WHEN n % 10 = 0 THEN 'counted_only' ELSE 'public' END",
            published_at="published_at - n * interval '1 second'",
            created_at="created_at - n * interval '1 second'",
            dedupe_key="md5(n::text)",
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # once, and not again after every test
            # Nobody has tidied these rows up, so the planner thinks little of indexes; `make bench` does without this.
            cursor.execute("SET LOCAL enable_seqscan = off")
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_public_page_reads_little_and_no_table_to_its_end(many, address):
    for plan in plans_of(address):
        assert not plan.read_whole, plan.sql
        is_counting = (
            "COUNT(" in plan.sql and "LIMIT" not in plan.sql
        )  # and milestones, which count to theirs
        if not is_counting and "OFFSET number" not in plan.sql:
            # Every third name here is a Lantern; a search ends when it has found a page's worth of them.
            assert plan.rows_read <= 4 * A_PAGE, plan.sql
