"""The player in a time of the test's own: what it tells when something holds the pole up before its second."""

import asyncio
import io

import numpy as np
import pytest

from firmware.app.agenda import INTERRUPTED, READY, Entry
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


class Capture(Sink):
    """A sink that keeps what it was given, and lets a test act at one of its writes."""

    def write(self, buffer):
        self._bench.given.append(np.frombuffer(bytes(buffer), "<i2"))
        self._bench.do_at.pop(self._bench.writes + 1, lambda: None)()
        super().write(buffer)


class Bench:
    """One player; `held_up_us`: after which of its writes the pole stands still, and for how long."""

    def __init__(self, held_up_us):
        self.held_up_us = dict(held_up_us)
        self.openings = self.writes = self.now_us = 0
        self.told = []
        self.amp = []
        self.told_at_us = {}
        self.stop_after = None  # writes
        self.given = []
        self.do_at = {}  # write → what happens then
        self.file = bytes(range(256)) * 2 * BLOCKS
        ticks = Ticks(lambda: self.now_us & ((1 << 30) - 1))
        self.clock = clock = Clock(ticks)
        speaker = Speaker(lambda: Capture(self), messages.RATE, DRIVER_BYTES, self.switched)
        clock.set_line(0, BEGIN_US - speaker.lead_ms * 1000, 0, "net")
        self.player = Player(speaker, clock, self, self, self, stalls_audio=False)

    def switched(self, level):
        self.amp.append((self.writes, level))

    def sounded(self):
        return []

    def open(self, _digest):
        return io.BytesIO(self.file)

    def note(self, kind, _session, _emergency, **fields):
        self.told.append((kind, fields))
        self.told_at_us[kind] = BEGIN_US - self.player.lead_ms * 1000 + self.now_us

    def entry(self, rules=None, codec=None, **session):
        """One session of three seconds in the agenda."""
        size, block = messages.CODECS[codec or messages.IMA]
        frames = len(self.file) // size * block
        item = messages.Item(media=MEDIA, bytes=len(self.file), frames=frames, codec=codec)
        wanted = {"id": "s", "at_ms": BEGIN_US // 1000, "length_ms": frames // 16 + 1, "items": [item], **session}
        return Entry(messages.Session(**wanted), rules or messages.Rules(), READY)

    def play(self, entry=None):
        """The receipts' fields by kind, in the order in which they were told."""
        self.told = []
        asyncio.run(self.player.play(entry or self.entry()))
        return dict(self.told)

    def heard(self):
        """Everything that was given to the sinks."""
        return np.concatenate(self.given)


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


LOUD = np.full(96 * 512, 20000, "<i2").tobytes()  # as PCM: what is heard is the gain itself
FADE = 3200


def loud_bench():
    bench = Bench({})
    bench.file = LOUD
    return bench


def assert_falls_to_nothing_in_200_ms(heard):
    """The last sound of `heard` is a line from full to nothing."""
    last = np.flatnonzero(heard)[-1]
    line = heard[last - FADE + 10 : last].astype(int)
    assert heard[last - FADE - 100] == 20000
    assert np.all(np.diff(line) <= 0) and np.abs(np.diff(line)).max() < 20


def assert_rises_from_nothing_in_200_ms(heard):
    """The first sound of `heard` is a line from nothing to full."""
    first = np.flatnonzero(heard)[0]
    line = heard[first : first + FADE - 10].astype(int)
    assert heard[first + FADE + 100] == 20000
    assert np.all(np.diff(line) >= 0) and np.abs(np.diff(line)).max() < 20


def test_the_amplifier_is_switched_only_while_zeros_leave():
    bench = Bench({})
    bench.play()
    levels = [level for _, level in bench.amp]
    assert levels == [1, 2, 1, 1, 0]
    loud = [number for number, piece in enumerate(bench.given, 1) if piece.any()]
    (_, on), (_, loud_at), (muted_at, _), *_ = bench.amp
    assert on == 1 and loud_at == 2
    assert bench.amp[1][0] < loud[0] and muted_at > loud[-1]


def test_a_stop_fades_in_200_ms_and_then_nothing_more_comes():
    bench = loud_bench()
    bench.stop_after = 60
    told = bench.play(bench.entry(codec="pcm"))
    assert told["stopped"]["why"] == "order"
    assert_falls_to_nothing_in_200_ms(bench.heard())
    assert 0 <= told["stopped"]["frames"] - np.count_nonzero(bench.heard()) < 20


def test_the_cap_of_the_rules_ends_any_session_with_a_fade_that_is_over_by_then():
    bench = loud_bench()
    rules = messages.Rules(max_session_seconds=2)
    told = bench.play(bench.entry(rules, codec="pcm", length_ms=2000))
    assert told["stopped"] == {"why": "length", "frames": 2 * messages.RATE, "underruns": 0}
    assert_falls_to_nothing_in_200_ms(bench.heard())
    assert 2 * messages.RATE - np.count_nonzero(bench.heard()) < 20


def test_a_session_that_gives_way_has_not_ended_and_goes_on_at_the_right_second():
    bench = loud_bench()
    entry = bench.entry(codec="pcm")
    bench.do_at[60] = lambda: bench.player.stop("s", INTERRUPTED)
    told = bench.play(entry)
    assert list(told) == ["begun", "started"] and entry.state == INTERRUPTED
    assert_falls_to_nothing_in_200_ms(bench.heard())
    bench.given.clear()
    told = bench.play(entry)
    assert list(told) == ["begun", "started", "finished"] and entry.state == "finished"
    assert told["begun"]["why"] == INTERRUPTED
    late_us = told["started"]["first_at_us"] - BEGIN_US
    assert late_us > 0 and abs(told["started"]["skipped_frames"] - late_us * 16 / 1000) <= 1
    assert_rises_from_nothing_in_200_ms(bench.heard())
    assert told["finished"]["frames"] + told["started"]["skipped_frames"] == len(LOUD) // 2


def test_a_session_that_gives_way_before_it_has_begun_is_still_to_come():
    bench = loud_bench()
    entry = bench.entry(codec="pcm")
    bench.do_at[3] = lambda: bench.player.stop("s", INTERRUPTED)
    assert bench.play(entry) == {} and entry.state == READY


def test_a_stop_that_comes_while_a_session_gives_way_is_a_stop():
    bench = loud_bench()
    bench.do_at[60] = lambda: bench.player.stop("s", INTERRUPTED)
    bench.do_at[61] = lambda: bench.player.stop("s", "order")
    assert bench.play(bench.entry(codec="pcm"))["stopped"]["why"] == "order"


@pytest.mark.parametrize("moved_us", [300_000, -300_000])
def test_a_clock_that_is_set_by_a_third_of_a_second_is_followed_softly_within_the_same_opening(moved_us):
    bench = loud_bench()

    def move():
        bench.clock.set_line(bench.now_us, bench.clock.unix_at(bench.now_us) + moved_us, 0, "net")

    bench.do_at[60] = move
    told = bench.play(bench.entry(codec="pcm"))
    assert told["finished"]["underruns"] == 0 and bench.openings == 1
    left_out = len(LOUD) // 2 - told["finished"]["frames"]
    assert left_out == pytest.approx(max(moved_us, 0) * 16 // 1000, abs=40)
    heard = bench.heard()
    quiet = np.flatnonzero(heard[np.flatnonzero(heard)[0] : np.flatnonzero(heard)[-1]] == 0)
    assert len(quiet) == pytest.approx(max(-moved_us, 0) * 16 // 1000, abs=60)
    assert np.abs(np.diff(heard[np.flatnonzero(heard)[0] + 1 : np.flatnonzero(heard)[-1]].astype(int))).max() < 20


def test_a_clock_that_is_set_to_another_day_ends_the_session():
    bench = loud_bench()
    bench.do_at[60] = lambda: bench.clock.set_line(bench.now_us, BEGIN_US + 86_400_000_000, 0, "net")
    told = bench.play(bench.entry(codec="pcm"))
    assert told["stopped"]["why"] == "clock"
    assert_falls_to_nothing_in_200_ms(bench.heard())


def test_a_recording_of_nothing_is_told_with_the_receipt():
    bench = Bench({})
    bench.file = bytes(3 * messages.RATE * 2)
    assert bench.play(bench.entry(codec="pcm"))["finished"]["silent"] == [1]


def test_no_session_is_louder_than_the_pole_may_be():
    bench = loud_bench()
    bench.player.ceiling_half_db = -12
    bench.play(bench.entry(codec="pcm"))
    assert bench.heard().max() == round(20000 * 16423 / 32768)


def test_the_hour_of_the_day_turns_a_session_down():
    bench = loud_bench()
    entry = bench.entry(codec="pcm")
    entry.day_parts = [messages.DayPart(from_minute=0, half_db=-12)]
    bench.play(entry)
    assert bench.heard().max() == round(20000 * 16423 / 32768)
