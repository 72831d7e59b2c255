"""Asks the head-end for the time: bursts of short pings by UDP, each answer under the pole's own key."""

import asyncio

from firmware.app.clocksync import Burst, fit
from protocol import receipt
from protocol.schema import WireError

BURST = 8  # pings of one burst; the first one also wakes a sleeping radio
PING_TIMEOUT_S = 1
MOST_POINTS = 16  # bursts that the line goes through
JUMP_US = 1000000  # a difference that no crystal makes: the head-end's own clock was set
FIRST_PAUSES_S = (2, 5, 10)  # between the first bursts
NEAR_S = 20  # between bursts when a session is near …
FAR_S = 300  # … and otherwise


class TimeSync:
    """Asks the head-end for the time in bursts and keeps the clock's line."""

    def __init__(self, clock, udp, random, pole, key):
        self.clock = clock
        self.bursts = 0
        self._udp = udp  # async function: returns an object with send(bytes), receive(seconds), close()
        self._random = random
        self._pole = pole
        self._key = key
        self._points = []

    async def burst(self):
        """One burst; True if the clock was set. OSError when there is no network."""
        found = Burst()
        udp = await self._udp()
        try:
            for _ in range(BURST):
                if not await self._ping(udp, found):
                    if not found.count:
                        return False
                await asyncio.sleep(0.02)
        finally:
            udp.close()
        self._take(found)
        return True

    async def _ping(self, udp, found):
        nonce = self._random(receipt.NONCE_BYTES)
        t1 = self.clock.ticks.us()
        udp.send(receipt.ask_time(self._pole, nonce))
        while True:
            raw = await udp.receive(PING_TIMEOUT_S)
            t4 = self.clock.ticks.us()
            if raw is None:
                return False
            try:
                echoed, t2, t3 = receipt.read_time(self._key, raw)
            except WireError:
                continue  # somebody else's datagram; the timeout ends the waiting
            if echoed == nonce:
                found.add(t1, t2, t3, t4)
                return True

    def _take(self, found):
        offset = found.offset()
        if self._points:
            at, before, _ = self._points[-1]
            if abs(offset - before) > JUMP_US:
                self._points = []
        self._points.append((found.at, offset, max(0, found.width())))
        if len(self._points) > MOST_POINTS:
            self._points.pop(0)
        at, offset, ppb = fit(self._points, self.clock.ppb)
        self.clock.set_line(at, at + offset, ppb, "net")
        self.bursts += 1

    async def run(self, took, near):
        """Keeps the time for ever; `took()` is called after a good burst, `near()` says if it matters."""
        failures = 0
        while True:
            try:
                good = await self.burst()
            except OSError:
                good = False
            failures = 0 if good else failures + 1
            if good:
                took()
            await asyncio.sleep(self._pause_s(failures, near()))

    def _pause_s(self, failures, near):
        if failures:
            return min(NEAR_S, 1 << min(failures, 5))
        if self.bursts <= len(FIRST_PAUSES_S):
            return FIRST_PAUSES_S[self.bursts - 1]
        return NEAR_S if near else FAR_S
