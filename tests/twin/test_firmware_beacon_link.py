"""What one pole says on the local network its neighbours hear, on every interpreter."""

import socket
import subprocess

import pytest

from tests.support.project import ROOT
from tests.support.twins import TWINS, runtime

NEIGHBOURS = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from simulator.hal.beacon import Beacon

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
    script.write_text(NEIGHBOURS)
    command = [*runtime(name).argv, str(script), str(port), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "b'one' b'two'", done.stderr
