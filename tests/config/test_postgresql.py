"""The connection to the database: kept from request to request, and given up when the database has gone."""

import psycopg2
import pytest
from django.db import connection

from tests.browser.conftest import wait_for
from tests.factories import make_letter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def colleague(db):
    """Another connection, which can look at ours and end it."""
    connection.ensure_connection()
    other = psycopg2.connect(**connection.get_connection_params())
    other.autocommit = True
    yield other.cursor()
    other.close()


def ours():
    return connection.connection.info.backend_pid


def last_said(colleague):
    colleague.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [ours()])
    return colleague.fetchone()[0]


def next_request():
    connection.health_check_enabled, connection.health_check_done = True, False
    connection.close_if_health_check_failed()


def end(colleague):
    pid = ours()
    colleague.execute("SELECT pg_terminate_backend(%s)", [pid])

    def is_gone():
        colleague.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid])
        return colleague.fetchone() == (0,)

    wait_for(is_gone)


def test_a_request_does_not_ask_whether_the_database_is_there(colleague):
    make_letter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'something of the last request'")
    before = ours()
    next_request()
    assert (ours(), last_said(colleague)) == (before, "SELECT 'something of the last request'")


def test_a_connection_that_was_ended_is_made_anew_at_the_next_request(colleague, client):
    make_letter()
    assert client.get("/letters/asylum/").status_code == 200
    end(colleague)
    next_request()
    assert connection.connection is None
    assert client.get("/healthz").status_code == 200


def test_a_connection_that_was_closed_on_our_side_is_made_anew(colleague):
    connection.connection.close()
    next_request()
    assert connection.connection is None


def test_after_an_error_the_database_is_asked(colleague):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'something of the last request'")
    connection.errors_occurred = True
    connection.close_if_unusable_or_obsolete()
    assert last_said(colleague) == "SELECT 1"
    assert not connection.errors_occurred


def test_what_a_server_only_mentions_is_no_reason_to_leave_it(colleague):
    """A notice is something to read, too."""
    before = ours()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN harbour")
    colleague.execute("NOTIFY harbour")
    wait_for(connection._has_something_to_read)
    next_request()
    assert ours() == before
