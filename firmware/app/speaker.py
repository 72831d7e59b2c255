"""A loudspeaker behind an I2S driver that tells nothing: two buffers, and the exact instant of every frame.

Shared by all boards. The driver (ESP32's, source: ports/esp32/machine_i2s.c) cuts its memory into pieces of
256 frames and sends silence from the moment of its construction, so the first frame written leaves exactly
`pieces` × 256 frames later, provided that writing starts at once. There is no position counter: ticks and
sample clock share one crystal.
"""

import asyncio

PIECE_FRAMES = 256
FRAME_BYTES = 2
# Between opening and the last moment at which the exact frame can still be prepared: whatever holds a pole up
# meanwhile (a TLS handshake takes an ESP32 1.2 s at a stretch) costs zeros, and no sound.
SLACK_MS = 1500
DEPTH = 2  # one buffer with the driver's task, one in its queue; a third would be dropped without a word
ZEROS = bytes(1024)

# The amplifier (hal.amp). It is switched and muted only while zeros leave, so that nothing clicks.
AMP_OFF = 0
AMP_MUTED = 1
AMP_ON = 2


class Dry(Exception):
    """The driver ran out of frames: what it sends now has no known place in time. Close and open again."""


class Speaker:
    """Opens the sink, feeds it, knows when each frame leaves. Frame 0 is the first one after opening."""

    def __init__(self, make_i2s, rate, buffer_bytes, amp):
        """`make_i2s()`: a started machine.I2S in TX mode, mono, 16 bit, with an ibuf of `buffer_bytes`.
        `amp(AMP_…)` switches the amplifier.
        """
        self.rate = rate
        self.first = max(2, buffer_bytes // (PIECE_FRAMES * FRAME_BYTES)) * PIECE_FRAMES
        self.next = 0
        self._make = make_i2s
        self._i2s = None
        self._amp = amp
        self._opened_us = 0
        self._ticks = None
        self._written = 0
        self._taken = 0
        self._ends = []

    @property
    def lead_ms(self):
        """How long before the first frame that is wanted the speaker has to be opened."""
        return self.first * 1000 // self.rate + SLACK_MS

    @property
    def is_open(self):
        """True between `open` and `close`."""
        return self._i2s is not None

    def open(self, ticks):
        """Start the sink; `ticks.us()` is the pole's own accumulating clock."""
        self._ticks = ticks
        self._written = self._taken = 0
        self._ends = []
        self.next = self.first
        self._i2s = self._make()
        self._opened_us = ticks.us()
        self._i2s.irq(self._on_taken)
        self._amp(AMP_MUTED)

    def _on_taken(self, _):
        self._taken += 1

    def frame_at(self, ticks_us):
        """The frame that leaves at an instant (may be negative)."""
        return ((ticks_us - self._opened_us) * self.rate + 500000) // 1000000

    def ticks_of(self, frame):
        """The instant at which a frame leaves, in ticks µs."""
        return self._opened_us + frame * 1000000 // self.rate

    def left(self):
        """Frames that have left so far."""
        return min(self.next, (self._ticks.us() - self._opened_us) * self.rate // 1000000)

    async def room(self):
        """Returns when the driver has room for one more buffer: the one written before the last is free
        again.
        """
        while self._written - self._taken >= DEPTH:
            # The driver takes its oldest buffer once that one's end fits: sleep until then, then look often.
            fits = self.ticks_of(self._ends[0] - self.first + PIECE_FRAMES)
            await asyncio.sleep(max(2000, fits - self._ticks.us()) / 1000000)
            self._check()
        while len(self._ends) > self._written - self._taken:
            self._ends.pop(0)
        self._check()

    def write(self, buffer):
        """Give a buffer of whole frames after `room`; it stays the driver's until two more have found
        room.
        """
        self.next += len(buffer) // FRAME_BYTES
        self._ends.append(self.next)
        self._written += 1
        self._i2s.write(buffer)

    async def silence(self, frames, unless=None):
        """Give zeros away until they are `frames`, or `unless()` is true."""
        while frames > 0 and not (unless and unless()):
            some = min(frames, len(ZEROS) // FRAME_BYTES)
            await self.room()
            self.write(memoryview(ZEROS)[: some * FRAME_BYTES])
            frames -= some

    def loud(self):
        """Let the amplifier be heard: while zeros leave, shortly before the first frame that is not one."""
        self._amp(AMP_ON)

    def mute(self):
        """Behind the last frame that is not zero."""
        self._amp(AMP_MUTED)

    def hush(self):
        """Silence at once, whatever is leaving: for whoever stands beside the horns."""
        if self._i2s is not None:
            self._amp(AMP_MUTED)

    def _check(self):
        if self.frame_at(self._ticks.us()) >= self.next:
            raise Dry()

    def close(self):
        """Silence at once; the amplifier first, while the driver still gives it zeros."""
        if self._i2s is not None:
            self._amp(AMP_MUTED)
            self._amp(AMP_OFF)
            self._i2s.deinit()
            self._i2s = None
