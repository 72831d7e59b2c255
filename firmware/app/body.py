"""The box of a pole that can feel itself: looks each second, tells what changed.

Whatever changes is a receipt without a session (an event). What is to be told is on flash before it is in the journal,
with the number that it will have, so that a power cut neither repeats nor swallows it.
"""

from firmware.app.battery import DEFAULT_MAH, Battery
from firmware.app.checks import Checks
from firmware.app.ear import Ear
from firmware.app.faults import SOUNDING, Faults
from firmware.app.panel import Panel
from protocol import felt

FILE = "felt"
LOOKS = 2  # so many in a row have to say the same


class Body:
    """Sensors, panel and tests of one pole."""

    def __init__(self, station):
        self._station = station
        self._box = box = station.hal.box
        known = station.vault.load_json(FILE, {})
        self._told = {"mains": known.get("mains", 1), "cabinet": known.get("cabinet", 0)}
        self._looks = {"mains": 0, "cabinet": 0}
        self._news = self._broken_off(known)  # [kind, horn] that are still to be written
        self.faults = Faults(known.get("faults", []), self._note)
        self.panel = Panel(station, lambda: bool(self.faults.words))
        self._battery = Battery(box, station.hal.profile.get("battery_mah", DEFAULT_MAH))
        ear = station.player.ear = Ear(station.player.speaker, box)
        ear.found = lambda found: self.faults.horns(found, SOUNDING)
        self.checks = Checks(station, self._battery, self.faults)

    def look(self):
        """Once a second; True if there was something to tell."""
        if self._station.player.session is not None and self._station.hal.files.stalls_audio:
            return False  # writing would disturb the sound: told behind it
        self._see("mains", self._box.mains(), (felt.MAINS_LOST, felt.MAINS_BACK))
        self._see("cabinet", self._box.cabinet_open(), (felt.CABINET_CLOSED, felt.CABINET_OPENED))
        if not self._news:
            return False
        journal = self._station.journal
        self._save(news=self._news, journal=journal.name, behind=journal.last_seq)
        for kind, horn in self._news:
            self._station.report.note(kind, horn=horn)
        self._news = []
        self._save()
        return True

    def _save(self, **more):
        known = dict(self._told)
        known["faults"] = self.faults.words
        known.update(more)
        self._station.vault.save_json(FILE, known)

    def _broken_off(self, known):
        """Of what a power cut kept from being told whole, what is not in the journal yet."""
        journal = self._station.journal
        news = known.get("news", [])
        told = journal.last_seq - known["behind"] if known.get("journal") == journal.name else 0
        return news[told:]

    def _see(self, name, value, kinds):
        if value is None or int(value) == self._told[name]:
            self._looks[name] = 0
            return
        self._looks[name] += 1
        if self._looks[name] >= LOOKS:
            self._told[name] = int(value)
            self._note(kinds[int(value)], None)

    def _note(self, kind, horn):
        self._news.append([kind, horn])

    def telemetry(self):
        """Fields of messages.Telemetry that only a box has."""
        box = self._box
        return {
            "mains": _whole(box.mains()),
            "battery_mv": box.battery_mv(),
            "battery_minutes": self._battery.minutes(),
            "amp_ma": box.amp_ma(),
            "horns_ma": [box.horn_ma(index) for index in range(box.horns)],
            "temperature_c": box.temperature_c(),
            "cabinet_open": _whole(box.cabinet_open()),
            "rssi_dbm": box.rssi_dbm(),
            "faults": self.faults.words[:16],
        }


def _whole(value):
    return None if value is None else int(value)
