"""What the head-end and the poles rely on, on every broker that we start: real NATS, real Mosquitto."""

import contextlib
import os
import subprocess
import sys

import pytest

from headend.adapters.broker import BrokerUser, NatsBroker, headend_user, pole_user
from tests.support.mqtt import Client
from tests.support.processes import runs
from tests.support.project import ROOT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

HEADEND = headend_user("head-end-password")
POLE = pole_user("pole-1", ["00070", "all"], "pole-1-password")
NEIGHBOUR = pole_user("pole-2", ["00071", "all"], "pole-2-password")

OWN = ["loa/p/pole-1/order", "loa/p/pole-1/ack", "loa/g/00070/plan", "loa/g/00070/order", "loa/g/all/plan"]
TRICKS = ["loa/#", "loa/p/+/order", "#", "$SYS/#", "$MQTT/#", "$share/group/loa/#", "loa/g/00071/#"]
# Mosquitto saves only every five seconds, and is killed after that.
ENDINGS = ["in order", pytest.param("killed", marks=pytest.mark.slow)]
FOREIGN = ["loa/p/pole-2/order", "loa/p/pole-1/receipt", "loa/g/00071/plan", "loa/p/pole-2/state"]


@pytest.fixture
def broker(any_broker):
    any_broker.add_user(HEADEND, POLE, NEIGHBOUR)
    return any_broker


def test_a_pole_hears_its_own_topics_and_its_groups(broker):
    with Client(broker, HEADEND) as headend, Client(broker, POLE) as pole:
        assert pole.subscribe(*OWN) == [1] * len(OWN)
        for topic in OWN:
            headend.publish(topic, b"for you")
        for topic in OWN:
            pole.expect(topic, b"for you")


def test_a_pole_hears_nothing_that_is_meant_for_others(broker):
    with Client(broker, HEADEND) as headend, Client(broker, POLE) as pole:
        pole.subscribe(*FOREIGN, *TRICKS, *OWN)
        for topic in FOREIGN:
            headend.publish(topic, b"secret")
        headend.publish(OWN[0], b"the last word")
        pole.expect(OWN[0], b"the last word")
        assert pole.received == [(OWN[0], b"the last word")]


def test_a_pole_speaks_only_on_its_own_topics(broker):
    allowed = ["loa/p/pole-1/receipt", "loa/p/pole-1/state", "loa/p/pole-1/telemetry"]
    forbidden = [
        "loa/p/pole-2/receipt",
        "loa/p/pole-1/order",
        "loa/p/pole-1/ack",
        "loa/g/00070/plan",
        "loa/x",
    ]
    with Client(broker, HEADEND) as headend:
        headend.subscribe("loa/#")
        for number, topic in enumerate(forbidden):
            # NATS hangs up on one who oversteps, and makes one who comes back at once under the same id wait.
            with Client(broker, POLE, name=f"pole-1-{number}") as pole:
                pole.attempt(topic, b"forged")
        with Client(broker, POLE) as pole:
            for topic in allowed:
                pole.publish(topic, b"true")
                headend.expect(topic, b"true")
        assert sorted({topic for topic, _ in headend.received}) == sorted(allowed)


def test_a_retained_message_of_a_foreign_group_does_not_leak(broker):
    with Client(broker, HEADEND) as headend:
        headend.publish("loa/g/00071/plan", b"theirs", retain=True)
        headend.publish("loa/g/00070/plan", b"ours", retain=True)
    with Client(broker, POLE) as pole:
        pole.subscribe("loa/g/00071/plan", "loa/#", "loa/g/00070/plan")
        pole.expect("loa/g/00070/plan", b"ours")
        with Client(broker, HEADEND) as headend:
            headend.publish("loa/g/00070/plan", b"newer", retain=True)
        pole.expect("loa/g/00070/plan", b"newer")
        assert {payload for _, payload in pole.received} == {b"ours", b"newer"}


@pytest.mark.parametrize(
    "stranger",
    [
        BrokerUser("pole-1", "guessed"),
        BrokerUser("nobody", "anything"),
        BrokerUser("nobody", ""),
    ],
    ids=["wrong password", "unknown user", "no password"],
)
def test_a_stranger_does_not_come_in(broker, stranger):
    with Client(broker, stranger) as client:
        assert client.answer != 0


