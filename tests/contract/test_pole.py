"""Real pole processes with a real broker: what is heard is read from the samples that left the speaker."""

import time

import numpy as np
import pytest

from headend.adapters.broker import MosquittoBroker
from protocol import messages, topics
from tests.conftest import program
from tests.support import keys
from tests.support.headside import decode, encode, find, noise
from tests.support.street import (
    Street,
    assert_heard,
    frames_heard,
    sleep_until,
    sounding,
)
from tests.support.twins import runtime
from tests.support.waiting import wait_until

SECONDS = 2.0


@pytest.fixture(scope="module")
def sound() -> tuple[np.ndarray, bytes]:
    """(what should be heard, the file)"""
    raw = encode(noise(SECONDS))
    return decode(raw)[: int(SECONDS * messages.RATE)], raw


@pytest.fixture(scope="module")
def long_sound() -> tuple[np.ndarray, bytes]:
    """Eight seconds."""
    raw = encode(noise(8, seed=2))
    return decode(raw)[: 8 * messages.RATE], raw


@pytest.mark.slow
@pytest.mark.parametrize("name", ["micropython", "micropython-i386", "cpython"])
def test_a_planned_session_is_heard_exactly_once_at_its_instant_on_every_runtime(tmp_path, name, sound):
    with (
        MosquittoBroker(tmp_path / "broker", argv=program("mosquitto").argv) as broker,
        Street(tmp_path, runtime(name), broker) as street,
    ):
        pole = street.pole(ppm=20)
        session = street.session(*sound, in_seconds=3)
        street.desk.plan("00070", [session])
        finished = street.desk.wait_for("p1", "finished")
        assert street.desk.kinds("p1", "s1") == ["received", "ready", "begun", "started", "finished"]
        (capture,) = pole.captures()
        assert_heard(capture, sound[0], session.at_ms)
        assert capture.closed and capture.underruns == 0 and finished.underruns == 0
        assert finished.frames == len(sound[0])
        assert abs(frames_heard([capture]) - len(sound[0])) < 20
        started = street.desk.receipt("p1", "started")
        assert abs(started.first_at_us / 1000 - session.at_ms) < 1 and started.skipped_frames is None


def test_what_the_pole_sounds_is_the_file_and_nothing_else(street, sound):
    pole = street.pole()
    session = street.session(*sound, in_seconds=2.5)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "ready")
    street.time.silent = True  # a clock that is set adds or drops a sample: not what is asked here
    street.desk.wait_for("p1", "finished")
    (capture,) = pole.captures()
    begin, _ = find(capture.samples, sound[0])
    assert np.array_equal(capture.samples[begin : begin + len(sound[0])], sound[0])
    assert not np.any(capture.samples[:begin]) and not np.any(capture.samples[begin + len(sound[0]) :])


@pytest.mark.slow
def test_a_pole_killed_while_playing_joins_in_again_at_the_right_second(street, long_sound):
    pole = street.pole()
    session = street.session(*long_sound, in_seconds=3)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "started")
    sleep_until(session.at_ms + 2000)
    pole.kill()
    time.sleep(0.5)
    pole.start()
    finished = street.desk.wait_for("p1", "finished")
    first, second = sounding(pole.captures())
    assert not first.closed and second.closed
    heard = first.samples[np.flatnonzero(first.samples)[0] :]
    assert 1.6 < len(heard) / messages.RATE < 2.2  # no more than 100 ms of what left is missing
    assert_heard(second, long_sound[0][-3 * messages.RATE :], session.at_ms + 5000)
    again = street.desk.receipt("p1", "started")
    assert again.skipped_frames > 2 * messages.RATE and again.boot == 2
    assert finished.frames + again.skipped_frames == len(long_sound[0])


