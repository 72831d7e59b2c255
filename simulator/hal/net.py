"""The pole's network on a PC: TCP with or without TLS, UDP, and a cable that can be pulled.

The file `network` of the profile says "down" while it is cut; it is looked at each second. Streams are our
own because MicroPython's do not close at once, and so that a cut can end them under the reader's hands.
"""

import asyncio
import sys

if sys.implementation.name == "micropython":
    from simulator.hal.net_micropython import open_stream, open_udp
else:
    from simulator.hal.net_cpython import open_stream, open_udp

WATCH_S = 0.7


class Net:
    """Contract: `open`, `udp`. `cut_file`: path of the profile's `network` file; `uplinks`: of which one must be up."""

    def __init__(self, cut_file, uplinks=()):
        self._cut_file = cut_file
        self._uplinks = uplinks
        self._open = []
        self.down = self._is_down()

    def _is_down(self):
        if self._uplinks and not any(uplink.alive() for uplink in self._uplinks):
            return True
        try:
            with open(self._cut_file) as file:
                return file.read().strip() == "down"
        except OSError:
            return False

    async def watch(self):
        """Look at the file for ever; break what is open when it says down."""
        while True:
            self.down = self._is_down()
            self._open = [one for one in self._open if not one.closed]
            if self.down:
                for one in self._open:
                    one.cut()
            await asyncio.sleep(WATCH_S)

    async def open(self, host, port, tls):
        """(reader, writer) of a TCP connection; `tls` as in the profile. OSError when it can not be had."""
        self._check()
        stream = await open_stream(host, port, tls or None)
        self._open.append(stream)
        self._check()
        return stream, stream

    async def udp(self, host, port):
        """A datagram socket to one address."""
        self._check()
        udp = await open_udp(host, port)
        self._open.append(udp)
        return udp

    def _check(self):
        if self.down or self._is_down():
            raise OSError("network is down")
