"""Neighbours agree on one second, and nobody's word moves a pole by more than it could be wrong itself."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.app import beacon
from firmware.app.beacon import MOST_POLES, MOST_US, Beacon
from firmware.app.clocksync import TICKS_MASK, Clock, Ticks
from protocol.schema import WireError

NOW_US = 1_760_000_000_000_000


class Link:
    """Keeps what was said."""

    def __init__(self, fails=False):
        self.said = []
        self.fails = fails

    def send(self, raw):
        if self.fails:
            raise OSError("down")
        self.said.append(raw)

    async def receive(self, seconds):
        await asyncio.sleep(seconds)


class Pole:
    """A pole whose own time is `wrong_us` ahead."""

    def __init__(self, name, wrong_us=0, link=None):
        self.true_us = 0
        self.clock = Clock(Ticks(lambda: self.true_us & TICKS_MASK))
        self.clock.set_line(0, NOW_US + wrong_us, 0, "net")
        self.link = link or Link()
        self.beacon = Beacon(self.clock, name, self.link)

    def hears(self, name, wrong_us, times=1, late_us=(0,)):
        """A neighbour's beacons, one a second."""
        for number in range(times):
            self.true_us += 1_000_000
            late = late_us[number % len(late_us)]
            self.beacon.take(beacon.tell(name, NOW_US + self.true_us - late + wrong_us))
            self.beacon.settle()
        return self.clock.shift_us


@given(st.from_regex("[a-z0-9-]{1,24}", fullmatch=True), st.integers(0, (1 << 63) - 1))
def test_a_beacon_is_read_as_it_was_told(name, unix_us):
    assert beacon.read(beacon.tell(name, unix_us)) == (name, unix_us)


@given(st.binary(max_size=64))
def test_any_other_bytes_are_no_beacon_and_move_nothing(raw):
    pole = Pole("p5")
    pole.beacon.take(b"LB1" + raw)
    pole.beacon.take(raw)
    pole.beacon.settle()
    assert pole.clock.shift_us == 0
    with contextlib.suppress(WireError):
        beacon.read(b"LB1" + raw)


def test_a_pole_follows_the_neighbour_whose_name_comes_first_by_the_beacon_that_was_held_up_least():
    pole = Pole("p5", wrong_us=-12_000)
    assert pole.hears("p3", 0, times=30, late_us=(22_000, 3_000, 14_000)) == pytest.approx(12_000 - 3_000)
    assert pole.hears("p1", 4_000, times=14) == 16_000
    assert pole.hears("p9", 0, times=5) == 16_000
    assert pole.clock.unix_at(pole.true_us) == pole.clock.own_at(pole.true_us) + 16_000
    assert pole.clock.ticks_at(pole.clock.unix_at(pole.true_us)) == pytest.approx(pole.true_us, abs=1)


def test_the_first_of_all_follows_nobody_and_so_does_who_hears_nobody_any_more():
    first, last = Pole("p1", 9_000), Pole("p5", 9_000)
    assert first.hears("p2", 0, times=5) == 0
    assert last.hears("p2", 0, times=15) == -9_000
    last.true_us += beacon.HEARD_FOR_US + 1
    for _ in range(10):
        last.beacon.settle()
    assert last.clock.shift_us == 0


def test_no_second_is_more_than_a_millisecond_longer_whoever_begins_to_lead():
    pole, before = Pole("p5"), 0
    for name, wrong_us in (("p3", 30_000), ("p2", -30_000), ("p1", 35_000)):
        for _ in range(20):
            shift_us = pole.hears(name, wrong_us)
            assert abs(shift_us - before) <= beacon.STEP_US < 1_000_000 // 1017
            before = shift_us


def test_when_the_network_corrects_a_pole_what_is_heard_of_it_does_not_leap():
    pole = Pole("p5", wrong_us=5_000)
    assert pole.hears("p1", 0, times=10) == -5_000
    pole.clock.set_line(pole.true_us, NOW_US + pole.true_us - 3_000, 0, "net")
    assert pole.hears("p1", 0) == 3_000
    leader = Pole("p1", wrong_us=5_000)
    leader.hears("p5", 0, times=10)
    leader.clock.set_line(leader.true_us, NOW_US + leader.true_us, 0, "net")
    assert leader.hears("p5", 0) == 5_000 - beacon.STEP_US
    assert leader.hears("p5", 0, times=9) == 0


def test_a_head_end_that_was_set_by_an_hour_is_followed_at_once():
    pole = Pole("p5", wrong_us=5_000)
    pole.hears("p1", 0, times=10)
    pole.clock.set_line(pole.true_us, NOW_US + pole.true_us + 3_600_000_000, 0, "net")
    pole.beacon.take(beacon.tell("p1", NOW_US + pole.true_us))
    assert pole.clock.unix_at(pole.true_us) == NOW_US + pole.true_us + 3_600_000_000


@pytest.mark.parametrize("lie_us", [10**6, -(10**6), 79_000, -79_000, 10**15])
def test_a_liar_moves_a_pole_by_no_more_than_forty_milliseconds(lie_us):
    assert abs(Pole("p5").hears("p0", lie_us, times=90)) <= MOST_US


def test_a_flood_of_names_takes_no_memory_and_hides_no_leader():
    pole = Pole("p5")
    for number in range(500):
        pole.hears(f"x{number}", 0)
    assert pole.hears("p1", 7_000, times=9) == 7_000
    assert len(pole.beacon._heard) <= MOST_POLES


SPEAKS = [(True, "net", True), (False, "net", False), (True, "rtc", False)]


@pytest.mark.parametrize(("near", "source", "speaks"), SPEAKS)
def test_a_pole_speaks_only_near_a_session_and_only_of_a_time_that_the_network_gave(near, source, speaks):
    pole = Pole("p5", 3_000)
    pole.clock.source = source
    pole.clock.shift_us = 5_000

    async def story():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(pole.beacon.run(lambda: near), 0.05)

    asyncio.run(story())
    assert len(pole.link.said) == speaks and pole.clock.shift_us == (5_000 - beacon.STEP_US if speaks else 0)
    if speaks:
        assert beacon.read(pole.link.said[0]) == ("p5", NOW_US + 3_000)  # its own time, not what it follows


def test_a_link_that_is_down_stops_nothing():
    pole = Pole("p5", link=Link(fails=True))

    async def story():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(pole.beacon.run(lambda: True), 0.05)

    asyncio.run(story())
