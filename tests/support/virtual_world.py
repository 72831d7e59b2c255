"""What surrounds a pole in virtual time: streams, a sink, and the measurements of each day. MicroPython only."""

import asyncio
import gc
import json

from simulator.hal.virtual import Time

RATE = 16000
PIECE = 256
LOOK_EACH = 13  # times that nobody had anything to do: a prime, so that it keeps step with nothing


class Pipe:
    """A connection as the contract has it; `say` is the other end's."""

    def __init__(self):
        self._left = b""
        self._ended = False
        self._came = asyncio.Event()

    def say(self, raw):
        self._left = self._left + raw if self._left else raw
        self._came.set()

    def end(self):
        self._ended = True
        self._came.set()

    async def _wait(self, size):
        while len(self._left) < size and not self._ended:
            self._came.clear()
            await self._came.wait()

    async def read(self, size):
        if not self._left:
            await self._wait(1)
        return self._take(size)

    async def readexactly(self, size):
        if len(self._left) < size:
            await self._wait(size)
            if len(self._left) < size:
                raise EOFError
        return self._take(size)

    def _take(self, size):
        got = self._left[:size]
        self._left = self._left[size:]
        return got

    async def readline(self):
        while b"\n" not in self._left:
            if self._ended:
                raise EOFError
            self._came.clear()
            await self._came.wait()
        return self._take(self._left.find(b"\n") + 1)

    async def drain(self):
        if self._ended:
            raise OSError("cut")

    def close(self):
        self.end()

    async def wait_closed(self):
        pass


class Sink:
    """The I2S driver: its memory, its two buffers, and the instant at which the first sound left."""

    def __init__(self, ibuf, ppm, path):
        """`path`: of the file to which the virtual µs of each session's first sound are added."""
        self.sounded_us = None  # virtual µs
        self._begin = Time.us
        self._ppm = ppm
        self._path = path
        self._capacity = ibuf // 512 * PIECE
        self._next = self._capacity  # the frame that is written next
        self._queue = []
        self._task = asyncio.create_task(self._run())

    def irq(self, handler):
        self._handler = handler

    def write(self, buffer):
        frames = len(buffer) // 2
        if self.sounded_us is None:
            for at in range(frames):
                if buffer[2 * at] or buffer[2 * at + 1]:
                    passed = (self._next + at) * 1000000 // RATE
                    self.sounded_us = self._begin + passed - passed * self._ppm // 1000000
                    break
        self._next += frames
        self._queue.append(self._next)

    def _left(self):
        passed = Time.us - self._begin
        return (passed + passed * self._ppm // 1000000) * RATE // 1000000

    async def _run(self):
        while True:
            while self._queue and self._queue[0] <= self._left() + self._capacity:
                self._queue.pop(0)
                self._handler(self)
            await asyncio.sleep_ms(4)

    def deinit(self):
        self._task.cancel()
        if self.sounded_us is not None:
            with open(self._path, "a") as file:
                file.write("%d\n" % self.sounded_us)


class Food:
    """A watchdog that remembers how hungry it was."""

    longest_us = 0
    last_us = None

    def feed(self):
        if self.last_us is not None:
            Food.longest_us = max(Food.longest_us, Time.us - self.last_us)
        self.last_us = Time.us


class Days:
    """What was measured on each day."""

    def __init__(self):
        self.live = []
        self.peak = []
        self._most = 0
        self._until = LOOK_EACH
        Time.on_idle = self._look

    @staticmethod
    def watchdog(ms):
        return Food()

    def _look(self):
        self._until -= 1
        if not self._until:  # asking walks through the whole heap
            self._until = LOOK_EACH
            self._most = max(self._most, gc.mem_alloc())

    def midnight(self):
        gc.collect()
        self.live.append(gc.mem_alloc())
        self.peak.append(self._most)
        self._most = 0

    def print(self, kinds, boots):
        print(json.dumps({"live": self.live, "peak": self.peak, "kinds": kinds, "boots": boots,
                          "slices": Time.slices, "hungry_ms": Food.longest_us // 1000}))
