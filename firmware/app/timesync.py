"""Asks the head-end for the time: bursts of short pings by UDP, each answer under the pole's own key."""

import asyncio

from firmware.app.clocksync import ANY_PPB, REMEMBERED_PPB, Bucket, fit
from protocol import receipt
from protocol.schema import WireError

BURST = 8  # pings of one burst; the first one also wakes a sleeping radio
PING_TIMEOUT_S = 1
BUCKET_US = 60 * 1000000
MOST_BUCKETS = 24  # minutes that the line goes through …
OLDEST_US = 45 * 60 * 1000000  # … none of them older than this: a crystal's rate follows the weather
LEARNT_BUCKETS = 20  # of which a rate is worth remembering
JUMP_US = 1000000  # a difference that no crystal makes: the head-end's own clock was set
FIRST_PAUSES_S = (2, 5, 10)  # between the first bursts
NEAR_S = 60  # between bursts when a session is near or on air …
FAR_S = 300  # … and otherwise


class TimeSync:
    """Asks the head-end for the time in bursts and keeps the clock's line."""

    def __init__(self, clock, udp, random, pole, key, remembered_ppb=None):
        """`remembered_ppb`: the crystal's rate as it was last learnt, None if it never was."""
        self.clock = clock
        self.bursts = 0
        self.remembered_ppb = remembered_ppb
        self._udp = udp  # async function: returns an object with send(bytes), receive(seconds), close()
        self._random = random
        self._pole = pole
        self._key = key
        self._buckets = []
        self._new = 0  # buckets since the rate was last learnt

    async def burst(self):
        """One burst; True if the clock was set. OSError when there is no network."""
        pings = []
        udp = await self._udp()
        try:
            for _ in range(BURST):
                ping = await self._ping(udp)
                if ping is not None:
                    pings.append(ping)
                elif not pings:
                    return False
                await asyncio.sleep(0.02)
        finally:
            udp.close()
        self._take(pings)
        return True

    async def _ping(self, udp):
        """(t1, t2, t3, t4) as Bucket.add takes them, or None without an answer."""
        nonce = self._random(receipt.NONCE_BYTES)
        t1 = self.clock.ticks.us()
        udp.send(receipt.ask_time(self._pole, nonce))
        while True:
            raw = await udp.receive(PING_TIMEOUT_S)
            t4 = self.clock.ticks.us()
            if raw is None:
                return None
            try:
                echoed, t2, t3 = receipt.read_time(self._key, raw)
            except WireError:
                continue  # somebody else's datagram; the timeout ends the waiting
            if echoed == nonce:
                return t1, t2, t3, t4

    def _take(self, pings):
        now = pings[-1][3]
        fresh = Bucket(now, self.clock.ppb)
        for ping in pings:
            fresh.add(*ping)
        last = self._buckets[-1] if self._buckets else None
        if last is not None and abs(fresh.offset() - last.offset()) > JUMP_US:
            self._buckets, last = [], None
        if last is None or now - last.at >= BUCKET_US:
            self._buckets.append(fresh)
            self._new += 1
        else:
            for ping in pings:
                last.add(*ping)
        while len(self._buckets) > MOST_BUCKETS or now - self._buckets[0].at > OLDEST_US:
            self._buckets.pop(0)
        self._set_clock()

    def _set_clock(self):
        known = self.remembered_ppb is not None
        points = [bucket.point() for bucket in self._buckets]
        prior = self.remembered_ppb if known else 0
        at, offset, ppb = fit(points, prior, REMEMBERED_PPB if known else ANY_PPB)
        self.clock.set_line(at, at + offset, ppb, "net")
        self.bursts += 1
        # Learnt only from buckets that the last lesson had no part in: else it would confirm itself.
        if len(self._buckets) >= LEARNT_BUCKETS and self._new >= MOST_BUCKETS:
            self.remembered_ppb = ppb
            self._new = 0

    @property
    def error_us(self):
        """By how much the newest minute's least delayed ping may be wrong, for the path's sake; None without any."""
        return self._buckets[-1].width() // 2 if self._buckets else None

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
