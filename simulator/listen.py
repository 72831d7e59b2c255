"""Did this sound come out, how well, and how many times? Compares samples, and believes nothing else.

Likeness is a normalised cross-correlation, taken over half-second segments of the source and weighted with
their energy: half of the source missing gives 0.5, an even gain changes nothing, noise lowers it as far as it
covers the sound. From one segment to the next the place may slip by a few samples, because poles keep to the
second by adding and dropping single samples; over a whole bulletin that would blur one long correlation away.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np

RATE = 16_000
_SEGMENT_SECONDS = 0.5
_SLIP = 3  # samples a segment may lie off the one before: 375 ppm
_SURE = 0.5  # likeness of a segment from which its place is believed
_GOOD = 0.97  # likeness from which no better place is looked for
_ANCHOR_SECONDS = 1.0
_ANCHORS = 8
_WHOLE = 1 << 22  # samples (4 min): longer sources are looked for by a part of this length first
_LEAST_RMS = 0.5  # of the int16 scale; below it there is nothing to compare
_SHARE = 0.2  # a source counts as sounded k times if at least this much of it was
_ROW = 4  # segments: what is sounded for less than two seconds on end is no airing
_QUIET = 0.01  # of the mean energy of a segment
_MOST_PIECES = 32


@dataclass(frozen=True)
class Match:
    """`score` 0–1; `offset_samples` is where in `heard` the source's first sample lies, or would lie."""

    score: float
    offset_samples: int


@dataclass(frozen=True)
class _Segments:
    """The source cut up: `edges[i]:edges[i + 1]` is segment i, `weights` their shares of its energy."""

    source: np.ndarray
    edges: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, source: np.ndarray, rate: int) -> "_Segments":
        count = max(1, round(len(source) / (rate * _SEGMENT_SECONDS)))
        edges = np.arange(count + 1) * len(source) // count
        energy = np.add.reduceat(np.square(source, dtype=np.float64), edges[:-1])
        return cls(source, edges, energy / energy.sum())

    @property
    def quiet(self) -> np.ndarray:
        """Which segments are pauses: what is in them can not be told from what a codec adds."""
        return self.weights < _QUIET / len(self.weights)

    def within(self, start: int, end: int, these: np.ndarray) -> bool:
        """Whether the source's samples from start to end lie all in `these` segments."""
        first, last = np.searchsorted(self.edges, (start, end - 1), "right") - 1
        return bool(these[first : last + 1].all())


@dataclass(frozen=True)
class _Found:
    """One way to lay the source over what was heard: for each segment its place and likeness."""

    places: np.ndarray
    likenesses: np.ndarray
    score: float


