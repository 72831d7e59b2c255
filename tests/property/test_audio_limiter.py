"""Whatever comes in, what leaves the limiter fits under the true peak, and nothing is lost."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headend.adapters.audio.loudness import CEILING_DB, limited
from headend.adapters.audio.meter import Meter
from tests.support.sounds import int16, noise, tune


@st.composite
def sounds(draw):
    """Noise or notes, with bursts and clicks far above them."""
    make = draw(st.sampled_from([noise, tune]))
    count, strength, seed = draw(st.floats(0.01, 1.5)), draw(st.floats(1, 20_000)), draw(st.integers(0, 99))
    sound = make(count, strength, seed).astype(float)
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(sound) - 1))
        burst = slice(start, start + draw(st.integers(1, 400)))
        sound[burst] *= draw(st.floats(0, 50))
    return int16(sound)


def cut(sound, sizes):
    pieces, start = [], 0
    for size in sizes:
        pieces.append(sound[start : start + size])
        start += size
    return [*pieces, sound[start:]]


def whole(sound, gain_db):
    return np.concatenate(list(limited([sound], gain_db)))


@given(sounds(), st.floats(-30, 39))
@settings(max_examples=60)
def test_nothing_leaves_louder_than_the_ceiling(sound, gain_db):
    out = whole(sound, gain_db)
    meter = Meter(peaks=True)
    meter.add(np.concatenate((out, np.zeros(100, np.int16))))
    assert len(out) == len(sound)
    assert meter.true_peak_db() <= CEILING_DB


@given(sounds(), st.floats(-30, 39), st.lists(st.integers(0, 3000), max_size=8))
@settings(max_examples=60)
def test_how_a_sound_is_cut_into_pieces_changes_nothing(sound, gain_db, sizes):
    pieces = np.concatenate(list(limited(cut(sound, sizes), gain_db)))
    assert np.max(np.abs(pieces.astype(int) - whole(sound, gain_db)), initial=0) <= 1


@given(st.integers(0, 99), st.floats(-30, 0))
@settings(max_examples=20)
def test_a_sound_that_fits_is_only_made_louder_or_softer(seed, gain_db):
    sound = noise(0.5, 3000, seed)
    gain = 10 ** (gain_db / 20)
    assert np.array_equal(whole(sound, gain_db), np.rint(sound * gain).astype(np.int16))


@given(st.floats(3, 30))
@settings(max_examples=20)
def test_far_from_a_peak_the_gain_is_whole_again(gain_db):
    sound = tune(3, 300)
    sound[:200] = noise(1, 12_000)[:200]
    out = whole(sound, gain_db)
    late = slice(2 * 16_000, None)
    assert np.max(np.abs(out[late] - sound[late] * 10 ** (gain_db / 20))) <= 1
