"""Real pole processes in a box whose parts fail: what they feel, tell and do about it."""

import time

import numpy as np
import pytest

from headend.adapters.broker import MosquittoBroker
from protocol import messages
from tests.conftest import program
from tests.support.headside import decode, encode, noise
from tests.support.street import Street, assert_heard, sleep_until, sounding
from tests.support.twins import runtime
from tests.support.waiting import wait_until

NAME = "micropython-i386"
SOON = 5.0  # seconds within which an event is told
ALARM = "keep/alarm"


@pytest.fixture
def street(tmp_path):
    """Its poles can feel themselves: boards with PSRAM."""
    with (
        MosquittoBroker(tmp_path / "broker", argv=program("mosquitto").argv) as broker,
        Street(tmp_path, runtime(NAME).with_psram(), broker) as street,
    ):
        add = street.fleet.add
        street.fleet.add = lambda profile, **how: add(profile, box=True, **how)
        yield street


def sound(seconds: float, seed: int) -> tuple[np.ndarray, bytes]:
    """(what should be heard, the file)"""
    raw = encode(noise(seconds, seed))
    return decode(raw)[: int(seconds * messages.RATE)], raw


def wait_plan(street: Street) -> None:
    """Until the pole has a plan: its quiet hours bind the silent test."""
    wait_until(lambda: street.desk.states["p1"][-1].plan_version, "the plan on the pole")


def test_a_pole_tells_how_its_box_is_and_what_changes_within_five_seconds(street: Street):
    pole = street.pole()
    first = wait_until(lambda: street.desk.telemetry.get("p1"), "telemetry")[-1]
    assert (first.mains, first.cabinet_open, first.temperature_c, first.rssi_dbm) == (1, 0, 34, -67)
    assert 12_000 < first.battery_mv < 13_000 and first.horns_ma == first.horns_ma[:2] and first.faults == []
    assert first.free_kb > 1000 and first.clock == "net" and first.clock_error_us is not None
    pole.set_box(mains=0, cabinet_open=1)
    changed_at = time.time()
    street.desk.wait_for("p1", "mains_lost")
    street.desk.wait_for("p1", "cabinet_opened")
    assert time.time() - changed_at < SOON
    newest = wait_until(lambda: street.desk.telemetry["p1"][-1].mains == 0 and street.desk.telemetry["p1"][-1], "news")
    assert newest.cabinet_open == 1 and newest.battery_minutes > 60
    pole.set_box()
    street.desk.wait_for("p1", "mains_back")
    street.desk.wait_for("p1", "cabinet_closed")


@pytest.mark.slow
def test_what_was_felt_without_a_network_and_before_a_power_cut_is_told_afterwards_and_once(street: Street):
    pole = street.pole()
    pole.cut_network()
    street.wait_online(online=0)
    pole.set_box(cabinet_open=1)
    wait_until(lambda: b"cabinet_opened" in (pole.folder / "data" / "journal").read_bytes(), "the event on flash")
    pole.kill()
    pole.restore_network()
    pole.start()
    street.desk.wait_for("p1", "cabinet_opened")
    pole.set_box()
    street.desk.wait_for("p1", "cabinet_closed")
    assert street.desk.kinds("p1", "").count("cabinet_opened") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("box", "least", "most"),
    [({}, 950, 1000), ({"amp": "mute"}, 0, 50), ({"horns": []}, None, None)],
    ids=["whole", "mute amplifier", "nothing to feel with"],
)
def test_a_receipt_says_how_much_of_the_sound_was_felt(street: Street, box, least, most):
    pole = street.pole(start=False)
    pole.set_box(**box)
    pole.start()
    street.wait_online()
    session = street.session(*sound(6, 20), in_seconds=3)
    street.desk.plan("00070", [session])
    heard = street.desk.wait_for("p1", "finished", "s1").heard_permille
    assert heard is None if least is None else least <= heard <= most


@pytest.mark.slow
def test_an_amplifier_that_dies_in_mid_session_takes_the_rest_of_the_figure_with_it(street: Street):
    pole = street.pole()
    session = street.session(*sound(8, 21), in_seconds=3)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "started", "s1")
    sleep_until(session.at_ms + 4000)
    pole.set_box(amp="dead")
    assert 350 < street.desk.wait_for("p1", "finished", "s1").heard_permille < 700


@pytest.mark.slow
def test_the_silent_test_learns_a_box_and_finds_what_fails_in_it(street: Street):
    pole = street.pole()
    street.desk.plan("00070", [])
    wait_plan(street)
    street.desk.check("p/p1", "calibrate")
    assert street.desk.wait_for("p1", "checked").why == "calibrate: done"
    for horns, kind, number in (
        ([{"fault": "open"}, {}], "horn_open", 1),
        ([{}, {"half_db": -12}], "horn_weak", 2),
    ):
        pole.set_box(horns=horns)
        street.desk.check("p/p1", "horns")
        assert street.desk.wait_for("p1", kind).horn == number
    wait_until(lambda: street.desk.telemetry["p1"][-1].faults == ["horn_weak 2"], "the fault in the telemetry")
    (loudest,) = {int(np.abs(capture.samples).max()) for capture in sounding(pole.captures())}
    assert loudest < 240  # of 32768: barely to be heard
    assert set(street.desk.kinds("p1")) <= {"checked", "horn_open", "horn_weak", "horn_fine"}