def decode(path: Path, rate: int = RATE) -> np.ndarray:
    """Any sound file as int16 samples, one channel. RuntimeError with ffmpeg's last words if it is none."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe"]
    command += ["-i", f"file:{path}", "-map", "0:a:0", "-ac", "1", "-ar", str(rate), "-f", "s16le", "pipe:1"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        last_words = done.stderr.decode("utf-8", "replace").strip()[-200:]
        raise RuntimeError(f"{path} can not be decoded: {last_words}")
    return np.frombuffer(done.stdout, np.int16)


def match(source: np.ndarray, heard: np.ndarray, rate: int = RATE) -> Match:
    """How much of `source` is in `heard`, and where; both one channel at `rate`. 0 where either is silent."""
    x, y = _floats(source), _floats(heard)
    if not np.any(x) or not np.any(y):
        return Match(0.0, 0)
    segments = _Segments.of(x, rate)
    found = _best(segments, y, rate)
    sure = np.flatnonzero((found.likenesses >= _SURE) & ~segments.quiet)
    nearest = sure[0] if len(sure) else int(np.argmax(found.likenesses))
    return Match(min(found.score, 1.0), int(found.places[nearest] - segments.edges[nearest]))


def count_airings(source: np.ndarray, heard: np.ndarray, threshold: float = _SURE, rate: int = RATE) -> int:
    """How many times `source` was sounded: the highest k such that a fifth of it was sounded k times or more.

    Sounded in pieces (stopped, resumed later) counts once; begun anew after a good part counts twice; less
    than two seconds on end do not count. A segment was sounded from a likeness of `threshold` on, and each
    sample heard explains one segment only.
    """
    x, rest = _floats(source), _floats(heard).copy()
    if not np.any(x):
        return 0
    segments = _Segments.of(x, rate)
    times = np.zeros(len(segments.weights), int)
    for _ in range(_MOST_PIECES):
        if np.count_nonzero(np.abs(rest) >= _LEAST_RMS) < segments.edges[1]:
            break
        found = _best(segments, rest, rate)
        sounded = _in_rows((found.likenesses >= threshold) | segments.quiet) & ~segments.quiet
        if not sounded.any():
            break
        times[sounded] += 1
        for number in np.flatnonzero(sounded):
            start = found.places[number]
            rest[max(start, 0) : start + segments.edges[number + 1] - segments.edges[number]] = 0
    return _reached(times, segments.weights)


def first_sound_index(heard: np.ndarray, least: int = 32) -> int | None:
    """The first sample of at least this magnitude (int16 scale); None in silence."""
    loud = np.flatnonzero(np.abs(_floats(heard)) >= least)
    return int(loud[0]) if len(loud) else None


def _in_rows(these: np.ndarray) -> np.ndarray:
    """Only those of `these` that stand in a row of _ROW or more: a single note may be in any other tune."""
    least = min(_ROW, len(these))
    ends = np.flatnonzero(np.diff(np.concatenate(([0], these.astype(np.int8), [0]))))
    rows = np.zeros(len(these), bool)
    for first, last in zip(ends[::2], ends[1::2], strict=True):
        rows[first:last] = last - first >= least
    return rows


def _reached(times: np.ndarray, weights: np.ndarray) -> int:
    count = 0
    while weights[times > count].sum() >= _SHARE:
        count += 1
    return count


def _floats(samples: np.ndarray) -> np.ndarray:
    return np.asarray(samples).astype(np.float32)


def _best(segments: _Segments, heard: np.ndarray, rate: int) -> _Found:
    """Lay the source where its parts are found, and keep the way that explains most of it."""
    energy = np.concatenate(([0.0], np.cumsum(np.square(heard, dtype=np.float64))))
    best = None
    for start, anchor in _anchors(segments.source, rate):
        if best is not None and segments.within(start, start + len(anchor), best.likenesses >= _GOOD):
            continue
        place = _find(anchor, heard, energy)
        found = _follow(segments, heard, energy, place - start, start + len(anchor) // 2)
        if best is None or found.score > best.score:
            best = found
        if best.score >= _GOOD:
            break
    return best


def _anchors(source: np.ndarray, rate: int) -> Iterator[tuple[int, np.ndarray]]:
    """Parts to look for, with their place in the source: all of it, then the loudest bit of each eighth."""
    yield 0, source[:_WHOLE]
    length = int(rate * _ANCHOR_SECONDS)
    energy = np.concatenate(([0.0], np.cumsum(np.square(source, dtype=np.float64))))
    for number in range(_ANCHORS):
        first, last = number * len(source) // _ANCHORS, (number + 1) * len(source) // _ANCHORS
        starts = np.arange(first, min(last, len(source) - length), length // 4)
        if len(starts):
            start = int(starts[np.argmax(energy[starts + length] - energy[starts])])
            yield start, source[start : start + length]


def _find(part: np.ndarray, heard: np.ndarray, energy: np.ndarray) -> int:
    """Where in `heard` (with silence around it) `part` is most alike: by FFT, a stretch at a time."""
    size = 1 << min((len(part) + len(heard)).bit_length(), max(20, (4 * len(part)).bit_length()))
    step = size - len(part) + 1
    spectrum = np.conj(np.fft.rfft(part, size))
    best_likeness, best_place = -np.inf, 0
    for place in range(1 - len(part), len(heard), step):
        stretch = np.zeros(size, np.float32)
        known = heard[max(place, 0) : place + size]
        stretch[max(-place, 0) : max(-place, 0) + len(known)] = known
        products = np.fft.irfft(np.fft.rfft(stretch) * spectrum, size)[:step]
        likeness = products / _lengths(energy, place + np.arange(step), len(part))
        top = int(np.argmax(likeness))
        if likeness[top] > best_likeness:
            best_likeness, best_place = likeness[top], place + top
    return best_place


def _lengths(energy: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """The Euclidean lengths of `length` samples from each start on; never less than those of near silence."""
    last = len(energy) - 1
    found = energy[np.clip(starts + length, 0, last)] - energy[np.clip(starts, 0, last)]
    return np.sqrt(np.maximum(found, length * _LEAST_RMS**2))


def _follow(segments: _Segments, heard: np.ndarray, energy: np.ndarray, lag: int, middle: int) -> _Found:
    """Lay the source over `heard` at `lag`, outwards from its sample `middle`, slipping where needed."""
    count = len(segments.weights)
    centre = min(int(np.searchsorted(segments.edges, middle, "right")) - 1, count - 1)
    places = np.zeros(count, np.int64)
    likenesses = np.zeros(count)
    for numbers in (range(centre, count), range(centre - 1, -1, -1)):
        current = lag
        for number in numbers:
            slip, likenesses[number] = _compare(segments, number, heard, energy, current)
            if likenesses[number] >= _SURE:
                current += slip
            places[number] = segments.edges[number] + current
    return _Found(places, likenesses, float(segments.weights @ likenesses))


def _compare(
    segments: _Segments, number: int, heard: np.ndarray, energy: np.ndarray, lag: int
) -> tuple[int, float]:
    """The slip at which one segment is most alike, and how much it is (never below 0)."""
    start, end = segments.edges[number], segments.edges[number + 1]
    part = segments.source[start:end]
    first, last = start + lag - _SLIP, end + lag + _SLIP
    window = heard[max(first, 0) : max(last, 0)]
    if first < 0 or last > len(heard):
        before = min(max(-first, 0), last - first)
        window = np.pad(window, (before, last - first - before - len(window)))
    length = float(np.linalg.norm(part))
    if length == 0 or not np.any(window):
        return 0, 0.0
    lengths = _lengths(energy, first + np.arange(2 * _SLIP + 1), len(part))
    likeness = np.correlate(window, part, "valid") / (lengths * length)
    top = int(np.argmax(likeness))
    return top - _SLIP, max(float(likeness[top]), 0.0)
