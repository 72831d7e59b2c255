"""A database behind one URL: transactions, migrations, and who leads where there are several head-ends."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import make_url, text
from sqlalchemy.exc import ArgumentError

from headend.adapters.db.bulletins import Bulletins
from headend.adapters.db.deliveries import Deliveries
from headend.adapters.db.engines import (
    WAIT_SECONDS,
    postgresql_connection,
    postgresql_engine,
    sqlite_engine,
    unavailable,
)
from headend.adapters.db.journal import Journal
from headend.adapters.db.law import LocalLaw
from headend.adapters.db.leader import FileLeader, PostgresqlLeader
from headend.adapters.db.migrations import upgrade
from headend.adapters.db.outbox import Outbox
from headend.adapters.db.people import People
from headend.adapters.db.places import Places
from headend.adapters.db.sessions import Sessions
from headend.ports import Unavailable

_EXPECTED = "the database must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class Transaction(Places, People, LocalLaw, Bulletins, Sessions, Deliveries, Outbox, Journal):
    """Implements headend.ports.Db."""

    def lock_station(self, commune: str) -> None:
        self.hold(f"station {commune}")

    def hold(self, name: str) -> None:
        """Wait for, and hold until the end of the transaction, the lock of this name."""
        if self._dialect == "postgresql":  # on SQLite whoever writes is alone from the beginning
            self._connection.execute(_LOCK, {"name": name})


class Database:
    """SQLite (sqlite:///PATH) or PostgreSQL (postgresql://USER:PASSWORD@HOST/NAME), else ValueError.

    May be used from any thread; one transaction at a time in each.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
        except ArgumentError:
            raise ValueError(_EXPECTED) from None
        self._writers = threading.Lock()
        kind = self._url.get_backend_name()
        if kind == "sqlite":
            self._writing, self._reading = sqlite_engine(self._url, False), sqlite_engine(self._url, True)
        elif kind == "postgresql":
            self._writing = postgresql_engine(self._url)
            as_of_one_instant = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            self._reading = self._writing.execution_options(**as_of_one_instant)
        else:
            raise ValueError(_EXPECTED)

    def __repr__(self) -> str:
        return f"Database({self._url.render_as_string(hide_password=True)})"

    @contextmanager
    def transaction(self, readonly: bool = False) -> Iterator[Transaction]:
        """One transaction: commits at the end, rolls back on an exception. Raises headend.ports.Unavailable.

        With `readonly` everything is seen as of one instant, nobody is waited for, and writing fails.
        """
        engine = self._reading if readonly else self._writing
        with unavailable(), self._turn(readonly), engine.connect() as connection, connection.begin():
            transaction = Transaction(connection, readonly)
            yield transaction
            transaction.end()

    def migrate(self) -> None:
        """Bring the tables to this program's version. Of several processes one does it, the others wait."""
        with unavailable(), self._turn(False), self._writing.connect() as connection, connection.begin():
            Transaction(connection, False).hold("migrations")
            upgrade(connection)

    def leader(self, name: str) -> FileLeader | PostgresqlLeader:
        """A candidate for doing `name` alone among all processes on this database."""
        if self._url.get_backend_name() == "sqlite":
            return FileLeader(f"{self._url.database}.{name}")
        return PostgresqlLeader(partial(postgresql_connection, self._url), name)

    def close(self) -> None:
        """Close the connections; transactions that still run keep theirs to their end."""
        self._writing.dispose()
        self._reading.dispose()

    @contextmanager
    def _turn(self, readonly: bool) -> Iterator[None]:
        """On SQLite one writer at a time. Threads queue here, as SQLite's own waiting is unfair: it polls, so
        that under load somebody may never have a turn. Other processes are waited for in BEGIN IMMEDIATE.
        """
        if readonly or self._url.get_backend_name() != "sqlite":
            yield
            return
        if not self._writers.acquire(timeout=WAIT_SECONDS):
            raise Unavailable(f"another transaction has held the database for {WAIT_SECONDS} s")
        try:
            yield
        finally:
            self._writers.release()
