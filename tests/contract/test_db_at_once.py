"""Several threads and processes on one database, and what a kill leaves."""

import os
import subprocess
import sys
import threading

import pytest

from headend.adapters.db import Database
from headend.adapters.db.schema import audit, outbox, revisions, session_clusters, sessions
from tests.support import nouns
from tests.support.records import counter, plain, rows, url_of
from tests.support.writer import STREAM, THREADS

PROCESSES = 2


def start(work: str, url: str, me: int = 0) -> subprocess.Popen:
    """A process that will work on the database; it is ready, and begins when it is sent a line."""
    command = [sys.executable, "-m", "tests.support.writer", work, str(me)]
    environment = {**os.environ, "DATABASE": url}
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True, bufsize=1)
    assert process.stdout.readline() == "ready\n"
    return process


def together(work: str, url: str, processes: int = PROCESSES) -> list[str]:
    """Several processes at the same work; the lines that they printed."""
    working = [start(work, url, me) for me in range(processes)]
    for process in working:
        process.stdin.write("begin\n")
    lines = [line for process in working for line in process.communicate(timeout=60)[0].splitlines()]
    assert [process.returncode for process in working] == [0] * processes
    return lines


@pytest.fixture(autouse=True)
def settled(database):
    with database.transaction() as db:
        nouns.settle(db)


@pytest.mark.slow
def test_no_number_is_given_twice_and_none_left_out(database):
    together("counters", url_of(database))
    expected = PROCESSES * THREADS * 50
    with database.transaction() as db:
        numbers = [int(one.payload) for one in db.unsent(limit=expected + 1)]
        assert numbers == list(range(1, expected + 1))  # also in the order in which they will leave
        assert db.next_counter(STREAM) == expected + 1


@pytest.mark.slow
def test_each_receipt_is_new_to_exactly_one_of_all_who_store_it(database):
    lines = together("receipts", url_of(database))
    assert sorted(map(int, lines)) == list(range(1, 101))
    with database.transaction() as db:
        assert len(db.receipts()) == 100
        journal = ("00070-01", nouns.JOURNAL)
        assert db.receipts_upto([journal]) == {journal: 100}


@pytest.mark.slow
def test_two_plans_never_take_the_same_air(database):
    together("plans", url_of(database))
    with database.transaction() as db:
        starts = [one.start_at for one in db.sessions()]
    assert len(starts) == 20
    assert len(set(starts)) == 20


@pytest.mark.slow
def test_a_kill_leaves_whole_transactions_and_nothing_else(database):
    for _ in range(3):
        with start("on_and_on", url_of(database)) as process:
            process.stdin.write("begin\n")
            told = [process.stdout.readline() for _ in range(20)]
            process.kill()
            told += process.stdout.readlines()
        check_whole(database, told)


def check_whole(database: Database, told: list[str]) -> None:
    """All that belongs together is there together, and all that was told to be committed."""
    done = counter(database, STREAM)
    assert done >= len([line for line in told if line.endswith("\n")]) >= 20
    assert [rows(database, table) for table in (sessions, outbox, audit, revisions)] == [done] * 4
    assert rows(database, session_clusters) == done * len(nouns.CLUSTERS)
    if "sqlite" in url_of(database):
        engine = plain(database)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        engine.dispose()


def test_many_threads_write_and_read_and_nobody_is_turned_away(database):
    """SQLite alone would tell some of them that the database is locked."""
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for round_ in range(5):
                with database.transaction() as db:
                    db.add_receipts([nouns.receipt(round_ + 1, pole=f"p{number}")], nouns.MORNING)
                with database.transaction(readonly=True) as db:
                    journal = (f"p{number}", nouns.JOURNAL)
                    assert db.receipts_upto([journal]) == {journal: round_ + 1}
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []


def test_a_plan_waits_while_another_one_is_made_at_its_station(database):
    """The second looks at the air only after the first has taken it."""
    seen: list[int] = []

    def second() -> None:
        with database.transaction() as db:
            db.lock_station("00070")
            seen.append(len(db.air(["00070-01"], nouns.MORNING, nouns.MORNING + nouns.MINUTE)))

    with database.transaction() as db:
        db.lock_station("00070")
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.1)  # time to go wrong in
        assert seen == []
        db.put_session(nouns.session())
    thread.join(20)
    assert seen == [1]


def test_a_locked_row_is_waited_for_and_seen_as_it_was_left(database):
    with database.transaction() as db:
        db.put_session(nouns.session())
    found: list[str] = []

    def second() -> None:
        with database.transaction() as db:
            found.append(db.session("s1", lock=True).why)

    with database.transaction() as db:
        db.session("s1", lock=True)
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.1)  # time to go wrong in
        assert found == []
        db.put_session(nouns.session(why="first"))
    thread.join(20)
    assert found == ["first"]


def test_of_two_candidates_one_leads_until_it_resigns(database):
    first, second = database.leader("outbox"), database.leader("outbox")
    other = database.leader("other")
    assert first.leads() and first.leads()
    assert not second.leads()
    assert other.leads()
    first.resign()
    assert second.leads()
    assert not first.leads()
    for one in (first, second, other):
        one.resign()
    assert first.leads()
    first.resign()
