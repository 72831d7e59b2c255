"""The pole's clock: wrapping ticks, one-way minima, a crystal that runs wrong."""

import asyncio
import random

import pytest

from firmware.app.clocksync import TICKS_MASK, Burst, Clock, Ticks, fit

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


def test_a_burst_believes_the_least_delayed_ping_of_each_direction():
    burst = Burst()
    for up, down in ((500, 90_000), (80_000, 400), (7_000, 7_000)):
        burst.add(0, NOW_US + up, NOW_US + up, up + down)
    assert abs(burst.offset() - NOW_US) <= 50
    assert burst.width() == 900


@pytest.mark.parametrize("ppm", [-50, -3, 0, 20, 50])
def test_after_ten_minutes_of_a_mobile_network_the_clock_is_right_and_keeps_right_for_a_quarter_hour(ppm):
    dice = random.Random(ppm)
    crystal = Crystal(ppm)
    clock = made(crystal)
    points = []
    for _ in range(12):
        burst = Burst()
        for _ in range(8):
            up, down = (int(20_000 + dice.expovariate(1 / 8_000)) for _ in range(2))
            t1 = clock.ticks.us()
            t2 = NOW_US + crystal.true_us + up
            crystal.true_us += up + down
            burst.add(t1, t2, t2, clock.ticks.us())
            crystal.true_us += 20_000
        points.append((burst.at, burst.offset(), burst.width()))
        at, offset, ppb = fit(points[-16:], clock.ppb)
        clock.set_line(at, at + offset, ppb, "net")
        crystal.true_us += 50_000_000
    assert abs(clock.now_us() - NOW_US - crystal.true_us) < 5_000
    for _ in range(3):
        crystal.true_us += 300_000_000
        clock.ticks.us()
    assert abs(clock.now_us() - NOW_US - crystal.true_us) < 25_000
    assert abs(clock.ppb + ppm * 1000) < 15_000


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
