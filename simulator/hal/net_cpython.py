"""Sockets of CPython's asyncio."""

import asyncio
import socket
import ssl


class Stream:
    """One connection, both ways."""

    def __init__(self, reader, writer):
        self.closed = False
        self._writer = writer
        self.read = reader.read
        self.readexactly = reader.readexactly
        self.readline = reader.readline
        self.write = writer.write
        self.drain = writer.drain

    def cut(self):
        """Break the line: whoever waits gets the end or an error."""
        self._writer.transport.abort()

    def close(self):
        """At once."""
        self.closed = True
        self._writer.transport.abort() if self._writer.is_closing() else self._writer.close()

    async def wait_closed(self):
        """Until the transport is gone."""
        try:
            await self._writer.wait_closed()
        except OSError:
            pass


async def open_stream(host, port, tls):
    """A connected Stream, or OSError."""
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with open(tls["ca"], "rb") as file:
            raw = file.read()
        context.load_verify_locations(cadata=raw if raw[:1] == b"\x30" else raw.decode())
        if tls.get("cert"):
            context.load_cert_chain(tls["cert"], tls["key"])
    reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host if tls else None)
    return Stream(reader, writer)


async def open_udp(host, port):
    """Datagrams to a host, or OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_DGRAM)
    return Udp(found[0][-1])


class Udp:
    """Datagrams to and from one address."""

    def __init__(self, address):
        self.closed = False
        self._s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._s.setblocking(False)
        self._s.connect(address)

    def send(self, raw):
        """One datagram; OSError."""
        self._s.send(raw)

    async def receive(self, seconds):
        """One datagram, or None after `seconds`; OSError."""
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(loop.sock_recv(self._s, 512), seconds)
        except asyncio.TimeoutError:
            return None

    def cut(self):
        """Break."""
        self.close()

    def close(self):
        """At once."""
        if not self.closed:
            self.closed = True
            self._s.close()
