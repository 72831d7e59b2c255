"""Neighbours agree on one second over a link of their own (LAN, ESP-NOW), because no ping tells how unequal a pole's
two ways to the head-end are.

    beacon = "LB1" length(1) pole unix_us(8)      big-endian, one a second while a session is near

Each pole tells its own time as the network gave it. All follow the one whose name comes first among those heard lately.
Nobody's word is believed by more than MOST_US: beacons carry no seal (poles share no secret that a thief could not
read), so what a liar can do is to make a street sound a little early or late.
"""

import asyncio

from protocol import topics
from protocol.schema import WireError

EVERY_S = 1
HEARD_FOR_US = 15 * 1000000
MOST_US = 40000
STEP_US = 900  # a second: what the player can follow by single samples, also when another pole leads from now on
SAMPLES = 60  # of the leader, about as many seconds
MOST_POLES = 12  # that are remembered: those whose names come first
MAGIC = b"LB1"


def tell(pole, unix_us):
    """A beacon's bytes."""
    name = pole.encode()
    return MAGIC + bytes([len(name)]) + name + unix_us.to_bytes(8, "big")


def read(raw):
    """(pole, unix_us) of a beacon, or WireError."""
    if len(raw) < 5 or raw[:3] != MAGIC or len(raw) != 12 + raw[3]:
        raise WireError("not a beacon")
    try:
        return topics.check_name(str(raw[4 : 4 + raw[3]], "ascii")), int.from_bytes(raw[4 + raw[3] :], "big")
    except UnicodeError:
        raise WireError("pole")


class Beacon:
    """Keeps `clock.shift_us`: what to add to the pole's own time to be with its neighbours."""

    def __init__(self, clock, pole, link):
        """`link`: the board's (firmware/hal/contract.md), with send(bytes) and async receive(seconds)."""
        self._clock = clock
        self._pole = pole
        self._link = link
        self._near = False
        self._forget()

    def _forget(self):
        self._heard = {}  # pole → ticks when it was heard last
        self._leader = None  # whom this pole follows
        self._ahead = []  # by how many µs the leader's time was ahead of this pole's own, each time
        self._settled = None  # (ticks, own time) when that was last looked at
        self._clock.shift_us = 0

    def take(self, raw):
        """A datagram has come; what is no beacon, or no neighbour's that can be right, is dropped."""
        try:
            pole, unix_us = read(raw)
        except WireError:
            return
        now = self._clock.ticks.us()
        self._continue(now)
        ahead = unix_us - self._clock.own_at(now)
        if pole == self._pole or abs(ahead) > 2 * MOST_US:
            return
        if pole not in self._heard and len(self._heard) >= MOST_POLES:
            last = max(self._heard)
            if pole > last:
                return  # it will never lead
            del self._heard[last]
        self._heard[pole] = now
        if pole == self._leader:
            self._ahead.append(ahead)
            if len(self._ahead) > SAMPLES:
                self._ahead.pop(0)

    def settle(self):
        """Once a second: follow who leads now; the leader follows nobody."""
        clock = self._clock
        now = clock.ticks.us()
        self._continue(now)
        self._elect(now)
        wanted = clock.shift_us if self._leader else 0
        if self._ahead:
            # A beacon only gets older on its way: the one that seems to come from furthest ahead was held up least.
            wanted = max(self._ahead)
        shift_us = clock.shift_us + max(-STEP_US, min(STEP_US, wanted - clock.shift_us))
        clock.shift_us = max(-MOST_US, min(MOST_US, shift_us))

    def _continue(self, now):
        """Where the pole's own line was drawn anew, what is heard goes on where it was, and follows from there."""
        clock = self._clock
        if self._settled:
            at, own_us = self._settled
            leap = clock.own_at(at) - own_us
            if abs(leap) > MOST_US:  # the head-end's clock was set: that is to be followed at once
                self._forget()
            elif leap:
                clock.shift_us -= leap
                self._ahead = [ahead - leap for ahead in self._ahead]
        self._settled = (now, clock.own_at(now))

    def _elect(self, now):
        for pole in [name for name, at in self._heard.items() if now - at > HEARD_FOR_US]:
            del self._heard[pole]
        first = min(self._heard) if self._heard else self._pole
        leader = first if first < self._pole else None
        if leader != self._leader:
            self._leader = leader
            self._ahead = []

    async def run(self, near):
        """For ever; silent while `near()` is false or the pole does not know the time from the network."""
        listening = asyncio.create_task(self._listen())
        try:
            while True:
                self._near = near() and self._clock.source == "net"
                if self._near:
                    self.settle()
                    self._tell()
                else:
                    self._forget()
                await asyncio.sleep(EVERY_S)
        finally:
            listening.cancel()

    def _tell(self):
        try:
            self._link.send(tell(self._pole, self._clock.own_at(self._clock.ticks.us())))
        except OSError:
            pass  # the link is down: whoever does not hear us follows somebody else

    async def _listen(self):
        while True:
            try:
                raw = await self._link.receive(EVERY_S) if self._near else None
            except OSError:
                raw = None
            if raw is None:
                await asyncio.sleep(0.1 if self._near else EVERY_S)
            elif self._near:
                self.take(raw)
