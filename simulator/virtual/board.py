"""A pole's hardware in virtual time, for unix MicroPython: 55 minutes of a pole's life in seconds.

The firmware runs unchanged on the real interpreter; only what asyncio waits on is replaced. When every task waits, the
clock goes to the next one's instant. The crystal, the loudspeaker's driver and the mobile network follow that clock.
"""

import asyncio
import json
import os
import time
from asyncio import core

from protocol import receipt
from simulator.hal import i2s
from simulator.hal.board import runtime
from simulator.hal.clock import WRAP
from simulator.hal.files import Files
from simulator.virtual.mobile import Dice, Mobile

AHEAD_MS = 1 << 26  # of the host's ticks, so that what asyncio stamps by itself lies in the past
WANDER_US = 10000000  # a crystal's rate takes a step this often …
WANDER_PPB = 60  # … of at most this much, but never further than
MOST_WANDER_PPB = 2000  # from where it began
SERVER_US = 300  # between a ping's arrival and the answer's leaving
STAMPING_US = 3000  # an answer waits up to this long until the pole looks at it
AIR_LOST_PERCENT = 20
AIR_US = 30000  # a beacon waits up to this long until its hearer looks at it
PROBE_EVERY = 10 * 16000  # frames from one probe to the next, a multiple of no block
PROBE_PIECES = 2


i2s.outside_heap = bytearray  # several poles in one process: each sink needs a memory of its own


class World:
    """True time in µs since the beginning; `unix_us` is when that was."""

    def __init__(self, unix_us):
        self.unix_us = unix_us
        self.now_us = 0
        self.map = {0: 0}  # for asyncio: something could always happen
        self._begin_ms = time.ticks_ms() + AHEAD_MS
        core.ticks = self._ticks
        core._io_queue = self

    def _ticks(self):
        return self._begin_ms + self.now_us // 1000

    def wait_io_event(self, wait_ms):
        """asyncio has nothing to do for so long."""
        if wait_ms > 0:
            self.now_us += wait_ms * 1000


class Crystal:
    """Ticks that run `ppm` too fast and wander with the weather."""

    def __init__(self, world, ppm, seed):
        self.ppm = ppm
        self._world = world
        self._dice = Dice(seed)
        self._ppb = self._from_ppb = int(ppm * 1000)
        self._true_us = self._local_us = 0  # where the present rate began

    def us(self):
        """Ticks since the start, not wrapped."""
        now = self._world.now_us
        while now - self._true_us >= WANDER_US:
            self._local_us += WANDER_US + WANDER_US * self._ppb // 1000000000
            self._true_us += WANDER_US
            wanted = self._ppb + self._dice.below(2 * WANDER_PPB + 1) - WANDER_PPB
            self._ppb = max(self._from_ppb - MOST_WANDER_PPB, min(self._from_ppb + MOST_WANDER_PPB, wanted))
        passed = now - self._true_us
        return self._local_us + passed + passed * self._ppb // 1000000000

    def ticks_us(self):
        """What machine-near code sees."""
        return self.us() & WRAP

    def true_us(self, local_us):
        """The true instant of a tick not long ago."""
        passed = local_us - self._local_us
        return self._true_us + passed - passed * self._ppb // (1000000000 + self._ppb)


