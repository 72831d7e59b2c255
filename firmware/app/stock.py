"""Sees that what is asked for (audio of the agenda, another program) comes, and that what nobody asks for goes."""

import asyncio

from firmware.app.fetch import FetchError, NoRoom
from firmware.app.on_air import wait

IDLE_S = 60


class Stock:
    """The pole's task of having what it needs."""

    def __init__(self, station):
        self.changed = asyncio.Event()  # something else may be wanted
        self.turns = 0  # signs of life of this task (vigil)
        self._station = station

    def evict(self):
        """Remove what neither agenda nor update names."""
        station = self._station
        station.media.evict(station.agenda.named_media() | station.updater.named())

    async def run(self):
        """For ever."""
        station = self._station
        fetch = station.fetch
        failures = turn = 0
        await asyncio.sleep(int.from_bytes(station.hal.random(1), "big") / 512)  # all start together after a power cut
        while True:
            self.turns += 1
            self.changed.clear()
            wanted = station.agenda.wanted(station.clock.now_ms()) or station.updater.wanted()
            if not wanted:
                fetch.close()
                await wait(self.changed, IDLE_S)
                continue
            right = fetch.right
            item = wanted[turn % len(wanted)]
            try:
                await fetch.get(item)
            except (OSError, EOFError, ValueError, FetchError, asyncio.TimeoutError) as why:
                failures = failures + 1 if fetch.right == right else 1
                turn += 1 if isinstance(why, NoRoom) else 0  # a smaller one may still fit
                self.evict()
                await fetch.pause(failures)
                continue
            failures = turn = 0
            station.media.add(item.media)
            await station.came()
