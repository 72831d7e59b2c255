"""The pole's clock: wrapping ticks, one-way minima, a crystal that runs wrong."""

import asyncio
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.app.clocksync import ANY_PPB, POINT_US, REMEMBERED_PPB, TICKS_MASK, Bucket, Clock, Ticks, fit
from simulator.virtual.mobile import Mobile

NOW_US = 1_760_000_000_000_000


class Crystal:
    """Ticks that run `ppm` too fast and wrap."""

    def __init__(self, ppm: float, begin_us: int = TICKS_MASK - 1_000_000):
        self.true_us = 0
        self.ppm, self.begin_us = ppm, begin_us

    def read(self) -> int:
        return (self.begin_us + self.true_us + int(self.true_us * self.ppm / 1e6)) & TICKS_MASK


def made(crystal: Crystal, ppb: int = 0) -> Clock:
    async def build():
        return Clock(Ticks(crystal.read), ppb)

    return asyncio.run(build())


def test_ticks_that_wrap_become_a_count_that_does_not():
    crystal = Crystal(0)
    ticks = Ticks(crystal.read)
    for _ in range(40):
        crystal.true_us += 480_000_000  # eight minutes
        assert ticks.us() == crystal.true_us


@pytest.mark.parametrize("ppb", [0, 50_000, -50_000, 199_999])
def test_an_instant_in_ticks_and_back_is_the_same_to_a_microsecond(ppb):
    clock = made(Crystal(0), ppb)
    clock.set_line(123, NOW_US, ppb, "net")
    for later in (0, 1, 999, 10**6, 10**9, 10**11):
        assert abs(clock.unix_at(clock.ticks_at(NOW_US + later)) - NOW_US - later) <= 1


def test_a_bucket_believes_the_least_delayed_ping_of_each_direction():
    bucket = Bucket(0, 0)
    for up, down in ((500, 90_000), (80_000, 400), (7_000, 7_000)):
        bucket.add(0, NOW_US + up, NOW_US + up, up + down)
    assert abs(bucket.offset() - NOW_US) <= 50
    assert bucket.width() == 900


def test_within_a_bucket_the_crystal_s_rate_is_reckoned_with():
    bucket = Bucket(60_000_000, 50_000)  # ticks run 50 ppm too slow: 3 ms in the minute
    bucket.add(0, NOW_US - 3_000 + 500, NOW_US - 3_000 + 500, 900)
    bucket.add(60_000_000, NOW_US + 60_000_000 + 700, NOW_US + 60_000_000 + 700, 60_001_100)
    assert abs(bucket.offset() - NOW_US) <= 51 and abs(bucket.width() - 900) <= 1


def line_of(points, prior, spread):
    """The same line by numpy: weighted least squares with a belief about the rate."""
    at, offset, width = np.array(points, float).T
    sure = 1 / (POINT_US**2 + ((width - width.min()) / 2) ** 2)
    rows = np.vstack([np.c_[np.ones(len(at)), (at - at[-1]) / 1e6] * np.sqrt(sure)[:, None], [0, 1e3 / spread]])
    values = np.r_[offset * np.sqrt(sure), prior / spread]
    (level, slope), *_ = np.linalg.lstsq(rows, values, rcond=None)
    return level, slope * 1e3  # µs, ppb


@given(
    steps=st.lists(st.tuples(st.integers(50, 120), st.integers(-9_000, 9_000), st.integers(0, 60_000)), max_size=24),
    ppm=st.integers(-50, 50),
    known=st.booleans(),
)
def test_the_line_is_that_of_weighted_least_squares_in_integers_only(steps, ppm, known):
    points, at = [(1_000, 5_000_000, 3_000)], 1_000
    for seconds, error, width in steps:
        at += seconds * 1_000_000
        points.append((at, 5_000_000 + at * ppm // 1_000_000 + error, 3_000 + width))
    prior, spread = (ppm * 1_000 + 1_500, REMEMBERED_PPB) if known else (0, ANY_PPB)
    last, offset, ppb = fit(points, prior, spread)
    level, slope = line_of(points, prior, spread)
    assert last == at and type(offset) is int and type(ppb) is int
    weighed = abs(slope - prior) * 0.03  # weights are whole thousandths: a faint point's is a few percent off
    assert abs(ppb - slope) < 150 + weighed and abs(offset - level) < 100 + weighed


def tracked(dice, minutes, ppm, ppb, spread):
    """(clock, true µs it is read at) after so many minutes of a mobile network."""
    crystal = Crystal(ppm)
    clock = made(crystal)
    mobile, buckets = Mobile("one", dice.randrange(1 << 20)), []
    for _ in range(minutes):
        pings = []
        while len(pings) < 8:
            if (delays := mobile.delays(crystal.true_us)) is None:
                continue
            t1 = clock.ticks.us()
            t2 = NOW_US + crystal.true_us + delays[0]
            crystal.true_us += sum(delays)
            pings.append((t1, t2, t2, clock.ticks.us()))
            crystal.true_us += 20_000
        buckets.append(Bucket(clock.ticks.us(), clock.ppb))
        for ping in pings:
            buckets[-1].add(*ping)
        at, offset, rate = fit([bucket.point() for bucket in buckets[-24:]], ppb, spread)
        clock.set_line(at, at + offset, rate, "net")
        crystal.true_us += 59_000_000
    return clock, crystal


@pytest.mark.parametrize("ppm", [-50, -3, 0, 20, 50])
def test_after_ten_minutes_of_a_mobile_network_the_clock_is_right_and_keeps_right_for_a_quarter_hour(ppm):
    asymmetry_us = 7_500  # of the network's bases, half of which no pole can know
    clock, crystal = tracked(random.Random(ppm), 10, ppm, 0, ANY_PPB)
    assert abs(clock.now_us() - NOW_US - crystal.true_us - asymmetry_us) < 5_000
    for _ in range(3):
        crystal.true_us += 300_000_000
        clock.ticks.us()
    assert abs(clock.now_us() - NOW_US - crystal.true_us - asymmetry_us) < 12_000
    assert abs(clock.ppb + ppm * 1000) < 8_000


def test_two_poles_that_remember_their_crystals_are_in_step_after_ten_minutes():
    skews_ms = []
    for run in range(40):
        dice = random.Random(run)
        wrong = []
        for _ in range(2):
            ppm = dice.randint(-50, 50)
            remembered = -ppm * 1_000 + dice.randint(-REMEMBERED_PPB, REMEMBERED_PPB)
            clock, crystal = tracked(dice, 10, ppm, remembered, REMEMBERED_PPB)
            wrong.append(clock.now_us() - NOW_US - crystal.true_us)
        skews_ms.append(abs(wrong[0] - wrong[1]) / 1000)
    assert sorted(skews_ms)[37] < 5.0  # p95


def test_a_battery_clock_is_believed_unless_it_stands_before_what_the_pole_has_seen():
    for rtc_us, seen_ms, trusted in (
        (None, 0, False),
        (NOW_US, 0, True),
        (NOW_US, NOW_US // 1000 - 1, True),
        (NOW_US, NOW_US // 1000 + 61_000, False),
    ):
        clock = made(Crystal(0))
        clock.start_from(rtc_us, seen_ms)
        assert clock.trusted is trusted
