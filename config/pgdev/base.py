"""Our PostgreSQL backend, which starts the development database when nobody answers."""

from typing import Any

import psycopg2

from config import devdb
from config.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the development database that waits for its start only when there is need."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; when that fails, start the server and connect again."""
        try:
            return super().get_new_connection(conn_params)
        except psycopg2.OperationalError as error:
            # The tests' own databases are created by Django, ours by the start.
            if "does not exist" in str(error) and conn_params["dbname"] != devdb.NAME:
                raise
        try:
            devdb.start(self.settings_dict["DEVDB_VAR"])
        except devdb.DatabaseDidNotStart as reason:
            raise psycopg2.OperationalError(str(reason)) from reason
        return super().get_new_connection(conn_params)
