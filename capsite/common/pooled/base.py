"""What Django loads as the engine: the pool's wrapper, with an error that Django knows."""

from typing import Any

from dj_db_conn_pool.backends.postgresql.base import DatabaseWrapper as PooledWrapper
from django.db.utils import OperationalError
from sqlalchemy.exc import TimeoutError as NothingFree


class DatabaseWrapper(PooledWrapper):
    """Waits for a connection while all are in use; after the pool's time-out the site is busy."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection, or raise what every outage of the database raises."""
        try:
            return super().get_new_connection(conn_params)
        except NothingFree as error:
            raise OperationalError("No connection to the database became free in time.") from error
