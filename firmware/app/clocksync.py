"""The pole's clock: Unix time from wrapping ticks, a battery-backed clock, and time pings. Integers only.

An ESP32's floats have 24 bits and its microsecond ticks wrap every 17.9 minutes, so nothing here divides into
a float and nothing else in the firmware subtracts raw ticks.
"""

import asyncio

TICKS_MASK = (1 << 30) - 1
MOST_PPB = 200000  # no crystal is worse than 200 ppm
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
        self.shift_us = 0  # added to the pole's own time to be with its neighbours (firmware.app.beacon)
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

    def own_at(self, ticks_us):
        """Unix µs at an instant in ticks, as the pole itself was told by the head-end."""
        passed = ticks_us - self._at_ticks
        return self._at_unix + passed + passed * self.ppb // 1000000000

    def unix_at(self, ticks_us):
        """Unix µs at an instant in ticks."""
        return self.own_at(ticks_us) + self.shift_us

    def ticks_at(self, unix_us):
        """Ticks at a Unix instant in µs: the inverse of `unix_at` to within 1 µs."""
        passed = unix_us - self.shift_us - self._at_unix
        return self._at_ticks + passed - passed * self.ppb // (1000000000 + self.ppb)

    def now_us(self):
        """Unix µs."""
        return self.unix_at(self.ticks.us())

    def now_ms(self):
        """Unix ms."""
        return self.now_us() // 1000

    def age_s(self):
        """Seconds since its line was last set."""
        return (self.ticks.us() - self._at_ticks) // 1000000

    def start_from(self, rtc_us, seen_ms):
        """Take the battery-backed clock's word, unless it has lost it or stands before what the pole has
        seen.
        """
        if rtc_us is None or rtc_us // 1000 < seen_ms - PAST_MS:
            return
        self.set_line(self.ticks.us(), rtc_us, self.ppb, "rtc")


class Bucket:
    """The least delayed ping of each direction within a minute, each by itself: a path only ever adds delay, and what
    it added to one direction says nothing of the other.
    """

    def __init__(self, at, ppb):
        """`at`: ticks that both directions are reckoned to; `ppb`: the rate to reckon with."""
        self.at = at
        self._ppb = ppb
        self._up = None
        self._down = None

    def add(self, t1, t2, t3, t4):
        """Pole's ticks at sending and arrival (t1, t4), head-end's Unix µs (t2, t3)."""
        up = t2 - t1 - (t1 - self.at) * self._ppb // 1000000000
        down = t4 - t3 + (t4 - self.at) * self._ppb // 1000000000
        self._up = up if self._up is None else min(self._up, up)
        self._down = down if self._down is None else min(self._down, down)

    def offset(self):
        """Unix µs minus ticks at `at`; half of the path's asymmetry is left in it."""
        return (self._up - self._down) // 2

    def width(self):
        """µs of round trip that are left: twice the most that `offset` can be wrong by."""
        return max(0, self._up + self._down)

    def point(self):
        """(ticks, offset, width) for `fit`."""
        return self.at, self.offset(), self.width()


# A bucket's offset is uncertain by this much when its round trip was as short as any.
POINT_US = 1500
WHOLE = 1 << 16  # the weight of such a bucket
# What is known of a crystal beforehand: nothing but its data sheet, or what it ran like when it was last watched.
ANY_PPB = 50000
REMEMBERED_PPB = 2000


def fit(points, ppb, spread_ppb):
    """(ticks, offset at these ticks, ppb) of the line through (ticks, offset, width) points.

    Weighted least squares: a point counts less the longer its round trip, and the rate is believed beforehand to be
    `ppb`, give or take `spread_ppb`, which a few minutes of points hardly move and half an hour outweighs.
    """
    last, base, _ = points[-1]
    weights = _weights(points)
    total = sum(weights)
    xs = [(at - last) // 1000 for at, _, _ in points]  # ms, at most 0
    ys = [offset - base for _, offset, _ in points]  # µs
    mean_x = sum([w * x for w, x in zip(weights, xs)]) // total
    mean_y = sum([w * y for w, y in zip(weights, ys)]) // total
    # The belief weighs as much as points of the whole weight that lie this far apart, in ms squared.
    under = WHOLE * (POINT_US * 1000000 // spread_ppb) ** 2
    over = under * ppb
    for weight, x, y in zip(weights, xs, ys):
        under += weight * (x - mean_x) * (x - mean_x)
        over += weight * (x - mean_x) * (y - mean_y) * 1000000  # a µs per ms is 10^6 ppb
    ppb = over // under
    return last, base + mean_y - mean_x * ppb // 1000000, ppb


def _weights(points):
    """WHOLE for the shortest round trip, a half where it was longer by twice what a point is uncertain by."""
    best = min([width for _, _, width in points])
    square = POINT_US * POINT_US
    return [1 + WHOLE * square // (square + ((width - best) // 2) ** 2) for _, _, width in points]
