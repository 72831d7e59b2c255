"""Keeps a way to the head-end: the best uplink that has one.

Uplinks come from the hardware, best first (LAN, Wi-Fi, 4G). One carries; a better one is tried now and then, and takes
over when it has stood by steadily. An uplink that says "up" and through which the head-end is not heard is as good as
none. Nothing that works is taken down while a session is on air.
"""

import asyncio

from protocol import machine

DOWN, RESTARTING, RISING, STANDBY, CARRYING = "down", "restarting", "rising", "standby", "carrying"
LIFE = {
    DOWN: {"restart": RESTARTING, "try": RISING},
    RESTARTING: {"restarted": DOWN},
    RISING: {"rose": STANDBY, "failed": DOWN},
    STANDBY: {"taken": CARRYING, "lost": DOWN},
    CARRYING: {"lost": DOWN, "silent": DOWN, "left": DOWN},
}
TOLD = ("rssi_dbm", "operator", "sim", "dial_dbm")
LOOK_S = 1
LOST_S = 10  # a radio that comes back by itself within this was not lost
SILENT_S = 120  # in which the head-end has to be heard: its link tries again each minute at least
MOST_SILENT_S = 900  # where there is no other uplink, patience grows to this
STEADY_S = 60  # a better uplink stands by for this long before it takes over, longer after each failure
LAST_STEADY_S = 480
KEPT_S = 600  # an uplink that has carried for so long is as good as new
FIRST_PAUSE_S = 15  # after a failure, twice as long after each other …
LAST_PAUSE_S = 3600
ALONE_PAUSE_S = 60  # … but no longer than this while nothing carries
RESTART_AFTER = 3  # failures; then after twice as many each
RESTART_LIMIT_S = 90  # limits are below what the watch over tasks allows between two signs of life
UP_LIMIT_S = 150


class Way:
    """An uplink and what has become of it."""

    def __init__(self, uplink):
        self.uplink = uplink
        self.state = DOWN
        self.since_s = 0  # in this state
        self.seen_s = 0  # last found alive
        self.failures = 0
        self.soon_s = 0  # not to be tried before, while nothing carries …
        self.later_s = 0  # … and while something does

    def step(self, event, now_s):
        """Move along LIFE, or machine.IllegalEvent."""
        self.state = machine.step(LIFE, self.state, event)
        self.since_s = now_s

    @property
    def restart_is_due(self):
        """After RESTART_AFTER failures, and after 2, 4, 8 … times as many."""
        times, rest = divmod(self.failures, RESTART_AFTER)
        return self.failures > 0 and rest == 0 and times & (times - 1) == 0


