"""What the head-end decided leaves through real brokers: at least once, in order, through all that may break."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from headend.adapters.broker import BrokerProcess, BrokerUser, headend_user
from headend.adapters.db import Database
from headend.adapters.mqtt.link import Link
from headend.adapters.mqtt.pump import AT_ONCE, Pump
from headend.ports import Outgoing, Unavailable
from tests.support.mqtt import Client
from tests.support.records import terminate, url_of
from tests.support.sender import BATCHES
from tests.support.waiting import wait_until

HEADEND = headend_user("head-end-password")
SECOND = headend_user("second-password", "_headend2")
POLES = BrokerUser("poles", "poles-password", read=("loa/#",))
TOPICS = ("loa/g/00070/order", "loa/g/00577/order")


@pytest.fixture
def broker(keeper) -> BrokerProcess:
    """Each broker in turn, with the users of these tests."""
    return opened(keeper)


def opened(broker: BrokerProcess) -> BrokerProcess:
    """Let the users of these tests in."""
    broker.add_user(HEADEND, SECOND, POLES)
    return broker


@contextmanager
def pumping(broker: BrokerProcess, database: Database, user: BrokerUser = HEADEND) -> Iterator[tuple[Link, Pump]]:
    """A head-end that empties its outbox."""
    link = Link(broker.host, broker.port, user.name, user.password, take=lambda batch: [])
    pump = Pump(database.transaction, link, lambda: datetime.now(UTC), database.leader("outbox"))
    link.start()
    pump.start()
    try:
        wait_until(lambda: link.connected, "the link")
        yield link, pump
    finally:
        pump.stop()
        link.stop()


@contextmanager
def listening(broker: BrokerProcess) -> Iterator[Client]:
    """A pole that hears everything, also what came while it was away."""
    with Client(broker, POLES, persistent=True, patient=True) as pole:
        pole.subscribe("loa/#")
        yield pole


def post(database: Database, numbers: range) -> None:
    """Leave messages in the outbox, by turns on two topics."""
    with database.transaction() as db:
        for number in numbers:
            db.post(Outgoing(TOPICS[number % 2], str(number).encode()))


def unsent(database: Database) -> int:
    with database.transaction(readonly=True) as db:
        return len(db.unsent(10_000))


def in_order(topic: str, *poles: Client) -> list[int]:
    """Numbers that came on a topic, each where it came first."""
    came = [one for pole in poles for one in pole.received]
    return list(dict.fromkeys(int(payload) for where, payload in came if where == topic))


def everything(numbers: range) -> Callable[..., bool]:
    """Whether poles have received these numbers in order."""
    return lambda *poles: all(
        in_order(TOPICS[one], *poles) == [number for number in numbers if number % 2 == one] for one in (0, 1)
    )


def test_what_is_posted_leaves_in_order_and_is_marked(broker, sqlite):
    many = range(2 * AT_ONCE + 50)
    with listening(broker) as pole, pumping(broker, sqlite) as (_, pump):
        post(sqlite, many)
        pump.wake()
        wait_until(lambda: everything(many)(pole), "all messages in order")
        wait_until(lambda: unsent(sqlite) == 0, "the marks")
        assert len(pole.received) == len(many)  # nothing broke, so nothing came twice


def test_a_retained_plan_is_there_for_a_pole_that_comes_later(broker, sqlite):
    with pumping(broker, sqlite):
        with sqlite.transaction() as db:
            for word in (b"first", b"second"):
                db.post(Outgoing("loa/g/00070/plan", word, retain=True))
        wait_until(lambda: unsent(sqlite) == 0, "the outbox to be empty")
    with listening(broker) as pole:
        pole.expect("loa/g/00070/plan", b"second")
        assert b"first" not in [payload for _, payload in pole.received]


@pytest.mark.slow
def test_a_broker_that_restarts_in_the_middle_gets_everything_in_order(broker, sqlite):
    many = range(600)
    with listening(broker) as pole, pumping(broker, sqlite) as (_, pump):
        post(sqlite, many)
        pump.wake()
        wait_until(lambda: len(pole.received) > 50, "the first messages")
        broker.restart()
        with listening(broker) as again:
            wait_until(lambda: unsent(sqlite) == 0, "the outbox to be empty")
            wait_until(lambda: everything(many)(pole, again), "all messages in order", 60)


@pytest.mark.slow
def test_a_broker_that_has_forgotten_everything_is_told_its_plans_again(mosquitto, sqlite):
    with pumping(opened(mosquitto), sqlite) as (link, _):
        with sqlite.transaction() as db:
            for topic in ("loa/g/00070/plan", "loa/g/00577/plan"):
                db.post(Outgoing(topic, topic.encode(), retain=True))
        wait_until(lambda: unsent(sqlite) == 0, "the outbox to be empty")
        mosquitto.kill()
        for file in mosquitto.folder.glob("*.db"):
            file.unlink()
        mosquitto.start()
        wait_until(lambda: link.connections == 2, "the link again", 60)
        with listening(mosquitto) as pole:
            for topic in ("loa/g/00070/plan", "loa/g/00577/plan"):
                pole.expect(topic, topic.encode())


@pytest.mark.slow
def test_a_head_end_that_is_killed_between_sending_and_marking_leaves_nothing_out(broker, sqlite):
    many = range(1000)
    post(sqlite, many)
    command = [sys.executable, "-m", "tests.support.sender", str(broker.port), HEADEND.name, HEADEND.password]
    with listening(broker) as pole:
        killed = subprocess.run(command, env={**os.environ, "DATABASE": url_of(sqlite)}, timeout=60)
        assert killed.returncode == -signal.SIGKILL
        assert unsent(sqlite) == len(many) - (BATCHES - 1) * AT_ONCE
        with pumping(broker, sqlite):
            wait_until(lambda: everything(many)(pole), "all messages in order")
            wait_until(lambda: unsent(sqlite) == 0, "the marks")


@pytest.mark.slow
def test_of_two_head_ends_on_one_database_one_sends_and_the_other_takes_over(mosquitto, database):
    other = Database(url_of(database))
    with listening(opened(mosquitto)) as pole, pumping(mosquitto, other, SECOND) as (second, _):
        with pumping(mosquitto, database) as (first, _):
            post(database, range(100))
            wait_until(lambda: everything(range(100))(pole), "the first hundred")
            wait_until(lambda: unsent(database) == 0, "the marks")
            assert len(pole.received) == 100  # by one of the two
            assert sorted([first.health().published, second.health().published]) == [0, 100]
        post(database, range(100, 200))
        wait_until(lambda: everything(range(200))(pole), "the second hundred")
    other.close()


@pytest.mark.slow
def test_a_database_that_breaks_for_a_moment_only_delays(mosquitto, postgres_url):
    database = Database(postgres_url)
    database.migrate()
    with listening(opened(mosquitto)) as pole, pumping(mosquitto, database):
        post(database, range(10))
        wait_until(lambda: everything(range(10))(pole), "the first ten")
        terminate(database, "application_name = 'loa'")
        wait_until(lambda: posted(database), "the database again")
        wait_until(lambda: everything(range(20))(pole), "the second ten")
    database.close()


def posted(database: Database) -> bool:
    try:
        post(database, range(10, 20))
    except Unavailable:
        return False
    return True


@pytest.mark.slow
def test_an_end_is_quick_while_a_broker_confirms_nothing(mosquitto, sqlite):
    post(sqlite, range(10))
    with pumping(opened(mosquitto), sqlite) as (link, pump):
        wait_until(lambda: unsent(sqlite) == 0, "the outbox to be empty")
        os.kill(mosquitto.pid, signal.SIGSTOP)
        begun = time.monotonic()
        try:
            post(sqlite, range(10, 20))
            pump.wake()
            pump.stop()
            link.stop()
        finally:
            os.kill(mosquitto.pid, signal.SIGCONT)
        assert time.monotonic() - begun < 15
    assert unsent(sqlite) == 10
