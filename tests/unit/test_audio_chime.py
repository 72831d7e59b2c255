"""The chime opens and closes every programme."""

import numpy as np
import pytest

from headend.adapters.audio import chime
from headend.adapters.audio.meter import Meter

CHIMES = [chime.opening, chime.closing]


@pytest.mark.parametrize("make", CHIMES)
def test_a_chime_is_as_loud_as_the_bulletins(make):
    meter = Meter(peaks=True)
    meter.add(make())
    assert meter.lufs() == pytest.approx(-16, abs=0.1)
    assert meter.true_peak_db() <= -1


@pytest.mark.parametrize("make", CHIMES)
def test_a_chime_sounds_at_once_and_ends_in_silence(make):
    sound = make()
    assert len(sound) == 2_500 * 16
    assert np.flatnonzero(np.abs(sound) > 300)[0] < 10 * 16
    assert np.max(np.abs(sound[-16:])) < 100


@pytest.mark.parametrize("make", CHIMES)
def test_a_chime_is_the_same_each_time_it_is_made(make):
    before = make().copy()
    make.cache_clear()
    assert np.array_equal(make(), before)


def test_a_listener_can_tell_the_opening_from_the_closing():
    def first_note(sound):
        spectrum = np.abs(np.fft.rfft(sound[:8000]))
        return np.argmax(spectrum) * 2

    assert first_note(chime.opening()) == pytest.approx(523, abs=3)
    assert first_note(chime.closing()) == pytest.approx(784, abs=3)
