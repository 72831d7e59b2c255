"""A pole finds its head-end by name on machines that know an IPv6 address for that name too, and its neighbours."""

import socket
import subprocess

import pytest

from tests.support.project import ROOT
from tests.support.twins import TWINS, runtime

QUESTION = """
from firmware.hal import sockets
print(int.from_bytes(sockets.resolve("127.0.0.1", 80)[:2], "little"))
try:
    print(sockets.resolve("::1", 80))
except OSError:
    print("no address for us")
"""


@pytest.mark.parametrize("name", ["amd64", "i386"])
def test_only_addresses_that_our_sockets_can_connect_to_are_taken(name, request):
    program = request.getfixturevalue(f"micropython_{name}")
    done = subprocess.run([*program.argv, "-c", QUESTION], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["2", "no address for us"], done.stderr  # 2: AF_INET


NEIGHBOURS = """
import asyncio, sys
from simulator.hal.net import Beacon

async def hear(link, unlike):
    while True:
        raw = await link.receive(5)
        if raw != unlike:
            return raw

async def talk():
    one, two = Beacon("127.255.255.255", int(sys.argv[1])), Beacon("127.255.255.255", int(sys.argv[1]))
    assert await one.receive(0.05) is None
    one.send(b"one")
    two.send(b"two")
    print(await hear(two, b"two"), await hear(one, b"one"))

asyncio.run(talk())
"""


@pytest.mark.parametrize("name", TWINS)
def test_what_one_pole_says_on_the_local_network_another_one_hears(name, tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = tmp_path / "talk.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{NEIGHBOURS}")
    command = [*runtime(name).argv, str(script), str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "b'one' b'two'", done.stderr
