"""The meter reads what EBU R128 and ITU-R BS.1770-4 say it must, and what ffmpeg's reads."""

import math
import re
import subprocess

import imageio_ffmpeg
import numpy as np
import pytest

from headend.adapters.audio.meter import Meter
from tests.support.sounds import int16, noise, tune

RATE = 16_000


def measured(*sounds):
    meter = Meter(peaks=True)
    for sound in sounds:
        meter.add(int16(sound))
    return meter


def sine(hertz, dbfs, seconds, phase=0.0):
    time = np.arange(round(seconds * RATE)) / RATE
    return 32768 * 10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * time + phase)


def test_the_sine_by_which_the_scale_is_defined():
    """BS.1770-4, annex 1: 997 Hz at 0 dBFS on one channel reads -3.01 LKFS."""
    assert measured(sine(997, -20, 5)).lufs() == pytest.approx(-23.01, abs=0.1)


def test_low_sounds_count_less_and_high_ones_more():
    """BS.1770-4, annex 1, figures 2 and 4: -4 dB at 50 Hz, +3.3 dB above 3 kHz, against 1 kHz."""
    middle = measured(sine(997, -20, 5)).lufs()
    assert measured(sine(50, -20, 5)).lufs() - middle == pytest.approx(-4.6, abs=0.5)
    assert measured(sine(5000, -20, 5)).lufs() - middle == pytest.approx(3.3, abs=0.2)


def test_soft_passages_are_not_averaged_in():
    """EBU Tech 3341, case 3, on one channel."""
    soft, loud = sine(1000, -33, 10), sine(1000, -20, 60)
    assert measured(soft, loud, soft).lufs() == pytest.approx(-23.0, abs=0.1)


def test_silence_is_not_averaged_in():
    """EBU Tech 3341, case 4, on one channel: what is below -70 LUFS does not lower the relative gate either."""
    silent, soft, loud = sine(1000, -69, 10), sine(1000, -33, 10), sine(1000, -20, 60)
    assert measured(silent, soft, loud, soft, silent).lufs() == pytest.approx(-23.0, abs=0.1)


def test_silence_and_a_blink_have_no_loudness():
    assert measured(np.zeros(RATE)).lufs() == -math.inf
    assert measured(np.zeros(RATE)).true_peak_db() == -math.inf
    assert measured(sine(1000, -20, 0.39)).lufs() == -math.inf
    assert measured(sine(1000, -20, 0.41)).lufs() > -30


def test_a_peak_between_two_samples_is_found():
    """EBU Tech 3341, case 16: a quarter of the rate, at 45°; the samples themselves are 3 dB lower."""
    sound = sine(RATE / 4, -6, 1, phase=math.pi / 4)
    assert 20 * math.log10(np.max(np.abs(sound)) / 32768) == pytest.approx(-9.01, abs=0.01)
    assert -6.4 <= measured(sound).true_peak_db() <= -5.8


def test_how_a_sound_is_cut_into_pieces_changes_nothing():
    sound = int16(noise(9.7, 4000, 5))
    whole, pieces = measured(sound), measured(*np.split(sound, [1, 1600, 1601, 70_000, 150_001]))
    assert pieces.lufs() == pytest.approx(whole.lufs(), abs=1e-9)
    assert pieces.true_peak_db() == pytest.approx(whole.true_peak_db(), abs=1e-9)


@pytest.mark.parametrize("make", [noise, tune])
@pytest.mark.parametrize("seed", range(3))
def test_ffmpeg_reads_the_same(make, seed):
    sound = int16(np.concatenate([make(3, 300, seed), make(4, 6000, seed + 10)]))
    raw = ["-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", *raw, "-af", "ebur128=peak=true", "-f", "null", "-"]
    done = subprocess.run(command, input=sound.tobytes(), capture_output=True, check=True, timeout=60)
    summary = done.stderr.decode().rpartition("Summary:")[2]
    meter = measured(sound)
    assert meter.lufs() == pytest.approx(float(re.search(r"I: +(-?[\d.]+) LUFS", summary)[1]), abs=0.06)
    assert meter.true_peak_db() == pytest.approx(float(re.search(r"Peak: +(-?[\d.]+) dBFS", summary)[1]), abs=0.3)
