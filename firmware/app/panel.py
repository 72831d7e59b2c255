"""What is on the box's door: STOP, the alarm key, three lamps. Works without network, agenda and clock.

STOP outranks everything: while it is pressed nothing sounds and nothing begins, and what it has ended or kept from
beginning stays ended. The alarm key breaks into all but an emergency; where the cluster is set aside it does not sound
(P-04). Both are in the journal before anything else is.
"""

import asyncio

from firmware.app.agenda import INTERRUPTED
from firmware.app.alarm import sound_alarm
from firmware.app.speaker import Dry
from firmware.app.volume import gain_of
from protocol import felt, urgency

LOOK_S = 0.125
STOP_LOOKS = 2  # a spike on a wire is shorter
ALARM_LOOKS = 8  # a second: nobody leans on it for so long by mistake
STEPS = 8  # of a pattern, one for each look

# State → what green, yellow and red do in eight steps. The first state that holds counts.
ON, OFF = 0b11111111, 0
LAMPS = {
    "alarm": (OFF, OFF, 0b01010101),
    "stopped": (OFF, OFF, ON),
    "sounding": (ON, ON, OFF),
    "fault": (ON, OFF, 0b00000101),
    "no_time": (0b00001111, OFF, OFF),
    "no_link": (0b00000001, OFF, OFF),
    "ready": (ON, OFF, OFF),
}


class Panel:
    """The door of one pole."""

    def __init__(self, station, faulty):
        """`faulty()`: True while something is known to be wrong with the box."""
        self.turns = 0  # signs of life of this task (vigil)
        self.stopped = False
        self._station = station
        self._hal = station.hal
        self._player = station.player
        self._faulty = faulty
        self._stop_looks = self._alarm_looks = 0
        self._sounding = None  # the alarm's task
        self._alarm_on = False
        station.on_air.halted = lambda: self.stopped

    async def run(self):
        """For ever."""
        step = 0
        try:
            while True:
                self.turns += 1
                self._look()
                self._show(step)
                step = (step + 1) % STEPS
                await asyncio.sleep(LOOK_S)
        finally:
            if self._sounding:
                self._sounding.cancel()

    def _look(self):
        self._stop_looks = self._stop_looks + 1 if self._hal.box.stop_key() else 0
        if not self._stop_looks:
            self.stopped = False
        elif self._stop_looks == STOP_LOOKS:
            self._halt()
        self._alarm_looks = self._alarm_looks + 1 if self._hal.alarm_key() else 0
        if self._alarm_looks == ALARM_LOOKS and not self.stopped and not self._alarm_on:
            self._alarm_on = True
            self._sounding = asyncio.create_task(self._alarm())

    def _halt(self):
        self.stopped = True
        self._player.speaker.hush()
        if self._player.session:
            self._player.stop(self._player.session.id, "panel")
        self._station.report.note(felt.KEY_STOP)
        self._station.on_air.changed.set()

    def _pressed(self):
        return self._alarm_looks > 0

    async def _alarm(self):
        """From the press to the end of the sound; told before and after."""
        player = self._player
        fields = {"frames": 0, "why": "stopped"}
        try:
            self._station.report.note(felt.KEY_ALARM, emergency=True)
            if self._station.agenda.set_aside():
                fields["why"] = "P-04"
                return
            playing = player.session
            if playing and urgency.interrupts(urgency.EMERGENCY, playing.urgency):
                player.stop(playing.id, INTERRUPTED)
            async with player.air:
                if not self.stopped:
                    fields = await self._sound()
        finally:
            self._alarm_on = False
            self._station.report.note(felt.ALARM_OVER, emergency=True, **fields)

    async def _sound(self):
        player, station = self._player, self._station
        player.ear.begin()
        gain = gain_of(player.ceiling_half_db)
        try:
            frames = await sound_alarm(
                self._hal.files, player.speaker, station.ticks, self._pressed, gain, lambda: self.stopped, player.ear
            )
        except (Dry, OSError) as why:
            return {"why": "file: %s" % str(why)[:60]}
        fields = {"frames": frames}
        fields.update(player.ear.fields())
        if not frames:
            fields["why"] = "none stored"
        elif self.stopped:
            fields["why"] = "stopped"
        return fields

    def state(self):
        """The first of LAMPS that holds."""
        clock, link = self._station.clock, self._station.link
        holds = {
            "alarm": self._alarm_on,
            "stopped": self.stopped,
            "sounding": self._player.session is not None,
            "fault": self._faulty(),
            "no_time": not clock.trusted,
            "no_link": not link.up,
        }
        for name in ("alarm", "stopped", "sounding", "fault", "no_time", "no_link"):
            if holds[name]:
                return name
        return "ready"

    def _show(self, step):
        self._hal.box.lights(*[pattern >> step & 1 for pattern in LAMPS[self.state()]])
