"""What uplinks of every kind have in common (firmware/hal/contract.md, "Uplinks")."""

import asyncio
import errno

LOOK_S = 0.25


async def until(test, seconds):
    """Returns once `test()` is true; OSError when it has not been for so long."""
    for _ in range(int(seconds / LOOK_S)):
        if test():
            return
        await asyncio.sleep(LOOK_S)
    raise OSError(errno.ETIMEDOUT)


class Uplink:
    """One that stands on an object like those of the port's `network`, made when it is first asked to rise: what is not
    wired up as it should be fails then, and not the pole.
    """

    name = ""

    def __init__(self):
        self._nic = None

    def alive(self):
        """True while it has an address and nothing says otherwise."""
        return self._nic is not None and self._nic.isconnected() and self._nic.ifconfig()[0] != "0.0.0.0"

    def facts(self):
        """What can be told of it; `rssi_dbm` only where it is measured now."""
        return {"address": self._nic.ifconfig()[0]} if self.alive() else {}

    def servers(self):
        """Addresses of the name servers that its network has named."""
        return [one for one in (self._nic.ifconfig()[3],) if one != "0.0.0.0"] if self.alive() else []
