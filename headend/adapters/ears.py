"""What poles were heard to play: captures of virtual poles. A real pole without a microphone has none: a gap.

Layout, one folder a pole: `<folder>/<pole>/captures/<n>.pcm` (16-bit mono) with `<n>.json` beside it
(`enabled_true_us`, the host's Unix µs of its first frame; `rate`).
"""

import json
from datetime import datetime
from pathlib import Path

import numpy as np

from headend.adapters.audio.files import commit, keep_newest, new_file, wav_writer
from headend.domain.times import to_ms
from headend.ports import Heard
from protocol.messages import RATE

MOST_KEPT = 200  # WAV files for those who listen; made again from the captures where they are gone


class NoEars:
    """Implements ports.Ears where nothing listens."""

    def heard(self, pole: str, start: datetime, end: datetime) -> Heard | None:
        return None


class CaptureEars:
    """Implements ports.Ears on the captures of virtual poles. `offset_ms`: head-end's clock minus the host's."""

    def __init__(self, folder: Path, cache: Path, offset_ms: int, draw) -> None:
        self._folder = folder
        self._cache = cache
        self._offset_ms = offset_ms
        self._draw = draw  # (WAV path, width) → list of (lowest, highest)
        cache.mkdir(parents=True, exist_ok=True)

    def heard(self, pole: str, start: datetime, end: datetime) -> Heard | None:
        pieces = [one for one in self._pieces(pole) if one[0] < to_ms(end) and one[1] > to_ms(start)]
        if not pieces:
            return None
        wav = self._cache / f"{pole}-{to_ms(start)}-{sum(one[3] for one in pieces)}.wav"
        if not wav.exists():
            _write(wav, _mix(pieces, to_ms(start), to_ms(end)))
            keep_newest(self._cache, MOST_KEPT)
        return Heard(wav, start, (to_ms(end) - to_ms(start)), self._draw(wav, 600))

    def _pieces(self, pole: str) -> list[tuple[int, int, Path, int]]:
        """(first ms, last ms, file, bytes) of each capture, in the head-end's time."""
        found = []
        for described in sorted((self._folder / pole / "captures").glob("*.json")):
            try:
                told = json.loads(described.read_text())
            except ValueError:
                continue  # being written: the sink has just been opened
            sound = described.with_suffix(".pcm")
            size = sound.stat().st_size if sound.exists() else 0
            first_ms = told["enabled_true_us"] // 1000 + self._offset_ms
            found.append((first_ms, first_ms + size // 2 * 1000 // RATE, sound, size))
        return found


def _mix(pieces: list[tuple[int, int, Path, int]], start_ms: int, end_ms: int) -> np.ndarray:
    """Silence where nothing was heard, each capture at its place."""
    heard = np.zeros((end_ms - start_ms) * RATE // 1000, dtype="<i2")
    for first_ms, _, file, _ in pieces:
        samples = np.fromfile(file, dtype="<i2")
        at = (first_ms - start_ms) * RATE // 1000
        skip, at = max(0, -at), max(0, at)
        part = samples[skip:skip + len(heard) - at]
        heard[at:at + len(part)] = part
    return heard


def _write(path: Path, samples: np.ndarray) -> None:
    with new_file(path.parent) as file:
        with wav_writer(file) as wav:
            wav.writeframesraw(samples.tobytes())
        commit(file, path)
