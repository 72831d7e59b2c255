"""How loud a sound is: integrated loudness and true peak (EBU R128, ITU-R BS.1770-4), in numpy.

Written by hand because no library for it has wheels for every Python that we run on; the tests compare it with
libebur128 and with ffmpeg.
"""

import functools
import math

import numpy as np

from .sound import FULL_SCALE, RATE

_STEP = RATE // 10  # loudness is taken over 400 ms, every 100 ms
_STEPS_PER_BLOCK = 4
_QUIETEST_LUFS = -70.0  # blocks below are silence
_RELATIVE_LU = -10.0  # and so is what lies that far under the mean of the others

_TAPS = 2048  # after that the slowest part of the weighting has fallen by 260 dB
_FFT = 1 << 16

_OVERSAMPLING = 4
_PEAK_TAPS = 49


class Meter:
    """Integrated loudness, with `peaks` also the true peak, of a 16 kHz mono sound fed piece by piece."""

    def __init__(self, peaks: bool = False) -> None:
        self._past = np.zeros(_TAPS - 1)
        self._rest = np.zeros(0)
        self._energies: list[np.ndarray] = []  # mean square of each whole step
        self._peaks = peaks
        self._peak_past = np.zeros(_PEAK_TAPS // _OVERSAMPLING)
        self._peak = 0.0

    def add(self, samples: np.ndarray) -> None:
        """Take the next int16 samples."""
        largest = _FFT - _TAPS + 1
        for start in range(0, len(samples), largest):
            piece = samples[start : start + largest] / FULL_SCALE
            self._weigh(piece)
            if self._peaks:
                self._look_between(piece)

    def lufs(self) -> float:
        """Integrated loudness; minus infinity for silence and for less than 400 ms."""
        steps = np.concatenate([np.zeros(0), *self._energies])
        if len(steps) < _STEPS_PER_BLOCK:
            return -math.inf
        blocks = np.convolve(steps, np.full(_STEPS_PER_BLOCK, 1 / _STEPS_PER_BLOCK), "valid")
        loud = blocks[blocks >= _energy(_QUIETEST_LUFS)]
        if not len(loud):
            return -math.inf
        loud = loud[loud >= loud.mean() * 10 ** (_RELATIVE_LU / 10)]
        return -0.691 + 10 * math.log10(loud.mean())

    def true_peak_db(self) -> float:
        """Highest true peak so far, dBTP; minus infinity for digital silence."""
        return 20 * math.log10(self._peak) if self._peak > 0 else -math.inf

    def _weigh(self, piece: np.ndarray) -> None:
        """K-weighting by overlap-save, then the mean square of every whole 100 ms."""
        sound = np.concatenate((self._past, piece))
        self._past = sound[-(_TAPS - 1) :]
        weighted = np.fft.irfft(np.fft.rfft(sound, _FFT) * _weighting(), _FFT)[_TAPS - 1 : len(sound)]
        self._rest = np.concatenate((self._rest, weighted))
        whole = len(self._rest) // _STEP * _STEP
        if whole:
            self._energies.append(np.mean(self._rest[:whole].reshape(-1, _STEP) ** 2, axis=1))
            self._rest = self._rest[whole:]

    def _look_between(self, piece: np.ndarray) -> None:
        """The samples themselves and what an interpolator finds at the quarters between them."""
        sound = np.concatenate((self._peak_past, piece))
        self._peak_past = sound[-len(self._peak_past) :]
        between = [np.max(np.abs(np.convolve(sound, taps, "valid")), initial=0) for taps in _interpolator()]
        self._peak = float(max(self._peak, np.max(np.abs(piece), initial=0), *between))


def _energy(lufs: float) -> float:
    """The mean square of a sound of this loudness."""
    return 10 ** ((lufs + 0.691) / 10)


@functools.cache
def _weighting() -> np.ndarray:
    """Spectrum of the K-weighting: a shelf for the head, then a high pass (BS.1770-4, tables 1 and 2).

    The standard gives both for 48 kHz; here they are made anew for our rate from the analogue filters behind them.
    """
    k, q = math.tan(math.pi * 1681.974450955533 / RATE), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    shelf = (high + middle * k / q + k * k, 2 * (k * k - high), high - middle * k / q + k * k)
    response = _filtered(_impulse(), shelf, (1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k))
    k, q = math.tan(math.pi * 38.13547087602444 / RATE), 0.5003270373238773
    gain = 1 + k / q + k * k
    high_pass = (gain, -2 * gain, gain)
    response = _filtered(response, high_pass, (gain, 2 * (k * k - 1), 1 - k / q + k * k))
    return np.fft.rfft(response, _FFT)


def _impulse() -> list[float]:
    return [1.0, *[0.0] * (_TAPS - 1)]


def _filtered(sound: list[float], zeros: tuple[float, ...], poles: tuple[float, ...]) -> list[float]:
    """A second-order filter, sample by sample."""
    out: list[float] = []
    x1 = x2 = y1 = y2 = 0.0
    for x in sound:
        y = (zeros[0] * x + zeros[1] * x1 + zeros[2] * x2 - poles[1] * y1 - poles[2] * y2) / poles[0]
        x1, x2, y1, y2 = x, x1, y, y1
        out.append(y)
    return out


@functools.cache
def _interpolator() -> list[np.ndarray]:
    """A windowed sinc at four times the rate, taken apart: a phase for each quarter between two samples."""
    place = np.arange(_PEAK_TAPS)
    prototype = np.sinc((place - _PEAK_TAPS // 2) / _OVERSAMPLING)
    prototype *= 0.5 * (1 - np.cos(2 * np.pi * place / (_PEAK_TAPS - 1)))
    return [prototype[phase::_OVERSAMPLING] for phase in range(1, _OVERSAMPLING)]
