"""What the parts of a transaction share: the connection, and statements that both databases understand."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Result, Row, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

from headend.domain.times import from_ms, to_ms

INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

Values = dict[str, Any]
# Whether a row that is there may be replaced: given the table and the new row, the condition.
Condition = Callable[[Any, Any], ColumnElement[bool]]


class Part:
    """Base of the nouns' parts; together they are one `headend.ports.Db`."""

    def __init__(self, connection: Connection, readonly: bool) -> None:
        self._connection = connection
        self._readonly = readonly
        self._dialect = connection.dialect.name

    def _put(self, table: Table, values: Values | Sequence[Values], only_if: Condition | None = None) -> None:
        """Insert, or replace what has the same primary key."""
        if values:
            self._connection.execute(_upsert(self._dialect, table, only_if), values)

    def _add(self, table: Table, values: Sequence[Values]) -> set[tuple]:
        """Insert what has a new primary key; gives those keys."""
        if not values:
            return set()
        return set(map(tuple, self._connection.execute(_insert_new(self._dialect, table), values)))

    def _one(self, statement: Select, lock: bool = False, **values: Any) -> Row | None:
        return self._execute(statement, lock, values).one_or_none()

    def _all(self, statement: Select, lock: bool = False, **values: Any) -> Sequence[Row]:
        return self._execute(statement, lock, values).all()

    def _execute(self, statement: Select, lock: bool, values: Values) -> Result:
        # FOR NO KEY UPDATE holds the rows without blocking others who only point at them (foreign keys).
        # SQLite's writers are alone anyway, and its dialect leaves the words out.
        wanted = statement.with_for_update(key_share=True) if lock else statement
        return self._connection.execute(wanted, values)


@cache
def _upsert(dialect: str, table: Table, only_if: Condition | None) -> Insert:
    statement = INSERT[dialect](table)
    key = list(table.primary_key.columns)
    rest = {name: statement.excluded[name] for name, column in table.c.items() if not column.primary_key}
    condition = only_if(table.c, statement.excluded) if only_if else None
    return statement.on_conflict_do_update(index_elements=key, set_=rest, where=condition)


@cache
def _insert_new(dialect: str, table: Table) -> Insert:
    key = list(table.primary_key.columns)
    return INSERT[dialect](table).on_conflict_do_nothing(index_elements=key).returning(*key)


def ms_or_none(at: datetime | None) -> int | None:
    """Unix ms, or None for None."""
    return None if at is None else to_ms(at)


def instant_or_none(unix_ms: int | None) -> datetime | None:
    """Aware datetime, or None for None."""
    return None if unix_ms is None else from_ms(unix_ms)
