"""The outline of a sound, to draw it."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .files import pieces, wav_reader

WIDTH = 600


def waveform(sound: Path | np.ndarray, width: int = WIDTH) -> list[tuple[int, int]]:
    """Lowest and highest int16 sample in each of `width` equal parts of a WAV file of ours, or of samples.

    A sound of fewer samples than `width` gives one pair per sample. A file is read 10 s at a time.
    """
    if isinstance(sound, Path):
        with wav_reader(sound) as wav:
            return outline(pieces(wav), wav.getnframes(), width)
    return outline([sound], len(sound), width) if len(sound) else []


def outline(parts: Iterable[np.ndarray], frames: int, width: int) -> list[tuple[int, int]]:
    """Lowest and highest sample in each of `width` equal parts of `frames` samples that come in pieces."""
    width = min(width, frames)
    edges = np.arange(width + 1, dtype=np.int64) * frames // max(width, 1)
    low = np.full(width, np.iinfo(np.int16).max, np.int16)
    high = np.full(width, np.iinfo(np.int16).min, np.int16)
    at = 0
    for part in parts:
        first, last = np.searchsorted(edges, (at, at + len(part) - 1), "right") - 1
        starts = np.maximum(edges[first : last + 1] - at, 0)
        covered = slice(first, last + 1)
        low[covered] = np.minimum(low[covered], np.minimum.reduceat(part, starts))
        high[covered] = np.maximum(high[covered], np.maximum.reduceat(part, starts))
        at += len(part)
    return list(zip(low.tolist(), high.tolist(), strict=True))
