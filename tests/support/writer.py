"""Works on a database in a process: `python -m tests.support.writer WORK NUMBER`; its URL in DATABASE.

Begins when it is sent a line, and prints a line for each piece of work that is committed.
"""

import os
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import count

from headend.adapters.db import Database
from headend.ports import AuditEntry, Outgoing
from tests.support import nouns

THREADS = 3
STREAM = "1 g/00070 plan"


def say(what: object) -> None:
    """A line in one piece: `print` writes its end by itself, and another thread comes between."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def migrate(database: Database, me: str) -> None:
    """Make the tables, maybe while others do."""
    database.migrate()
    say("migrated")


def counters(database: Database, me: str) -> None:
    """Take 50 numbers in each thread, and leave a message with each."""

    def take() -> None:
        for _ in range(50):
            with database.transaction() as db:
                number = db.next_counter(STREAM)
                db.post(Outgoing("loa/g/00070/plan", str(number).encode()))

    _in_threads(take)


def receipts(database: Database, me: str) -> None:
    """Store the same 100 receipts as everybody else does; print those that were new to us."""

    def store() -> None:
        for seq in range(1, 101):
            with database.transaction() as db:
                new = db.add_receipts([nouns.receipt(seq)], nouns.MORNING)
                db.receipts_upto([("00070-01", nouns.JOURNAL)])
            if new:
                say(seq)

    _in_threads(store)


def plans(database: Database, me: str) -> None:
    """Plan a session at each of 20 minutes where the air is free; everybody wants the same air."""

    def plan(name: str) -> None:
        for minute in range(20):
            start = nouns.MORNING + timedelta(minutes=minute)
            session = nouns.session(f"{me}-{name}-{minute}", start_at=start)
            with database.transaction() as db:
                db.lock_station(session.commune)
                if not db.air(session.clusters, start, start + timedelta(minutes=1)):
                    db.put_session(session)

    _in_threads(lambda: plan(threading.current_thread().name))


def on_and_on(database: Database, me: str) -> None:
    """Several things in each transaction that belong together, until killed."""
    for number in count(1):
        with database.transaction() as db:
            counter = db.next_counter(STREAM)
            db.put_session(nouns.session(f"s{counter}", start_at=nouns.MORNING + timedelta(minutes=counter)))
            db.post(Outgoing("loa/g/00070/plan", str(counter).encode()))
            db.record(AuditEntry(nouns.MORNING, "viet", "plan", f"s{counter}"))
            db.touch(f"session:s{counter}")
        say(number)


def _in_threads(work: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded) for _ in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if failures:
        raise failures[0]


WORKS = {work.__name__: work for work in (migrate, counters, receipts, plans, on_and_on)}


if __name__ == "__main__":
    say("ready")
    sys.stdin.readline()  # all begin at once
    WORKS[sys.argv[1]](Database(os.environ["DATABASE"]), sys.argv[2])
