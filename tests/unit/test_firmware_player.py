"""The player in a time of the test's own: what it tells when something holds the pole up before its second."""

import asyncio
import io

import pytest

from firmware.app.agenda import READY, Entry
from firmware.app.clocksync import Clock, Ticks
from firmware.app.player import Player
from firmware.app.speaker import Speaker
from protocol import messages

BEGIN_US = 1_767_229_200_000_000  # 08:00 of a working day in Hà Nội
BLOCKS = 48  # three seconds
DRIVER_BYTES = 4096
MEDIA = "ab" * 32


class Sink:
    """A loudspeaker that takes every buffer at once; time goes on by as much sound as it was given."""

    def __init__(self, bench):
        self._bench = bench
        bench.openings += 1

    def irq(self, handler):
        self._handler = handler

    def write(self, buffer):
        self._bench.writes += 1
        if self._bench.writes == self._bench.stop_after:
            self._bench.player.stop("s", "order")
        self._bench.now_us += len(buffer) * 125 // 4 + self._bench.held_up_us.pop(self._bench.writes, 0)
        self._handler(self)

    def deinit(self):
        pass


class Bench:
    """One player; `held_up_us`: after which of its writes the pole stands still, and for how long."""

    def __init__(self, held_up_us):
        self.held_up_us = dict(held_up_us)
        self.openings = self.writes = self.now_us = 0
        self.told = []
        self.told_at_us = {}
        self.stop_after = None  # writes
        ticks = Ticks(lambda: self.now_us & ((1 << 30) - 1))
        clock = Clock(ticks)
        speaker = Speaker(lambda: Sink(self), messages.RATE, DRIVER_BYTES)
        clock.set_line(0, BEGIN_US - speaker.lead_ms * 1000, 0, "net")
        self.player = Player(speaker, clock, self, self, self, stalls_audio=False)

    def sounded(self):
        return []

    def open(self, _digest):
        return io.BytesIO(bytes(range(256)) * 2 * BLOCKS)

    def note(self, kind, _session, _emergency, **fields):
        self.told.append((kind, fields))
        self.told_at_us[kind] = BEGIN_US - self.player.lead_ms * 1000 + self.now_us

    def play(self):
        """The receipts' fields by kind, in the order in which they were told."""
        frames = BLOCKS * messages.BLOCK_FRAMES
        item = messages.Item(media=MEDIA, bytes=BLOCKS * messages.BLOCK_BYTES, frames=frames)
        session = messages.Session(id="s", at_ms=BEGIN_US // 1000, length_ms=frames // 16 + 1, items=[item])
        asyncio.run(self.player.play(Entry(session, messages.Rules(), READY)))
        return dict(self.told)


def test_a_session_begins_at_its_second_and_is_told_whole():
    bench = Bench({})
    told = bench.play()
    assert list(told) == ["begun", "started", "finished"]
    assert abs(told["started"]["first_at_us"] - BEGIN_US) < 63
    assert told["started"]["skipped_frames"] is None
    assert told["finished"] == {"frames": BLOCKS * messages.BLOCK_FRAMES, "underruns": 0}


def test_what_holds_the_pole_up_for_a_second_before_its_instant_costs_no_sound():
    told = Bench({1: 1_000_000}).play()
    assert abs(told["started"]["first_at_us"] - BEGIN_US) < 63
    assert told["started"]["skipped_frames"] is None


@pytest.mark.parametrize("held_up_us", [2_000_000, 2_345_678, 3_500_000])
def test_a_pole_held_up_beyond_its_instant_tells_what_it_left_out(held_up_us):
    bench = Bench({3: held_up_us})
    told = bench.play()
    late_us = told["started"]["first_at_us"] - BEGIN_US
    assert bench.openings == 2 and late_us > 0
    assert abs(told["started"]["skipped_frames"] - late_us * 16 / 1000) <= 1
    assert told["finished"]["frames"] + told["started"]["skipped_frames"] == BLOCKS * messages.BLOCK_FRAMES


def test_that_it_begins_is_written_down_shortly_before_and_not_when_the_sink_opens():
    bench = Bench({})
    bench.play()
    assert BEGIN_US - 1_000_000 < bench.told_at_us["begun"] < BEGIN_US


def test_a_session_stopped_before_its_instant_has_not_begun():
    bench = Bench({})
    bench.stop_after = 3
    told = bench.play()
    assert told == {"stopped": {"why": "order", "frames": 0, "underruns": 0}}
