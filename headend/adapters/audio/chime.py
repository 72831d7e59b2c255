"""The station's chime, made here from three bell notes: rising before a programme, falling after it.

C5, E5 and G5 with their overtones lie in the band that a horn loudspeaker gives best (300–4,000 Hz).
"""

import functools

import numpy as np

from .loudness import TARGET_LUFS
from .meter import Meter
from .sound import FRAMES_PER_MS, FULL_SCALE, RATE

CHIME_MS = 2_500
_NOTES_HZ = (523.25, 659.26, 783.99)
_NOTE_EVERY_MS = 500
_ATTACK_MS = 4
_FADE_MS = 250
_PARTIALS = ((1.0, 1.0, 0.9), (2.0, 0.45, 0.6), (3.0, 0.2, 0.4), (4.16, 0.1, 0.25))
"""Of a bell: frequency against the note, strength, seconds until it has fallen to 1/e."""


@functools.cache
def opening() -> np.ndarray:
    """The chime before a programme: int16, 16 kHz, CHIME_MS long, at the loudness of everything else."""
    return _chime(_NOTES_HZ)


@functools.cache
def closing() -> np.ndarray:
    """The chime after a programme."""
    return _chime(_NOTES_HZ[::-1])


def _chime(notes: tuple[float, ...]) -> np.ndarray:
    sound = np.zeros(CHIME_MS * FRAMES_PER_MS)
    for number, hertz in enumerate(notes):
        start = number * _NOTE_EVERY_MS * FRAMES_PER_MS
        sound[start:] += _bell(hertz, len(sound) - start)
    fade = _FADE_MS * FRAMES_PER_MS
    sound[-fade:] *= np.linspace(1, 0, fade)
    sound *= 0.25 * FULL_SCALE / np.max(np.abs(sound))
    meter = Meter()
    meter.add(np.rint(sound).astype(np.int16))
    louder = np.rint(sound * 10 ** ((TARGET_LUFS - meter.lufs()) / 20)).astype(np.int16)
    louder.flags.writeable = False
    return louder


def _bell(hertz: float, frames: int) -> np.ndarray:
    seconds = np.arange(frames) / RATE
    tone = sum(
        strength * np.sin(2 * np.pi * hertz * ratio * seconds) * np.exp(-seconds / decay)
        for ratio, strength, decay in _PARTIALS
    )
    return tone * np.minimum(seconds / (_ATTACK_MS / 1000), 1)
