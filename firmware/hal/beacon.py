"""The contract's `beacon` on a local network: datagrams to everybody. For asyncio of MicroPython."""

import asyncio
import socket
from asyncio import core

MOST_BYTES = 64


class Beacon:
    """What one pole says, every pole on the network hears, itself too."""

    def __init__(self, host, port):
        """`host`: the network's broadcast address, in numbers."""
        self._to = socket.getaddrinfo(host, port)[0][-1]
        self._s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._s.setblocking(False)
        self._s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._s.bind(socket.getaddrinfo("0.0.0.0", port)[0][-1])

    def send(self, raw):
        """To all; OSError."""
        self._s.sendto(raw, self._to)

    async def receive(self, seconds):
        """One datagram, or None after `seconds`; OSError."""
        try:
            return await asyncio.wait_for(self._receive(), seconds)
        except asyncio.TimeoutError:
            return None

    async def _receive(self):
        yield core._io_queue.queue_read(self._s)
        return self._s.recv(MOST_BYTES)
