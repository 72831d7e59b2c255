"""How long the battery would last: from its voltage at rest, and from what a test showed of it.

Of a lead battery of 12 V, as the boxes have them: its voltage at rest falls with its charge nearly in a line.
"""

import asyncio

FULL_MV = 12700
EMPTY_MV = 11600
LOW_MV = 11500  # under load: a test ends here, so that it never is what empties a battery
SAG_MV = 500  # that the pole's own load may pull it down by; a worn or badly joined one sags further
TEST_S = 60
SETTLE_S = 3
ANY_MOHM = 80  # of a good one with its wires, until a test says more
DEFAULT_MAH = 7000


def charge_permille(rest_mv):
    """How full it is, by its voltage at rest."""
    return max(0, min(1000, (rest_mv - EMPTY_MV) * 1000 // (FULL_MV - EMPTY_MV)))


class Battery:
    """`known`: [resistance in mΩ, load in mA] of the last test."""

    def __init__(self, box, capacity_mah):
        """`box`: the contract's."""
        self._box = box
        self._capacity_mah = capacity_mah
        self.known = [ANY_MOHM, 0]

    def minutes(self):
        """That it would last from now on without mains; None without one, or while nobody knows what the pole takes."""
        mv, ma = self._box.battery_mv(), self._box.battery_ma()
        load_ma = ma or self.known[1]
        if mv is None or not load_ma:
            return None
        rest_mv = mv + (ma or 0) * self.known[0] // 1000
        return self._capacity_mah * charge_permille(rest_mv) * 60 // (1000 * load_ma)

    async def test(self, give_up):
        """Take the mains off for a minute and look: (sag in mV, word): "" for a good one, "weak", "low" where
        it had to be broken off, "mains" without mains to take off, or "busy" because `give_up()` said so.
        """
        if self._box.mains() is False:
            return 0, "mains"
        before = self._box.battery_mv()
        mv, word = before, ""
        self._box.relay(False)
        try:
            for second in range(TEST_S):
                await asyncio.sleep(1)
                mv = self._box.battery_mv()
                if give_up():
                    return 0, "busy"
                if mv < LOW_MV and second >= SETTLE_S:
                    word = "low"
                    break
            load_ma = self._box.battery_ma() or 0
        finally:
            self._box.relay(True)
        sag_mv = max(0, before - mv)
        if load_ma:
            self.known = [sag_mv * 1000 // load_ma, load_ma]
        return sag_mv, word or ("weak" if sag_mv > SAG_MV else "")
