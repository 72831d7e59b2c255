"""Tells poles the time: answers UDP pings (protocol.receipt) under each pole's own key."""

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from protocol.receipt import read_ask, tell_time
from protocol.schema import WireError

MOST_BYTES = 64  # of a request; longer ones are cut off, and so are none

# Linux' SO_TIMESTAMPNS, which Python does not name: the kernel says when a datagram came in. Without it the answer
# would call the time that this thread waited for its turn, up to 20 ms in a busy process, part of the way here.
_STAMP = 35
_TIMESPEC = struct.Struct("@ll")
_SIDE_BY_SIDE_NS = 20_000
_LONGEST_WAIT_NS = 10**9  # longer means that the clock was set meanwhile

log = logging.getLogger("loa.time")


class TimeServer:
    """Answers on `host`:`port` (0: any free one, see `port`) from `start` to `stop`. Raises OSError if it is taken.

    `pole_key` gives a pole's key, or None where there is no such pole; `now_us` is Unix µs. Whatever is not a
    request of a known pole gets no answer. A request is as long as an answer at most 3.6 times: no amplifier.
    """

    def __init__(
        self, host: str, port: int, pole_key: Callable[[str], bytes | None], now_us: Callable[[], int]
    ) -> None:
        self._pole_key = pole_key
        self._now_us = now_us
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, _STAMP, 1)
        self._socket.bind((host, port))
        self._socket.settimeout(0.2)  # how soon `stop` is seen
        self.port: int = self._socket.getsockname()[1]
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="time server", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; free the port."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(2)
        self._socket.close()

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                raw, notes, _, sender = self._socket.recvmsg(MOST_BYTES, socket.CMSG_SPACE(_TIMESPEC.size))
                self._answer(raw, sender, self._received_us(notes))
            except TimeoutError:
                continue
            except Exception:  # the time must go on, whatever one request does
                if not self._end.is_set():
                    log.exception("a time request failed")

    def _received_us(self, notes: list[tuple[int, int, bytes]]) -> int:
        """When the kernel took the datagram in, by `now_us`. Both clocks are read side by side: where this thread
        had to pause between the two, they are read again."""
        for _ in range(5):
            here_ns, now_us = time.time_ns(), self._now_us()
            if time.time_ns() - here_ns < _SIDE_BY_SIDE_NS:
                break
        waited_ns = here_ns - _stamp_ns(notes, here_ns)
        return now_us - (waited_ns // 1000 if 0 <= waited_ns <= _LONGEST_WAIT_NS else 0)

    def _answer(self, raw: bytes, sender: tuple, received_us: int) -> None:
        with suppress(WireError):
            pole, nonce = read_ask(raw)
            key = self._pole_key(pole)
            if key is not None:
                self._socket.sendto(tell_time(key, nonce, received_us, self._now_us()), sender)


def _stamp_ns(notes: list[tuple[int, int, bytes]], otherwise_ns: int) -> int:
    """Unix ns at which the kernel took the datagram in, by the machine's clock."""
    for level, kind, stamp in notes:
        if (level, kind, len(stamp)) == (socket.SOL_SOCKET, _STAMP, _TIMESPEC.size):
            seconds, nanoseconds = _TIMESPEC.unpack(stamp)
            return seconds * 10**9 + nanoseconds
    return otherwise_ns