class Udp:
    """Pings over a mobile network to a head-end that answers at once."""

    def __init__(self, world, mobile, dice, key):
        self._world = world
        self._mobile = mobile
        self._dice = dice
        self._key = key
        self._answers = []

    def send(self, raw):
        """Ask; the answer lies ready when it will have arrived."""
        _, nonce = receipt.read_ask(raw)
        sent_us = self._world.now_us
        delays = self._mobile.delays(sent_us)
        if delays:
            there_us = sent_us + delays[0]
            unix_us = self._world.unix_us + there_us
            answer = receipt.tell_time(self._key, nonce, unix_us, unix_us + SERVER_US)
            seen_us = there_us + SERVER_US + delays[1] + self._dice.below(STAMPING_US)
            self._answers.append((seen_us, answer))

    async def receive(self, seconds):
        """The next answer, or None after the time."""
        until_us = self._world.now_us + seconds * 1000000
        coming = [one for one in self._answers if one[0] <= until_us]
        if not coming:
            await core.sleep_ms(seconds * 1000)
            return None
        first = min(coming)
        self._answers.remove(first)
        await core.sleep_ms(max(0, first[0] - self._world.now_us + 999) // 1000)
        return first[1]

    def close(self):
        """Nothing to give back."""


class Net:
    """Time by UDP, and no way to a broker: audio and agenda are on the pole."""

    def __init__(self, udp):
        self._udp = udp

    async def open(self, host, port, tls):
        """There is none."""
        raise OSError("no way")

    async def udp(self, host, port):
        """The one that there is."""
        return self._udp


class Air:
    """What one pole says, the others hear a little later, or not at all."""

    def __init__(self, world, seed):
        self.world = world
        self.dice = Dice(seed)
        self.links = []

    def link(self):
        """One more pole's."""
        self.links.append(AirLink(self))
        return self.links[-1]


class AirLink:
    """The contract's `beacon`."""

    def __init__(self, air):
        self._air = air
        self._inbox = []
        self._came = asyncio.Event()

    def send(self, raw):
        """To all others."""
        dice = self._air.dice
        for link in self._air.links:
            if link is not self and dice.below(100) >= AIR_LOST_PERCENT:
                link._inbox.append((self._air.world.now_us + dice.below(AIR_US), raw))
                link._came.set()

    async def receive(self, seconds):
        """One message, or None after the time."""
        world = self._air.world
        until_us = world.now_us + int(seconds * 1000000)
        while world.now_us < until_us:
            if self._inbox:
                first = min(self._inbox)
                if first[0] <= world.now_us:
                    self._inbox.remove(first)
                    return first[1]
                await core.sleep_ms((first[0] - world.now_us + 999) // 1000)
                continue
            self._came.clear()
            try:
                await asyncio.wait_for(self._came.wait(), (until_us - world.now_us) / 1000000)
            except asyncio.TimeoutError:
                pass
        return None


class Probe:
    """Stands in for a capture's file: keeps pieces of the samples that left, with the true instant of each."""

    def __init__(self, sink, crystal, path):
        self._sink = sink
        self._crystal = crystal
        self._file = open(path, "ab")
        self._frames = 0
        self._next = None  # frame from which to keep; from the first sound on
        self._keep = 0

    def write(self, piece):
        """A piece has left."""
        if self._next is None and any(piece):
            self._next = self._frames
        if self._next is not None and self._frames >= self._next:
            self._next += PROBE_EVERY
            self._keep = PROBE_PIECES
        if self._keep and len(piece) == i2s.PIECE_BYTES:
            local_us = self._sink._enabled + self._frames * 1000000 // self._sink.rate
            self._file.write(self._crystal.true_us(local_us).to_bytes(8, "little"))
            self._file.write(piece)
            self._keep -= 1
        self._frames += len(piece) // 2

    def close(self):
        """The sink is closed."""
        self._file.close()


class Board:
    """The contract of `firmware/hal/contract.md`."""

    i2s_bytes = 16384
    slots = True
    uplinks = ()

    def __init__(self, folder, world, air=None):
        """`folder` holds profile.json, about.json and data/."""
        profile = _load(folder + "/profile.json")
        about = _load(folder + "/about.json")
        crystal = Crystal(world, about["ppm"], about["seed"])
        self.profile = profile
        self.runtime = runtime()
        self.world = world
        self.sinks = []
        self._crystal = crystal
        self._folder = folder
        self.ticks_us = crystal.ticks_us
        self.random = os.urandom
        self.files = Files(folder + "/data")
        mobile = Mobile(about["operator"], about["seed"])
        self.beacon = air.link() if air else None
        self.box = self.core = None
        self.net = Net(Udp(world, mobile, Dice(about["seed"] + 1), bytes.fromhex(profile["key"])))

    def rtc_us(self):
        """Its battery is empty: the time comes from the network."""
        return None

    def set_rtc_us(self, unix_us):
        """It is."""

    def watchdog(self, ms):
        """Nothing hangs in virtual time without everything hanging; whoever waits for this process sees that."""
        return self

    def feed(self):
        """The watchdog's."""

    def open_i2s(self):
        """A sink whose samples are probed."""
        sink = i2s.SimI2S(self._crystal, 16000, self.i2s_bytes, self._folder + "/sink")
        sink._file.close()
        sink._file = Probe(sink, self._crystal, self._folder + "/probes")
        self.sinks.append(sink)
        return sink

    def amp(self, level):
        """Not looked at here."""

    def alarm_key(self):
        """Nobody is there."""
        return False

    def log(self, line):
        """Not read by anybody."""


def _load(path):
    with open(path) as file:
        return json.load(file)
