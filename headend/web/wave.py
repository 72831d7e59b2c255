"""Sound drawn: the outline of a recording as one SVG path on a box of 1000 × 64."""

from collections.abc import Sequence
from functools import lru_cache, partial

from headend.ports import Sound

WIDTH, HEIGHT = 1000, 64
SLICES = 240  # enough beside others, and a few kB a drawing
FINE = 2 * SLICES
_FULL = 32_768
_KEPT = 256


def path(wave: Sequence[tuple[int, int]], start: float = 0.0, end: float = 1.0, slices: int = SLICES) -> str:
    """The `d` of an outline that fills `start`–`end` (0–1) of the box's width; empty for no sound."""
    points = _fewer(wave, max(1, round(slices * (end - start))))
    if not points:
        return ""
    step = (end - start) * WIDTH / len(points)
    xs = [round(start * WIDTH + (number + 0.5) * step, 1) for number in range(len(points))]
    upper = [f"{x:g} {_y(high, -0.6)}" for x, (_, high) in zip(xs, points, strict=True)]
    lower = [f"{x:g} {_y(low, 0.6)}" for x, (low, _) in zip(xs, points, strict=True)]
    return "M" + "L".join(upper + lower[::-1]) + "Z"


def _y(sample: int, least: float) -> str:
    """Silence keeps a hair's breadth, so that it is seen to be there."""
    middle = HEIGHT / 2
    return f"{round(middle - sample / _FULL * (middle - 1) + least, 1):g}"


def _fewer(wave: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    if len(wave) <= most:
        return list(wave)
    edges = [number * len(wave) // most for number in range(most + 1)]
    return [(min(low for low, _ in wave[a:b]), max(high for _, high in wave[a:b]))
            for a, b in zip(edges, edges[1:], strict=False)]


class Outlines:
    """Outlines of recordings and programmes: each is named by its hash, so it is measured once and kept."""

    def __init__(self, sound: Sound) -> None:
        self.recording = lru_cache(_KEPT)(partial(sound.recording_wave, width=FINE))
        self.programme = lru_cache(_KEPT)(partial(sound.source_wave, width=FINE))
