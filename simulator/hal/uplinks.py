"""Uplinks that a pole on a PC keeps by itself. What is opened goes over the PC's network while one of them is up.

{"name": "lan"}: a cable, pulled while the profile's file `uplink-lan` is there
{"name": "4g", "path", "pins"}: a modem on a pty, and the UDP port that is its pins (simulator.modem)
"""

import os
import socket

from firmware.hal.cellular import Cellular
from simulator.hal.line import PPP, Line


def made(wanted, folder):
    """These uplinks, best first."""
    found = []
    for one in wanted:
        if one["name"] == "4g":
            found.append(Cellular(Line(one["path"]), PPP, "v-internet", _key(one["pins"])))
        else:
            found.append(Cable(one["name"], folder))
    return found


class Cable:
    """An uplink that is there or is not."""

    def __init__(self, name, folder):
        self.name = name
        self._pulled = folder + "/uplink-" + name
        self._up = False

    def _there(self):
        try:
            os.stat(self._pulled)
        except OSError:
            return True
        return False

    async def up(self):
        """OSError while it is pulled."""
        if not self._there():
            raise OSError("no cable")
        self._up = True

    def down(self):
        """Not used any more."""
        self._up = False

    def alive(self):
        """True while it is up and plugged in."""
        return self._up and self._there()

    async def restart(self):
        """There is nothing to restart."""

    def facts(self):
        """Nothing to tell."""
        return {}


def _key(port):
    pins = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    pins.connect(socket.getaddrinfo("127.0.0.1", port, socket.AF_INET, socket.SOCK_DGRAM)[0][-1])
    return lambda level: pins.send(b"key %d" % level)
