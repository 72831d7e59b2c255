"""A whole pole's hardware out of a profile folder.

profile.json  the enrolment bundle
world.json    {"ppm", "ticks_begin_us", "rtc": "kept" | "lost", "watchdog_ms", "woken_by", "beacon",
              "box": true if it can feel itself, "uplinks": [simulator.hal.uplinks]}
network       "down" while the cable is cut
alarm, stop   there while that key is pressed
otadata       the bootloader's record (simulator.bootloader); core-0, core-1: the places for core images
box.json      what the box is like (simulator.hal.box)
rtc.json      the battery-backed clock
data/         the flash
captures/     what left each opening of the speaker
"""

import json
import os
import sys

from simulator.hal.beacon import Beacon
from simulator.hal.clock import Crystal, Rtc
from simulator.hal.files import Files
from simulator.hal.i2s import SimI2S
from simulator.hal.net import Net
from simulator.hal.watchdog import Watchdog


class SimBoard:
    """The contract of `firmware/hal/contract.md` on a PC."""

    i2s_bytes = 16384
    slots = True
    uplinks = ()  # the PC's system keeps its network …

    def __init__(self, folder):
        self._folder = folder
        self.profile = _load(folder + "/profile.json")
        world = _load(folder + "/world.json")
        self.runtime = runtime()
        self.woken_by = world.get("woken_by", "reset")
        self._watchdog_ms = world.get("watchdog_ms", 1 << 20)
        self._crystal = Crystal(world.get("ppm", 0), world.get("ticks_begin_us", 0))
        self.ticks_us = self._crystal.ticks_us
        self._rtc = Rtc(folder + "/rtc.json", world.get("rtc", "kept") != "lost")
        self.rtc_us = self._rtc.read
        self.set_rtc_us = self._rtc.set
        self.random = os.urandom
        self.files = Files(folder + "/data")
        if world.get("uplinks"):
            from simulator.hal.uplinks import made  # … unless a pole is to keep it itself

            self.uplinks = made(world["uplinks"], folder)
        self.net = Net(folder + "/network", self.uplinks)
        self._sink = None
        self.box = None
        if world.get("box"):
            from simulator.hal.box import SimBox  # only here: a lite board has no memory for it

            self.box = SimBox(folder, self._crystal.us, lambda: self._sink)
        street = world.get("beacon")  # [broadcast address, port]
        self.beacon = Beacon(*street) if street else None
        self._captures = folder + "/captures"
        try:
            os.mkdir(self._captures)
        except OSError:
            pass

    @property
    def core(self):
        """The places for core images: looked at when one comes, which is rare."""
        from simulator.hal.core import place

        return place(self._folder)

    def open_i2s(self):
        """A started sink: mono, 16 bit, 16 kHz, `i2s_bytes` of memory; each one has a capture of its own."""
        taken = [int(name.split(".")[0]) for name in os.listdir(self._captures)]
        path = "%s/%d" % (self._captures, max(taken + [0]) + 1)
        self._sink = SimI2S(self._crystal, 16000, self.i2s_bytes, path)
        return self._sink

    def amp(self, level):
        """0 off, 1 on and mute, 2 on: told to the sink, which keeps when."""
        if self.box:
            self.box.amp_level = level
        if self._sink is not None:
            self._sink.amp(level)

    def watchdog(self, ms):
        """Kills this process when it is not fed in time."""
        return Watchdog(min(ms, self._watchdog_ms))

    def alarm_key(self):
        """True while the file `alarm` is in the profile."""
        try:
            os.stat(self._folder + "/alarm")
        except OSError:
            return False
        return True

    def log(self, line):
        """One line to whoever looks after the process."""
        print(line)
        if sys.implementation.name != "micropython":
            sys.stdout.flush()


def runtime():
    """The interpreter's name and version."""
    kind, version = sys.implementation.name, ".".join([str(part) for part in sys.implementation.version[:3]])
    names = {"micropython": "MicroPython", "cpython": "CPython"}
    width = "64 bit" if sys.maxsize > 1 << 32 else "32 bit"
    return "%s %s (%s)" % (names.get(kind, kind), version, width)


def _load(path):
    try:
        with open(path) as file:
            return json.load(file)
    except OSError:
        return {}
