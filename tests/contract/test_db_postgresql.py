"""What only PostgreSQL brings: several at once for real, a line that may break, deadlocks."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from headend.adapters.db import Database
from headend.ports import Unavailable
from tests.support.records import terminate


@pytest.fixture
def postgres(postgres_url) -> Iterator[Database]:
    """A database of PostgreSQL with its tables, empty."""
    database = Database(postgres_url)
    database.migrate()
    yield database
    database.close()


def test_stations_are_planned_side_by_side(postgres):
    """On PostgreSQL one station's plan does not wait for another's."""
    with postgres.transaction() as first, postgres.transaction() as second:
        first.lock_station("00070")
        second.lock_station("00577")


def test_nothing_touched_is_missed_when_a_slow_transaction_ends_after_a_quick_one(postgres):
    """Numbers drawn at the touch would become visible out of order, and the lower one be skipped for ever."""
    with postgres.transaction() as slow:
        slow.touch("slow")
        with postgres.transaction() as quick:
            quick.touch("quick")
        with postgres.transaction(readonly=True) as db:
            newest, things = db.revisions(0)
            assert things == ["quick"]
    with postgres.transaction(readonly=True) as db:
        assert db.revisions(newest)[1] == ["slow"]


def test_a_leader_whose_connection_breaks_leads_no_more(postgres):
    first, second = postgres.leader("outbox"), postgres.leader("outbox")
    assert first.leads()
    terminate(postgres, "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')")
    assert second.leads()
    assert not first.leads()
    second.resign()


def test_a_server_that_is_gone_is_unavailable_and_comes_back(postgres):
    with pytest.raises(Unavailable), postgres.transaction() as db:
        pid = db._connection.scalar(text("SELECT pg_backend_pid()"))
        terminate(postgres, f"pid = {pid}")
        db.communes()
    with postgres.transaction() as db:
        assert db.communes() == []


def test_a_deadlock_is_unavailable_to_one_of_the_two(postgres):
    both, failures = threading.Barrier(2), []

    def count(*streams: str) -> None:
        try:
            with postgres.transaction() as db:
                db.next_counter(streams[0])
                both.wait(20)
                db.next_counter(streams[1])
        except Unavailable as failure:
            failures.append(failure)

    other = threading.Thread(target=count, args=("a", "b"))
    other.start()
    count("b", "a")
    other.join(20)
    assert len(failures) == 1
    assert "deadlock" in str(failures[0])
