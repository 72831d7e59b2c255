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
SAMPLES = 24  # of each pole, about as many seconds
MOST_POLES = 12  # that are listened to: those whose names come first
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
        self._heard = {}  # pole → [(ticks when it was heard, what it told)]
        self._near = False

    def take(self, raw):
        """A datagram has come; what is no beacon, or no neighbour's that can be right, is dropped."""
        try:
            pole, unix_us = read(raw)
        except WireError:
            return
        now = self._clock.ticks.us()
        if pole == self._pole or abs(unix_us - self._clock.own_at(now)) > 2 * MOST_US:
            return
        if pole not in self._heard:
            if len(self._heard) >= MOST_POLES:
                last = max(self._heard)
                if pole > last:
                    return  # it will never lead
                del self._heard[last]
            self._heard[pole] = []
        heard = self._heard[pole]
        heard.append((now, unix_us))
        if len(heard) > SAMPLES:
            heard.pop(0)

    def settle(self):
        """Once a second: follow who leads now; the leader follows nobody."""
        now = self._clock.ticks.us()
        for pole in [name for name, heard in self._heard.items() if now - heard[-1][0] > HEARD_FOR_US]:
            del self._heard[pole]
        leader = min(self._heard) if self._heard else self._pole
        wanted = 0
        if leader < self._pole:
            wanted = max(-MOST_US, min(MOST_US, self._ahead_us(leader)))
        step = wanted - self._clock.shift_us
        self._clock.shift_us += max(-STEP_US, min(STEP_US, step))

    def _ahead_us(self, pole):
        # A beacon only ever gets older on its way: the one that seems to come from furthest ahead was held up least.
        return max([unix_us - self._clock.own_at(at) for at, unix_us in self._heard[pole]])

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
                    self._heard = {}
                    self._clock.shift_us = 0
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
