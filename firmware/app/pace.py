"""Keeps a programme to the clock, by one sample more or less in a block."""

RESYNC_FRAMES = 320  # 20 ms beside the plan is no drift: fade, go to the right place, go on


class Pace:
    """One session's line of time over a speaker's frames. A programme's frame n is due at `at_ms` + n / 16 ms."""

    def __init__(self, speaker, clock, at_ms):
        self._speaker = speaker
        self._clock = clock
        self._at_us = at_ms * 1000

    def late(self, at):
        """By how many frames the programme would be behind the plan if its frame `at` were given away next."""
        early_us = self._clock.unix_at(self._speaker.ticks_of(self._speaker.next)) - self._at_us
        return (early_us * 2 + 62) // 125 - at

    def astray(self, at):
        """True if single samples would take too long."""
        return abs(self.late(at)) > RESYNC_FRAMES

    def nudge(self, out, count, at):
        """-1, 0 or 1: how many frames more than `count` of `out` (room for one) to give away, `at` being its first."""
        late = self.late(at)
        if late > 1 and count > 1:
            return -1
        if late < -1:
            out[count * 2 : count * 2 + 2] = out[count * 2 - 2 : count * 2]
            return 1
        return 0
