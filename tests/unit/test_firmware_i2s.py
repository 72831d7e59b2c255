"""The simulated sink behaves as the ESP32's driver does; the speaker on top of it knows when each frame leaves."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from firmware.app.clocksync import Ticks
from firmware.app.speaker import Dry, Speaker
from simulator.hal.clock import Crystal
from simulator.hal.i2s import SimI2S

RATE = 16_000


class HandCrystal(Crystal):
    """Time that passes only when told."""

    def __init__(self, ppm: float = 0):
        super().__init__(ppm)
        self.now = 0

    def us(self) -> int:
        return self.now

    def frames(self, count: int) -> None:
        self.now += -(-count * 1_000_000 // RATE)


def nothing(level: int) -> None:
    """A board without an amplifier to switch."""


def recorded(path: Path) -> np.ndarray:
    return np.frombuffer(path.with_suffix(".pcm").read_bytes(), "<i2")


def frames(first: int, count: int) -> bytes:
    return np.arange(first, first + count, dtype="<i2").tobytes()


def on_bench(tmp_path, story, ibuf: int = 4096):
    """Run `story(i2s, crystal, taken)` in a loop and give the capture."""

    async def run():
        crystal, taken = HandCrystal(), []
        i2s = SimI2S(crystal, RATE, ibuf, str(tmp_path / "1"))
        i2s.irq(lambda one: taken.append(crystal.now))
        story(i2s, crystal, taken)
        i2s.deinit()
        return i2s

    i2s = asyncio.run(run())
    return i2s, recorded(tmp_path / "1")


def test_the_first_frame_written_leaves_exactly_all_pieces_after_the_start(tmp_path):
    def story(i2s, crystal, taken):
        i2s.write(frames(1, 600))
        crystal.frames(8 * 256 + 700)

    _, heard = on_bench(tmp_path, story)
    assert not heard[: 8 * 256].any()
    assert np.array_equal(heard[8 * 256 : 8 * 256 + 600], np.arange(1, 601))


def test_a_third_buffer_is_dropped_and_nothing_says_so(tmp_path):
    def story(i2s, crystal, taken):
        assert [i2s.write(frames(1000 * n, 300)) for n in (1, 2, 3)] == [600, 600, 600]
        crystal.frames(8 * 256 + 1024)
        i2s._advance()
        assert len(taken) == 2 and i2s.dropped == 1

    _, heard = on_bench(tmp_path, story)
    assert np.array_equal(heard[2048:2648], np.r_[np.arange(1000, 1300), np.arange(2000, 2300)])
    assert not (heard >= 3000).any()


def test_when_frames_run_out_silence_leaves_and_is_counted_once_each_time(tmp_path):
    def story(i2s, crystal, taken):
        for _ in range(2):
            i2s.write(frames(1, 256))
            crystal.frames(10 * 256)
            i2s._advance()
            crystal.frames(5 * 256)
            i2s._advance()
        crystal.frames(20 * 256)

    i2s, heard = on_bench(tmp_path, story)
    assert i2s.underruns == 2
    assert (heard != 0).sum() == 512
    assert json.loads((tmp_path / "1.json").read_text())["underruns"] == 2


def test_after_running_dry_the_next_frame_lands_behind_the_piece_that_is_leaving(tmp_path):
    def story(i2s, crystal, taken):
        crystal.frames(100 * 256 + 10)
        i2s._advance()
        i2s.write(frames(1, 256))
        crystal.frames(20 * 256)

    _, heard = on_bench(tmp_path, story)
    assert np.flatnonzero(heard)[0] == 101 * 256


def test_stopping_keeps_what_has_not_left_from_leaving(tmp_path):
    def story(i2s, crystal, taken):
        i2s.write(frames(1, 2000))
        crystal.frames(8 * 256 + 300)

    _, heard = on_bench(tmp_path, story)
    assert len(heard) == 8 * 256 + 300
    assert json.loads((tmp_path / "1.json").read_text())["closed"] is True


@pytest.mark.parametrize("begin", [8 * 256, 8 * 256 + 1, 2999])
def test_the_speaker_puts_a_frame_exactly_where_it_is_wanted(tmp_path, begin):
    async def run():
        crystal = Crystal()
        ticks = Ticks(crystal.ticks_us)
        speaker = Speaker(lambda: SimI2S(crystal, RATE, 4096, str(tmp_path / "1")), RATE, 4096, nothing)
        speaker.open(ticks)
        assert speaker.next == speaker.first == 8 * 256
        zeros = bytes(2 * 500)
        while speaker.next < begin:
            await speaker.room()
            speaker.write(zeros[: min(500, begin - speaker.next) * 2])
        await speaker.room()
        speaker.write(frames(1, 400))
        last = speaker.next
        while speaker.left() < last:
            await speaker.room()
            speaker.write(zeros)
        speaker.close()

    asyncio.run(run())
    heard = recorded(tmp_path / "1")
    assert np.array_equal(np.flatnonzero(heard), np.arange(begin, begin + 400))


def test_a_speaker_that_was_not_fed_says_so_instead_of_playing_at_the_wrong_time(tmp_path):
    async def run():
        crystal = Crystal()
        speaker = Speaker(lambda: SimI2S(crystal, RATE, 1024, str(tmp_path / "1")), RATE, 1024, nothing)
        speaker.open(Ticks(crystal.ticks_us))
        await speaker.room()
        speaker.write(frames(1, 256))
        await asyncio.sleep(0.08)
        with pytest.raises(Dry):
            await speaker.room()
        speaker.close()

    asyncio.run(run())
