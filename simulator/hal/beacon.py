"""The contract's `beacon` on a PC: broadcast on the loopback network."""

import asyncio
import socket
import sys

if sys.implementation.name == "micropython":
    from firmware.hal.beacon import Beacon  # noqa: F401 - what this module offers
else:

    class Beacon:
        """As firmware.hal.beacon, for CPython's asyncio."""

        def __init__(self, host, port):
            self._to = (host, port)
            self._s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._s.setblocking(False)
            self._s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self._s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._s.bind(("0.0.0.0", port))

        def send(self, raw):
            """To all; OSError."""
            self._s.sendto(raw, self._to)

        async def receive(self, seconds):
            """One datagram, or None after `seconds`; OSError."""
            try:
                return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self._s, 64), seconds)
            except asyncio.TimeoutError:
                return None
