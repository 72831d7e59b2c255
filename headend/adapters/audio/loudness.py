"""How loud everything shall be, and a limiter that makes it fit under a true peak.

One constant gain for the whole sound, then a limiter: announcements keep their dynamics, and it is 8–15 times
faster than ffmpeg's loudnorm. ffmpeg's alimiter was measured too: it looks at samples, not at what lies
between them, and went 0.8 dB over its limit on short noise bursts.
"""

import functools
from collections.abc import Iterable, Iterator

import numpy as np

from .sound import FULL_SCALE, RATE

TARGET_LUFS = -16.0
CEILING_DB = -1.0
"""True peak of everything that leaves this package, dBTP."""

_MARGIN_DB = 0.1  # the gain moves a little under the interpolator's taps, and samples are rounded
_OVERSAMPLING = 4
_TAPS = 12  # per phase: 48 in all
_REACH = 320  # samples (20 ms) that the limiter looks ahead
_DEEPEST_DB = 60.0
_ATTACK_DB = _DEEPEST_DB / _REACH  # per sample
_RELEASE_DB = 60.0 / RATE  # per sample: back by 60 dB in a second, slow enough not to tremble


@functools.cache
def _phases() -> np.ndarray:
    """Windowed sincs for the points at 1/4, 1/2 and 3/4 between samples (ITU-R BS.1770-4, annex 2)."""
    offsets = np.arange(_TAPS) - (_TAPS // 2 - 1)
    rows = []
    for phase in range(1, _OVERSAMPLING):
        distance = offsets - phase / _OVERSAMPLING
        rows.append(np.sinc(distance) * 0.5 * (1 + np.cos(np.pi * distance / (_TAPS // 2))))
    return np.array(rows)


def _true_peaks(samples: np.ndarray) -> np.ndarray:
    """Per sample the highest magnitude within one sample on either side; the edges see zeros beyond."""
    between = np.zeros(len(samples))
    for taps in _phases():
        full = np.convolve(samples, taps[::-1])
        np.maximum(between, np.abs(full[_TAPS // 2 : _TAPS // 2 + len(samples)]), out=between)
    peaks = np.maximum(np.abs(samples), between)
    peaks[1:] = np.maximum(peaks[1:], between[:-1])
    return peaks


class Limiter:
    """Constant gain, then gain reduction that begins up to 20 ms before each peak over the ceiling.

    The reduction in dB falls and rises along straight lines (`attack`, `release`), which two running minima
    compute exactly; sound comes out `_HOLD` samples late until `rest` gives the remainder.
    """

    _CONTEXT = 2 * _TAPS  # samples of the past that the interpolator needs
    _HOLD = _REACH + 2 * _TAPS

    def __init__(self, gain_db: float) -> None:
        self._gain = 10 ** (gain_db / 20)
        self._past = np.zeros(self._CONTEXT)
        self._held = np.zeros(0)
        self._reduction_db = 0.0

    def add(self, samples: np.ndarray) -> np.ndarray:
        """Take int16 samples, return the int16 samples that are decided by now."""
        self._held = np.concatenate((self._held, samples * self._gain))
        ready = len(self._held) - self._HOLD
        return self._decide(ready) if ready > 0 else np.zeros(0, np.int16)

    def rest(self) -> np.ndarray:
        """What is still held back, at the end of the sound."""
        ready = len(self._held)
        self._held = np.concatenate((self._held, np.zeros(self._HOLD)))
        return self._decide(ready)

    def _decide(self, ready: int) -> np.ndarray:
        peaks = _true_peaks(np.concatenate((self._past, self._held)))[self._CONTEXT : -_TAPS]
        ceiling = FULL_SCALE * 10 ** ((CEILING_DB - _MARGIN_DB) / 20)
        wanted = -20 * np.log10(np.maximum(peaks / ceiling, 1.0))
        reduction = self._envelope(wanted)[:ready]
        self._reduction_db = reduction[-1]
        out, self._held = self._held[:ready], self._held[ready:]
        self._past = np.concatenate((self._past, out))[-self._CONTEXT :]
        return np.rint(out * 10 ** (reduction / 20)).astype(np.int16)

    def _envelope(self, wanted: np.ndarray) -> np.ndarray:
        """The highest line under `wanted` that falls by the attack and rises by the release at most."""
        steps = np.arange(len(wanted))
        ahead = np.minimum.accumulate((wanted + _ATTACK_DB * steps)[::-1])[::-1] - _ATTACK_DB * steps
        ahead[0] = min(ahead[0], self._reduction_db + _RELEASE_DB)
        return np.minimum.accumulate(ahead - _RELEASE_DB * steps) + _RELEASE_DB * steps


def limited(pieces: Iterable[np.ndarray], gain_db: float) -> Iterator[np.ndarray]:
    """The same sound, as many samples, `gain_db` louder, nowhere over the true-peak ceiling."""
    limiter = Limiter(gain_db)
    for piece in pieces:
        yield limiter.add(piece)
    yield limiter.rest()
