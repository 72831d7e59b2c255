"""The same story with the embedded broker: the pole needs nothing of a broker that only one of them has."""

import pytest

from headend.adapters.broker import NatsBroker
from protocol import messages
from tests.support.headside import decode, encode, noise
from tests.support.street import Street, assert_heard, sleep_until
from tests.support.twins import runtime

pytestmark = pytest.mark.slow
SECONDS = 2


@pytest.fixture(scope="module")
def sound():
    """(what should be heard, the file)"""
    raw = encode(noise(SECONDS))
    return decode(raw)[: SECONDS * messages.RATE], raw


@pytest.fixture
def street(tmp_path):
    with (
        NatsBroker(tmp_path / "broker", queues_on_disk=True) as broker,
        Street(tmp_path, runtime("auto"), broker) as street,
    ):
        yield street


def test_a_planned_session_is_heard_and_told_over_nats(street, sound):
    pole = street.pole()
    session = street.session(*sound, in_seconds=3)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "finished")
    assert street.desk.kinds("p1") == ["received", "ready", "begun", "started", "finished"]
    assert_heard(pole.captures()[0], sound[0], session.at_ms)


def test_a_pole_that_was_killed_is_offline_for_the_head_end_and_gets_its_plan_when_it_is_back(street, sound):
    pole = street.pole()
    pole.kill()
    street.wait_online("p1", 0)
    session = street.session(*sound, in_seconds=4)
    street.desk.plan("00070", [session])
    pole.start()
    street.wait_online("p1")
    street.desk.wait_for("p1", "finished")
    assert_heard(pole.captures()[0], sound[0], session.at_ms)


def test_nats_restarted_between_plan_and_session_costs_nothing(street, sound):
    pole = street.pole()
    session = street.session(*sound, in_seconds=5)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "ready")
    street.broker.restart()
    sleep_until(session.at_ms)
    street.desk.wait_for("p1", "finished")
    assert street.desk.kinds("p1") == ["received", "ready", "begun", "started", "finished"]
    assert_heard(pole.captures()[0], sound[0], session.at_ms)
