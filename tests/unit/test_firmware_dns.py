"""The pole's own resolver: what it takes for an answer, how long it believes it, and what it does without one."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.hal import dns
from firmware.hal.dns import LONGEST_TTL_S, SHORTEST_TTL_S, NoSuchName, Resolver, answer, question

NAME = "mqtt.example"


def reply(asked: bytes, ttl: int = 300, ip: bytes = b"\x0a\x00\x00\x01", flags: bytes = b"\x81\x80") -> bytes:
    record = b"\xc0\x0c\x00\x01\x00\x01" + ttl.to_bytes(4, "big") + b"\x00\x04" + ip
    return asked[:2] + flags + b"\x00\x01\x00\x01\x00\x00\x00\x00" + asked[12:] + record


class Bench:
    """A resolver with servers of the test's own: `says(server, asked)` gives a list of datagrams."""

    def __init__(self, says, servers=("10.0.0.53",)):
        self.now, self.says, self.closed = 1000, says, 0
        self.resolver = Resolver(lambda: servers, self.udp, lambda count: b"\x12\x34"[:count], lambda: self.now)

    def udp(self, address):
        bench = self

        class Udp:
            def send(self, raw):
                self.left = bench.says(address[0], raw)

            async def receive(self, seconds):
                return self.left.pop(0) if self.left else None

            def close(self):
                bench.closed += 1

        return Udp()

    def find(self, name=NAME):
        return asyncio.run(self.resolver.find(name))


def test_a_question_is_that_of_the_standard():  # RFC 1035, 4.1
    head = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
    assert question(0x1234, "a.bc") == head + b"\x01a\x02bc\x00\x00\x01\x00\x01"


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64])
def test_what_can_not_be_a_name_is_refused_without_asking(name):
    with pytest.raises(NoSuchName):
        question(1, name)


def test_addresses_and_this_very_machine_need_no_server():
    bench = Bench(lambda server, asked: [])
    assert bench.find("192.0.2.1") == "192.0.2.1" and bench.find("localhost") == "127.0.0.1"
    assert bench.resolver.asked == 0


@pytest.mark.parametrize(("ttl", "holds"), [(0, SHORTEST_TTL_S), (300, 300), (10**6, LONGEST_TTL_S)])
def test_an_answer_is_believed_for_as_long_as_it_says_within_reason(ttl, holds):
    bench = Bench(lambda server, asked: [reply(asked, ttl)])
    assert bench.find() == "10.0.0.1"
    bench.now += holds - 1
    bench.find()
    assert bench.resolver.asked == 1
    bench.now += 1
    bench.find()
    assert bench.resolver.asked == bench.closed == 2


def test_an_answer_to_another_question_is_not_believed():
    bench = Bench(lambda server, asked: [
        reply(b"\x00\x00" + asked[2:], ip=b"\x06\x06\x06\x06"),
        reply(question(0x1234, "evil.example"), ip=b"\x06\x06\x06\x06"),
        reply(asked),
    ])
    assert bench.find() == "10.0.0.1"


def test_the_next_server_is_asked_when_one_is_silent_or_out_of_order():
    said = {"10.0.0.1": lambda asked: [], "10.0.0.2": lambda asked: [reply(asked, flags=b"\x81\x82")], "10.0.0.3": None}
    bench = Bench(lambda server, asked: said[server](asked) if said[server] else [reply(asked)], tuple(said))
    assert bench.find() == "10.0.0.1" and bench.resolver.asked == 3


def test_without_any_server_an_old_address_is_better_than_none_but_not_for_ever():
    alive = [True]
    bench = Bench(lambda server, asked: [reply(asked)] if alive[0] else [])
    bench.find()
    alive[0] = False
    bench.now += 2 * LONGEST_TTL_S
    assert bench.find() == "10.0.0.1"
    bench.now += dns.STALE_S
    with pytest.raises(OSError):
        bench.find()


def test_a_name_that_does_not_exist_is_an_error_at_once():
    bench = Bench(lambda server, asked: [reply(asked, flags=b"\x81\x83")])
    with pytest.raises(NoSuchName):
        bench.find()
    assert bench.resolver.asked == 1


@given(tail=st.binary(max_size=80), flags=st.binary(min_size=10, max_size=10))
def test_no_datagram_breaks_it(tail, flags):
    asked = question(7, NAME)
    for raw in (tail, asked[:2] + flags + tail, asked[:2] + flags + asked[12:] + tail):
        found = answer(raw, asked)
        assert found is None or isinstance(found[0], str)
