"""The house's sound works: one place for recordings, programmes and what poles fetch. Implements ports.Sound.

Everything is named by its hash, so making something twice costs time but never space, and no file is changed in place.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from headend.adapters import audio
from headend.domain.errors import BadInput
from headend.ports import Media, Prepared

Speak = Callable[[str, Path], Path]
MOST_HEARD = 32  # programmes kept as WAV for those who listen: 30 MB each at the most usual length of 15 minutes


class SoundWorks:
    """`folder` holds `bulletins/` (recordings), `media/` and `programmes/` (to listen to; may be deleted).

    One heavy job at a time keeps memory and cores free.
    """

    def __init__(self, folder: Path, speak: Speak) -> None:
        self._bulletins = folder / "bulletins"
        self._media = folder / "media"
        self._programmes = folder / "programmes"
        self._speak = speak
        self._turn = threading.Semaphore(1)
        for place in (self._bulletins, self._media, self._programmes):
            place.mkdir(parents=True, exist_ok=True)

    def sweep(self) -> None:
        """Remove what a killed head-end left half-written; only while nothing else works in the folder."""
        for place in (self._bulletins, self._media, self._programmes):
            audio.sweep(place)

    def prepare(self, source: Path) -> Prepared:
        """Decode, check and normalise an upload; BadInput with a Vietnamese sentence."""
        with self._turn:
            return self._prepare(source)

    def speak(self, text: str) -> Prepared:
        """Speak text, then treat it like any recording."""
        with audio.scratch(self._bulletins) as folder, self._turn:
            return self._prepare(self._speak(text, folder / "speech.wav"))

    def recording(self, sha256: str) -> Path:
        """The WAV file of a prepared recording."""
        return self._bulletins / f"{sha256}.wav"

    def programme_ms(self, durations_ms: Sequence[int]) -> int:
        """Exact length of the programme that recordings of these lengths will make."""
        return audio.programme_ms(durations_ms)

    def programme(self, sha256s: Sequence[str]) -> Media:
        """Join and encode recordings that still are what was approved."""
        paths = [self.recording(one) for one in sha256s]
        for path, sha256 in zip(paths, sha256s, strict=True):
            if not path.exists() or _sha256(path) != sha256:
                raise BadInput("Bản thu trên máy chủ không còn đúng với bản đã duyệt; hãy thu và duyệt lại.")
        with audio.scratch(self._media) as folder, self._turn:
            joined = audio.join(paths, folder / "programme.wav")
            made = audio.encode(joined.path, self._media)
        return Media(made.digest, made.bytes, made.frames, made.duration_ms)

    def media(self, digest: str) -> Path:
        """The encoded file; its chunk list stands beside it as `<digest>.chunks`."""
        return self._media / digest

    def programme_sound(self, digest: str, frames: int, edge_ms: int) -> Path:
        """A programme as poles decode it, as a WAV file with silence of `edge_ms` before and after it."""
        wav = self._programmes / f"{digest}-{frames}-{edge_ms}.wav"
        if not wav.exists():
            audio.decode_to_wav(self.media(digest), frames, edge_ms * audio.RATE // 1000, wav)
            audio.keep_newest(self._programmes, MOST_HEARD)
        return wav

    def source_wave(self, digest: str, width: int) -> list[tuple[int, int]]:
        """Lowest and highest sample of each of `width` slices of an encoded programme."""
        return audio.media_waveform(self.media(digest), width)

    def recording_wave(self, sha256: str, width: int) -> list[tuple[int, int]]:
        """The same of a recording, straight from its WAV file."""
        return audio.waveform(self.recording(sha256), width)

    def _prepare(self, source: Path) -> Prepared:
        try:
            made = audio.prepare(source, self._bulletins)
        except audio.BadSound as bad:
            raise BadInput(bad.message_vi, "file") from bad
        return Prepared(made.sha256, made.path, made.frames, made.duration_ms, made.loudness_lufs, made.true_peak_db)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
