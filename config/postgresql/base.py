"""Django's PostgreSQL backend, which sees that a connection was lost without asking the database at every request."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is kept from one request to the next."""

    def is_usable(self) -> bool:
        """Whether the database still answers. A server that goes away says so: then there is something to read.

        Only where there is, or where something went wrong before, is it asked.
        """
        if self.connection is None or self.connection.closed:
            return False
        if self.errors_occurred or self._has_something_to_read():
            return bool(super().is_usable())
        return True

    def _has_something_to_read(self) -> bool:
        waiting = select.poll()
        waiting.register(self.connection, select.POLLIN)
        return bool(waiting.poll(0))
