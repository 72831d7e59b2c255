"""TCP and UDP of MicroPython on asyncio's poll: the same for every board, and for the PC."""

import asyncio
import errno
import socket
from asyncio import core

import tls as tls_module

READ_BYTES = 1024
LONGEST_LINE = 4096


def address_of(ip, port):
    """What connect wants for an IPv4 address, which is what all sockets here are for. OSError. Names: see dns.py."""
    return socket.getaddrinfo(ip, port, socket.AF_INET, socket.SOCK_STREAM)[0][-1]


class Stream:
    """One connection, both ways. It reads into one buffer of its own: a small heap has no room for surprises."""

    def __init__(self, raw):
        self.closed = False
        self.raw = raw
        self._s = raw
        self._out = b""
        self._buffer = bytearray(READ_BYTES)
        self._view = memoryview(self._buffer)
        self._start = 0
        self._end = 0

    def secure(self, context, host):
        """TLS from here on; the handshake happens with the first bytes."""
        self._s = context.wrap_socket(self.raw, server_hostname=host, do_handshake_on_connect=False)
        self._s.setblocking(False)

    async def _fill(self):
        """Wait until there is something in the buffer; False at the end of the stream."""
        while self._start == self._end:
            if self.closed:
                raise OSError(errno.ECONNRESET)
            got = self._s.readinto(self._buffer)
            if got == 0:
                return False
            if got is None:
                yield core._io_queue.queue_read(self._s)
            else:
                self._start = 0
                self._end = got
        return True

    def _take(self, most):
        start = self._start
        self._start = min(self._end, start + most)
        return self._view[start : self._start]

    async def read(self, size):
        """1 to `size` bytes, nothing at the end; they are valid until the next read."""
        await self._fill()
        return self._take(size)

    async def readexactly(self, size):
        """Exactly `size` bytes, or EOFError."""
        whole = bytearray(size)
        at = 0
        while at < size:
            if not await self._fill():
                raise EOFError
            got = self._take(size - at)
            whole[at : at + len(got)] = got
            at += len(got)
        return whole

    async def readline(self):
        """A line with its end; shorter at the end of the stream."""
        line = b""
        while await self._fill():
            at = self._buffer.find(b"\n", self._start, self._end)
            line += self._take(self._end if at < 0 else at + 1 - self._start)
            if at >= 0:
                break
            if len(line) > LONGEST_LINE:
                raise OSError(errno.EMSGSIZE)
        return line

    def write(self, raw):
        """Keep for drain."""
        self._out += raw

    async def drain(self):
        """Send what was kept."""
        out, self._out = memoryview(self._out), b""
        at = 0
        while at < len(out):
            if self.closed:
                raise OSError(errno.ECONNRESET)
            sent = self._s.write(out[at:])
            at += sent or 0
            if at < len(out):
                yield core._io_queue.queue_write(self._s)

    def close(self):
        """At once."""
        if not self.closed:
            self.closed = True
            self._s.close()

    async def wait_closed(self):
        """Nothing is left to wait for."""


async def open_stream(address, host, tls, kind=Stream):
    """A connected Stream, or OSError. `tls`: None, or paths of ca, cert and key (cert and key may be absent)."""
    raw = socket.socket()
    raw.setblocking(False)
    try:
        try:
            raw.connect(address)
        except OSError as why:
            if why.errno != errno.EINPROGRESS:
                raise
            yield core._io_queue.queue_write(raw)
        stream = kind(raw)
        if tls:
            stream.secure(_context(tls), host)
        return stream
    except BaseException:
        raw.close()
        raise


def _context(tls):
    context = tls_module.SSLContext(tls_module.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls_module.CERT_REQUIRED
    with open(tls["ca"], "rb") as file:
        context.load_verify_locations(file.read())
    if tls.get("cert"):
        with open(tls["cert"], "rb") as cert, open(tls["key"], "rb") as key:
            context.load_cert_chain(cert.read(), key.read())
    return context


class Udp:
    """Datagrams to and from one address."""

    most_bytes = 512

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
        try:
            return await asyncio.wait_for(self._receive(), seconds)
        except asyncio.TimeoutError:
            return None

    async def _receive(self):
        yield core._io_queue.queue_read(self._s)
        return self._s.recv(self.most_bytes)

    def close(self):
        """At once."""
        if not self.closed:
            self.closed = True
            self._s.close()
