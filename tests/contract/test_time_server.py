"""The head-end's time over real UDP."""

import json
import socket
import subprocess
import sys
import threading
import time

import pytest

from headend.adapters.time_server import TimeServer
from protocol.receipt import ask_time, read_time
from protocol.schema import WireError

KEYS = {"pole-1": b"1" * 32, "pole-2": b"2" * 32}
NONCE = b"8 bytes!"
SHIFT_US = 86_400_000_000  # the head-end's clock is not the machine's


def now_us() -> int:
    return time.time_ns() // 1000 + SHIFT_US


@pytest.fixture
def server():
    server = TimeServer("127.0.0.1", 0, KEYS.get, now_us)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def pole(server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as pole:
        pole.connect(("127.0.0.1", server.port))
        pole.settimeout(5)
        yield pole


def test_a_pole_learns_when_its_ping_came_and_when_the_answer_left(pole):
    before = now_us()
    pole.send(ask_time("pole-1", NONCE))
    nonce, received_us, sent_us = read_time(KEYS["pole-1"], pole.recv(100))
    assert nonce == NONCE
    assert before <= received_us <= sent_us <= now_us()


def test_the_answer_is_under_the_key_of_the_pole_that_asked(pole):
    pole.send(ask_time("pole-2", NONCE))
    answer = pole.recv(100)
    with pytest.raises(WireError):
        read_time(KEYS["pole-1"], answer)
    assert read_time(KEYS["pole-2"], answer)[0] == NONCE


@pytest.mark.parametrize(
    "strange",
    [
        b"",
        b"LT1",
        bytes(range(40)),
        ask_time("pole-3", NONCE),
        ask_time("pole-1", NONCE)[:-1],
        ask_time("pole-1", NONCE) + b"!",
        b"LT1\x06\xff\xff\xff\xff\xff\xff" + NONCE,
        b"LT1" + bytes([255]) + b"x" * 1000,
    ],
)
def test_who_is_no_pole_gets_no_answer_and_does_no_harm(pole, strange):
    pole.send(strange)
    pole.send(ask_time("pole-1", NONCE))
    assert read_time(KEYS["pole-1"], pole.recv(100))[0] == NONCE  # the first that comes is for the second asked


def test_a_fault_with_one_pole_is_not_the_end_of_time():
    def no_key(pole: str) -> bytes:
        if pole == "pole-1":
            raise RuntimeError("disk on fire")
        return KEYS[pole]

    server = TimeServer("127.0.0.1", 0, no_key, now_us)
    server.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as pole:
        pole.settimeout(5)
        for name in ("pole-1", "pole-2"):
            pole.sendto(ask_time(name, NONCE), ("127.0.0.1", server.port))
        assert read_time(KEYS["pole-2"], pole.recv(100))[0] == NONCE
    server.stop()


def test_a_stopped_server_frees_its_port_soon():
    server = TimeServer("127.0.0.1", 0, KEYS.get, now_us)
    server.start()
    begun = time.monotonic()
    server.stop()
    assert time.monotonic() - begun < 2
    again = TimeServer("127.0.0.1", server.port, KEYS.get, now_us)
    again.stop()


@pytest.mark.slow
def test_a_busy_process_tells_the_true_time_in_a_thousand_pings(server, capsys):
    """A thread that waits for its turn must not call that the way of the datagram; the kernel's stamp says so."""
    end = threading.Event()

    def burn() -> None:
        while not end.is_set():
            sum(range(2000))

    busy = [threading.Thread(target=burn) for _ in range(2)]
    for one in busy:
        one.start()
    asked = [str(server.port), "pole-1", KEYS["pole-1"].hex(), str(SHIFT_US)]
    told = subprocess.run([sys.executable, "-m", "tests.support.pings", *asked], stdout=subprocess.PIPE, timeout=120)
    end.set()
    for one in busy:
        one.join()
    found = json.loads(told.stdout)
    round_trips, ways = found["round_trips"], found["ways"]
    with capsys.disabled():
        print(
            f"\n1,000 pings of a busy process: round trip median {round_trips[500]} µs, p99 {round_trips[990]} µs; "
            f"way to the server median {ways[500]} µs, p90 {ways[900]} µs"
        )
    assert ways[0] >= 0
    assert ways[900] < 2000
    assert round_trips[990] > 4000, "nobody had to wait: the test proves nothing"
