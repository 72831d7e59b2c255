"""The MQTT client by itself: bytes as the standard says, and a broker that says nonsense."""

import asyncio
import os
import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.app import link
from firmware.app.link import Link, connect_packet, packet


@pytest.fixture(scope="module", autouse=True)
def nothing_to_collect():
    """A pole's heap is collected in a moment; that of all tests together takes longer than what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(link, "gc", SimpleNamespace(collect=lambda: None))
        yield


def test_packets_are_those_of_the_standard():  # MQTT 3.1.1, 2.2.3 and 3.1
    assert packet(0xC0, b"") == b"\xc0\x00"
    assert packet(0x30, bytes(127))[:2] == b"\x30\x7f"
    assert packet(0x30, bytes(128))[:3] == b"\x30\x80\x01"
    assert packet(0x30, bytes(16_384))[:4] == b"\x30\x80\x80\x01"
    raw = connect_packet("p1", "user", "word", ("t", b"gone"))
    assert raw[2:8] == b"\x00\x04MQTT" and raw[8] == 4
    assert raw[9] == 0b11101100  # user, password, will retained, will QoS 1, will, no clean session
    assert raw[12:].endswith(b"\x00\x02p1\x00\x01t\x00\x04gone\x00\x04user\x00\x04word")
    assert connect_packet("p1", None, None, ("t", b""))[9] == 0b00101100


class Wire:
    """A connection whose other end has said everything already."""

    def __init__(self, said: bytes):
        self.said, self.sent = said, b""
        self.closed = False

    async def readexactly(self, size):
        if len(self.said) < size:
            raise EOFError
        got, self.said = self.said[:size], self.said[size:]
        return got

    async def read(self, size):
        got, self.said = self.said[:size], self.said[size:]
        return got

    def write(self, raw):
        self.sent += raw

    async def drain(self):
        pass

    def close(self):
        self.closed = True

    async def wait_closed(self):
        pass


class OneWire:
    def __init__(self, wire):
        self.wire = wire

    async def open(self, host, port, tls):
        return self.wire, self.wire


def talk(said: bytes, take=None, kind=Wire) -> tuple[Link, Wire, list]:
    """One connection to a broker that says `said` after it has accepted it."""
    wire, taken = kind(b"\x20\x02\x00\x00" + said), []

    async def keep(topic, payload):
        taken.append((topic, bytes(payload)))
        if take:
            take(payload)

    async def run():
        broker = {"host": "x", "port": 1, "user": "u", "password": "p"}
        client = Link(OneWire(wire), os.urandom, broker, "p1", ["a"], keep, lambda: ("w", b""), lambda line: None)
        client.refused = []
        client.on_refused = client.refused.append
        await client._attempt()
        return client

    return asyncio.run(run()), wire, taken


def publish(topic: bytes, payload: bytes, number: int = 7, quality: int = 1) -> bytes:
    pid = number.to_bytes(2, "big") if quality else b""
    return packet(0x30 | quality << 1, len(topic).to_bytes(2, "big") + topic + pid + payload)


def test_a_message_is_acknowledged_after_it_was_taken():
    _, wire, taken = talk(publish(b"a", b"hello"))
    assert taken == [("a", b"hello")]
    assert wire.sent.endswith(b"\x40\x02\x00\x07") and wire.closed


def test_a_message_that_breaks_the_handler_is_acknowledged_or_it_would_come_for_ever():
    def broken(_):
        raise ValueError("what is this")

    client, wire, _ = talk(publish(b"a", b"x") + publish(b"a", b"y", 8), broken)
    assert client.refused == ["error", "error"] and wire.sent.endswith(b"\x40\x02\x00\x07\x40\x02\x00\x08")


def test_a_message_that_is_too_big_is_read_away_and_the_next_one_taken():
    big = publish(b"a", bytes(link.MOST_PACKET + 200_000))
    client, wire, taken = talk(big + publish(b"a", b"after", 9))
    assert client.refused == ["size"] and taken == [("a", b"after")]
    assert b"\x40\x02\x00\x07" in wire.sent and wire.sent.endswith(b"\x40\x02\x00\x09")


class SmallWire(Wire):
    """A pole whose heap is in pieces."""

    async def readexactly(self, size):
        if size > 300:
            raise MemoryError
        return await super().readexactly(size)


def test_what_finds_no_memory_is_read_away_like_what_is_too_big():
    client, wire, taken = talk(publish(b"a", bytes(900)) + publish(b"a", b"after", 9), kind=SmallWire)
    assert client.refused == ["size"] and taken == [("a", b"after")]
    assert b"\x40\x02\x00\x07" in wire.sent


def test_a_big_message_with_a_topic_of_64_kilobytes_takes_no_memory_either():
    big = publish(b"a" * 65_000, bytes(link.MOST_PACKET))
    client, wire, taken = talk(big + publish(b"a", b"after", 9), kind=SmallWire)
    assert client.refused == ["size"] and taken == [("a", b"after")]


def test_a_flash_that_takes_nothing_leaves_the_message_unacknowledged():
    def full(_):
        raise OSError(28)

    client, wire, _ = talk(publish(b"a", b"x"), full)
    assert client.refused == [] and not wire.sent.endswith(b"\x40\x02\x00\x07")


class DeadWire(Wire):
    """A line that takes what is sent and never says anything again, as a mobile network drops it."""

    async def readexactly(self, size):
        if self.said:
            return await super().readexactly(size)
        await asyncio.Event().wait()


class StuckWire(DeadWire):
    """And one that after CONNECT and SUBSCRIBE takes nothing either."""

    drained = 0

    async def drain(self):
        self.drained += 1
        if self.drained > 2:
            await asyncio.Event().wait()


@pytest.mark.parametrize("kind", [DeadWire, StuckWire])
def test_a_dead_line_shows_within_one_and_a_half_keepalives(kind, monkeypatch):
    keepalive_s = 0.4
    assert link.PING_EVERY_S < link.KEEPALIVE_S
    monkeypatch.setattr(link, "KEEPALIVE_S", keepalive_s)
    monkeypatch.setattr(link, "PING_EVERY_S", 0.1)
    monkeypatch.setattr(link, "connect_packet", lambda *_: b"")
    begun = time.monotonic()
    client, wire, _ = talk(b"", kind=kind)
    assert wire.closed and not client.up
    assert time.monotonic() - begun < 1.5 * keepalive_s


@pytest.mark.parametrize("answer", [b"\x90\x03\x00\x01\x80", b"\x34\x05\x00\x01a\x00\x01", b"\x30\x01\x00"])
def test_what_a_broker_must_not_say_ends_the_connection(answer):
    client, wire, _ = talk(answer + publish(b"a", b"never"))
    assert wire.closed and not client.up


@given(said=st.binary(max_size=60))
def test_no_bytes_of_a_broker_break_the_client(said):
    client, wire, _ = talk(said)
    assert wire.closed and not client.up
