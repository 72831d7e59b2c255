"""What the demonstration proves, taken from the samples at the poles' sinks and never from receipts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from protocol.messages import RATE
from simulator.fleet import Capture
from simulator.listen import first_sound_index, match

HEARD = 0.9  # a pole counts as heard from this likeness on: IMA-ADPCM of speech gives 0.97 and more
EARLY_US = 3_000_000
ONSET = 16  # samples (1 ms): a chime grows out of silence, and at a lower volume its first ones round to nothing


@dataclass(frozen=True)
class Sounding:
    """One pole and one session: likeness to the source (0–1), and first sample's true instant minus the planned one."""

    pole: str
    likeness: float
    start_error_ms: float | None

    @property
    def heard(self) -> bool:
        return self.likeness >= HEARD


def listen_to(
    pole: str, captures: Iterable[Capture], planned_us: int, source: np.ndarray, programme: np.ndarray
) -> Sounding:
    """Compare what left a pole's sink with what should have.

    `source`: the recording as it was handed in, at RATE; `programme`: what the pole was given to play, whose first
    sample should sound at `planned_us` (host's Unix µs). A pole that comes late and then is with the others has begun
    late all the same: its error is that of the first sample that it sounded.
    """
    end_us = planned_us + len(programme) * 1_000_000 // RATE
    pieces = [one for one in captures if one.first_true_us < end_us and _end_us(one) > planned_us - EARLY_US]
    if not pieces:
        return Sounding(pole, 0.0, None)
    first_us, samples = _timeline(pieces)
    likeness = match(source, samples).score
    found = match(programme, samples)
    if found.score < HEARD / 2:
        return Sounding(pole, likeness, None)
    begun = found.offset_samples + _left_out(programme, samples, found.offset_samples)
    started_us = first_us + begun * 1_000_000 / pieces[0].rate
    return Sounding(pole, likeness, (started_us - planned_us) / 1000)


def _left_out(programme: np.ndarray, samples: np.ndarray, offset: int) -> int:
    """Samples of the programme's beginning that were not sounded, where its first one lies, or would, at `offset`."""
    due = first_sound_index(programme, least=1)
    came = first_sound_index(samples[max(offset, 0):], least=1)
    late = (came or 0) - (due or 0) - min(offset, 0)
    return late if late > ONSET else 0


def _end_us(capture: Capture) -> float:
    return capture.true_us(len(capture.samples))


def _timeline(pieces: Sequence[Capture]) -> tuple[int, np.ndarray]:
    """All captures on one line of time, silence between them."""
    first_us = min(one.first_true_us for one in pieces)
    seconds = max(_end_us(one) - first_us for one in pieces) / 1_000_000
    line = np.zeros(int(seconds * RATE) + RATE, dtype=np.int16)
    for one in pieces:
        at = round((one.first_true_us - first_us) * RATE / 1_000_000)
        line[at : at + len(one.samples)] = one.samples[: len(line) - at]
    return first_us, line


def summary(soundings: Sequence[Sounding]) -> dict[str, float | int | None]:
    """The figures of `loa demo --once --json`: None where nothing was heard to measure."""
    errors = sorted(abs(one.start_error_ms) for one in soundings if one.start_error_ms is not None)
    return {
        "poles": len(soundings),
        "heard": sum(one.heard for one in soundings),
        "start_error_ms_p95": round(errors[min(len(errors) - 1, int(0.95 * len(errors)))], 3)
        if errors
        else None,
        "start_error_ms_max": round(errors[-1], 3) if errors else None,
        "match_min": round(min((one.likeness for one in soundings), default=0.0), 4),
    }
