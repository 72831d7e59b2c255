"""What is wrong with horns whose currents were measured: numbers in, words out, nothing else."""

from protocol.felt import AMP_DEAD, HORN_OPEN, HORN_SHORT, HORN_WEAK

OPEN_PERMILLE = 150  # of what this horn once took: what is left is the converter's noise
WEAK_PERMILLE = 708  # -3 dB: halfway to a horn at -6 dB, far from what heat and mains do to a good one (1 dB)
SHORT_PERMILLE = 2500  # no horn in order takes that; the amplifier's limit keeps even a dead short from more
AMP_PERMILLE = 400  # of what the amplifier once drew at rest


def median(values):
    """The middle one, the lower of two."""
    return sorted(values)[(len(values) - 1) // 2]


def ratios(expected, measured):
    """Permille of each expectation; where nothing was expected, none."""
    return [m * 1000 // e for e, m in zip(expected, measured) if e > 0]


def horn(permilles):
    """The word for one horn out of its ratios (several bands, or one), or None when it is in order."""
    if not permilles:
        return None
    middle = median(permilles)
    if middle < OPEN_PERMILLE:
        return HORN_OPEN
    if middle > SHORT_PERMILLE:
        return HORN_SHORT
    return HORN_WEAK if middle < WEAK_PERMILLE else None


def everything(words, amp_expected_ma, amp_ma):
    """[(word, number of the horn or None)] of all horns' words (in their order, None for a good one).

    Of an amplifier that draws nothing nobody can say more about the horns; several horns that all take nothing mean
    that it is mute, not that all their wires were cut at once.
    """
    silent = words and all(word == HORN_OPEN for word in words)
    dead = amp_expected_ma and amp_ma is not None and amp_ma * 1000 < amp_expected_ma * AMP_PERMILLE
    if silent and (dead or len(words) > 1):
        return [(AMP_DEAD, None)]
    return [(word, index + 1) for index, word in enumerate(words) if word]
