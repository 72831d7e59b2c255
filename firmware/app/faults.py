"""What is known to be wrong with the box, told when it comes and when it goes."""

from protocol import felt

FINE = {
    felt.HORN_OPEN: felt.HORN_FINE,
    felt.HORN_SHORT: felt.HORN_FINE,
    felt.HORN_WEAK: felt.HORN_FINE,
    felt.AMP_DEAD: felt.AMP_FINE,
    felt.BATTERY_WEAK: felt.BATTERY_FINE,
}
SOUNDING = (felt.HORN_OPEN, felt.HORN_SHORT, felt.AMP_DEAD)  # can be felt while a session is on air, and
OF_HORNS = (felt.HORN_OPEN, felt.HORN_SHORT, felt.HORN_WEAK, felt.AMP_DEAD)


class Faults:
    """What is wrong, as words that were told: "horn_open 2", "amp_dead"."""

    def __init__(self, known, tell):
        """`tell(kind, horn)`"""
        self.words = known
        self._tell = tell

    def find(self, word, horn, there):
        """It is so, or not; told if that is news."""
        whole = word if horn is None else "%s %d" % (word, horn)
        if there == (whole in self.words):
            return
        if there:
            self.words.append(whole)
        else:
            self.words.remove(whole)
        self._tell(word if there else FINE[word], horn)

    def horns(self, found, words=OF_HORNS):
        """All that is wrong with horns and amplifier, as far as `words` go: [(word, number of the horn or None)]."""
        for whole in list(self.words):
            word, _, number = (whole + " ").partition(" ")
            horn = int(number) if number.strip() else None
            if word in words and (word, horn) not in found:
                self.find(word, horn, False)
        for word, horn in found:
            if word in words:
                self.find(word, horn, True)
