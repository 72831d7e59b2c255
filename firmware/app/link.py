"""One connection to the broker, kept for ever: MQTT 3.1.1 with QoS 1, a persistent session and a last will.

The transport is passed in. One write per packet: header, topic and payload in separate writes cost 40 ms each
to Nagle and delayed acknowledgements. An order is acknowledged after the handler has taken it, so that it
comes again otherwise.
"""

import asyncio
import gc

from firmware.app.mqtt import (
    CONNACK,
    DISCONNECT,
    KEEPALIVE_S,
    PINGREQ,
    PUBACK,
    PUBLISH,
    SUBACK,
    SUBSCRIBE,
    connect_packet,
    packet,
    text,
)

PING_EVERY_S = 12
CONNECT_TIMEOUT_S = 20
STEADY_S = 5  # a connection that lasted this long counts, and the next attempt is soon again
LAST_BACKOFF_S = 60
LARGE = 1024
MOST_PACKET = 24 * 1024  # bigger ones are read away and counted: a pole's memory is small

class LinkError(Exception):
    """The broker said something that ends the connection."""


class NotNow(Exception):
    """The handler does not take this message for now: it is not acknowledged, and comes again."""


class Link:
    """Keeps one connection to the broker, for ever."""

    def __init__(self, net, random, broker, client, reads, take, will, log):
        """`broker`: host, port, user, password, tls; `take(topic, payload)`: async; `will()`: (topic,
        bytes).
        """
        self.up = False
        self.turns = 0  # signs of life of this task (vigil)
        self.on_up = None  # async function, called after each connect
        self.on_refused = None  # function(why): a packet was too big ("size"), or taking it failed ("error")
        self._net = net
        self._random = random
        self._broker = broker
        self._client = client
        self._reads = reads
        self._take = take
        self._will = will
        self._log = log
        self._lock = asyncio.Lock()
        self._writer = None
        self._last_id = 0

    async def run(self):
        """Connect, serve, and again. Never returns."""
        failures = 0
        while True:
            self.turns += 1
            gc.collect()  # a TLS handshake wants large pieces of memory
            steady = await self._attempt()
            failures = 0 if steady else failures + 1
            most_ms = min(LAST_BACKOFF_S * 1000, 500 << min(failures, 7))
            spread = int.from_bytes(self._random(2), "big")
            await asyncio.sleep((most_ms // 2 + most_ms * spread // 65536) / 1000)

    async def _attempt(self):
        """One connection's life; True if it lasted."""
        pinging = steadying = None
        self.steady = False
        try:
            reader = await asyncio.wait_for(self._connect(), CONNECT_TIMEOUT_S)
            self.up = True
            pinging = asyncio.create_task(self._ping())
            steadying = asyncio.create_task(self._settle())
            if self.on_up:
                await self.on_up()
            while True:
                await self._read_one(reader)
        except (OSError, EOFError, LinkError, ValueError, asyncio.TimeoutError):
            return self.steady
        finally:
            self.up = False
            for task in (pinging, steadying):
                if task:
                    task.cancel()
            writer, self._writer = self._writer, None
            if writer:
                await _close(writer)

    async def _settle(self):
        await asyncio.sleep(STEADY_S)
        self.steady = True

    async def _connect(self):
        reader, self._writer = await self._net.open(self._broker["host"], self._broker["port"], self._broker.get("tls"))
        await self._send(
            connect_packet(self._client, self._broker.get("user"), self._broker.get("password"), self._will())
        )
        kind, size = await self._head(reader)
        answer = await reader.readexactly(size) if size == 2 else b""
        if kind != CONNACK or len(answer) != 2 or answer[1]:
            raise LinkError("refused by the broker")
        wanted = b"".join([text(topic) + b"\x01" for topic in self._reads])
        await self._send(packet(SUBSCRIBE, self._next_id() + wanted))
        return reader

    def _next_id(self):
        self._last_id = self._last_id % 65535 + 1
        return self._last_id.to_bytes(2, "big")

    async def _send(self, raw):
        async with self._lock:
            if self._writer is None:
                raise OSError("not connected")
            self._writer.write(raw)
            # A line that takes nothing any more is as dead as one that says nothing.
            await asyncio.wait_for(self._writer.drain(), KEEPALIVE_S)

    async def publish(self, topic, payload, retain=False):
        """Send with QoS 1; False when there is no connection. Whether it arrived, the application asks
        itself.
        """
        if not self.up:
            return False
        try:
            await self._send(packet(PUBLISH | 2 | (1 if retain else 0), text(topic) + self._next_id() + payload))
            return True
        except (OSError, asyncio.TimeoutError):
            return False

    async def say(self, topic, payload):
        """Send with QoS 0: what is newer tomorrow anyway. False when there is no connection."""
        if not self.up:
            return False
        try:
            await self._send(packet(PUBLISH, text(topic) + payload))
            return True
        except (OSError, asyncio.TimeoutError):
            return False

    async def leave(self):
        """Say good-bye, so that the last will is not published."""
        if self.up:
            try:
                await self._send(packet(DISCONNECT, b""))
            except (OSError, asyncio.TimeoutError):
                pass

    async def _ping(self):
        try:
            while True:
                await asyncio.sleep(PING_EVERY_S)
                await self._send(packet(PINGREQ, b""))
        except (OSError, asyncio.TimeoutError):
            pass  # the reader notices it too

    async def _head(self, reader):
        kind = (await reader.readexactly(1))[0]
        size = shift = 0
        while True:
            digit = (await reader.readexactly(1))[0]
            size |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                return kind, size
            if shift > 21:
                raise LinkError("length")

    async def _read_one(self, reader):
        # Between two pings something must come, or the line is dead, whatever TCP thinks of it.
        kind, size = await asyncio.wait_for(self._head(reader), KEEPALIVE_S)
        self.turns += 1
        if size > LARGE:
            gc.collect()  # the heap of a small pole is in pieces by now
        try:
            if size > MOST_PACKET:
                raise MemoryError
            body = await asyncio.wait_for(reader.readexactly(size), KEEPALIVE_S) if size else b""
        except MemoryError:  # before anything of it was read
            await asyncio.wait_for(self._drain(reader, kind, size), KEEPALIVE_S * 4)
            return
        if kind & 0xF0 == PUBLISH:
            await self._publish_came(kind, body)
        elif kind == SUBACK and 0x80 in bytes(body[2:]):
            raise LinkError("subscription refused")

    async def _publish_came(self, kind, body):
        end = 2 + int.from_bytes(body[:2], "big")
        quality = kind >> 1 & 3
        start = end + 2 if quality else end
        if quality > 1 or len(body) < start:
            raise LinkError("packet")
        try:
            await self._take(str(body[2:end], "utf-8"), memoryview(body)[start:])
        except NotNow:
            return
        except OSError:
            raise  # the flash did not take it: not acknowledged, so that it comes again
        except Exception as why:  # acknowledged all the same, or it would come for ever
            self._log("message of %d bytes not taken: %s" % (len(body), repr(why)))
            self._refused("error")
        if quality:
            await self._send(packet(PUBACK, bytes(body[end:start])))

    async def _drain(self, reader, kind, size):
        """Read an oversize packet away, whatever it says of itself, and acknowledge it."""
        topic = int.from_bytes(await reader.readexactly(2), "big")
        if topic + 4 > size:
            raise LinkError("packet")
        await self._skip(reader, topic)
        number = bytes(await reader.readexactly(2))
        await self._skip(reader, size - topic - 4)
        self._log("message of %d bytes is too big" % size)
        self._refused("size")
        if kind & 0xF0 == PUBLISH and kind >> 1 & 3 == 1:
            await self._send(packet(PUBACK, number))

    async def _skip(self, reader, size):
        while size:
            got = await reader.read(min(size, 1024))
            if not got:
                raise EOFError
            size -= len(got)

    def _refused(self, why):
        if self.on_refused:
            self.on_refused(why)


async def _close(stream):
    try:
        stream.close()
        await stream.wait_closed()
    except OSError:
        pass
