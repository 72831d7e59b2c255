"""Fake of the port's `machine`, as far as the pole's board uses it. Same names, parameters and defaults as the port's
stubs (tests/unit/test_firmware_fakes.py); MicroPython knows no parameters that can not be named.
"""

import wires

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


def freq(hz=None):
    """Of the core."""
    if hz is None:
        return wires.chip.hz
    wires.chip.hz = hz


def reset_cause():
    """One of the constants above."""
    return wires.chip.cause


class Reset(Exception):
    """In place of what the chip does."""


def reset():
    """The chip starts anew."""
    wires.chip.reset = True
    raise Reset()


class Pin:
    """A pin by its number."""

    IN, OUT = 1, 3
    PULL_UP = 2

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, alt=None):
        self.id = id
        wires.chip.told.append(("pin", id, mode, pull))
        if value is not None:
            self.value(value)

    def value(self, x=None):
        """Level of the pin."""
        if x is None:
            return wires.chip.levels.get(self.id, 1)
        wires.chip.levels[self.id] = x
        wires.chip.told.append(("level", self.id, x))

    def __call__(self, x=None):
        return self.value(x)


class ADC:
    """A converter at a pin."""

    ATTN_11DB = 3

    def __init__(self, id, *, sample_ns=None, atten=None):
        self._pin = id
        self._atten = atten

    def read_uv(self):
        """Calibrated."""
        if self._atten != self.ATTN_11DB:
            raise ValueError("it would read 1.1 V at most")
        return wires.chip.millivolts[self._pin.id] * 1000


class RTC:
    """The chip's clock."""

    def __init__(self, id=0, *, datetime=None):
        pass

    def datetime(self, datetimetuple=None):
        """(year, month, day, weekday, hour, minute, second, microseconds)"""
        if datetimetuple is None:
            return wires.chip.rtc
        wires.chip.rtc = datetimetuple


class WDT:
    """The task watchdog."""

    def __init__(self, *, id=0, timeout=5000):
        wires.chip.told.append(("watchdog", timeout))

    def feed(self):
        """Once more."""
        wires.chip.told.append(("feed",))


class SDCard:
    """A card with its sectors, or an empty slot. Like the port's driver it knows whole sectors only."""

    def __init__(
        self,
        slot=1,
        width=1,
        *,
        cd=None,
        wp=None,
        sck=None,
        cmd=None,
        data=None,
        miso=None,
        mosi=None,
        cs=None,
        freq=20000000
    ):
        wires.chip.told.append(("card", slot, sck.id, miso.id, mosi.id, cs.id))

    def readblocks(self, block_num, buf):
        """Whole sectors; False when that failed."""
        assert len(buf) % 512 == 0
        if wires.chip.card is None:
            return False
        buf[:] = memoryview(wires.chip.card)[block_num * 512 : block_num * 512 + len(buf)]
        return True

    def writeblocks(self, block_num, buf):
        """The same."""
        assert len(buf) % 512 == 0
        if wires.chip.card is None:
            return False
        wires.chip.card[block_num * 512 : block_num * 512 + len(buf)] = buf
        return True

    def ioctl(self, *args):
        """4: how many sectors, 5: of which size; -1 without a card."""
        what, _ = args
        return {4: len(wires.chip.card) // 512, 5: 512}.get(what, -1) if wires.chip.card is not None else -1


class I2S:
    """The sound's driver."""

    TX, RX = 2, 1
    MONO, STEREO = 0, 1

    def __init__(self, id, *, sck, ws, sd, mck=None, mode, bits, format, rate, ibuf):
        pins = [pin.id for pin in (sck, ws, sd)]
        wires.chip.told.append(("i2s", id, pins, mode, bits, format, rate, ibuf))

    def deinit(self):
        """Off."""
        wires.chip.told.append(("i2s off",))

    def irq(self, handler):
        """Called with the driver each time that a buffer was taken."""
        self.handler = handler

    def write(self, buf):
        """Queued."""
        wires.chip.told.append(("i2s write", len(buf)))
        return len(buf)
