"""A year of a city in a database: a session each morning, and each afternoon but those of Friday, at all clusters of
every commune. Put in by the database itself, as real programmes would take hours.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from headend.domain.session import SessionState
from headend.domain.times import to_ms

DAYS = 261  # working days
HALF_DAYS = DAYS * 2
LENGTH_MS = 75_000
AFTERNOON_MS = 11 * 3600 * 1000  # after the morning's session

_SESSIONS = """
INSERT INTO sessions (id, commune, start_at_ms, duration_ms, urgency, state, author, created_at_ms, why, confirmed)
    SELECT code || '-' || h, code, {start}, CAST(:length AS BIGINT), 0, :state, 'viet', 0, '', '[]'
    FROM (SELECT code FROM communes WHERE code >= :first AND code <= :last) AS c, halves
    WHERE NOT (h % 10 = 9)
"""
_CLUSTERS = """
INSERT INTO session_clusters (cluster, start_at_ms, session, place)
    SELECT c.id, {start}, c.commune || '-' || h, c.rank
    FROM (SELECT id, commune, ROW_NUMBER() OVER (PARTITION BY commune ORDER BY id) AS rank FROM clusters
          WHERE commune >= :first AND commune <= :last) AS c, halves
    WHERE NOT (h % 10 = 9)
"""
# Half-day h (0, 1, 2 …) of the working days after the first Monday: two a day, ten a week.
_START = ("CAST(:monday AS BIGINT) + (h / 10) * CAST(604800000 AS BIGINT) + ((h % 10) / 2) * CAST(86400000 AS BIGINT) "
          "+ (h % 2) * CAST(:afternoon AS BIGINT)")
_HALVES = {
    "postgresql": f"WITH halves AS (SELECT * FROM generate_series(0, {HALF_DAYS - 1}) AS g(h)) ",
    "sqlite": f"WITH RECURSIVE halves (h) AS (SELECT 0 UNION ALL SELECT h + 1 FROM halves WHERE h < {HALF_DAYS - 1}) ",
}


def fill(connection: Connection, communes: tuple[str, str], monday: datetime) -> None:
    """Put the year of the communes with codes from … to … in, whose clusters must be there; `monday` is the instant of
    the first morning's session.
    """
    values = {"monday": to_ms(monday), "afternoon": AFTERNOON_MS, "length": LENGTH_MS, "state": SessionState.DONE,
              "first": communes[0], "last": communes[1]}
    for statement in (_SESSIONS, _CLUSTERS):
        _run(connection, statement, values)


def _run(connection: Connection, statement: str, values: dict) -> None:
    with_ = _HALVES[connection.dialect.name]
    sql = statement.format(start=_START).replace("SELECT", with_ + "SELECT", 1)
    connection.execute(text(sql), {name: value for name, value in values.items() if f":{name}" in sql})


def mornings(monday: datetime) -> list[datetime]:
    """The instants of the mornings' sessions."""
    return [monday + timedelta(days=number // 5 * 7 + number % 5) for number in range(DAYS)]
