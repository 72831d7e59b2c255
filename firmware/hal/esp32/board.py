"""The contract (`firmware/hal/contract.md`) on an ESP32: pins, flash, clock, radio. See the package about its tests."""

import json
import os
import sys
import time

import machine
import vfs
from machine import I2S, Pin

from firmware.hal.beacon import Beacon
from firmware.hal.esp32.box import Box
from firmware.hal.esp32.espnow import EspNow
from firmware.hal.esp32.files import Files
from firmware.hal.esp32.net import Net, uplinks_of
from protocol.messages import RATE

PROFILE = "/profile.json"
DATA = "/data"
# {"bck", "ws", "data": GPIO numbers, "ibuf": bytes}; where there are: "amp", "mute", "espnow": true or
# "lan": [broadcast address, port]; "alarm": GPIO number; "box": see firmware.hal.esp32.box;
# "card": see card.py. Uplinks, at least one: "ethernet" (lan.py), "ssid" and "password" (wifi.py), "modem" (modem.py)
WIRING = "/board.json"
UNIX_OF_2000 = 946684800  # the port's epoch is 2000-01-01


def _files(card):
    """On the chip's flash, audio on the card if there is one: a pole whose card is gone lives on without it."""
    if card:
        from firmware.hal.esp32.card import CardFiles, mount

        try:
            mount(card)
            return CardFiles(DATA)
        except OSError as why:
            print("card: %s" % why)
    return Files(DATA)


def profile():
    """The enrolment bundle."""
    with open(PROFILE) as file:
        return json.load(file)


class Board:
    """One pole's box."""

    def __init__(self, core_release):
        """`core_release`: of the core image that runs."""
        self.profile = profile()
        with open(WIRING) as file:
            wiring = json.load(file)
        self._pins = (wiring["bck"], wiring["ws"], wiring["data"])
        self.i2s_bytes = wiring.get("ibuf", 8192)
        self.runtime = "MicroPython %d.%d.%d (ESP32)" % tuple(sys.implementation.version[:3])
        self.files = _files(wiring.get("card"))
        self._core_release = core_release
        self.slots = hasattr(vfs, "VfsRom")  # a board without PSRAM is built without it
        self.beacon = None
        if wiring.get("espnow"):
            self.beacon = EspNow()
        elif "lan" in wiring:
            self.beacon = Beacon(*wiring["lan"])
        self.uplinks = uplinks_of(wiring)
        self.net = Net(self.uplinks)
        # A door with an alarm key is a box, if nothing else is fitted.
        fitted = "box" in wiring or "alarm" in wiring
        self.box = Box(wiring.get("box", {}), self.net.rssi_dbm) if fitted else None
        self.random = os.urandom
        self.ticks_us = time.ticks_us
        self._amp_on = _output(wiring, "amp", 0)  # high: on; the board pulls it down while the chip starts
        self._amp_mute = _output(wiring, "mute", 1)  # high: mute
        self._epoch_us = UNIX_OF_2000 * 1000000 if time.gmtime(0)[0] == 2000 else 0
        self._rtc = machine.RTC()
        self._alarm = Pin(wiring["alarm"], Pin.IN, Pin.PULL_UP) if "alarm" in wiring else None

    @property
    def core(self):
        """The places for core images: looked at when one comes, which is rare."""
        from firmware.hal.esp32.core import place

        return place(self._core_release)

    def open_i2s(self):
        """The driver sends silence from here on."""
        bck, ws, data = self._pins
        return I2S(
            0,
            sck=Pin(bck),
            ws=Pin(ws),
            sd=Pin(data),
            mode=I2S.TX,
            bits=16,
            format=I2S.MONO,
            rate=RATE,
            ibuf=self.i2s_bytes,
        )

    def amp(self, level):
        """0 off, 1 on and mute, 2 on."""
        if self._amp_mute:
            self._amp_mute(0 if level == 2 else 1)
        if self._amp_on:
            self._amp_on(1 if level else 0)

    def rtc_us(self):
        """The chip's own clock outlives a reset, but not a power cut."""
        if machine.reset_cause() == machine.PWRON_RESET:
            return None
        return time.time_ns() // 1000 + self._epoch_us

    def set_rtc_us(self, unix_us):
        """Set the chip's clock."""
        seconds, part_us = divmod(unix_us - self._epoch_us, 1000000)
        year, month, day, hour, minute, second, weekday, _ = time.gmtime(seconds)
        self._rtc.datetime((year, month, day, weekday, hour, minute, second, part_us))

    @property
    def woken_by(self):
        """"watchdog", "power" or "reset"."""
        cause = machine.reset_cause()
        return {machine.WDT_RESET: "watchdog", machine.PWRON_RESET: "power"}.get(cause, "reset")

    def watchdog(self, ms):
        """The chip's own, which resets it."""
        return machine.WDT(timeout=ms)

    def alarm_key(self):
        """True while it is pressed: it pulls its pin down."""
        return self._alarm is not None and not self._alarm.value()

    def log(self, line):
        """To the USB console."""
        print(line)


def _output(wiring, name, value):
    """The pin of this name, set to `value`, or None where the board has none."""
    return Pin(wiring[name], Pin.OUT, value=value) if name in wiring else None
