"""The silent test: a faint sweep goes through the horns, and the currents are held against the pole's own calibration.

What was once measured while everything was in order (told by a `calibrate` order, or the first test of a new box) is
the only thing that a pole is compared with: no two poles have the same horns, wires and converters.
"""

import asyncio

from firmware.app import verdict
from firmware.app.sweep import CLIMB_PERMILLE, FIRST_STEP, QUARTER, tone
from firmware.app.volume import FULL_GAIN, Fader
from protocol.felt import HORN_WEAK
from protocol.messages import BLOCK_FRAMES

# Amplitude of the sweep: 43 dB below full scale. A 30 W horn that makes 115 dB at 1 m then makes 46 dB at 20 m,
# less than a street by day, while its current is still several times a 12-bit converter's noise.
LEVEL = 232
MEAN_LEVEL = LEVEL * 2 * 7 // 22  # of |samples| of such a sine
BANDS = 8
BLOCKS_A_BAND = 4  # a quarter of a second each, two seconds together: ten readings of every horn in each band
BAND_FRAMES = BLOCKS_A_BAND * BLOCK_FRAMES
READ_S = 0.02  # as long as the rectifiers look back
LAG_FRAMES = 320
MIC_PERMILLE = 500  # of its level, -6 dB
LEAST_SIXTEENTHS = 24  # 1.5 mA of a horn: less is no calibration, there is nothing on the wire


class Busy(Exception):
    """Somebody more urgent wants the loudspeaker."""


class Calibration:
    """What was measured of a pole once, or is measured now. Currents of horns are in sixteenths of a mA."""

    def __init__(self, horns, amp_ma, mic):
        """`horns`: of each horn its current in each band; `amp_ma`: at rest; `mic`: its level above the street's. The
        last two are None where that is not fitted.
        """
        self.horns = horns
        self.amp_ma = amp_ma
        self.mic = mic
        self._mean = [sum(bands) // len(bands) for bands in horns]

    def horn_ma(self, index, level):
        """What a horn draws at a level of |samples|."""
        return self._mean[index] * level // (16 * MEAN_LEVEL)

    def total_ma(self, level):
        """All of them together."""
        return sum(self._mean) * level // (16 * MEAN_LEVEL)

    @property
    def plausible(self):
        """False where a horn or the amplifier draws nothing: such a box is not one to compare with."""
        return bool(self.horns) and min(self._mean) >= LEAST_SIXTEENTHS and self.amp_ma != 0

    def wrong(self, now):
        """[(word, number of a horn or None)] of what is not as it was (`now`: what was measured by now)."""
        words = [verdict.horn(verdict.ratios(then, bands)) for then, bands in zip(self.horns, now.horns)]
        found = verdict.everything(words, self.amp_ma, now.amp_ma)
        if not found and self.mic and now.mic is not None and now.mic * 1000 < self.mic * MIC_PERMILLE:
            found.append((HORN_WEAK, None))  # the currents are right, and yet it is not heard
        return found

    def to_json(self):
        """What `Calibration(*…)` takes."""
        return [self.horns, self.amp_ma, self.mic]


class Measurement:
    """Sums of readings, by horn and band, while a sweep leaves."""

    def __init__(self, box, speaker):
        self._box = box
        self._speaker = speaker
        self._sums = [[0] * BANDS for _ in range(box.horns)]
        self._counts = [0] * BANDS
        self._rest = [0] * box.horns
        self._amp = []
        self._mic = self._still = 0

    async def read(self, first):
        """For ever; `first` is the sweep's first frame."""
        while True:
            await asyncio.sleep(READ_S)
            frame = self._speaker.left() - LAG_FRAMES - first
            band = frame // BAND_FRAMES
            if frame < 0:
                self._at_rest()
            elif band < BANDS and frame % BAND_FRAMES >= LAG_FRAMES:
                self._counts[band] += 1
                for index, bands in enumerate(self._sums):
                    bands[band] += self._box.horn_ma(index)
                self._mic += self._box.mic() or 0

    def _at_rest(self):
        self._amp.append(self._box.amp_ma())
        self._still += self._box.mic() or 0
        for index in range(len(self._rest)):
            self._rest[index] += self._box.horn_ma(index)

    def result(self):
        """Calibration of what was measured, without what the converters show when nothing sounds."""
        rested = max(1, len(self._amp))
        horns = []
        for bands, rest in zip(self._sums, self._rest):
            floor = rest * 16 // rested
            horns.append([max(0, total * 16 // max(1, count) - floor) for total, count in zip(bands, self._counts)])
        drawn = [one for one in self._amp if one is not None]
        mic = None
        if self._box.mic() is not None:
            mic = max(0, self._mic // max(1, sum(self._counts)) - self._still // rested)
        return Calibration(horns, verdict.median(drawn) if drawn else None, mic)


async def sound_sweep(speaker, out, give_up):
    """Give the sweep away; Busy when `give_up()` says so."""
    fader = Fader(0)
    fader.to(FULL_GAIN)
    phase, step, turn = 0, FIRST_STEP, 0
    for block in range(BANDS * BLOCKS_A_BAND):
        await speaker.room()
        if give_up():
            raise Busy()
        if block == BANDS * BLOCKS_A_BAND - 4:
            fader.to(0)
        turn ^= 1
        phase = tone(out[turn], BLOCK_FRAMES, phase, step, LEVEL, QUARTER)
        fader.apply(out[turn], BLOCK_FRAMES)
        speaker.write(out[turn])
        step = step * CLIMB_PERMILLE // 1000


async def measure(box, speaker, ticks, give_up):
    """One sweep: the Calibration that it shows. Busy, speaker.Dry, OSError."""
    speaker.open(ticks)
    reading = None
    try:
        await speaker.silence(BLOCK_FRAMES // 2)
        speaker.loud()
        found = Measurement(box, speaker)
        reading = asyncio.create_task(found.read(speaker.next))
        await sound_sweep(speaker, [bytearray(BLOCK_FRAMES * 2) for _ in range(2)], give_up)
        last = speaker.next + LAG_FRAMES
        while speaker.left() < last:
            await speaker.silence(BLOCK_FRAMES // 2)
        return found.result()
    finally:
        if reading:
            reading.cancel()
        speaker.close()
