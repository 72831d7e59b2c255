"""Feels whether what is given to the loudspeaker comes out of the horns: the acoustic receipt.

Every 80 ms the current of the horns (of a pole without such a measurement, its microphone) is held against the level of
the very frames that are leaving. A stretch counts as heard if there is current where there is sound, about as much as
the pole's own calibration says, and, in stretches whose level changes, if it changes with it (a converter that hangs at
some figure proves nothing). Whole numbers only.
"""

import asyncio

from firmware.app import verdict
from firmware.app.volume import mean_level

LISTEN_S = 0.08
LAG_FRAMES = 320  # what the rectifiers show is 20 ms old
WINDOWS = 16  # of a stretch
LOUD = 328  # -40 dB: without a calibration, what sound must have for a current to be expected
LEAST_PERMILLE = 250  # of the expected current
SAME_PERCENT = 9  # square of the correlation 0.3
KNOWN_BLOCKS = 40  # more than any driver's memory holds


class Ear:
    """Listens to one loudspeaker, session by session."""

    def __init__(self, speaker, box):
        """`box`: the contract's."""
        self.calibration = None  # selftest.Calibration
        self.found = None  # function([(word, number of a horn)]): what is wrong with the horns that sound
        self._box = box
        self._speaker = speaker
        self.begin()

    def begin(self):
        """Forget the last session."""
        self._given = []  # [frame behind it, level] of each block
        self._sum = self._heard = 0
        self._zero = 0  # what the converters show in silence
        self._new_stretch()
        self._begun = False
        self._wrong = None  # what the last stretch showed of the horns

    def _new_stretch(self):
        self._levels = []
        self._felt = []
        self._horns = [0] * self._box.horns

    def given(self, out, count):
        """`count` samples of `out` have just been given to the speaker."""
        self._given.append((self._speaker.next, mean_level(out, count)))
        if len(self._given) > KNOWN_BLOCKS:
            self._given.pop(0)

    async def listen(self):
        """For ever; to be cancelled when the session is over."""
        while True:
            await asyncio.sleep(LISTEN_S)
            if self._speaker.is_open:
                self._take(self._speaker.left() - LAG_FRAMES)

    def _take(self, frame):
        while self._given and self._given[0][0] <= frame:
            self._given.pop(0)
            self._begun = True
        currents = [self._box.horn_ma(i) for i in range(self._box.horns)]
        felt = sum(currents) if currents else self._box.mic()
        if felt is None:
            return
        if not self._begun and not (self._given and self._given[0][0] - 4 * LAG_FRAMES <= frame):
            self._zero = max(self._zero, felt)  # zeros are leaving before the first frame
        elif self._given:
            self._begun = True
            self._window(self._given[0][1], felt, currents)

    def _expected(self, level):
        """mA of all horns together, None where that was never learnt."""
        return self.calibration.total_ma(level) if self.calibration and self._horns else None

    def _window(self, level, felt, currents):
        expected = self._expected(level)
        floor = 2 * self._zero + 2
        if level < LOUD if expected is None else expected < 2 * floor:
            return
        self._levels.append(level)
        self._felt.append(felt if felt > floor and felt * 1000 >= (expected or 0) * LEAST_PERMILLE else 0)
        for index, current in enumerate(currents):
            self._horns[index] += current
        if len(self._levels) == WINDOWS:
            if self.calibration and self.found:
                self._judge(sum(self._levels))
            self._stretch()

    def _stretch(self):
        self._sum += sum(self._levels) >> 4
        if moves_with(self._levels, self._felt):
            self._heard += sum([level for level, felt in zip(self._levels, self._felt) if felt]) >> 4
        self._new_stretch()

    def _judge(self, whole):
        """Twice in a row the same, and it is told."""
        expected = [self.calibration.horn_ma(index, whole) for index in range(len(self._horns))]
        words = [verdict.horn(verdict.ratios([e], [m])) for e, m in zip(expected, self._horns)]
        words = [None if word == verdict.HORN_WEAK else word for word in words]  # that takes the test's own sweep
        wrong = tuple(verdict.everything(words, self.calibration.amp_ma, self._box.amp_ma()))
        if wrong == self._wrong:
            self.found(wrong)
        self._wrong = wrong

    def permille(self):
        """Of the sound of this session, weighed by its level, how much was felt; None where nothing could be."""
        if len(self._levels) > 1:
            self._stretch()
        return self._heard * 1000 // self._sum if self._sum else None

    def fields(self):
        """The receipt's."""
        heard = self.permille()
        return {} if heard is None else {"heard_permille": heard}


def moves_with(levels, felt):
    """False if the levels change and what was felt does not change with them."""
    if max(levels) < 2 * min(levels) or not any(felt):
        return True  # nothing to see by, or nothing felt: that is counted window by window
    count = len(levels)
    total, felt_total = sum(levels), sum(felt)
    both = count * sum([x * y for x, y in zip(levels, felt)]) - total * felt_total
    spread = count * sum([x * x for x in levels]) - total * total
    felt_spread = count * sum([y * y for y in felt]) - felt_total * felt_total
    return both > 0 and both * both * 100 >= SAME_PERCENT * spread * felt_spread
