"""A serial line of a PC (a pty) and PPP over it, as far as a PC can be the port's `machine.UART` and `network.PPP`."""

import select
from errno import EALREADY

from simulator.ppp import NOWHERE, End

READ_BYTES = 1024
AGAIN = 12  # looks without progress after which it asks again


class Line:
    """`read` and `write` of a UART that does not wait."""

    IRQ_RXIDLE = 4096

    def __init__(self, path):
        self._file = open(path, "r+b", buffering=0)
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)

    def read(self):
        """What has come, None if nothing has."""
        got = bytearray()
        while len(got) < READ_BYTES and self._poll.poll(0):
            got.extend(self._file.read(1))  # MicroPython's waits for as many as it is asked for
        return bytes(got) or None

    def write(self, raw):
        """At once."""
        return self._file.write(raw)

    def irq(self, handler=None, trigger=0, hard=False):
        """Nobody is called here: the driver looks whenever it is asked something."""

    def close(self):
        """For good."""
        self._file.close()


class PPP:
    """The members of `network.PPP` that the pole uses, with their arguments and the states of the port's driver."""

    SEC_NONE = 0
    INACTIVE, CONNECTING, CONNECTED = 0, 3, 4

    def __init__(self, stream):
        self._stream = stream
        self._end = None
        self._looks = 0  # without progress
        self._leaving = False

    def connect(self, security=SEC_NONE, user=None, key=None):
        """Begin; it goes on by itself. OSError while the last connection has not ended."""
        if self.status() != self.INACTIVE:
            raise OSError(EALREADY)
        self._end = End()
        self._looks = 0
        self._leaving = False
        self._stream.irq(self.poll, self._stream.IRQ_RXIDLE)
        self._stream.write(self._end.begin())

    def poll(self):
        """Take what has come."""
        end = self._end
        if end is None or end.ended:
            return
        came = self._stream.read()
        if came:
            out = end.take(came)
            if out:
                self._stream.write(out)
        elif self._leaving or not end.up:
            self._looks += 1
            if self._looks % AGAIN == 0:
                if self._leaving:
                    end.ended = True  # nobody says good-bye
                else:
                    self._stream.write(end.begin())

    def status(self):
        """One of the states."""
        self.poll()
        if self._end is None or self._end.ended:
            return self.INACTIVE
        return self.CONNECTED if self._end.up else self.CONNECTING

    def isconnected(self):
        """True while both ends agree."""
        return self.status() == self.CONNECTED

    def disconnect(self):
        """Begin to end it."""
        if self.status() != self.INACTIVE and not self._leaving:
            self._leaving = True
            self._looks = 0
            self._stream.write(self._end.end())

    def ifconfig(self):
        """(address, mask, gateway, name server)."""
        end = self._end
        address, server = (end.address, end.name_server) if end else (NOWHERE, NOWHERE)
        return _text(address), "255.255.255.255", "0.0.0.0", _text(server)

    def echo(self):
        """Ask the other end for a sign of life; `echoed` counts them. The port has no such thing."""
        self._stream.write(self._end.echo())

    @property
    def echoed(self):
        """Answers to `echo`."""
        self.poll()
        return self._end.echoed


def _text(address):
    return "%d.%d.%d.%d" % tuple(address)
