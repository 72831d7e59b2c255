"""The two MicroPythons on which the firmware is tested are what the tests take them for."""

import hashlib
import json
import subprocess

import pytest

QUESTION = """
import asyncio, hashlib, json, sys, tls
import micropython

@micropython.viper
def total(data: ptr8, count: int) -> int:
    found = 0
    for index in range(count):
        found += data[index]
    return found

async def later():
    await asyncio.sleep_ms(1)
    return sys.implementation.version[:2] >= (1, 25)

tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
print(json.dumps([
    sys.implementation.name, asyncio.run(later()), sys.maxsize > 1 << 32,
    total(bytes([1, 2, 3]), 3), hashlib.sha256(b"loa").digest()[0],
]))
"""


@pytest.mark.parametrize(("name", "words_of_64_bits"), [("amd64", True), ("i386", False)])
def test_micropython_has_all_that_the_firmware_imports(name, words_of_64_bits, request):
    program = request.getfixturevalue(f"micropython_{name}")
    done = subprocess.run([*program.argv, "-c", QUESTION], capture_output=True, text=True, timeout=60)
    digest = hashlib.sha256(b"loa").digest()
    assert json.loads(done.stdout) == ["micropython", True, words_of_64_bits, 6, digest[0]], done.stderr


def test_the_heap_of_a_small_board_can_be_imitated(micropython_i386):
    question = "import gc; gc.collect(); print(gc.mem_free() + gc.mem_alloc())"
    command = [*micropython_i386.argv, "-X", "heapsize=112K", "-c", question]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert 100 * 1024 < int(done.stdout) <= 112 * 1024