@pytest.mark.slow
def test_a_pole_that_stays_off_until_the_session_is_over_says_that_it_was_stopped(street, sound):
    pole = street.pole()
    session = street.session(*sound, in_seconds=2.5)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "started")
    sleep_until(session.at_ms + 500)
    pole.kill()
    sleep_until(session.at_ms + session.length_ms)
    pole.start()
    assert street.desk.wait_for("p1", "stopped").why == "restart"
    assert len(sounding(pole.captures())) == 1


@pytest.mark.slow
def test_a_pole_that_was_off_all_the_time_says_so(street, sound):
    pole = street.pole()
    session = street.session(*sound, in_seconds=2)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "ready")
    pole.kill()
    sleep_until(session.at_ms + session.length_ms)
    pole.start()
    assert street.desk.wait_for("p1", "missed").why == "off"
    assert sounding(pole.captures()) == []


@pytest.mark.slow
def test_the_network_is_cut_from_before_the_session_until_after_it_and_the_session_is_heard(street, sound):
    pole = street.pole()
    session = street.session(*sound, in_seconds=4)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "ready")
    pole.cut_network()
    street.wait_online("p1", 0)
    sleep_until(session.at_ms + session.length_ms + 1000)
    assert street.desk.kinds("p1", "s1") == ["received", "ready"]
    pole.restore_network()
    street.desk.wait_for("p1", "finished")
    assert street.desk.kinds("p1", "s1") == ["received", "ready", "begun", "started", "finished"]
    assert_heard(pole.captures()[0], sound[0], session.at_ms)


@pytest.mark.slow
def test_a_pole_restarted_without_network_plays_by_its_own_clock_and_its_memory(street, sound):
    pole = street.pole()
    session = street.session(*sound, in_seconds=5)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "ready")
    pole.cut_network()
    pole.kill()
    pole.start()
    sleep_until(session.at_ms + session.length_ms + 800)
    pole.restore_network()
    street.desk.wait_for("p1", "finished")
    assert_heard(pole.captures()[0], sound[0], session.at_ms)


@pytest.mark.slow
def test_a_broker_restarted_in_mid_session_costs_neither_sound_nor_receipts(street, long_sound):
    pole = street.pole()
    session = street.session(*long_sound, in_seconds=2.5)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "started")
    street.broker.restart()
    street.desk.wait_for("p1", "finished")
    assert street.desk.kinds("p1", "s1") == ["received", "ready", "begun", "started", "finished"]
    assert_heard(pole.captures()[0], long_sound[0], session.at_ms)


@pytest.mark.slow
def test_orders_that_are_forged_replayed_misaddressed_expired_or_cut_are_refused_and_told(street, sound):
    pole = street.pole()
    now_ms = int(time.time() * 1000)
    good = street.desk.plan("00070", [])
    wait_until(lambda: street.desk.states["p1"][-1].plan_version == 1, "the first plan")
    session = street.session(*sound, in_seconds=2.5)
    plan = messages.Plan(version=9, rules=[messages.Rules()], sessions=[session])
    broken = bytearray(keys.order("g/00070", 9, plan, now_ms))
    broken[-10] ^= 1
    wrong = {
        "seal": [bytes(broken), keys.order("g/00070", 9, plan, now_ms, key="stranger")],
        "key": [
            keys.order("g/00070", 9, plan, now_ms, kid=77),
            keys.order("g/00070", 9, plan, now_ms, key="emergency", kid=2),
        ],
        "audience": [keys.order("g/00071", 9, plan, now_ms), keys.order("p/p2", 9, plan, now_ms)],
        "expired": [keys.order("g/00070", 9, plan, now_ms - 7200_000)],
        "future": [keys.order("g/00070", 9, plan, now_ms + 3600_000)],
        "format": [good[:100], b"", b"\x00" * 2000, good[:262]],
        "replay": [keys.order("g/00070", 1, plan, now_ms)],
    }
    pole.cut_network()
    street.wait_online("p1", 0)
    for many in wrong.values():
        for raw in many:
            street.desk.publish(topics.topic("g/00070", topics.PLAN), raw)
    pole.restore_network()
    for why in wrong:
        wait_until(
            lambda why=why: why in [r.why for r in street.desk.receipts.get("p1", {}).values()],
            f"refused: {why}",
        )
    sleep_until(session.at_ms + 500)
    assert set(street.desk.kinds("p1")) == {"refused"}
    assert pole.captures() == []


