"""One of several: a lock that is held as long as the process lives and wants it. See headend.ports.Leader."""

import fcntl
import os
from collections.abc import Callable

import psycopg

_TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"


class FileLeader:
    """Leads while it holds a lock on a file beside the SQLite database."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None

    def leads(self) -> bool:
        if self._file is None:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                return False
            self._file = file
        return True

    def resign(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class PostgresqlLeader:
    """Leads while a connection of its own holds an advisory lock; PostgreSQL frees it when that breaks."""

    def __init__(self, connect: Callable[[], psycopg.Connection], name: str) -> None:
        self._connect = connect
        self._name = f"leader {name}"
        self._connection: psycopg.Connection | None = None

    def leads(self) -> bool:
        try:
            if self._connection is not None:
                self._connection.execute("SELECT 1")
                return True
            return self._try()
        except psycopg.Error:
            self.resign()
            return False

    def resign(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _try(self) -> bool:
        connection = self._connect()
        try:
            (leads,) = connection.execute(_TRY, [self._name]).fetchone() or (False,)
        except psycopg.Error:
            connection.close()
            raise
        if leads:
            self._connection = connection
        else:
            connection.close()
        return leads
