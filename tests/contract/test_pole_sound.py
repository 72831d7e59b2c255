"""Real pole processes: what breaks in, what goes on afterwards, and what the amplifier does meanwhile."""

import time

import numpy as np
import pytest

from protocol import messages
from protocol.urgency import EMERGENCY
from simulator.fleet import Capture
from simulator.listen import match
from tests.support.headside import decode, encode, ffmpeg_decode, ffmpeg_encode, noise
from tests.support.street import START_TOLERANCE_MS, Street, assert_heard, sleep_until, sounding

MOST_SECONDS_TO_BREAK_IN = 2.5
WAKE = [1, 2]
SLEEP = [1, 0]


def sound(seconds: float, seed: int) -> tuple[np.ndarray, bytes]:
    """(what should be heard, the file)"""
    raw = encode(noise(seconds, seed))
    return decode(raw)[: int(seconds * messages.RATE)], raw


def assert_no_click(capture: Capture) -> None:
    """The amplifier was switched, and only while zeros left."""
    assert [level for _, level in capture.amp] == WAKE + SLEEP
    loud = np.flatnonzero(capture.samples)
    (_, _), (on, _), (mute, _), (off, _) = capture.amp
    assert on < loud[0] and loud[-1] < mute <= off


@pytest.mark.slow
def test_an_emergency_breaks_in_and_what_it_broke_into_goes_on_at_the_right_second(street: Street):
    pole = street.pole()
    long, short = sound(14, seed=4), sound(2, seed=5)
    normal = street.session(*long, in_seconds=2.5)
    alarm = street.session(*short, in_seconds=60, name="e0", urgency=EMERGENCY)
    street.desk.plan("00070", [normal, alarm])
    street.desk.wait_for("p1", "ready", "e0")
    street.desk.wait_for("p1", "started", "s1")
    sleep_until(normal.at_ms + 2000)
    at_once = street.session(*short, in_seconds=0, name="e1", urgency=EMERGENCY)
    at_once = messages.Session(
        id="e1", at_ms=at_once.at_ms + 2000, length_ms=2000, urgency=EMERGENCY, items=alarm.items
    )
    ordered_at = time.time()
    street.desk.plan("all", [at_once])
    street.desk.wait_for("p1", "finished", "e1")
    street.desk.wait_for("p1", "finished", "s1")
    first, second, third = sounding(pole.captures())
    assert_heard(second, short[0], at_once.at_ms)
    begun_us = second.true_us(int(np.flatnonzero(second.samples)[0]))
    assert begun_us / 1e6 - ordered_at < MOST_SECONDS_TO_BREAK_IN
    again = street.desk.receipt("p1", "started", "s1")
    left = long[0][again.skipped_frames + messages.RATE :]  # behind the fade
    found = match(left, third.samples)
    due_ms = normal.at_ms + (again.skipped_frames + messages.RATE) / 16
    assert found.score > 0.98 and abs(third.true_us(found.offset_samples) / 1000 - due_ms) < START_TOLERANCE_MS
    assert street.desk.receipt("p1", "begun", "s1").why == "interrupted"
    assert street.desk.kinds("p1", "s1") == ["received", "ready", *["begun", "started"] * 2, "finished"]
    assert street.desk.kinds("p1", "e1") == ["received", "ready", "begun", "started", "finished"]
    for capture in (first, second, third):
        assert_no_click(capture)


@pytest.mark.slow
def test_what_was_broken_into_and_has_no_time_left_is_told_as_stopped(street: Street):
    pole = street.pole()
    normal = street.session(*sound(6, seed=6), in_seconds=2.5)
    alarm = street.session(*sound(5, seed=7), in_seconds=6.5, name="e1", urgency=EMERGENCY)
    street.desk.plan("00070", [normal, alarm])
    assert street.desk.wait_for("p1", "stopped", "s1").why == "interrupted"
    street.desk.wait_for("p1", "finished", "e1")
    assert len(sounding(pole.captures())) == 2


@pytest.mark.slow
def test_chime_bulletins_in_any_codec_and_their_pauses_are_one_line_of_time(street: Street):
    pole = street.pole(ppm=40)
    chime, speech, music = noise(1, 8), noise(2, 9), noise(2, 10)
    files = {"ima": encode(chime), "mulaw": ffmpeg_encode("mulaw", speech), "pcm": ffmpeg_encode("pcm", music)}
    plain = [decode(files["ima"])[: len(chime)], ffmpeg_decode("mulaw", files["mulaw"]), music]
    items = []
    for (codec, raw), samples in zip(files.items(), plain, strict=True):
        item = street.media.add(raw, len(samples))
        items.append(
            messages.Item(media=item.media, bytes=item.bytes, frames=item.frames, codec=codec, pause_ms=500)
        )
    whole = np.concatenate([part for samples in plain for part in (samples, np.zeros(8000, "<i2"))])
    first = street.session(plain[0], files["ima"], in_seconds=3)
    session = messages.Session(id="s1", at_ms=first.at_ms, length_ms=len(whole) // 16, items=items)
    street.desk.plan("00070", [session])
    finished = street.desk.wait_for("p1", "finished")
    (capture,) = pole.captures()
    assert finished.frames == len(whole) and finished.underruns == 0 and finished.silent is None
    assert_heard(capture, whole, session.at_ms, likeness=0.95)  # of 6.5 s, in which the clock is followed too
    assert_no_click(capture)
