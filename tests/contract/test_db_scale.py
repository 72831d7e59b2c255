"""A year of many communes: what is not asked for costs nothing."""

import random
import time
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from headend.adapters.db import Database
from headend.adapters.db.sessions import _AIR
from headend.adapters.db.store import Transaction
from headend.domain.lawful import SEARCH_DAYS
from headend.domain.times import to_ms
from simulator.bench import year
from tests.support.nouns import MORNING
from tests.support.records import plain

# A fifth of Hà Nội: four million rows and half a minute less for each database; an index does not mind.
COMMUNES, CLUSTERS = 25, 80
WEEKS = year.DAYS // 5
DAY_MS = 86_400_000
ASKED = 150  # times, of each city
MOST_GROWTH = 3  # from one commune to COMMUNES; what reads all that is there takes COMMUNES times as long

PLACES = """
INSERT INTO communes SELECT code, code, 'xã', 21, 105 FROM codes;
INSERT INTO clusters SELECT code || '-' || n, code, 'Cụm loa', 'H', 21, 105, 2, FALSE FROM codes, numbers
"""


def series(connection: Connection, name: str, count: int) -> str:
    """SQL for a table `name` of 1 … count."""
    if connection.dialect.name == "postgresql":
        return f"{name} (x) AS (SELECT * FROM generate_series(1, {count}))"
    return f"{name} (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM {name} WHERE x < {count})"


# PostgreSQL: without looking up each foreign key, and the key made afterwards, as a restored backup would be.
BEFORE = """
SET LOCAL session_replication_role = replica;
ALTER TABLE session_clusters
    DROP CONSTRAINT pk_session_clusters, DROP CONSTRAINT IF EXISTS uq_session_clusters_session_place
"""
AFTER = """
SET LOCAL maintenance_work_mem = '512MB';
ALTER TABLE session_clusters ADD CONSTRAINT pk_session_clusters PRIMARY KEY (cluster, start_at_ms, session);
ANALYZE
"""


def fill(database: Database, known: int, communes: int) -> None:
    """Put the year of communes number `known` + 1 … `communes` in, at the speed of the database itself."""
    engine = plain(database)
    with engine.begin() as connection:
        tables = [series(connection, *one) for one in (("c", communes), ("k", CLUSTERS))]
        with_ = (
            f"WITH RECURSIVE {', '.join(tables)}, "
            f"codes AS (SELECT CAST(10000 + x AS TEXT) AS code FROM c WHERE x > {known}), "
            "numbers AS (SELECT x AS n FROM k) SELECT"
        )
        for statement in PLACES.split(";"):
            connection.execute(text(statement.replace("SELECT", with_, 1)))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            run(connection, BEFORE)
        year.fill(connection, (str(10001 + known), str(10000 + communes)), MORNING)
        if engine.dialect.name == "postgresql":
            run(connection, AFTER)
    engine.dispose()


def run(connection: Connection, statements: str) -> None:
    """One after the other."""
    for statement in statements.split(";"):
        connection.execute(text(statement))


def plan_of(db: Transaction) -> str:
    """How the database means to find the air."""
    start = to_ms(MORNING)
    values = {"clusters": ["10001-1", "10001-2"], "start": start, "end": start + SEARCH_DAYS * DAY_MS}
    literal = {"literal_binds": True}
    compiled = _AIR.params(**values).compile(dialect=db._connection.dialect, compile_kwargs=literal)
    word = "EXPLAIN" if db._connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    rows = db._connection.exec_driver_sql(f"{word} {compiled}".replace("%", "%%"))
    return "\n".join(str(row[-1]) for row in rows)


def ask(database: Database, communes: int) -> list[float]:
    """How long each search for the air of six clusters over SEARCH_DAYS took, in ms, the shortest first."""
    dice = random.Random(20261124)
    took = []
    for _ in range(ASKED):
        commune, week = 10_000 + dice.randint(1, communes), dice.randint(0, WEEKS - 4)
        clusters = [f"{commune}-{number}" for number in dice.sample(range(1, CLUSTERS + 1), 6)]
        start = MORNING + timedelta(weeks=week)
        with database.transaction(readonly=True) as db:
            begun = time.perf_counter()
            found = db.air(clusters, start, start + timedelta(days=SEARCH_DAYS))
            took.append((time.perf_counter() - begun) * 1000)
        assert len(found) == 3 * 9  # three weeks of five mornings and four afternoons
        assert all(one.clusters == set(clusters) for one in found)
    return sorted(took)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_air_of_a_few_clusters_is_found_as_fast_in_a_year_of_many_communes_as_of_one(new_url, capsys):
    database = Database(new_url)
    database.migrate()
    fill(database, 0, 1)
    alone = ask(database, 1)
    fill(database, 1, COMMUNES)
    among_many = ask(database, COMMUNES)
    with database.transaction(readonly=True) as db:
        plan = plan_of(db)
    database.close()
    middle, last = ASKED // 2, ASKED * 99 // 100
    with capsys.disabled():
        print(f"\n{database}: air of 6 clusters over {SEARCH_DAYS} days, median and p99: of one commune "
              f"{alone[middle]:.2f} and {alone[last]:.2f} ms, of {COMMUNES} {among_many[middle]:.2f} and "
              f"{among_many[last]:.2f} ms")
    assert "session_clusters USING PRIMARY KEY" in plan or "pk_session_clusters" in plan
    assert "Seq Scan" not in plan
    assert among_many[middle] < MOST_GROWTH * alone[middle]
