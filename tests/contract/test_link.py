"""What poles tell comes in through real brokers: stored once, acknowledged after that, through all that may break."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from headend.adapters.broker import BrokerProcess, BrokerUser, NatsBroker, headend_user, pole_user
from headend.adapters.db import Database
from headend.adapters.mqtt.link import MOST_BYTES, Link
from headend.ports import Incoming, Outgoing, Unavailable
from protocol import receipt, topics
from protocol.messages import Ack
from tests.support import nouns
from tests.support.keys import pole_key
from tests.support.mqtt import Client
from tests.support.poles_tell import ingest, told
from tests.support.records import url_of
from tests.support.waiting import wait_until

HEADEND = headend_user("head-end-password")
POLES = BrokerUser("poles", "poles-password", write=("loa/#",))
POLE = pole_user("00070-01", ["00070"], "pole-password")


@pytest.fixture
def broker(keeper) -> BrokerProcess:
    """Each broker in turn, with the users of these tests."""
    return opened(keeper)


def opened(broker: BrokerProcess) -> BrokerProcess:
    """Let the users of these tests in."""
    broker.add_user(HEADEND, POLES, POLE)
    return broker


@contextmanager
def linked(broker: BrokerProcess, take: Callable[[list[Incoming]], list[Outgoing]]) -> Iterator[Link]:
    """A link that is up."""
    link = Link(broker.host, broker.port, HEADEND.name, HEADEND.password, take=take)
    link.start()
    try:
        wait_until(lambda: link.connected, "the link")
        yield link
    finally:
        link.stop()


def stored(database: Database) -> list[int]:
    """Numbers of the receipts that pole 00070-01 has told."""
    with database.transaction(readonly=True) as db:
        return [one.receipt.seq for one in db.receipts("00070-01")]


def test_a_receipt_is_stored_and_its_pole_is_told(broker, sqlite):
    with linked(broker, lambda batch: ingest(sqlite, batch)), Client(broker, POLE) as pole:
        ack = topics.topic(topics.pole(POLE.name), topics.ACK)
        pole.subscribe(ack)
        for seq in (1, 2):
            pole.publish(*told(nouns.receipt(seq)))
        last = receipt.pack(pole_key(POLE.name), receipt.ACK, Ack(pole=POLE.name, journal=nouns.JOURNAL, upto=2))
        pole.expect(ack, last)
        assert stored(sqlite) == [1, 2]


@pytest.mark.slow
def test_what_is_told_while_the_head_end_is_away_waits_for_it(broker, sqlite):
    def take(batch: list[Incoming]) -> list[Outgoing]:
        return ingest(sqlite, batch)

    with linked(broker, take):
        pass
    with Client(broker, POLES) as poles:
        for seq in range(1, 21):
            poles.publish(*told(nouns.receipt(seq)))
    with linked(broker, take):
        wait_until(lambda: len(stored(sqlite)) == 20, "what waited")


@pytest.mark.slow
def test_a_broker_that_restarts_in_the_middle_loses_nothing(broker, sqlite):
    with linked(broker, lambda batch: ingest(sqlite, batch)) as link:
        for first in (1, 21):
            with Client(broker, POLES, patient=True) as poles:
                for seq in range(first, first + 20):
                    poles.publish(*told(nouns.receipt(seq)))
            if first == 1:
                broker.restart()
        wait_until(lambda: len(stored(sqlite)) == 40, "all that was told", 60)
        assert link.connections == 2


@pytest.mark.slow
def test_a_message_is_acknowledged_only_after_it_is_stored(mosquitto):
    """The broker sends again what a head-end has taken and not stored."""
    taken: list[bytes] = []
    entered, leave = threading.Event(), threading.Event()

    def never(batch: list[Incoming]) -> list[Outgoing]:
        entered.set()
        leave.wait(20)
        raise Unavailable("no disk")

    with linked(opened(mosquitto), never) as link, Client(mosquitto, POLES) as poles:
        poles.publish("loa/p/00070-01/receipt", b"precious")
        assert entered.wait(20)
        stopping = threading.Thread(target=link.stop)
        stopping.start()
        leave.set()
        stopping.join(20)
    with linked(mosquitto, lambda batch: taken.extend(one.payload for one in batch) or []):
        wait_until(lambda: taken == [b"precious"], "the message again")


@pytest.mark.slow
def test_a_database_that_is_away_for_a_while_loses_nothing_and_keeps_the_order(broker):
    taken: list[bytes] = []
    troubles = iter(range(3))

    def take(batch: list[Incoming]) -> list[Outgoing]:
        for _ in troubles:
            raise Unavailable("the database is locked")
        taken.extend(one.payload for one in batch)
        return []

    with linked(broker, take) as link, Client(broker, POLES) as poles:
        for number in range(50):
            poles.publish("loa/p/00070-01/receipt", str(number).encode())
        wait_until(lambda: len(taken) == 50, "all messages")
        assert taken == [str(number).encode() for number in range(50)]
        assert link.health().given_up == 0


def test_one_message_that_can_not_be_stored_does_not_keep_the_others_out(broker, caplog):
    taken: list[bytes] = []

    def take(batch: list[Incoming]) -> list[Outgoing]:
        if any(one.payload == b"poison" for one in batch):
            raise KeyError("nobody thought of this")
        taken.extend(one.payload for one in batch)
        return []

    with linked(broker, take) as link, Client(broker, POLES) as poles:
        words = [b"poison" if number == 7 else str(number).encode() for number in range(20)]
        for word in words:
            poles.publish("loa/p/00070-01/receipt", word)
        wait_until(lambda: len(taken) == 19, "the others")
        wait_until(lambda: link.health().given_up == 1, "the culprit")
        assert taken == [word for word in words if word != b"poison"]
    assert "gave up 6 bytes on loa/p/00070-01/receipt: KeyError" in caplog.text
    again: list[bytes] = []
    with linked(broker, lambda batch: again.extend(one.payload for one in batch) or []), Client(broker, POLES) as poles:
        poles.publish("loa/p/00070-01/receipt", b"the next")
        wait_until(lambda: again, "the next message")
    assert again == [b"the next"]  # and the poison did not come back


@pytest.mark.slow
def test_a_message_that_is_too_long_is_not_even_offered(broker):
    taken: list[int] = []
    with linked(broker, lambda batch: taken.extend(len(one.payload) for one in batch) or []):
        with Client(broker, POLES) as poles:
            for size in (MOST_BYTES + 1, MOST_BYTES, 1):
                poles.publish("loa/p/00070-01/receipt", b"x" * size)
        wait_until(lambda: 1 in taken, "the last message")
    assert taken == [MOST_BYTES, 1]


@pytest.mark.slow
def test_a_kill_between_commit_and_acknowledgement_stores_once(mosquitto, database):
    kill_between_commit_and_acknowledgement(opened(mosquitto), database)


class HastyNats(NatsBroker):
    """Sends again what was not acknowledged for a second, not for half a minute as by default."""

    def _configuration(self) -> dict:
        configuration = super()._configuration()
        configuration["mqtt"]["ack_wait"] = "1s"
        return configuration


@pytest.mark.slow
def test_a_kill_between_commit_and_acknowledgement_stores_once_with_nats(tmp_path, sqlite):
    with HastyNats(tmp_path / "nats", queues_on_disk=True) as nats:
        kill_between_commit_and_acknowledgement(opened(nats), sqlite)


def kill_between_commit_and_acknowledgement(broker: BrokerProcess, database: Database) -> None:
    """A head-end stores a batch and dies; the next one gets that batch again, and the rest."""
    with linked(broker, lambda batch: ingest(database, batch)):
        pass  # from now on the broker keeps what comes for us
    with Client(broker, POLES) as poles:
        for seq in range(1, 11):
            poles.publish(*told(nouns.receipt(seq)))
    command = [sys.executable, "-m", "tests.support.ingester", str(broker.port), HEADEND.name, HEADEND.password]
    environment = {**os.environ, "DATABASE": url_of(database)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as victim:
        first = int(victim.stdout.readline())
        assert victim.wait(20) == -signal.SIGKILL
    assert len(stored(database)) == first >= 1
    came: list[Incoming] = []

    def take(batch: list[Incoming]) -> list[Outgoing]:
        came.extend(batch)
        return ingest(database, batch)

    with linked(broker, take):
        wait_until(lambda: len(stored(database)) == 10, "the rest")
        wait_until(lambda: len(came) >= 10, "what was stored before, again")
    assert stored(database) == list(range(1, 11))


def test_a_refused_password_is_said_without_the_password(broker, caplog):
    link = Link(broker.host, broker.port, HEADEND.name, "wrong-password", take=lambda batch: [])
    with caplog.at_level(logging.DEBUG):
        link.start()
        wait_until(lambda: "broker" in link.health().trouble, "the trouble")
        link.stop()
    assert not link.connected
    assert "wrong-password" not in caplog.text + repr(link) + repr(vars(link)["_client"])


@pytest.mark.slow
def test_a_head_end_may_start_before_its_broker(broker):
    broker.stop()
    link = Link(broker.host, broker.port, HEADEND.name, HEADEND.password, take=lambda batch: [])
    link.start()
    wait_until(lambda: link.health().trouble.startswith("no connection"), "the first attempt")
    link.publish(Outgoing("loa/p/00070-01/ack", b"nobody hears"))
    assert link.send([Outgoing("loa/p/00070-01/order", b"nobody hears", id=1)]) == []
    broker.start()
    wait_until(lambda: link.connected, "the link")
    assert link.health().unsent == 1
    link.stop()


@pytest.mark.slow
def test_an_end_is_quick_even_if_the_broker_hangs(mosquitto):
    with linked(opened(mosquitto), lambda batch: []) as link:
        os.kill(mosquitto.pid, signal.SIGSTOP)
        begun = time.monotonic()
        try:
            link.stop()
        finally:
            os.kill(mosquitto.pid, signal.SIGCONT)
        assert time.monotonic() - begun < 10


@pytest.mark.slow
def test_a_burst_of_twenty_thousand_receipts_is_stored_once(mosquitto, database, capsys):
    burst(opened(mosquitto), database, capsys)


@pytest.mark.slow
def test_a_burst_of_twenty_thousand_receipts_is_stored_once_with_nats(nats, sqlite, capsys):
    burst(opened(nats), sqlite, capsys)


def burst(broker: BrokerProcess, database: Database, capsys) -> None:
    """500 poles tell 40 receipts each, as fast as the broker takes them."""
    poles, receipts = 500, 40
    command = [sys.executable, "-m", "tests.support.burst", str(broker.port), POLES.name, POLES.password]
    pipe = subprocess.PIPE
    process = subprocess.Popen([*command, str(poles), str(receipts)], stdin=pipe, stdout=pipe, text=True, bufsize=1)
    with linked(broker, lambda batch: ingest(database, batch)) as link, process:
        assert process.stdout.readline() == "ready\n"
        begun = time.perf_counter()
        process.stdin.write("begin\n")
        wait_until(lambda: link.health().stored >= poles * receipts, "the burst", 120)
        took = time.perf_counter() - begun
        assert process.stdout.readline() == "done\n"
    with database.transaction(readonly=True) as db:
        assert len(db.receipts()) == poles * receipts
        names = [f"pole-{pole}" for pole in range(poles)]
        journals = [(name, nouns.JOURNAL) for name in names]
        assert db.receipts_upto(journals) == dict.fromkeys(journals, receipts)
    kind = url_of(database).partition(":")[0]
    with capsys.disabled():
        print(f"\n{broker.kind}, {kind}: {poles * receipts} receipts in {took:.1f} s, "
              f"{poles * receipts / took:,.0f} a second")
