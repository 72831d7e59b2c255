"""What a pole's program takes of a small chip: heap while it is idle and while it starts, code on flash, decoding as a
share of the core, and the time of checking a seal.

Measured on the 32-bit build of MicroPython, whose objects are the ESP32's; the last two are estimated from counted
instructions (decode.py, verify.py). The pole of this bench knows the time and has no broker; what it takes in the
middle of everything is tested by tests/contract/test_pole_heap.py.
"""

import argparse
import re
import secrets
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from protocol import messages, receipt, seal
from protocol.schema import WireError
from simulator.bench import Unmeasurable, decode, verify
from simulator.fleet import Fleet
from simulator.runtime import ROOT, NoRuntime, cross_compile, find_runtime, sources

LIFE_SECONDS = 8
ONE_DAY_MS = 86_400_000


def code_bytes() -> int:
    """Of the pole's own files compiled for the chip; the simulator's are not counted."""
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in sources():
            if name.parts[0] != "simulator":
                target = Path(folder, "out.mpy")
                cross_compile(ROOT / name, target, "xtensawin", str(name))
                total += target.stat().st_size
    return total


class TimeServer(threading.Thread):
    """Answers the pole's pings."""

    def __init__(self, key: bytes):
        super().__init__(daemon=True)
        self._key = key
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = self._socket.getsockname()

    def run(self) -> None:
        while True:
            raw, who = self._socket.recvfrom(512)
            now_us = time.time_ns() // 1000
            try:
                _, nonce = receipt.read_ask(raw)
            except WireError:
                return
            self._socket.sendto(receipt.tell_time(self._key, nonce, now_us, now_us), who)

    def close(self) -> None:
        """End the thread."""
        self._socket.sendto(b"end", self.address)
        self.join()
        self._socket.close()


@cache
def sealed_keys() -> dict:
    """Of an enrolment bundle: a root of its own, and as many keys as a pole gets."""
    root = rsa.generate_private_key(65537, 3072)
    other = rsa.generate_private_key(65537, 2048).public_key().public_numbers().n
    now_ms = time.time_ns() // 1_000_000
    keys = [
        messages.Key(kid=kid, role=role, modulus=f"{other:0512x}", from_ms=0, to_ms=now_ms + ONE_DAY_MS)
        for kid, role in enumerate(messages.ROLES, 1)
    ]
    listed = messages.KeyList(version=1, keys=keys)
    body = seal.body(1, now_ms, now_ms + ONE_DAY_MS, "keys", listed)
    signature = root.sign(seal.signed_bytes(seal.ROOT_KID, body), padding.PKCS1v15(), hashes.SHA256())
    return {
        "root": f"{root.public_key().public_numbers().n:x}",
        "keys": seal.pack(seal.ROOT_KID, signature, body).hex(),
    }


def profile(key: bytes, time_address: tuple[str, int]) -> dict:
    """An enrolment bundle."""
    return {
        "pole": "bench", "groups": ["all"], "broker": {"host": "127.0.0.1", "port": 1}, "media": "http://127.0.0.1:1/m",
        "time": {"host": time_address[0], "port": time_address[1]}, "key": key.hex(), **sealed_keys(),
    }  # fmt: skip


def heap_live_bytes(folder: Path) -> tuple[int, str]:
    """(bytes in use after a collection, the runtime) of a pole that has been on for some seconds."""
    key = secrets.token_bytes(32)
    server = TimeServer(key)
    server.start()
    with Fleet(folder, find_runtime("micropython-i386")) as fleet:
        pole = fleet.add(profile(key, server.address))
        pole.start()
        time.sleep(LIFE_SECONDS)  # its first bursts of pings, and some attempts to reach a broker
        pole.stop()
        found = re.search(r"(\d+) bytes of heap in use", pole.log)
    server.close()
    if found is None:
        raise Unmeasurable(f"the pole did not live: {pole.log[-200:]}")
    return int(found[1]), fleet.runtime.name


def smallest_heap_kb(folder: Path) -> int:
    """KB of heap below which the program does not even start: the peak of its start, to within 2 KB."""
    low, high = 40, 176
    while high - low > 2:
        middle = (low + high) // 2
        if starts(folder / str(middle), middle):
            high = middle
        else:
            low = middle
    return high


def starts(folder: Path, heap_kb: int) -> bool:
    """Whether a pole is alive for a while with so much heap, and tells of no crash."""
    key = secrets.token_bytes(32)
    server = TimeServer(key)
    server.start()
    with Fleet(folder, find_runtime("micropython-i386", heap=f"{heap_kb}K")) as fleet:
        pole = fleet.add(profile(key, server.address))
        pole.start()
        try:
            pole.process.wait(3)
            alive = False
        except subprocess.TimeoutExpired:
            pole.stop()
            alive = "MemoryError" not in pole.log
    server.close()
    return alive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `loa bench pole`."""


def run(arguments: argparse.Namespace) -> dict:
    """Measure in a folder that is removed afterwards. While poles live, instructions are counted."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as beside:
        try:
            heap = beside.submit(heap_bytes_and_kb, Path(folder))
            decoding = decode.decode_percent(decode.count())
            verifying = verify.milliseconds(verify.count())
            live, peak_kb, name = heap.result()
        except NoRuntime as why:
            raise Unmeasurable(str(why)) from why
    return {
        "heap_live_kb": round(live / 1024, 1),
        "heap_peak_kb": peak_kb,
        "decode_percent": round(decoding, 2),
        "verify_ms_est": round(verifying, 1),
        "code_kb": round(code_bytes() / 1024, 1),
        "runtime": name,
    }


def heap_bytes_and_kb(folder: Path) -> tuple[int, int, str]:
    """(bytes in use, KB needed to start, the runtime)"""
    live, name = heap_live_bytes(folder)
    return live, smallest_heap_kb(folder), name
