"""A pole finds its head-end by name on machines that know an IPv6 address for that name too."""

import subprocess

import pytest

from tests.support.project import ROOT

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
