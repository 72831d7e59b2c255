"""What the box around a virtual pole is like: mains and battery, amplifier and horns, cabinet, keys and lamps.

The profile's file `box.json` says what is otherwise than in a whole box, and may change at any time:

    {"mains": 1, "battery_mah": 7000, "charge_permille": 1000, "load_ma": 350, "resistance_mohm": 80,
     "horns": [{"ohm": 8, "half_db": 0, "fault": "" | "open" | "short" | "torn"}, …], "amp": "fine" | "dead" | "mute",
     "mic": 0, "temperature_c": 34, "cabinet_open": 0, "rssi_dbm": -67, "sense_permille": 1000, "noise_ma": 2,
     "seed": 1}

`"battery_mah": 0` is a box without a battery. The file `stop` is there while the STOP key is pressed; what the lamps
show is written to the file `lights` as long as there is one.
"""

import json
import os

LOOK_US = 400000
FULL_MV, EMPTY_MV = 12800, 11600  # of a lead battery at rest
AMP_IDLE_MA = 60
FULL_SCALE_MV = 24000  # at a horn, for the mean of |sample| = 32768
SHORT_OHM = 0.4
MOST_MA = 6000  # the amplifier's own limit
WHOLE = {
    "mains": 1,
    "battery_mah": 7000,
    "charge_permille": 1000,
    "load_ma": 350,
    "resistance_mohm": 80,
    "horns": [{}, {}],
    "amp": "fine",
    "mic": 0,
    "temperature_c": 34,
    "cabinet_open": 0,
    "rssi_dbm": -67,
    "sense_permille": 1000,
    "noise_ma": 2,
    "seed": 1,
}


class SimBox:
    """The contract's `box`. `sink()`: the simulated I2S, or None while it is closed."""

    def __init__(self, folder, crystal_us, sink):
        self._folder = folder
        self._us = crystal_us
        self._sink = sink
        self._looked_us = -LOOK_US
        self._is = dict(WHOLE)
        self._drained = 0  # mA × ms taken from the battery
        self._drained_us = crystal_us()
        self._relay = True
        self._lights = None
        self._noise = 0
        self.amp_level = 0
        self.said = None  # what the file holds, to see a change

    def _now(self):
        """What the box is like by now."""
        now = self._us()
        if now - self._looked_us >= LOOK_US:
            self._looked_us = now
            said = _read(self._folder + "/box.json")
            if said != self.said:
                self.said = said
                self._is = dict(WHOLE)
                self._is.update(json.loads(said or "{}"))
                self._noise = self._noise or self._is["seed"]
                self._drained = 0
            self._drain(now)
        return self._is

    def _drain(self, now):
        passed_ms = (now - self._drained_us) // 1000
        self._drained_us += passed_ms * 1000
        if not self._powered():
            self._drained += passed_ms * self._is["load_ma"]
        else:
            self._drained = max(0, self._drained - passed_ms * 300)  # the charger's 0.3 A

    def _powered(self):
        return self._is["mains"] and self._relay

    def _ripple(self, most):
        """A whole number from -most to most, each as likely; the same row for the same seed."""
        self._noise = (self._noise * 1103515245 + 12345) & 0x3FFFFFFF
        return (self._noise >> 8) % (2 * most + 1) - most if most else 0

    def mains(self):
        """Before the relay."""
        return bool(self._now()["mains"])

    def battery_mv(self):
        """Falls with what was taken, and with what is taken now."""
        box = self._now()
        if not box["battery_mah"]:
            return None
        left = box["charge_permille"] - self._drained * 1000 // (box["battery_mah"] * 3600000)
        mv = EMPTY_MV + (FULL_MV - EMPTY_MV) * max(0, left) // 1000
        return mv - self.battery_ma() * box["resistance_mohm"] // 1000 + self._ripple(3)

    def battery_ma(self):
        """What it gives; charging is not told from rest."""
        box = self._now()
        if not box["battery_mah"]:
            return None
        return 0 if self._powered() else box["load_ma"] + (AMP_IDLE_MA if self._alive() else 0)

    def _alive(self):
        return self.amp_level > 0 and self._is["amp"] != "dead"

    def amp_ma(self):
        """What it draws: at rest, and a third of what goes to the horns at their voltage."""
        self._now()
        if not self._alive():
            return 0
        return max(0, AMP_IDLE_MA + sum([self._horn(i) for i in range(self.horns)]) // 3 + self._ripple(2))

    @property
    def horns(self):
        """How many."""
        return len(self._now()["horns"])

    def horn_ma(self, index):
        """As a converter behind the current's rectifier reads it."""
        box = self._now()
        ma = self._horn(index) * box["sense_permille"] // 1000
        return max(0, ma + self._ripple(box["noise_ma"]) + ma * self._ripple(10) // 1000)

    def _horn(self, index):
        sink = self._sink()
        if sink is None or self.amp_level < 2 or self._is["amp"] != "fine":
            return 0
        horn = self._is["horns"][index]
        if horn.get("fault") == "open":
            return 0
        ohm = SHORT_OHM if horn.get("fault") == "short" else horn.get("ohm", 8)
        mv = sink.level() * FULL_SCALE_MV // 32768
        return min(MOST_MA, int(mv / ohm * 10 ** (horn.get("half_db", 0) / 40)))

    def mic(self):
        """Hears the horns that sound, and the street."""
        if not self._now()["mic"]:
            return None
        return max(0, min(4095, self._air() + 6 + self._ripple(4)))

    def _air(self):
        """A torn membrane takes its current all the same."""
        return sum([self._horn(i) for i, one in enumerate(self._is["horns"]) if one.get("fault") != "torn"])

    def temperature_c(self):
        """As the file says."""
        return self._now()["temperature_c"]

    def cabinet_open(self):
        """As the file says."""
        return bool(self._now()["cabinet_open"])

    def rssi_dbm(self):
        """As the file says."""
        return self._now()["rssi_dbm"]

    def relay(self, mains):
        """Off: the box lives on its battery."""
        self._drain(self._us())
        self._relay = mains

    def stop_key(self):
        """While the file is there."""
        return _there(self._folder + "/stop")

    def lights(self, green, yellow, red):
        """Shown to whoever has put the file there."""
        shown = "%d%d%d" % (green, yellow, red)
        if shown != self._lights:
            self._lights = shown
            if _there(self._folder + "/lights"):
                with open(self._folder + "/lights", "a") as file:
                    file.write(shown + "\n")


def _there(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def _read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