class Uplinks:
    """All uplinks of a pole (firmware/hal/contract.md, "Uplinks")."""

    def __init__(self, uplinks, seconds, random, heard, busy, log):
        """`uplinks`: best first; `seconds()`: whole seconds that have passed; `random(n)`: n bytes; `heard()`: (True
        while the head-end is connected, a number that changes when it is heard otherwise); `busy()`: True on air.
        """
        self.used = None  # the Way that carries
        self.turns = 0  # signs of life of this task (vigil)
        self._ways = [Way(uplink) for uplink in uplinks]
        self._seconds = seconds
        self._random = random
        self._heard = heard
        self._busy = busy
        self._log = log
        self._heard_s = 0
        self._count = 0
        self._route_went = False

    async def run(self):
        """For ever."""
        while True:
            self.turns += 1
            await self.look()
            await asyncio.sleep(LOOK_S)

    def telemetry(self):
        """Fields of messages.Telemetry: which uplink carries, and what it says of itself; nothing without one."""
        if self.used is None:
            return {}
        facts = self.used.uplink.facts()
        fields = {name: facts[name] for name in TOLD if name in facts}
        fields["uplink"] = self.used.uplink.name
        return fields

    async def look(self):
        """See what has changed, and do the one thing that follows from it."""
        now_s = self._seconds()
        connected, count = self._heard()
        if connected or count != self._count:
            self._heard_s = now_s
            self._count = count
        for way in self._ways:
            self._check(way, now_s)
        if self._route_went and not (self.used and self._busy()):
            self._begin_anew(now_s)
        better = self._standing_by(now_s)
        if better:
            self._take(better, now_s)
            return
        coming = self._next(now_s)
        if coming:
            await self._raise(coming)

    def _check(self, way, now_s):
        """Whether an uplink that rose is still there."""
        if way.state not in (STANDBY, CARRYING):
            return
        if way.uplink.alive():
            way.seen_s = now_s
        elif now_s - way.seen_s >= LOST_S:
            self._drop(way, "lost", now_s)
            return
        if way is self.used:
            if now_s - max(self._heard_s, way.since_s) >= self._patience_s(way):
                self._drop(way, "silent", now_s)
            elif now_s - way.since_s >= KEPT_S and now_s - self._heard_s < SILENT_S:
                way.failures = 0

    def _begin_anew(self, now_s):
        """One that stood by had taken the system's default route and is gone. There is no word to give the route to the
        one that carries, but that it rises again; what it has open would go on meanwhile, and nothing new could be.
        """
        self._route_went = False
        way, self.used = self.used, None
        if way:
            way.step("left", now_s)
            self._down(way)
            way.soon_s = now_s

    def _patience_s(self, way):
        if len(self._ways) > 1:
            return SILENT_S
        return min(MOST_SILENT_S, SILENT_S << min(way.failures, 3))

    def _standing_by(self, now_s):
        """The best uplink that is to take over now."""
        for way in self._ways:
            if way is self.used:
                return None
            if way.state == STANDBY:
                steady_s = min(LAST_STEADY_S, STEADY_S << min(way.failures, 3))
                if self.used is None or (now_s - way.since_s >= steady_s and not self._busy()):
                    return way
        return None

    def _take(self, way, now_s):
        left, self.used = self.used, way
        way.step("taken", now_s)
        self._log("uplink %s carries: %s" % (way.uplink.name, way.uplink.facts()))
        if left:
            left.step("left", now_s)
            self._down(left)

    def _next(self, now_s):
        """The uplink that is to be tried now. While one carries: a better one, and none on air."""
        if self.used is None:
            # Who has failed least goes first, so that each has its turn; of those, the best.
            ready = [way for way in self._ways if way.state == DOWN and now_s >= way.soon_s]
            return min(ready, key=lambda way: way.failures) if ready else None
        if not self._busy():
            for way in self._ways:
                if way is self.used:
                    break
                if way.state == DOWN and now_s >= way.later_s:
                    return way
        return None

    async def _raise(self, way):
        if way.restart_is_due:
            way.step("restart", self._seconds())
            self._log("uplink %s: restart" % way.uplink.name)
            await self._within(way.uplink.restart(), RESTART_LIMIT_S)
            self.turns += 1
            way.step("restarted", self._seconds())
        way.step("try", self._seconds())
        why = await self._within(way.uplink.up(), UP_LIMIT_S)
        now_s = self._seconds()
        if why is None:
            way.step("rose", now_s)
            way.seen_s = now_s
        else:
            self._drop(way, "failed", now_s, why)

    async def _within(self, job, seconds):
        """None, or why it failed. Whatever a driver does, the pole lives on."""
        try:
            await asyncio.wait_for(job, seconds)
        except asyncio.TimeoutError:
            return "no answer in time"
        except Exception as why:
            return repr(why)
        return None

    def _drop(self, way, event, now_s, why=""):
        self._log("uplink %s %s %s" % (way.uplink.name, event, why))
        way.step(event, now_s)
        if way is self.used:
            self.used = None
        elif event == "lost":
            self._route_went = True
        self._down(way)
        way.failures += 1
        pause_s = min(LAST_PAUSE_S, FIRST_PAUSE_S << min(way.failures - 1, 8))
        # Between a half and the whole of it: the poles of a street lose their uplinks together.
        part = 32768 + int.from_bytes(self._random(2), "big") // 2
        way.later_s = now_s + pause_s * part // 65536
        way.soon_s = now_s + min(pause_s, ALONE_PAUSE_S) * part // 65536

    def _down(self, way):
        try:
            way.uplink.down()
        except Exception as why:
            self._log("uplink %s: %s" % (way.uplink.name, repr(why)))
