"""Sees that every task of the pole is alive, and feeds the watchdog only as long as all are.

A task shows that it lives by a value that changes (a count of its turns). One that hangs is written down, ends the
pole's program and starts it anew; one that holds up everything leaves the watchdog without food, which comes to the
same. What ended the program is kept over the start and told.
"""

import asyncio

from protocol import messages

LOOK_S = 5
TASK_LIMIT_S = 180  # the longest of all timeouts and pauses in a task is 60 s
WATCHDOG_MS = 30000
STEADY_S = 600  # a pole that has lived this long has come up well
SAFE_AFTER = 3  # crashes without STEADY_S between them
CRASH = "crash"
MOST_TEXT = 400
WHY_TEXT = 80  # of a receipt's `why`


class Hung(Exception):
    """A task has shown no sign of life for too long."""


class Vigil:
    """One supervisor for all tasks."""

    def __init__(self, seconds, watchdog):
        """`seconds()`: whole seconds that have passed; `watchdog`: has feed()."""
        self._seconds = seconds
        self._watchdog = watchdog
        self._watched = []  # [name, sign, limit in s, last value, since when]

    def watch(self, name, sign, limit_s):
        """`sign()`: a value that changes at least each `limit_s` while the task lives."""
        self._watched.append([name, sign, limit_s, None, self._seconds()])

    def check(self):
        """Hung when a task has not moved for longer than its limit."""
        now = self._seconds()
        for one in self._watched:
            value = one[1]()
            if value != one[3]:
                one[3] = value
                one[4] = now
            elif now - one[4] > one[2]:
                raise Hung("%s hangs" % one[0])

    async def run(self, steady):
        """For ever, or until a task hangs (Hung); `steady()` is called once, after STEADY_S."""
        begun = self._seconds()
        while True:
            self.check()
            self._watchdog.feed()
            if steady and self._seconds() - begun >= STEADY_S:
                steady()
                steady = None
            await asyncio.sleep(LOOK_S)


def watch_tasks(vigil, station, idle_s):
    """Each task that begins once the time is known, and how long it may take at most between two turns; housekeeping
    rests `idle_s`.
    """
    vigil.watch("link", lambda: station.link.turns, TASK_LIMIT_S)
    vigil.watch("on air", lambda: (station.on_air.turns, station.player.speaker.next), TASK_LIMIT_S)
    vigil.watch("stock", lambda: (station.stock.turns, station.fetch.turns), TASK_LIMIT_S)
    vigil.watch("report", lambda: station.report.turns, TASK_LIMIT_S)
    vigil.watch("senses", lambda: station.senses.turns, TASK_LIMIT_S)
    vigil.watch("housekeeping", lambda: station.turns["housekeeping"], idle_s + TASK_LIMIT_S)


def keep_uplinks(vigil, pole):
    """What keeps a way to the head-end, for ever: nothing where the hardware sees to that by itself."""
    hal = pole.hal
    if not hal.uplinks:
        return ()
    from firmware.app.uplinks import Uplinks

    ticks, link, time, player = pole.clock.ticks, pole.link, pole.time, pole.player
    made = pole.uplinks = Uplinks(
        hal.uplinks,
        lambda: ticks.us() // 1000000,
        hal.random,
        lambda: (link.up, time.bursts),
        lambda: player.air.taken,
        hal.log,
    )
    vigil.watch("uplinks", lambda: made.turns, TASK_LIMIT_S)
    return (made.run(),)


class Crashes:
    """What ended the pole's program, on flash until it has been told, and how often in a row."""

    def __init__(self, vault):
        self._vault = vault
        self.text, self.count, self._told = vault.load_json(CRASH, ["", 0, 1])

    @property
    def many(self):
        """True when the pole should rather run what can not fail (safe mode)."""
        return self.count >= SAFE_AFTER

    def note(self, text):
        """The program ends because of this."""
        self.text = printable(text)[-MOST_TEXT:]
        self.count += 1
        self._told = 0
        self._save()

    def steady(self, count=0):
        """It has been running well for a while."""
        if self.count != count:
            self.count = count
            self._save()

    def tell(self, report):
        """The last crash as a receipt, once."""
        if not self._told:
            report.note(messages.FAULT, why=self.text[-WHY_TEXT:], count=max(1, self.count))
            self._told = 1
            self._save()

    def _save(self):
        self._vault.save_json(CRASH, [self.text, self.count, self._told])


def printable(text):
    """Without control characters and ends of lines: a receipt takes none."""
    return " ".join(["".join([c for c in word if 32 < ord(c) < 127]) for word in text.split()])


async def together(*jobs):
    """Run them until one fails; the others end with it."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
