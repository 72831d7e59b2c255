"""The board's sockets on unix MicroPython, with a cable that can be pulled."""

import ffi

from firmware.hal import sockets
from firmware.hal.sockets import resolve  # noqa: F401 - part of what this module offers

_shutdown = ffi.open("libc.so.6").func("i", "shutdown", "ii")


class Stream(sockets.Stream):
    """One connection, both ways."""

    def cut(self):
        """Break the line: whoever waits gets the end or an error."""
        _shutdown(self.raw.fileno(), 2)


async def open_stream(address, host, tls):
    """A connected Stream, or OSError."""
    return await sockets.open_stream(address, host, tls, Stream)


class Udp(sockets.Udp):
    """Datagrams to and from one address."""

    def cut(self):
        """Break."""
        self.close()
