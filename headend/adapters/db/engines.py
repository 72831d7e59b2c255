"""Connections to SQLite and PostgreSQL, set up so that a commit is durable and nobody waits for ever."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from headend.ports import Unavailable

WAIT_SECONDS = 30  # longest wait for a lock

_OPTIONS: dict[str, Any] = {
    "pool_size": 8,
    "max_overflow": 24,
    "pool_timeout": WAIT_SECONDS,
    "hide_parameters": True,  # errors end in logs, and parameters hold password hashes
}

# What the databases say when trying again later may help; anything else is a fault of ours.
_SQLITE_LATER = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_IOERR,
                 sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL}
_POSTGRESQL_LATER = (psycopg.OperationalError, psycopg.InterfaceError)

_POSTGRESQL_CONNECTION: dict[str, Any] = {"connect_timeout": 10, "application_name": "loa"}
_SQLITE_SETTINGS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
_POSTGRESQL_SETTINGS = (
    f"SET lock_timeout = '{WAIT_SECONDS}s'",
    "SET idle_in_transaction_session_timeout = '120s'",
    # A head-end whose machine is gone must not lead, nor hold locks, for the two hours that are the default.
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)


def sqlite_engine(url: URL, readonly: bool) -> Engine:
    """Write-ahead log, each commit synced to disk, foreign keys on. The file is for its owner's eyes only."""
    if not url.database or url.database == ":memory:":
        raise ValueError("SQLite needs a file: sqlite:///PATH")
    _make_private(Path(url.database))
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS}, **_OPTIONS)

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        # Left alone, Python would begin a transaction only before its first write: too late for its reads.
        connection.isolation_level = None
        for setting in (*_SQLITE_SETTINGS, f"query_only = {readonly}"):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    return engine


def postgresql_engine(url: URL) -> Engine:
    """psycopg 3. Broken connections are replaced when they are taken from the pool."""
    engine = create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True,
                           connect_args=_POSTGRESQL_CONNECTION, **_OPTIONS)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        _apply(connection)

    return engine


def postgresql_connection(url: URL) -> psycopg.Connection:
    """One connection outside any pool, each statement a transaction of its own."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(address, **_POSTGRESQL_CONNECTION)
    _apply(connection)
    connection.set_autocommit(True)
    return connection


def _apply(connection: psycopg.Connection) -> None:
    for setting in _POSTGRESQL_SETTINGS:
        connection.execute(setting)
    connection.commit()


@contextmanager
def unavailable() -> Iterator[None]:
    """Turns what may pass by itself into ports.Unavailable; faults of ours stay what they are."""
    try:
        yield
    except NoConnectionFree:
        raise Unavailable(f"no connection to the database came free within {WAIT_SECONDS} s") from None
    except DBAPIError as error:
        if not _may_pass(error):
            raise
        raise Unavailable(f"the database cannot do this now: {error.orig}") from error


def _may_pass(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in _SQLITE_LATER
    return error.connection_invalidated or isinstance(error.orig, _POSTGRESQL_LATER)


def _make_private(path: Path) -> None:
    """Make the file before SQLite would, which then gives its companions the same mode.

    A file that is there is not touched: closing it would end the locks that this process may have on it.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
