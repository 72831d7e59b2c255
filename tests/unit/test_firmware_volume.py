"""Half decibels, who may be how loud when, and that no gain ever leaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.app.volume import FADE_FRAMES, FULL_GAIN, Fader, allowed_half_db, gain_of, loudest, scale
from protocol import civil, messages
from protocol.urgency import EMERGENCY, NORMAL, PRIORITY

DAY_PARTS = [
    messages.DayPart(from_minute=6 * 60 + 30, half_db=0),
    messages.DayPart(from_minute=19 * 60 + 30, half_db=-12),
]
LOUD = np.full(FADE_FRAMES * 3, 30000, "<i2")


def session(hour, minute=0, urgency=NORMAL, half_db=0, minutes=10):
    at_ms = civil.instant_ms(20_000, hour * 60 + minute)
    item = messages.Item(media="ab" * 32, bytes=512, frames=1017)
    return messages.Session(
        id="s", at_ms=at_ms, length_ms=minutes * 60_000, urgency=urgency, volume_half_db=half_db, items=[item]
    )


def test_each_step_is_half_a_decibel_and_the_first_is_none():
    gains = np.array([gain_of(-step) for step in range(121)])
    assert gains[0] == FULL_GAIN
    assert np.all(np.abs(gains - FULL_GAIN * 10 ** (-np.arange(121) / 40)) < 1)


@pytest.mark.parametrize(
    ("hour", "minute", "half_db"),
    [(5, 30, -12), (6, 15, -12), (6, 25, -12), (6, 30, 0), (12, 0, 0), (19, 19, 0), (19, 25, -12), (20, 0, -12)],
)  # fmt: skip
def test_before_half_past_six_and_after_half_past_seven_it_is_quieter_and_never_louder_under_way(hour, minute, half_db):
    assert allowed_half_db(session(hour, minute), DAY_PARTS, 0) == half_db
    assert allowed_half_db(session(hour, minute, PRIORITY), DAY_PARTS, 0) == half_db


def test_what_is_asked_for_counts_when_it_is_quieter_and_without_a_table_it_is_all_that_counts():
    assert allowed_half_db(session(5, half_db=-30), DAY_PARTS, 0) == -30
    for none in (None, []):
        assert allowed_half_db(session(5, half_db=-3), none, 0) == -3


def test_no_session_is_louder_than_the_pole_may_be_and_an_emergency_knows_no_hour_but_this():
    assert allowed_half_db(session(12), DAY_PARTS, -6) == -6
    assert allowed_half_db(session(5, urgency=EMERGENCY), DAY_PARTS, 0) == 0
    assert allowed_half_db(session(5, urgency=EMERGENCY), DAY_PARTS, -6) == -6


@given(
    half_db=st.tuples(st.integers(-120, 0), st.integers(-120, 0)),
    blocks=st.lists(st.integers(1, 1017), min_size=20, max_size=40),
    turn=st.integers(0, 10),
)
def test_a_gain_changes_in_a_line_over_200_ms_wherever_the_blocks_end(half_db, blocks, turn):
    start, goal = map(gain_of, half_db)
    fader, heard = Fader(start), []
    for number, count in enumerate(blocks):
        if number == turn:
            fader.to(goal)
        block = bytearray(LOUD[:count].tobytes())
        fader.apply(block, count)
        heard.append(np.frombuffer(bytes(block), "<i2"))
    gains = np.concatenate(heard) * (FULL_GAIN / 30000)
    steady = sum(blocks[:turn])
    after = gains[steady + FADE_FRAMES :]
    assert np.all(np.abs(gains[:steady] - start) < 2) and np.all(np.abs(after - goal) < 2)
    line = start + (goal - start) * np.arange(min(FADE_FRAMES, len(gains) - steady)) / FADE_FRAMES
    assert np.all(np.abs(gains[steady : steady + FADE_FRAMES] - line) < 2 + abs(goal - start) / 100)


def test_a_fade_to_nothing_ends_in_silence():
    fader, block = Fader(FULL_GAIN), bytearray(LOUD.tobytes())
    fader.to(0)
    assert not fader.silent
    fader.apply(block, len(LOUD))
    assert fader.silent and not any(block[FADE_FRAMES * 2 :]) and any(block[: FADE_FRAMES * 2 - 200])


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=300), st.integers(0, FULL_GAIN))
def test_scaling_rounds_to_the_nearest_and_full_gain_changes_nothing(values, gain):
    samples = np.array(values, "<i2")
    block = bytearray(samples.tobytes())
    assert loudest(block, len(values)) == np.abs(samples.astype(int)).max()
    scale(block, len(values), gain, gain)
    assert np.array_equal(np.frombuffer(block, "<i2"), np.floor(samples.astype(int) * gain / FULL_GAIN + 0.5))
