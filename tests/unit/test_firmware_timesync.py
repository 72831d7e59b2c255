"""Bursts become buckets, buckets a line, and a rate is remembered once it has been learnt."""

import asyncio
import random

import pytest

from firmware.app import timesync
from firmware.app.clocksync import TICKS_MASK, Clock, Ticks
from firmware.app.timesync import TimeSync
from protocol import receipt

KEY = bytes(32)
NOW_US = 1_760_000_000_000_000


class HeadEnd:
    """Answers each ping after 10 ms each way; the pole's crystal runs `ppm` too fast."""

    def __init__(self, ppm):
        self.true_us = 0
        self.unix_us = NOW_US
        self.ppm = ppm
        self.silent = False
        self.answers = []

    def ticks(self):
        return (self.true_us + int(self.true_us * self.ppm / 1e6)) & TICKS_MASK

    async def open(self):
        return self

    def send(self, raw):
        _, nonce = receipt.read_ask(raw)
        self.true_us += 10_000
        told = self.unix_us + self.true_us
        self.answers = [receipt.tell_time(KEY, nonce, told, told)]
        self.true_us += 10_000

    async def receive(self, seconds):
        if self.silent:
            self.true_us += seconds * 1_000_000
            return None
        return self.answers.pop()

    def close(self):
        pass


@pytest.fixture
def no_pause(monkeypatch):
    async def at_once(seconds):
        pass

    monkeypatch.setattr(timesync.asyncio, "sleep", at_once)


def made(head_end, remembered_ppb=None):
    dice = random.Random(1)
    clock = Clock(Ticks(head_end.ticks), remembered_ppb or 0)
    return TimeSync(clock, head_end.open, dice.randbytes, "p1", KEY, remembered_ppb)


def live(head_end, sync, minutes):
    async def story():
        for _ in range(minutes):
            assert await sync.burst()
            head_end.true_us += 60_000_000
            sync.clock.ticks.us()

    asyncio.run(story())


def test_a_rate_is_remembered_after_two_dozen_minutes_and_not_before(no_pause):
    head_end = HeadEnd(ppm=37)
    sync = made(head_end)
    live(head_end, sync, timesync.MOST_BUCKETS - 1)
    assert sync.remembered_ppb is None
    live(head_end, sync, 1)
    assert sync.remembered_ppb == pytest.approx(-37_000, abs=100)
    assert sync.clock.now_us() == pytest.approx(NOW_US + head_end.true_us, abs=10)


def test_a_remembered_rate_is_believed_at_once_and_one_that_is_wrong_by_much_is_unlearnt(no_pause):
    head_end = HeadEnd(ppm=37)
    right, wrong = made(head_end, -37_000), made(head_end, 20_000)
    for sync in (right, wrong):
        live(head_end, sync, 1)
    assert right.clock.ppb == pytest.approx(-37_000, abs=50) and wrong.clock.ppb == pytest.approx(20_000, abs=50)
    for _ in range(4):
        live(head_end, wrong, timesync.MOST_BUCKETS)
    assert wrong.remembered_ppb == pytest.approx(-37_000, abs=2_000)


def test_bursts_of_one_minute_are_one_bucket_and_old_ones_are_forgotten(no_pause):
    head_end = HeadEnd(ppm=0)
    sync = made(head_end)
    for pause_us in (0, 2_000_000, 5_000_000):
        head_end.true_us += pause_us
        asyncio.run(sync.burst())
    assert len(sync._buckets) == 1
    live(head_end, sync, 40)
    assert len(sync._buckets) == timesync.MOST_BUCKETS
    for _ in range(6):
        head_end.true_us += 8 * 60_000_000
        sync.clock.ticks.us()
    asyncio.run(sync.burst())
    assert len(sync._buckets) == 1


def test_a_head_end_whose_clock_was_set_by_an_hour_is_followed_at_once(no_pause):
    head_end = HeadEnd(ppm=5)
    sync = made(head_end)
    live(head_end, sync, 10)
    head_end.unix_us += 3_600_000_000
    live(head_end, sync, 1)
    assert sync.clock.now_us() == pytest.approx(head_end.unix_us + head_end.true_us, abs=1_000)


def test_without_an_answer_the_clock_stays_as_it_is(no_pause):
    head_end = HeadEnd(ppm=0)
    sync = made(head_end)
    head_end.silent = True
    assert asyncio.run(sync.burst()) is False
    assert not sync.clock.trusted and sync.bursts == 0


def test_near_a_session_it_asks_each_minute_and_after_a_failure_sooner():
    sync = made(HeadEnd(0))
    sync.bursts = 9
    assert [sync._pause_s(0, near) for near in (True, False)] == [60, 300]
    assert [sync._pause_s(failures, True) for failures in (1, 2, 3, 9)] == [2, 4, 8, 32]
    sync.bursts = 1
    assert sync._pause_s(0, False) == 2
