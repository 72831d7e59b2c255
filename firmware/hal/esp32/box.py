"""The contract's `box` on an ESP32: converters and pins, as far as `/board.json` names them under "box".

{"mains", "cabinet", "stop", "relay", "green", "yellow", "red": GPIO numbers; "battery": [GPIO, permille],
"battery_ma", "amp_ma", "mic": the same; "horns": [[GPIO, permille], …]}: a converter reads millivolts, and so many
permille of them are the figure (mV, mA or the microphone's own unit). Every current comes rectified and smoothed over
about 20 ms.
"""

import esp32
from machine import ADC, Pin


class Box:
    """What this board can feel."""

    def __init__(self, wiring, rssi):
        """`rssi()`: dBm, or None."""
        self._mains = _input(wiring, "mains")
        self._cabinet = _input(wiring, "cabinet")
        self._stop = _input(wiring, "stop")
        self._relay = Pin(wiring["relay"], Pin.OUT, value=0) if "relay" in wiring else None  # at rest: mains
        self._lamps = [Pin(wiring[one], Pin.OUT, value=0) for one in ("green", "yellow", "red") if one in wiring]
        self._horns = [Converter(*one) for one in wiring.get("horns", ())]
        self.battery_mv = _converter(wiring, "battery")
        self.battery_ma = _converter(wiring, "battery_ma")
        self.amp_ma = _converter(wiring, "amp_ma")
        self.mic = _converter(wiring, "mic")
        self.rssi_dbm = rssi
        self.horns = len(self._horns)

    def horn_ma(self, index):
        """Of the horn's own shunt."""
        return self._horns[index]()

    def mains(self):
        """The detector pulls its pin down while there is mains."""
        return None if self._mains is None else not self._mains.value()

    def cabinet_open(self):
        """The door's switch holds its pin down while it is closed."""
        return None if self._cabinet is None else bool(self._cabinet.value())

    def stop_key(self):
        """Pulls its pin down."""
        return self._stop is not None and not self._stop.value()

    def temperature_c(self):
        """Of the chip, which is a few degrees warmer than the box."""
        celsius = getattr(esp32, "mcu_temperature", None)  # of an S3; the plain chip's is in °F
        return celsius() if celsius else (esp32.raw_temperature() - 32) * 5 // 9

    def relay(self, mains):
        """Energised it takes the mains off, so that a pole that starts anew has them."""
        if self._relay is not None:
            self._relay.value(0 if mains else 1)

    def lights(self, green, yellow, red):
        """Those that are fitted."""
        for lamp, lit in zip(self._lamps, (green, yellow, red)):
            lamp.value(lit)


class Converter:
    """A pin's millivolts, scaled; the mean of four readings, because the chip's converter is noisy."""

    def __init__(self, pin, permille):
        self._adc = ADC(Pin(pin), atten=ADC.ATTN_11DB)
        self._permille = permille

    def __call__(self):
        """The figure now."""
        uv = sum([self._adc.read_uv() for _ in range(4)]) // 4
        return uv * self._permille // 1000000


def _input(wiring, name):
    return Pin(wiring[name], Pin.IN, Pin.PULL_UP) if name in wiring else None


def _converter(wiring, name):
    return Converter(*wiring[name]) if name in wiring else _nothing


def _nothing():
    return None
