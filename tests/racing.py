"""Many at once: real threads, each with a database connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection


def others_connected():
    """Return the process ids of whoever else is connected to the database of the tests."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return {pid for (pid,) in cursor.fetchall()}


def at_once(*acts):
    """Do these at the same moment; return what each returned or raised."""
    barrier = Barrier(len(acts))

    def run(act):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            return act()
        except Exception as outcome:  # noqa: BLE001 - what was raised is what the test asks for
            return outcome
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))
