"""Delays of a mobile network as a pole's pings meet them, from a seed; the same numbers on both runtimes.

Modelled on LTE: each way a base, jitter of the grants and a tail; a sleeping radio takes longer to answer; single
packets are held up by hundreds of ms or lost; at times the cell is crowded for minutes. In µs.
"""

import math

OPERATORS = {
    # base up, base down
    "one": (35000, 20000),
    "other": (60000, 20000),
}
GRANT_US = 10000
UP_TAIL_US = 12000
DOWN_TAIL_US = 8000
SLEEPS_AFTER_US = 10000000
WAKE_US = (60000, 200000)
SPIKE_PERCENT = 5
SPIKE_US = (100000, 500000)
LOST_PERCENT = 1
CROWDED_MINUTES = 12  # of a hundred
CROWD_TAIL_US = 40000


class Dice:
    """A generator of 32 bits that both runtimes have: xorshift."""

    def __init__(self, seed):
        self._state = (seed * 2654435761 + 88172645) & 0xFFFFFFFF or 1
        for _ in range(8):
            self.below(2)

    def below(self, limit):
        """0 to limit - 1, for limits below a million."""
        state = self._state
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        self._state = state
        return (state >> 8) % limit

    def tail(self, mean_us):
        """Exponential."""
        return int(-math.log((1 + self.below(1000000)) / 1000001) * mean_us)


class Mobile:
    """One pole's way to the head-end and back."""

    def __init__(self, operator, seed):
        self._up, self._down = OPERATORS[operator]
        self._dice = Dice(seed)
        self._last_us = None
        self._minute = None
        self._crowded = False

    def delays(self, now_us):
        """(µs up, µs down) of a ping sent at an instant in true µs, or None when it is lost."""
        dice = self._dice
        if now_us // 60000000 != self._minute:
            self._minute = now_us // 60000000
            self._crowded = dice.below(100) < CROWDED_MINUTES
        up = self._up + dice.below(GRANT_US) + dice.tail(UP_TAIL_US)
        down = self._down + dice.tail(DOWN_TAIL_US)
        if self._last_us is None or now_us - self._last_us > SLEEPS_AFTER_US:
            up += WAKE_US[0] + dice.below(WAKE_US[1] - WAKE_US[0])
        self._last_us = now_us
        if self._crowded:
            up += dice.tail(CROWD_TAIL_US)
            down += dice.tail(CROWD_TAIL_US)
        if dice.below(100) < SPIKE_PERCENT:
            spike = SPIKE_US[0] + dice.below(SPIKE_US[1] - SPIKE_US[0])
            if dice.below(2):
                up += spike
            else:
                down += spike
        return None if dice.below(100) < LOST_PERCENT else (up, down)
