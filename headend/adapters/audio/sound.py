"""The one form of sound inside the head-end, and how a source is refused.

Every sound here is a WAV file of 16 kHz, one channel, signed 16 bits, whose length is a whole number of
milliseconds, so that lengths can be added without rounding.
"""

from dataclasses import dataclass
from pathlib import Path

RATE = 16_000
"""Samples per second of every sound inside the head-end and on the poles."""

FRAMES_PER_MS = RATE // 1000
SEGMENT_FRAMES = 10 * RATE
"""Sound is read and worked on in pieces of at most 10 s, so that memory does not grow with its length."""

FULL_SCALE = 32_768


@dataclass(frozen=True)
class Programme:
    """Chime, bulletins and closing chime in one WAV file."""

    path: Path
    frames: int
    duration_ms: int


class BadSound(Exception):
    """A source that must not be used; `message_vi` is one sentence for the person, `code` is for programs.

    Codes: not_audio, empty, silent, too_long, too_large, false_length, too_slow.
    """

    def __init__(self, code: str, message_vi: str) -> None:
        super().__init__(message_vi)
        self.code = code
        self.message_vi = message_vi


class SoundFailed(RuntimeError):
    """ffmpeg failed on material that was already checked: a fault of this machine, not of the source."""
