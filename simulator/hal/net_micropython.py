"""The board's sockets on unix MicroPython, with a cable that can be pulled."""

import os
import time

import ffi

from firmware.hal import dns, sockets

_shutdown = ffi.open("libc.so.6").func("i", "shutdown", "ii")


class Stream(sockets.Stream):
    """One connection, both ways."""

    def cut(self):
        """Break the line: whoever waits gets the end or an error."""
        _shutdown(self.raw.fileno(), 2)


def _words(path):
    """Each line of a system's file as words, without comments; nothing when there is no such file."""
    try:
        with open(path) as file:
            return [line.split("#")[0].split() for line in file]
    except OSError:
        return []


def _servers():
    return [line[1] for line in _words("/etc/resolv.conf") if line[:1] == ["nameserver"] and dns.numeric(line[1])]


def _hosts():
    return {name: line[0] for line in _words("/etc/hosts") if line and dns.numeric(line[0]) for name in line[1:]}


names = dns.Resolver(_servers, lambda address: Udp(address), os.urandom, time.time, _hosts())


async def open_stream(host, port, tls):
    """A connected Stream, or OSError."""
    address = sockets.address_of(await names.find(host), port)
    return await sockets.open_stream(address, host, tls, Stream)


async def open_udp(host, port):
    """Datagrams to a host, or OSError."""
    return Udp((await names.find(host), port))


class Udp(sockets.Udp):
    """Datagrams to and from one address."""

    def __init__(self, address):
        sockets.Udp.__init__(self, sockets.address_of(*address))

    def cut(self):
        """Break."""
        self.close()
