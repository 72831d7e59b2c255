"""machine.I2S of an ESP32, TX, mono, 16 bit, irq mode: the same timing, the sound goes to a file.

What it copies from ports/esp32/machine_i2s.c (v1.25) and esp_driver_i2s: memory in pieces of 256 frames;
sending from the constructor on; a piece can be written again when it has left, so the first frame written
leaves exactly pieces × 256 frames after the start; a piece that was not written in time leaves as silence,
and the next write lands in the piece after the one that is leaving; the task holds one buffer and its queue
one more, a third is dropped silently.
"""

import asyncio
import json
import sys

from simulator.hal.clock import true_us
from simulator.hal.memory import outside_heap

PIECE = 256
PIECE_BYTES = 512
ZEROS = bytes(PIECE_BYTES)
UNBUFFERED = {} if sys.implementation.name == "micropython" else {"buffering": 0}
PULSE_US = 64000  # how often what has left is written down: a kill loses no more than this and one piece


class SimI2S:
    """`crystal`: the pole's own ticks, which pace the sink. Frame 0 leaves at construction."""

    def __init__(self, crystal, rate, ibuf, capture):
        """`capture`: path without suffix; `.pcm` and `.json` are written."""
        self.rate = rate
        self.underruns = 0
        self.dropped = 0  # writes beyond the queue
        self._crystal = crystal
        self._pieces = max(2, ibuf // PIECE_BYTES)
        self._memory = outside_heap(self._pieces * PIECE_BYTES)
        self._view = memoryview(self._memory)
        self._recent = outside_heap(PIECE_BYTES)  # the piece that left last
        self._filled = bytearray(self._pieces)  # 1: this piece holds frames that were written
        self._gone = 0  # pieces that have left
        self._slot = self._pieces  # the piece (counted from the start) that is written next
        self._fill = 0  # bytes of it that are written
        self._queue = []  # [buffer, bytes taken of it]
        self._sounded = False
        self._handler = None
        self._path = capture
        self._file = open(capture + ".pcm", "wb", **UNBUFFERED)
        self._task = asyncio.create_task(self._run())
        self._described = False
        # Last of all, because whoever constructs it takes the time right after. Again if the PC took a break
        # between.
        while True:
            before = true_us()
            self._enabled = crystal.us()
            enabled_true_us = true_us()
            if enabled_true_us - before < 200:
                break
        self._switched = []  # [frame that was leaving, level] of the amplifier
        self._about = {
            "enabled_true_us": enabled_true_us,
            "rate_ppm": crystal.ppm,
            "rate": rate,
            "underruns": 0,
            "closed": False,
            "amp": self._switched,
        }

    def irq(self, handler):
        """`handler(i2s)` is called each time that a buffer was taken whole."""
        self._handler = handler

    def write(self, buffer):
        """Queue a buffer and return its length; beyond the queue's depth it is dropped, and nothing says
        so.
        """
        self._advance()
        if len(self._queue) >= 2:
            self.dropped += 1
        else:
            self._queue.append([memoryview(buffer), 0])
            self._take()
        return len(buffer)

    def level(self):
        """Mean distance from zero, 0–32768, of the 16 ms that left last: what a rectifier behind it shows."""
        self._advance()
        total = 0
        raw = self._recent
        for at in range(0, PIECE_BYTES, 2):
            value = raw[at] | raw[at + 1] << 8
            total += 65536 - value if value & 32768 else value
        return total // PIECE

    def amp(self, level):
        """The amplifier behind this sink was switched: kept beside the capture, with the frame that was leaving."""
        if not self._switched or self._switched[-1][1] != level:
            self._switched.append([self._elapsed(), level])
            self._described = False

    def deinit(self):
        """Stop at once; what has not left never does."""
        self._task.cancel()
        self._advance()
        rest = self._elapsed() - self._gone * PIECE
        place = self._gone % self._pieces * PIECE_BYTES
        self._file.write(self._view[place : place + min(max(rest, 0), PIECE) * 2])
        self._file.close()
        self._about["closed"] = True
        self._describe()

    def _elapsed(self):
        return (self._crystal.us() - self._enabled) * self.rate // 1000000

    async def _run(self):
        while True:
            wait_us = PULSE_US
            if self._queue:
                # Awake when the oldest buffer fits whole: that is when the driver's task would call back.
                left = len(self._queue[0][0]) - self._queue[0][1] - (PIECE_BYTES - self._fill)
                piece = self._slot + max(0, left + PIECE_BYTES - 1) // PIECE_BYTES - self._pieces + 1
                fits = self._enabled + piece * PIECE * 1000000 // self.rate
                wait_us = min(wait_us, max(1000, fits - self._crystal.us() + 200))
            await asyncio.sleep(wait_us / 1000000)
            self._advance()

    def _advance(self):
        """Catch up with the crystal: pieces leave, room appears, buffers are taken."""
        if not self._described:
            self._described = True
            self._describe()
        until = self._elapsed() // PIECE
        while self._gone < until:
            self._leave()

    def _leave(self):
        place = self._gone % self._pieces
        piece = self._view[place * PIECE_BYTES : place * PIECE_BYTES + PIECE_BYTES]
        self._file.write(piece)
        if self._filled[place]:
            self._sounded = True
        elif self._sounded:
            self._sounded = False
            self.underruns += 1
            self._about["underruns"] = self.underruns
            self._describe()
        self._recent[:] = piece
        piece[:] = ZEROS
        self._filled[place] = 0
        self._gone += 1
        if self._slot <= self._gone:
            self._slot = self._gone + 1
            self._fill = 0
        self._take()

    def _take(self):
        """Copy from the queue into every piece that is free."""
        while self._queue and self._slot < self._gone + self._pieces:
            entry = self._queue[0]
            buffer, taken = entry
            count = min(len(buffer) - taken, PIECE_BYTES - self._fill)
            place = self._slot % self._pieces
            start = place * PIECE_BYTES + self._fill
            self._view[start : start + count] = buffer[taken : taken + count]
            self._filled[place] = 1
            self._fill += count
            entry[1] += count
            if self._fill == PIECE_BYTES:
                self._slot += 1
                self._fill = 0
            if entry[1] == len(buffer):
                self._queue.pop(0)
                if self._handler:
                    self._handler(self)

    def _describe(self):
        with open(self._path + ".json", "w") as file:
            json.dump(self._about, file)
