"""Joining: chime, pause, bulletins with pauses between, pause, closing chime; by pydub, 10 s at a time."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from .chime import CHIME_MS, closing, opening
from .files import commit, new_file, wav_reader, wav_writer
from .sound import FRAMES_PER_MS, RATE, SEGMENT_FRAMES, Programme

with warnings.catch_warnings():  # pydub warns that it misses an ffmpeg; joining samples needs none
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

PAUSE_AFTER_CHIME_MS = 800
PAUSE_BETWEEN_MS = 1_500
PAUSE_BEFORE_CLOSING_MS = 1_000
_EDGE_MS = 5  # faded in and out at both ends of a bulletin, so that a hard cut does not click


def programme_ms(durations_ms: Sequence[int]) -> int:
    """How long `join` makes a programme of bulletins of these lengths, to the millisecond."""
    pauses = PAUSE_AFTER_CHIME_MS + PAUSE_BETWEEN_MS * (len(durations_ms) - 1) + PAUSE_BEFORE_CLOSING_MS
    return 2 * CHIME_MS + pauses + sum(durations_ms)


def join(parts: Sequence[Path], out: Path) -> Programme:
    """Write the programme of these normalised bulletins to `out`.

    ValueError if there is none, or one is not a WAV file of ours with a whole number of milliseconds.
    """
    if not parts:
        raise ValueError("A programme needs at least one bulletin.")
    frames = 0
    with new_file(out.parent) as file:
        with wav_writer(file) as wav:
            for segment in _segments(parts):
                wav.writeframesraw(segment.raw_data)
                frames += int(segment.frame_count())
        commit(file, out)
    return Programme(out, frames, frames // FRAMES_PER_MS)


def _segments(parts: Sequence[Path]) -> Iterator[AudioSegment]:
    yield _segment(opening().tobytes())
    yield _silence(PAUSE_AFTER_CHIME_MS)
    for number, part in enumerate(parts):
        if number:
            yield _silence(PAUSE_BETWEEN_MS)
        yield from _bulletin(part)
    yield _silence(PAUSE_BEFORE_CLOSING_MS)
    yield _segment(closing().tobytes())


def _bulletin(part: Path) -> Iterator[AudioSegment]:
    with wav_reader(part) as wav:
        left = wav.getnframes()
        if left == 0 or left % FRAMES_PER_MS:
            raise ValueError(f"{part} does not last a whole number of milliseconds.")
        first = True
        while left:
            segment = _segment(wav.readframes(SEGMENT_FRAMES))
            left -= int(segment.frame_count())
            yield _soft_edges(segment, first, last=not left)
            first = False


def _soft_edges(segment: AudioSegment, first: bool, last: bool) -> AudioSegment:
    edge_ms = min(_EDGE_MS, len(segment))
    if first:
        segment = segment.fade_in(edge_ms)
    return segment.fade_out(edge_ms) if last else segment


def _segment(data: bytes) -> AudioSegment:
    return AudioSegment(data=data, sample_width=2, frame_rate=RATE, channels=1)


def _silence(ms: int) -> AudioSegment:
    return _segment(np.zeros(ms * FRAMES_PER_MS, np.int16).tobytes())