@pytest.mark.slow
def test_a_silent_test_gives_way_to_a_plan_that_comes_meanwhile_and_the_session_begins_at_its_second(street: Street):
    pole = street.pole()
    street.desk.plan("00070", [])
    wait_plan(street)
    street.desk.check("p/p1", "calibrate")
    wait_until(lambda: sounding(pole.captures()), "the sweep")
    samples, raw = sound(2, 32)
    session = street.session(samples, raw, in_seconds=1.6)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "finished", "s1")
    assert street.desk.receipt("p1", "checked") is None  # it was begun before, and has not come to its end
    assert_heard(pole.captures()[-1], samples, session.at_ms)


def test_no_test_of_the_horns_sounds_in_quiet_hours(street: Street):
    pole = street.pole()
    street.desk.plan("00070", [], messages.Rules(quiet_from_minute=0, quiet_to_minute=1439))
    wait_plan(street)
    street.desk.check("p/p1", "horns")
    assert street.desk.wait_for("p1", "checked").why == "horns: not now, T-15"
    assert not pole.captures()


@pytest.mark.slow
def test_a_horn_that_breaks_while_it_sounds_is_told_within_five_seconds(street: Street):
    pole = street.pole()
    street.desk.plan("00070", [])
    wait_plan(street)
    street.desk.check("p/p1", "calibrate")
    street.desk.wait_for("p1", "checked")
    session = street.session(*sound(12, 22), in_seconds=3)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "started", "s1")
    sleep_until(session.at_ms + 3000)
    pole.set_box(horns=[{}, {"fault": "open"}])
    broken_at = time.time()
    assert street.desk.wait_for("p1", "horn_open").horn == 2
    assert time.time() - broken_at < SOON
    street.desk.wait_for("p1", "finished", "s1")


@pytest.mark.slow
def test_stop_at_the_pole_ends_the_session_for_good_and_keeps_the_next_from_beginning(street: Street):
    pole = street.pole()
    first = street.session(*sound(8, 23), in_seconds=3)
    later = street.session(*sound(2, 24), in_seconds=7, name="s2")
    street.desk.plan("00070", [first, later])
    street.desk.wait_for("p1", "started", "s1")
    sleep_until(first.at_ms + 1000)
    pole.press("stop")
    assert street.desk.wait_for("p1", "stopped", "s1").why == "panel"
    assert street.desk.wait_for("p1", "stopped", "s2").why == "panel"
    pole.release("stop")
    (capture,) = pole.captures()
    muted = [at for at, level in capture.amp if level == 1][-1]
    assert abs(capture.true_us(muted) / 1000 - first.at_ms - 1000) < 1000
    assert street.desk.kinds("p1", "").count("key_stop") == 1


@pytest.mark.slow
def test_the_alarm_key_sounds_the_stored_alarm_without_any_network_or_clock(street: Street):
    source, raw = sound(3, 25)
    street.time.silent = True
    pole = street.pole(start=False, rtc="lost")
    (pole.folder / "data" / "keep").mkdir(parents=True)
    (pole.folder / "data" / ALARM).write_bytes(raw)
    pole.cut_network()
    pole.start()
    wait_until(lambda: "pole p1" in pole.log, "the pole's start")
    pole.press("alarm")
    wait_until(lambda: sounding(pole.captures()), "the alarm")
    pole.release("alarm")
    journal = pole.folder / "data" / "journal"
    wait_until(lambda: b"alarm_over" in journal.read_bytes(), "the end of the alarm")
    assert b"key_alarm" in journal.read_bytes()
    (capture,) = pole.captures()
    assert np.count_nonzero(capture.samples) > 2.5 * messages.RATE


@pytest.mark.slow
def test_a_pole_set_aside_stays_silent_at_the_alarm_key_and_says_so(street: Street):
    _, raw = sound(2, 31)
    pole = street.pole()
    (pole.folder / "data" / ALARM).write_bytes(raw)
    street.desk.plan("00070", [], rules=messages.Rules(suspended=1))
    wait_plan(street)
    pole.press("alarm")
    assert street.desk.wait_for("p1", "alarm_over").why == "P-04"
    pole.release("alarm")
    assert street.desk.receipt("p1", "key_alarm") and not sounding(pole.captures())


@pytest.mark.slow
def test_the_alarm_key_breaks_into_a_session_which_goes_on_behind_it(street: Street):
    pole = street.pole()
    _, raw = sound(2, 26)
    (pole.folder / "data" / ALARM).write_bytes(raw)
    session = street.session(*sound(14, 27), in_seconds=3)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "started", "s1")
    pole.press("alarm")
    street.desk.wait_for("p1", "key_alarm")
    pole.release("alarm")
    over = street.desk.wait_for("p1", "alarm_over")
    assert over.heard_permille > 900 and over.frames > messages.RATE
    street.desk.wait_for("p1", "finished", "s1")
    assert len(sounding(pole.captures())) == 3
    kinds = street.desk.kinds("p1")
    assert kinds.index("started") < kinds.index("key_alarm") < kinds.index("alarm_over")


def test_the_lamps_say_what_the_pole_is_doing(street: Street):
    pole = street.pole()
    (pole.folder / "lights").touch()
    pole.press("stop")
    wait_until(lambda: "001" in (pole.folder / "lights").read_text(), "red alone")
    pole.release("stop")
    wait_until(lambda: (pole.folder / "lights").read_text().endswith("100\n"), "green alone")
