"""How loud: half decibels to gains, who may be how loud when, and soft steps from one gain to another.

A gain is a number of 32768ths (Q15). On a device this file must come as .mpy, as codec_ima.
"""

try:
    import micropython
except ImportError:
    from firmware.app.plain import micropython, ptr16

from protocol import civil
from protocol.urgency import EMERGENCY

FULL_GAIN = 32768
FADE_FRAMES = 3200  # 200 ms
# 32768 × 10^(-n/40) for n half decibels down to -19.5 dB; 20 dB further down is a tenth.
# fmt: off
GAINS = (
    32768, 30935, 29205, 27571, 26029, 24573, 23198, 21900, 20675, 19519, 18427, 17396, 16423,
    15504, 14637, 13818, 13045, 12315, 11627, 10976, 10362, 9783, 9235, 8719, 8231, 7771, 7336,
    6925, 6538, 6172, 5827, 5501, 5193, 4903, 4629, 4370, 4125, 3894, 3677, 3471,
)
# fmt: on


def gain_of(half_db):
    """The gain of a volume in half decibels, at most 0; the same integer on every runtime."""
    tens, rest = divmod(-half_db, 40)
    return GAINS[rest] // 10**tens


def allowed_half_db(session, day_parts, ceiling_half_db):
    """The volume of a session at a pole: what was asked for, but no more than the hour and the pole allow.

    `day_parts`: list of messages.DayPart. The quieter one counts for a session that touches two, so that nothing
    grows louder under way. An emergency keeps the pole's ceiling only.
    """
    half_db = min(session.volume_half_db, ceiling_half_db)
    if session.urgency == EMERGENCY or not day_parts:
        return half_db
    last_ms = session.at_ms + session.length_ms - 1
    return min(half_db, _of_minute(day_parts, session.at_ms), _of_minute(day_parts, last_ms))


def _of_minute(day_parts, at_ms):
    """The day part that holds at an instant: the last one that has begun, over midnight the day's last."""
    minute = civil.minute_of_day(at_ms)
    before = [part for part in day_parts if part.from_minute <= minute] or day_parts
    return max(before, key=lambda part: part.from_minute).half_db


@micropython.viper
def scale(out, count: int, first: int, last: int):
    """Multiply `count` samples by a gain that goes from `first` to just before `last` in a line."""
    target = ptr16(out)
    at = 0
    if first == last:
        while at < count:
            value = int(target[at])
            if value & 32768:
                value -= 65536
            target[at] = ((value * first + 16384) >> 15) & 65535
            at += 1
        return
    gain = first << 14  # at most 2^29: a small integer on the chip
    step = 0
    if count > 0:
        step = ((last - first) << 14) // count
    while at < count:
        value = int(target[at])
        if value & 32768:
            value -= 65536
        target[at] = ((value * (gain >> 14) + 16384) >> 15) & 65535
        gain += step
        at += 1


@micropython.viper
def loudest(out, count: int) -> int:
    """The largest distance from zero among `count` samples, 0–32768."""
    source = ptr16(out)
    most = 0
    at = 0
    while at < count:
        value = int(source[at])
        if value >= 32768:
            value = 65536 - value
        if value > most:
            most = value
        at += 1
    return most


@micropython.viper
def mean_level(out, count: int) -> int:
    """Mean distance from zero, 0–32768, of every fourth of `count` samples."""
    source = ptr16(out)
    total = 0
    at = 0
    while at < count:
        value = int(source[at])
        if value >= 32768:
            value = 65536 - value
        total += value
        at += 4
    if count < 1:
        return 0
    return total // ((count + 3) >> 2)


class Fader:
    """The gain of a stream of samples; it changes in a line over 200 ms and never in a leap."""

    def __init__(self, gain):
        self.gain = gain
        self.goal = gain
        self._from = gain
        self.left = 0  # samples until it is there

    def to(self, goal):
        """From the next sample on, move to another gain."""
        if goal != self.goal:
            self._from = self.gain
            self.goal = goal
            self.left = FADE_FRAMES

    def apply(self, out, count):
        """Scale the next `count` samples of the stream in place."""
        at = min(count, self.left)
        if at:
            self.left -= at
            after = self.goal - (self.goal - self._from) * self.left // FADE_FRAMES
            scale(out, at, self.gain, after)
            self.gain = after
        if at < count and self.gain != FULL_GAIN:
            scale(memoryview(out)[at * 2 :], count - at, self.gain, self.gain)

    @property
    def silent(self):
        """True when it has come to nothing and stays there."""
        return not self.left and not self.gain