@pytest.mark.slow
def test_the_same_order_twice_is_no_attack_and_no_second_session(street, sound):
    pole = street.pole()
    session = street.session(*sound, in_seconds=2.5)
    raw = street.desk.plan("00070", [session])
    for _ in range(3):
        street.desk.publish(topics.topic("g/00070", topics.PLAN), raw)
    street.desk.wait_for("p1", "finished")
    street.desk.plan("00070", [session])
    pole.restart()
    sleep_until(session.at_ms + session.length_ms + 1500)
    assert street.desk.kinds("p1") == ["received", "ready", "begun", "started", "finished"]
    assert len(pole.captures()) == 1


@pytest.mark.slow
def test_a_stop_ends_the_session_on_air_with_a_fade(street, long_sound):
    pole = street.pole()
    session = street.session(*long_sound, in_seconds=2.5)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "started")
    sleep_until(session.at_ms + 2000)
    street.desk.stop("p/p1", "s1")
    stopped = street.desk.wait_for("p1", "stopped")
    assert stopped.why == "order"
    (capture,) = pole.captures()
    loud = capture.samples[np.flatnonzero(capture.samples)[0] : np.flatnonzero(capture.samples)[-1] + 1]
    assert abs(len(loud) - stopped.frames) < 20 and len(loud) < 3.5 * messages.RATE
    ends = np.abs(loud[-1000:].astype(int))
    assert ends[-200:].mean() < 0.3 * ends[:200].mean()


@pytest.mark.slow
def test_a_file_longer_than_its_session_is_faded_out_when_the_session_is_over(street, long_sound):
    pole = street.pole()
    whole = street.session(*long_sound, in_seconds=2.5)
    short = messages.Session(id="s1", at_ms=whole.at_ms, length_ms=2000, items=whole.items)
    street.desk.plan("00070", [short])
    stopped = street.desk.wait_for("p1", "stopped")
    assert stopped.why == "length" and stopped.frames == 2 * messages.RATE
    (capture,) = pole.captures()
    loud = capture.samples[np.flatnonzero(capture.samples)[0] : np.flatnonzero(capture.samples)[-1] + 1]
    assert abs(len(loud) - stopped.frames) < 20
    ends = np.abs(loud[-400:].astype(int))
    assert ends[-80:].mean() < 0.5 * ends[:80].mean()


@pytest.mark.slow
def test_a_stop_keeps_a_session_from_starting_even_when_it_comes_before_the_plan(street, sound):
    pole = street.pole()
    street.desk.stop("g/00070", "s1")
    wait_until(lambda: "stopped" in street.desk.kinds("p1", "s1"), "the stop of an unknown session")
    one, two = street.session(*sound, in_seconds=2.5), street.session(*sound, in_seconds=2.5, name="s2")
    street.desk.plan("00070", [one, two])
    street.desk.wait_for("p1", "ready", "s2")
    street.desk.stop("g/00070", "s2")
    street.desk.wait_for("p1", "stopped", "s2")
    sleep_until(one.at_ms + one.length_ms + 500)
    assert sounding(pole.captures()) == []
    assert street.desk.kinds("p1", "s1") == ["stopped"]


