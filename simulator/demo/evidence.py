"""What the demonstration proves, taken from the samples at the poles' sinks and never from receipts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from protocol.messages import RATE
from simulator.fleet import Capture
from simulator.listen import match

HEARD = 0.9  # a pole counts as heard from this likeness on: IMA-ADPCM of speech gives 0.97 and more
EARLY_US = 3_000_000


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
    sample should sound at `planned_us` (host's Unix µs).
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
    started_us = first_us + found.offset_samples * 1_000_000 / pieces[0].rate
    return Sounding(pole, likeness, (started_us - planned_us) / 1000)


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
