"""The contract's `beacon` on a local network: datagrams to everybody. For asyncio of MicroPython."""

import socket

from firmware.hal.sockets import Udp


class Beacon(Udp):
    """What one pole says, every pole on the network hears, itself too."""

    most_bytes = 64

    def __init__(self, host, port):
        """`host`: the network's broadcast address, in numbers."""
        self.closed = False
        self._to = socket.getaddrinfo(host, port)[0][-1]
        self._s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._s.setblocking(False)
        self._s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._s.bind(socket.getaddrinfo("0.0.0.0", port)[0][-1])

    def send(self, raw):
        """To all; OSError."""
        self._s.sendto(raw, self._to)