@pytest.mark.slow
def test_the_pole_itself_keeps_quiet_hours_lengths_and_one_session_a_half_day(street, sound):
    pole = street.pole()
    quiet = messages.Rules(quiet_from_minute=0, quiet_to_minute=1439, sessions_half_day=100)
    short = messages.Rules(quiet_from_minute=0, quiet_to_minute=0, max_session_seconds=1, sessions_half_day=100)
    rural = messages.Rules(quiet_from_minute=0, quiet_to_minute=0, max_session_seconds=1, length_rule="T-07")
    once = messages.Rules(quiet_from_minute=0, quiet_to_minute=0, sessions_half_day=0)
    aside = messages.Rules(poles=["p1"], suspended=1)
    broken = ((quiet, "T-15"), (short, "T-05"), (rural, "T-07"), (once, "T-03"), (aside, "P-04"))
    for number, (rules, rule) in enumerate(broken):
        session = street.session(*sound, in_seconds=2, name=f"s{number}")
        street.desk.plan("00070", [session], rules)
        assert street.desk.wait_for("p1", "refused", session.id).rule == rule
    assert pole.captures() == []


@pytest.mark.slow
def test_the_pole_lets_pass_what_a_directive_lifts_and_no_more(street, sound):
    pole = street.pole()
    narrow = messages.Rules(
        quiet_from_minute=0, quiet_to_minute=0, max_session_seconds=1, sessions_half_day=0
    )
    one = street.session(*sound, in_seconds=2, name="s1", lifted=["T-05", "T-04"])
    street.desk.plan("00070", [one], narrow)
    assert street.desk.wait_for("p1", "refused", "s1").rule == "T-03"
    two = street.session(*sound, in_seconds=2, name="s2", lifted=["T-05", "T-03"])
    street.desk.plan("00070", [two], narrow)
    street.desk.wait_for("p1", "finished", "s2")
    assert len(sounding(pole.captures())) == 1


@pytest.mark.slow
def test_a_plan_that_comes_in_mid_session_is_joined_at_the_right_second(street, long_sound):
    pole = street.pole()
    session = street.session(*long_sound, in_seconds=-3)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "finished")
    assert street.desk.receipt("p1", "started").skipped_frames > 3 * messages.RATE
    assert_heard(pole.captures()[0], long_sound[0][-3 * messages.RATE :], session.at_ms + 5000)


@pytest.mark.slow
def test_without_its_audio_a_session_is_missed_and_the_receipt_says_why(street, sound):
    pole = street.pole()
    session = street.session(*sound, in_seconds=1)
    street.media.files.clear()
    street.desk.plan("00070", [session])
    assert street.desk.wait_for("p1", "missed").why == "no_audio"
    assert pole.captures() == []


@pytest.mark.slow
def test_a_pole_that_does_not_know_the_time_sounds_nothing_until_it_does(street, sound):
    pole = street.pole(rtc="lost")
    session = street.session(*sound, in_seconds=3)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "ready")
    pole.kill()
    street.time.silent = True
    pole.start()
    sleep_until(session.at_ms + session.length_ms)
    street.time.silent = False
    assert street.desk.wait_for("p1", "missed").why == "no_clock"
    assert pole.captures() == []


@pytest.mark.slow
def test_a_message_of_200_kilobytes_is_read_away_and_the_pole_goes_on(street, sound):
    pole = street.pole()
    for _ in range(3):
        street.desk.publish(topics.topic("g/00070", topics.PLAN), b"L1" + b"x" * 200_000)
    wait_until(lambda: "size" in [one.why for one in street.desk.receipts.get("p1", {}).values()], "refused: size")
    session = street.session(*sound, in_seconds=2.5)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "finished")
    assert street.desk.receipt("p1", "finished").boot == 1
    assert pole.alive and [state.online for state in street.desk.states["p1"]].count(0) == 0


@pytest.mark.slow
def test_volume_is_turned_down_by_half_decibels(street, sound):
    pole = street.pole()
    session = street.session(*sound, in_seconds=2.5, volume_half_db=-24)
    street.desk.plan("00070", [session])
    street.desk.wait_for("p1", "ready")
    street.time.silent = True
    street.desk.wait_for("p1", "finished")
    (capture,) = pole.captures()
    begin, like = find(capture.samples, sound[0])
    part = capture.samples[begin : begin + len(sound[0])].astype(float)
    assert like > 0.98
    assert 20 * np.log10(part.std() / sound[0].std()) == pytest.approx(-12, abs=0.1)
