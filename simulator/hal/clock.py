"""A crystal that runs a little wrong, and a battery-backed clock that survives the process, or does not."""

import json
import sys
import time

WRAP = (1 << 30) - 1
MICROPYTHON = sys.implementation.name == "micropython"


def true_us():
    """Unix µs of the host: the simulation's idea of what really is."""
    return time.time_ns() // 1000


class Crystal:
    """Ticks in µs that wrap at 2^30 as an ESP32's do, `ppm` millionths too fast, beginning at `begin_us`."""

    def __init__(self, ppm=0, begin_us=0):
        self.ppm = ppm
        self._ppb = int(ppm * 1000)
        self._begin = begin_us
        self._last = self._host()
        self._passed = 0

    if MICROPYTHON:

        def _host(self):
            return time.ticks_us()

        def _since(self, now):
            return time.ticks_diff(now, self._last)

    else:

        def _host(self):
            return time.monotonic_ns() // 1000

        def _since(self, now):
            return now - self._last

    def us(self):
        """Ticks since the start, not wrapped."""
        now = self._host()
        self._passed += self._since(now)
        self._last = now
        return self._passed + self._passed * self._ppb // 1000000000

    def ticks_us(self):
        """What machine-near code sees."""
        return (self._begin + self.us()) & WRAP


class Rtc:
    """Unix µs kept in the profile as a distance from the host's clock; `kept` = False is an empty battery."""

    def __init__(self, path, kept=True):
        self._path = path
        self._offset = None
        if kept:
            try:
                with open(path) as file:
                    self._offset = json.load(file)["offset_us"]
            except (OSError, ValueError, KeyError):
                pass

    def read(self):
        """Unix µs, or None when the clock has lost it."""
        return None if self._offset is None else true_us() + self._offset

    def set(self, unix_us):
        """Remember; goes to the profile only when it moved by more than a millisecond."""
        offset = unix_us - true_us()
        if self._offset is None or abs(offset - self._offset) > 1000:
            self._offset = offset
            with open(self._path, "w") as file:
                json.dump({"offset_us": offset}, file)
