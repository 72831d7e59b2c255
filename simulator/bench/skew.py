"""How far apart poles sound the same second, read from the samples that left their speakers."""

import itertools
from dataclasses import dataclass

import numpy as np

from protocol.messages import RATE
from simulator.bench.street import Recording

US_PER_FRAME = 1_000_000 / RATE
REACH = 4_000  # frames around the expected place that are searched: a quarter of a second each way
ALIKE = 64  # samples that have to be the same, all but the few that a correction may take


class NotFound(Exception):
    """What left the speaker is not the recording: the text says where."""


@dataclass(frozen=True)
class Piece:
    """Samples that left a speaker on end; the first one at `true_us`, Unix."""

    true_us: float
    samples: np.ndarray


def error_ms(piece: Piece, recording: Recording, at_us: int) -> float:
    """How late the recording left in this piece, or how early (negative); NotFound if it is not in it."""
    first = int(np.flatnonzero(piece.samples)[0]) if np.any(piece.samples) else 0
    heard = piece.samples[first : first + ALIKE]
    true_us = piece.true_us + first * US_PER_FRAME
    expected = round((true_us - at_us) / US_PER_FRAME)
    around = recording.piece(expected - REACH, 2 * REACH + len(heard))
    places = np.lib.stride_tricks.sliding_window_view(around, len(heard))
    same = (places == heard).sum(axis=1)
    best = int(np.argmax(same))
    if len(heard) < ALIKE or same[best] < ALIKE // 2:
        raise NotFound(f"at {(true_us - at_us) / 1e6:.1f} s of the session")
    frame = expected - REACH + best
    return (true_us - at_us - frame * US_PER_FRAME) / 1000


def errors_ms(pieces: list[Piece], recording: Recording, at_us: int) -> np.ndarray:
    """Of each piece of one pole, but for those at the very end, which hold more silence than recording."""
    end_us = at_us + (recording.frames - REACH) * US_PER_FRAME
    return np.array([error_ms(piece, recording, at_us) for piece in pieces if piece.true_us < end_us])


def percentiles(values: np.ndarray, *wanted: int) -> dict[str, float]:
    """{"p50": …, "max": …}"""
    found = {f"p{one}": round(float(np.percentile(values, one)), 2) for one in wanted}
    return {**found, "max": round(float(values.max()), 2)}


def skews(poles: list[np.ndarray], others: list[np.ndarray] | None = None) -> dict:
    """Of all pairs of poles, or of all pairs of one of `poles` and one of `others`: at the first sound, and ever."""
    pairs = itertools.product(poles, others) if others else itertools.combinations(poles, 2)
    apart = []
    for left, right in pairs:
        count = min(len(left), len(right))
        apart.append(np.abs(left[:count] - right[:count]))
    start = np.array([one[0] for one in apart])
    return {
        "pairs": len(apart),
        "start_skew_ms": percentiles(start, 50, 95),
        "skew_ms": percentiles(np.concatenate(apart), 95),
    }
