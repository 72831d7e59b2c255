"""The pole's tests of itself, each day and when asked: the silent test of the horns, the test of the battery.

They keep the law and everybody's peace: never in quiet hours, never where the cluster is set aside, never near a
session, and they give way at once to whoever wants the loudspeaker.
"""

import asyncio

from firmware.app.on_air import wait
from firmware.app.selftest import Busy, Calibration, measure
from firmware.app.speaker import Dry
from protocol import airtime, civil, felt, messages

FILE = "checks"
LOOK_S = 20
FROM_MINUTE = 9 * 60 + 30  # of the local day: people are up and out, the morning's session is over
SPREAD_MINUTES = 90  # neighbours do not test all at once
UNTIL_MINUTE = 17 * 60
CLEAR_MS = 3 * 60000  # to the next session
LENGTH_MS = 5000
BATTERY_DAYS = 7
TRIES = 3
GIVE_UP_LOOKS = 180  # an hour in which it did not come to it


class Checks:
    """Of one pole. `senses.faults` learns what is wrong."""

    def __init__(self, station, battery, faults):
        self._station = station
        self._box = station.hal.box
        self._battery = battery
        self._faults = faults
        self._vault = station.vault
        self._asked = None
        self._looks = 0
        self._wake = asyncio.Event()
        known = self._vault.load_json(FILE, {})
        self._day = known.get("day", 0)  # of the last test
        self._battery_day = known.get("battery_day", 0)
        self.calibration = Calibration(*known["calibration"]) if known.get("calibration") else None
        self._battery.known = known.get("battery") or self._battery.known
        station.player.ear.calibration = self.calibration

    def _save(self):
        known = {"day": self._day, "battery_day": self._battery_day, "battery": self._battery.known}
        if self.calibration:
            known["calibration"] = self.calibration.to_json()
        self._vault.save_json(FILE, known)
        self._station.player.ear.calibration = self.calibration

    def ask(self, what):
        """An order came (messages.Check)."""
        self._asked = what
        self._looks = 0
        self._wake.set()

    async def run(self):
        """For ever, once the time is known."""
        while True:
            what = self._asked or self._daily()
            if what and await self._try(what):
                self._asked = None
            else:
                await wait(self._wake, LOOK_S)

    def _daily(self):
        """What is due by itself now, or None."""
        now_ms = self._station.clock.now_ms()
        day, minute = civil.day_number(now_ms), civil.minute_of_day(now_ms)
        spread = sum(self._station.streams[0].encode()) % SPREAD_MINUTES
        if not FROM_MINUTE + spread <= minute < UNTIL_MINUTE or not self._box.horns:
            return None
        if day > self._day:
            return "horns"
        has_battery = self._box.battery_mv() is not None
        return "battery" if has_battery and day >= self._battery_day + BATTERY_DAYS else None

    async def _try(self, what):
        """True if it is done, or will never be: then it is not tried again."""
        rule = self._forbidden() if what != "battery" else None
        if rule and self._asked:
            return self._over("%s: not now, %s" % (what, rule))
        if rule or self._near() or self._station.player.air.taken or not await self._do(what):
            self._looks += 1
            return bool(self._asked) and self._looks > GIVE_UP_LOOKS and self._over("%s: no time for it" % what)
        self._looks = 0
        return True

    def _forbidden(self):
        """The id of the rule that keeps the loudspeaker silent now, or None."""
        agenda = self._station.agenda
        now_ms = self._station.clock.now_ms()
        if agenda.set_aside():
            return "P-04"
        for rules in agenda.rules() or [messages.Rules()]:  # without a plan, the usual quiet hours
            if airtime.quiet_within(rules.quiet_from_minute, rules.quiet_to_minute, now_ms, LENGTH_MS):
                return "T-15"
        return None

    def _near(self):
        station = self._station
        now_ms = station.clock.now_ms()
        coming = station.agenda.next_ms(now_ms)
        return station.player.session is not None or (coming is not None and coming - now_ms < CLEAR_MS)

    def _urgent(self):
        """Whether the loudspeaker has to be given back: in time, for opening it again takes half a second."""
        return self._station.player.air.wanted > 0 or self._station.on_air.halted() or self._near()

    async def _do(self, what):
        if what == "battery":
            return await self._check_battery()
        if not self._box.horns:
            return self._over("%s: no horn is measured" % what)
        try:
            async with self._station.player.air:
                return await self._check_horns(what)
        except (Busy, Dry, OSError):
            return False

    async def _check_horns(self, what):
        """What is wrong counts only if a second sweep says the same."""
        station = self._station
        found = None
        for _ in range(TRIES):
            now = await measure(self._box, station.player.speaker, station.ticks, self._urgent)
            if what == "calibrate" or self.calibration is None:
                return self._calibrate(now)
            before, found = found, self.calibration.wrong(now)
            if not found or found == before:
                break
        self._day = civil.day_number(station.clock.now_ms())
        self._save()
        self._faults.horns(found)
        return self._over("horns: %s" % (", ".join([_shown(*one) for one in found]) or "fine"))

    def _calibrate(self, now):
        self._day = civil.day_number(self._station.clock.now_ms())
        if not now.plausible:
            self._save()
            return self._over("calibrate: a horn or the amplifier takes no current")
        self.calibration = now
        self._save()
        self._faults.horns([])
        return self._over("calibrate: done")

    async def _check_battery(self):
        if self._box.battery_mv() is None:
            return self._over("battery: none")
        sag_mv, word = await self._battery.test(self._urgent)
        if word == "busy":
            return False
        self._battery_day = civil.day_number(self._station.clock.now_ms())
        self._save()
        if word == "mains":
            return self._over("battery: no mains to take off")
        self._faults.find(felt.BATTERY_WEAK, None, bool(word))
        return self._over("battery: %s, sag %d mV, %d min" % (word or "fine", sag_mv, self._battery.minutes() or 0))

    def _over(self, why):
        self._station.report.note(felt.CHECKED, why=why[:80])
        return True


def _shown(word, horn):
    return word if horn is None else "%s %d" % (word, horn)