def test_a_new_pole_is_let_in_while_the_others_stay_connected(broker):
    newcomer = pole_user("pole-3", ["00070"], "pole-3-password")
    with Client(broker, HEADEND) as headend, Client(broker, POLE) as pole:
        pole.subscribe(OWN[0])
        broker.add_user(newcomer)
        with Client(broker, newcomer) as third:
            assert third.answer == 0
            assert third.subscribe("loa/p/pole-3/order") == [1]
            headend.publish("loa/p/pole-3/order", b"welcome")
            third.expect("loa/p/pole-3/order", b"welcome")
        headend.publish(OWN[0], b"still there?")
        pole.expect(OWN[0], b"still there?")


def test_a_will_is_announced_when_a_pole_falls_silent(broker):
    with Client(broker, HEADEND) as headend:
        headend.subscribe("loa/p/+/state")
        pole = Client(broker, POLE, will=("loa/p/pole-1/state", b"gone"))
        pole.drop()
        headend.expect("loa/p/pole-1/state", b"gone")


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_a_broker_retains_outlives_it(broker, ending):
    with Client(broker, HEADEND) as headend:
        headend.publish("loa/g/00070/plan", b"the plan", retain=True)
    start_again(broker, ending, b"the plan")
    with Client(broker, POLE) as pole:
        # NATS may open its door some milliseconds before it has read what it retains: ask again.
        wait_until(lambda: pole.subscribe("loa/g/00070/plan") and pole.received, "the plan")
        assert set(pole.received) == {("loa/g/00070/plan", b"the plan")}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", ["nats", "mosquitto"])
def test_an_order_waits_for_an_absent_pole_over_a_restart(kind, ending, tmp_path, request):
    if kind == "nats":
        broker = NatsBroker(tmp_path / "nats", queues_on_disk=True)
    else:
        broker = request.getfixturevalue("mosquitto_broker")
    broker.add_user(HEADEND, POLE)
    with broker:
        with Client(broker, POLE, persistent=True) as pole:
            pole.subscribe(OWN[0])
        with Client(broker, HEADEND) as headend:
            headend.publish(OWN[0], b"while you were away")
        start_again(broker, ending, b"while you were away")
        with Client(broker, POLE, persistent=True) as pole:
            assert pole.session_present
            pole.expect(OWN[0], b"while you were away")


def start_again(broker, ending, written):
    """Restart the broker in order, or kill it as soon as `written` has reached a file of its."""
    port, first = broker.port, broker.pid
    if ending == "killed":
        wait_until(lambda: written in everything_in(broker.folder), f"{written!r} in a file of the broker")
        broker.kill()
        assert not broker.alive
        broker.start()
    else:
        broker.restart()
    assert broker.port == port
    assert broker.pid != first


def everything_in(folder):
    """The bytes of all files; one that is being written ("….new") or goes away meanwhile does not count."""
    found = []
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):
            found.append(b"" if file.suffix == ".new" else file.read_bytes())
    return b"\n".join(found)


def test_a_watched_broker_comes_back_by_itself_after_a_kill(broker):
    broker.watch()
    first = broker.pid
    broker.kill()
    with Client(broker, HEADEND, patient=True) as headend:
        headend.publish("loa/g/all/plan", b"again")
    assert broker.pid != first


STARTS = """
import sys
from pathlib import Path
from headend.adapters import broker
kind, folder, *argv = sys.argv[1:]
started = getattr(broker, kind)(Path(folder), **({"argv": argv} if argv else {}))
started.start()
print(started.pid, flush=True)
sys.stdin.read()
"""


def test_a_broker_does_not_outlive_the_process_that_started_it(any_broker, tmp_path):
    argv = getattr(any_broker, "argv", [])
    command = [sys.executable, "-c", STARTS, type(any_broker).__name__, str(tmp_path / "other"), *argv]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as parent:
        pid = int(parent.stdout.readline())
        assert runs(pid)
        parent.kill()
    wait_until(lambda: not runs(pid), "the end of the orphaned broker")


def test_secrets_of_a_broker_are_readable_by_its_owner_only(broker):
    files = [file for file in broker.folder.iterdir() if file.is_file() and file.suffix in ("", ".json", ".conf")]
    assert files
    assert {file.name: oct(os.stat(file).st_mode & 0o777) for file in files} == {file.name: "0o600" for file in files}
    assert "password" not in repr(POLE) and POLE.password not in repr(broker.users)
