"""The head-end's time over a mobile network, in real time: each answer leaves when the network would bring it."""

import asyncio
import threading
import time

from protocol import receipt
from protocol.schema import WireError
from simulator.bench.street import pole_key
from simulator.virtual.mobile import Mobile


class MobileTimeServer(asyncio.DatagramProtocol):
    """Use as a context manager; `address` is where poles ask. `mobiles`: each pole's network by its name."""

    def __init__(self, mobiles: dict[str, Mobile]) -> None:
        self._mobiles = mobiles
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.address: tuple[str, int] = ("", 0)
        self.answered = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        """The socket is open."""
        self._transport = transport

    def datagram_received(self, raw: bytes, who: tuple) -> None:
        """A ping: it is on its way up."""
        try:
            pole, nonce = receipt.read_ask(raw)
        except WireError:
            return
        delays = self._mobiles[pole].delays(time.monotonic_ns() // 1000)
        if delays is not None:
            self._loop.call_later(delays[0] / 1e6, self._arrived, pole, nonce, delays[1], who)

    def _arrived(self, pole: str, nonce: bytes, down_us: int, who: tuple) -> None:
        now_us = time.time_ns() // 1000
        answer = receipt.tell_time(pole_key(pole), nonce, now_us, now_us)
        self._loop.call_later(down_us / 1e6, self._send, answer, who)

    def _send(self, answer: bytes, who: tuple) -> None:
        self.answered += 1
        self._transport.sendto(answer, who)

    def __enter__(self) -> "MobileTimeServer":
        self._thread.start()
        opening = self._loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        asyncio.run_coroutine_threadsafe(opening, self._loop).result(10)
        self.address = self._transport.get_extra_info("sockname")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._transport.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
