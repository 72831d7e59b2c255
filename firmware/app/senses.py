"""Tells each minute, and when something changes, how the pole is.

What a box with sensors, keys and lamps adds to that is in body.py, which a small board without one never loads.
"""

import asyncio

from firmware.app.vigil import TASK_LIMIT_S
from protocol import felt

LOOK_S = 1
REST_S = 5  # between two looks of a board that feels nothing: each one costs a small heap its garbage
TELL_EVERY_S = 60


class Senses:
    """Telemetry of one pole."""

    def __init__(self, station):
        self.turns = 0  # signs of life of this task (vigil)
        self.body = None
        self._station = station
        if station.hal.box:
            from firmware.app.body import Body

            self.body = Body(station)

    def awake(self, vigil):
        """What runs without time and network: coroutines that `vigil` watches over."""
        if not self.body:
            return ()
        panel = self.body.panel
        vigil.watch("panel", lambda: panel.turns, TASK_LIMIT_S)
        return (panel.run(),)

    def order(self, check):
        """messages.Check"""
        if self.body:
            self.body.checks.ask(check.what)
        else:
            self._station.report.note(felt.CHECKED, why="%s: nothing to feel with" % check.what)

    async def run(self):
        """For ever, once the time is known."""
        checking = asyncio.create_task(self.body.checks.run()) if self.body else None
        seconds = TELL_EVERY_S  # since it was last told
        pause_s = LOOK_S if self.body else REST_S
        try:
            while True:
                self.turns += 1
                if checking and checking.done():
                    await checking  # it has failed, and so does the pole
                if self.body and self.body.look():
                    seconds = TELL_EVERY_S
                if seconds >= TELL_EVERY_S and self._station.link.up:
                    if await self._station.report.tell_telemetry(self.telemetry()):
                        seconds = 0
                await asyncio.sleep(pause_s)
                seconds += pause_s
        finally:
            if checking:
                checking.cancel()

    def telemetry(self):
        """The fields of messages.Telemetry."""
        station = self._station
        fields = {
            "free_kb": station.hal.files.free() // 1024,
            "clock": station.clock.source,
            "clock_age_s": station.clock.age_s(),
            "clock_error_us": station.time.error_us,
        }
        if self.body:
            fields.update(self.body.telemetry())
        if station.uplinks:
            fields.update(station.uplinks.telemetry())
        return fields
