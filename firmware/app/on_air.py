"""Gives the player what is due, and says of what went by without sound why it did."""

import asyncio
import gc

from firmware.app.agenda import INTERRUPTED, ON_AIR
from protocol import messages

EARLY_MS = 300  # the entry is taken up this much before the speaker has to open
LOOK_MS = 500  # how often to look again while something is due but can not begin
IDLE_MS = 60000
YIELD_MS = 1000  # what a session on air needs to fade, to leave the driver's memory and to close


async def wait(event, seconds):
    """Until the event or the time, whichever is first; the event is clear afterwards."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except asyncio.TimeoutError:
        pass
    event.clear()


class OnAir:
    """The pole's task of sounding sessions at their instants."""

    def __init__(self, station):
        self.changed = asyncio.Event()  # the agenda, the audio or the clock is not what it was
        self._clock = station.clock
        self._agenda = station.agenda
        self._player = station.player
        self._report = station.report
        self._journal = station.journal
        self._fetch = station.fetch
        self._files = station.hal.files
        self._trusted_from_ms = None
        self.turns = 0  # signs of life of this task (vigil); while it sounds, the speaker's frames are
        self.halted = lambda: False  # whether STOP is pressed at the pole

    async def run(self):
        """For ever, from the moment when the clock can be trusted."""
        self._trusted_from_ms = self._clock.now_ms()
        self._journal.see(self._trusted_from_ms)
        while True:
            self.turns += 1
            now_ms = self._clock.now_ms()
            for entry in self._agenda.over(now_ms):
                self._went_by(entry)
            entry = self._agenda.due(now_ms, self._player.lead_ms + EARLY_MS)
            if entry is None:
                await wait(self.changed, self._pause_ms(now_ms) / 1000)
                continue
            early_ms = entry.session.at_ms - self._player.lead_ms - now_ms
            if self.halted():
                self._halt(entry)
            elif early_ms > 0:
                await wait(self.changed, early_ms / 1000)  # then look again: a stop may have come
            else:
                async with self._player.air:  # the alarm key, or a test that gives way
                    if self._agenda.due(self._clock.now_ms(), self._player.lead_ms + EARLY_MS) is entry:
                        await self._sound(entry)

    def _pause_ms(self, now_ms):
        coming = self._agenda.next_ms(now_ms)
        if coming is None:
            return IDLE_MS
        early_ms = coming - self._player.lead_ms - EARLY_MS - now_ms
        return max(LOOK_MS, min(IDLE_MS, early_ms)) if early_ms > 0 else LOOK_MS

    async def _sound(self, entry):
        self._fetch.hold = self._files.stalls_audio
        gc.collect()
        beside = [asyncio.create_task(self._report.tell_state()), asyncio.create_task(self._watch(entry.session))]
        if self._player.ear:
            beside.append(asyncio.create_task(self._player.ear.listen()))
        try:
            await self._player.play(entry)
        finally:
            for task in beside:
                task.cancel()
            self._fetch.hold = False
        await self._report.tell_state()

    def _halt(self, entry):
        """It is due while STOP is pressed: never again, also not once it is let go."""
        entry.step("stop")
        self._report.note(messages.STOPPED, entry.session.id, why="panel", frames=0)

    async def _watch(self, session):
        """End `session` for now when something may break into it."""
        while True:
            lead_ms = self._player.lead_ms + EARLY_MS + YIELD_MS
            wait_ms = self._agenda.breaks_in_ms(session, self._clock.now_ms(), lead_ms)
            if wait_ms == 0 and self._player.stop(session.id, INTERRUPTED):
                return
            pause_ms = IDLE_MS if wait_ms is None else max(LOOK_MS // 10, min(IDLE_MS, wait_ms))
            await wait(self.changed, pause_ms / 1000)

    def _went_by(self, entry):
        """Its time is over and nothing has ended it."""
        session = entry.session
        if entry.state in ON_AIR:
            why = INTERRUPTED if entry.state == INTERRUPTED else "restart"
            entry.step("stop")
            self._report.note(messages.STOPPED, session.id, why=why)
            return
        if self._journal.forgot(session):
            why = "memory"
        elif entry.end_ms <= self._clock.unix_at(0) // 1000:
            why = "off"
        elif entry.end_ms <= self._trusted_from_ms:
            why = "no_clock"
        elif entry.state == "planned":
            why = "no_audio"
        else:
            why = "late"
        entry.step("miss")
        self._report.note(messages.MISSED, session.id, why=why)
