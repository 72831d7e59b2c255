"""The pole's clock: Unix time from wrapping ticks, a battery-backed clock, and time pings. Integers only.

An ESP32's floats have 24 bits and its microsecond ticks wrap every 17.9 minutes, so nothing here divides into
a float and nothing else in the firmware subtracts raw ticks.
"""

import asyncio

TICKS_MASK = (1 << 30) - 1
MOST_PPB = 200000  # no crystal is worse than 200 ppm
LINE_SPAN_US = 30 * 1000000  # points closer together than this say nothing about the rate
PAST_MS = 60000  # a battery-backed clock may be this far behind what the pole has already seen


class Ticks:
    """Microseconds since the pole started, never wrapping, if read at least every 8 minutes."""

    def __init__(self, read):
        self._read = read
        self._last = read()
        self._us = 0

    def us(self):
        """Accumulated µs."""
        now = self._read()
        self._us += (now - self._last) & TICKS_MASK
        self._last = now
        return self._us


class Clock:
    """Unix time as a line over the ticks. `source` is "none", "rtc" or "net"; only "none" is not trusted."""

    def __init__(self, ticks, ppb=0):
        self.ticks = ticks
        self.source = "none"
        self.ppb = ppb  # how much faster Unix time runs than the ticks
        self._at_ticks = 0
        self._at_unix = 0
        self._became_trusted = asyncio.Event()

    def set_line(self, ticks_us, unix_us, ppb, source):
        """From now on `ticks_us` means `unix_us`, and a tick lasts 1 + ppb / 10^9 µs."""
        self._at_ticks = ticks_us
        self._at_unix = unix_us
        self.ppb = max(-MOST_PPB, min(MOST_PPB, ppb))
        self.source = source
        self._became_trusted.set()

    @property
    def trusted(self):
        """True if the pole may judge validity and time of day by it."""
        return self.source != "none"

    async def wait_trusted(self):
        """Returns once the clock may be trusted."""
        await self._became_trusted.wait()

    def unix_at(self, ticks_us):
        """Unix µs at an instant in ticks."""
        passed = ticks_us - self._at_ticks
        return self._at_unix + passed + passed * self.ppb // 1000000000

    def ticks_at(self, unix_us):
        """Ticks at a Unix instant in µs: the inverse of `unix_at` to within 1 µs."""
        passed = unix_us - self._at_unix
        return self._at_ticks + passed - passed * self.ppb // (1000000000 + self.ppb)

    def now_us(self):
        """Unix µs."""
        return self.unix_at(self.ticks.us())

    def now_ms(self):
        """Unix ms."""
        return self.now_us() // 1000

    def start_from(self, rtc_us, seen_ms):
        """Take the battery-backed clock's word, unless it has lost it or stands before what the pole has
        seen.
        """
        if rtc_us is None or rtc_us // 1000 < seen_ms - PAST_MS:
            return
        self.set_line(self.ticks.us(), rtc_us, self.ppb, "rtc")


class Burst:
    """The least delayed ping of each direction: one way delays only ever add."""

    def __init__(self):
        self.up = None
        self.down = None
        self.at = 0
        self.count = 0

    def add(self, t1, t2, t3, t4):
        """Pole's ticks at sending and arrival (t1, t4), head-end's Unix µs (t2, t3)."""
        up = t2 - t1
        down = t4 - t3
        self.up = up if self.up is None else min(self.up, up)
        self.down = down if self.down is None else min(self.down, down)
        self.at = t4
        self.count += 1

    def offset(self):
        """Unix µs minus ticks; half of the path's asymmetry is left in it."""
        return (self.up - self.down) // 2

    def width(self):
        """µs of round trip that are left: twice the most that `offset` can be wrong by."""
        return self.up + self.down


def fit(points, ppb):
    """(ticks, offset at these ticks, ppb) of the line through (ticks, offset, width) points, wide ones
    counting less.

    `ppb` is the rate to believe while the points are too close together to tell.
    """
    last = points[-1][0]
    best = min([width for _, _, width in points])
    weights = [1000 * (best + 200) // (width + 200) + 1 for _, _, width in points]
    if last - points[0][0] >= LINE_SPAN_US:
        ppb = _slope(points, weights, ppb)
    total = sum(weights)
    moved = 0
    base = points[-1][1]
    for (at, offset, _), weight in zip(points, weights):
        moved += weight * (offset - base + (last - at) * ppb // 1000000000)
    return last, base + moved // total, ppb


def _slope(points, weights, ppb):
    total = sum(weights)
    first, base, _ = points[0]
    mean_x = sum([w * ((p[0] - first) // 1000) for p, w in zip(points, weights)]) // total
    mean_y = sum([w * (p[1] - base) for p, w in zip(points, weights)]) // total
    over = under = 0
    for (at, offset, _), weight in zip(points, weights):
        x = (at - first) // 1000 - mean_x
        over += weight * x * (offset - base - mean_y)
        under += weight * x * x
    if under == 0:
        return ppb
    # µs per ms is 1000 ppm; half of the old rate is kept because a burst's offset is itself uncertain.
    return (over * 1000000 // under + ppb) // 2
