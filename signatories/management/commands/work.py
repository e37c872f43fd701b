"""The worker: sends mail and does what is due, for as long as it runs."""

import logging
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.db.utils import InterfaceError, OperationalError
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker

from signatories.tasks import do_what_is_due

logger = logging.getLogger("signatories")

PAUSE = 1.0  # seconds between two looks into the queue
DUE_EVERY = 60.0  # seconds


class Command(BaseCommand):
    help = "Send mail and do what is due. Run one or several; each survives a restart of the database."

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until SIGTERM or SIGINT; the job at hand is finished first."""
        self.running = True
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        # The library's worker ends for good with its database connection, so it runs in rounds inside our loop.
        worker = Worker(
            queue_names=["default"],
            interval=0,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        due_at = 0.0
        while self.running:
            try:
                worker.run()
                if time.monotonic() >= due_at:
                    do_what_is_due()
                    due_at = time.monotonic() + DUE_EVERY
            except (OperationalError, InterfaceError):
                logger.warning("The database is away; trying again.")
                connection.close()
            time.sleep(PAUSE)

    def _stop(self, *args: Any) -> None:
        self.running = False
