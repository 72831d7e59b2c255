"""A pole finds its head-end by name, on machines that know an IPv6 address for that name too, and without stopping."""

import json
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest

from tests.support.project import ROOT
from tests.support.twins import run_on

QUESTION = """
from firmware.hal import sockets
print(int.from_bytes(sockets.address_of("127.0.0.1", 80)[:2], "little"))
try:
    print(sockets.address_of("::1", 80))
except OSError:
    print("no address for us")
"""
RUNNER = ROOT / "tests" / "twin" / "names_runner.py"


@pytest.mark.parametrize("name", ["amd64", "i386"])
def test_only_addresses_that_our_sockets_can_connect_to_are_taken(name, request):
    program = request.getfixturevalue(f"micropython_{name}")
    done = subprocess.run([*program.argv, "-c", QUESTION], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["2", "no address for us"], done.stderr  # 2: AF_INET


class NameServer:
    """Knows one name, under another (CNAME); `silent`: takes questions and says nothing."""

    def __init__(self, silent: bool = False):
        self.asked = 0
        self._silent = silent
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            raw, who = self._socket.recvfrom(512)
            if raw == b"end":
                return
            self.asked += 1
            if not self._silent:
                self._socket.sendto(self._answer(raw), who)

    def _answer(self, raw: bytes) -> bytes:
        if b"\x05media\x07example" not in raw:
            return raw[:2] + b"\x81\x83\x00\x01\x00\x00\x00\x00\x00\x00" + raw[12:]
        alias = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x64\x00\x07\x04real\xc0\x12"
        address = b"\x04real\xc0\x12\x00\x01\x00\x01\x00\x00\x00\x64\x00\x04\x0a\x01\x02\x03"
        return raw[:2] + b"\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00" + raw[12:] + alias + address

    def close(self) -> None:
        self._socket.sendto(b"end", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()


@pytest.fixture
def servers() -> Iterator[list[NameServer]]:
    """One that is silent, and one that answers."""
    made = [NameServer(silent=True), NameServer()]
    yield made
    for one in made:
        one.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["micropython", "micropython-i386"])
def test_a_name_is_found_past_a_dead_server_while_the_pole_goes_on_and_is_then_remembered(name, servers):
    told = run_on(name, RUNNER, json.dumps([one.port for one in servers]))
    assert told["first"] == told["again"] == "10.1.2.3"
    assert told["unknown"] == "NoSuchName"
    assert told["lasted_ms"] > 1500 and told["longest_gap_ms"] < 300, told
    # Once for the first name at both, nothing for it again; then the unknown one at both.
    assert [one.asked for one in servers] == [2, 2]
