"""Lengths add up to the sample, and outlines miss nothing."""

import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headend.adapters.audio import join, programme_ms, waveform
from tests.support.sounds import noise, read_wav, silence, write_wav

lengths_ms = st.lists(st.integers(1, 12_000), min_size=1, max_size=5)


@given(lengths_ms)
@settings(max_examples=40)
def test_a_programme_lasts_exactly_as_long_as_the_law_was_told(durations_ms):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = [write_wav(folder / f"{n}.wav", silence(ms / 1000)) for n, ms in enumerate(durations_ms)]
        made = join(parts, folder / "programme.wav")
        assert made.duration_ms == programme_ms(durations_ms)
        assert made.frames == 16 * made.duration_ms == len(read_wav(made.path))


@given(st.integers(0, 5000), st.integers(1, 700))
@settings(max_examples=60)
def test_an_outline_holds_every_lowest_and_highest_sample(frames, width):
    samples = noise(1, seed=frames)[:frames]
    outline = waveform(samples, width)
    edges = [part * frames // max(len(outline), 1) for part in range(len(outline) + 1)]
    assert len(outline) == min(width, frames)
    parts = [samples[start:end] for start, end in pairwise(edges)]
    assert outline == [(part.min(), part.max()) for part in parts]


@pytest.mark.parametrize("count", [0.01, 9.99, 10, 10.01, 25])
def test_an_outline_of_a_file_is_that_of_its_samples(tmp_path, count):
    samples = noise(count)
    assert waveform(write_wav(tmp_path / "sound.wav", samples), 600) == waveform(samples, 600)


def test_nothing_has_no_outline():
    assert waveform(np.zeros(0, np.int16)) == []
